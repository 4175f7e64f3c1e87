//! The copies of one transmission, gathered until no more are waited for: who heard it, how strongly, how much later.

use super::clocks::ClockId;
use super::seconds::Freshness;
use rustc_hash::FxHashMap;
use sensors::message::Body;
use sensors::report::{Ais, Strength};
use sensors::{Mmsi, ReceiverId, Span, StationId, Time, sentence::Signal};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::{SmallVec, smallvec};
use std::collections::VecDeque;

/// The same bits within this time are one transmission. Source: the Danish maritime suite's 10 s.
pub(super) const WINDOW: Span = Span::from_seconds(10);

/// Transmissions that copies are waited for at once. 75 messages a second (all that one VHF site can carry) for 16
/// sites that hear nothing in common make a fifth of it.
const OPEN_MAX: usize = 65_536;

/// Receivers and stations remembered of one transmission. Ours.
const COPIES_MAX: usize = 32;

/// Whole hearings that wait for the next tick. Ours: a minute of 4,000 transmissions a second.
const WAITING_MAX: usize = 262_144;

/// Who heard one transmission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    /// Journal sequence of the first copy's line: that of its fix.
    pub sequence: u64,
    /// Journal sequence of the tick that told of it.
    pub told: u64,
    /// Event time of the first copy.
    pub time: Time,
    /// Sender as claimed.
    pub mmsi: Mmsi,
    /// One for each receiver and each of its stations, the first to arrive first.
    pub copies: SmallVec<[Copy; 1]>,
}

/// A transmission as one receiver heard it, or one station of its feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// Who heard it.
    pub receiver: ReceiverId,
    /// Which of its stations, where one is named.
    pub station: StationId,
    /// By how many milliseconds its time is later than the first copy's.
    pub after: i32,
    /// Received power, 1/10 dBm.
    pub power: Option<i16>,
    /// Level against the receiver's own full scale, 1/10 dB.
    pub level: Option<i16>,
    /// The receiver's own count of signal strength.
    pub strength: Option<u32>,
}

impl Copy {
    fn new(heard: &Heard<'_>, after: Span) -> Copy {
        let signal = heard.ais.signal.unwrap_or_default();
        let after = after.as_millis().clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        let (receiver, station) = (heard.receiver, heard.station);
        Copy { receiver, station, after, power: signal.power, level: signal.level, strength: signal.strength }
    }

    fn is_by(&self, receiver: ReceiverId, station: StationId) -> bool {
        (self.receiver, self.station) == (receiver, station)
    }

    fn tells_strength(&self) -> bool {
        self.power.is_some() || self.level.is_some() || self.strength.is_some()
    }
}

/// One line's report, as the gathering sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) sequence: u64,
    /// As the receiver's clock or the edge's had it.
    pub(super) raw: Time,
    /// The same, set right.
    pub(super) time: Time,
    pub(super) heard_at: Time,
    pub(super) receiver: ReceiverId,
    pub(super) station: StationId,
    pub(super) clock: ClockId,
    pub(super) ais: &'a Ais,
    pub(super) fresh: &'a Option<Freshness>,
}

impl Heard<'_> {
    /// Whether the same bits may be on the air again after so long.
    fn may_be_again(&self, later: Span) -> bool {
        match &self.ais.message.body {
            Body::Clock(said) => said.utc().is_none(),
            _ => self.fresh.as_ref().is_none_or(|fresh| fresh.may_be_again(later)),
        }
    }
}

/// A transmission that copies are waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    payload: u64,
    sequence: u64,
    raw: Time,
    time: Time,
    heard_at: Time,
    clock: ClockId,
    mmsi: Mmsi,
    /// Those of a [`Hearing`].
    copies: SmallVec<[Copy; 1]>,
}

/// All of them, in the order that they began.
#[derive(Debug, Clone, Default)]
pub(super) struct Gather {
    open: VecDeque<Open>,
    /// By payload, how many began before it.
    index: FxHashMap<u64, u64>,
    closed: u64,
    waiting: Vec<Hearing>,
    counts: Counts,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    closed_early: u64,
    dropped: u64,
}

impl Gather {
    /// Whether it is a copy of one that is waited for; which clock dated that one, and as what. The copy is kept.
    #[inline]
    pub(super) fn copy(&mut self, heard: &Heard<'_>) -> Option<(ClockId, Time)> {
        self.close_before(heard.heard_at);
        let at = self.index.get(&heard.ais.payload_hash)? - self.closed;
        let open = &mut self.open[at as usize];
        let near = |span: Span| span.abs() <= WINDOW;
        let later = heard.time.since(open.time);
        // One whose clock is not known yet dates it otherwise; then it counts when it arrived, unless it may be another
        // transmission of the same bits that comes late.
        let same = near(later)
            || !open.copies[0].is_by(heard.receiver, heard.station)
                && near(heard.heard_at.since(open.heard_at))
                && !heard.may_be_again(later);
        if !same {
            return None;
        }
        let known = open.copies.iter().any(|copy| copy.is_by(heard.receiver, heard.station));
        if !known && open.copies.len() < COPIES_MAX {
            open.copies.push(Copy::new(heard, later));
        }
        Some((open.clock, open.raw))
    }

    /// How strongly a receiver, or its station, received a transmission that it has brought a copy of.
    pub(super) fn received(&mut self, receiver: ReceiverId, station: StationId, strength: &Strength) {
        let Some(began) = self.index.get(&strength.payload_hash) else { return };
        let open = &mut self.open[(began - self.closed) as usize];
        if let Some(copy) = open.copies.iter_mut().find(|copy| copy.is_by(receiver, station)) {
            let Signal { power, level, strength, .. } = strength.signal;
            copy.power = copy.power.or(power);
            copy.level = copy.level.or(level);
            copy.strength = copy.strength.or(strength);
        }
    }

    /// The first copy of a transmission: others are waited for.
    #[inline]
    pub(super) fn begin(&mut self, heard: &Heard<'_>) {
        if self.open.len() >= OPEN_MAX {
            self.counts.closed_early += 1;
            self.close_first();
        }
        let payload = heard.ais.payload_hash;
        self.index.insert(payload, self.closed + self.open.len() as u64);
        self.open.push_back(Open {
            payload,
            sequence: heard.sequence,
            raw: heard.raw,
            time: heard.time,
            heard_at: heard.heard_at,
            clock: heard.clock,
            mmsi: heard.ais.message.mmsi,
            copies: smallvec![Copy::new(heard, Span::ZERO)],
        });
    }

    /// No copies are waited for any longer of what began a window before `now`, or under a clock set back since.
    pub(super) fn close_before(&mut self, now: Time) {
        while self.open.front().is_some_and(|open| now.since(open.heard_at).abs() > WINDOW) {
            self.close_first();
        }
    }

    fn close_first(&mut self) {
        let Some(open) = self.open.pop_front() else { return };
        if self.index.get(&open.payload) == Some(&self.closed) {
            self.index.remove(&open.payload);
        }
        self.closed += 1;
        let Open { sequence, time, mmsi, copies, .. } = open;
        if copies.len() == 1 && !copies[0].tells_strength() {
            return;
        }
        if self.waiting.len() >= WAITING_MAX {
            self.counts.dropped += 1;
            return;
        }
        self.waiting.push(Hearing { sequence, told: 0, time, mmsi, copies });
    }

    /// Hearings that are whole since the last call; the tick of this sequence tells of them.
    pub(super) fn take(&mut self, told: u64) -> Vec<Hearing> {
        self.waiting.iter_mut().for_each(|hearing| hearing.told = told);
        let expected = Vec::with_capacity(self.waiting.len());
        std::mem::replace(&mut self.waiting, expected)
    }

    /// Transmissions of which no more copies were waited for, or kept, for want of room.
    pub(super) fn cut(&self) -> u64 {
        self.counts.closed_early + self.counts.dropped
    }
}

/// As saved; the index follows from the rest.
#[derive(Serialize, Deserialize)]
struct Saved<O, W> {
    open: O,
    closed: u64,
    waiting: W,
    counts: Counts,
}

impl Serialize for Gather {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Gather { open, closed, waiting, counts, .. } = self;
        Saved { open, closed: *closed, waiting, counts: *counts }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Gather {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Gather, D::Error> {
        let Saved { open, closed, waiting, counts } = Saved::<VecDeque<Open>, _>::deserialize(deserializer)?;
        let index = open.iter().zip(closed..).map(|(open, began)| (open.payload, began)).collect();
        Ok(Gather { open, index, closed, waiting, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensors::message::{Message, SafetyText};

    fn at(millis: i64) -> Time {
        Time::from_millis(1_795_000_000_000 + millis)
    }

    fn ais(payload_hash: u64, signal: Option<Signal>) -> Ais {
        let message = Message {
            kind: 14,
            repeat: 0,
            mmsi: Mmsi(567_000_001),
            body: Body::SafetyText(SafetyText::default()),
        };
        Ais { message, own_ship: false, payload_hash, signal, derived: false }
    }

    fn heard(ais: &Ais, sequence: u64, receiver: u16, time: Time) -> Heard<'_> {
        let (receiver, station) = (ReceiverId(receiver), StationId::NONE);
        let clock = ClockId { receiver, ..ClockId::default() };
        Heard { sequence, raw: time, time, heard_at: time, receiver, station, clock, ais, fresh: &None }
    }

    /// First copy or not, as stage 0 asks.
    fn is_copy(gather: &mut Gather, heard: &Heard<'_>) -> bool {
        let copy = gather.copy(heard).is_some();
        if !copy {
            gather.begin(heard);
        }
        copy
    }

    #[test]
    fn one_transmission_remembers_all_who_heard_it() {
        let (mut gather, plain) = (Gather::default(), ais(7, None));
        let strong = ais(7, Some(Signal { power: Some(-870), ..Signal::default() }));
        assert!(!is_copy(&mut gather, &heard(&plain, 1, 0, at(0))));
        assert!(is_copy(&mut gather, &heard(&strong, 2, 1, at(300))));
        assert!(is_copy(&mut gather, &heard(&plain, 3, 2, at(-200))));
        assert!(is_copy(&mut gather, &heard(&strong, 4, 1, at(400))));
        gather.close_before(at(10_000));
        assert_eq!(gather.take(5), []);
        gather.close_before(at(10_001));
        let [hearing] = &gather.take(6)[..] else { panic!("one transmission") };
        let copies: Vec<_> =
            hearing.copies.iter().map(|copy| (copy.receiver.0, copy.after, copy.power)).collect();
        assert_eq!(copies, [(0, 0, None), (1, 300, Some(-870)), (2, -200, None)]);
        assert_eq!((hearing.sequence, hearing.told, hearing.mmsi), (1, 6, Mmsi(567_000_001)));
    }

    #[test]
    fn a_strength_that_is_told_later_is_that_receivers() {
        let (mut gather, sent) = (Gather::default(), ais(7, None));
        gather.begin(&heard(&sent, 1, 0, at(0)));
        assert!(is_copy(&mut gather, &heard(&sent, 2, 1, at(300))));
        let told = |payload_hash, power| Strength {
            payload_hash,
            signal: Signal { power: Some(power), ..Signal::default() },
        };
        gather.received(ReceiverId(1), StationId::NONE, &told(7, -700));
        gather.received(ReceiverId(1), StationId::NONE, &told(7, -710));
        gather.received(ReceiverId(2), StationId::NONE, &told(7, -720));
        gather.received(ReceiverId(0), StationId::NONE, &told(8, -730));
        gather.close_before(at(20_000));
        let [hearing] = &gather.take(3)[..] else { panic!("one transmission") };
        assert_eq!(hearing.copies.iter().map(|copy| copy.power).collect::<Vec<_>>(), [None, Some(-700)]);
    }

    #[test]
    fn one_transmission_remembers_every_station_of_a_feed_once() {
        let (mut gather, sent) = (Gather::default(), ais(7, None));
        let by = |sequence, station| {
            let station = StationId(station);
            let clock = ClockId { station, ..ClockId::default() };
            Heard { station, clock, ..heard(&sent, sequence, 0, at(0)) }
        };
        assert!(!is_copy(&mut gather, &by(1, 11)));
        assert!(
            [12, 11, 0, 12].into_iter().zip(2..).all(|(station, n)| is_copy(&mut gather, &by(n, station)))
        );
        gather.close_before(at(20_000));
        let [hearing] = &gather.take(9)[..] else { panic!("one transmission") };
        let stations: Vec<u64> = hearing.copies.iter().map(|copy| copy.station.0).collect();
        assert_eq!(stations, [11, 12, 0]);
    }

    #[test]
    fn one_copy_without_strength_leaves_nothing_and_one_with_it_does() {
        let mut gather = Gather::default();
        gather.begin(&heard(&ais(7, None), 1, 0, at(0)));
        gather.begin(&heard(&ais(8, Some(Signal { level: Some(-300), ..Signal::default() })), 2, 0, at(0)));
        gather.close_before(at(20_000));
        assert_eq!(gather.take(3).iter().map(|hearing| hearing.sequence).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_copy_from_a_clock_that_is_wrong_is_known_by_its_arrival() {
        let (mut gather, sent) = (Gather::default(), ais(7, None));
        assert!(!is_copy(&mut gather, &heard(&sent, 1, 0, at(0))));
        let under_way = Some(Freshness { second: Some(7), may_lie: false });
        let wrong = Heard {
            raw: at(-50_000),
            time: at(-50_000),
            heard_at: at(100),
            fresh: &under_way,
            ..heard(&sent, 2, 1, at(0))
        };
        assert_eq!(gather.copy(&wrong), Some((ClockId::default(), at(0))));
        let again = Heard { time: at(60_000), heard_at: at(200), ..heard(&sent, 3, 0, at(0)) };
        assert_eq!(gather.copy(&again), None);
        // A moored vessel's position of a minute ago, or what a ship says of itself, may be another transmission.
        let moored = Some(Freshness { second: Some(7), may_lie: true });
        for fresh in [&moored, &None] {
            let of_before = Heard { time: at(-60_000), fresh, ..wrong };
            assert_eq!(gather.copy(&of_before), None);
        }
    }

    #[test]
    fn what_is_waited_for_is_bounded_and_survives_a_restart() {
        let mut gather = Gather::default();
        for n in 0..70_000 {
            gather.begin(&heard(&ais(n, None), n, 0, at(0)));
        }
        assert_eq!((gather.open.len(), gather.cut()), (OPEN_MAX, 70_000 - OPEN_MAX as u64));
        let saved = postcard::to_stdvec(&gather).unwrap();
        let mut back: Gather = postcard::from_bytes(&saved).unwrap();
        let sent = ais(69_999, None);
        assert!(back.copy(&heard(&sent, 70_001, 1, at(5))).is_some());
        assert!(back.copy(&heard(&ais(1, None), 70_002, 1, at(5))).is_none());
    }
}
