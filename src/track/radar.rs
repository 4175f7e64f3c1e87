//! What radars track: targets by number, placed on earth from where the radar stands and heads.

use super::{
    Attribute, Claim, Class, Fix, Settings, Standing, TrackId,
    open::Track,
    segment::Point,
    step::{Event, Gained},
};
use crate::admit::Admitted;
use crate::geo::{Degrees, Metres, Position};
use crate::place::Places;
use sensors::{
    Mmsi, ReceiverId, Report, Span, Time,
    gnss::GnssReport,
    radar::{Radar, TargetPosition, TargetStatus, TrackedTarget},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Targets followed at once; then the one not told of for longest goes. Ours: twenty radars of two hundred targets.
const TARGETS_MAX: usize = 4096;

/// A target not told of for this long is gone: a radar tells of each at every turn of its antenna. Ours.
const SILENCE_MAX: Span = Span::from_minutes(10);

/// Own ship's heading holds for this long, its position for [`POSITION_HOLDS`]. Ours: a ship turns within minutes.
const HEADING_HOLDS: Span = Span::from_seconds(60);

/// See [`HEADING_HOLDS`]. At 20 knots a ship has gone half a mile by then.
const POSITION_HOLDS: Span = Span::from_seconds(90);

/// The targets of all radars of this share, by receiver and number.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Targets {
    tracks: BTreeMap<(ReceiverId, u16), Target>,
    own_ships: BTreeMap<ReceiverId, OwnShip>,
    evicted: u64,
    unplaced: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Target {
    track: Track,
    acquiring: bool,
}

/// Where a radar is and heads, and when that was heard.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct OwnShip {
    position: Option<(Time, Position)>,
    heading: Option<(Time, f64)>,
}

impl OwnShip {
    fn heading(&self, now: Time) -> Option<f64> {
        self.heading.filter(|(at, _)| now.since(*at).abs() <= HEADING_HOLDS).map(|(_, heading)| heading)
    }

    fn position(&self, now: Time) -> Option<Position> {
        self.position.filter(|(at, _)| now.since(*at).abs() <= POSITION_HOLDS).map(|(_, position)| position)
    }
}

/// What became of a radar's sentence.
#[derive(Debug, Default)]
pub(super) struct Moved {
    pub(super) begun: bool,
    pub(super) fix: bool,
    pub(super) standing: Option<Standing>,
}

/// A target as one sentence tells it.
struct Told<'a> {
    number: Option<u16>,
    status: Option<TargetStatus>,
    name: Option<&'a str>,
    position: Option<Position>,
    speed: Option<u16>,
    course: Option<u16>,
}

/// In tenths, for a fix.
fn tenths(value: f64) -> Option<u16> {
    let tenths = libm::round(value * 10.0);
    (0.0..=6553.0).contains(&tenths).then_some(tenths as u16)
}

impl<'a> Told<'a> {
    /// TTM: from where the radar stands.
    fn seen(target: &'a TrackedTarget, from: Option<Position>, heading: Option<f64>) -> Told<'a> {
        let bearing = target.bearing.and_then(|angle| angle.true_degrees(heading));
        let position = from.zip(bearing).zip(target.distance_metres());
        let knots = target.speed.zip(target.units).map(|(speed, units)| speed * units.knots());
        let course = target.course.and_then(|angle| angle.true_degrees(heading)).and_then(tenths);
        Told {
            number: target.number,
            status: target.status,
            name: target.name.as_deref(),
            position: position
                .map(|((from, bearing), metres)| from.travelled(Degrees(bearing), Metres(metres))),
            speed: knots.and_then(tenths),
            course: course.map(|tenths| tenths % 3600),
        }
    }

    /// TLL: where the radar says that it is.
    fn placed(target: &'a TargetPosition) -> Told<'a> {
        let position = target.position.and_then(|(lat, lon)| Position::from_degrees(lat, lon));
        let (number, status, name) = (target.number, target.status, target.name.as_deref());
        Told { number, status, name, position, speed: None, course: None }
    }
}

impl Targets {
    /// What GNSS beside the radar tells of own ship.
    pub(super) fn own_ship(&mut self, report: &Report, gnss: &GnssReport) {
        let position = gnss.position.and_then(|(lat, lon)| Position::from_degrees(lat, lon));
        if position.is_none() && gnss.heading.is_none() {
            return;
        }
        let own = self.own_ships.entry(report.receiver).or_default();
        own.position = position.map(|position| (report.heard_at, position)).or(own.position);
        own.heading = gnss.heading.map(|heading| (report.heard_at, heading)).or(own.heading);
    }

    /// Takes one of a radar's sentences; `site` is where its settings say that it stands.
    pub(super) fn radar(
        &mut self,
        radar: &Radar,
        admitted: &Admitted,
        site: Option<Position>,
        settings: &Settings,
        places: &Places,
        gained: &mut Gained,
    ) -> Moved {
        let report = &admitted.report;
        let own = self.own_ships.get(&report.receiver).copied().unwrap_or_default();
        let told = match radar {
            Radar::OwnShip(osd) => {
                if let Some(heading) = osd.valid_heading() {
                    self.own_ships.entry(report.receiver).or_default().heading =
                        Some((report.heard_at, heading));
                }
                return Moved::default();
            }
            Radar::Display(_) => return Moved::default(),
            Radar::Target(target) => {
                Told::seen(target, site.or(own.position(report.heard_at)), own.heading(report.heard_at))
            }
            Radar::Position(target) => Told::placed(target),
        };
        let Some(number) = told.number else {
            self.unplaced += 1;
            return Moved::default();
        };
        let key = (report.receiver, number);
        let acquiring = told.status == Some(TargetStatus::Query);
        // A number that is being acquired anew is another target's.
        let another = self.tracks.get(&key).is_some_and(|target| acquiring && !target.acquiring);
        if told.status == Some(TargetStatus::Lost) || another {
            self.forget(key, &mut gained.events);
        }
        if told.status == Some(TargetStatus::Lost) {
            return Moved::default();
        }
        let Some(position) = told.position else {
            self.unplaced += 1;
            return Moved::default();
        };
        let fix = Fix {
            track: TrackId::of_part(settings.site, report.sequence, report.part),
            sequence: report.sequence,
            time: report.time,
            mmsi: Mmsi(0),
            position,
            speed: told.speed,
            course: told.course,
            heading: None,
            status: 15,
            class: Class::RadarTarget,
            receiver: report.receiver,
            standing: Standing::of(admitted.standing),
        };
        self.put(key, fix, acquiring, told.name, report, settings, places, gained)
    }

    #[expect(clippy::too_many_arguments, reason = "a step needs the world around it")]
    fn put(
        &mut self,
        key: (ReceiverId, u16),
        mut fix: Fix,
        acquiring: bool,
        name: Option<&str>,
        report: &Report,
        settings: &Settings,
        places: &Places,
        gained: &mut Gained,
    ) -> Moved {
        let point = Point::of(&fix);
        let mut found = None;
        if let Some(target) = self.tracks.get_mut(&key) {
            found = target.track.recent.continued(&point, false, settings);
            if fix.standing == Standing::Used && found.is_none() {
                if target.track.recent.was_there(&point, settings).is_some() {
                    fix.standing = Standing::Late;
                } else {
                    // Numbers are used again: what is far away is another target.
                    self.forget(key, &mut gained.events);
                }
            }
        }
        if fix.standing != Standing::Used {
            fix.track = self.tracks.get(&key).map_or(fix.track, |target| target.track.id);
            gained.fixes.push(fix);
            return Moved { begun: false, fix: true, standing: Some(fix.standing) };
        }
        let begun = !self.tracks.contains_key(&key);
        if begun && self.tracks.len() >= TARGETS_MAX {
            let longest = self.tracks.iter().min_by_key(|(key, target)| (target.track.heard, **key));
            let longest = *longest.expect("full is not empty").0;
            self.forget(longest, &mut gained.events);
            self.evicted += 1;
        }
        let new = || Target { track: Track::new(fix.track, report.heard_at), acquiring };
        let target = self.tracks.entry(key).or_insert_with(new);
        target.acquiring = acquiring;
        target.track.heard = target.track.heard.max(report.heard_at);
        describe(&mut target.track, key.1, name, report, gained);
        target.track.move_on(fix, found, places, gained);
        Moved { begun, fix: true, standing: None }
    }

    fn forget(&mut self, key: (ReceiverId, u16), events: &mut Vec<Event>) {
        if let Some(target) = self.tracks.remove(&key) {
            events.push(Event::Forgotten(target.track.id));
        }
    }

    /// Forgets targets that were not told of for too long.
    pub(super) fn tick(&mut self, now: Time, events: &mut Vec<Event>) {
        let gone = |target: &Target| now.since(target.track.heard).abs() > SILENCE_MAX;
        let gone: Vec<_> =
            self.tracks.iter().filter(|(_, target)| gone(target)).map(|(key, _)| *key).collect();
        gone.into_iter().for_each(|key| self.forget(key, events));
    }

    pub(super) fn open(&self) -> usize {
        self.tracks.len()
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    pub(super) fn unplaced(&self) -> u64 {
        self.unplaced
    }
}

/// Number and name are claims of the radar's, made once and when the operator changes the name.
fn describe(track: &mut Track, number: u16, name: Option<&str>, report: &Report, gained: &mut Gained) {
    let from = gained.claims.len();
    let mut particulars = (*track.particulars).clone();
    let mut claim = |attribute, value: String| {
        let (track, mmsi, sequence, time) = (track.id, Mmsi(0), report.sequence, report.time);
        gained.claims.push(Claim { track, mmsi, sequence, time, attribute, value });
    };
    if particulars.radar_target != Some(number) {
        claim(Attribute::RadarTarget, number.to_string());
        particulars.radar_target = Some(number);
    }
    if let Some(name) = name
        && particulars.name.as_deref() != Some(name)
    {
        claim(Attribute::Name, name.to_owned());
        particulars.name = Some(name.to_owned());
    }
    if gained.claims.len() > from {
        let before = track.last.is_none();
        track.describe(particulars, from, gained);
        if before {
            // The first step tells it again, with a place to say it of.
            gained.events.retain(|event| !matches!(event, Event::Particulars(id, _) if *id == track.id));
        }
    }
}
