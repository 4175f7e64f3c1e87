//! Which days of the journal go, and the entries that say so.

use super::holds::{self, Hold, Holds};
use super::merkle::Hash;
use super::prune::Retention;
use super::{CHAINED, Error, Reader, day, files, path_of, read};
use crate::entry::Pruned;
use crate::store::{self, failed};
use sensors::{Span, Time};
use sqlx::SqlitePool;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is to be written down and then deleted.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) entries: Vec<Pruned>,
    pub(super) days: Vec<String>,
    /// No hold is placed between the look and the deed.
    pub(super) holds: Holds,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want {
    ByRule {
        rules: Retention,
        /// What time it is, as far as is known.
        at: Time,
    },
    /// One day, the oldest there is to have.
    Room,
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
pub(super) async fn plan(folder: PathBuf, want: Want, needed_from: u64) -> Result<Plan, Error> {
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
    let chosen = choose(&folder, &days, want, needed_from, &holds.list).await?;
    let mut entries = runs(&reader, &folder, &days, &chosen, &before).await?;
    carry_consignments(&reader, &folder, &days, &chosen, &mut entries).await?;
    let gone = chosen.into_iter().map(|(day, _)| day.name);
    Ok(Plan { entries, days: left.into_iter().chain(gone).collect(), holds })
}

/// The days that go, oldest first, each with why; never the newest.
async fn choose(
    folder: &Path,
    days: &[String],
    want: Want,
    needed_from: u64,
    holds: &[Hold],
) -> Result<Vec<(Day, &'static str)>, Error> {
    let size = |day: &String| {
        let path = path_of(folder, day).display().to_string();
        let of = |end: &str| std::fs::metadata(format!("{path}{end}")).map_or(0, |about| about.len());
        of("") + of("-wal")
    };
    let mut bytes: u64 = days.iter().map(size).sum();
    let mut chosen = Vec::new();
    let old = match want {
        Want::ByRule { rules, at } => old(days, rules.days_max, at),
        Want::Room => vec![false; days.len()],
    };
    for (place, pair) in days.windows(2).enumerate() {
        let [name, following] = pair else { continue };
        let why = match want {
            Want::Room if chosen.is_empty() => "disk_full",
            Want::ByRule { .. } if old[place] => "age",
            Want::ByRule { rules, .. } if rules.bytes_max > 0 && bytes > rules.bytes_max => "size",
            _ => break,
        };
        let after = look(folder, following, holds).await?;
        if after.first > needed_from {
            break;
        }
        let day = look(folder, name, holds).await?;
        // The settings of before any line are held with the first lines.
        let held = day.held || day::is_before_lines(name) && after.held;
        if !held {
            bytes -= size(name).min(bytes);
            chosen.push((day, why));
        }
    }
    Ok(chosen)
}

/// A clock that was wrong for so many days lets nothing go by its age; one of fewer `days_max` is taken at its word as
/// many days later. Ours: a week to notice.
const WRONG_MAX: u32 = 7;

/// Which of the files have been kept for so many days, by what the journal itself says of time. A file is no older than
/// those before it. What was written before any line was heard is as old as the day that follows, and so is what was
/// written while the clock was ahead.
fn old(days: &[String], days_max: u32, at: Time) -> Vec<bool> {
    let begins: Vec<Option<Time>> = days.iter().map(|name| day::begin(name)).collect();
    let Some(today) = today(&begins, days_max.min(WRONG_MAX), at).filter(|_| days_max > 0) else {
        return vec![false; days.len()];
    };
    let kept_from = today - Span::from_hours(24 * i64::from(days_max));
    let mut newest = None;
    let is_old = |place: usize| {
        newest = newest.max(begins[place..].iter().flatten().find(|begin| **begin <= today).copied());
        newest.is_some_and(|begin| begin < kept_from)
    };
    (0..days.len()).map(is_old).collect()
}

/// The day that it is, at most: so many days after the earliest of as many files before the newest. A clock that leapt
/// begins one file, and does not make the others old.
fn today(begins: &[Option<Time>], days: u32, at: Time) -> Option<Time> {
    let before = begins.len().checked_sub(days as usize + 1)?;
    let earliest = begins[before..].iter().flatten().min()?;
    let at = day::begin(&day::name(at)?)?;
    Some(at.min(*earliest + Span::from_hours(24 * i64::from(days))))
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
    let mut held = day::begin(name)
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
