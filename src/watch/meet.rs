//! Stage B as it runs: the live picture, and the rules that look at it.

use crate::detector::{Context, Helper, Look, PlaceRule, PlaceRules, Subject, Verdict};
use crate::geo::{KNOT, Knots, Metres, NAUTICAL_MILE, Position};
use crate::picture::Picture;
use crate::track::{Class, Event};
use sensors::Time;
use serde::{Deserialize, Serialize};

/// Vessels named to whoever answers a call for help. Definition D1.
const HELPERS: usize = 10;

/// How far to look for them. Ours: two hours for a ship at 15 knots.
const HELPERS_WITHIN: Metres = Metres(30.0 * NAUTICAL_MILE);

/// What a vessel that comes to help makes, unless it reports more. Ours.
const HELPING_SPEED: Knots = Knots(10.0);

/// Keyed by place.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Meet {
    picture: Picture,
    rules: PlaceRules,
}

impl Meet {
    /// Asks memory for the tracks that move on.
    pub(super) fn fetch<'a>(&self, events: impl Iterator<Item = &'a Event>) {
        self.picture.fetch(events.filter_map(|event| match event {
            Event::Step(step) => Some(step.fix.track),
            _ => None,
        }));
    }

    /// Takes what stage A told of one report or tick. `verdicts` holds stage A's; calls for help among them
    /// are given the vessels that may answer, and stage B's own are added.
    pub(super) fn take(
        &mut self,
        events: impl Iterator<Item = Event>,
        now: Time,
        context: Context<'_>,
        verdicts: &mut Vec<Verdict>,
    ) {
        let from_follow = verdicts.len();
        for event in events {
            match event {
                Event::Step(step) => {
                    self.picture.step(step);
                    self.rules.on_step(&step, &self.picture, context, verdicts);
                }
                Event::Particulars(track, particulars) => self.picture.particulars(track, particulars),
                Event::Forgotten(track) => {
                    self.rules.forget(track, now, &self.picture, verdicts);
                    self.picture.forget(track);
                }
            }
        }
        for verdict in &mut verdicts[..from_follow] {
            if let Look::Suspect(evidence) = &mut verdict.look
                && evidence.wants_helpers
            {
                evidence.helpers = match evidence.position {
                    Some(position) => self.helpers(position, &evidence.subjects),
                    None => Vec::new(),
                };
                let nearest = match evidence.helpers.first() {
                    Some(helper) => format!(
                        "{}, {:.1} nm, about {:.0} min",
                        helper.vessel.called(),
                        helper.distance_m / NAUTICAL_MILE,
                        helper.eta_minutes
                    ),
                    None => "-".to_owned(),
                };
                evidence.params.push(("nearest".to_owned(), nearest));
            }
        }
    }

    pub(super) fn tick(&mut self, now: Time, context: Context<'_>, verdicts: &mut Vec<Verdict>) {
        self.rules.on_tick(now, &self.picture, context, verdicts);
    }

    pub(super) fn picture(&self) -> &Picture {
        &self.picture
    }

    fn helpers(&self, position: Position, calling: &[Subject]) -> Vec<Helper> {
        let near = self.picture.within(position, HELPERS_WITHIN);
        let able = near.into_iter().filter(|(_, live)| {
            let fix = &live.step.fix;
            matches!(fix.class, Class::A | Class::B | Class::SarAircraft | Class::LongRange)
                // By number: a ship whose call shows another place than its track does would be told to help itself.
                && calling.iter().all(|caller| caller.mmsi != fix.mmsi)
        });
        able.take(HELPERS)
            .map(|(distance, live)| {
                let fix = &live.step.fix;
                let speed = fix.knots().map_or(0.0, |speed| speed.0).max(HELPING_SPEED.0);
                Helper {
                    vessel: Subject::new(fix.track, fix.mmsi, &live.particulars),
                    distance_m: libm::round(distance.0),
                    bearing_deg: libm::round(position.bearing(fix.position).0),
                    eta_minutes: libm::round(distance.0 / (speed * KNOT) / 60.0),
                }
            })
            .collect()
    }
}
