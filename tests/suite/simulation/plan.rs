//! What a seed makes: who sails, who listens, and what goes wrong.
//!
//! Every craft and every mast draws from a stream of its own, so that taking one away changes no other: a failing plan
//! can be made smaller.

use super::craft::{Craft, Doing, VISIT_AT};
use super::mast::{Clock, Cut, Mast, Stamp};
use crate::sea::Chance;
use sensors::{Span, Time};
use std::collections::BTreeSet;
use std::fmt;
use watchkeeper::geo::Position;

/// The open sea where most of it happens, in the Gulf of Thailand: no coast, port or zone within ten miles.
const SEA: [f64; 4] = [9.6, 10.6, 101.3, 102.5];

/// Parts of that sea, one a craft, about ten miles wide: nobody meets who is not meant to.
const ROWS: usize = 6;
const COLUMNS: usize = 6;

/// Longest that a plan plays. Ours: loitering takes an hour to be noticed.
pub(super) const MINUTES_MAX: i64 = 150;

/// One sea, its listeners and their faults.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Nobody does anything that a rule is for.
    pub(super) innocent: bool,
    pub(super) start: Time,
    pub(super) minutes: i64,
    pub(super) craft: Vec<Craft>,
    pub(super) masts: Vec<Mast>,
    pub(super) flood: Option<Flood>,
    /// The clock of the program itself is set at this minute, by so many seconds.
    pub(super) edge_step: Option<(i64, i64)>,
    pub(super) tracks_max: usize,
}

/// Positions of numbers that nobody has, all at once, into one receiver.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flood {
    pub(super) minute: i64,
    pub(super) messages: usize,
}

impl Plan {
    /// All that a seed decides.
    pub(super) fn new(seed: u64) -> Plan {
        let mut chance = Chance::new(seed);
        (0..4).for_each(|_| _ = chance.below(2));
        let innocent = chance.share(0.6);
        let minutes = if innocent { 40 + chance.below(60) } else { 70 + chance.below(60) } as i64;
        let start = Time::from_seconds(1_795_132_800 + chance.below(86_400) as i64);
        let count = 3 + chance.below(4) + if chance.share(0.2) { chance.below(24) } else { 0 };
        let mut plan = Plan {
            seed,
            innocent,
            start,
            minutes,
            craft: Vec::new(),
            masts: Vec::new(),
            flood: chance.share(0.2).then(|| Flood {
                minute: chance.below(minutes as usize) as i64,
                messages: 50 + chance.below(250),
            }),
            edge_step: None,
            tracks_max: if chance.share(0.3) { 80 } else { 100_000 },
        };
        plan.muster(count, &mut chance);
        plan.raise_masts(&mut chance);
        plan
    }

    fn muster(&mut self, count: usize, chance: &mut Chance) {
        let turn = chance.below(ROWS * COLUMNS);
        let mut number = 0;
        let mut add = |plan: &mut Plan, doing| {
            let craft = Craft::new(plan.seed, number, doing, cell(number + turn));
            number += 1;
            plan.craft.push(craft);
        };
        for _ in 0..count {
            let doing = [Doing::UnderWay, Doing::UnderWay, Doing::Fishing, Doing::SpeedBoat, Doing::Moored];
            add(self, doing[chance.below(doing.len())]);
        }
        if chance.share(0.4) {
            add(self, Doing::BaseStation);
        }
        if chance.share(0.3) {
            add(self, Doing::Beacon);
        }
        if chance.share(0.4) {
            let mmsi = self.craft[0].mmsi;
            add(self, if chance.share(0.5) { Doing::Twin { mmsi } } else { Doing::FarTwin { mmsi } });
        }
        if chance.share(0.6) {
            add(self, Doing::Visiting);
            if self.innocent {
                self.start = by_day(chance);
            }
        }
        if chance.share(0.7) {
            add(self, Doing::Pausing);
            let other = self.craft.last().expect("just added").number;
            match chance.below(4) {
                0 => add(self, Doing::Following { other }),
                1 => add(self, Doing::Passing { other }),
                _ => {}
            }
        }
        if !self.innocent {
            self.muster_suspects(&mut add, chance);
        }
        self.let_them_heed();
    }

    fn muster_suspects(&mut self, add: &mut impl FnMut(&mut Plan, Doing), chance: &mut Chance) {
        for (share, doing) in [(0.5, Doing::Calling), (0.3, Doing::Saying), (0.5, Doing::Loitering)] {
            if chance.share(share) {
                add(self, doing);
            }
        }
        if chance.share(0.5) {
            add(self, Doing::Waiting);
            let other = self.craft.last().expect("just added").number;
            add(self, Doing::Meeting { other });
        }
    }

    fn let_them_heed(&mut self) {
        for at in 0..self.craft.len() {
            if let Doing::Meeting { other } | Doing::Following { other } | Doing::Passing { other } =
                self.craft[at].doing
            {
                let way = self.craft[other].way.clone();
                self.craft[at].heed(&way);
            }
        }
    }

    fn raise_masts(&mut self, chance: &mut Chance) {
        let middle = Position::from_degrees(10.1, 101.9).expect("on earth");
        let count = 1 + chance.below(4);
        for number in 0..count {
            let mut own = Chance::stream(self.seed, 1000 + number as u64);
            let spot = if number == 0 {
                middle
            } else {
                let at = |from: f64, to: f64, own: &mut Chance| from + (to - from) * own.unit();
                Position::from_degrees(at(SEA[0], SEA[1], &mut own), at(SEA[2], SEA[3], &mut own))
                    .expect("on earth")
            };
            let range = if number == 0 { [85.0, 110.0][own.below(2)] } else { 30.0 + 60.0 * own.unit() };
            self.masts.push(Mast::new(self.seed, number, spot, range, self.minutes, &mut own));
        }
        let is_there = |wanted: fn(&Doing) -> bool| self.craft.iter().any(|craft| wanted(&craft.doing));
        let south = is_there(|doing| matches!(doing, Doing::FarTwin { .. })).then_some((7.4, 102.0));
        let beach = is_there(|doing| matches!(doing, Doing::Visiting)).then_some((11.2, 102.6));
        for (latitude, longitude) in south.into_iter().chain(beach) {
            let number = self.masts.len();
            let mut own = Chance::stream(self.seed, 1000 + number as u64);
            let spot = Position::from_degrees(latitude, longitude).expect("on earth");
            self.masts.push(Mast::new(self.seed, number, spot, 60.0, self.minutes, &mut own));
        }
        self.join_feeds();
        let minute = chance.below(self.minutes as usize) as i64;
        let hour = if chance.share(0.5) { 3600 } else { -3600 };
        let clock = match chance.below(12) {
            0 => Clock::Off { seconds: chance.below(61) as i64 - 30 },
            1 => Clock::Off {
                seconds: [-86_400, -7_200, -3_600, -600, -600, -1_800, 3_600, 86_400][chance.below(8)],
            },
            2 => Clock::Drift { ppm: 500 },
            3 => Clock::Drift { ppm: -500 },
            4 | 5 => Clock::Step { minute, seconds: hour },
            6 => Clock::Rollover { minute },
            7 => Clock::Restarted { minute },
            8 => {
                self.edge_step = Some((minute, hour));
                Clock::Right
            }
            _ => Clock::Right,
        };
        let last = self.masts.len() - 1;
        let faulty = if chance.share(0.7) { last } else { chance.below(last + 1) };
        let all = chance.share(0.2);
        for (number, mast) in self.masts.iter_mut().enumerate() {
            if clock != Clock::Right && (all || number == faulty) {
                mast.clock = clock;
                if mast.stamp == Stamp::None {
                    mast.stamp = Stamp::Seconds;
                }
            }
        }
    }

    /// Some masts are stations of one feed, each with its own clock and place; of half of the feeds, all.
    fn join_feeds(&mut self) {
        let mut own = Chance::stream(self.seed, 5000);
        if self.masts.len() < 2 || !own.share(0.4) {
            return;
        }
        let all = own.share(0.5);
        for mast in &mut self.masts {
            if all || own.share(0.6) {
                (mast.receiver, mast.of_feed) = (0, true);
            }
        }
    }

    /// The words for what is wrong with the times that its lines are given.
    pub(super) fn time_faults(&self) -> BTreeSet<&'static str> {
        let clocks = self.masts.iter().filter_map(|mast| mast.clock.fault());
        let backlogs = self.masts.iter().filter_map(|mast| mast.is_backlogged().then_some("backlog"));
        clocks.chain(backlogs).chain(self.edge_step.map(|_| "edge_step")).collect()
    }

    /// The same craft, heard without a fault.
    pub(super) fn without_faults(&self) -> Plan {
        let masts = self.masts.iter().map(Mast::without_faults).collect();
        Plan { masts, flood: None, edge_step: None, ..self.clone() }
    }

    /// When the last transmission may be.
    pub(super) fn end(&self) -> Time {
        self.start + Span::from_minutes(self.minutes)
    }

    /// All plans with a little less in them, the greatest cuts first.
    pub(super) fn smaller(&self) -> Vec<Plan> {
        let mut plans = Vec::new();
        let mut offer = |change: &dyn Fn(&mut Plan)| {
            let mut plan = self.clone();
            change(&mut plan);
            plans.push(plan);
        };
        let half = self.craft.len() / 2;
        if half > 0 {
            offer(&|plan| drop(plan.craft.drain(..half)));
            offer(&|plan| drop(plan.craft.drain(half..)));
        }
        if self.minutes > 4 {
            offer(&|plan| plan.minutes /= 2);
            offer(&|plan| plan.minutes -= plan.minutes / 5);
        }
        if self.flood.is_some() {
            offer(&|plan| plan.flood = None);
        }
        if self.edge_step.is_some() {
            offer(&|plan| plan.edge_step = None);
        }
        if self.masts.len() > 1 {
            (0..self.masts.len()).for_each(|at| offer(&|plan| _ = plan.masts.remove(at)));
        }
        if self.craft.len() > 1 {
            (0..self.craft.len()).for_each(|at| offer(&|plan| _ = plan.craft.remove(at)));
        }
        for at in 0..self.masts.len() {
            for mast in self.masts[at].milder() {
                offer(&|plan| plan.masts[at] = mast.clone());
            }
        }
        plans
    }
}

/// A start such that the visitor of a beach is there by day, often just after the night.
fn by_day(chance: &mut Chance) -> Time {
    let past_five = if chance.share(0.7) { 12 + chance.below(20) } else { 12 + chance.below(11 * 60) } as i64;
    // Five in the morning of a zone that is seven hours ahead.
    let five = Time::from_seconds(1_795_125_600);
    five + Span::from_minutes(past_five - VISIT_AT)
}

/// The middle of a part of the sea.
fn cell(number: usize) -> Position {
    let (row, column) = (number / COLUMNS % ROWS, number % COLUMNS);
    let (high, wide) = ((SEA[1] - SEA[0]) / ROWS as f64, (SEA[3] - SEA[2]) / COLUMNS as f64);
    let spot = (SEA[0] + (row as f64 + 0.5) * high, SEA[2] + (column as f64 + 0.5) * wide);
    Position::from_degrees(spot.0, spot.1).expect("on earth")
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.innocent { "nobody does anything suspicious" } else { "some are suspicious" };
        writeln!(f, "seed {}: {} minutes from {}; {kind}", self.seed, self.minutes, self.start)?;
        for craft in &self.craft {
            writeln!(f, "  {craft}")?;
        }
        for mast in &self.masts {
            writeln!(f, "  {mast}")?;
        }
        if let Some(Flood { minute, messages }) = self.flood {
            writeln!(f, "  {messages} numbers that nobody has, in minute {minute}")?;
        }
        if let Some((minute, seconds)) = self.edge_step {
            writeln!(f, "  in minute {minute} the program's own clock is set by {seconds} s")?;
        }
        write!(f, "  at most {} tracks", self.tracks_max)
    }
}

/// A stretch of time without a link, in minutes from the start.
pub(super) fn cut(chance: &mut Chance, minutes: i64) -> Cut {
    let from = chance.below(minutes.max(1) as usize) as i64;
    Cut { from, to: from + 1 + chance.below(20) as i64, late: chance.share(0.5) }
}
