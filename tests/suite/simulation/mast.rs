//! Whoever listens: what a receiver hears, how it writes it down, and what is wrong with it and its link.

use super::craft::Sent;
use super::plan::{Flood, Plan, cut};
use crate::sea::{Chance, Heard};
use sensors::message::{Body, Message, Place, PositionA, to_sentences};
use sensors::sentence::tag_block;
use sensors::{Mmsi, ReceiverId, Span, Time};
use std::fmt;
use watchkeeper::geo::{NAUTICAL_MILE, Position};

/// How a receiver stamps its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    None,
    Seconds,
    Millis,
}

/// What a receiver's clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Right,
    Off {
        seconds: i64,
    },
    Drift {
        ppm: i64,
    },
    /// Set by so much in this minute.
    Step {
        minute: i64,
        seconds: i64,
    },
    /// The GPS week begins anew in this minute.
    Rollover {
        minute: i64,
    },
    /// Begins in 1970 in this minute.
    Restarted {
        minute: i64,
    },
}

impl Clock {
    /// The word for what is wrong with it.
    pub(super) fn fault(self) -> Option<&'static str> {
        match self {
            Clock::Right => None,
            Clock::Off { seconds } if seconds.abs() <= 30 => Some("slightly_off"),
            Clock::Off { .. } => Some("far_off"),
            Clock::Drift { .. } => Some("drift"),
            Clock::Step { .. } => Some("step"),
            Clock::Rollover { .. } => Some("rollover"),
            Clock::Restarted { .. } => Some("restarted"),
        }
    }

    /// What it says at `at`.
    fn says(self, start: Time, at: Time) -> Time {
        let since = |minute| at.since(start + Span::from_minutes(minute));
        match self {
            Clock::Off { seconds } => at + Span::from_seconds(seconds),
            Clock::Drift { ppm } => at + Span::from_millis(since(0).as_millis() * ppm / 1_000_000),
            Clock::Step { minute, seconds } if since(minute) >= Span::ZERO => {
                at + Span::from_seconds(seconds)
            }
            Clock::Rollover { minute } if since(minute) >= Span::ZERO => at - Span::from_hours(1024 * 7 * 24),
            Clock::Restarted { minute } if since(minute) >= Span::ZERO => {
                Time::from_millis(since(minute).as_millis())
            }
            _ => at,
        }
    }
}

/// A stretch of minutes without a link; what was heard meanwhile comes late, or never.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) late: bool,
}

/// One receiver. Shares are of lines, 0 to 1.
#[derive(Debug, Clone)]
pub(super) struct Mast {
    pub(super) number: usize,
    /// The receiver that brings its lines: its own, or the feed of another mast whose station it then is.
    pub(super) receiver: usize,
    /// One of several stations of a feed: its lines name it, with a stamp or without.
    pub(super) of_feed: bool,
    pub(super) clock: Clock,
    pub(super) stamp: Stamp,
    spot: Position,
    range_miles: f64,
    /// Multi-part messages have their group in the TAG block.
    groups: bool,
    loss: f64,
    twice: f64,
    damaged: f64,
    /// The second part comes among other lines.
    split: f64,
    /// Sent on once more, minutes later, as if just heard.
    again: f64,
    /// Lines overtake each other by at most this long.
    jitter_ms: usize,
    cut: Option<Cut>,
    seed: u64,
}

/// A line in the journal's order, and what is true of it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) heard: Heard,
    /// Who sent it; none for noise and floods.
    pub(super) craft: Option<usize>,
    /// The last line of a call for help that came whole and in order.
    pub(super) completes_call: Option<Mmsi>,
    order: Time,
}

impl Mast {
    pub(super) fn new(
        seed: u64,
        number: usize,
        spot: Position,
        range_miles: f64,
        minutes: i64,
        chance: &mut Chance,
    ) -> Mast {
        let mut some = |share: f64, most: f64| if chance.share(share) { most * chance.unit() } else { 0.0 };
        let (little, much) = (some(0.6, 0.4), some(0.15, 0.95));
        let (loss, twice, damaged) = (little.max(much), some(0.3, 0.2), some(0.4, 0.1));
        let (split, again) = (some(0.3, 0.5), some(0.2, 0.05));
        Mast {
            number,
            receiver: number,
            of_feed: false,
            clock: Clock::Right,
            stamp: [Stamp::None, Stamp::Seconds, Stamp::Seconds, Stamp::Millis][chance.below(4)],
            spot,
            range_miles,
            groups: chance.share(0.4),
            loss,
            twice,
            damaged,
            split,
            again,
            jitter_ms: if chance.share(0.3) { 1 + chance.below(3000) } else { 0 },
            cut: chance.share(0.25).then(|| cut(chance, minutes)),
            seed,
        }
    }

    /// Whether lines come late that tell no time of their own.
    pub(super) fn is_backlogged(&self) -> bool {
        self.stamp == Stamp::None && self.cut.is_some_and(|cut| cut.late)
    }

    /// The same mast with nothing wrong.
    pub(super) fn without_faults(&self) -> Mast {
        Mast {
            clock: Clock::Right,
            cut: None,
            loss: 0.0,
            twice: 0.0,
            damaged: 0.0,
            split: 0.0,
            again: 0.0,
            jitter_ms: 0,
            ..self.clone()
        }
    }

    /// The same mast with one fault less, each in turn.
    pub(super) fn milder(&self) -> Vec<Mast> {
        let mut masts = Vec::new();
        let mut offer = |is_there: bool, change: &dyn Fn(&mut Mast)| {
            if is_there {
                let mut mast = self.clone();
                change(&mut mast);
                masts.push(mast);
            }
        };
        offer(self.clock != Clock::Right, &|mast| mast.clock = Clock::Right);
        offer(self.cut.is_some(), &|mast| mast.cut = None);
        offer(self.loss > 0.0, &|mast| mast.loss = 0.0);
        offer(self.twice > 0.0, &|mast| mast.twice = 0.0);
        offer(self.damaged > 0.0, &|mast| mast.damaged = 0.0);
        offer(self.split > 0.0, &|mast| mast.split = 0.0);
        offer(self.again > 0.0, &|mast| mast.again = 0.0);
        offer(self.jitter_ms > 0, &|mast| mast.jitter_ms = 0);
        offer(self.groups, &|mast| mast.groups = false);
        masts
    }

    /// The lines that come of what was on the air.
    fn hear(&self, plan: &Plan, air: &[Sent], out: &mut Vec<Line>) {
        let mut pen = Pen {
            mast: self,
            plan,
            random: Chance::stream(self.seed, 3000 + self.number as u64),
            id: 0,
            out,
        };
        let flood = plan.flood.filter(|_| self.number == 0);
        for sent in air {
            // Drawn for each, heard or not, so that a fault more or less changes no other line.
            let mut own = Chance::stream(pen.random.below(1 << 30) as u64, sent.at.as_millis() as u64);
            let lost = own.share(self.loss);
            if lost || self.spot.distance(sent.spot).0 > self.range_miles * NAUTICAL_MILE {
                continue;
            }
            pen.write(sent.at, sent.at, &sent.message, Some(sent.craft), sent.calls, &mut own);
            if own.share(self.again) {
                let most = [600, 7200][own.below(2)];
                let later = sent.at + Span::from_seconds(20 + own.below(most) as i64);
                pen.write(later, later, &sent.message, Some(sent.craft), sent.calls, &mut own);
            }
        }
        if let Some(Flood { minute, messages }) = flood {
            let mut own = Chance::stream(self.seed, 4000);
            for n in 0..messages {
                let at = plan.start + Span::from_minutes(minute) + Span::from_millis(n as i64 * 40);
                let spot = (8.0 + 4.0 * own.unit(), 100.0 + 4.0 * own.unit());
                let spot = Position::from_degrees(spot.0, spot.1).expect("on earth");
                let place = Some(Place { lat: spot.lat, lon: spot.lon, accurate: false });
                // Ships' numbers: 970 and its like would be calls for help.
                let mmsi = Mmsi(200_000_000 + own.below(500_000_000) as u32);
                let body = Body::PositionA(PositionA { place, speed: Some(120), ..PositionA::default() });
                let message = Message { kind: 1, repeat: 0, mmsi, body };
                pen.write(at, at, &message, None, false, &mut own);
            }
        }
    }
}

/// What a mast writes with.
struct Pen<'a> {
    mast: &'a Mast,
    plan: &'a Plan,
    random: Chance,
    /// Of the next message in several parts.
    id: u8,
    out: &'a mut Vec<Line>,
}

impl Pen<'_> {
    /// Writes a message down as heard at `at`.
    fn write(
        &mut self,
        at: Time,
        stamped: Time,
        message: &Message,
        craft: Option<usize>,
        calls: bool,
        own: &mut Chance,
    ) {
        let mast = self.mast;
        let sentences = to_sentences(message, "AI", if own.share(0.5) { 'A' } else { 'B' }, self.id);
        let parts = sentences.len();
        self.id = (self.id + u8::from(parts > 1)) % 10;
        // Two stations of one feed never count alike: a group that two have open is nobody's.
        let group = mast.number * 10_000 + own.below(10_000);
        let stamp = mast.clock.says(self.plan.start, stamped);
        let split = parts > 1 && own.share(mast.split);
        // What comes whole and at once can only be joined rightly; what is torn apart may be refused.
        let mut whole = !split && (parts == 1 || mast.jitter_ms == 0);
        let jitter = own.below(mast.jitter_ms + 1) as i64;
        for (part, sentence) in (1..).zip(sentences) {
            let delay = if split { (part as i64 - 1) * (200 + own.below(1500) as i64) } else { 0 };
            let mut text = self.tag(stamp, (part, parts), group) + &sentence;
            let mut craft = craft;
            if own.share(mast.damaged) {
                text = damage(&text, own);
                (whole, craft) = (false, None);
            }
            let copies = 1 + usize::from(own.share(mast.twice));
            whole &= copies == 1 || parts == 1;
            for _ in 0..copies {
                let Some(arrived) = self.arrival(at + Span::from_millis(delay + jitter)) else { continue };
                let completes = calls && whole && part == parts;
                let receiver = ReceiverId(mast.receiver as u16);
                self.out.push(Line {
                    heard: Heard { receiver, at: arrived, text: text.clone().into_bytes() },
                    craft,
                    completes_call: completes.then_some(message.mmsi),
                    order: arrived,
                });
            }
        }
    }

    fn tag(&self, stamp: Time, (part, parts): (usize, usize), group: usize) -> String {
        let grouped = parts > 1 && self.mast.groups;
        let ms = stamp.as_millis();
        let own = match self.mast.stamp {
            Stamp::None if !self.mast.of_feed => return String::new(),
            Stamp::None => format!("s:MAST{}", self.mast.number),
            Stamp::Seconds => format!("s:MAST{},c:{}", self.mast.number, ms.div_euclid(1000)),
            Stamp::Millis => format!("s:MAST{},c:{ms}", self.mast.number),
        };
        let text = match (grouped, part) {
            (true, 1) => format!("g:{part}-{parts}-{group},{own}"),
            (true, _) => format!("g:{part}-{parts}-{group}"),
            (false, _) => own,
        };
        tag_block::compose(&text)
    }

    /// When what was heard at `at` arrives, by the true clock; never where the link was down.
    fn arrival(&self, at: Time) -> Option<Time> {
        let minute = |n: i64| self.plan.start + Span::from_minutes(n);
        match self.mast.cut {
            Some(cut) if at >= minute(cut.from) && at < minute(cut.to) => {
                let waited = at.since(minute(cut.from)).as_millis();
                cut.late.then(|| minute(cut.to) + Span::from_millis(waited / 1000))
            }
            _ => Some(at + Span::from_millis(80)),
        }
    }
}

/// A line as a bad link leaves it. Its checksum never fits by chance: that would be another message.
fn damage(text: &str, own: &mut Chance) -> String {
    let at = own.below(text.len());
    match own.below(4) {
        0 => text[..at].to_owned(),
        1 => format!("{}{text}", &text[at..]),
        2 => "no sentence at all".to_owned(),
        _ => {
            let with = char::from(b'0' + own.below(64) as u8);
            text.char_indices().map(|(i, c)| if i == at { with } else { c }).collect()
        }
    }
}

/// The journal's lines: what all masts hear, in the order in which it arrives.
pub(super) fn listen(plan: &Plan) -> Vec<Line> {
    let mut air = Vec::new();
    plan.craft.iter().for_each(|craft| craft.transmit(plan.start, plan.minutes, &mut air));
    air.sort_by_key(|sent| (sent.at, sent.craft));
    let mut lines = Vec::new();
    for mast in &plan.masts {
        let first = lines.len();
        mast.hear(plan, &air, &mut lines);
        // Each link brings its lines as they came; the links among each other do not wait.
        let lag = Span::from_millis(40 * mast.number as i64);
        lines[first..].iter_mut().for_each(|line| line.order = line.order + lag);
    }
    lines.sort_by_key(|line| line.order);
    lines.retain(|line| line.order < plan.end() + Span::from_minutes(30));
    if let Some((minute, seconds)) = plan.edge_step {
        let stepped = plan.start + Span::from_minutes(minute);
        let late = lines.iter_mut().filter(|line| line.order >= stepped);
        late.for_each(|line| line.heard.at = line.heard.at + Span::from_seconds(seconds));
    }
    lines
}

impl fmt::Display for Mast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lat, lon) = (self.spot.latitude(), self.spot.longitude());
        write!(f, "mast {}: at {lat:.3} {lon:.3}, hears {:.0} miles, ", self.number, self.range_miles)?;
        write!(f, "stamps {:?}, clock {:?}", self.stamp, self.clock)?;
        if self.of_feed {
            write!(f, ", a station of receiver {}", self.receiver)?;
        }
        let shares = [
            ("lost", self.loss),
            ("twice", self.twice),
            ("damaged", self.damaged),
            ("split", self.split),
            ("sent on again", self.again),
        ];
        for (name, share) in shares.into_iter().filter(|(_, share)| *share > 0.0) {
            write!(f, ", {:.1} % {name}", share * 100.0)?;
        }
        if self.jitter_ms > 0 {
            write!(f, ", up to {} ms out of order", self.jitter_ms)?;
        }
        if let Some(Cut { from, to, late }) = self.cut {
            let fate = if late { "comes late" } else { "is lost" };
            write!(f, ", minutes {from} to {to} cut: what was heard {fate}")?;
        }
        Ok(())
    }
}
