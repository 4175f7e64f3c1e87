//! One vessel at sea: sails its legs, and sends what its station sends, as often as it must.

use super::motion::{Handling, Motion, Spot};
use super::random::Random;
use super::scenario::{Leg, Station, VesselPlan};
use super::voyage::Voyage;
use sensors::message::{
    AidToNavigation, Body, Clock, Dimensions, Epfd, Eta, Message, Place, PositionA, PositionB, SafetyText,
    SarAircraft, StaticB, StaticVoyage,
};
use sensors::vessel::MmsiKind;
use sensors::{CallSign, Imo, Mmsi, ShipType, Time};

/// Seconds between looks at a vessel that sends less often than that.
const LOOK: f64 = 30.0;
/// Standard deviation of a GNSS position that has no correction signal, metres.
const POSITION_ERROR: f64 = 4.0;
/// Length of the correlation of that error, seconds. Ours, unproven.
const POSITION_ERROR_LASTS: f64 = 120.0;

/// A vessel, what it carries, and when it speaks next. Times are seconds from the start of the recording.
#[derive(Debug, Clone)]
pub(super) struct Vessel {
    pub(super) station: Station,
    pub(super) motion: Motion,
    pub(super) random: Random,
    /// Which of its two channels the next message takes.
    pub(super) on_b: bool,
    voyage: Voyage,
    mmsi: Mmsi,
    statics: Statics,
    test: bool,
    altitude: u16,
    every: f64,
    start_at: f64,
    now: f64,
    position_due: f64,
    position_sent: f64,
    static_due: f64,
    burst: u32,
    error: (f64, f64),
}

/// What it says of itself.
#[derive(Debug, Clone)]
struct Statics {
    name: String,
    call_sign: Option<CallSign>,
    imo: Option<Imo>,
    ship_type: u8,
    dimensions: Option<Dimensions>,
    draught: Option<u8>,
    destination: Option<String>,
    eta: Eta,
}

impl Vessel {
    /// `partner` gives the number of the vessel of a name.
    pub(super) fn new(
        plan: &VesselPlan,
        seed: u64,
        number: usize,
        partner: impl Fn(&str) -> Option<usize>,
    ) -> Vessel {
        let mut random = Random::new(seed, number as u64 + 1);
        let handling = match plan.class {
            Station::SarAircraft => Handling::AIRCRAFT,
            _ => Handling::of_length(plan.length),
        };
        let spot = Spot { lat: plan.at[0], lon: plan.at[1] };
        // One that begins with `go` is already on its way.
        let first = plan.legs.iter().find(|leg| !matches!(leg, Leg::Silent(_) | Leg::Say(_)));
        let (course, speed) = match first {
            Some(Leg::Go(go)) => match go.points().next() {
                Some([lat, lon]) => (spot.towards(Spot { lat, lon }).1, go.speed),
                None => (plan.heading, 0.0),
            },
            Some(Leg::Fish(work) | Leg::Loiter(work)) => (plan.heading, work.speed),
            _ => (plan.heading, 0.0),
        };
        let partners = plan
            .legs
            .iter()
            .map(|leg| match leg {
                Leg::Meet(beside) | Leg::Follow(beside) => partner(&beside.vessel),
                _ => None,
            })
            .collect();
        let start_at = plan.start_at * 60.0;
        let set = random.between(0.0, 360.0);
        let first = if plan.class == Station::B { 30.0 } else { 10.0 };
        let position_due = start_at + random.between(0.0, first);
        Vessel {
            station: plan.class,
            motion: Motion::new(spot, course, speed, handling),
            voyage: Voyage::new(plan.legs.clone(), plan.repeat_from, partners, set),
            mmsi: Mmsi(plan.mmsi),
            statics: Statics::new(plan, &mut random),
            test: plan.test,
            altitude: plan.altitude,
            every: plan.every_seconds,
            start_at,
            now: 0.0,
            position_due,
            position_sent: f64::MIN,
            static_due: start_at + random.between(5.0, 120.0),
            burst: 0,
            error: (random.normal() * POSITION_ERROR, random.normal() * POSITION_ERROR),
            on_b: false,
            random,
        }
    }

    /// When to look at it next.
    pub(super) fn next_look(&self) -> f64 {
        self.position_due.min(self.static_due).min(self.now.max(self.start_at) + LOOK).max(self.now + 0.001)
    }

    /// Whose movement its own depends on now.
    pub(super) fn partner(&self) -> Option<usize> {
        self.voyage.partner()
    }

    /// How it moves, carried on to `now`.
    pub(super) fn motion_at(&self, now: f64) -> Motion {
        self.motion.ahead(now - self.now)
    }

    /// Sails on to `now`. `other` is its partner's motion at `now`.
    pub(super) fn sail(&mut self, now: f64, other: Option<&Motion>) {
        if matches!(self.station, Station::Base | Station::Aton) {
            self.now = now;
            return;
        }
        while self.now < now {
            let dt = Motion::step(now - self.now);
            let there = other.map(|m| m.ahead(self.now - now));
            let order = self.voyage.order(self.now, dt, &self.motion, there.as_ref(), &mut self.random);
            self.motion.advance(self.now, dt, order, &mut self.random);
            self.now += dt;
        }
        self.now = now;
    }

    /// What it sends at this moment, and when it sends next. `utc` is the moment as a time of day.
    pub(super) fn transmit(&mut self, utc: Time, out: &mut Vec<Message>) {
        let now = self.now;
        if now < self.start_at || self.station == Station::None {
            self.position_due = self.position_due.max(self.start_at);
            self.static_due = if self.station == Station::None { f64::MAX } else { self.static_due };
            if self.station == Station::None {
                self.position_due = f64::MAX;
            }
            return;
        }
        // One that has begun to move speaks sooner than it had meant to at rest.
        let interval = self.interval();
        self.position_due = self
            .position_due
            .min(self.position_sent.max(-1e9) + interval * 1.1)
            .max(now.min(self.position_due));
        let silent = now < self.voyage.silent_until;
        if now >= self.position_due {
            if !silent {
                self.wander(now - self.position_sent.max(now - 600.0));
                out.push(self.position(utc));
            }
            self.position_sent = now;
            self.position_due = now + self.pause(interval);
        }
        if now >= self.static_due {
            if !silent {
                self.push_statics(out);
            }
            self.static_due =
                if matches!(self.station, Station::A | Station::B) { now + 360.0 } else { f64::MAX };
        }
        if !silent {
            for text in self.voyage.texts.drain(..) {
                out.push(Message {
                    kind: 14,
                    repeat: 0,
                    mmsi: self.mmsi,
                    body: Body::SafetyText(SafetyText { text, ..SafetyText::default() }),
                });
            }
            if self.station == Station::Sart && self.burst == 5 && !out.is_empty() {
                let text = format!("{} {}", self.device(), if self.test { "TEST" } else { "ACTIVE" });
                out.push(Message {
                    kind: 14,
                    repeat: 0,
                    mmsi: self.mmsi,
                    body: Body::SafetyText(SafetyText { text, ..SafetyText::default() }),
                });
            }
        }
    }

    /// What a distress device calls itself..
    fn device(&self) -> &'static str {
        match self.mmsi.kind() {
            MmsiKind::ManOverboard => "MOB",
            MmsiKind::EpirbAis => "EPIRB",
            _ => "SART",
        }
    }

    /// Nominal seconds between position reports (ITU-R M.1371-5 tables 1 and 2; class B "CS").
    fn interval(&self) -> f64 {
        let m = &self.motion;
        let turning = m.turn.abs() > 20.0;
        match self.station {
            Station::A if matches!(self.voyage.status(), 1 | 5) && m.speed < 3.0 => 180.0,
            Station::A if m.speed <= 14.0 => {
                if turning {
                    10.0 / 3.0
                } else {
                    10.0
                }
            }
            Station::A if m.speed <= 23.0 => {
                if turning {
                    2.0
                } else {
                    6.0
                }
            }
            Station::A | Station::Sart => 2.0,
            Station::B if m.speed <= 2.0 => 180.0,
            Station::B => 30.0,
            Station::SarAircraft => 10.0,
            Station::Base => self.every,
            Station::Aton => 180.0,
            Station::None => 180.0,
        }
    }

    /// Seconds to the next report: slots are picked about the nominal time; a transmitter in distress sends
    /// eight times in a burst, once a minute.
    fn pause(&mut self, interval: f64) -> f64 {
        match self.station {
            Station::Sart => {
                self.burst = (self.burst + 1) % 32;
                if self.burst.is_multiple_of(8) { 60.0 - 7.0 * 2.0 } else { 2.0 }
            }
            Station::Base | Station::Aton => interval,
            _ => interval * self.random.between(0.94, 1.06),
        }
    }

    /// Lets the position error drift.
    fn wander(&mut self, dt: f64) {
        let keep = POSITION_ERROR_LASTS / (POSITION_ERROR_LASTS + dt);
        let fresh = libm::sqrt(1.0 - keep * keep) * POSITION_ERROR;
        self.error.0 = self.error.0 * keep + fresh * self.random.normal();
        self.error.1 = self.error.1 * keep + fresh * self.random.normal();
    }

    fn place(&self, exact: bool) -> Option<Place> {
        let spot =
            if exact { self.motion.spot } else { self.motion.spot.shifted(self.error.0, self.error.1) };
        let position = crate::geo::Position::from_degrees(spot.lat, spot.lon)?;
        Some(Place { lat: position.lat, lon: position.lon, accurate: exact })
    }

    fn position(&mut self, utc: Time) -> Message {
        let second = Some((utc.as_millis().div_euclid(1000).rem_euclid(60)) as u8);
        let m = &self.motion;
        let knots = (m.speed + 0.06 * self.random.normal()).max(0.0);
        // A slow hull's course over ground is mostly noise.
        let course = m.course + self.random.normal() * (0.3 + 3.0 / (m.speed * m.speed + 0.05)).min(60.0);
        let course = (libm::round(super::motion::wrap(course) * 10.0) as u16) % 3600;
        let heading = (libm::round(super::motion::wrap(m.heading + 0.4 * self.random.normal())) as u16) % 360;
        let speed = libm::round(knots * 10.0) as u16;
        let (kind, body) = match self.station {
            Station::A | Station::None => {
                let turn = 4.733 * libm::sqrt(m.turn.abs());
                let turn = libm::round(if m.turn < 0.0 { -turn } else { turn }).clamp(-126.0, 126.0) as i8;
                let a = PositionA {
                    status: self.voyage.status(),
                    turn: Some(if m.turn.abs() < 0.5 { 0 } else { turn }),
                    speed: Some(speed.min(1022)),
                    place: self.place(false),
                    course: Some(course),
                    heading: Some(heading),
                    second,
                    ..PositionA::default()
                };
                (1, Body::PositionA(a))
            }
            Station::Sart => {
                let a = PositionA {
                    status: if self.test { 15 } else { 14 },
                    speed: Some(speed),
                    place: self.place(false),
                    course: Some(course),
                    second,
                    ..PositionA::default()
                };
                (1, Body::PositionA(a))
            }
            Station::B => {
                let b = PositionB {
                    speed: Some(speed.min(1022)),
                    place: self.place(false),
                    course: Some(course),
                    second,
                    ..PositionB::default()
                };
                (18, Body::PositionB(b))
            }
            Station::SarAircraft => {
                let s = SarAircraft {
                    altitude: Some(self.altitude),
                    speed: Some((speed + 5) / 10),
                    place: self.place(false),
                    course: Some(course),
                    second,
                    dte_ready: true,
                    ..SarAircraft::default()
                };
                (9, Body::SarAircraft(s))
            }
            Station::Base => {
                let utc = Time::from_seconds(utc.as_millis().div_euclid(1000));
                (4, Body::Clock(Clock::at(utc, self.place(true))))
            }
            Station::Aton => {
                let s = &self.statics;
                let a = AidToNavigation {
                    aid_type: Some(s.ship_type),
                    name: Some(s.name.clone()),
                    place: self.place(true),
                    second,
                    epfd: Some(Epfd::SURVEYED),
                    ..AidToNavigation::default()
                };
                (21, Body::AidToNavigation(Box::new(a)))
            }
        };
        Message { kind, repeat: 0, mmsi: self.mmsi, body }
    }

    fn push_statics(&self, out: &mut Vec<Message>) {
        let s = &self.statics;
        let mut push = |kind, body| out.push(Message { kind, repeat: 0, mmsi: self.mmsi, body });
        let ship_type = Some(ShipType(s.ship_type)).filter(|t| t.0 != 0);
        match self.station {
            Station::A => {
                let voyage = StaticVoyage {
                    ais_version: 2,
                    imo: s.imo,
                    call_sign: s.call_sign.clone(),
                    name: Some(s.name.clone()),
                    ship_type,
                    dimensions: s.dimensions,
                    eta: s.eta,
                    draught: s.draught,
                    destination: s.destination.clone(),
                    epfd: Some(Epfd::GPS),
                    dte_ready: true,
                };
                push(5, Body::StaticVoyage(Box::new(voyage)));
            }
            Station::B => {
                push(24, Body::StaticB(Box::new(StaticB::A { name: Some(s.name.clone()) })));
                let b = StaticB::B {
                    ship_type,
                    vendor: None,
                    call_sign: s.call_sign.clone(),
                    dimensions: s.dimensions,
                    mothership: None,
                    epfd: None,
                };
                push(24, Body::StaticB(Box::new(b)));
            }
            _ => {}
        }
    }
}

impl Statics {
    fn new(plan: &VesselPlan, random: &mut Random) -> Statics {
        // The antenna stands over the bridge: aft on a ship, amidships on a boat.
        let aft = plan.length * if plan.length > 60.0 { 0.15 } else { 0.4 };
        let dimensions = (plan.length > 0.0).then(|| Dimensions {
            bow: libm::round(plan.length - aft).clamp(0.0, 511.0) as u16,
            stern: libm::round(aft).clamp(0.0, 511.0) as u16,
            port: libm::round(plan.beam / 2.0).clamp(0.0, 63.0) as u8,
            starboard: libm::round(plan.beam - libm::round(plan.beam / 2.0)).clamp(0.0, 63.0) as u8,
        });
        let named = plan.destination.is_some();
        let eta = Eta {
            month: named.then_some(11),
            day: named.then(|| 21 + random.below(6) as u8),
            hour: named.then(|| random.below(24) as u8),
            minute: named.then(|| random.below(4) as u8 * 15),
        };
        Statics {
            name: plan.name.clone(),
            call_sign: plan.call_sign.clone().map(CallSign),
            imo: plan.imo.map(Imo),
            ship_type: plan.ship_type,
            dimensions,
            draught: (plan.draught > 0.0).then(|| libm::round(plan.draught * 10.0).clamp(1.0, 255.0) as u8),
            destination: plan.destination.clone(),
            eta,
        }
    }
}
