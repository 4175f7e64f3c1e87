//! SHA-256 of a state and of what came out, to hold two runs to the same bits.

use super::Outcome;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::io::Write;

/// Bytes gathered before they are hashed: they come a few at a time.
const BUFFER: usize = 64 * 1024;

/// SHA-256 of what is written to it.
#[derive(Debug, Clone, Default)]
pub struct Digest {
    hash: Sha256,
    waiting: Vec<u8>,
}

impl Digest {
    fn add(&mut self, value: &impl Serialize) {
        postcard::to_io(value, self).expect("a digest takes all");
    }

    /// In hexadecimal.
    pub fn finish(mut self) -> String {
        self.hash.update(&self.waiting);
        hex::encode(self.hash.finalize())
    }
}

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= BUFFER {
            self.hash.update(&self.waiting);
            self.waiting.clear();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Digests of all that came out of a watch, each kind in its order: how entries were grouped does not show.
#[derive(Debug, Clone, Default)]
pub struct Given {
    fixes: Digest,
    claims: Digest,
    changes: Digest,
}

impl Given {
    /// Adds what the next entries gave.
    pub fn add(&mut self, outcome: &Outcome) {
        outcome.fixes.iter().for_each(|fix| self.fixes.add(fix));
        outcome.claims.iter().for_each(|claim| self.claims.add(claim));
        outcome.changes.iter().for_each(|change| self.changes.add(change));
    }

    /// Fixes, claims and alert changes, in hexadecimal.
    pub fn finish(self) -> [String; 3] {
        [self.fixes.finish(), self.claims.finish(), self.changes.finish()]
    }
}
