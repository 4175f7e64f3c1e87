//! How a hull moves: where it is, how fast it can turn and gather way, and how it lies to an anchor.

use super::random::Random;
use libm::{atan2, cos, fmod, sin, sqrt};

/// Metres in one degree of latitude on the mean sphere of `geo`.
const METRES_PER_DEGREE: f64 = 111_194.926_6;
/// Metres a second in one knot.
pub(super) const KNOT: f64 = 1852.0 / 3600.0;
/// Longest step of the simulation in seconds; turns stay smooth at it.
const STEP: f64 = 5.0;

/// Where something is, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub(super) lat: f64,
    pub(super) lon: f64,
}

impl Spot {
    /// Metres north and east to `other`, on the plane that touches here: within 0.1 % over 20 miles.
    pub(super) fn offset_to(self, other: Spot) -> (f64, f64) {
        let middle = (self.lat + other.lat) / 2.0;
        let north = (other.lat - self.lat) * METRES_PER_DEGREE;
        let east = (other.lon - self.lon) * METRES_PER_DEGREE * cos(middle.to_radians());
        (north, east)
    }

    /// Metres and degrees to `other`.
    pub(super) fn towards(self, other: Spot) -> (f64, f64) {
        let (north, east) = self.offset_to(other);
        (sqrt(north * north + east * east), wrap(atan2(east, north).to_degrees()))
    }

    /// The spot this many metres north and east of here.
    pub(super) fn shifted(self, north: f64, east: f64) -> Spot {
        let lat = self.lat + north / METRES_PER_DEGREE;
        let middle = (self.lat + lat) / 2.0;
        Spot { lat, lon: self.lon + east / (METRES_PER_DEGREE * cos(middle.to_radians())) }
    }

    /// The spot `metres` away in a direction.
    pub(super) fn along(self, degrees: f64, metres: f64) -> Spot {
        let angle = degrees.to_radians();
        self.shifted(metres * cos(angle), metres * sin(angle))
    }
}

/// Brings degrees into `[0, 360)`.
pub(super) fn wrap(degrees: f64) -> f64 {
    if (0.0..360.0).contains(&degrees) {
        return degrees;
    }
    let d = fmod(degrees, 360.0);
    // A tiny negative angle would round to 360 itself.
    if d < 0.0 { if d > -1e-9 { 0.0 } else { d + 360.0 } } else { d }
}

/// The signed turn from one direction to another, `-180..=180`.
pub(super) fn turn_between(from: f64, to: f64) -> f64 {
    let d = wrap(to - from);
    if d > 180.0 { d - 360.0 } else { d }
}

/// What a hull can do. Ours, after the manoeuvring tables ships post on their bridges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handling {
    /// Change of speed, knots a second.
    pub(super) acceleration: f64,
    /// Fastest turn, degrees a minute.
    pub(super) turn_max: f64,
}

impl Handling {
    /// By length overall in metres.
    pub(super) fn of_length(metres: f64) -> Handling {
        let (acceleration, turn_max) = match metres {
            m if m < 25.0 => (0.4, 240.0),
            m if m < 60.0 => (0.08, 60.0),
            m if m < 120.0 => (0.03, 30.0),
            _ => (0.02, 20.0),
        };
        Handling { acceleration, turn_max }
    }

    /// An aircraft's.
    pub(super) const AIRCRAFT: Handling = Handling { acceleration: 1.0, turn_max: 180.0 };

    /// Radius of a turn in metres at a speed.
    pub(super) fn turn_radius(self, knots: f64) -> f64 {
        knots * KNOT * 60.0 / self.turn_max.to_radians()
    }

    /// The speed at which it turns within `radius` metres, in knots.
    pub(super) fn turning_speed(self, radius: f64) -> f64 {
        radius * self.turn_max.to_radians() / 60.0 / KNOT
    }

    /// The speed from which it can stop within `metres`, in knots.
    pub(super) fn stopping_speed(self, metres: f64) -> f64 {
        sqrt(2.0 * self.acceleration * metres / KNOT) * 0.8
    }
}

/// What the helm asks for next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    /// Make good a course (degrees) at a speed (knots).
    Steer { course: f64, speed: f64 },
    /// Drift: moves like `Steer`, and lies across the way it moves.
    Drift { course: f64, speed: f64 },
    /// Lie to an anchor.
    Swing,
    /// Be made fast.
    Still,
}

/// Where the anchor holds and how the hull swings about it.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    spot: Spot,
    scope: f64,
    bearing: f64,
    phase: f64,
    since: f64,
}

/// Where a vessel is and how it moves, at one moment.
#[derive(Debug, Clone)]
pub(super) struct Motion {
    pub(super) spot: Spot,
    /// Course made good, degrees.
    pub(super) course: f64,
    /// Speed over ground, knots.
    pub(super) speed: f64,
    /// Rate of turn, degrees a minute.
    pub(super) turn: f64,
    /// True heading, degrees.
    pub(super) heading: f64,
    pub(super) handling: Handling,
    yaw: f64,
    anchor: Option<Anchor>,
}

impl Motion {
    pub(super) fn new(spot: Spot, course: f64, speed: f64, handling: Handling) -> Motion {
        Motion { spot, course, speed, turn: 0.0, heading: course, handling, yaw: 0.0, anchor: None }
    }

    /// Where it will be `seconds` from now when it holds course and speed.
    pub(super) fn ahead(&self, seconds: f64) -> Motion {
        let mut later = self.clone();
        if self.anchor.is_none() {
            later.spot = self.spot.along(self.course, self.speed * KNOT * seconds);
        }
        later
    }

    /// How long the next step may be, in seconds.
    pub(super) fn step(left: f64) -> f64 {
        left.min(STEP)
    }

    /// Moves on by `dt` seconds (at most [`Motion::step`]); `now` is seconds since the start.
    pub(super) fn advance(&mut self, now: f64, dt: f64, order: Order, random: &mut Random) {
        let (course, speed, across) = match order {
            Order::Swing => return self.swing(now, random),
            Order::Still => {
                (self.speed, self.turn, self.anchor) = (0.0, 0.0, None);
                return;
            }
            Order::Steer { course, speed } => (course, speed, 0.0),
            Order::Drift { course, speed } => (course, speed, 75.0),
        };
        self.anchor = None;
        self.yaw += (random.normal() * 0.5 - self.yaw) * (dt / 60.0);
        let limits = self.handling;
        let change = (speed - self.speed).clamp(-limits.acceleration * dt, limits.acceleration * dt);
        let mean_speed = self.speed + change / 2.0;
        self.speed = (self.speed + change).max(0.0);
        // A big hull eases into a turn over half a minute, a small one over a few seconds.
        let ease = (600.0 / limits.turn_max).clamp(10.0, 30.0);
        let wanted = turn_between(self.course, course + self.yaw) * 60.0 / ease;
        let ramp = limits.turn_max / 10.0 * dt;
        self.turn = wanted.clamp(self.turn - ramp, self.turn + ramp).clamp(-limits.turn_max, limits.turn_max);
        let swept = self.turn * dt / 60.0;
        self.spot = self.spot.along(self.course + swept / 2.0, mean_speed * KNOT * dt);
        self.course = wrap(self.course + swept);
        let lies = turn_between(self.heading, self.course + across);
        let heading_max = limits.turn_max.max(30.0) * dt / 60.0;
        self.heading = if across == 0.0 && lies.abs() < heading_max * 2.0 {
            self.course
        } else {
            wrap(self.heading + lies.clamp(-heading_max, heading_max) * 0.5)
        };
    }

    /// Lies to the anchor: the bow points at it, and wind and stream swing the hull slowly.
    fn swing(&mut self, now: f64, random: &mut Random) {
        let before = self.spot;
        let anchor = match self.anchor {
            Some(anchor) => anchor,
            None => {
                let scope = random.between(60.0, 120.0);
                let anchor = Anchor {
                    spot: self.spot.along(self.heading, scope),
                    scope,
                    bearing: self.heading + 180.0,
                    phase: random.between(2400.0, 4800.0),
                    since: now,
                };
                self.anchor = Some(anchor);
                anchor
            }
        };
        let age = now - anchor.since;
        let angle =
            anchor.bearing + 25.0 * sin(age / anchor.phase * std::f64::consts::TAU) + 6.0 * sin(age / 170.0);
        self.spot = anchor.spot.along(angle, anchor.scope);
        self.heading = wrap(angle + 180.0);
        let (_, course) = before.towards(self.spot);
        if self.spot != before {
            self.course = course;
        }
        self.speed = 0.1;
        self.turn = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ship_turns_and_stops_within_its_limits() {
        let mut random = Random::new(1, 1);
        let mut ship = Motion::new(Spot { lat: 10.0, lon: 103.0 }, 0.0, 14.0, Handling::of_length(180.0));
        for i in 0..400 {
            let (before, now) = (ship.clone(), f64::from(i) * 5.0);
            ship.advance(now, 5.0, Order::Steer { course: 120.0, speed: 4.0 }, &mut random);
            assert!(turn_between(before.course, ship.course).abs() <= 20.0 * 5.0 / 60.0 + 1e-9);
            assert!((before.speed - ship.speed).abs() <= 0.1 + 1e-9);
            let (metres, _) = before.spot.towards(ship.spot);
            assert!(metres <= before.speed * KNOT * 5.0 + 0.1);
        }
        assert!(turn_between(ship.course, 120.0).abs() < 3.0 && (ship.speed - 4.0).abs() < 0.01);
    }

    #[test]
    fn an_anchored_ship_stays_by_its_anchor() {
        let mut random = Random::new(1, 1);
        let mut ship = Motion::new(Spot { lat: 10.0, lon: 103.0 }, 45.0, 0.0, Handling::of_length(180.0));
        let start = ship.spot;
        for i in 0..5000 {
            let before = ship.spot;
            ship.advance(f64::from(i) * 5.0, 5.0, Order::Swing, &mut random);
            assert!(before.towards(ship.spot).0 < 2.5 && start.towards(ship.spot).0 < 250.0);
        }
    }
}
