//! The journal's writer: numbers what was heard, chains it, seals the chain, and begins a file a day.

use super::block::{Packer, Row};
use super::chain::{self, JournalId, Seal};
use super::merkle::Hash;
use super::prune::{Housekeeping, Retention};
use super::{Error, Reader, SCHEMA, day, files, path_of, read};
use crate::edge::key;
use crate::entry::{Entry, Numbered};
use crate::store::{self, failed};
use ed25519_dalek::{SigningKey, VerifyingKey};
use sensors::{Span, Time};
use sqlx::{Connection, QueryBuilder, Sqlite, SqliteConnection, Transaction};
use std::path::{Path, PathBuf};

/// The longest that what is written goes without a seal. Source: `reliability.md`, T8.
pub(super) const SEAL_EVERY: Span = Span::from_seconds(60);

/// Entries under one seal. Source: `reliability.md`, T8 (1,000; a disclosed line names each, so they are few).
pub(super) const SEAL_ENTRIES: usize = 1024;

/// Rows in one statement; each costs some 20 microseconds on the way to the database's thread and back.
pub(super) const ROWS: usize = 64;

/// The journal's writer; there is one.
#[derive(Debug)]
pub struct Journal {
    pub(super) folder: PathBuf,
    key: SigningKey,
    id: JournalId,
    /// The newest day there is a file of.
    pub(super) day: Option<String>,
    /// That day's file; `None` after it could not be closed well.
    pub(super) file: Option<SqliteConnection>,
    pub(super) next: u64,
    pub(super) link: Hash,
    /// The newest tick or arrival.
    pub(super) time: Option<Time>,
    sealed_at: Option<Time>,
    unsealed: usize,
    pub(super) settings: Option<String>,
    pub(super) program: Option<String>,
    pub(super) housekeeping: Housekeeping,
}

/// Where a file's chain begins.
type ChainRow = (Vec<u8>, Vec<u8>, i64);

impl Journal {
    /// Opens the journal in `folder` for writing, making it, and the key that seals it, where there is none.
    ///
    /// # Errors
    /// When the folder, the key or the newest file can't be used.
    pub async fn open(folder: &Path) -> Result<Journal, Error> {
        store::make_folder(folder).map_err(Error::file("make the journal folder", folder))?;
        let key = match key::load(folder).map_err(Error::file("read the key that seals", folder))? {
            Some(key) => key,
            None => key::make(folder).map_err(Error::file("make the key that seals", folder))?,
        };
        let mut id = JournalId::default();
        getrandom::fill(&mut id).map_err(|error| {
            Error::file("draw a number for the journal in", folder)(std::io::Error::other(error.to_string()))
        })?;
        // The newest file may be half made, or end in what was not committed: whoever writes it mends it, and then it can be
        // read.
        let days = files(folder)?;
        let newest = match days.last() {
            Some(newest) => Some(store::open_writer(&path_of(folder, newest), SCHEMA).await?),
            None => None,
        };
        let reader = Reader::open(folder);
        let next = reader.next().await?;
        let (settings, program) = reader.versions().await?;
        let mut journal = Journal {
            folder: folder.to_owned(),
            key,
            id,
            day: None,
            file: None,
            next,
            link: chain::genesis(&id, next),
            time: None,
            sealed_at: None,
            unsealed: 0,
            settings,
            program,
            housekeeping: Housekeeping::default(),
        };
        if let Some(newest) = newest {
            journal.take_up(&days, newest).await?;
        }
        Ok(journal)
    }

    /// Takes the chain up where the newest file ends.
    async fn take_up(&mut self, days: &[String], mut file: SqliteConnection) -> Result<(), Error> {
        let Some(newest) = days.last() else { return Ok(()) };
        let path = path_of(&self.folder, newest);
        if let Some((id, link)) = self.chain_end(days).await? {
            (self.id, self.link) = (id, link);
        }
        self.begin_chain(&mut file).await?;
        let what = || format!("read {}", path.display());
        let seal: Option<(i64, i64)> = sqlx::query_as("SELECT next, at FROM seal ORDER BY next DESC LIMIT 1")
            .fetch_optional(&mut file)
            .await
            .map_err(failed(what))?;
        self.sealed_at = seal.map(|(_, at)| Time::from_millis(at));
        // What a crash left unsealed is sealed with the next group.
        self.unsealed = if seal.is_some_and(|(next, _)| next as u64 == self.next) { 0 } else { SEAL_ENTRIES };
        let last: Option<(Option<i64>,)> =
            sqlx::query_as("SELECT arrived_at_last FROM entry ORDER BY first DESC LIMIT 1")
                .fetch_optional(&mut file)
                .await
                .map_err(failed(what))?;
        self.time = last.and_then(|(at,)| at).map(Time::from_millis).or(self.sealed_at);
        (self.day, self.file) = (Some(newest.clone()), Some(file));
        Ok(())
    }

    /// The journal's number and the chain's newest link; `None` where nothing was ever chained.
    async fn chain_end(&self, days: &[String]) -> Result<Option<(JournalId, Hash)>, Error> {
        const LAST: &str = "SELECT link FROM entry WHERE link IS NOT NULL ORDER BY first DESC LIMIT 1";
        for day in days.iter().rev() {
            let path = path_of(&self.folder, day);
            let damaged = |what: &str| Error::damaged(self.next, &path, what);
            let file = store::open_readers(&path).await?;
            let what = || format!("read {}", path.display());
            if read::version(&file).await.map_err(failed(what))? < super::CHAINED {
                file.close().await;
                break;
            }
            let row: Option<ChainRow> = sqlx::query_as("SELECT journal, origin, first FROM chain")
                .fetch_optional(&file)
                .await
                .map_err(failed(what))?;
            let last: Option<(Vec<u8>,)> =
                sqlx::query_as(LAST).fetch_optional(&file).await.map_err(failed(what))?;
            file.close().await;
            if let Some((id, origin, _)) = row {
                let id = id.try_into().map_err(|_| damaged("the journal's number has another length"))?;
                let link = last.map_or(origin, |(link,)| link);
                let link = link.try_into().map_err(|_| damaged("the newest link has another length"))?;
                return Ok(Some((id, link)));
            }
        }
        Ok(None)
    }

    /// Notes in a file without chained entries where its chain begins.
    async fn begin_chain(&self, file: &mut SqliteConnection) -> Result<(), Error> {
        let what = || "begin the day's chain".to_owned();
        let mut transaction = store::begin(file).await.map_err(failed(what))?;
        let (chained,): (bool,) =
            sqlx::query_as("SELECT EXISTS (SELECT 1 FROM entry WHERE link IS NOT NULL)")
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed(what))?;
        if !chained {
            sqlx::raw_sql("DELETE FROM chain").execute(&mut *transaction).await.map_err(failed(what))?;
            let row = sqlx::query("INSERT INTO chain VALUES (?, ?, ?)").bind(&self.id[..]);
            let row = row.bind(&self.link[..]).bind(self.next as i64);
            row.execute(&mut *transaction).await.map_err(failed(what))?;
        }
        transaction.commit().await.map_err(failed(what))?;
        Ok(())
    }

    /// The sequence that the next entry will have.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The newest tick or arrival in it.
    pub fn time(&self) -> Option<Time> {
        self.time
    }

    /// The public half of the key that seals.
    pub fn public_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// How long what was heard is kept from now on; until it is said, for ever.
    pub fn keep_by(&mut self, rules: Retention) {
        self.housekeeping.rules = rules;
    }

    /// Numbers the entries and makes them durable, all or none. Settings and program versions that say what
    /// the last ones said are left out.
    ///
    /// # Errors
    /// When the database refuses. The entries are then not written, and nothing may be made of them.
    pub async fn append(&mut self, entries: &[Entry]) -> Result<Vec<Numbered>, Error> {
        self.append_all(&mut entries.to_vec()).await
    }

    /// The same, and takes them out of the vector; refused, they are in it as before, less those that are left out.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn append_all(&mut self, entries: &mut Vec<Entry>) -> Result<Vec<Numbered>, Error> {
        entries.retain(|entry| self.is_new(entry));
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.turn_to(&self.day_of(entries)).await?;
        let numbered = number(self.next, std::mem::take(entries));
        if let Err(error) = self.write(&numbered).await {
            entries.extend(numbered.into_iter().map(|numbered| numbered.entry));
            return Err(error);
        }
        for Numbered { entry, .. } in &numbered {
            match entry {
                Entry::Settings(text) => self.settings = Some(text.clone()),
                Entry::Program(text) => self.program = Some(text.clone()),
                Entry::Consignment(consignment) => self.housekeeping.brings(&consignment.chain),
                _ => {}
            }
        }
        Ok(numbered)
    }

    fn is_new(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Settings(text) => self.settings.as_ref() != Some(text),
            Entry::Program(text) => self.program.as_ref() != Some(text),
            lines_or_tick => !lines_or_tick.is_empty(),
        }
    }

    /// The file that these entries go to. What is written before the first line ever has no day; it opens the calendar.
    fn day_of(&self, entries: &[Entry]) -> String {
        let newest = self.day.as_deref().unwrap_or(day::FIRST);
        let Some(told) = entries.iter().find_map(|entry| time_of(entry).and_then(day::name)) else {
            return newest.to_owned();
        };
        let ticks =
            |entry: &Entry| matches!(entry, Entry::Tick(now) if day::name(*now).as_ref() == Some(&told));
        day::following(newest, &told, entries.iter().any(ticks))
    }

    /// Begins the day's file. Never goes back to an older one: the order of the files is that of the entries. The file
    /// before is sealed and closed first; where that fails, the next try begins there again.
    async fn turn_to(&mut self, day: &str) -> Result<(), Error> {
        if self.file.is_some() && self.day.as_deref() == Some(day) {
            return Ok(());
        }
        let mut fresh = store::open_writer(&path_of(&self.folder, day), SCHEMA).await?;
        self.close().await?;
        self.begin_chain(&mut fresh).await?;
        (self.day, self.file) = (Some(day.to_owned()), Some(fresh));
        Ok(())
    }

    async fn write(&mut self, numbered: &[Numbered]) -> Result<(), Error> {
        let what = || "write to the journal".to_owned();
        let next = numbered.last().map_or(self.next, Numbered::next);
        let file = self.file.as_mut().expect("turned to by the caller");
        let mut transaction = store::begin(file).await.map_err(failed(what))?;
        let (mut packer, mut link) = (Packer::new(), self.link);
        let (mut time, mut sealed_at, mut unsealed) = (self.time, self.sealed_at, self.unsealed);
        for some in numbered.chunks(ROWS) {
            insert(&mut transaction, some, &mut packer, &mut link).await.map_err(failed(what))?;
            time = some.iter().rev().find_map(|numbered| time_of(&numbered.entry)).or(time);
            unsealed += some.len();
            let late = |at: Time| sealed_at.is_none_or(|sealed_at| at.since(sealed_at).abs() >= SEAL_EVERY);
            // What says that days are gone is never without a seal.
            let pruned = some.iter().any(|numbered| matches!(numbered.entry, Entry::Pruned(_)));
            if pruned || unsealed >= SEAL_ENTRIES || time.is_some_and(late) {
                let up_to = some.last().map_or(next, Numbered::next);
                let seal = Seal::sign(self.id, up_to, link, time.unwrap_or_default(), &self.key);
                keep(&mut transaction, &seal).await.map_err(failed(what))?;
                (sealed_at, unsealed) = (time, 0);
            }
        }
        note_newest(&mut transaction, numbered).await.map_err(failed(what))?;
        transaction.commit().await.map_err(failed(what))?;
        (self.next, self.link, self.time) = (next, link, time);
        (self.sealed_at, self.unsealed) = (sealed_at, unsealed);
        Ok(())
    }

    /// Seals what is not sealed yet, and closes the day's file cleanly.
    ///
    /// # Errors
    /// When the database refuses. The journal can still be used: the next entries open the file again.
    pub async fn close(&mut self) -> Result<(), Error> {
        let what = || "close the journal".to_owned();
        if let Some(file) = self.file.as_mut()
            && self.unsealed > 0
        {
            let at = self.time.unwrap_or_default();
            let seal = Seal::sign(self.id, self.next, self.link, at, &self.key);
            let mut transaction = store::begin(file).await.map_err(failed(what))?;
            keep(&mut transaction, &seal).await.map_err(failed(what))?;
            transaction.commit().await.map_err(failed(what))?;
            (self.sealed_at, self.unsealed) = (Some(at), 0);
        }
        if let Some(file) = self.file.take() {
            file.close().await.map_err(failed(what))?;
        }
        Ok(())
    }
}

/// Gives each the sequence after the one before it.
fn number(mut next: u64, entries: Vec<Entry>) -> Vec<Numbered> {
    let number = |entry: Entry| {
        let first = next;
        next += entry.len();
        Numbered { first, entry }
    };
    entries.into_iter().map(number).collect()
}

async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    some: &[Numbered],
    packer: &mut Packer,
    link: &mut Hash,
) -> sqlx::Result<()> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO entry (first, count, kind, receiver, arrived_at_first, arrived_at_last, body, root, link) ",
    );
    insert.push_values(some, |mut values, numbered| {
        let Row { head, body, root } = packer.row(numbered);
        *link = chain::link(link, &head.hash(&root));
        let (from, to) = head.arrived_at.unzip();
        values.push_bind(head.first as i64).push_bind(head.count as i64).push_bind(i64::from(head.kind));
        values.push_bind(head.receiver.map(i64::from)).push_bind(from).push_bind(to);
        values.push_bind(body).push_bind(root.to_vec()).push_bind(link.to_vec());
    });
    insert.build().execute(&mut **transaction).await?;
    Ok(())
}

/// Notes where the newest consignment of each chain is.
async fn note_newest(transaction: &mut Transaction<'_, Sqlite>, numbered: &[Numbered]) -> sqlx::Result<()> {
    for Numbered { first, entry } in numbered {
        let consignments = match entry {
            Entry::Consignment(consignment) => std::slice::from_ref(consignment),
            Entry::Pruned(pruned) => &pruned.consignments,
            _ => &[],
        };
        for consignment in consignments {
            let newest = sqlx::query("INSERT OR REPLACE INTO newest VALUES (?, ?)");
            let newest = newest.bind(&consignment.chain).bind(*first as i64);
            newest.execute(&mut **transaction).await?;
        }
    }
    Ok(())
}

async fn keep(transaction: &mut Transaction<'_, Sqlite>, seal: &Seal) -> sqlx::Result<()> {
    let insert = sqlx::query("INSERT OR REPLACE INTO seal VALUES (?, ?, ?, ?, ?, ?)");
    let insert = insert.bind(seal.next as i64).bind(&seal.journal[..]).bind(&seal.link[..]);
    let insert = insert.bind(seal.at.as_millis()).bind(&seal.key[..]).bind(&seal.signature[..]);
    insert.execute(&mut **transaction).await?;
    Ok(())
}

fn time_of(entry: &Entry) -> Option<Time> {
    match entry {
        Entry::Lines(batch) => batch.last_arrived_at(),
        Entry::Tick(now) => Some(*now),
        _ => None,
    }
}
