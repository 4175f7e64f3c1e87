//! What makes an altered journal tell on itself: a root of each entry, a link from each to the one before, and seals.

use super::merkle::{self, Hash, Tree};
use crate::edge::key;
use crate::entry::Entry;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sensors::Time;
use sensors::receiver::Batch;
use sha2::{Digest, Sha256};

/// The number that a journal is told apart by, drawn when its chain begins.
pub(super) type JournalId = [u8; 16];

/// The root over an entry's leaves: each line of it, or else its bytes as they are kept (`plain`).
pub(super) fn root(first: u64, kind: u8, entry: &Entry, plain: &[u8]) -> Hash {
    match entry {
        Entry::Lines(batch) => lines_root(first, batch),
        _ => merkle::entry_leaf(kind, plain),
    }
}

fn lines_root(first: u64, batch: &Batch) -> Hash {
    let mut tree = Tree::new();
    leaves(first, batch).for_each(|leaf| tree.push(leaf));
    tree.root()
}

/// The leaves of a batch whose first line has this sequence.
pub(super) fn leaves(first: u64, batch: &Batch) -> impl Iterator<Item = Hash> + '_ {
    let receiver = batch.receiver().0;
    (first..)
        .zip(batch.iter())
        .map(move |(sequence, (at, line))| merkle::line_leaf(sequence, receiver, at.as_millis(), line))
}

/// What stands for a whole entry in the chain.
pub(super) fn entry_hash(first: u64, count: u64, kind: u8, root: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"watchkeeper journal entry v1\0");
    hash.update(first.to_be_bytes());
    hash.update(count.to_be_bytes());
    hash.update([kind]);
    hash.update(root);
    hash.finalize().into()
}

/// The chain's value after an entry.
pub(super) fn link(before: &Hash, entry: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"watchkeeper journal link v1\0");
    hash.update(before);
    hash.update(entry);
    hash.finalize().into()
}

/// The chain's value before its first entry, which has the sequence `first`.
pub(super) fn genesis(journal: &JournalId, first: u64) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"watchkeeper journal genesis v1\0");
    hash.update(journal);
    hash.update(first.to_be_bytes());
    hash.finalize().into()
}

/// The signed word that the chain had this value at this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Which journal.
    pub journal: [u8; 16],
    /// The sequence after the last entry that it covers.
    pub next: u64,
    /// The chain's value after that entry.
    pub link: [u8; 32],
    /// The journal's time then: its newest tick or arrival.
    pub at: Time,
    /// The public key that it is signed with.
    pub key: [u8; 32],
    /// The ed25519 signature of [`Seal::text`].
    pub signature: [u8; 64],
}

impl Seal {
    pub(super) fn sign(journal: JournalId, next: u64, link: Hash, at: Time, key: &SigningKey) -> Seal {
        let mut seal =
            Seal { journal, next, link, at, key: key.verifying_key().to_bytes(), signature: [0; 64] };
        seal.signature = key.sign(seal.text().as_bytes()).to_bytes();
        seal
    }

    /// What is signed, as plain text: `openssl pkeyutl -verify -rawin` takes it as it is.
    pub fn text(&self) -> String {
        format!(
            "watchkeeper journal seal v1\njournal {}\nnext {}\nlink {}\nat {}\nkey {}\n",
            hex::encode(self.journal),
            self.next,
            hex::encode(self.link),
            self.at.as_millis(),
            hex::encode(self.key),
        )
    }

    /// Whether the signature is that of the key in it. The error says what is wrong.
    pub(super) fn check(&self) -> Result<VerifyingKey, String> {
        let key = key::parse(&hex::encode(self.key))?;
        let signed = key.verify_strict(self.text().as_bytes(), &Signature::from_bytes(&self.signature));
        signed.map(|()| key).map_err(|_| "its signature is not that of its key".to_owned())
    }

    /// The link as it is written down elsewhere, to hold the journal against later.
    pub fn witness(&self) -> String {
        format!("{}:{}", self.next, hex::encode(self.link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensors::ReceiverId;
    use std::time::Instant;

    #[test]
    fn a_seal_is_refused_when_anything_in_it_is_another() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let seal = Seal::sign([1; 16], 12, [2; 32], Time::from_seconds(3), &key);
        assert_eq!(seal.check().unwrap(), key.verifying_key());
        let others: [fn(&mut Seal); 6] = [
            |seal| seal.journal[3] ^= 1,
            |seal| seal.next += 1,
            |seal| seal.link[31] ^= 128,
            |seal| seal.at = Time::from_seconds(4),
            |seal| seal.key = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes(),
            |seal| seal.signature[0] ^= 1,
        ];
        for change in others {
            let mut other = seal.clone();
            change(&mut other);
            assert!(other.check().is_err(), "{other:?}");
        }
    }

    /// `cargo nextest run --release --lib journal::chain --no-capture` prints what a line costs.
    #[test]
    fn the_root_of_a_batch_depends_on_every_line_and_its_cost_is_told() {
        let mut batch = Batch::new(ReceiverId(3));
        let line = b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A";
        (0..4096).for_each(|n| batch.push(Time::from_millis(n), line));
        let before = Instant::now();
        let rounds: u32 = 50;
        let root = (0..rounds).fold([0; 32], |_, _| lines_root(1, &batch));
        let a_line = before.elapsed() / (rounds * 4096);
        println!("the root over a batch costs {a_line:?} a line");
        assert_ne!(root, lines_root(2, &batch));
        let mut other = Batch::new(ReceiverId(3));
        batch.iter().for_each(|(at, line)| other.push(at, line));
        assert_eq!(root, lines_root(1, &other));
    }
}
