//! Stage A as it runs: tracks, and the rules that look at one of them.

use super::World;
use crate::admit::Admitted;
use crate::detector::{TrackRule, TrackRules, Verdict};
use crate::track::{Event, Gained, Tracks};
use sensors::Time;
use serde::{Deserialize, Serialize};

/// Keyed by vessel: nothing in it looks from one vessel to another.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Follow {
    tracks: Tracks,
    rules: TrackRules,
}

impl Follow {
    pub(super) fn report(
        &mut self,
        admitted: &Admitted,
        world: &World,
        gained: &mut Gained,
        verdicts: &mut Vec<Verdict>,
    ) {
        let seen = self.tracks.follow(
            admitted,
            world.site(admitted.report.receiver),
            &world.settings.track,
            &world.places,
            gained,
        );
        if let Some(seen) = seen {
            self.rules.on_report(&seen, world.context(), verdicts);
        }
        self.forget(gained, admitted.report.time, verdicts);
    }

    pub(super) fn tick(
        &mut self,
        now: Time,
        world: &World,
        gained: &mut Gained,
        verdicts: &mut Vec<Verdict>,
    ) {
        self.tracks.tick(now, &world.settings.track, &mut gained.events);
        self.forget(gained, now, verdicts);
        self.rules.on_tick(now, world.context(), verdicts);
    }

    fn forget(&mut self, gained: &Gained, now: Time, verdicts: &mut Vec<Verdict>) {
        for event in &gained.events {
            if let Event::Forgotten(track) = event {
                self.rules.forget(*track, now, verdicts);
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
