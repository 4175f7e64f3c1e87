//! Lines that are told apart: what was sent, what of it was acknowledged, and what the journal holds of it.

use sensors::Mmsi;
use sensors::message::{Body, Message, Place, PositionA, to_sentences};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use watchkeeper::desk::AlertRow;
use watchkeeper::entry::{Entry, Numbered};
use watchkeeper::journal::{self, Reader};
use watchkeeper::place::Places;
use watchkeeper::watch::{Outcome, Watch};

/// The built-in map alone, which is what a daemon without place files has.
static WORLD: LazyLock<Arc<Places>> = LazyLock::new(|| Arc::new(Places::load(&[]).expect("it is built in")));

/// The first lines; making one costs as much as reading many.
static LINES: LazyLock<Vec<String>> = LazyLock::new(|| (0..16_384).map(compose).collect());

/// Every so many lines there is a call for help, each from a device of its own: an alert.
pub(crate) const CALL_EVERY: u32 = 8;

/// The `n`th line: a position, or a call, of a number that no other line has.
pub(crate) fn line(n: u32) -> String {
    LINES.get(n as usize).cloned().unwrap_or_else(|| compose(n))
}

/// The number of the device that calls in the `n`th line, where that is a call.
pub(crate) fn caller(n: u32) -> u32 {
    970_000_000 + n % 1_000_000
}

fn compose(n: u32) -> String {
    let call = n.is_multiple_of(CALL_EVERY);
    let (mmsi, status) = if call { (caller(n), 14) } else { (230_000_000 + n, 0) };
    // Spread over the open sea, so that nobody is near anybody.
    let at = |from: i32, step: u32, count: u32| from + ((n * step) % count) as i32 * 12_000;
    let place = Place { lat: at(4_200_000, 7, 200), lon: at(61_000_000, 13, 300), accurate: true };
    let body =
        PositionA { status, speed: Some(120), place: Some(place), course: Some(900), ..PositionA::default() };
    let message = Message { kind: 1, repeat: 0, mmsi: Mmsi(mmsi), body: Body::PositionA(body) };
    to_sentences(&message, "AI", 'A', 0).remove(0)
}

/// The journal of a folder as far as it was read, what the core made of it, and which lines it held.
pub(crate) struct Account {
    folder: PathBuf,
    pub(crate) watch: Watch,
    alerts: BTreeMap<String, u32>,
    next: u64,
    /// Every line in it; one that is in it twice is a fault.
    pub(crate) lines: BTreeSet<String>,
    pub(crate) doubled: Vec<String>,
}

impl Account {
    pub(crate) fn new(folder: &Path) -> Account {
        Account {
            folder: folder.join("journal"),
            watch: Watch::new(WORLD.clone()),
            alerts: BTreeMap::new(),
            next: 1,
            lines: BTreeSet::new(),
            doubled: Vec::new(),
        }
    }

    /// Reads what was written since it was last read: what survived once stays.
    pub(crate) async fn read(&mut self) -> Result<(), journal::Error> {
        self.walk(true).await
    }

    /// The lines alone: nothing is made of them.
    pub(crate) async fn read_lines(&mut self) -> Result<(), journal::Error> {
        self.walk(false).await
    }

    async fn walk(&mut self, understand: bool) -> Result<(), journal::Error> {
        if !self.folder.exists() {
            return Ok(());
        }
        let mut reader = Reader::open(&self.folder);
        reader.seek(self.next).await?;
        while let Some(entry) = reader.entry().await? {
            self.note(&entry);
            if understand {
                let mut outcome = Outcome::default();
                self.watch.take(&entry, &mut outcome);
                for change in outcome.changes {
                    self.alerts.insert(change.alert.id.to_string(), change.alert.version);
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, numbered: &Numbered) {
        assert_eq!(numbered.first, self.next, "the journal has a hole");
        self.next = numbered.next();
        if let Entry::Lines(batch) = &numbered.entry {
            for (_, text) in batch.iter() {
                let text = String::from_utf8_lossy(text).into_owned();
                // A station's line bears a TAG block; what follows it is the line as sent.
                let text = text.rsplit('\\').next().unwrap_or_default().to_owned();
                if !self.lines.insert(text.clone()) {
                    self.doubled.push(text);
                }
            }
        }
    }

    /// The map that its core knows.
    pub(crate) fn places(&self) -> Arc<Places> {
        WORLD.clone()
    }

    /// The alerts that a desk has which was told all of it: ids and versions, in order.
    pub(crate) fn alerts(&self) -> Vec<(String, u32)> {
        self.alerts.clone().into_iter().collect()
    }

    /// Those of `promised` that it doesn't hold.
    pub(crate) fn lost<'a>(&self, promised: impl IntoIterator<Item = &'a u32>) -> Vec<u32> {
        promised.into_iter().copied().filter(|n| !self.lines.contains(&line(*n))).collect()
    }
}

/// Ids and versions, in order.
pub(crate) fn ids_and_versions(rows: &[AlertRow]) -> Vec<(String, u32)> {
    let mut all: Vec<_> = rows.iter().map(|row| (row.alert.id.to_string(), row.alert.version)).collect();
    all.sort();
    all
}

/// All that can be seen of a watch's state, in one order: tracks with their last fixes, alerts, counts.
pub(crate) fn state(watch: &Watch) -> String {
    let mut live: Vec<String> = watch.picture().all().map(|live| format!("{live:?}")).collect();
    let mut alerts: Vec<String> = watch.open_alerts().map(|alert| format!("{alert:?}")).collect();
    live.sort();
    alerts.sort();
    let counts = (watch.counts(), watch.senders(), watch.repeated(), watch.tracks_and_fixes());
    let raised = watch.alerts_by_rule();
    format!(
        "{} {:?} {counts:?} {raised:?}\n{}\n{}",
        watch.next(),
        watch.now(),
        live.join("\n"),
        alerts.join("\n")
    )
}
