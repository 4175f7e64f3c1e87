//! TLS for links that we dial: whom we trust.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::io::{Error, ErrorKind, Result};
use std::path::Path;
use std::sync::Arc;

/// Trusts the authorities in the PEM file `ca` and no other; without it, those that this system trusts.
pub(super) fn client(ca: Option<&Path>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let unusable = |why: String| {
                let message = format!("the certificates in {}: {why}", path.display());
                Error::new(ErrorKind::InvalidInput, message)
            };
            for certificate in
                CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?
            {
                let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
                roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(unusable("there are none".into()));
            }
        }
        None => {
            // What can't be read among many is told only when nothing is left.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    "this system trusts no authority: install ca-certificates, or set `ca`",
                ));
            }
        }
    }
    Ok(trusting(roots))
}

/// Trusts nobody: for links without TLS, where a library wants a configuration all the same.
pub(super) fn nobody() -> ClientConfig {
    trusting(RootCertStore::empty())
}

fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = client(Some(file.path())).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()) && error.contains("none"), "{error}");
        assert!(client(Some(Path::new("/no/such.pem"))).unwrap_err().to_string().contains("/no/such.pem"));
    }
}
