//! One line with what proves it, for whoever has neither the journal nor its other lines.

use super::block;
use super::chain::{self, Seal};
use super::merkle::{self, Hash};
use super::{CHAINED, Error, Reader, files, path_of, read};
use crate::entry::{Entry, Numbered};
use crate::store::{self, failed};
use crate::watch;
use ed25519_dalek::VerifyingKey;
use sensors::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::SqlitePool;
use std::path::Path;

/// What a proof's file begins with.
const FORMAT: &str = "watchkeeper line proof v1";

/// Entries between a line and its seal, at most: twice what a seal covers and a group brings at once.
const ENTRIES_MAX: usize = 100_000;

/// One line, the way from it to a seal, and the seal. Digests, keys and signatures are hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    format: String,
    /// The version of the program that wrote the proof.
    program: String,
    /// What the settings called the line's receiver when it was heard. Not proven by the seal.
    receiver_name: Option<String>,
    /// The line's time of arrival as people read it.
    arrived_at: String,
    line: Line,
    entry: EntryPart,
    /// The chain's value before the line's entry.
    #[serde(with = "hex")]
    link_before: Hash,
    /// The entries from the line's own, which is not among them, to the seal.
    entries_after: Vec<Hex>,
    seal: SealPart,
    /// SHA-256 of this file with 64 zeros here: shows what was changed by accident.
    #[serde(with = "hex")]
    digest: Hash,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sequence: u64,
    receiver: u16,
    arrived_at_ms: i64,
    /// The exact bytes, where all of them are printable ASCII.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The exact bytes in hexadecimal otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
}

/// The entry that the line is in, and the Merkle path from the line's leaf to its root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryPart {
    first: u64,
    count: u64,
    kind: u8,
    leaf: u64,
    path: Vec<Hex>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealPart {
    #[serde(with = "hex")]
    journal: [u8; 16],
    next: u64,
    at_ms: i64,
    #[serde(with = "hex")]
    key: [u8; 32],
    #[serde(with = "hex")]
    signature: [u8; 64],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Hex(#[serde(with = "hex")] Hash);

/// What a good proof proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The exact bytes heard.
    pub line: Vec<u8>,
    /// Its place in the journal.
    pub sequence: u64,
    /// The number of the receiver that heard it.
    pub receiver: u16,
    /// When it arrived, by the clock of the machine that wrote the journal.
    pub arrived_at: Time,
    /// The seal that stands for it.
    pub seal: Seal,
    /// What the settings called the receiver; told, not proven.
    pub receiver_name: Option<String>,
    /// The version of the program that wrote the proof; told, not proven.
    pub program: String,
}

impl Proof {
    /// As it is written to a file.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("a proof is plain data");
        format!("{text}\n")
    }

    fn digested(&self) -> Hash {
        let blank = Proof { digest: [0; 32], ..self.clone() };
        Sha256::digest(blank.to_text()).into()
    }

    /// Reads a proof's file and checks all of it, without the journal. Only the file as it was written passes. With
    /// `trusted`, only a seal of this key does; without, whoever reads must know whose key it is.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(file: &[u8], trusted: Option<&VerifyingKey>) -> Result<Proven, String> {
        let proof: Proof =
            serde_json::from_slice(file).map_err(|error| format!("it is not a proof: {error}"))?;
        if proof.to_text().as_bytes() != file || proof.format != FORMAT {
            return Err("it is not written as a proof is".to_owned());
        }
        if proof.digested() != proof.digest {
            return Err("it was changed after it was written".to_owned());
        }
        proof.proven(trusted)
    }

    fn proven(self, trusted: Option<&VerifyingKey>) -> Result<Proven, String> {
        let Proof { line, entry, seal, .. } = &self;
        let bytes = match (&line.text, &line.bytes) {
            (Some(text), None) if is_plain(text.as_bytes()) => text.clone().into_bytes(),
            (None, Some(bytes)) => hex::decode(bytes).map_err(|error| format!("its line: {error}"))?,
            _ => return Err("its line can't be read".to_owned()),
        };
        let arrived_at = Time::from_millis(line.arrived_at_ms);
        if self.arrived_at != arrived_at.to_string() {
            return Err("its two times of arrival differ".to_owned());
        }
        if entry.first.checked_add(entry.leaf) != Some(line.sequence) || entry.kind != block::LINES {
            return Err("its line is not in its entry".to_owned());
        }
        let leaf = merkle::line_leaf(line.sequence, line.receiver, line.arrived_at_ms, &bytes);
        let path: Vec<Hash> = entry.path.iter().map(|hash| hash.0).collect();
        let root = merkle::root_by_path(leaf, entry.leaf, entry.count, &path)
            .ok_or("its path does not belong to its place in the entry")?;
        let own = chain::entry_hash(entry.first, entry.count, entry.kind, &root);
        let link = chain::link(&self.link_before, &own);
        let link = self.entries_after.iter().fold(link, |link, entry| chain::link(&link, &entry.0));
        let SealPart { journal, next, at_ms, key, signature } = *seal;
        let seal = Seal { journal, next, link, at: Time::from_millis(at_ms), key, signature };
        let key = seal.check().map_err(|why| format!("the seal does not stand for this line: {why}"))?;
        if trusted.is_some_and(|trusted| *trusted != key) {
            return Err("it is sealed by another key".to_owned());
        }
        let Line { sequence, receiver, .. } = self.line;
        let (receiver_name, program) = (self.receiver_name, self.program);
        Ok(Proven { line: bytes, sequence, receiver, arrived_at, seal, receiver_name, program })
    }
}

fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// The proof of the line with this sequence.
///
/// # Errors
/// [`Error::NotProven`] when it is no line, is not sealed yet, was pruned, or was written before sealing began; else
/// when the journal can't be read.
pub async fn disclose(folder: &Path, sequence: u64) -> Result<Proof, Error> {
    let no = |reason: &str| Error::NotProven { sequence, reason: reason.to_owned() };
    let mut reader = Reader::open(folder);
    reader.seek(sequence).await?;
    let (first, batch) = match reader.entry().await? {
        Some(Numbered { first, entry: Entry::Lines(batch) }) if first <= sequence => (first, batch),
        Some(Numbered { first, .. }) if first <= sequence => {
            return Err(no("what has this number is no line"));
        }
        Some(_) => return Err(no("it was deleted from the journal")),
        None => return Err(no("the journal does not reach it")),
    };
    let (link_before, entries_after, seal) = to_seal(folder, first).await?.ok_or_else(|| {
        no("no seal covers it: it was written before sealing began, or less than a minute ago")
    })?;
    let index = (sequence - first) as usize;
    let (arrived_at, bytes) = batch.get(index).ok_or_else(|| no("its entry is too short"))?;
    let (settings, _) = reader.versions_before(first).await?;
    let settings: Option<watch::Settings> = settings.and_then(|text| toml::from_str(&text).ok());
    let receiver = batch.receiver().0;
    let station = settings.as_ref().and_then(|settings| settings.receivers.get(usize::from(receiver)));
    let plain = is_plain(bytes).then(|| String::from_utf8_lossy(bytes).into_owned());
    let leaves: Vec<Hash> = chain::leaves(first, &batch).collect();
    let path = merkle::path(&leaves, index).into_iter().map(Hex).collect();
    let mut proof = Proof {
        format: FORMAT.to_owned(),
        program: concat!("watchkeeper ", env!("CARGO_PKG_VERSION")).to_owned(),
        receiver_name: station.map(|station| station.name.clone()),
        arrived_at: arrived_at.to_string(),
        line: Line {
            sequence,
            receiver,
            arrived_at_ms: arrived_at.as_millis(),
            bytes: plain.is_none().then(|| hex::encode(bytes)),
            text: plain,
        },
        entry: EntryPart { first, count: batch.len() as u64, kind: block::LINES, leaf: index as u64, path },
        link_before,
        entries_after: entries_after.into_iter().map(Hex).collect(),
        seal: SealPart {
            journal: seal.journal,
            next: seal.next,
            at_ms: seal.at.as_millis(),
            key: seal.key,
            signature: seal.signature,
        },
        digest: [0; 32],
    };
    proof.digest = proof.digested();
    // A journal that was altered gives no proof that would be refused elsewhere.
    Proof::check(proof.to_text().as_bytes(), None).map_err(|reason| no(&reason))?;
    Ok(proof)
}

/// The link before an entry, the entries after it up to the next seal, and the seal.
async fn to_seal(folder: &Path, first: u64) -> Result<Option<(Hash, Vec<Hash>, Seal)>, Error> {
    let (mut before, mut after) = (None, Vec::new());
    for day in files(folder)? {
        let path = path_of(folder, &day);
        let pool = store::open_readers(&path).await?;
        let walked = walk(&pool, first, &mut before, &mut after).await;
        pool.close().await;
        let seal = walked.map_err(failed(|| format!("read {}", path.display())))?;
        if let (Some(before), Some(seal)) = (before, seal) {
            return Ok(Some((before, after, seal)));
        }
    }
    Ok(None)
}

type HeadRow = (i64, i64, u8, Option<Vec<u8>>);

async fn walk(
    pool: &SqlitePool,
    first: u64,
    before: &mut Option<Hash>,
    after: &mut Vec<Hash>,
) -> sqlx::Result<Option<Seal>> {
    const BEFORE: &str = "SELECT coalesce(
        (SELECT link FROM entry WHERE first < ?1 ORDER BY first DESC LIMIT 1), (SELECT origin FROM chain))
        WHERE EXISTS (SELECT 1 FROM entry WHERE first = ?1)";
    const HEADS: &str =
        "SELECT first, count, kind, root FROM entry WHERE first > ? AND first < ? ORDER BY first LIMIT ?";
    if read::version(pool).await? < CHAINED {
        return Ok(None);
    }
    if before.is_none() {
        let found: Option<(Option<Vec<u8>>,)> =
            sqlx::query_as(BEFORE).bind(first as i64).fetch_optional(pool).await?;
        let Some((Some(link),)) = found else { return Ok(None) };
        *before = link.try_into().ok();
    }
    let seal: Option<read::SealRow> =
        sqlx::query_as(read::SEALS).bind(first as i64 + 1).fetch_optional(pool).await?;
    let seal = seal.and_then(read::seal);
    let end = seal.as_ref().map_or(i64::MAX, |seal| seal.next as i64);
    let heads = sqlx::query_as(HEADS).bind(first as i64).bind(end).bind(ENTRIES_MAX as i64);
    let heads: Vec<HeadRow> = heads.fetch_all(pool).await?;
    for (first, count, kind, root) in heads {
        let Some(root) = root.and_then(|root| Hash::try_from(root).ok()) else { return Ok(None) };
        after.push(chain::entry_hash(first as u64, count as u64, kind, &root));
    }
    Ok(seal)
}

/// The file with a digest that fits, as a forger would write it.
#[cfg(test)]
pub(super) fn with_digest(file: &str) -> String {
    let mut proof: Proof = serde_json::from_str(file).expect("still a proof by its form");
    proof.digest = proof.digested();
    proof.to_text()
}
