//! A receiver on a serial or USB port: 8 bits, no parity, one stop bit, no handshake.

use super::Chunk;
use std::io::{Error, ErrorKind, Result};
use tokio::io::AsyncReadExt;
use tokio_serial::{ErrorKind as Kind, SerialPortBuilderExt, SerialStream};

/// Bytes taken from the port at a time: a second at the fastest usual rate.
const TAKEN_MAX: usize = 16 * 1024;

/// An open port. It is waited on by reading: the stream's own `readable` goes on saying yes after the first byte,
/// and would keep a core busy.
pub(super) struct Serial {
    port: SerialStream,
    taken: Vec<u8>,
}

impl Serial {
    /// Opens the device for this program alone (TIOCEXCL): two readers would each get half of the bytes.
    pub(super) fn open(path: &str, baud: u32) -> Result<Serial> {
        let opened = tokio_serial::new(path, baud).open_native_async();
        let mut port = opened.map_err(|error| match error.kind {
            Kind::NoDevice => Error::from(if std::path::Path::new(path).exists() {
                ErrorKind::ResourceBusy
            } else {
                ErrorKind::NotFound
            }),
            Kind::Io(kind) => Error::new(kind, error.description),
            Kind::InvalidInput | Kind::Unknown => Error::other(error.description),
        })?;
        port.set_exclusive(true).map_err(|error| Error::other(error.description))?;
        Ok(Serial::over(port))
    }

    /// Hears an open port.
    pub(super) fn over(port: SerialStream) -> Serial {
        Serial { port, taken: Vec::with_capacity(TAKEN_MAX) }
    }

    /// Waits until there are bytes, and takes them. Loses none when it is not waited for to the end.
    pub(super) async fn ready(&mut self) -> Result<()> {
        if self.taken.is_empty() && self.port.read_buf(&mut self.taken).await? == 0 {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        Ok(())
    }

    /// Gives what was taken; `WouldBlock` when there is nothing more.
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> Result<Chunk> {
        let length = self.taken.len().min(buffer.len());
        if length == 0 {
            return Err(Error::from(ErrorKind::WouldBlock));
        }
        buffer[..length].copy_from_slice(&self.taken[..length]);
        self.taken.drain(..length);
        Ok(Chunk { peer: 0, length, ends: false, receipt: None })
    }
}
