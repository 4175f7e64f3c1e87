//! A receiver on a serial or USB port: 8 bits, no parity, one stop bit, no handshake.

use super::Chunk;
use std::io::{Error, ErrorKind, Result};
use tokio_serial::{ErrorKind as Serial, SerialPortBuilderExt, SerialStream};

/// Opens the device for this program alone (TIOCEXCL): two readers would each get half of the bytes.
pub(super) fn open(path: &str, baud: u32) -> Result<SerialStream> {
    let mut port = tokio_serial::new(path, baud).open_native_async().map_err(|error| match error.kind {
        Serial::NoDevice => Error::from(if std::path::Path::new(path).exists() {
            ErrorKind::ResourceBusy
        } else {
            ErrorKind::NotFound
        }),
        Serial::Io(kind) => Error::new(kind, error.description),
        Serial::InvalidInput | Serial::Unknown => Error::other(error.description),
    })?;
    port.set_exclusive(true).map_err(|error| Error::other(error.description))?;
    Ok(port)
}

pub(super) fn try_read(port: &mut SerialStream, buffer: &mut [u8]) -> Result<Chunk> {
    match port.try_read(buffer)? {
        0 => Err(Error::from(ErrorKind::UnexpectedEof)),
        length => Ok(Chunk { peer: 0, length, ends: false }),
    }
}
