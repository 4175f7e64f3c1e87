//! Links that bring whole messages instead of a stream of bytes (HTTP, MQTT, WebSocket, gpsd, a tailed file): a task
//! of their own puts each message into a mailbox, and the one pipeline reads the mailbox like any other source.

use super::{Chunk, Receipt};
use std::io::{Error, ErrorKind, Result};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Messages that wait for the pipeline; when it is full the task that brings them waits.
pub(super) const LETTERS_MAX: usize = 64;

/// One message: one or more whole lines, the last of them ended by the message's end.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) bytes: Vec<u8>,
    /// The sender waits until the lines are durable.
    pub(super) receipt: Option<Receipt>,
}

/// What the task that brings messages puts them into.
pub(super) type Slot = mpsc::Sender<Letter>;

/// The reading end. Dropped, it ends the task.
#[derive(Debug)]
pub(super) struct Mailbox {
    letters: mpsc::Receiver<Letter>,
    /// A letter that has arrived and is not read to its end, and how far it is read.
    open: Option<(Letter, usize)>,
    task: JoinHandle<Result<()>>,
}

impl Mailbox {
    /// Starts the task that brings messages; it ends with the error that says why the link is lost.
    pub(super) fn start<F>(bring: impl FnOnce(Slot) -> F) -> Mailbox
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (slot, letters) = mpsc::channel(LETTERS_MAX);
        Mailbox { letters, open: None, task: tokio::spawn(bring(slot)) }
    }

    /// Waits until there is something to read.
    pub(super) async fn ready(&mut self) -> Result<()> {
        if self.open.is_none() {
            match self.letters.recv().await {
                Some(letter) => self.open = Some((letter, 0)),
                None => return Err(self.why().await),
            }
        }
        Ok(())
    }

    /// The next piece of the letter at hand.
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> Result<Chunk> {
        let (letter, read) = match self.open.take() {
            Some(open) => open,
            None => (self.letters.try_recv().map_err(|_| ErrorKind::WouldBlock)?, 0),
        };
        let rest = &letter.bytes[read..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        if length < rest.len() {
            self.open = Some((letter, read + length));
            return Ok(Chunk { peer: 0, length, ends: false, receipt: None });
        }
        Ok(Chunk { peer: 0, length, ends: true, receipt: letter.receipt })
    }

    async fn why(&mut self) -> Error {
        match (&mut self.task).await {
            Ok(Err(error)) => error,
            Ok(Ok(())) => Error::new(ErrorKind::UnexpectedEof, "it has ended"),
            Err(panicked) => Error::other(panicked),
        }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}
