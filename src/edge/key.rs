//! A station's key pair: made once at the mast, its public half pasted into the centre's settings.

use ed25519_dalek::{SigningKey, VerifyingKey};
use std::fs::File;
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Reads a public key as settings have it: 64 hexadecimal digits. The error says what is wrong.
///
/// # Errors
/// When it is none, or one that signs for everybody.
pub fn parse(text: &str) -> std::result::Result<VerifyingKey, String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes)
        .map_err(|_| format!("`{text}` is not 64 hexadecimal digits"))?;
    let key =
        VerifyingKey::from_bytes(&bytes).map_err(|_| format!("`{text}` is not an ed25519 public key"))?;
    if key.is_weak() {
        return Err(format!("`{text}` is a key that would let anybody sign"));
    }
    Ok(key)
}

/// A public key as settings have it.
pub fn text(key: &VerifyingKey) -> String {
    hex::encode(key.as_bytes())
}

/// The private key in `folder`; `None` where there is none yet.
///
/// # Errors
/// When it can't be read.
pub fn load(folder: &Path) -> Result<Option<SigningKey>> {
    let path = folder.join("private.key");
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes)
        .map_err(|_| Error::other(format!("{} does not hold a private key", path.display())))?;
    Ok(Some(SigningKey::from_bytes(&bytes)))
}

/// Makes a new key pair in `folder`, in place of one that may be there.
///
/// # Errors
/// When it can't be written, or the system gives no randomness.
pub fn make(folder: &Path) -> Result<SigningKey> {
    std::fs::create_dir_all(folder)?;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::other(error.to_string()))?;
    let path = folder.join("private.key");
    write_secret(&path, format!("{}\n", hex::encode(bytes)).as_bytes())?;
    Ok(SigningKey::from_bytes(&bytes))
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// When the disk refuses.
pub fn write_secret(path: &Path, content: &[u8]) -> Result<()> {
    let partial = path.with_extension("new");
    // What an interrupted attempt left may be open to others.
    let _ = std::fs::remove_file(&partial);
    let mut file = File::options().create_new(true).write(true).mode(0o600).open(&partial)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&partial, path)?;
    super::slots::sync_folder(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(load(folder.path()).unwrap().is_none());
        let made = make(folder.path()).unwrap();
        let public = text(&made.verifying_key());
        assert_eq!(load(folder.path()).unwrap().unwrap(), made);
        assert_eq!(parse(&public).unwrap(), made.verifying_key());
        let mode = std::fs::metadata(folder.path().join("private.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_ne!(make(folder.path()).unwrap(), made);
    }

    #[test]
    fn a_key_that_lets_anybody_sign_is_refused() {
        let neutral = format!("01{}", "0".repeat(62));
        assert!(parse(&neutral).unwrap_err().contains("anybody"));
        assert!(parse("abc").is_err());
    }
}
