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

/// A second beside those that hold most is among them where it holds at least this share, in hundredths, and more than
/// one report: stations that stamp every ten seconds lag by more. Ours: reports that relays send on at any time make
/// half of it at most.
const SPREAD: u32 = 1;

/// The share, in quarters, of a receiver's reports that must lie together; else its times are not those of the
/// transmissions (a feed that is asked once a minute, a recording without times). Ours.
const TOGETHER: u32 = 3;

/// By how many whole seconds reports came after the second that they name, modulo a minute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Seconds {
    lags: Vec<u16>,
    all: u32,
    /// Where most lie together.
    most: Option<Most>,
    /// Reports until the middle is looked for again.
    look_in: u16,
}

impl Default for Seconds {
    fn default() -> Self {
        Seconds { lags: vec![0; 60], all: 0, most: None, look_in: 0 }
    }
}

/// Most lags.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Most {
    /// Their median.
    middle: i8,
    /// How many seconds before and after it they reach, at least [`SLACK`].
    reach: (u8, u8),
}

/// How a report's own second lies against those of its clock's others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Too little is known, or times are not those of the transmissions.
    Unknown,
    /// As most do.
    Usual,
    /// It lags by so many seconds more than a fresh report can.
    Odd(i64),
}

/// The lag of a report that came at `raw` and names this second: -30 to 29.
pub(super) fn lag(raw: Time, second: u8) -> i64 {
    folded(raw.as_millis().div_euclid(1000) - i64::from(second))
}

fn folded(seconds: i64) -> i64 {
    (seconds + 30).rem_euclid(60) - 30
}

impl Seconds {
    /// Takes a report's lag, and holds it against the others.
    pub(super) fn fit(&mut self, lag: i64) -> Fit {
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
        let Some(Most { middle, reach: (before, after) }) = self.most else { return Fit::Unknown };
        let from_middle = folded(lag - i64::from(middle));
        let usual = -i64::from(before)..=i64::from(after);
        if usual.contains(&from_middle) { Fit::Usual } else { Fit::Odd(from_middle) }
    }

    /// What must be added to the receiver's times, in seconds and within half a minute, where that can be told.
    pub(super) fn offset(&self) -> Option<i64> {
        self.most.map(|most| -i64::from(most.middle))
    }

    /// The clock was stepped: what was learned is of another one.
    pub(super) fn forget(&mut self) {
        *self = Seconds::default();
    }

    /// Finds the eleven seconds that hold most, the median among them, and how far beyond they reach.
    fn look(&mut self) {
        self.most = None;
        if self.all < REPORTS_MIN {
            return;
        }
        let at = |lag: i64| u32::from(self.lags[lag.rem_euclid(60) as usize]);
        let around = |middle: i64| middle - SLACK..=middle + SLACK;
        let held = |middle: i64| around(middle).map(at).sum::<u32>();
        let best = (-30..30).max_by_key(|&middle| (held(middle), -middle)).expect("not empty");
        let most = held(best);
        if most * 4 < self.all * TOGETHER {
            return;
        }
        let mut below = 0;
        let middle = around(best).find(|&lag| {
            below += at(lag);
            2 * below >= most
        });
        let Some(middle) = middle else { return };
        let holds = |lag: i64| at(lag) > 1 && at(lag) * 100 >= self.all * SPREAD;
        // Half a minute at most: what lags by more lags by less than nothing.
        let reach = |way: i64| (SLACK..29).find(|&far| !holds(middle + way * (far + 1))).unwrap_or(29) as u8;
        self.most = Some(Most { middle: folded(middle) as i8, reach: (reach(-1), reach(1)) });
    }
}

/// What of a message says how fresh its position is.
#[derive(Debug, Clone, Copy)]
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
    /// A report that is odd by so much against most of those of its clock; whether it is the vessel's way.
    pub(super) fn is_its_way(&mut self, mmsi: Mmsi, odd_by: i64) -> bool {
        const TIMES: u8 = 3;
        if self.places.is_empty() {
            self.places = vec![(Mmsi(u32::MAX), 0, 0); ODD_MAX];
        }
        let place = &mut self.places[place_of(mmsi)];
        let again = place.0 == mmsi && folded(odd_by - i64::from(place.1)).abs() <= 2;
        *place = (mmsi, odd_by as i8, if again { (place.2 + 1).min(TIMES) } else { 1 });
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
            assert!(!matches!(seconds.fit(20 + n % 3), Fit::Odd(_)));
        }
        assert_eq!(seconds.offset(), Some(-21));
        let fits = [26, 27, -10, 15].map(|lag| seconds.fit(lag));
        assert_eq!(fits, [Fit::Usual, Fit::Odd(6), Fit::Odd(29), Fit::Odd(-6)]);
    }

    #[test]
    fn a_station_that_stamps_every_ten_seconds_is_judged_by_how_far_its_own_reports_lag() {
        let mut seconds = Seconds::default();
        // Most within five seconds, a tail up to fifteen, and two of a hundred sent on later by a relay.
        for n in 0..300 {
            let lag = match n % 100 {
                0 => 25,
                1 => -20,
                n if n < 60 => n % 6,
                n => n % 16,
            };
            seconds.fit(lag);
        }
        let fits = [0, 9, 14, 15].map(|lag| seconds.fit(lag));
        assert!(fits.iter().all(|fit| *fit == Fit::Usual), "{fits:?}");
        let fits = [17, 25, -20, -6].map(|lag| seconds.fit(lag));
        assert!(fits.iter().all(|fit| matches!(fit, Fit::Odd(_))), "{fits:?}");
    }

    #[test]
    fn times_that_are_not_those_of_the_transmissions_prove_nothing() {
        let mut seconds = Seconds::default();
        assert!((0..10_000).all(|n| seconds.fit(n * 7 % 60 - 30) == Fit::Unknown));
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
