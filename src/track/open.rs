//! One open track, and which of a number's open tracks a fix continues.

use super::{
    Claim, Fix, Identity, Particulars, Settings, Standing, TrackId,
    particulars::Told,
    segment::{Match, Point, Recent},
    step::{Event, Gained, Step},
};
use crate::place::{Nearby, Places, is_night};
use sensors::{
    Report, Span, Time,
    message::{Body, Message},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Night is worked out anew this often: the sun moves 1.25 degrees in it.
const NIGHT_STEP: Span = Span::from_minutes(5);

/// Fixes before a track is believed to be a vessel's. Source: definition of the segmenter (6.0).
pub(super) const CREDIBLE: u32 = 3;

/// One believed vessel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    pub(super) id: TrackId,
    pub(super) last: Option<Fix>,
    /// By arrival, as ticks go, and not by stamps.
    pub(super) heard: Time,
    pub(super) fixes: u32,
    /// It began with a jump that no second fix has confirmed: nobody but the history knows of it.
    pub(super) unconfirmed: bool,
    /// It has called for help.
    pub(super) calls: bool,
    pub(super) recent: Recent,
    pub(super) particulars: Arc<Particulars>,
    pub(super) identity: Option<Box<Identity>>,
    nearby: Option<Nearby>,
    night: (Time, bool),
}

/// What becomes of a fix.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Choice {
    /// It continues this track.
    Continues(usize, Option<Match>),
    /// It is of this track, and does not move it.
    Kept(usize, Standing),
    /// It begins a track, which is believed at once.
    Begins,
    /// It begins a track, which another fix must confirm: its number is on other tracks, far away.
    Jumps,
    /// It may continue each of these.
    Ambiguous(Vec<usize>),
}

/// Which of the open tracks of one MMSI the fix belongs to. `shared`: several vessels are known to use the number.
/// Not more than one track, and near its last fix, is the usual case, and cheap.
pub(super) fn choose(
    tracks: &[Track],
    fix: &Fix,
    shared: impl FnOnce() -> bool,
    settings: &Settings,
) -> Choice {
    let point = Point::of(fix);
    if let [track] = tracks
        && track.recent.surely_continues(&point, settings)
    {
        return Choice::Continues(0, Some(Match { metric: None, hours: 0.0, passed_over: 0 }));
    }
    choose_in_full(tracks, fix, shared(), settings)
}

/// The same by the whole metric; a property test holds the two equal.
pub(super) fn choose_in_full(tracks: &[Track], fix: &Fix, shared: bool, settings: &Settings) -> Choice {
    let point = Point::of(fix);
    let matches: Vec<(usize, Match)> = tracks
        .iter()
        .enumerate()
        .filter_map(|(at, track)| Some((at, track.recent.continued(&point, shared, settings)?)))
        .collect();
    let Some((at, found)) = best(tracks, &matches, settings) else {
        return without_match(tracks, fix, &point, settings);
    };
    if fix.class == super::Class::LongRange && found.hours < settings.long_range_hours_min {
        return Choice::Kept(at, Standing::Coarse);
    }
    let close = close_to_best(tracks, &matches, at, settings);
    if close.len() > 1 && !serves_a_call_alone(fix) {
        return Choice::Ambiguous(close);
    }
    Choice::Continues(at, Some(found))
}

/// What a match counts among several: a track of few fixes less than a long one.
fn weighted(track: &Track, found: &Match, settings: &Settings) -> f64 {
    let share = f64::from(track.fixes) / settings.short_track;
    found.metric.unwrap_or(0.0) * share / libm::sqrt(1.0 + share * share)
}

fn best(tracks: &[Track], matches: &[(usize, Match)], settings: &Settings) -> Option<(usize, Match)> {
    let mut best: Option<(f64, usize, Match)> = None;
    for &(at, found) in matches {
        let weight = weighted(&tracks[at], &found, settings);
        if best.is_none_or(|(most, ..)| weight > most) {
            best = Some((weight, at, found));
        }
    }
    best.map(|(_, at, found)| (at, found))
}

/// The best and those that come too near it.
fn close_to_best(
    tracks: &[Track],
    matches: &[(usize, Match)],
    best: usize,
    settings: &Settings,
) -> Vec<usize> {
    let weight = |(at, found): &(usize, Match)| weighted(&tracks[*at], found, settings);
    let most = matches.iter().find(|(at, _)| *at == best).map_or(0.0, weight);
    // One stray position must not end a believed track.
    let counts = |at: usize| !tracks[at].unconfirmed || tracks[best].unconfirmed;
    let close = matches
        .iter()
        .filter(|one| one.0 == best || counts(one.0) && weight(one) * settings.ambiguity_factor >= most);
    close.map(|(at, _)| *at).collect()
}

/// A fix that no track can have come to: one from before, the first of a vessel that only spoke so far, or a jump.
fn without_match(tracks: &[Track], fix: &Fix, point: &Point, settings: &Settings) -> Choice {
    let was = |(at, track): (usize, &Track)| Some((track.recent.was_there(point, settings)?, at));
    if let Some((_, at)) = tracks.iter().enumerate().filter_map(was).min_by(|a, b| a.0.total_cmp(&b.0)) {
        return Choice::Kept(at, Standing::Late);
    }
    if let Some(at) = tracks.iter().position(|track| track.recent.is_empty()) {
        return Choice::Continues(at, None);
    }
    if tracks.is_empty() || serves_a_call_alone(fix) { Choice::Begins } else { Choice::Jumps }
}

/// A distress device's: where it is matters more than whose it is, and nothing else rests on its track. A ship that calls
/// for help has a track that other evidence rests on, and one stray position among its calls must not take it apart or
/// carry it off: such a position is held to what all are. It is shown with the call all the same, see [`super::Followed`].
fn serves_a_call_alone(fix: &Fix) -> bool {
    fix.class == super::Class::DistressDevice
}

impl Track {
    pub(super) fn new(id: TrackId, heard: Time) -> Track {
        Track {
            id,
            last: None,
            heard,
            fixes: 0,
            unconfirmed: false,
            calls: false,
            recent: Recent::default(),
            particulars: Arc::default(),
            identity: None,
            nearby: None,
            night: (Time::from_millis(i64::MIN), false),
        }
    }

    /// Something of each of its parts, for [`super::Tracks::fetch`].
    pub(super) fn touch(&self) -> u32 {
        let night = self.night.0.as_millis() as u32 ^ u32::from(self.unconfirmed);
        let last = self.last.is_some() as u32 ^ self.nearby.is_some() as u32;
        self.fixes ^ night ^ last ^ self.recent.touch()
    }

    /// The fix moves the track on.
    pub(super) fn move_on(
        &mut self,
        mut fix: Fix,
        found: Option<Match>,
        places: &Places,
        gained: &mut Gained,
    ) -> Step {
        let first = self.last.is_none() || self.unconfirmed;
        self.unconfirmed = false;
        fix.track = self.id;
        fix.standing = Standing::Used;
        gained.fixes.push(fix);
        self.remember(&fix, found);
        let nearby = self.nearby.get_or_insert_with(|| Nearby::new(places, fix.position));
        nearby.refresh(places, fix.position);
        let surroundings = nearby.surroundings;
        if fix.time.since(self.night.0) > NIGHT_STEP {
            self.night = (fix.time, is_night(fix.position, fix.time));
        }
        let step = Step { fix, surroundings, night: self.night.1, fixes: self.fixes };
        gained.events.push(Event::Step(step));
        // What was said before there was a place to say it of: stage B does not know it yet.
        if first && *self.particulars != Particulars::default() {
            gained.events.push(Event::Particulars(self.id, self.particulars.clone()));
        }
        step
    }

    /// A jump that begins a track nobody is told of yet.
    pub(super) fn wait(&mut self, mut fix: Fix, gained: &mut Gained) {
        self.unconfirmed = true;
        self.remember(&fix, None);
        fix.track = self.id;
        fix.standing = Standing::Jump;
        gained.fixes.push(fix);
    }

    fn remember(&mut self, fix: &Fix, found: Option<Match>) {
        self.fixes = self.fixes.saturating_add(1);
        self.recent.push(Point::of(fix), found);
        self.last = Some(*fix);
    }

    /// Takes over what the message says of its sender; gives how many older values went for new ones.
    pub(super) fn learn(&mut self, message: &Message, report: &Report, gained: &mut Gained) -> u64 {
        let says_what_it_is = match &message.body {
            Body::StaticVoyage(_) | Body::StaticB(_) | Body::AidToNavigation(_) => true,
            // Only one that says how many are on board comes this far.
            Body::Binary(_) => true,
            Body::PositionBExtended(said) => said.name.is_some() || said.ship_type.is_some(),
            _ => false,
        };
        if !says_what_it_is {
            return 0;
        }
        let told = Told { track: self.id, mmsi: message.mmsi, sequence: report.sequence, time: report.time };
        let mut particulars = Particulars::clone(&self.particulars);
        let from = gained.claims.len();
        particulars.learn(message, told, &mut gained.claims);
        self.describe(particulars, from, gained)
    }

    /// Takes over the claims from this place on, and what they amount to.
    pub(super) fn describe(&mut self, particulars: Particulars, from: usize, gained: &mut Gained) -> u64 {
        let claims: &[Claim] = &gained.claims[from..];
        let mut gone = 0;
        if !claims.is_empty() {
            let identity = self.identity.get_or_insert_default();
            gone = claims.iter().map(|claim| u64::from(identity.learn(claim))).sum();
        }
        if particulars != *self.particulars {
            self.particulars = Arc::new(particulars);
            if !self.unconfirmed {
                gained.events.push(Event::Particulars(self.id, self.particulars.clone()));
            }
        }
        gone
    }
}
