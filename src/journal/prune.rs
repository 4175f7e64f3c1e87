//! How long what was heard is kept: whole days go, oldest first, never one under hold, and the chain stays verifiable.

use super::holds::{self, Hold, Holds};
use super::merkle::Hash;
use super::{CHAINED, Error, Journal, Reader, day_name, files, path_of, read};
use crate::edge::slots::sync_folder;
use crate::entry::{Entry, Numbered, Pruned};
use crate::store::{self, failed};
use sensors::{Span, Time};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tokio::task::JoinHandle;

/// How long the journal is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days after which a day's lines are deleted, unless they are under hold; 0 keeps them for ever. 400: ours, a
    /// year and a month to notice.
    pub days_max: u32,
    /// Bytes of the journal beyond which its oldest days are deleted, unless they are under hold; 0 is no bound.
    pub bytes_max: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { days_max: 400, bytes_max: 0 }
    }
}

impl Retention {
    /// Nothing is ever deleted.
    pub const FOR_EVER: Retention = Retention { days_max: 0, bytes_max: 0 };
}

/// What the writer remembers of pruning.
#[derive(Debug)]
pub(super) struct Housekeeping {
    pub(super) rules: Retention,
    /// The day on which it last looked for days to delete.
    looked_on: Option<String>,
    looking: Option<JoinHandle<Result<Plan, Error>>>,
    removing: Option<JoinHandle<()>>,
}

impl Default for Housekeeping {
    fn default() -> Self {
        Housekeeping { rules: Retention::FOR_EVER, looked_on: None, looking: None, removing: None }
    }
}

/// What is to be written down and then deleted.
#[derive(Debug)]
struct Plan {
    entries: Vec<Entry>,
    days: Vec<String>,
    /// No hold is placed between the look and the deed.
    holds: Holds,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
enum Want {
    ByRule(Retention),
    /// One day, the oldest there is to have.
    Room,
}

impl Journal {
    /// Deletes the days that these rules no longer keep, but none that `needed_from` or what follows it is in: the
    /// sequence from which the stores may still have to read. Gives the entries that say so, which the core takes like
    /// any others.
    ///
    /// They are durable before the first file goes; where the program ends between, the next call deletes the rest.
    ///
    /// # Errors
    /// When the journal or the holds can't be read, or the entries can't be written: then nothing is deleted.
    pub async fn prune(
        &mut self,
        rules: &Retention,
        needed_from: u64,
        at: Time,
    ) -> Result<Vec<Numbered>, Error> {
        self.prune_for(Want::ByRule(*rules), needed_from, at).await
    }

    /// Deletes the oldest day that may go at all, whatever the rules say, to make room on the disk.
    ///
    /// # Errors
    /// As [`Journal::prune`].
    pub async fn free_oldest_day(&mut self, needed_from: u64, at: Time) -> Result<Vec<Numbered>, Error> {
        self.prune_for(Want::Room, needed_from, at).await
    }

    async fn prune_for(&mut self, want: Want, needed_from: u64, at: Time) -> Result<Vec<Numbered>, Error> {
        self.removed().await;
        let plan = plan(self.folder.clone(), want, needed_from, at).await?;
        let numbered = self.carry_out(plan).await?;
        self.removed().await;
        Ok(numbered)
    }

    /// Prunes by the rules it was given once for each day, beside the writing: to be called after every group.
    ///
    /// # Errors
    /// As [`Journal::prune`]; it is tried again the next day.
    pub async fn housekeep(&mut self, needed_from: impl Fn() -> u64) -> Result<Vec<Numbered>, Error> {
        let house = &mut self.housekeeping;
        if house.looking.is_none() && house.rules != Retention::FOR_EVER && house.looked_on != self.day {
            house.looked_on.clone_from(&self.day);
            if let Some(at) = self.time {
                let want = Want::ByRule(house.rules);
                house.looking = Some(tokio::spawn(plan(self.folder.clone(), want, needed_from(), at)));
            }
        }
        match house.looking.take_if(|looking| looking.is_finished()) {
            Some(looking) => {
                let plan = looking.await.expect("looking for days to delete does not panic")?;
                self.carry_out(plan).await
            }
            None => Ok(Vec::new()),
        }
    }

    async fn carry_out(&mut self, plan: Plan) -> Result<Vec<Numbered>, Error> {
        let Plan { entries, days, holds } = plan;
        let numbered = self.append(&entries).await?;
        if !days.is_empty() {
            let folder = self.folder.clone();
            // A large file takes its time to go, and lines wait for this worker.
            self.housekeeping.removing = Some(tokio::task::spawn_blocking(move || {
                remove(&folder, &days);
                drop(holds);
            }));
        }
        Ok(numbered)
    }

    /// Waits until the files that were to go are gone.
    async fn removed(&mut self) {
        if let Some(removing) = self.housekeeping.removing.take() {
            removing.await.expect("removing files does not panic");
        }
    }
}

/// Deletes the days' files; what can't be is told and left to the next time.
fn remove(folder: &Path, days: &[String]) {
    for day in days {
        let path = path_of(folder, day);
        for end in ["", "-wal", "-shm"] {
            let path = PathBuf::from(format!("{}{end}", path.display()));
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "a pruned day's file can't be deleted");
                    break;
                }
                _ => {}
            }
        }
        tracing::info!(day, "a day of the journal was pruned");
    }
    if let Err(error) = sync_folder(&path_of(folder, "any")) {
        tracing::warn!(%error, "the journal's folder can't be synced");
    }
}

/// What is known of a file without reading its entries.
struct Day {
    name: String,
    first: u64,
    /// The chain's value before its first entry; `None` where that is not chained.
    origin: Option<Hash>,
    /// The chains of stations that have a consignment here or carried over to here.
    chains: Vec<String>,
    held: bool,
}

/// Looks for days to delete.
async fn plan(folder: PathBuf, want: Want, needed_from: u64, at: Time) -> Result<Plan, Error> {
    let holds = {
        let folder = folder.clone();
        // It may have to wait for a hold that is being placed.
        let read = tokio::task::spawn_blocking(move || {
            holds::read(&folder).map_err(|source| Error::file("read the holds of", &folder)(source))
        });
        read.await.expect("reading the holds does not panic")?
    };
    let reader = Reader::open(&folder);
    let before = reader.pruned().await?;
    let mut days = files(&folder)?;
    // What the program was deleting when it ended.
    let left: Vec<String> =
        days.extract_if(.., |day| before.iter().any(|(_, run)| run.days.contains(day))).collect();
    let chosen = choose(&folder, &days, want, needed_from, at, &holds.list).await?;
    let mut entries = runs(&reader, &folder, &days, &chosen, &before).await?;
    carry_consignments(&reader, &folder, &days, &chosen, &mut entries).await?;
    let gone = chosen.into_iter().map(|(day, _)| day.name);
    let entries = entries.into_iter().map(Entry::Pruned).collect();
    Ok(Plan { entries, days: left.into_iter().chain(gone).collect(), holds })
}

/// The days that go, oldest first, each with why; never the newest.
async fn choose(
    folder: &Path,
    days: &[String],
    want: Want,
    needed_from: u64,
    at: Time,
    holds: &[Hold],
) -> Result<Vec<(Day, &'static str)>, Error> {
    let size = |day: &String| {
        let path = path_of(folder, day).display().to_string();
        let of = |end: &str| std::fs::metadata(format!("{path}{end}")).map_or(0, |about| about.len());
        of("") + of("-wal")
    };
    let mut bytes: u64 = days.iter().map(size).sum();
    let mut chosen = Vec::new();
    for pair in days.windows(2) {
        let [name, following] = pair else { continue };
        let why = match want {
            Want::Room if chosen.is_empty() => "disk_full",
            Want::ByRule(rules) if is_old(&rules, name, following, at) => "age",
            Want::ByRule(rules) if rules.bytes_max > 0 && bytes > rules.bytes_max => "size",
            _ => break,
        };
        let after = look(folder, following, holds).await?;
        if after.first > needed_from {
            break;
        }
        let day = look(folder, name, holds).await?;
        // The settings of before any line are held with the first lines.
        let held = day.held || is_before_lines(name) && after.held;
        if !held {
            bytes -= size(name).min(bytes);
            chosen.push((day, why));
        }
    }
    Ok(chosen)
}

/// Whether the file holds what was written before any line was heard.
fn is_before_lines(name: &str) -> bool {
    name.starts_with("0000")
}

/// What was written before any line was heard is as old as the day that follows.
fn is_old(rules: &Retention, name: &str, following: &str, at: Time) -> bool {
    let oldest = day_name(at - Span::from_hours(24 * i64::from(rules.days_max)));
    let named = if is_before_lines(name) { following } else { name };
    rules.days_max > 0 && oldest.is_some_and(|oldest| named < oldest.as_str())
}

async fn look(folder: &Path, name: &str, holds: &[Hold]) -> Result<Day, Error> {
    let path = path_of(folder, name);
    let pool = store::open_readers(&path).await?;
    let looked = look_into(&pool, name, holds).await;
    pool.close().await;
    looked.map_err(failed(|| format!("read {}", path.display()))).map_err(Error::from)
}

async fn look_into(pool: &SqlitePool, name: &str, holds: &[Hold]) -> sqlx::Result<Day> {
    const HEARD: &str = "SELECT EXISTS (SELECT 1 FROM entry
        WHERE kind = 0 AND arrived_at_first <= ?2 AND arrived_at_last >= ?1)";
    let version = read::version(pool).await?;
    let mut chain: Option<(Vec<u8>, i64)> = None;
    if version >= CHAINED {
        chain = sqlx::query_as("SELECT origin, first FROM chain").fetch_optional(pool).await?;
    }
    let first = read::first(pool).await?.or(chain.as_ref().map(|(_, first)| *first as u64));
    let first = first.unwrap_or(u64::MAX);
    let origin = chain.filter(|(_, at)| *at as u64 == first).and_then(|(origin, _)| origin.try_into().ok());
    let mut chains = Vec::new();
    if version >= 2 {
        let rows: Vec<(String,)> = sqlx::query_as("SELECT chain FROM newest").fetch_all(pool).await?;
        chains = rows.into_iter().map(|(chain,)| chain).collect();
    }
    let mut held = Time::parse(&format!("{name}T00:00:00Z"))
        .is_some_and(|begin| holds.iter().any(|hold| hold.covers(begin, begin + Span::from_hours(24))));
    for hold in holds.iter().filter(|hold| hold.released_at.is_none()) {
        let heard = sqlx::query_as(HEARD).bind(hold.from.as_millis()).bind(hold.to.as_millis());
        let (heard,): (bool,) = heard.fetch_one(pool).await?;
        held |= heard;
    }
    Ok(Day { name: name.to_owned(), first, origin, chains, held })
}

/// The entries that say what goes: one for each run without a gap, merged with what went beside it before; and those
/// again that would go with the days they are in.
async fn runs(
    reader: &Reader,
    folder: &Path,
    days: &[String],
    chosen: &[(Day, &'static str)],
    before: &[(u64, Pruned)],
) -> Result<Vec<Pruned>, Error> {
    let goes = |name: &str| chosen.iter().find(|(day, _)| day.name == name);
    let mut entries: Vec<Pruned> = Vec::new();
    let mut open: Option<Pruned> = None;
    let mut gone: Vec<(u64, u64)> = Vec::new();
    for pair in days.windows(2) {
        let [name, following] = pair else { continue };
        let Some((day, why)) = goes(name) else { continue };
        let Day { first: next, origin: link, .. } = look(folder, following, &[]).await?;
        gone.push((day.first, next));
        let run = open.get_or_insert_with(|| Pruned {
            first: day.first,
            next,
            days: Vec::new(),
            origin: day.origin,
            link,
            why: (*why).to_owned(),
            settings: None,
            program: None,
            consignments: Vec::new(),
        });
        (run.next, run.link) = (next, link);
        run.days.push(name.clone());
        if goes(following).is_none() {
            entries.extend(open.take());
        }
    }
    let mut standing: Vec<&(u64, Pruned)> = before.iter().collect();
    for run in &mut entries {
        // A run before or after it that went earlier: the newest entry of each tells all of it.
        if let Some((_, left)) = before.iter().rev().find(|(_, left)| left.next == run.first) {
            (run.first, run.origin) = (left.first, left.origin);
        }
        if let Some((_, right)) = before.iter().rev().find(|(_, right)| right.first == run.next) {
            (run.next, run.link) = (right.next, right.link);
        }
        standing.retain(|(_, old)| old.first < run.first || old.next > run.next);
        (run.settings, run.program) = reader.versions_before(run.next).await?;
    }
    for (at, old) in standing {
        let newer =
            before.iter().any(|(n, other)| n > at && other.first <= old.first && other.next >= old.next);
        if !newer && gone.iter().any(|(first, next)| (*first..*next).contains(at)) {
            entries.push(Pruned { days: Vec::new(), consignments: Vec::new(), ..old.clone() });
        }
    }
    Ok(entries)
}

/// Gives the entries the newest consignment of each chain that would otherwise go with its day.
async fn carry_consignments(
    reader: &Reader,
    folder: &Path,
    days: &[String],
    chosen: &[(Day, &'static str)],
    entries: &mut [Pruned],
) -> Result<(), Error> {
    let mut missing: BTreeSet<String> = chosen.iter().flat_map(|(day, _)| day.chains.clone()).collect();
    let mut carried = Vec::new();
    for name in days.iter().rev() {
        if missing.is_empty() {
            break;
        }
        let goes = chosen.iter().find(|(day, _)| day.name == *name);
        let chains = match goes {
            Some((day, _)) => day.chains.clone(),
            None => look(folder, name, &[]).await?.chains,
        };
        for chain in chains {
            if missing.remove(&chain) && goes.is_some() {
                carried.push(chain);
            }
        }
    }
    if let Some(last) = entries.last_mut() {
        last.consignments = reader.consignments(&carried).await?;
    }
    Ok(())
}
