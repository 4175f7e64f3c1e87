//! Which track a report belongs to: tracks begin, move on, and are forgotten.

use super::{
    Fix, Identity, Particulars, Refused, Settings, Standing, TrackId,
    draft::{self, tells_of_its_sender},
    open::{CREDIBLE, Choice, Track, choose},
    radar::Targets,
    step::{Event, Followed, Gained, Step},
};
use crate::admit::Admitted;
use crate::geo::Position;
use crate::place::Places;
use rustc_hash::FxHashMap;
use sensors::{
    Mmsi, Report, Span, Time,
    report::{Ais, Content},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// For this long after vessels were last heard side by side on one number it is known as shared. Ours.
const SHARED_FOR: Span = Span::from_hours(30 * 24);

/// Numbers known as shared; beyond it the one longest not seen so is taken for one vessel's again. Ours.
const SHARED_MAX: usize = 4096;

/// The tracks of one share of the vessels; nothing in it looks from one vessel to another.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tracks {
    #[serde(with = "sensors::sorted::map")]
    by_mmsi: FxHashMap<Mmsi, Vec<Track>>,
    /// Numbers that several vessels use, and when that was last seen.
    shared: BTreeMap<Mmsi, Time>,
    targets: Targets,
    open: usize,
    counts: Counts,
    swept: Time,
}

/// What happened so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    begun: u64,
    fixes: u64,
    evicted: u64,
    ambiguous: u64,
    passed_over: u64,
    values_dropped: u64,
    refused: Refused,
}

impl Tracks {
    /// Finds or begins the report's track and moves it on. `site` is where the receiver's antenna stands, from which a
    /// radar's targets are measured. `None` for what is not an AIS message of a vessel.
    pub fn follow<'a>(
        &'a mut self,
        admitted: &'a Admitted,
        site: Option<Position>,
        settings: &Settings,
        places: &Places,
        gained: &mut Gained,
    ) -> Option<Followed<'a>> {
        let report = &admitted.report;
        match &report.content {
            Content::Ais(ais) => self.ais(admitted, ais, settings, places, gained),
            Content::Radar(radar) => {
                let moved = self.targets.radar(radar, admitted, site, settings, places, gained);
                self.counts.begun += u64::from(moved.begun);
                self.counts.fixes += u64::from(moved.fix);
                moved.standing.into_iter().for_each(|standing| self.counts.refused.count(standing));
                None
            }
            Content::Gnss(gnss) => {
                self.targets.own_ship(report, gnss);
                None
            }
            Content::Transponder(_) | Content::Strength(_) => None,
        }
    }

    fn ais<'a>(
        &'a mut self,
        admitted: &'a Admitted,
        ais: &'a Ais,
        settings: &Settings,
        places: &Places,
        gained: &mut Gained,
    ) -> Option<Followed<'a>> {
        let (report, message) = (&admitted.report, &ais.message);
        if !tells_of_its_sender(&message.body) {
            return None;
        }
        let mut fix = draft::fix(report, message);
        let standing = fix.as_ref().map_or(Standing::Used, |fix| draft::standing(admitted, fix));
        fix.iter_mut().for_each(|fix| fix.standing = standing);
        let good = fix.filter(|_| standing == Standing::Used);
        let choice = match &good {
            Some(fix) => {
                let tracks = self.by_mmsi.entry(message.mmsi).or_default();
                let shared = || {
                    let seen = self.shared.get(&message.mmsi);
                    seen.is_some_and(|seen| report.heard_at.since(*seen) < SHARED_FOR)
                };
                choose(tracks, fix, shared, settings)
            }
            None => self.last_heard(message.mmsi, standing),
        };
        let (at, step) = self.carry_out(choice, report, message.mmsi, fix, settings, places, gained);
        let call = message.call();
        let called_from = fix.and(call).and(gained.fixes.last().copied());
        let track = &mut self.by_mmsi.get_mut(&message.mmsi).expect("it has a track now")[at];
        track.heard = track.heard.max(report.heard_at);
        track.calls |= call.is_some();
        self.counts.values_dropped += track.learn(message, report, gained);
        Some(Followed {
            track: track.id,
            report,
            ais,
            step,
            call,
            called_from: called_from.filter(|fix| fix.standing != Standing::NullIsland),
            doubted: admitted.doubted,
            last: track.last.filter(|_| !track.unconfirmed),
            particulars: &track.particulars,
        })
    }

    /// Asks memory for the tracks of many senders at once; followed one by one, each would wait for its own. Changes nothing.
    pub(crate) fn fetch(&self, senders: impl Iterator<Item = Mmsi>) {
        let tracks = senders.filter_map(|mmsi| self.by_mmsi.get(&mmsi)).flatten();
        std::hint::black_box(tracks.fold(0, |sum, track| sum ^ track.touch()));
    }

    /// For what gives no fix to move on with: the track last heard.
    fn last_heard(&self, mmsi: Mmsi, standing: Standing) -> Choice {
        let tracks = self.by_mmsi.get(&mmsi).map_or(&[][..], Vec::as_slice);
        let last = (0..tracks.len()).max_by_key(|&at| (tracks[at].heard, tracks[at].id));
        last.map_or(Choice::Begins, |at| Choice::Kept(at, standing))
    }

    /// Does what was chosen; gives the track's place and the step, if one was made.
    #[expect(clippy::too_many_arguments, reason = "a step needs the world around it")]
    fn carry_out(
        &mut self,
        choice: Choice,
        report: &Report,
        mmsi: Mmsi,
        fix: Option<Fix>,
        settings: &Settings,
        places: &Places,
        gained: &mut Gained,
    ) -> (usize, Option<Step>) {
        self.counts.fixes += u64::from(fix.is_some());
        match choice {
            Choice::Continues(at, found) => {
                let fix = fix.expect("only a fix continues a track");
                self.counts.passed_over += found.map_or(0, |found| found.passed_over as u64);
                let tracks = self.by_mmsi.get_mut(&mmsi).expect("chosen from these");
                self.counts.begun += u64::from(tracks[at].last.is_none());
                let step = tracks[at].move_on(fix, found, places, gained);
                if tracks.len() > 1 && are_two(tracks, at) {
                    self.mark_as_shared(mmsi, report.heard_at);
                }
                (at, Some(step))
            }
            Choice::Kept(at, standing) => {
                if let Some(mut fix) = fix {
                    (fix.track, fix.standing) = (self.by_mmsi[&mmsi][at].id, standing);
                    gained.fixes.push(fix);
                    self.counts.refused.count(standing);
                }
                (at, None)
            }
            Choice::Ambiguous(several) => {
                self.counts.ambiguous += 1;
                let tracks = self.by_mmsi.get_mut(&mmsi).expect("chosen from these");
                // From the last, so that the places before it still hold.
                for &at in several.iter().rev() {
                    forget(&tracks.remove(at), gained);
                }
                self.open -= several.len();
                self.carry_out_begins(report, mmsi, fix, false, settings, places, gained)
            }
            Choice::Begins => self.carry_out_begins(report, mmsi, fix, false, settings, places, gained),
            Choice::Jumps => self.carry_out_begins(report, mmsi, fix, true, settings, places, gained),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a step needs the world around it")]
    fn carry_out_begins(
        &mut self,
        report: &Report,
        mmsi: Mmsi,
        fix: Option<Fix>,
        jumps: bool,
        settings: &Settings,
        places: &Places,
        gained: &mut Gained,
    ) -> (usize, Option<Step>) {
        if self.open >= settings.tracks_max {
            self.evict(settings, &mut gained.events);
        }
        let tracks = self.by_mmsi.entry(mmsi).or_default();
        if tracks.len() >= settings.tracks_per_mmsi_max.max(1) {
            let rank = |&at: &usize| (!tracks[at].unconfirmed, tracks[at].heard, tracks[at].id);
            let least = (0..tracks.len()).min_by_key(rank);
            forget(&tracks.remove(least.expect("not empty")), gained);
            self.open -= 1;
            self.counts.evicted += 1;
        }
        let mut track =
            Track::new(TrackId::of_part(settings.site, report.sequence, report.part), report.heard_at);
        self.open += 1;
        let step = match fix {
            // What may not move a track begins none either, but is kept under the name that it would have.
            Some(mut fix) if fix.standing != Standing::Used => {
                fix.track = track.id;
                gained.fixes.push(fix);
                self.counts.refused.count(fix.standing);
                None
            }
            Some(fix) if jumps => {
                self.counts.begun += 1;
                self.counts.refused.count(Standing::Jump);
                track.wait(fix, gained);
                None
            }
            Some(fix) => {
                self.counts.begun += 1;
                Some(track.move_on(fix, None, places, gained))
            }
            None => None,
        };
        tracks.push(track);
        (tracks.len() - 1, step)
    }

    fn mark_as_shared(&mut self, mmsi: Mmsi, now: Time) {
        self.shared.insert(mmsi, now);
        if self.shared.len() > SHARED_MAX {
            let oldest =
                self.shared.iter().min_by_key(|(mmsi, seen)| (**seen, **mmsi)).map(|(mmsi, _)| *mmsi);
            oldest.and_then(|oldest| self.shared.remove(&oldest));
        }
    }

    /// Forgets tracks that were silent for too long. Looks once a minute of event time.
    pub fn tick(&mut self, now: Time, settings: &Settings, events: &mut Vec<Event>) {
        let passed = now.since(self.swept);
        if passed.abs() < Span::from_minutes(1) {
            return;
        }
        self.swept = now;
        if passed < Span::ZERO {
            // The clock was set back. What was heard under the wrong time would make every later fix a late one, and
            // never fall silent: it begins anew. Stamps may be half a minute ahead of the clock; ours: twice that.
            self.forget_where(events, |track| track.heard.since(now) > Span::from_minutes(1));
        }
        let silence_max = Span::from_millis((settings.silence_max_hours * 3_600_000.0) as i64);
        self.forget_where(events, |track| now.since(track.heard) > silence_max);
        self.targets.tick(now, events);
    }

    fn evict(&mut self, settings: &Settings, events: &mut Vec<Event>) {
        let before = self.open;
        // A call for help has no fix for minutes; a flood of numbers must not push it out.
        self.forget_where(events, |track| track.fixes < CREDIBLE && !track.calls);
        if self.open > settings.tracks_max * 9 / 10 {
            let mut heard: Vec<Time> = self.by_mmsi.values().flatten().map(|t| t.heard).collect();
            let tenth = heard.len() / 10;
            let (_, &mut bound, _) = heard.select_nth_unstable(tenth);
            self.forget_where(events, |track| track.heard <= bound);
        }
        self.counts.evicted += (before - self.open) as u64;
    }

    fn forget_where(&mut self, events: &mut Vec<Event>, gone: impl Fn(&Track) -> bool) {
        let mut forgotten = Vec::new();
        self.by_mmsi.retain(|_, tracks| {
            tracks.retain(|track| {
                let gone = gone(track);
                if gone {
                    forgotten.push(track.id);
                }
                !gone
            });
            !tracks.is_empty()
        });
        self.open -= forgotten.len();
        forgotten.sort_unstable();
        events.extend(forgotten.into_iter().map(Event::Forgotten));
    }

    /// How many tracks began with a fix, ever.
    pub fn begun(&self) -> u64 {
        self.counts.begun
    }

    /// How many fixes were put on tracks, ever, also those that did not move them.
    pub fn fixes(&self) -> u64 {
        self.counts.fixes
    }

    /// How many tracks were dropped for want of room.
    pub fn evicted(&self) -> u64 {
        self.counts.evicted + self.targets.evicted()
    }

    /// How many fixes fitted several tracks of their number, which ended for it.
    pub fn ambiguous(&self) -> u64 {
        self.counts.ambiguous
    }

    /// How many fixes had moved a track and were passed over later.
    pub fn passed_over(&self) -> u64 {
        self.counts.passed_over
    }

    /// How many values of claims went for newer ones.
    pub fn values_dropped(&self) -> u64 {
        self.counts.values_dropped
    }

    /// Radar targets that could not be placed on earth: no range or bearing, or nothing to measure them from.
    pub fn unplaced(&self) -> u64 {
        self.targets.unplaced()
    }

    /// Fixes that did not move a track, by why.
    pub fn refused(&self) -> &Refused {
        &self.counts.refused
    }

    /// Tracks that are followed now.
    pub fn open(&self) -> usize {
        self.open + self.targets.open()
    }

    /// Whether several vessels are known to use this number.
    pub fn is_shared(&self, mmsi: Mmsi) -> bool {
        self.shared.contains_key(&mmsi)
    }

    /// What the MMSI's open tracks say of themselves and have said, in the order in which the tracks began.
    pub fn identities(&self, mmsi: Mmsi) -> impl Iterator<Item = (TrackId, &Particulars, Option<&Identity>)> {
        let tracks = self.by_mmsi.get(&mmsi).map_or(&[][..], Vec::as_slice);
        tracks.iter().map(|track| (track.id, &*track.particulars, track.identity.as_deref()))
    }
}

/// Whether the track that just moved on and another are two vessels: both are believed, and the other was heard since
/// this one was last.
fn are_two(tracks: &[Track], at: usize) -> bool {
    let Some(before) = tracks[at].recent.before_last() else { return false };
    let believed = |track: &Track| track.fixes >= CREDIBLE;
    let since = |track: &Track| track.last.is_some_and(|last| last.time > before);
    let others = tracks.iter().enumerate().filter(|(other, _)| *other != at);
    believed(&tracks[at]) && others.into_iter().any(|(_, other)| believed(other) && since(other))
}

/// Nobody was told of an unconfirmed track; its end is told all the same, for rules that heard it call for help.
fn forget(track: &Track, gained: &mut Gained) {
    gained.events.push(Event::Forgotten(track.id));
}
