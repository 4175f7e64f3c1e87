//! What the daemon says of itself: receivers, counts, trouble.

use super::receivers::{self, Learned, Pace};
use crate::config::Settings;
use crate::pipeline::{Behind, Shown};
use crate::watch::Watch;
use crate::web::{Furthest, JournalStatus, Notice, ReceiverStatus, Receivers, Status};
use rustc_hash::FxHashMap;
use sensors::receiver::{self, Health, State};
use sensors::{Counts, ReceiverId, Tally, Time};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::watch as channel;

/// Where the workers put what they know, and the status is read from.
pub(super) struct Board {
    receivers: Vec<(receiver::Settings, Arc<Health>)>,
    exercise: bool,
    replays: bool,
    /// Recordings are played into a folder that already holds a journal.
    again: bool,
    places: usize,
    skipped: u64,
    lost: u64,
    started_at: Time,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    now: Time,
    next: u64,
    vessels: usize,
    counts: Counts,
    tallies: Vec<Tally>,
    /// What the tallies were at the start: links count from there, and so does the screen.
    tallies_before: Option<Vec<Tally>>,
    furthest: FxHashMap<ReceiverId, Furthest>,
    learned: Learned,
    paces: Vec<Pace>,
    trouble: Option<String>,
    room: Option<channel::Receiver<Shown>>,
}

impl Known {
    fn tally_since_start(&self, id: u16) -> Tally {
        let of = |tallies: &[Tally]| tallies.get(usize::from(id)).copied().unwrap_or_default();
        let (now, before) = (of(&self.tallies), self.tallies_before.as_deref().map(of).unwrap_or_default());
        Tally { messages: now.messages - before.messages, refused: now.refused - before.refused }
    }
}

/// Whether only recordings are heard: they bring their own time.
pub(super) fn replays(settings: &Settings) -> bool {
    !settings.receiver.is_empty() && settings.receiver.iter().all(|r| r.connect.starts_with("file:"))
}

impl Board {
    pub(super) fn new(
        settings: &Settings,
        health: Vec<Arc<Health>>,
        used_before: bool,
        started_at: Time,
    ) -> Board {
        Board {
            receivers: settings.receiver.iter().cloned().zip(health).collect(),
            exercise: settings.exercise,
            replays: replays(settings),
            again: replays(settings) && used_before,
            places: settings.places.len(),
            skipped: 0,
            lost: 0,
            started_at,
            known: Mutex::default(),
        }
    }

    /// What the start found missing: lines that are passed over, and sequences that the journal no longer has.
    pub(super) fn missing(self, skipped: u64, lost: u64) -> Board {
        Board { skipped, lost, ..self }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().expect("nothing panics while it holds this")
    }

    /// The core has come this far.
    pub(super) fn understood(&self, watch: &Watch, vessels: usize, furthest: Vec<(ReceiverId, Furthest)>) {
        let mut known = self.known();
        known.now = watch.now();
        known.next = watch.next();
        known.vessels = vessels;
        known.counts = watch.counts().clone();
        let tallies: Vec<Tally> =
            (0..).zip(&self.receivers).map(|(id, _)| watch.tally(ReceiverId(id))).collect();
        known.tallies_before.get_or_insert_with(|| tallies.clone());
        known.tallies = tallies;
        known.learned.ask(watch, self.receivers.len());
        for (receiver, further) in furthest {
            let far = known.furthest.get(&receiver);
            if far.is_none_or(|far| far.distance_nm < further.distance_nm) {
                known.furthest.insert(receiver, further);
            }
        }
    }

    /// A store refuses, or takes again.
    pub(super) fn trouble(&self, trouble: Option<String>) {
        self.known().trouble = trouble;
    }

    /// Where it is told what is given up while the disk is full.
    pub(super) fn room(&self, room: channel::Receiver<Shown>) {
        self.known().room = Some(room);
    }

    /// All of it, as the screens have it.
    pub(super) fn status(&self) -> Status {
        let known = self.known();
        let mut notices = known.room.as_ref().map_or_else(Vec::new, |room| given_up(&room.borrow()));
        if let Some(trouble) = &known.trouble {
            notices.push(notice("store_refuses", &[("detail", trouble)]));
        }
        let link = |(id, (settings, health)): (u16, &(receiver::Settings, Arc<Health>))| {
            (id, settings.name.clone(), health.snapshot().state)
        };
        let links: Vec<(u16, String, State)> = (0..).zip(&self.receivers).map(link).collect();
        notices
            .extend(known.learned.notices(links.iter().map(|(id, name, link)| (*id, name.as_str(), *link))));
        if self.skipped > 0 {
            notices.push(notice("skipped_lines", &[("lines", &self.skipped.to_string())]));
        }
        if self.lost > 0 {
            notices.push(notice("journal_behind", &[("entries", &self.lost.to_string())]));
        }
        if self.again {
            notices.push(notice("recording_again", &[]));
        }
        if self.places == 0 {
            notices.push(notice("coast_basemap_only", &[]));
        }
        if self.receivers.is_empty() {
            notices.push(notice("no_receivers", &[]));
        }
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            exercise: self.exercise,
            now: if self.replays { known.now } else { known.now.max(super::now()) },
            started_at: self.started_at,
            journal: JournalStatus { sequence: known.next.saturating_sub(1) },
            vessels: known.vessels as u64,
            receivers: (0..).zip(&self.receivers).map(|(id, r)| self.receiver(id, r, &known)).collect(),
            refused_by_kind: refused(&known.counts),
            notices,
        }
    }

    /// How each receiver hears.
    pub(super) fn hearing(&self) -> Receivers {
        let mut known = self.known();
        known.paces.resize_with(self.receivers.len(), Pace::default);
        let links: Vec<receiver::Snapshot> =
            self.receivers.iter().map(|(_, health)| health.snapshot()).collect();
        let rates: Vec<Option<f64>> =
            known.paces.iter_mut().zip(&links).map(|(pace, link)| pace.pass(link.lines)).collect();
        let each = (0..).zip(&self.receivers).zip(links.iter().zip(rates));
        let each = each.map(|((id, (settings, _)), (link, lines_per_second))| {
            let messages = known.tally_since_start(id).messages;
            let furthest = known.furthest.get(&ReceiverId(id)).cloned();
            let more = receivers::Known { lines_per_second, messages, furthest };
            known.learned.receiver(id, settings, link, &more)
        });
        known.learned.with(each.collect())
    }

    fn receiver(
        &self,
        id: u16,
        receiver: &(receiver::Settings, Arc<Health>),
        known: &Known,
    ) -> ReceiverStatus {
        let (settings, health) = receiver;
        let heard = health.snapshot();
        let furthest = known.furthest.get(&ReceiverId(id));
        let tally = known.tally_since_start(id);
        let address = settings.address();
        ReceiverStatus {
            id,
            name: settings.name.clone(),
            kind: address.as_ref().map_or("", |address| address.kind()).to_owned(),
            address: address.map_or_else(|_| settings.connect.clone(), |address| address.to_string()),
            lat: settings.latitude,
            lon: settings.longitude,
            state: heard.state.name().to_owned(),
            detail: heard.detail,
            lines: heard.lines,
            bytes: heard.bytes,
            messages: tally.messages,
            refused: tally.refused,
            limited: heard.limited,
            lost_lines: heard.lost_lines,
            last_heard_at: heard.last_heard_at,
            furthest_nm: furthest.map(|furthest| furthest.distance_nm),
        }
    }
}

pub(super) fn notice(code: &str, params: &[(&str, &str)]) -> Notice {
    Notice {
        code: code.to_owned(),
        params: params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

/// What the disk has no room for, the worst first.
fn given_up(room: &Shown) -> Vec<Notice> {
    let mib = |bytes: u64| (bytes >> 20).to_string();
    let mut notices = Vec::new();
    if let Some(unwritten) = &room.unrecorded {
        let since = unwritten.from.map_or_else(String::new, |from| from.to_string());
        let lines = unwritten.lines.to_string();
        notices.push(notice("disk_unrecorded", &[("since", &since), ("lines", &lines)]));
    }
    if let Some(bytes) = room.reserve_spent {
        notices.push(notice("disk_reserve_spent", &[("mib", &mib(bytes)), ("free", &mib(room.free))]));
    }
    if let Some((days, newest)) = &room.days_gone {
        notices.push(notice("disk_days_gone", &[("days", &days.to_string()), ("newest", newest)]));
    }
    if let Some(why) = &room.unpruned {
        notices.push(notice("journal_unpruned", &[("detail", why)]));
    }
    match room.history {
        Some(Behind { from, reached: None }) => {
            let from = from.to_string();
            notices.push(notice("disk_history_stopped", &[("sequence", &from), ("free", &mib(room.free))]));
        }
        Some(Behind { from, reached: Some(reached) }) => {
            let (from, reached) = (from.to_string(), reached.to_string());
            notices.push(notice("history_catches_up", &[("sequence", &from), ("reached", &reached)]));
        }
        None => {}
    }
    notices
}

fn refused(counts: &Counts) -> BTreeMap<String, u64> {
    counts.refused_by_kind.iter().map(|(kind, count)| (kind.kind().to_owned(), *count)).collect()
}
