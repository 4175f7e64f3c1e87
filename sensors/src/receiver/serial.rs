//! A receiver on a serial or USB port: 8 bits, no parity, one stop bit, no handshake.

use super::Chunk;
use super::pattern;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_serial::{ErrorKind as Kind, SerialPortBuilderExt, SerialStream};

/// Bytes taken from the port at a time: a second at the fastest usual rate.
const TAKEN_MAX: usize = 16 * 1024;

/// How long a line of the receiver's set-up may take to go out. Ours: 100 characters take 0.3 s at 4800 baud.
const INIT_MAX: Duration = Duration::from_secs(2);

/// The one device that is meant by `path`, which may be a link to it or hold a `*`.
fn device(path: &str) -> Result<String> {
    let wrong = |message| Err(Error::new(ErrorKind::InvalidInput, message));
    let found = pattern::matches(Path::new(path))?;
    let found = match found.as_slice() {
        [] => return Err(Error::from(ErrorKind::NotFound)),
        [one] => one.to_string_lossy().into_owned(),
        many => {
            let names: Vec<_> = many.iter().take(8).map(|path| path.to_string_lossy()).collect();
            return wrong(format!("{} devices fit, give one: {}", many.len(), names.join(", ")));
        }
    };
    match std::fs::metadata(&found)?.file_type() {
        kind if kind.is_char_device() => Ok(found),
        _ => wrong("it is not a serial port".to_owned()),
    }
}

/// An open port. It is waited on by reading: the stream's own `readable` goes on saying yes after the first byte,
/// and would keep a core busy.
pub(super) struct Serial {
    port: SerialStream,
    taken: Vec<u8>,
}

impl Serial {
    /// Opens the device for this program alone (TIOCEXCL and `flock`: two readers would each get half of the bytes),
    /// and sends `init` to it, one line each.
    pub(super) async fn open(path: &str, baud: u32, init: &[String]) -> Result<Serial> {
        let path = device(path)?;
        let opened = tokio_serial::new(path.as_str(), baud).open_native_async();
        let mut port = opened.map_err(|error| match error.kind {
            // What serialport makes of a lock that another program holds; that it is there was just seen.
            Kind::NoDevice => Error::from(ErrorKind::ResourceBusy),
            Kind::Io(kind) => Error::new(kind, error.description),
            Kind::InvalidInput | Kind::Unknown => Error::other(error.description),
        })?;
        port.set_exclusive(true).map_err(|error| Error::other(error.description))?;
        for line in init {
            timeout(INIT_MAX, port.write_all(format!("{line}\r\n").as_bytes()))
                .await
                .map_err(|_| Error::new(ErrorKind::TimedOut, format!("it does not take `{line}`")))??;
        }
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
