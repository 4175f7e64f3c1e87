//! Which track a report belongs to, by what a vessel can have done since it was last heard.

use super::{
    Class, Fix, TrackId,
    particulars::{Particulars, Told},
};
use crate::admit::Admitted;
use crate::geo::{Knots, NAUTICAL_MILE, NauticalMiles, Position};
use crate::place::{Nearby, Places, Surroundings, is_night};
use rustc_hash::FxHashMap;
use sensors::{
    Mmsi, Report, Span, Time,
    message::{Body, Message, Place},
    report::{Ais, Content},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How tracks are kept apart and when they are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// This site's number, part of every track's name; sites that share data must differ.
    pub site: u16,
    /// The fastest a vessel can have gone between two fixes of one track. 45 kn: speed boats (the published
    /// segmenter's 25 kn is for large ships).
    pub speed_max: Knots,
    /// How far off a fix may be besides. 2 nm, from the duplicate-identity definition D9.
    pub slack: NauticalMiles,
    /// A track not heard for this long ends. 8 h, the published segmenter's figure.
    pub silence_max_hours: f64,
    /// Tracks kept at most; beyond it those of fewer than three fixes go first, then the longest silent.
    pub tracks_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            site: 0,
            speed_max: Knots(45.0),
            slack: NauticalMiles(2.0),
            silence_max_hours: 8.0,
            tracks_max: 100_000,
        }
    }
}

/// Tracks open at once on one MMSI; a fleet that shares one number would otherwise grow without end. Ours.
const TRACKS_PER_MMSI_MAX: usize = 16;

/// Night is worked out anew this often: the sun moves 1.25 degrees in it.
const NIGHT_STEP: Span = Span::from_minutes(5);

/// A fix and what lay around it: what rules see.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The fix.
    pub fix: Fix,
    /// Coast, port and land around it.
    pub surroundings: Surroundings,
    /// The sun is more than 6 degrees below the horizon.
    pub night: bool,
    /// How many fixes the track has, this one included.
    pub fixes: u32,
}

#[cfg(test)]
impl Step {
    /// A class A vessel by night far from any coast, for tests to change.
    pub(crate) fn sample(track: u64, latitude: f64, longitude: f64) -> Step {
        use crate::place::Detail;
        let fix = Fix {
            track: TrackId::new(0, track),
            sequence: track,
            time: Time::from_seconds(0),
            mmsi: Mmsi(567_000_000),
            position: Position::from_degrees(latitude, longitude).expect("on earth"),
            speed: Some(100),
            course: Some(900),
            heading: None,
            status: 0,
            class: Class::A,
            receiver: sensors::ReceiverId(0),
            late: false,
        };
        let coast = crate::geo::Metres(50_000.0);
        let surroundings =
            Surroundings { coast, on_land: false, port: None, river: false, detail: Detail::Basemap };
        Step { fix, surroundings, night: true, fixes: 9 }
    }
}

/// What stage A tells stage B, in journal order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A track moved on.
    Step(Step),
    /// A vessel said what it is.
    Particulars(TrackId, Arc<Particulars>),
    /// A track is no longer followed.
    Forgotten(TrackId),
}

/// One believed vessel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    id: TrackId,
    last: Option<Fix>,
    /// By arrival, as ticks go, and not by stamps.
    heard: Time,
    fixes: u32,
    particulars: Arc<Particulars>,
    nearby: Option<Nearby>,
    night: (Time, bool),
}

/// What a report became, for the rules that see one track.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed<'a> {
    /// The track it belongs to.
    pub track: TrackId,
    /// What was heard.
    pub report: &'a Report,
    /// The AIS message in it.
    pub ais: &'a Ais,
    /// The fix it gave, when it held a position that moved the track on.
    pub step: Option<Step>,
    /// The track's newest fix, this one included.
    pub last: Option<Fix>,
    /// What the vessel says of itself.
    pub particulars: &'a Arc<Particulars>,
}

/// The tracks of one share of the vessels; nothing in it looks from one vessel to another.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tracks {
    #[serde(with = "sensors::sorted::map")]
    by_mmsi: FxHashMap<Mmsi, Vec<Track>>,
    open: usize,
    begun: u64,
    fixes: u64,
    evicted: u64,
    swept: Time,
}

/// What a report gave besides events.
#[derive(Debug, Default)]
pub struct Gained {
    /// Fixes, for the history.
    pub fixes: Vec<Fix>,
    /// Claims, for the history.
    pub claims: Vec<super::Claim>,
    /// For stage B.
    pub events: Vec<Event>,
}

impl Tracks {
    /// Finds or begins the report's track and moves it on. `None` for what is not an AIS message of a vessel.
    pub fn follow<'a>(
        &'a mut self,
        admitted: &'a Admitted,
        settings: &Settings,
        places: &Places,
        gained: &mut Gained,
    ) -> Option<Followed<'a>> {
        let report = &admitted.report;
        let Content::Ais(ais) = &report.content else { return None };
        let message = &ais.message;
        if !tells_of_its_sender(&message.body) {
            return None;
        }
        let mut fix = draft_fix(report, message);
        // What may not move a track is kept as what comes out of order is.
        fix.iter_mut().for_each(|fix| fix.late = admitted.standing != crate::admit::Standing::Good);
        let takes_it = |tracks: &Vec<Track>| choose(tracks, fix.as_ref(), settings).is_some();
        if self.open >= settings.tracks_max && !self.by_mmsi.get(&message.mmsi).is_some_and(takes_it) {
            self.evict(settings, &mut gained.events);
        }
        let tracks = self.by_mmsi.entry(message.mmsi).or_default();
        let at = match choose(tracks, fix.as_ref(), settings) {
            Some(at) => at,
            None => {
                let id = TrackId::new(settings.site, report.sequence);
                if tracks.len() >= TRACKS_PER_MMSI_MAX {
                    let oldest = (0..tracks.len())
                        .min_by_key(|&i| (tracks[i].heard, tracks[i].id))
                        .expect("not empty");
                    gained.events.push(Event::Forgotten(tracks.remove(oldest).id));
                    self.open -= 1;
                    self.evicted += 1;
                }
                tracks.push(Track::new(id, report.heard_at));
                self.open += 1;
                tracks.len() - 1
            }
        };
        let track = &mut tracks[at];
        let step = fix.and_then(|fix| {
            let first = track.last.is_none();
            self.begun += u64::from(first);
            self.fixes += 1;
            track.move_on(fix, places, gained)
        });
        track.heard = track.heard.max(report.heard_at);
        track.learn(message, report, gained);
        Some(Followed {
            track: track.id,
            report,
            ais,
            step,
            last: track.last,
            particulars: &track.particulars,
        })
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
            self.forget_where(events, |_, track| track.heard.since(now) > Span::from_minutes(1));
        }
        let silence_max = Span::from_millis((settings.silence_max_hours * 3_600_000.0) as i64);
        self.forget_where(events, |_, track| now.since(track.heard) > silence_max);
    }

    fn evict(&mut self, settings: &Settings, events: &mut Vec<Event>) {
        let before = self.open;
        // A call for help has no fix for minutes; a flood of numbers must not push it out.
        self.forget_where(events, |mmsi, track| track.fixes < 3 && !mmsi.is_distress_device());
        if self.open > settings.tracks_max * 9 / 10 {
            let mut heard: Vec<Time> = self.by_mmsi.values().flatten().map(|t| t.heard).collect();
            let tenth = heard.len() / 10;
            let (_, &mut bound, _) = heard.select_nth_unstable(tenth);
            self.forget_where(events, |_, track| track.heard <= bound);
        }
        self.evicted += (before - self.open) as u64;
    }

    fn forget_where(&mut self, events: &mut Vec<Event>, gone: impl Fn(Mmsi, &Track) -> bool) {
        let mut forgotten = Vec::new();
        self.by_mmsi.retain(|&mmsi, tracks| {
            tracks.retain(|track| {
                let gone = gone(mmsi, track);
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
        self.begun
    }

    /// How many fixes were put on tracks, ever, late ones included.
    pub fn fixes(&self) -> u64 {
        self.fixes
    }

    /// How many tracks were dropped for want of room.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }
}

impl Track {
    fn new(id: TrackId, heard: Time) -> Track {
        Track {
            id,
            last: None,
            heard,
            fixes: 0,
            particulars: Arc::default(),
            nearby: None,
            night: (Time::from_millis(i64::MIN), false),
        }
    }

    fn move_on(&mut self, mut fix: Fix, places: &Places, gained: &mut Gained) -> Option<Step> {
        let first = self.last.is_none();
        fix.track = self.id;
        fix.late |= self.last.is_some_and(|last| fix.time < last.time);
        gained.fixes.push(fix);
        self.fixes = self.fixes.saturating_add(1);
        if fix.late {
            return None;
        }
        self.last = Some(fix);
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
        Some(step)
    }

    fn learn(&mut self, message: &Message, report: &Report, gained: &mut Gained) {
        let says_what_it_is = match &message.body {
            Body::StaticVoyage(_) | Body::StaticB(_) | Body::AidToNavigation(_) => true,
            // Only one that says how many are on board comes this far.
            Body::Binary(_) => true,
            Body::PositionBExtended(said) => said.name.is_some() || said.ship_type.is_some(),
            _ => false,
        };
        if !says_what_it_is {
            return;
        }
        let told = Told { track: self.id, mmsi: message.mmsi, sequence: report.sequence, time: report.time };
        let mut particulars = Particulars::clone(&self.particulars);
        particulars.learn(message, told, &mut gained.claims);
        if particulars != *self.particulars {
            self.particulars = Arc::new(particulars);
            gained.events.push(Event::Particulars(self.id, self.particulars.clone()));
        }
    }
}

/// The open track that the fix fits best, or the one last heard for a report without a position.
fn choose(tracks: &[Track], fix: Option<&Fix>, settings: &Settings) -> Option<usize> {
    let Some(fix) = fix else {
        return (0..tracks.len()).max_by_key(|&i| (tracks[i].heard, tracks[i].id));
    };
    let mut best: Option<(f64, usize)> = None;
    for (at, track) in tracks.iter().enumerate() {
        // A track that has only spoken so far takes the first fix that comes.
        let misfit = track.last.map_or(0.0, |last| misfit(&last, fix, settings));
        if misfit <= 1.0 && best.is_none_or(|(least, _)| misfit < least) {
            best = Some((misfit, at));
        }
    }
    best.map(|(_, at)| at)
}

/// How far the fix is from the last one, as a share of how far a vessel can have got.
fn misfit(last: &Fix, fix: &Fix, settings: &Settings) -> f64 {
    let reach = settings.speed_max.0 * fix.time.since(last.time).abs().as_hours() + settings.slack.0;
    // Within a minute of latitude and longitude no trigonometry is needed to know that it fits.
    const NEAR: i32 = 10_000;
    let (north, east) = (fix.position.lat - last.position.lat, fix.position.lon - last.position.lon);
    if settings.slack.0 >= 1.5 && north.abs() <= NEAR && east.abs() <= NEAR {
        return f64::from(north.abs() + east.abs()) / f64::from(2 * NEAR) / reach;
    }
    last.position.distance(fix.position).0 / NAUTICAL_MILE / reach
}

/// Whether a message says where or who its sender is, how many are on board, or anything in words. Other data of
/// applications, acknowledgements and what base stations order do not, and begin no track.
fn tells_of_its_sender(body: &Body) -> bool {
    match body {
        Body::PositionA(_) | Body::PositionB(_) | Body::PositionBExtended(_) | Body::SarAircraft(_) => true,
        Body::Clock(_) | Body::AidToNavigation(_) | Body::SafetyText(_) => true,
        Body::StaticVoyage(_) | Body::StaticB(_) => true,
        Body::Binary(said) => said.persons_on_board().is_some(),
        _ => false,
    }
}

/// The report's position as a fix without its track; `None` where it has none.
fn draft_fix(report: &Report, message: &Message) -> Option<Fix> {
    let (place, speed, course, heading, status, class): (Option<Place>, _, _, _, _, _) = match &message.body {
        Body::PositionA(p) if message.kind == 27 => {
            (p.place, p.speed, p.course, None, p.status, Class::LongRange)
        }
        Body::PositionA(p) => (p.place, p.speed, p.course, p.heading, p.status, Class::A),
        Body::PositionB(p) => (p.place, p.speed, p.course, p.heading, 15, Class::B),
        Body::PositionBExtended(p) => (p.place, p.speed, p.course, p.heading, 15, Class::B),
        Body::SarAircraft(p) => {
            (p.place, p.speed.map(|knots| knots.saturating_mul(10)), p.course, None, 15, Class::SarAircraft)
        }
        Body::AidToNavigation(p) => (p.place, None, None, None, 15, Class::AidToNavigation),
        Body::Clock(p) if message.kind == 4 => (p.place, None, None, None, 15, Class::BaseStation),
        Body::Clock(p) => (p.place, None, None, None, 15, Class::A),
        _ => return None,
    };
    let place = place?;
    let class = if message.mmsi.is_distress_device() { Class::DistressDevice } else { class };
    Some(Fix {
        track: TrackId::from_u64(0),
        sequence: report.sequence,
        time: report.time,
        mmsi: message.mmsi,
        position: Position { lat: place.lat, lon: place.lon },
        speed,
        course,
        heading,
        status,
        class,
        receiver: report.receiver,
        late: false,
    })
}
