//! The certificate that the centre shows to stations: given in the settings, or made at the first start.

use super::consignment::text_digest;
use super::key::write_secret;
use super::settings::Door;
use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the door shows.
#[derive(Debug)]
pub struct Shown {
    /// For the listener.
    pub config: Arc<ServerConfig>,
    /// Where the certificate is, to be copied to the stations.
    pub path: PathBuf,
    /// SHA-256 of the certificate, to compare over the telephone.
    pub fingerprint: String,
}

/// The one provider of cryptography: ring.
pub(super) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Reads the certificate named in the settings, or the one in `folder`, which is made where there is none.
///
/// # Errors
/// When it can't be read, made or used; the message names the file.
pub fn load_or_make(door: &Door, folder: &Path) -> anyhow::Result<Shown> {
    let (path, key) = match (&door.certificate, &door.private_key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        _ => {
            let (certificate, key) = (folder.join("certificate.pem"), folder.join("certificate.key"));
            if !certificate.exists() {
                make(&certificate, &key).context("make a certificate for the edge's door")?;
            }
            (certificate, key)
        }
    };
    let chain = CertificateDer::pem_file_iter(&path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("read the certificate {}", path.display()))?;
    let first = chain.first().with_context(|| format!("{} holds no certificate", path.display()))?;
    let fingerprint = hex::encode(text_digest(first));
    let secret = PrivateKeyDer::from_pem_file(&key)
        .with_context(|| format!("read the private key {}", key.display()))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .with_context(|| format!("use {} with {}", path.display(), key.display()))?;
    Ok(Shown { config: Arc::new(config), path, fingerprint })
}

/// Makes a self-signed certificate. Stations hold it itself and do not look at names or dates.
fn make(certificate: &Path, key: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(certificate.parent().unwrap_or(Path::new(".")))?;
    let made = rcgen::generate_simple_self_signed(["watchkeeper".to_owned()])?;
    // The key first: a certificate without it would never be made again.
    write_secret(key, made.signing_key.serialize_pem().as_bytes())?;
    std::fs::write(certificate.with_extension("new"), made.cert.pem())?;
    std::fs::rename(certificate.with_extension("new"), certificate)?;
    Ok(())
}
