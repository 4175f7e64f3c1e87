//! What a seed makes: who sails, who listens, and what goes wrong.
//!
//! Every craft and every mast draws from a stream of its own, so that taking one away changes no other: a failing plan
//! can be made smaller.

use super::craft::{Craft, Doing};
use super::mast::{Clock, Cut, Mast, Stamp};
use crate::sea::Chance;
use sensors::{Span, Time};
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
        let innocent = chance.share(0.5);
        let minutes = if innocent { 20 + chance.below(70) } else { 70 + chance.below(60) } as i64;
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
        if self.innocent {
            return;
        }
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
        let chains: Vec<(usize, usize)> = (self.craft.iter().enumerate())
            .filter_map(|(at, craft)| match craft.doing {
                Doing::Meeting { other } => Some((at, other)),
                _ => None,
            })
            .collect();
        for (at, other) in chains {
            let way = self.craft[other].way.clone();
            self.craft[at].go_beside(&way);
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
            let range = if number == 0 { 100.0 } else { 30.0 + 60.0 * own.unit() };
            self.masts.push(Mast::new(self.seed, number, spot, range, self.minutes, &mut own));
        }
        if self.craft.iter().any(|craft| matches!(craft.doing, Doing::FarTwin { .. })) {
            let mut own = Chance::stream(self.seed, 1000 + count as u64);
            let south = Position::from_degrees(7.4, 102.0).expect("on earth");
            self.masts.push(Mast::new(self.seed, count, south, 60.0, self.minutes, &mut own));
        }
        let minute = chance.below(self.minutes as usize) as i64;
        let hour = if chance.share(0.5) { 3600 } else { -3600 };
        let clock = match chance.below(12) {
            0 => Clock::Off { seconds: chance.below(61) as i64 - 30 },
            1 => Clock::Off { seconds: [-86_400, -7_200, 3_600, -600, 86_400][chance.below(5)] },
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
        let faulty = chance.below(self.masts.len());
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

    /// The word for what is wrong with a clock in it, if anything.
    pub(super) fn clock_fault(&self) -> Option<&'static str> {
        let masts = self.masts.iter().find_map(|mast| mast.clock.fault());
        masts.or(self.edge_step.map(|_| "edge_step"))
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
            (0..self.masts.len()).for_each(|at| offer(&|plan| drop(plan.masts.remove(at))));
        }
        if self.craft.len() > 1 {
            (0..self.craft.len()).for_each(|at| offer(&|plan| drop(plan.craft.remove(at))));
        }
        for at in 0..self.masts.len() {
            for mast in self.masts[at].milder() {
                offer(&|plan| plan.masts[at] = mast.clone());
            }
        }
        plans
    }
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
