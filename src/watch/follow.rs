//! Stage A as it runs: tracks, and the rules that look at one of them, in shares of the vessels that any thread may take.

use super::World;
use super::halt::At;
use crate::admit::{Admitted, Ticked};
use crate::detector::{Context, TrackRule, TrackRules, Verdict};
use crate::track::{self, Event, Gained, Tracks};
use sensors::Time;
use sensors::report::{Content, Report};
use serde::{Deserialize, Serialize};

/// Shares of the vessels. Part of the state and of its results, so it is the same on every machine; more threads than
/// this find no work. Ours.
pub(super) const SHARES: usize = 8;

/// Which share a report belongs to: a vessel's by its MMSI, all else by its receiver.
pub(super) fn share_of(report: &Report) -> usize {
    let key = match &report.content {
        Content::Ais(ais) => ais.message.mmsi.0,
        _ => u32::from(report.receiver.0),
    };
    // Fibonacci hashing: the upper bits of the product depend on every bit of the key.
    (key.wrapping_mul(0x9e37_79b9) >> 29) as usize % SHARES
}

/// What each share may hold, so that all together hold what the settings allow.
pub(super) fn settings_of_a_share(settings: &track::Settings) -> track::Settings {
    track::Settings { tracks_max: (settings.tracks_max / SHARES).max(1), ..*settings }
}

/// One share. Nothing in it looks from one vessel to another.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Follow {
    tracks: Tracks,
    rules: TrackRules,
}

/// A moment of the clock among reports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tick {
    /// How many of the chunk's reports come before it.
    pub(super) after: usize,
    pub(super) now: Time,
    pub(super) sequence: u64,
}

/// What one share finds in a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work<'a> {
    /// All reports of the chunk.
    pub(super) reports: &'a [Admitted],
    /// Which of them are this share's.
    pub(super) mine: &'a [u32],
    pub(super) ticks: &'a [Tick],
    /// What stage 0 told at each of them.
    pub(super) ticked: &'a [Ticked],
}

/// What one share told of a chunk, in the order of its reports and ticks.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) gained: Gained,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) parts: Vec<Part>,
}

/// How much of what was told comes from one report or tick.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    pub(super) fixes: usize,
    pub(super) claims: usize,
    pub(super) events: usize,
    pub(super) verdicts: usize,
}

impl Told {
    fn so_far(&self) -> Part {
        Part {
            fixes: self.gained.fixes.len(),
            claims: self.gained.claims.len(),
            events: self.gained.events.len(),
            verdicts: self.verdicts.len(),
        }
    }

    fn part_since(&mut self, before: Part) {
        let now = self.so_far();
        self.parts.push(Part {
            fixes: now.fixes - before.fixes,
            claims: now.claims - before.claims,
            events: now.events - before.events,
            verdicts: now.verdicts - before.verdicts,
        });
    }
}

impl Follow {
    /// Takes this share's reports of a chunk, and all ticks.
    pub(super) fn take(
        &mut self,
        work: &Work<'_>,
        world: &World,
        inspect: Option<fn(&Report)>,
        at: &At,
        told: &mut Told,
    ) {
        let settings = settings_of_a_share(&world.settings.track);
        self.tracks.fetch(work.mine.iter().filter_map(|&index| {
            match &work.reports[index as usize].report.content {
                Content::Ais(ais) => Some(ais.message.mmsi),
                _ => None,
            }
        }));
        let mut ticks = work.ticks.iter().zip(work.ticked).peekable();
        for &index in work.mine {
            while let Some(tick) = ticks.next_if(|(tick, _)| tick.after <= index as usize) {
                self.tick(tick, &settings, world, at, told);
            }
            let admitted = &work.reports[index as usize];
            at.set((admitted.report.sequence, 1));
            if let Some(inspect) = inspect {
                inspect(&admitted.report);
            }
            self.report(admitted, &settings, world, told);
        }
        for tick in ticks {
            self.tick(tick, &settings, world, at, told);
        }
    }

    fn report(&mut self, admitted: &Admitted, settings: &track::Settings, world: &World, told: &mut Told) {
        let before = told.so_far();
        let site = world.site(admitted.report.receiver);
        let seen = self.tracks.follow(admitted, site, settings, &world.places, &mut told.gained);
        if let Some(seen) = seen {
            self.rules.on_report(&seen, world.context(), &mut told.verdicts);
        }
        self.forget(before, admitted.report.time, told);
        told.part_since(before);
    }

    fn tick(
        &mut self,
        (tick, ticked): (&Tick, &Ticked),
        settings: &track::Settings,
        world: &World,
        at: &At,
        told: &mut Told,
    ) {
        at.set((tick.sequence, 1));
        let before = told.so_far();
        self.tracks.tick(tick.now, settings, &mut told.gained.events);
        self.forget(before, tick.now, told);
        let context = Context { deaf: &ticked.deaf, ..world.context() };
        self.rules.on_tick(tick.now, context, &mut told.verdicts);
        told.part_since(before);
    }

    fn forget(&mut self, before: Part, now: Time, told: &mut Told) {
        for event in &told.gained.events[before.events..] {
            if let Event::Forgotten(track) = event {
                self.rules.forget(*track, now, &mut told.verdicts);
            }
        }
    }

    pub(super) fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    pub(super) fn tracks_and_fixes(&self) -> (u64, u64) {
        (self.tracks.begun(), self.tracks.fixes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensors::message::{Body, Message, SafetyText};
    use sensors::{Mmsi, ReceiverId, StationId};

    fn report(mmsi: u32) -> Report {
        let body = Body::SafetyText(SafetyText::default());
        let message = Message { kind: 14, repeat: 0, mmsi: Mmsi(mmsi), body };
        let content = Content::Ais(sensors::report::Ais {
            message,
            own_ship: false,
            payload_hash: 0,
            signal: None,
            derived: false,
        });
        let time = Time::from_seconds(0);
        Report {
            receiver: ReceiverId(0),
            station: StationId::NONE,
            sequence: 1,
            part: 0,
            time,
            stamped: false,
            heard_at: time,
            content,
        }
    }

    #[test]
    fn shares_are_about_equal_also_for_numbers_given_in_a_row() {
        for start in [200_000_000, 567_000_000, 970_000_000] {
            let mut vessels = [0; SHARES];
            (start..start + 8000).for_each(|mmsi| vessels[share_of(&report(mmsi))] += 1);
            assert!(vessels.iter().all(|&n| (900..1100).contains(&n)), "{vessels:?}");
        }
    }

    #[test]
    fn all_shares_together_hold_no_more_than_the_settings_allow() {
        let settings = track::Settings { tracks_max: 100_000, ..track::Settings::default() };
        assert_eq!(settings_of_a_share(&settings).tracks_max * SHARES, 100_000);
    }
}
