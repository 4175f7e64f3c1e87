//! The core as one value: the four stages chained. A pure function of the journal.

mod apart;
mod follow;
mod meet;
mod wanted;

pub use follow::Follow;
pub use meet::Meet;
pub use wanted::Wanted;

use crate::admit::{self, Admit, Admitted};
use crate::alert::{self, Alert, Change, Raise};
use crate::detector::{self, Context, Verdict};
use crate::entry::{Entry, Numbered};
use crate::picture::Picture;
use crate::place::Places;
use crate::place::zone::{Zone, Zones};
use crate::track::{self, Claim, Fix, Gained};
use crate::entry::Rerun;
use sensors::sentence::Checksum;
use wanted::Waiting;
use sensors::{Counts, ReceiverId, Tally, Time};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// What the stages work by. Journalled as text, so that an old entry is replayed under its own settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// SHA-256 of the place files in use, in hexadecimal: other places are other settings.
    pub places: String,
    /// Who hears, by number: what a line's receiver was called and where it stood then.
    pub receivers: Vec<Station>,
    /// How clocks are learned and repeats known.
    pub admit: admit::Settings,
    /// How tracks are kept apart.
    pub track: track::Settings,
    /// The rules' figures.
    pub detector: detector::Settings,
    /// The life of alerts.
    pub alert: alert::Settings,
    /// Zones that officers drew.
    pub zone: Vec<Zone>,
}

impl Settings {
    /// As the journal keeps them.
    pub fn to_text(&self) -> String {
        toml::to_string(self).expect("settings are plain tables")
    }
}

/// A receiver as the journal names it; numbers are places in a list and change when the list does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Its name in the settings.
    pub name: String,
    /// Where its antenna stands, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Where its antenna stands, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Whether its sentences must bring their checksums.
    #[serde(default, skip_serializing_if = "Checksum::is_required")]
    pub checksum: Checksum,
}

/// What the core knows of the world and was told to do. Not state: it follows from settings and place files.
#[derive(Debug, Clone)]
struct World {
    settings: Settings,
    places: Arc<Places>,
    zones: Zones,
}

impl World {
    fn new(settings: Settings, places: Arc<Places>) -> World {
        // Zones with a fault never get past the settings check; were one journalled, it would bound nothing.
        let zones = Zones::new(settings.zone.clone()).unwrap_or_default();
        World { zones, settings, places }
    }

    fn context(&self) -> Context<'_> {
        Context { settings: &self.settings.detector, zones: &self.zones }
    }
}

/// The four stages, all that they remember, and what they work by.
#[derive(Debug, Clone)]
pub struct Watch {
    world: World,
    stages: Stages,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Stages {
    settings: String,
    next: u64,
    admit: Admit,
    follow: Follow,
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
    /// What came too late for the live picture, one for each tick that found some.
    pub late: Vec<admit::Late>,
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
        self.late.extend(later.late);
        self.wanted.extend(later.wanted);
        self.reruns.extend(later.reruns);
    }
}

impl Watch {
    /// A watch that has seen nothing.
    pub fn new(places: Arc<Places>) -> Watch {
        let stages = Stages { next: 1, ..Stages::default() };
        Watch { world: World::new(Settings::default(), places), stages }
    }

    /// All that it remembers, for a snapshot.
    pub fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.stages).expect("state is plain data; memory is the only limit")
    }

    /// Back from a snapshot.
    ///
    /// # Errors
    /// When the bytes are not a state of this version of the program.
    pub fn restore(state: &[u8], places: Arc<Places>) -> Result<Watch, postcard::Error> {
        let stages: Stages = postcard::from_bytes(state)?;
        let mut watch = Watch { world: World::new(Settings::default(), places), stages };
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
        match &numbered.entry {
            Entry::Lines(batch) => {
                let mut admitted = Vec::with_capacity(batch.len());
                self.stages.admit.lines(numbered.first, batch, &mut admitted);
                for admitted in admitted.iter().filter(|a| a.standing != admit::Standing::Late) {
                    self.report(admitted, outcome);
                }
            }
            Entry::Tick(now) => self.tick(*now, numbered.first, outcome),
            Entry::Settings(text) => self.settle(text.clone()),
            Entry::Program(_) | Entry::Consignment(_) => {}
            Entry::Rerun(rerun) => outcome.reruns.push(*rerun),
            Entry::Gap(_) | Entry::Skip(_) | Entry::Pruned(_) => {}
        }
        self.stages.next = self.stages.next.max(numbered.next());
    }

    /// Works by these settings from here on. Text that this version can't read changes nothing.
    fn settle(&mut self, text: String) {
        if let Ok(settings) = toml::from_str::<Settings>(&text) {
            self.stages.admit.expect_checksums(settings.receivers.iter().map(|station| station.checksum));
            self.world = World::new(settings, self.world.places.clone());
            self.stages.settings = text;
        }
    }

    fn report(&mut self, admitted: &Admitted, outcome: &mut Outcome) {
        let mut gained = Gained::default();
        let mut verdicts = Vec::new();
        self.stages.follow.report(admitted, &self.world, &mut gained, &mut verdicts);
        self.pass_on(gained, verdicts, admitted.report.time, admitted.report.sequence, outcome);
    }

    fn tick(&mut self, now: Time, sequence: u64, outcome: &mut Outcome) {
        let late = self.stages.admit.tick(now);
        outcome.late.extend(late);
        outcome.wanted.extend(self.stages.waiting.tick(now, sequence, late));
        let mut gained = Gained::default();
        let mut verdicts = Vec::new();
        self.stages.follow.tick(now, &self.world, &mut gained, &mut verdicts);
        self.pass_on(gained, verdicts, now, sequence, outcome);
        let mut verdicts = Vec::new();
        self.stages.meet.tick(now, self.world.context(), &mut verdicts);
        self.judge(verdicts, sequence, outcome);
        self.stages.raise.tick(now, &self.world.settings.alert);
    }

    fn pass_on(
        &mut self,
        gained: Gained,
        mut verdicts: Vec<Verdict>,
        now: Time,
        sequence: u64,
        outcome: &mut Outcome,
    ) {
        self.stages.meet.take(gained.events, now, self.world.context(), &mut verdicts);
        outcome.fixes.extend(gained.fixes);
        outcome.claims.extend(gained.claims);
        self.judge(verdicts, sequence, outcome);
    }

    /// What a tick or a forgotten track ended has no line of its own: the entry that passed is its cause.
    fn judge(&mut self, verdicts: Vec<Verdict>, sequence: u64, outcome: &mut Outcome) {
        let Settings { detector, alert, .. } = &self.world.settings;
        let raise = &mut self.stages.raise;
        let caused = verdicts.into_iter().map(|verdict| Verdict { sequence, ..verdict });
        outcome.changes.extend(caused.filter_map(|verdict| raise.take(verdict, detector, alert)));
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

    /// Reports that repeated another, so far.
    pub fn repeated(&self) -> u64 {
        self.stages.admit.repeated()
    }

    /// Tracks that began and fixes that were put on them, so far.
    pub fn tracks_and_fixes(&self) -> (u64, u64) {
        self.stages.follow.tracks_and_fixes()
    }

    /// Alerts raised by rule name, so far; every rule is there.
    pub fn alerts_by_rule(&self) -> BTreeMap<&'static str, u64> {
        let raised = self.stages.raise.raised();
        detector::RULES.iter().map(|card| (card.name, raised.get(&card.rule).copied().unwrap_or(0))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::ChangeKind;
    use sensors::receiver::Batch;
    use sensors::{Mmsi, Span};

    const NAME: [&str; 2] = [
        "!AIVDM,2,1,3,A,57b<4q@00001QE@E=@1<tf1<4r3T00000000001650D66400084jB0CSmBmR,0*77",
        "!AIVDM,2,2,3,A,C31@0000000,2*26",
    ];
    const POSITION: &str = "!AIVDM,1,1,,A,17b<4q@P1@WG2O05oGL3Q?vj0000,0*17";

    #[test]
    fn a_vessel_moves_on_after_a_wrong_clock_was_set_right() {
        let mut watch = Watch::new(Arc::new(Places::world()));
        let take = |watch: &mut Watch, entry| {
            let first = watch.next();
            watch.take(&Numbered { first, entry }, &mut Outcome::default());
        };
        let heard = |seconds| {
            let mut batch = Batch::new(ReceiverId(0));
            batch.push(Time::from_seconds(seconds), POSITION.as_bytes());
            Entry::Lines(batch)
        };
        let (wrong, right) = (1_900_000_000, 1_800_000_000);
        take(&mut watch, Entry::Tick(Time::from_seconds(wrong)));
        take(&mut watch, heard(wrong));
        take(&mut watch, Entry::Tick(Time::from_seconds(right)));
        take(&mut watch, heard(right));
        let heard_at: Vec<_> = watch.picture().all().map(|live| live.step.fix.time).collect();
        assert_eq!(heard_at, [Time::from_seconds(right)]);
    }

    #[test]
    fn a_receiver_with_a_slow_clock_does_not_end_a_call_at_every_tick() {
        use sensors::Report;
        use sensors::message::{Body, Message, SafetyText};
        let mut watch = Watch::new(Arc::new(Places::world()));
        let call = Body::SafetyText(SafetyText { text: "SART ACTIVE".into(), ..Default::default() });
        let mut outcome = Outcome::default();
        for minute in 0..10 {
            let heard_at = Time::from_seconds(1_800_000_000 + 60 * minute);
            let message = Message { kind: 14, repeat: 0, mmsi: Mmsi(970_514_033), body: call.clone() };
            let report = Report {
                receiver: ReceiverId(0),
                sequence: 2 * minute as u64 + 1,
                time: heard_at - Span::from_hours(9),
                heard_at,
                content: sensors::report::Content::Ais(sensors::report::Ais {
                    message,
                    own_ship: false,
                    payload_hash: 0,
                    station_hash: 0,
                    signal: None,
                    derived: false,
                }),
            };
            let sequence = report.sequence;
            watch.report(&Admitted { report, standing: admit::Standing::Good }, &mut outcome);
            watch.tick(heard_at, sequence + 1, &mut outcome);
        }
        let raised = outcome.changes.iter().filter(|change| change.kind == ChangeKind::Raised);
        assert_eq!(raised.count(), 1);
    }

    #[test]
    fn a_name_told_before_the_first_position_is_shown_with_it() {
        let mut watch = Watch::new(Arc::new(Places::world()));
        let mut batch = Batch::new(ReceiverId(0));
        for line in NAME.into_iter().chain([POSITION]) {
            batch.push(Time::from_seconds(1_800_000_000), line.as_bytes());
        }
        watch.take(&Numbered { first: 1, entry: Entry::Lines(batch) }, &mut Outcome::default());
        let names: Vec<_> = watch.picture().all().map(|live| live.particulars.name.as_deref()).collect();
        assert_eq!(names, [Some("SOK SAN 9")]);
    }

    #[test]
    fn silence_clears_a_call_at_the_tick_that_noticed_it() {
        let mut watch = Watch::new(Arc::new(Places::world()));
        let began = Time::from_seconds(1_800_000_000);
        let body = sensors::message::Body::PositionA(sensors::message::PositionA {
            status: 14,
            ..Default::default()
        });
        let call = sensors::message::Message { kind: 1, repeat: 0, mmsi: Mmsi(970_001_234), body };
        let mut batch = Batch::new(ReceiverId(0));
        for line in sensors::message::to_sentences(&call, "AI", 'A', 0) {
            batch.push(began, line.as_bytes());
        }
        let mut outcome = Outcome::default();
        watch.take(&Numbered { first: 1, entry: Entry::Lines(batch) }, &mut outcome);
        let later = began + Span::from_minutes(31);
        watch.take(&Numbered { first: 2, entry: Entry::Tick(later) }, &mut outcome);
        let told: Vec<_> = outcome.changes.iter().map(|c| (c.kind, c.sequence, c.alert.position)).collect();
        assert_eq!(told, [(ChangeKind::Raised, 1, None), (ChangeKind::Cleared, 2, None)]);
        assert_eq!(watch.open_alerts().count(), 0);
    }
}
