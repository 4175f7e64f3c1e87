//! The core as one value: the four stages chained. A pure function of the journal.

mod apart;
mod digest;
mod flow;
mod follow;
mod halt;
mod meet;
mod settings;
mod wanted;

pub use digest::{Digest, Given};
pub use follow::Follow;
pub use halt::Halt;
pub use meet::Meet;
pub use settings::{Settings, Station};
pub use wanted::Wanted;

use crate::admit::{self, Admit, Condition, Hearing, Late};
use crate::alert::{Alert, Change, Raise};
use crate::detector;
use crate::entry::{Entry, Numbered, Rerun, Skip};
use crate::picture::Picture;
use crate::place::Places;
use crate::place::zone::Zones;
use crate::reception::Reception;
use crate::track::{self, Claim, Fix};
use flow::Ways;
use follow::SHARES;
use sensors::{Counts, ReceiverId, Report, Tally, Time, sentence::Reject};
use serde::{Deserialize, Serialize};
use settings::World;
use std::{collections::BTreeMap, sync::Arc};
use wanted::Waiting;

/// The four stages, all that they remember, and what they work by.
#[derive(Debug)]
pub struct Watch {
    world: World,
    stages: Box<Stages>,
    ways: Box<Ways>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Stages {
    settings: String,
    next: u64,
    admit: Admit,
    reception: Reception,
    follow: [Follow; SHARES],
    meet: Meet,
    raise: Raise,
    waiting: Waiting,
}

/// What entries gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Positions, for the history.
    pub fixes: Vec<Fix>,
    /// What vessels said of themselves, for the history.
    pub claims: Vec<Claim>,
    /// What happened to alerts, for the desk.
    pub changes: Vec<Change>,
    /// Who heard what, for the history.
    pub hearings: Vec<Hearing>,
    /// What came too late for the live picture, one for each tick that found some.
    pub late: Vec<Late>,
    /// Windows to run again because of it.
    pub wanted: Vec<Wanted>,
    /// Re-runs whose amendments are durable.
    pub reruns: Vec<Rerun>,
}

impl Outcome {
    /// What came of later entries, put behind it.
    pub fn append(&mut self, later: Outcome) {
        self.fixes.extend(later.fixes);
        self.claims.extend(later.claims);
        self.changes.extend(later.changes);
        self.hearings.extend(later.hearings);
        self.late.extend(later.late);
        self.wanted.extend(later.wanted);
        self.reruns.extend(later.reruns);
    }
}

impl Watch {
    /// A watch that has seen nothing.
    pub fn new(places: Arc<Places>) -> Watch {
        let stages = Box::new(Stages { next: 1, ..Stages::default() });
        Watch { world: World::new(Settings::default(), places), stages, ways: Box::default() }
    }

    /// Works on so many threads, the caller's where it is one. Results are the same with any number; more than
    /// eight find no work.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Watch {
        let pool =
            || rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|n| format!("core-{n}"));
        self.ways.threads =
            (threads > 1).then(|| pool().build().expect("threads can be started, as the first one was"));
        self
    }

    /// Passes these lines over, whatever they say.
    #[must_use]
    pub fn with_skips(mut self, skips: Vec<Skip>) -> Watch {
        self.ways.skips = skips;
        self
    }

    /// Reads the lines at which it halted one at a time, so that a second halt names the very line.
    #[must_use]
    pub fn with_care(mut self, halt: Halt) -> Watch {
        self.ways.careful = Some(halt);
        self
    }

    /// Shows each admitted report to a function before it is followed. Changes no result; a test can panic in it.
    #[must_use]
    pub fn with_inspection(mut self, inspect: fn(&Report)) -> Watch {
        self.ways.inspect = Some(inspect);
        self
    }

    /// All that it remembers, for a snapshot: the same state is the same bytes.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn save_to(&self, out: impl std::io::Write) -> Result<(), postcard::Error> {
        postcard::to_io(&self.stages, out).map(drop)
    }

    /// All that it remembers, in memory.
    pub fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.stages).expect("state is plain data; memory is the only limit")
    }

    /// SHA-256 of all that it remembers, in hexadecimal.
    pub fn digest(&self) -> String {
        let mut digest = Digest::default();
        self.save_to(&mut digest).expect("a digest takes all");
        digest.finish()
    }

    /// Back from a snapshot.
    ///
    /// # Errors
    /// When the bytes are not a state of this version of the program.
    pub fn restore(state: &[u8], places: Arc<Places>) -> Result<Watch, postcard::Error> {
        let stages: Box<Stages> = postcard::from_bytes(state)?;
        let world = World::new(Settings::default(), places);
        let mut watch = Watch { world, stages, ways: Box::default() };
        watch.settle(watch.stages.settings.clone());
        Ok(watch)
    }

    /// Goes back to a state that it saved; what it works on and with stays.
    ///
    /// # Errors
    /// When the bytes are not a state of this version of the program.
    pub fn go_back(&mut self, state: &[u8]) -> Result<(), postcard::Error> {
        self.stages = postcard::from_bytes(state)?;
        self.settle(self.stages.settings.clone());
        Ok(())
    }

    /// The places that it knows.
    pub fn places(&self) -> &Arc<Places> {
        &self.world.places
    }

    /// Takes the next journal entry; appends what it gave to `outcome`.
    pub fn take(&mut self, numbered: &Numbered, outcome: &mut Outcome) {
        self.take_all(std::slice::from_ref(numbered), outcome);
    }

    /// Takes the next journal entries; appends what they gave to `outcome`. How entries are grouped changes nothing.
    ///
    /// # Panics
    /// With a [`Halt`] that says where, when a stage panics; the watch is of no use then.
    pub fn take_all(&mut self, mut entries: &[Numbered], outcome: &mut Outcome) {
        let next = entries.last().map_or(0, Numbered::next);
        while !entries.is_empty() {
            // Settings are what all stages work by: nothing is under way when they change.
            let until = entries.iter().position(|entry| matches!(entry.entry, Entry::Settings(_)));
            let (before, rest) = entries.split_at(until.unwrap_or(entries.len()));
            self.ways.run(before, &mut self.stages, &self.world, outcome);
            entries = rest;
            if let Some((Numbered { entry: Entry::Settings(text), .. }, rest)) = entries.split_first() {
                self.settle(text.clone());
                entries = rest;
            }
        }
        self.stages.next = self.stages.next.max(next);
    }

    /// Works by these settings from here on. Text that this version can't read changes nothing.
    fn settle(&mut self, text: String) {
        if let Ok(settings) = toml::from_str::<Settings>(&text) {
            self.stages.admit.settle(settings.admit);
            self.stages.admit.expect_checksums(settings.receivers.iter().map(|station| station.checksum));
            self.world = World::new(settings, self.world.places.clone());
            self.stages.settings = text;
        }
    }

    /// The sequence of the first entry that was not taken yet.
    pub fn next(&self) -> u64 {
        self.stages.next
    }

    /// The newest moment that any entry told of.
    pub fn now(&self) -> Time {
        self.stages.admit.now()
    }

    /// The live picture.
    pub fn picture(&self) -> &Picture {
        self.stages.meet.picture()
    }

    /// Alerts whose pattern goes on.
    pub fn open_alerts(&self) -> impl Iterator<Item = &Alert> {
        self.stages.raise.open()
    }

    /// Zones that officers drew.
    pub fn zones(&self) -> &Zones {
        &self.world.zones
    }

    /// What was heard and refused.
    pub fn counts(&self) -> &Counts {
        self.stages.admit.counts()
    }

    /// How many different MMSIs were heard.
    pub fn senders(&self) -> usize {
        self.stages.admit.senders()
    }

    /// What came of one receiver's lines.
    pub fn tally(&self, receiver: ReceiverId) -> Tally {
        self.stages.admit.tally(receiver)
    }

    /// What was refused of one receiver's lines, by kind.
    pub fn refused_lines(&self, receiver: ReceiverId) -> BTreeMap<Reject, u64> {
        self.stages.admit.refused_of(receiver)
    }

    /// Reports that repeated another, so far.
    pub fn repeated(&self) -> u64 {
        self.stages.admit.repeated()
    }

    /// Reports that were not simply let in, so far.
    pub fn sorted(&self) -> admit::Sorted {
        self.stages.admit.sorted()
    }

    /// How each receiver is that has brought an AIS message.
    pub fn receivers(&self) -> Vec<Condition> {
        self.stages.admit.receivers()
    }

    /// Event time before which reports are late.
    pub fn watermark(&self) -> Option<Time> {
        self.stages.admit.watermark()
    }

    /// The learned chance that a transmission is heard, by place.
    pub fn reception(&self) -> &Reception {
        &self.stages.reception
    }

    /// Tracks that began and fixes that were put on them, so far.
    pub fn tracks_and_fixes(&self) -> (u64, u64) {
        let shares = self.stages.follow.iter().map(Follow::tracks_and_fixes);
        shares.fold((0, 0), |(tracks, fixes), share| (tracks + share.0, fixes + share.1))
    }

    /// Fixes that did not move a track, by why.
    pub fn refused(&self) -> track::Refused {
        let mut all = track::Refused::default();
        self.stages.follow.iter().for_each(|share| all.add(share.tracks().refused()));
        all
    }

    /// Alerts raised by rule name, so far; every rule is there.
    pub fn alerts_by_rule(&self) -> BTreeMap<&'static str, u64> {
        let raised = self.stages.raise.raised();
        detector::RULES.iter().map(|card| (card.name, raised.get(&card.rule).copied().unwrap_or(0))).collect()
    }
}

#[cfg(test)]
mod call_tests;
#[cfg(test)]
mod tests;
