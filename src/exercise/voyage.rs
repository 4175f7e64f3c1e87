//! The helm: works through a vessel's legs and says what to steer next.

use super::motion::{Motion, Order, Spot, turn_between, wrap};
use super::random::Random;
use super::scenario::{Beside, Go, Leg, Loiter, Stay};
use libm::{atan2, cos, sin, sqrt};
use std::sync::Arc;

/// Metres in a nautical mile.
const MILE: f64 = 1852.0;
/// Speed of a hull that nobody steers, knots.
const DRIFT: f64 = 0.4;
/// Slower than this a vessel counts as lying still for one alongside it, knots.
const LIES: f64 = 1.0;

/// A vessel's legs and how far it has come with them.
#[derive(Debug, Clone)]
pub(super) struct Voyage {
    legs: Arc<[Leg]>,
    repeat_from: Option<usize>,
    index: usize,
    /// When the present leg began, seconds; set at its first order.
    began: Option<f64>,
    /// Next way-point of a `go`.
    point: usize,
    /// Middle of the circle, for slow work.
    centre: Spot,
    /// Where slow work goes next, and when it thinks again.
    mark: Spot,
    course: f64,
    think_at: f64,
    /// Which way the stream sets, degrees.
    set: f64,
    /// Silent until then, seconds.
    pub(super) silent_until: f64,
    /// Texts to send, oldest first.
    pub(super) texts: Vec<String>,
    /// The other vessels' numbers, leg by leg.
    partners: Vec<Option<usize>>,
}

impl Voyage {
    pub(super) fn new(
        legs: Vec<Leg>,
        repeat_from: Option<usize>,
        partners: Vec<Option<usize>>,
        set: f64,
    ) -> Voyage {
        let here = Spot { lat: 0.0, lon: 0.0 };
        Voyage {
            legs: legs.into(),
            repeat_from,
            index: 0,
            began: None,
            point: 0,
            centre: here,
            mark: here,
            course: 0.0,
            think_at: 0.0,
            set,
            silent_until: f64::MIN,
            texts: Vec::new(),
            partners,
        }
    }

    /// Whose movement the next order depends on.
    pub(super) fn partner(&self) -> Option<usize> {
        self.partners.get(self.index).copied().flatten()
    }

    /// Navigational status while on this leg.
    pub(super) fn status(&self) -> u8 {
        match self.legs.get(self.index) {
            Some(Leg::Go(go)) => go.status,
            Some(Leg::Meet(beside) | Leg::Follow(beside)) => beside.status,
            Some(Leg::Anchor(stay)) => stay.status.unwrap_or(1),
            Some(Leg::Moor(stay)) => stay.status.unwrap_or(5),
            Some(Leg::Wait(stay)) => stay.status.unwrap_or(0),
            Some(Leg::Loiter(work)) => work.status.unwrap_or(0),
            Some(Leg::Fish(work)) => work.status.unwrap_or(7),
            Some(Leg::Silent(_) | Leg::Say(_)) | None => 0,
        }
    }

    /// What to steer for the next `dt` seconds from `now`; moves on to the next leg where one is done.
    pub(super) fn order(
        &mut self,
        now: f64,
        dt: f64,
        me: &Motion,
        other: Option<&Motion>,
        random: &mut Random,
    ) -> Order {
        // A file whose every leg ends at once must not hold the whole simulation up.
        let legs = Arc::clone(&self.legs);
        for _ in 0..=legs.len() {
            let Some(leg) = legs.get(self.index) else { break };
            let fresh = self.began.is_none();
            let began = *self.began.get_or_insert(now);
            if fresh {
                (self.point, self.centre, self.mark) = (0, me.spot, me.spot);
                (self.course, self.think_at) = (me.course, now);
            }
            let order = match leg {
                Leg::Go(go) => self.go(go, dt, me),
                Leg::Wait(stay) => goes_on(stay, began, now).then(|| self.drift(random)),
                Leg::Anchor(stay) => goes_on(stay, began, now).then(|| rest(me, Order::Swing)),
                Leg::Moor(stay) => goes_on(stay, began, now).then(|| rest(me, Order::Still)),
                Leg::Loiter(work) => goes_on(&span(work), began, now).then(|| self.loiter(work, me, random)),
                Leg::Fish(work) => goes_on(&span(work), began, now).then(|| self.fish(work, now, me, random)),
                Leg::Meet(beside) | Leg::Follow(beside) => self.keep_station(beside, now, dt, me, other),
                Leg::Silent(silent) => {
                    self.silent_until = now + silent.minutes * 60.0;
                    None
                }
                Leg::Say(say) => {
                    self.texts.push(say.text.clone());
                    None
                }
            };
            match order {
                Some(order) => return order,
                None => self.next(),
            }
        }
        self.drift(random)
    }

    fn next(&mut self) {
        self.index += 1;
        if self.index >= self.legs.len()
            && let Some(first) = self.repeat_from
        {
            self.index = first;
        }
        self.began = None;
    }

    fn go(&mut self, go: &Go, dt: f64, me: &Motion) -> Option<Order> {
        loop {
            let mut points = go.points().skip(self.point);
            let [lat, lon] = points.next()?;
            let after = points.next();
            let (metres, course) = me.spot.towards(Spot { lat, lon });
            let stops = after.is_none() && !self.passes_on();
            let slack = me.speed * super::motion::KNOT * dt;
            let reach = match after {
                _ if stops => 20.0 + slack,
                Some([lat2, lon2]) => {
                    let (_, then) = Spot { lat, lon }.towards(Spot { lat: lat2, lon: lon2 });
                    let half = turn_between(course, then).abs().min(150.0) / 2.0;
                    let radius = me.handling.turn_radius(me.speed);
                    (radius * libm::tan(half.to_radians())).min(3.0 * radius).max(30.0) + slack
                }
                None => 60.0 + slack,
            };
            // One that slid past a way-point on a wide turn goes on instead of circling it.
            let slid_past = turn_between(me.course, course).abs() > 90.0
                && metres < 2.0 * me.handling.turn_radius(me.speed)
                && after.is_some();
            if metres < reach || slid_past {
                self.point += 1;
                continue;
            }
            let speed =
                if stops { go.speed.min(me.handling.stopping_speed(metres).max(1.0)) } else { go.speed };
            return Some(Order::Steer { course, speed });
        }
    }

    /// Whether the leg after this one keeps the vessel moving.
    fn passes_on(&self) -> bool {
        let next = match self.repeat_from {
            Some(first) if self.index + 1 >= self.legs.len() => first,
            _ => self.index + 1,
        };
        self.legs[next.min(self.legs.len())..]
            .iter()
            .find(|leg| !matches!(leg, Leg::Silent(_) | Leg::Say(_)))
            .is_some_and(|leg| matches!(leg, Leg::Go(_) | Leg::Fish(_) | Leg::Follow(_)))
    }

    fn drift(&mut self, random: &mut Random) -> Order {
        self.set = wrap(self.set + random.normal() * 1.5);
        Order::Drift { course: self.set, speed: DRIFT }
    }

    fn loiter(&mut self, work: &Loiter, me: &Motion, random: &mut Random) -> Order {
        let (mut metres, mut course) = me.spot.towards(self.mark);
        if metres < 60.0 {
            let reach = work.radius_nm * MILE * sqrt(random.unit());
            self.mark = self.centre.along(random.between(0.0, 360.0), reach);
            (metres, course) = me.spot.towards(self.mark);
        }
        Order::Steer { course, speed: work.speed.min(0.3 + metres / 100.0) }
    }

    /// Straight tows of 15 to 45 minutes, turned back when they reach the edge of the ground.
    fn fish(&mut self, work: &Loiter, now: f64, me: &Motion, random: &mut Random) -> Order {
        let (metres, home) = me.spot.towards(self.centre);
        let outside = metres > work.radius_nm * MILE;
        if outside && turn_between(self.course, home).abs() > 60.0 {
            self.course = wrap(home + random.between(-50.0, 50.0));
            self.think_at = now + random.between(900.0, 2700.0);
        } else if now >= self.think_at {
            self.course = wrap(self.course + random.between(-70.0, 70.0));
            self.think_at = now + random.between(900.0, 2700.0);
        }
        Order::Steer { course: self.course, speed: work.speed }
    }

    /// Steers for the place beside the other one, and with it once there.
    fn keep_station(
        &mut self,
        beside: &Beside,
        now: f64,
        dt: f64,
        me: &Motion,
        other: Option<&Motion>,
    ) -> Option<Order> {
        let Some(other) = other else {
            return Some(Order::Steer { course: me.course, speed: me.speed });
        };
        let place = other.spot.along(other.heading + beside.bearing, beside.distance_m);
        let (metres, bearing) = me.spot.towards(place);
        if self.think_at > f64::MIN && metres < beside.distance_m * 0.5 + 30.0 {
            // There: from now on the minutes count.
            (self.began, self.think_at) = (Some(now), f64::MIN);
        }
        let there = self.think_at == f64::MIN;
        if there
            && let (Some(began), Some(minutes)) = (self.began, beside.minutes)
            && now >= began + minutes * 60.0
        {
            return None;
        }
        // Beside one that lies still it lies too, and does not chase the turning of the other's bow.
        if there && other.speed < LIES && me.speed < LIES && metres < beside.distance_m + 30.0 {
            return Some(Order::Drift { course: other.course, speed: other.speed });
        }
        // Closing speed falls with the distance; the last metres are taken over half a minute, and no faster
        // than the hull can turn within them: else it would circle.
        let closing = (metres / super::motion::KNOT / 30.0_f64.max(2.0 * dt))
            .min(me.handling.stopping_speed(metres))
            .min(if there { me.handling.turning_speed(metres / 2.0) } else { f64::MAX })
            .min(beside.speed);
        let (north, east) = (
            other.speed * cos(other.course.to_radians()) + closing * cos(bearing.to_radians()),
            other.speed * sin(other.course.to_radians()) + closing * sin(bearing.to_radians()),
        );
        let speed = sqrt(north * north + east * east).min(beside.speed.max(other.speed * 1.1));
        if speed < 0.3 {
            return Some(Order::Drift { course: other.course, speed: other.speed });
        }
        Some(Order::Steer { course: wrap(atan2(east, north).to_degrees()), speed })
    }
}

/// Takes the way off before lying still.
fn rest(me: &Motion, order: Order) -> Order {
    if me.speed > 0.35 { Order::Steer { course: me.course, speed: 0.0 } } else { order }
}

fn span(work: &Loiter) -> Stay {
    Stay { minutes: work.minutes, until: work.until, status: None }
}

fn goes_on(stay: &Stay, began: f64, now: f64) -> bool {
    stay.minutes.is_none_or(|m| now < began + m * 60.0) && stay.until.is_none_or(|m| now < m * 60.0)
}
