//! Secrets: where a token, key or password is kept, and its value, which no log, screen or error ever shows.

use super::settings::Settings;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::PathBuf;
use subtle::ConstantTimeEq;

/// Bytes of the longest secret.
const LENGTH_MAX: u64 = 4096;

/// Where a secret is kept: `{ file = "..." }` or `{ env = "..." }`. The settings hold this and never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// A file that holds the secret and nothing else; only the watch should be able to read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The name of an environment variable that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
}

impl SecretRef {
    /// What is wrong with it; reads neither the file nor the environment.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        match (&self.file, &self.env) {
            (Some(_), None) => Ok(()),
            (None, Some(name)) if name.is_empty() || name.contains(['=', '\0']) => {
                Err(format!("`{name}` is not the name of an environment variable"))
            }
            (None, Some(_)) => Ok(()),
            (Some(_), Some(_)) => Err("kept in two places".into()),
            (None, None) => Err("kept nowhere".into()),
        }
    }

    /// Reads the secret, without white space at its ends. The error names the place, and what is wrong with it.
    pub(super) fn read(&self) -> Result<Secret> {
        let invalid = |message: String| Error::new(ErrorKind::InvalidInput, message);
        self.check().map_err(|why| invalid(format!("the secret is {why}")))?;
        let (place, text) = match (&self.file, &self.env) {
            (Some(path), _) => {
                let place = path.display().to_string();
                let text =
                    read_file(path).map_err(|error| invalid(format!("the secret in {place}: {error}")))?;
                (place, text)
            }
            (None, name) => {
                let name = name.clone().unwrap_or_default();
                let text = std::env::var(&name)
                    .map_err(|_| invalid(format!("the environment has no readable variable {name}")))?;
                (format!("the variable {name}"), text)
            }
        };
        let text = text.trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(invalid(format!("the secret in {place} is empty or not printable")));
        }
        Ok(Secret(text.to_owned()))
    }
}

/// The secret that stands for `{secret}` in an address and a subscription; none where they have no such place.
pub(super) fn of(settings: &Settings) -> Result<Option<Secret>> {
    match &settings.secret {
        Some(secret) => secret.read().map(Some),
        None if settings.names_secret() => {
            Err(Error::new(ErrorKind::InvalidInput, "no `secret` is set to stand for {secret}"))
        }
        None => Ok(None),
    }
}

fn read_file(path: &std::path::Path) -> Result<String> {
    // A pipe would make the watch wait for whoever writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::other("it is not a file"));
    }
    let mut text = String::new();
    let length = std::fs::File::open(path)?.take(LENGTH_MAX + 1).read_to_string(&mut text)?;
    if length as u64 > LENGTH_MAX {
        return Err(Error::other("it is longer than any secret"));
    }
    Ok(text)
}

/// A secret. `Debug` does not show it.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    /// The value, for the wire only.
    pub(super) fn value(&self) -> &str {
        &self.0
    }

    /// The value as it stands in a web address.
    pub(super) fn in_address(&self) -> String {
        url::form_urlencoded::byte_serialize(self.0.as_bytes()).collect::<String>().replace('+', "%20")
    }

    /// Whether `other` is the same, in a time that does not tell how much of it is right.
    pub(super) fn is(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }

    /// A text of another's making, without the secret where it repeats it.
    pub(super) fn hide(&self, text: &str) -> String {
        text.replace(&self.0, "{secret}").replace(&self.in_address(), "{secret}")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &[u8]) -> (tempfile::NamedTempFile, SecretRef) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let place = SecretRef { file: Some(file.path().to_owned()), env: None };
        (file, place)
    }

    #[test]
    fn a_file_gives_its_secret_and_nothing_shows_it() {
        let (_file, place) = kept(b"  correct horse battery\r\n");
        let secret = place.read().unwrap();
        assert!(secret.is(b"correct horse battery") && !secret.is(b"correct horse") && !secret.is(b""));
        assert_eq!(format!("{secret:?} {place:?}").matches("horse").count(), 0);
        assert_eq!(secret.hide("no correct horse battery here"), "no {secret} here");
    }

    #[test]
    fn what_cannot_be_a_secret_is_named_with_its_place() {
        for text in [&b""[..], b" \n", b"two\nlines", b"\xff\xfe", &[b'x'; 5000]] {
            let (file, place) = kept(text);
            let error = place.read().unwrap_err().to_string();
            assert!(error.contains(&file.path().display().to_string()), "{error}");
        }
        let missing = SecretRef { env: Some("WATCHKEEPER_NO_SUCH_VARIABLE".into()), ..SecretRef::default() };
        assert!(missing.read().unwrap_err().to_string().contains("WATCHKEEPER_NO_SUCH_VARIABLE"));
        let folder = SecretRef { file: Some(std::env::temp_dir()), env: None };
        assert!(folder.read().unwrap_err().to_string().contains("not a file"));
    }

    #[test]
    fn a_secret_is_kept_in_one_place() {
        let both = SecretRef { file: Some("a".into()), env: Some("A".into()) };
        assert!(both.check().is_err() && SecretRef::default().check().is_err());
        assert!(SecretRef { env: Some("A=B".into()), file: None }.check().is_err());
    }

    #[test]
    fn is_written_as_a_web_address_has_it_and_hidden_there_too() {
        let secret = Secret("a b&c=d/e?f%".to_owned());
        assert_eq!(secret.in_address(), "a%20b%26c%3Dd%2Fe%3Ff%25");
        assert_eq!(
            secret.hide("no https://h/a%20b%26c%3Dd%2Fe%3Ff%25, a b&c=d/e?f%"),
            "no https://h/{secret}, {secret}"
        );
    }
}
