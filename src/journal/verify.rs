//! Holds a journal against its own roots, links and seals, and names the first thing that does not fit.

use super::block::{self, Head};
use super::chain::{self, JournalId, Seal};
use super::merkle::Hash;
use super::verified::{Fault, Gone, Sealed, Trust, Verified};
use super::writer::{ROWS as ROWS_WRITTEN, SEAL_ENTRIES, SEAL_EVERY};
use super::{CHAINED, Reader, files, path_of, read};
use crate::edge::key;
use crate::entry::{Entry, Numbered, Pruned};
use crate::store;
use crate::telemetry;
use sensors::Time;
use sqlx::{Sqlite, Transaction};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rows fetched at a time.
const ROWS: i64 = 64;

const CHAINED_PAGE: &str =
    "SELECT first, count, kind, receiver, arrived_at_first, arrived_at_last, body, root, link
    FROM entry WHERE first > ? ORDER BY first LIMIT ?";

const UNCHAINED_PAGE: &str =
    "SELECT first, count, kind, receiver, arrived_at_first, arrived_at_last, body, NULL, NULL
    FROM entry WHERE first > ? ORDER BY first LIMIT ?";

/// Checks every row of the journal in `folder`; may run while it is written. Calls `progress` with the bytes done.
///
/// # Errors
/// The first thing that does not fit.
pub async fn verify(
    folder: &Path,
    trust: &Trust,
    mut progress: impl FnMut(u64),
) -> Result<Verified, Box<Fault>> {
    let unlisted = |error| fault(folder, None, telemetry::chain(&error));
    let days = files(folder).map_err(unlisted)?;
    if days.is_empty() {
        return Err(fault(folder, None, "there is no journal here"));
    }
    // Where this can't be read, the walk comes to the damage itself.
    let pruned = Reader::open(folder).pruned().await.unwrap_or_default();
    let mut walk = Walk {
        trust,
        pruned,
        next: 1,
        link: None,
        journal: None,
        met: false,
        sealed_to: 0,
        told: None,
        relied_on: Vec::new(),
        seen: Verified::default(),
    };
    for day in days {
        let path = path_of(folder, &day);
        let size = std::fs::metadata(&path).map_or(0, |about| about.len());
        let mut done = 0;
        walk.day(&path, |bytes| {
            let bytes = bytes.min(size - done);
            done += bytes;
            progress(bytes);
        })
        .await?;
        progress(size.saturating_sub(done));
    }
    walk.end(folder)
}

fn fault(file: &Path, at: Option<u64>, what: impl Into<String>) -> Box<Fault> {
    Box::new(Fault { file: file.to_owned(), at, what: what.into() })
}

struct Walk<'a> {
    trust: &'a Trust,
    /// What entries say was pruned, each with its sequence. Only under a seal does it count.
    pruned: Vec<(u64, Pruned)>,
    next: u64,
    /// The chain's value so far; `None` until sealing began.
    link: Option<Hash>,
    journal: Option<JournalId>,
    /// Whether the witness's place was reached.
    met: bool,
    /// The sequence that the newest seal stands before.
    sealed_to: u64,
    /// The newest tick or arrival.
    told: Option<Time>,
    /// What was let pass because an entry says that days are gone: where, and the entry.
    relied_on: Vec<(PathBuf, u64)>,
    seen: Verified,
}

/// Where a file's chain begins.
struct Begin {
    journal: JournalId,
    origin: Hash,
    first: u64,
}

type Row = (i64, i64, i64, Option<i64>, Option<i64>, Option<i64>, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>);

impl Walk<'_> {
    async fn day(&mut self, path: &Path, mut progress: impl FnMut(u64)) -> Result<(), Box<Fault>> {
        let unreadable = |error: &dyn std::error::Error| fault(path, None, telemetry::chain(error));
        let pool = store::open_readers(path).await.map_err(|error| unreadable(&error))?;
        // One view of the file, however it grows meanwhile.
        let mut file = pool.begin().await.map_err(|error| unreadable(&error))?;
        let begin = layout(&mut file, path).await?;
        let (first,): (Option<i64>,) = sqlx::query_as("SELECT min(first) FROM entry")
            .fetch_one(&mut *file)
            .await
            .map_err(|error| unreadable(&error))?;
        let first = match (first, &begin) {
            (Some(first), _) => {
                sequence(first).ok_or_else(|| fault(path, None, "an entry has no sequence"))?
            }
            (None, Some(begin)) => begin.first,
            (None, None) => self.next,
        };
        if let Some((said_by, _)) = self.pruned.iter().find(|(_, run)| (run.first..run.next).contains(&first))
        {
            self.relied_on.push((path.to_owned(), *said_by));
            self.seen.waiting += 1;
            return Ok(());
        }
        self.seen.days += 1;
        self.take_up(path, first, begin.as_ref())?;
        let mut seals = match &begin {
            Some(_) => seals(&mut file, path).await?,
            None => BTreeMap::new(),
        };
        self.meet(path, &mut seals)?;
        let page = if begin.is_some() { CHAINED_PAGE } else { UNCHAINED_PAGE };
        let chained_from = begin.map_or(u64::MAX, |begin| begin.first);
        let mut last = -1;
        loop {
            let rows: Result<Vec<Row>, _> =
                sqlx::query_as(page).bind(last).bind(ROWS).fetch_all(&mut *file).await;
            let rows = rows.map_err(|error| fault(path, Some(self.next), telemetry::chain(&error)))?;
            let Some((newest, ..)) = rows.last() else { break };
            last = *newest;
            for row in rows {
                progress(row.6.len() as u64);
                self.entry(path, row, chained_from)?;
                self.meet(path, &mut seals)?;
            }
        }
        if let Some(next) = seals.keys().next() {
            return Err(fault(path, Some(*next), "a seal covers entries that are not there"));
        }
        whole(&mut file, path).await
    }

    /// Holds the file's beginning against the end of the one before.
    fn take_up(&mut self, path: &Path, first: u64, begin: Option<&Begin>) -> Result<(), Box<Fault>> {
        let wrong = |what: String| Err(fault(path, Some(first), what));
        if first != self.next {
            let mut runs = self.pruned.iter().rev();
            let run = runs.find(|(_, run)| run.first <= self.next && run.next == first);
            let Some((said_by, run)) = run else {
                return wrong(format!("entries from {} on are missing before it", self.next));
            };
            if run.first == self.next && self.link.is_some() && run.origin != self.link {
                return wrong(format!(
                    "what was pruned from {} on does not follow what is before it",
                    run.first
                ));
            }
            self.seen.pruned.push(Gone { first: self.next, next: first, said_by: *said_by });
            self.relied_on.push((path.to_owned(), *said_by));
            (self.next, self.link) = (first, run.link);
        }
        let Some(Begin { journal, origin, first: chained }) = begin else {
            return match self.link {
                None => Ok(()),
                Some(_) => wrong("it is not chained, and the file before it is".to_owned()),
            };
        };
        if *self.journal.get_or_insert(*journal) != *journal {
            return wrong("it is of another journal".to_owned());
        }
        if self.link.is_some() && *chained != first {
            return wrong(format!("its chain begins at {chained}"));
        }
        if *origin != self.link.unwrap_or_else(|| chain::genesis(journal, *chained)) {
            return wrong("its chain does not hang on what is before it".to_owned());
        }
        self.link = (*chained == first).then_some(*origin);
        Ok(())
    }

    fn entry(&mut self, path: &Path, row: Row, chained_from: u64) -> Result<(), Box<Fault>> {
        let (first, count, kind, receiver, earliest, latest, body, root, link) = row;
        let expected = self.next;
        let wrong = |what: &str| fault(path, Some(expected), what);
        if sequence(first) != Some(expected) {
            return Err(wrong(&format!("it is missing; the next one there is {first}")));
        }
        let (entry, plain) =
            block::unpack_with_bytes(&body).map_err(|why| wrong(&format!("it can't be read: {why}")))?;
        let numbered = Numbered { first: expected, entry };
        let head = Head::of(&numbered);
        if (count, kind) != (head.count as i64, i64::from(head.kind)) || head.count == 0 {
            return Err(wrong("its number of lines or its kind is another than it says"));
        }
        if expected < chained_from {
            if root.is_some() || link.is_some() {
                return Err(wrong("it is chained before the chain begins"));
            }
            self.seen.lines_before_sealing += lines_of(&numbered.entry);
        } else {
            let columns = (receiver, earliest.zip(latest));
            if columns != (head.receiver.map(i64::from), head.arrived_at) {
                return Err(wrong("its receiver or its time of arrival is another than it says"));
            }
            let computed = chain::root(expected, head.kind, &numbered.entry, &plain);
            if root.as_deref() != Some(&computed[..]) {
                return Err(wrong("its lines are not those that its root stands for"));
            }
            // The chain may begin in the midst of a file: at the entry that the first link stands for.
            let before = match (self.link, self.journal) {
                (Some(link), _) => link,
                (None, Some(journal)) => chain::genesis(&journal, expected),
                (None, None) => return Err(wrong("it is chained, and its file has no chain")),
            };
            let computed = chain::link(&before, &head.hash(&computed));
            if link.as_deref() != Some(&computed[..]) {
                return Err(wrong("its link does not fit what is before it"));
            }
            self.link = Some(computed);
            self.seen.unsealed += 1;
            self.told = head.arrived_at.map_or(self.told, |_| time_of(&numbered.entry));
        }
        self.next = numbered.next();
        self.seen.entries += 1;
        self.seen.lines += lines_of(&numbered.entry);
        Ok(())
    }

    /// Checks the seal and the witness that stand at this place of the chain.
    fn meet(&mut self, path: &Path, seals: &mut BTreeMap<u64, Seal>) -> Result<(), Box<Fault>> {
        let wrong = |what: String| Err(fault(path, Some(self.next), what));
        if let Some((next, link)) = self.trust.witness
            && next == self.next
        {
            self.met = true;
            if self.link != Some(link) {
                return wrong("the chain before it is another than was written down elsewhere".to_owned());
            }
        }
        let Some(seal) = seals.remove(&self.next) else { return Ok(()) };
        let key = match seal.check() {
            Ok(key) => key,
            Err(why) => return wrong(format!("the seal before it is not good: {why}")),
        };
        if !self.trust.keys.is_empty() && !self.trust.keys.contains(&key) {
            return wrong(format!("the seal before it is by another key: {}", key::text(&key)));
        }
        // An upgrade seals before the first chained entry: that says only where the chain begins.
        let link = self.link.or(self.journal.map(|journal| chain::genesis(&journal, self.next)));
        if Some(seal.journal) != self.journal || Some(seal.link) != link {
            return wrong("the seal before it is of another chain".to_owned());
        }
        self.seen.seals += 1;
        let first = match self.seen.sealed.last_mut() {
            Some(run) if run.key == seal.key => std::mem::replace(&mut run.next, self.next),
            _ => {
                let first = self.sealed_to.max(1);
                self.seen.sealed.push(Sealed { key: seal.key, first, next: self.next });
                first
            }
        };
        if self.seen.unsealed > (SEAL_ENTRIES + ROWS_WRITTEN) as u64 {
            self.seen.sparse.push((first, self.next));
        }
        self.sealed_to = self.next;
        self.told = Some(seal.at);
        self.seen.newest = Some(seal);
        self.seen.unsealed = 0;
        Ok(())
    }

    /// A watch seals what it has written after a minute, or 1,024 entries. What goes on for longer without a seal did not
    /// come from one: seals were taken away, and with them what they stood for.
    fn unsealed(&self, folder: &Path) -> Result<(), Box<Fault>> {
        let late = match (self.seen.sealed_at(), self.told) {
            (Some(sealed_at), Some(told)) => told.since(sealed_at).abs() >= SEAL_EVERY,
            (None, told) => told.is_some(),
            _ => false,
        };
        if self.seen.unsealed >= SEAL_ENTRIES as u64 || self.seen.unsealed > 0 && late {
            let what = format!(
                "from here to the end, before {}, no seal stands for {} entries; a watch leaves less than {SEAL_ENTRIES} \
                 without one, and none for {} s",
                self.next,
                self.seen.unsealed,
                SEAL_EVERY.as_millis() / 1000
            );
            return Err(fault(folder, Some(self.sealed_to), what));
        }
        Ok(())
    }

    fn end(self, folder: &Path) -> Result<Verified, Box<Fault>> {
        if let Some((file, said_by)) = self.relied_on.iter().find(|(_, said_by)| *said_by >= self.sealed_to) {
            let what = format!(
                "days before or in it are said to be pruned by entry {said_by}, which no seal covers"
            );
            return Err(fault(file, None, what));
        }
        self.unsealed(folder)?;
        if let (Some((next, _)), false) = (self.trust.witness, self.met) {
            let what = "the journal does not reach what was written down elsewhere, or no longer holds it";
            return Err(fault(folder, Some(next), what));
        }
        if !self.trust.keys.is_empty() && self.seen.seals == 0 {
            return Err(fault(folder, None, "nothing in it is sealed"));
        }
        Ok(self.seen)
    }
}

fn sequence(first: i64) -> Option<u64> {
    u64::try_from(first).ok()
}

fn time_of(entry: &Entry) -> Option<Time> {
    match entry {
        Entry::Lines(batch) => batch.last_arrived_at(),
        Entry::Tick(now) => Some(*now),
        _ => None,
    }
}

fn lines_of(entry: &Entry) -> u64 {
    if let Entry::Lines(batch) = entry { batch.len() as u64 } else { 0 }
}

/// Where the file's chain begins; `None` where it was written before sealing began.
async fn layout(file: &mut Transaction<'_, Sqlite>, path: &Path) -> Result<Option<Begin>, Box<Fault>> {
    let unreadable = |error| fault(path, None, telemetry::chain(&error));
    let tables: Vec<(String,)> = sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&mut **file)
        .await
        .map_err(unreadable)?;
    let has = |name: &str| tables.iter().any(|(table,)| table == name);
    let version = read::version(&mut **file).await.map_err(unreadable)?;
    if !has("entry") {
        return Err(fault(path, None, "it holds no journal: it was emptied, or never finished"));
    }
    if (version >= CHAINED) != has("chain") || has("chain") != has("seal") {
        return Err(fault(path, None, format!("its tables are not those of version {version}")));
    }
    if !has("chain") {
        return Ok(None);
    }
    let rows: Vec<(Vec<u8>, Vec<u8>, i64)> = sqlx::query_as("SELECT journal, origin, first FROM chain")
        .fetch_all(&mut **file)
        .await
        .map_err(unreadable)?;
    let parsed = |(journal, origin, first): &(Vec<u8>, Vec<u8>, i64)| {
        let (journal, origin) = (journal.as_slice().try_into().ok()?, origin.as_slice().try_into().ok()?);
        Some(Begin { journal, origin, first: sequence(*first)? })
    };
    match &rows[..] {
        [row] => {
            parsed(row).map(Some).ok_or_else(|| fault(path, None, "where its chain begins can't be read"))
        }
        _ => Err(fault(path, None, "it does not say where its chain begins")),
    }
}

async fn seals(file: &mut Transaction<'_, Sqlite>, path: &Path) -> Result<BTreeMap<u64, Seal>, Box<Fault>> {
    let rows: Result<Vec<read::SealRow>, _> =
        sqlx::query_as(read::SEALS).bind(0).fetch_all(&mut **file).await;
    let rows = rows.map_err(|error| fault(path, None, telemetry::chain(&error)))?;
    let seal = |row: read::SealRow| {
        let next = row.0 as u64;
        let seal =
            read::seal(row).ok_or_else(|| fault(path, Some(next), "the seal before it can't be read"))?;
        Ok((seal.next, seal))
    };
    rows.into_iter().map(seal).collect()
}

/// SQLite's own check of the file: that its indexes, by which others read, hold what its tables do.
async fn whole(file: &mut Transaction<'_, Sqlite>, path: &Path) -> Result<(), Box<Fault>> {
    let said: Result<Vec<(String,)>, _> =
        sqlx::query_as("PRAGMA integrity_check(1)").fetch_all(&mut **file).await;
    match said.map_err(|error| fault(path, None, telemetry::chain(&error)))?.first() {
        Some((word,)) if word == "ok" => Ok(()),
        Some((word,)) => Err(fault(path, None, word.clone())),
        None => Err(fault(path, None, "SQLite's check of it says nothing")),
    }
}
