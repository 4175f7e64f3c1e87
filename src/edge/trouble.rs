//! Why the centre can't be reached, in words that say where to look.

use std::error::Error;
use std::io::{self, ErrorKind};

/// What `error` means for the link to `centre`.
pub(super) fn explain(centre: &str, error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    let mut link: Option<&io::Error> = None;
    loop {
        if let Some(found) = last.downcast_ref::<io::Error>() {
            link = Some(found);
        }
        let Some(cause) = last.source() else { break };
        last = cause;
    }
    let tls = link.and_then(|link| link.get_ref()?.downcast_ref::<rustls::Error>());
    if let Some(rustls::Error::InvalidCertificate(why)) = tls {
        return format!("down: {centre} does not show the certificate of `centre.ca` ({why})");
    }
    match link.map(io::Error::kind) {
        Some(ErrorKind::ConnectionRefused) => format!("down: nothing listens at {centre}"),
        Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => {
            format!("down: no way leads to {centre}")
        }
        Some(ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
            format!("down: {centre} closed the link")
        }
        _ if error.is_timeout() => format!("down: no answer from {centre}"),
        _ => format!("down: {centre}: {last}"),
    }
}
