//! How a receiver's times lie against the UTC seconds that position reports carry.

use sensors::message::Body;
use sensors::{Mmsi, Span, Time};
use serde::{Deserialize, Serialize};

/// A position whose own second differs by more is older than its transmission. Definition 6.0.
const SLACK: i64 = 5;

/// Reports before a receiver's seconds are judged. Ours: twice the pairs that a clock is learned from.
const REPORTS_MIN: u32 = 40;

/// Beyond this many, all are counted half, so that old ones fade. Ours.
const REPORTS_MAX: u32 = 512;

/// The share, in quarters, of a receiver's reports that must lie together; else its times are not those of the
/// transmissions (a feed that is asked once a minute, a recording without times). Ours.
const TOGETHER: u32 = 3;

/// By how many whole seconds reports came after the second that they name, modulo a minute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Seconds {
    lags: Vec<u16>,
    all: u32,
    /// The middle of most lags, where most lie together.
    middle: Option<i8>,
    /// Reports until the middle is looked for again.
    look_in: u16,
}

impl Default for Seconds {
    fn default() -> Self {
        Seconds { lags: vec![0; 60], all: 0, middle: None, look_in: 0 }
    }
}

/// The lag of a report that came at `raw` and names this second: -30 to 29.
pub(super) fn lag(raw: Time, second: u8) -> i64 {
    folded(raw.as_millis().div_euclid(1000) - i64::from(second))
}

fn folded(seconds: i64) -> i64 {
    (seconds + 30).rem_euclid(60) - 30
}

impl Seconds {
    /// Takes a report's lag; whether it is further from the middle than a fresh report can be.
    pub(super) fn is_odd(&mut self, lag: i64) -> bool {
        self.lags[lag.rem_euclid(60) as usize] += 1;
        self.all += 1;
        if self.all >= REPORTS_MAX {
            self.lags.iter_mut().for_each(|n| *n /= 2);
            self.all = self.lags.iter().map(|&n| u32::from(n)).sum();
        }
        self.look_in = match self.look_in {
            0 => {
                self.look();
                15
            }
            n => n - 1,
        };
        self.middle.is_some_and(|middle| folded(lag - i64::from(middle)).abs() > SLACK)
    }

    /// What must be added to the receiver's times, in seconds and within half a minute, where that can be told.
    pub(super) fn offset(&self) -> Option<i64> {
        self.middle.map(|middle| -i64::from(middle))
    }

    /// The clock was stepped: what was learned is of another one.
    pub(super) fn forget(&mut self) {
        *self = Seconds::default();
    }

    /// Finds the eleven seconds that hold most, and the median among them.
    fn look(&mut self) {
        self.middle = None;
        if self.all < REPORTS_MIN {
            return;
        }
        let around =
            |middle: i64| (middle - SLACK..=middle + SLACK).map(|lag| self.lags[lag.rem_euclid(60) as usize]);
        let held = |middle: i64| around(middle).map(u32::from).sum::<u32>();
        let best = (-30..30).max_by_key(|&middle| (held(middle), -middle)).expect("not empty");
        let most = held(best);
        if most * 4 < self.all * TOGETHER {
            return;
        }
        let mut below = 0;
        for (lag, n) in (best - SLACK..).zip(around(best)) {
            below += u32::from(n);
            if 2 * below >= most {
                self.middle = Some(folded(lag) as i8);
                return;
            }
        }
    }
}

/// What of a message says how fresh its position is.
pub(super) struct Freshness {
    /// The UTC second of the position, 0-59.
    pub(super) second: Option<u8>,
    /// Whether it tells of so little speed that the same bits may be sent again.
    pub(super) may_lie: bool,
}

impl Freshness {
    /// Whether the same bits may be on the air again after so long: a moored vessel's are, a whole number of minutes
    /// later, when the second comes round; without a second they are at any time.
    pub(super) fn may_be_again(&self, later: Span) -> bool {
        let beyond = later.as_millis().rem_euclid(60_000);
        let slack = SLACK * 1000;
        self.may_lie && (self.second.is_none() || beyond <= slack || beyond >= 60_000 - slack)
    }
}

/// Of a position report; `None` of other messages, the same bits of which are sent again and again.
pub(super) fn freshness(body: &Body) -> Option<Freshness> {
    /// 1/10 knot. Ours: a moored vessel's position wanders so fast.
    const LYING: u16 = 10;
    let (second, speed) = match body {
        Body::PositionA(position) => (position.second, position.speed),
        Body::PositionB(position) => (position.second, position.speed),
        Body::PositionBExtended(position) => (position.second, position.speed),
        Body::SarAircraft(position) => {
            (position.second, position.speed.map(|knots| knots.saturating_mul(10)))
        }
        Body::AidToNavigation(aid) => (aid.second, None),
        _ => return None,
    };
    Some(Freshness { second, may_lie: speed.is_none_or(|speed| speed < LYING) })
}

/// Vessels whose own second is wrong, so that they are not lost: a second that is wrong by the same three times is
/// how that vessel's clock runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct OddVessels {
    /// One place for each hash of an MMSI; a newer vessel takes an older one's.
    places: Vec<(Mmsi, i8, u8)>,
}

/// Vessels remembered at most. Ours.
pub(super) const ODD_MAX: usize = 4096;

impl OddVessels {
    /// A report that is odd by this lag; whether it is the vessel's way.
    pub(super) fn is_its_way(&mut self, mmsi: Mmsi, lag: i64) -> bool {
        const TIMES: u8 = 3;
        if self.places.is_empty() {
            self.places = vec![(Mmsi(u32::MAX), 0, 0); ODD_MAX];
        }
        let place = &mut self.places[place_of(mmsi)];
        let again = place.0 == mmsi && folded(lag - i64::from(place.1)).abs() <= 2;
        *place = (mmsi, lag as i8, if again { (place.2 + 1).min(TIMES) } else { 1 });
        place.2 == TIMES
    }

    /// A report that is not odd: what came before was not the vessel's way.
    pub(super) fn in_time(&mut self, mmsi: Mmsi) {
        if let Some(place) = self.places.get_mut(place_of(mmsi)).filter(|place| place.0 == mmsi) {
            place.2 = 0;
        }
    }
}

fn place_of(mmsi: Mmsi) -> usize {
    (mmsi.0.wrapping_mul(0x9e37_79b9) >> 20) as usize % ODD_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_fold_at_half_a_minute() {
        let at = |seconds: i64| Time::from_seconds(1_795_000_020 + seconds);
        assert_eq!((lag(at(1), 59), lag(at(59), 1), lag(at(7), 7)), (2, -2, 0));
    }

    #[test]
    fn a_report_seconds_older_than_the_others_is_odd() {
        let mut seconds = Seconds::default();
        for n in 0..100 {
            assert!(!seconds.is_odd(20 + n % 3));
        }
        assert_eq!(seconds.offset(), Some(-21));
        assert!(!seconds.is_odd(26));
        assert!(seconds.is_odd(27) && seconds.is_odd(-10) && seconds.is_odd(15));
    }

    #[test]
    fn times_that_are_not_those_of_the_transmissions_prove_nothing() {
        let mut seconds = Seconds::default();
        assert!((0..10_000).all(|n| !seconds.is_odd(n * 7 % 60 - 30)));
        assert_eq!(seconds.offset(), None);
    }

    #[test]
    fn a_vessel_whose_own_second_is_always_wrong_is_not_lost() {
        let mut odd = OddVessels::default();
        let vessel = Mmsi(567_000_001);
        let told: Vec<bool> = (0..4).map(|n| odd.is_its_way(vessel, 20 + n % 2)).collect();
        assert_eq!(told, [false, false, true, true]);
        odd.in_time(vessel);
        assert!(!odd.is_its_way(vessel, 20));
    }
}
