//! How well each receiver hears each part of the sea: learned from vessels that are known to transmit there.
//!
//! A track's way is cut into blocks of a minute. Between two fixes that are at most a quarter of an hour apart it went on
//! transmitting, so a receiver that heard nothing of it in a block missed it. All vessels count together: one that switches
//! its transmitter off does not make a hole in the coverage. A receiver that heard nothing at all is not counted: whether
//! it works is another question ([`crate::admit::Health`]).

mod cell;
mod chance;

use crate::admit::Hearing;
use crate::geo::Position;
use crate::track::{Class, Event, Step, TrackId};
use cell::{Counts, VESSELS_MIN};
use rustc_hash::FxHashMap;
use sensors::{Mmsi, ReceiverId, Span, Time};
use serde::{Deserialize, Serialize};

/// Two fixes further apart do not show that a vessel transmitted between them. Definition 6.0.
const APART_MAX: Span = Span::from_minutes(15);

/// Blocks in a cell before anything is said of it. Definition 6.0.
const BLOCKS_MIN: f64 = 30.0;

/// Side of a cell in units of [`Position`]: 0.05 degrees. Definition 6.0.
const CELL: i32 = 30_000;

/// How far beyond what a receiver ever heard it is said to miss, in cells: one degree. Ours: beyond it nothing is known,
/// and nothing is kept.
const BEYOND: i32 = 20;

/// Cells by class and time of day. Ours: 25,000 places, as many as a box of 7 by 9 degrees has.
const CELLS_MAX: usize = 100_000;

/// Vessels followed at once. As many as there may be tracks.
const SENDERS_MAX: usize = 100_000;

/// Receivers that are told apart; those with higher numbers learn nothing.
const RECEIVERS_MAX: u16 = 64;

/// A vessel at anchor or moored sends once in so many minutes, class B below 2 knots too. Source: ITU-R M.1371-5 Annex 1,
/// table 1.
const SLOW_MINUTES: i32 = 3;

/// The learned chance that a transmission is heard.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Chance {
    /// The likely chance, 0 to 1.
    pub chance: f64,
    /// It is more than this in 19 of 20 cases.
    pub lower: f64,
    /// Blocks of a minute that it rests on, old ones counted for less.
    pub blocks: f64,
    /// Vessels that it rests on: three stands for three or more.
    pub vessels: usize,
}

/// One cell of the sea, for a chart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Its south-west corner.
    pub south_west: Position,
    /// The quarter of the UTC day, from 0.
    pub quarter: u8,
    /// How well it is heard.
    pub chance: Chance,
}

/// What one receiver heard and missed in one cell; its chance takes some work, and is worked out when asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    /// The cell's south-west corner.
    pub south_west: Position,
    /// The quarter of the UTC day, from 0.
    pub quarter: u8,
    /// Class A or class B.
    pub class: Class,
    /// Who.
    pub receiver: ReceiverId,
    heard: f64,
    missed: f64,
    vessels: usize,
}

impl Counted {
    /// How well it is heard there; `None` where that rests on too little.
    pub fn chance(&self) -> Option<Chance> {
        let Counted { heard, missed, vessels, .. } = *self;
        let blocks = heard + missed;
        if blocks < BLOCKS_MIN || vessels < VESSELS_MIN {
            return None;
        }
        let (chance, lower) = chance::of(heard, missed);
        Some(Chance { chance, lower, blocks, vessels })
    }
}

/// Degrees from one side of a cell to the other.
pub const CELL_DEGREES: f64 = 0.05;

/// Where, when in the day, and which class, in one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
struct Key(u32);

impl Key {
    /// `None` for what is neither class A nor class B.
    fn new(class: Class, position: Position, minute: i32) -> Option<Key> {
        let class = match class {
            Class::A => 0,
            Class::B => 1,
            _ => return None,
        };
        let (lat, lon) = cell_of(position);
        let quarter = minute.rem_euclid(24 * 60) / (6 * 60);
        let place = ((lat + 1800) as u32) << 13 | (lon + 3600) as u32;
        Some(Key(place << 3 | (quarter as u32) << 1 | class))
    }

    fn south_west(self) -> Position {
        let (lat, lon) = ((self.0 >> 16) as i32 - 1800, (self.0 >> 3 & 0x1fff) as i32 - 3600);
        Position { lat: lat * CELL, lon: lon * CELL }
    }

    fn quarter(self) -> u8 {
        (self.0 >> 1 & 3) as u8
    }

    fn class(self) -> Class {
        if self.0 & 1 == 0 { Class::A } else { Class::B }
    }
}

fn cell_of(position: Position) -> (i32, i32) {
    (position.lat.div_euclid(CELL), position.lon.div_euclid(CELL))
}

fn minute_of(time: Time) -> i32 {
    time.as_millis().div_euclid(60_000).clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// What is remembered of a vessel: the minute it is in, and the one before in which it was heard, the copies of which
/// may still come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sender {
    track: TrackId,
    class: Class,
    last: Time,
    now: Block,
    before: Option<Block>,
}

/// A minute of a vessel's way, and who heard it, a bit a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Block {
    minute: i32,
    position: Position,
    heard_by: u64,
    slow: bool,
}

/// One receiver: the minutes in which it heard anything, and how far its cells reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ear {
    newest: i32,
    minutes: u64,
    south_west: (i32, i32),
    north_east: (i32, i32),
}

impl Ear {
    fn deaf() -> Ear {
        Ear {
            newest: i32::MIN,
            minutes: 0,
            south_west: (i32::MAX, i32::MAX),
            north_east: (i32::MIN, i32::MIN),
        }
    }

    fn hears(&mut self, minute: i32) {
        let ahead = i64::from(minute) - i64::from(self.newest);
        if ahead > 0 {
            self.minutes = if ahead < 64 { self.minutes << ahead } else { 0 } | 1;
            self.newest = minute;
        } else if ahead > -64 {
            self.minutes |= 1 << -ahead;
        }
    }

    /// It heard something in this minute or the five before. Ours.
    fn listens(&self, minute: i32) -> bool {
        match i64::from(self.newest) - i64::from(minute) {
            ago @ 0..64 => self.minutes >> ago & 0b11_1111 != 0,
            ago @ -5..0 => self.minutes & ((1 << (6 + ago)) - 1) != 0,
            _ => false,
        }
    }

    fn reaches(&mut self, cell: (i32, i32)) {
        let (low, high) = (&mut self.south_west, &mut self.north_east);
        *low = (low.0.min(cell.0), low.1.min(cell.1));
        *high = (high.0.max(cell.0), high.1.max(cell.1));
    }

    fn may_reach(&self, cell: (i32, i32)) -> bool {
        let within = |low: i32, at: i32, high: i32| {
            low <= at.saturating_add(BEYOND) && at <= high.saturating_add(BEYOND)
        };
        within(self.south_west.0, cell.0, self.north_east.0)
            && within(self.south_west.1, cell.1, self.north_east.1)
    }
}

/// All that was learned.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reception {
    #[serde(with = "sensors::sorted::map")]
    cells: FxHashMap<Key, Counts>,
    #[serde(with = "sensors::sorted::map")]
    senders: FxHashMap<Mmsi, Sender>,
    ears: Vec<Ear>,
    newest: i32,
    swept: i32,
    /// Blocks and vessels left out for want of room.
    left_out: u64,
}

impl Reception {
    /// Takes what stage A tells.
    pub fn follow(&mut self, event: &Event) {
        if let Event::Step(step) = event {
            self.step(step);
        }
    }

    /// A track moved on: it was heard, and it transmitted since it was heard last.
    pub fn step(&mut self, step: &Step) {
        let fix = &step.fix;
        if fix.receiver.0 >= RECEIVERS_MAX {
            return;
        }
        let minute = minute_of(fix.time);
        self.newest = self.newest.max(minute);
        self.ear(fix.receiver).hears(minute);
        if !matches!(fix.class, Class::A | Class::B) {
            return;
        }
        let now =
            Block { minute, position: fix.position, heard_by: 1 << fix.receiver.0, slow: is_slow(step) };
        let full = self.senders.len() >= SENDERS_MAX;
        let sender = match self.senders.get_mut(&fix.mmsi) {
            Some(sender) => sender,
            None if full => return self.left_out += 1,
            None => {
                let sender = Sender { track: fix.track, class: fix.class, last: fix.time, now, before: None };
                self.senders.insert(fix.mmsi, sender);
                return;
            }
        };
        let apart = fix.time.since(sender.last);
        let goes_on = sender.track == fix.track
            && sender.class == fix.class
            && (Span::ZERO..=APART_MAX).contains(&apart);
        sender.last = fix.time;
        if !goes_on {
            (sender.track, sender.class, sender.now, sender.before) = (fix.track, fix.class, now, None);
        } else if sender.now.minute == minute {
            sender.now.heard_by |= now.heard_by;
        } else {
            let (whole, next) = (sender.before.replace(sender.now), sender.now);
            sender.now = now;
            if let Some(whole) = whole {
                self.count_way(fix.mmsi, fix.class, whole, next);
            }
        }
    }

    /// Who heard what, as of a tick.
    pub fn take(&mut self, hearings: &[Hearing]) {
        for hearing in hearings {
            let minute = minute_of(hearing.time);
            let mut heard_by = 0;
            for copy in hearing.copies.iter().filter(|copy| copy.receiver.0 < RECEIVERS_MAX) {
                heard_by |= 1 << copy.receiver.0;
                self.ear(copy.receiver).hears(minute);
            }
            let Some(sender) = self.senders.get_mut(&hearing.mmsi) else { continue };
            let blocks = [Some(&mut sender.now), sender.before.as_mut()];
            if let Some(block) = blocks.into_iter().flatten().find(|block| block.minute == minute) {
                block.heard_by |= heard_by;
            }
        }
        self.sweep();
    }

    fn ear(&mut self, receiver: ReceiverId) -> &mut Ear {
        let at = usize::from(receiver.0);
        if at >= self.ears.len() {
            self.ears.resize_with(at + 1, Ear::deaf);
        }
        &mut self.ears[at]
    }

    /// Counts a block, and those between it and the next in which nobody heard the vessel.
    fn count_way(&mut self, mmsi: Mmsi, class: Class, from: Block, to: Block) {
        self.count(mmsi, class, from);
        let every = if from.slow || to.slow { SLOW_MINUTES } else { 1 };
        let minutes = to.minute - from.minute;
        for passed in (every..minutes).step_by(every as usize) {
            let position = between(from.position, to.position, passed, minutes);
            let unheard = Block { minute: from.minute + passed, position, heard_by: 0, slow: from.slow };
            self.count(mmsi, class, unheard);
        }
    }

    fn count(&mut self, mmsi: Mmsi, class: Class, block: Block) {
        let Some(key) = Key::new(class, block.position, block.minute) else { return };
        let place = cell_of(block.position);
        let full = self.cells.len() >= CELLS_MAX;
        let day = block.minute.div_euclid(24 * 60);
        let counts = match self.cells.get_mut(&key) {
            Some(counts) => counts,
            None => {
                let matters = |ear: &Ear| ear.listens(block.minute) && ear.may_reach(place);
                if block.heard_by == 0 && !self.ears.iter().any(matters) {
                    return;
                }
                if full {
                    self.left_out += 1;
                    return;
                }
                self.cells.entry(key).or_insert_with(|| Counts::new(day))
            }
        };
        counts.fade(day);
        counts.vessel(mmsi, day);
        for (receiver, ear) in (0..RECEIVERS_MAX).zip(&mut self.ears) {
            if block.heard_by >> receiver & 1 == 1 {
                ear.reaches(place);
                counts.count(receiver, true);
            } else if ear.listens(block.minute) && (counts.knows(receiver) || ear.may_reach(place)) {
                counts.count(receiver, false);
            }
        }
    }

    /// Lets go of vessels that went silent, every ten minutes, and of cells that have faded, once a day.
    fn sweep(&mut self) {
        const EVERY: i32 = 10;
        let (newest, day) = (self.newest, self.newest.div_euclid(24 * 60));
        if newest.div_euclid(EVERY) == self.swept.div_euclid(EVERY) {
            return;
        }
        // Longer than two fixes may be apart.
        self.senders.retain(|_, sender| newest - sender.now.minute <= 20);
        if day != self.swept.div_euclid(24 * 60) {
            self.cells.retain(|_, counts| !counts.is_faded(day));
        }
        self.swept = newest;
    }

    /// How well the receiver hears such a vessel there at that time of the day; `None` where that is not known.
    pub fn at(&self, receiver: ReceiverId, class: Class, position: Position, time: Time) -> Option<Chance> {
        let key = Key::new(class, position, minute_of(time))?;
        self.counted_in(key, self.cells.get(&key)?, receiver)?.chance()
    }

    fn counted_in(&self, key: Key, counts: &Counts, receiver: ReceiverId) -> Option<Counted> {
        let (heard, missed, vessels) = counts.of(receiver, self.newest.div_euclid(24 * 60))?;
        let (south_west, quarter, class) = (key.south_west(), key.quarter(), key.class());
        Some(Counted { south_west, quarter, class, receiver, heard, missed, vessels })
    }

    /// All that was counted, from south to north, west to east, through the day, by class and by receiver; at most so
    /// much of it, and how much is left out.
    pub fn counted(&self, most: usize) -> (Vec<Counted>, usize) {
        let mut keys: Vec<Key> = self.cells.keys().copied().collect();
        keys.sort_unstable();
        let mut each = keys.into_iter().flat_map(|key| {
            let counts = &self.cells[&key];
            counts.receivers().filter_map(move |receiver| self.counted_in(key, counts, receiver))
        });
        let counted = each.by_ref().take(most).collect();
        (counted, each.count())
    }

    /// All cells of which something is known, from south to north, west to east and through the day.
    pub fn cells(&self, receiver: ReceiverId, class: Class) -> Vec<Cell> {
        let of_both = |counted: &Counted| counted.receiver == receiver && counted.class == class;
        let cell = |counted: Counted| {
            let (south_west, quarter) = (counted.south_west, counted.quarter);
            Some(Cell { south_west, quarter, chance: counted.chance()? })
        };
        self.counted(usize::MAX).0.into_iter().filter(of_both).filter_map(cell).collect()
    }

    /// Blocks and vessels left out for want of room.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many cells are kept.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether nothing was learned yet.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

/// Whether the vessel may send only once in three minutes.
fn is_slow(step: &Step) -> bool {
    let fix = &step.fix;
    // Class A in its slow state does not exceed 3 knots; one that says no speed may be in it.
    fix.speed.is_none_or(|tenths| tenths < if fix.class == Class::B { 20 } else { 30 })
}

/// Where it was after `passed` of `minutes`, on a straight line the shorter way round.
fn between(from: Position, to: Position, passed: i32, minutes: i32) -> Position {
    /// Units of a whole turn.
    const TURN: i64 = 360 * 600_000;
    let (passed, minutes) = (i64::from(passed), i64::from(minutes));
    let part = |from: i64, by: i64| from + by * passed / minutes;
    let east = i64::from(to.lon) - i64::from(from.lon);
    let east = (east + TURN / 2).rem_euclid(TURN) - TURN / 2;
    let lat = part(from.lat.into(), i64::from(to.lat) - i64::from(from.lat));
    let lon = (part(from.lon.into(), east) + TURN / 2).rem_euclid(TURN) - TURN / 2;
    Position { lat: lat as i32, lon: lon as i32 }
}

#[cfg(test)]
mod tests;
