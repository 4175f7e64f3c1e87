//! Standard input: what another program pipes to us, to its end.

use super::lines::LINE_MAX;
use super::mailbox::{Letter, Slot};
use std::io::{ErrorKind, Read, Result};
use tokio::sync::oneshot;

/// Bytes read at a time, and the longest line that comes in one piece.
const READ_MAX: usize = 16 * LINE_MAX;

/// Passes on what comes until it ends.
pub(super) async fn bring(slot: Slot) -> Result<()> {
    from(std::io::stdin(), slot).await
}

/// A thread of its own waits for `input`, and is left behind when nobody takes the lines any more: nothing can wake it
/// from a read, and a task would keep the runtime from ending.
async fn from(input: impl Read + Send + 'static, slot: Slot) -> Result<()> {
    let (ended, end) = oneshot::channel();
    std::thread::Builder::new().name("standard input".to_owned()).spawn(move || {
        // Nobody waits any more once the receiver has stopped.
        let _ = ended.send(pass(input, &slot));
    })?;
    end.await.unwrap_or(Ok(()))
}

fn pass(mut input: impl Read, slot: &Slot) -> Result<()> {
    let mut kept = Vec::with_capacity(READ_MAX);
    let mut buffer = vec![0; READ_MAX];
    loop {
        let length = match input.read(&mut buffer[..READ_MAX - kept.len()]) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            length => length?,
        };
        kept.extend_from_slice(&buffer[..length]);
        let whole = match memchr::memrchr(b'\n', &kept) {
            Some(end) => end + 1,
            None if length == 0 || kept.len() == READ_MAX => kept.len(),
            None => continue,
        };
        let bytes: Vec<u8> = kept.drain(..whole).collect();
        if !bytes.is_empty() && slot.blocking_send(Letter { bytes, receipt: None }).is_err() {
            return Ok(());
        }
        if length == 0 && kept.is_empty() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    /// Gives `0` in pieces of so many bytes.
    struct Pieces(Vec<u8>, usize);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0.drain(..length);
            Ok(length)
        }
    }

    async fn letters(bytes: &[u8], piece: usize) -> Vec<Vec<u8>> {
        let (slot, mut letters) = mpsc::channel(4);
        let task = tokio::spawn(from(Pieces(bytes.to_vec(), piece), slot));
        let mut all = Vec::new();
        while let Some(letter) = letters.recv().await {
            all.push(letter.bytes);
        }
        task.await.unwrap().unwrap();
        all
    }

    #[tokio::test]
    async fn whole_lines_and_the_last_one_are_passed_on() {
        for piece in [1, 2, 3, 100] {
            let letters = letters(b"one\ntwo\r\n\nthree", piece).await;
            assert_eq!(letters.concat(), b"one\ntwo\r\n\nthree");
            assert!(letters[..letters.len() - 1].iter().all(|letter| letter.ends_with(b"\n")));
        }
        assert!(letters(b"", 1).await.is_empty());
    }

    #[tokio::test]
    async fn a_never_ending_line_comes_in_pieces() {
        let letters = letters(&vec![b'x'; 3 * READ_MAX + 5], 1000).await;
        assert_eq!(letters.iter().map(Vec::len).collect::<Vec<_>>(), [READ_MAX, READ_MAX, READ_MAX, 5]);
    }
}
