//! Whoever transmits: where it goes, and what it says when.
//!
//! Ways are straight lines between points: how a hull turns is the exercises' matter, and would take most of the time.

use super::plan::MINUTES_MAX;
use crate::sea::Chance;
use sensors::message::{
    AidToNavigation, Body, Clock, Dimensions, Epfd, Message, Place, PositionA, PositionB, SafetyText,
    StaticB, StaticVoyage,
};
use sensors::{CallSign, Mmsi, ShipType, Span, Time};
use std::fmt;
use watchkeeper::geo::{Degrees, KNOT, Metres, NAUTICAL_MILE, Position};

/// What a craft is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    UnderWay,
    Fishing,
    SpeedBoat,
    Moored,
    BaseStation,
    Beacon,
    /// Under way on another's number, some miles off.
    Twin {
        mmsi: Mmsi,
    },
    /// The same, further off than a vessel can get in the time.
    FarTwin {
        mmsi: Mmsi,
    },
    /// Stops at sea for three quarters of an hour and sails on.
    Pausing,
    /// Stops where another stopped a quarter of an hour before.
    Following {
        other: usize,
    },
    /// A ship that keeps 200 m off another for twenty minutes.
    Passing {
        other: usize,
    },
    /// A boat at a watched beach, whose zone has a rule for the night.
    Visiting,
    /// A device in distress.
    Calling,
    /// A vessel that says MAYDAY.
    Saying,
    Loitering,
    /// Lies still for another to come.
    Waiting,
    /// Comes alongside the craft of this number.
    Meeting {
        other: usize,
    },
}

/// Seconds from the start, and where.
pub(super) type Way = Vec<(f64, Position)>;

/// One transmitter.
#[derive(Debug, Clone)]
pub(super) struct Craft {
    pub(super) number: usize,
    pub(super) doing: Doing,
    pub(super) mmsi: Mmsi,
    pub(super) way: Way,
    class_a: bool,
    /// Seconds between positions.
    every: f64,
    seed: u64,
}

/// What was on the air.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) at: Time,
    pub(super) craft: usize,
    pub(super) spot: Position,
    pub(super) message: Message,
    /// A call for help that must be raised.
    pub(super) calls: bool,
}

impl Craft {
    /// A craft in the middle of its part of the sea.
    pub(super) fn new(seed: u64, number: usize, doing: Doing, middle: Position) -> Craft {
        let mut chance = Chance::stream(seed, number as u64 + 1);
        let around = Degrees(360.0 * chance.unit());
        let own = middle.travelled(around, Metres(chance.unit() * NAUTICAL_MILE));
        let way = match doing {
            Doing::UnderWay | Doing::Twin { .. } => to_and_fro(own, &mut chance, 8.0, 18.0, 20.0),
            Doing::SpeedBoat => to_and_fro(own, &mut chance, 24.0, 36.0, 8.0),
            Doing::Fishing => to_and_fro(own, &mut chance, 2.6, 4.6, 1.0),
            Doing::Pausing => {
                pause(own, around, 60.0 * (5.0 + 15.0 * chance.unit()), 60.0 * (40.0 + 6.0 * chance.unit()))
            }
            Doing::Following { .. } | Doing::Passing { .. } => vec![(0.0, own)],
            Doing::Visiting => visit(60.0 * (VISIT_AT as f64 - 5.0), 60.0 * (5.0 + 15.0 * chance.unit())),
            Doing::FarTwin { .. } => {
                let south = Position::from_degrees(7.3 + 0.2 * chance.unit(), 101.9).expect("on earth");
                to_and_fro(south, &mut chance, 8.0, 18.0, 20.0)
            }
            Doing::Moored => {
                let spot = (10.61 + 0.05 * chance.unit(), 103.44 + 0.06 * chance.unit());
                vec![(0.0, Position::from_degrees(spot.0, spot.1).expect("on earth"))]
            }
            Doing::Calling | Doing::Loitering | Doing::Waiting | Doing::Meeting { .. } => {
                let end = own.travelled(around, Metres(0.6 * KNOT * LONGEST));
                vec![(0.0, own), (LONGEST, end)]
            }
            Doing::Saying => to_and_fro(own, &mut chance, 8.0, 18.0, 20.0),
            Doing::BaseStation | Doing::Beacon => vec![(0.0, own)],
        };
        let own_number = 514_000_000 + (chance.below(900) * 1000 + number) as u32;
        let mmsi = match doing {
            Doing::Twin { mmsi } | Doing::FarTwin { mmsi } => mmsi,
            Doing::BaseStation => Mmsi(5_670_001 + number as u32),
            Doing::Beacon => Mmsi(995_670_001 + number as u32),
            Doing::Calling => Mmsi([970, 972, 974][chance.below(3)] * 1_000_000 + own_number % 1_000_000),
            _ => Mmsi(own_number),
        };
        let class_a = match doing {
            Doing::SpeedBoat | Doing::Meeting { .. } | Doing::Visiting => false,
            Doing::Fishing => chance.share(0.4),
            _ => true,
        };
        let every = match doing {
            Doing::Moored | Doing::Beacon => 180.0,
            Doing::Calling => 20.0,
            // They must be heard often enough to be seen together.
            Doing::Waiting | Doing::Meeting { .. } => 30.0,
            Doing::SpeedBoat => 30.0,
            _ => 30.0 + 60.0 * chance.unit(),
        };
        Craft { number, doing, mmsi, way, class_a, every, seed }
    }

    /// Where and when it has to do with another's way.
    pub(super) fn heed(&mut self, other: &Way) {
        match self.doing {
            Doing::Meeting { .. } => self.go_beside(other),
            Doing::Following { .. } => {
                let mut chance = Chance::stream(self.seed, 500 + self.number as u64);
                let (arrived, spot) = other[1];
                let left = other[2].0;
                let began = left + 60.0 * (15.0 + 5.0 * chance.unit());
                let about = Degrees(360.0 * chance.unit());
                self.way = pause(spot, about, began, (left - arrived).min(2100.0));
            }
            Doing::Passing { .. } => {
                let abreast =
                    |at: f64, metres: f64| place_on(other, at).0.travelled(Degrees(90.0), Metres(metres));
                let far = 5.0 * NAUTICAL_MILE;
                let (come, gone) = (1500.0, 2700.0);
                self.way = vec![
                    (0.0, abreast(0.0, far)),
                    (come, abreast(come, 200.0)),
                    (gone, abreast(gone, 200.0)),
                    (gone + 1500.0, abreast(gone + 1500.0, far)),
                    (LONGEST, abreast(LONGEST, 20.0 * NAUTICAL_MILE)),
                ];
            }
            _ => {}
        }
    }

    /// Comes from three miles off, lies 40 m off the other's way for the better part of an hour, and goes.
    fn go_beside(&mut self, other: &Way) {
        let mut chance = Chance::stream(self.seed, 500 + self.number as u64);
        let from = Degrees(360.0 * chance.unit());
        let beside = |at: f64| place_on(other, at).0.travelled(from, Metres(40.0));
        let far = |at: f64| place_on(other, at).0.travelled(from, Metres(3.0 * NAUTICAL_MILE));
        let (come, gone) = (900.0, 900.0 + 60.0 * (40 + chance.below(20)) as f64);
        self.way = vec![
            (0.0, far(0.0)),
            (come, beside(come)),
            (gone, beside(gone)),
            (gone + 900.0, far(gone + 900.0)),
        ];
    }

    /// All that it sends.
    pub(super) fn transmit(&self, start: Time, minutes: i64, out: &mut Vec<Sent>) {
        let mut chance = Chance::stream(self.seed, 2000 + self.number as u64);
        let end = (minutes * 60) as f64;
        let mut at = self.every * chance.unit();
        let mut static_due = 30.0 + 120.0 * chance.unit();
        let mut text_due = 60.0 + 300.0 * chance.unit();
        while at < end {
            let time = start + Span::from_millis((at * 1000.0) as i64);
            let (spot, speed, course) = place_on(&self.way, at);
            let mut send = |message, calls| {
                out.push(Sent { at: time, craft: self.number, spot, message, calls });
            };
            send(self.position(time, spot, speed, course), self.doing == Doing::Calling);
            if at >= static_due {
                self.statics(|message| send(message, false));
                static_due += 900.0;
            }
            if at >= text_due {
                if let Some(text) = self.text() {
                    let said = SafetyText { text: text.to_owned(), ..SafetyText::default() };
                    send(self.message(14, Body::SafetyText(said)), true);
                }
                text_due += 600.0;
            }
            at += self.every * (0.95 + 0.1 * chance.unit());
        }
    }

    fn text(&self) -> Option<&'static str> {
        match self.doing {
            Doing::Calling => Some("SART ACTIVE"),
            Doing::Saying if self.number.is_multiple_of(2) => Some("MAYDAY"),
            // Long enough for two sentences.
            Doing::Saying => Some("MAYDAY MAYDAY WE ARE TAKING WATER AND HAVE FORTY TWO PERSONS ON BOARD"),
            _ => None,
        }
    }

    fn message(&self, kind: u8, body: Body) -> Message {
        Message { kind, repeat: 0, mmsi: self.mmsi, body }
    }

    fn position(&self, time: Time, spot: Position, speed: f64, course: f64) -> Message {
        let place = Some(Place { lat: spot.lat, lon: spot.lon, accurate: false });
        let second = Some((time.as_millis().div_euclid(1000).rem_euclid(60)) as u8);
        let (speed, course) = (Some((speed * 10.0) as u16), Some((course * 10.0) as u16 % 3600));
        let status = match self.doing {
            Doing::Calling => 14,
            Doing::Fishing => 7,
            Doing::Moored => 5,
            _ => 0,
        };
        match self.doing {
            Doing::BaseStation => {
                let utc = Time::from_seconds(time.as_millis().div_euclid(1000));
                self.message(4, Body::Clock(Clock::at(utc, place)))
            }
            Doing::Beacon => {
                let name = Some(format!("BEACON {}", self.number));
                let epfd = Some(Epfd::SURVEYED);
                let beacon =
                    AidToNavigation { aid_type: Some(1), name, place, second, epfd, ..Default::default() };
                self.message(21, Body::AidToNavigation(Box::new(beacon)))
            }
            _ if self.class_a => {
                let a = PositionA { status, speed, place, course, second, ..PositionA::default() };
                self.message(1, Body::PositionA(a))
            }
            _ => {
                let b = PositionB { speed, place, course, second, ..PositionB::default() };
                self.message(18, Body::PositionB(b))
            }
        }
    }

    fn statics(&self, mut send: impl FnMut(Message)) {
        let name = Some(format!("CRAFT {}", self.number));
        let ship_type = Some(ShipType(match self.doing {
            Doing::Fishing => 30,
            Doing::SpeedBoat => 37,
            _ => 70,
        }));
        let call_sign = Some(CallSign(format!("XU{:04}", self.number)));
        match self.doing {
            Doing::BaseStation | Doing::Beacon | Doing::Calling => {}
            _ if self.class_a => {
                let dimensions = Some(Dimensions { bow: 60, stern: 20, port: 8, starboard: 8 });
                let destination = Some("KH KOS".to_owned());
                let voyage = StaticVoyage {
                    ais_version: 2,
                    call_sign,
                    name,
                    ship_type,
                    dimensions,
                    destination,
                    ..StaticVoyage::default()
                };
                send(self.message(5, Body::StaticVoyage(Box::new(voyage))));
            }
            _ => {
                send(self.message(24, Body::StaticB(Box::new(StaticB::A { name }))));
                let dimensions = Some(Dimensions { bow: 6, stern: 4, port: 1, starboard: 2 });
                let b = StaticB::B {
                    ship_type,
                    vendor: None,
                    call_sign,
                    dimensions,
                    mothership: None,
                    epfd: None,
                };
                send(self.message(24, Body::StaticB(Box::new(b))));
            }
        }
    }
}

const LONGEST: f64 = (MINUTES_MAX * 60) as f64;

/// Sails between two points that are up to `miles` apart, for as long as any plan plays.
fn to_and_fro(middle: Position, chance: &mut Chance, slow: f64, fast: f64, miles: f64) -> Way {
    let course = Degrees(360.0 * chance.unit());
    let speed = (slow + (fast - slow) * chance.unit()) * KNOT;
    let half = miles * NAUTICAL_MILE / 2.0;
    let ends = [middle.travelled(course, Metres(half)), middle.travelled(course, Metres(-half))];
    let mut way = vec![(0.0, middle)];
    let (mut at, mut leg) = (0.0, half);
    for end in ends.into_iter().cycle() {
        at += leg / speed;
        way.push((at, end));
        leg = 2.0 * half;
        if at > LONGEST {
            break;
        }
    }
    way
}

/// Comes at 12 knots, lies from `began` for so many seconds, and goes on.
fn pause(spot: Position, course: Degrees, began: f64, lies: f64) -> Way {
    let sails = |seconds: f64| Metres(12.0 * KNOT * seconds);
    let drifted = spot.travelled(Degrees(45.0), Metres(0.2 * KNOT * lies));
    let end = began + lies;
    vec![
        (0.0, spot.travelled(course, Metres(-sails(began).0))),
        (began, spot),
        (end, drifted),
        (LONGEST, drifted.travelled(course, sails(LONGEST - end))),
    ]
}

/// Minutes from the start when a visitor is at the beach.
pub(super) const VISIT_AT: i64 = 25;

/// In from the sea to the beach of Koh Kong, where it lies for a while, and out again.
fn visit(arrives: f64, lies: f64) -> Way {
    let spot = |latitude, longitude| Position::from_degrees(latitude, longitude).expect("on earth");
    let (sea, beach) = (spot(11.30, 102.84), spot(11.32, 102.935));
    let gone = arrives + lies;
    vec![(0.0, sea), (arrives, beach), (gone, beach), (LONGEST, spot(11.05, 102.2))]
}

/// Where a craft is, its speed in knots and its course in degrees.
fn place_on(way: &Way, at: f64) -> (Position, f64, f64) {
    let Some(next) = way.iter().position(|(then, _)| *then > at).filter(|&next| next > 0) else {
        return (way.last().expect("a way has a point").1, 0.0, 0.0);
    };
    let ((from, a), (to, b)) = (way[next - 1], way[next]);
    let share = (at - from) / (to - from);
    let between = |a: i32, b: i32| (f64::from(a) + f64::from(b - a) * share) as i32;
    let spot = Position { lat: between(a.lat, b.lat), lon: between(a.lon, b.lon) };
    (spot, a.distance(b).0 / (to - from) / KNOT, a.bearing(b).0)
}

impl fmt::Display for Craft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Craft { number, doing, mmsi, way, every, .. } = self;
        let class = if self.class_a { "A" } else { "B" };
        let (lat, lon) = (way[0].1.latitude(), way[0].1.longitude());
        write!(f, "craft {number}: {doing:?}, MMSI {}, class {class}, at {lat:.3} {lon:.3}, ", mmsi.0)?;
        write!(f, "{:.0} kn, every {every:.0} s", place_on(way, 1.0).1)
    }
}
