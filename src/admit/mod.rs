//! Stage 0, admit: lines become reports; one transmission is one report, dated right, and its receivers are known.

mod clock;
mod clocks;
mod gather;
mod health;
mod memory;
mod pairs;
mod rate;
mod seconds;
mod truth;

#[cfg(test)]
mod tests;

pub use clock::{ClockState, Source};
pub use clocks::{StationState, Stations};
pub use gather::{Copy, Hearing};
pub use health::{Condition, Health, Heartbeat, Silence};

use clock::LEAP;
use clocks::{ClockId, Clocks};
use gather::{Gather, Heard, WINDOW};
use health::Hearer;
use memory::Memory;
use seconds::{Fit, OddVessels, freshness, lag};
use sensors::message::Body;
use sensors::report::{Ais, Content};
use sensors::sentence::{Checksum, Reject};
use sensors::{Counts, Decoder, Line, ReceiverId, Report, Span, StationId, Tally, Time, receiver::Batch};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use truth::Who;

/// How clocks are learned and repeats known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Seconds behind the newest report after which a report comes too late for the live picture. 120 s, definition
    /// 6.0.
    pub lateness_seconds: f64,
    /// Seconds by which a receiver's clock is off before it is pointed out. 5 s, definition 6.0.
    pub offset_flagged_seconds: f64,
    /// Seconds by which a receiver's clock is off before its positions move no vessel any more. 30 s: Global Fishing
    /// Watch's limit.
    pub offset_max_seconds: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { lateness_seconds: 120.0, offset_flagged_seconds: 5.0, offset_max_seconds: 30.0 }
    }
}

impl Settings {
    fn lateness(&self) -> Span {
        span(self.lateness_seconds)
    }

    fn offset_flagged(&self) -> Span {
        span(self.offset_flagged_seconds)
    }

    fn offset_max(&self) -> Span {
        span(self.offset_max_seconds)
    }
}

fn span(seconds: f64) -> Span {
    Span::from_millis((seconds * 1000.0) as i64)
}

/// A report that was let in.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// What was heard; its time is corrected by what is known of the receiver's clock.
    pub report: Report,
    /// Whether its position may move a track.
    pub standing: Standing,
    /// What its receiver's clock said, where that is not believed: a call for help then has the time of its arrival.
    pub doubted: Option<Time>,
}

/// Whether a report's position may move a track. A distress device's always may: its track serves nothing but the call.
/// A ship that calls for help has a track that other evidence rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Standing {
    /// It may.
    #[default]
    Good = 0,
    /// Sent on long after it was on the air.
    Stale = 1,
    /// Heard by a receiver whose clock can't be trusted.
    Unclocked = 2,
    /// It came so long after it was heard that the live picture has moved on.
    Late = 3,
}

/// Reports that came late, since the last tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Event time of the earliest.
    pub from: Time,
    /// Event time of the latest.
    pub to: Time,
    /// How many.
    pub reports: u64,
}

impl Late {
    fn add(late: &mut Option<Late>, time: Time) {
        let all = late.get_or_insert(Late { from: time, to: time, reports: 0 });
        *all = Late { from: all.from.min(time), to: all.to.max(time), reports: all.reports + 1 };
    }
}

/// What a tick gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ticked {
    /// Who heard what, in the order that it was first heard.
    pub hearings: Vec<Hearing>,
    /// What came late.
    pub late: Option<Late>,
    /// Receivers that hear nothing though they should.
    pub deaf: Vec<ReceiverId>,
}

/// How many reports were not simply let in, so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sorted {
    /// Another receiver's copy, or a repeat, of one already let in.
    pub repeated: u64,
    /// Let in as stale.
    pub stale: u64,
    /// Let in as heard under a clock that can't be trusted.
    pub unclocked: u64,
    /// Let in as late.
    pub late: u64,
    /// Transmissions whose other receivers are not known, for want of room.
    pub copies_cut: u64,
    /// Payloads forgotten before their time, for want of room: a repeat of one passes as new.
    pub payloads_forgotten: u64,
    /// Reports dated by their receiver's own clock, for want of room for their station's.
    pub stations_beyond: u64,
}

/// The stage: what it must remember between two batches.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Admit {
    decoder: Decoder,
    #[serde(skip)]
    settings: Settings,
    gather: Gather,
    memory: Memory,
    clocks: Clocks,
    odd_vessels: OddVessels,
    hearers: Vec<Hearer>,
    late: Option<Late>,
    sorted: Sorted,
    now: Time,
    /// The edge's clock at the last report or tick.
    passed: Option<Time>,
    /// Holds nothing from one line to the next but its memory.
    #[serde(skip)]
    reports: Vec<Report>,
}

impl Admit {
    /// Works by these settings from here on.
    pub fn settle(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Decodes a batch of lines whose first has the sequence `first`; appends what is new to `out`.
    pub fn lines(&mut self, first: u64, batch: &Batch, out: &mut Vec<Admitted>) {
        let hearers = usize::from(batch.receiver().0) + 1;
        if self.hearers.len() < hearers {
            self.hearers.resize_with(hearers, Hearer::default);
        }
        out.reserve(batch.len());
        let mut reports = std::mem::take(&mut self.reports);
        for (index, (heard_at, bytes)) in batch.iter().enumerate() {
            self.now = self.now.max(heard_at);
            let line = Line { receiver: batch.receiver(), sequence: first + index as u64, heard_at, bytes };
            self.decoder.line(line, &mut reports);
            for report in reports.drain(..) {
                self.report(report, out);
            }
        }
        self.reports = reports;
    }

    /// Whether each receiver's sentences must bring their checksums, in the order of the receivers' numbers.
    pub fn expect_checksums(&mut self, checksums: impl Iterator<Item = Checksum>) {
        for receiver in self.decoder.without_checksum().collect::<Vec<_>>() {
            self.decoder.set_checksum(receiver, Checksum::Required);
        }
        for (number, checksum) in (0..=u16::MAX).zip(checksums) {
            self.decoder.set_checksum(ReceiverId(number), checksum);
        }
    }

    /// The clock of the edge passes; gives what was gathered since it did last.
    pub fn tick(&mut self, now: Time, sequence: u64) -> Ticked {
        self.pass(now);
        self.now = if self.now.since(now) > self.settings.lateness() { now } else { self.now.max(now) };
        self.gather.close_before(now);
        if self.clocks.tick(now, &self.settings) {
            let known = self.clocks.known_stations();
            self.decoder.retain_station_names(|station| known.contains(&station));
        }
        self.hearers.iter_mut().for_each(|hearer| hearer.tick(now));
        let all = (0..=u16::MAX).map(ReceiverId).zip(&self.hearers);
        let deaf = all.filter(|(_, hearer)| hearer.is_down()).map(|(receiver, _)| receiver).collect();
        Ticked { hearings: self.gather.take(sequence), late: self.late.take(), deaf }
    }

    #[inline]
    fn report(&mut self, mut report: Report, out: &mut Vec<Admitted>) {
        let Report { receiver, station, sequence, time: raw, stamped, heard_at, .. } = report;
        self.pass(heard_at);
        let clock = self.clocks.of(ClockId { receiver, station, stamped }, &self.settings);
        let time = self.clocks.hear(clock, raw, heard_at);
        report.time = time;
        let mut doubted = None;
        let standing = match &report.content {
            Content::Ais(ais) => {
                self.hears(ais, receiver, clock, raw, heard_at);
                // What a fixed station says may just have told how wrong the clock is.
                let fresh = &freshness(&ais.message.body);
                let heard = Heard { sequence, raw, time, heard_at, receiver, station, clock, ais, fresh };
                let Some(standing) = self.standing(&heard) else { return self.sorted.repeated += 1 };
                if !self.clocks.is_trusted(clock) && ais.message.call().is_some() {
                    report.time = self.clocks.time_of_a_call(clock, raw, heard_at, &self.settings);
                    doubted = (raw != heard_at && report.time != time).then_some(raw);
                }
                standing
            }
            Content::Gnss(gnss) => {
                if let Some(utc) = gnss.utc {
                    self.clocks.witness(clock, Who::Satellites, utc, raw, heard_at, &self.settings);
                }
                Standing::Good
            }
            Content::Radar(_) | Content::Transponder(_) => self.dated(clock, time, heard_at),
            Content::Strength(strength) => return self.gather.received(receiver, station, strength),
        };
        match standing {
            // A device that calls for help under a clock that can't be trusted tells nothing of the time.
            Standing::Good if self.clocks.is_trusted(clock) => self.clocks.let_in(clock, time),
            Standing::Good => {}
            Standing::Stale => self.sorted.stale += 1,
            Standing::Unclocked => self.sorted.unclocked += 1,
            Standing::Late => {
                self.sorted.late += 1;
                Late::add(&mut self.late, time);
            }
        }
        out.push(Admitted { report, standing, doubted });
    }

    /// The edge's clock has come to `now`.
    #[inline]
    fn pass(&mut self, now: Time) {
        if let Some(passed) = self.passed.filter(|passed| now.since(*passed).abs() > LEAP) {
            self.clocks.edge_leaps(passed, now);
        }
        self.passed = Some(now);
    }

    /// What a message says of the receiver that heard it.
    #[inline]
    fn hears(&mut self, ais: &Ais, receiver: ReceiverId, clock: ClockId, raw: Time, heard_at: Time) {
        let hearer = &mut self.hearers[usize::from(receiver.0)];
        hearer.message(heard_at);
        let message = &ais.message;
        match &message.body {
            // One that was sent on by a repeater is late by nature.
            Body::Clock(said) if message.repeat == 0 && !ais.own_ship => {
                hearer.fixed(message.mmsi, true, heard_at);
                if let Some(utc) = said.utc() {
                    // It tells whole seconds.
                    let utc = utc + Span::from_millis(500);
                    self.clocks.witness(clock, Who::Base(message.mmsi), utc, raw, heard_at, &self.settings);
                }
            }
            Body::AidToNavigation(_) => hearer.fixed(message.mmsi, false, heard_at),
            _ => {}
        }
    }

    /// What an AIS report is let in as; `None` for a copy or a repeat.
    #[inline]
    fn standing(&mut self, heard: &Heard<'_>) -> Option<Standing> {
        let Heard { time, raw, ais, clock, fresh, .. } = *heard;
        if let Some((first_clock, first_raw)) = self.gather.copy(heard) {
            if first_clock != clock {
                self.clocks.pair((first_clock, first_raw), (clock, raw), heard.heard_at);
            }
            return None;
        }
        let message = &ais.message;
        let mut stale = false;
        let before = self.memory.heard(ais.payload_hash, time, |before| {
            let later = time.since(before).abs();
            stale = later > WINDOW && fresh.as_ref().is_some_and(|fresh| !fresh.may_be_again(later));
            later <= WINDOW || stale
        });
        if before.is_some_and(|before| time.since(before).abs() <= WINDOW) {
            return None;
        }
        self.gather.begin(heard);
        if let Some(second) = fresh.as_ref().and_then(|fresh| fresh.second) {
            match self.clocks.fit(clock, lag(raw, second)) {
                Fit::Odd(by) => stale |= !self.odd_vessels.is_its_way(message.mmsi, by),
                Fit::Usual => self.odd_vessels.in_time(message.mmsi),
                Fit::Unknown => {}
            }
        }
        if message.mmsi.is_distress_device() {
            return Some(Standing::Good);
        }
        Some(match self.dated(clock, time, heard.heard_at) {
            Standing::Unclocked => Standing::Unclocked,
            _ if stale => Standing::Stale,
            dated => dated,
        })
    }

    /// What its time alone makes of a report.
    fn dated(&mut self, clock: ClockId, time: Time, heard_at: Time) -> Standing {
        if !self.clocks.is_trusted(clock) {
            return Standing::Unclocked;
        }
        // Behind the newest, and behind its own arrival: where the edge's clock was set back, or a second recording is
        // read, the newest is of another time.
        let bound = heard_at - self.settings.lateness();
        if time < bound && self.watermark().is_some_and(|watermark| time < watermark) {
            return Standing::Late;
        }
        Standing::Good
    }

    /// Event time before which reports are late: the newest, less the settings' lateness.
    pub fn watermark(&self) -> Option<Time> {
        self.clocks.newest().map(|newest| newest - self.settings.lateness())
    }

    /// The newest moment that any entry told of.
    pub fn now(&self) -> Time {
        self.now
    }

    /// What was heard and refused, by kind.
    pub fn counts(&self) -> &Counts {
        self.decoder.counts()
    }

    /// How many different MMSIs were heard.
    pub fn senders(&self) -> usize {
        self.decoder.senders()
    }

    /// What came of one receiver's lines.
    pub fn tally(&self, receiver: ReceiverId) -> Tally {
        self.decoder.tally(receiver)
    }

    /// What was refused of one receiver's lines, by kind.
    pub fn refused_of(&self, receiver: ReceiverId) -> BTreeMap<Reject, u64> {
        self.decoder.refused_of(receiver)
    }

    /// How many reports were another receiver's copy, or a repeat, of one already admitted.
    pub fn repeated(&self) -> u64 {
        self.sorted.repeated
    }

    /// How many reports were not simply let in.
    pub fn sorted(&self) -> Sorted {
        Sorted {
            copies_cut: self.gather.cut(),
            payloads_forgotten: self.memory.let_go(),
            stations_beyond: self.clocks.all_beyond(),
            ..self.sorted
        }
    }

    /// How each receiver is that has brought an AIS message, by number.
    pub fn receivers(&self) -> Vec<Condition> {
        let heard =
            (0..=u16::MAX).map(ReceiverId).zip(&self.hearers).filter(|(_, hearer)| hearer.has_heard());
        heard
            .map(|(receiver, hearer)| hearer.condition(receiver, self.now, self.stations(receiver)))
            .collect()
    }

    /// What a station calls itself, where its lines have told.
    pub fn station_name(&self, station: StationId) -> Option<&str> {
        self.decoder.station_name(station)
    }

    fn stations(&self, receiver: ReceiverId) -> Stations {
        let mut each = self.clocks.stations(receiver, &self.settings);
        for state in &mut each {
            state.name = self.station_name(state.station).map(str::to_owned);
        }
        Stations { each, beyond: self.clocks.beyond(receiver) }
    }
}
