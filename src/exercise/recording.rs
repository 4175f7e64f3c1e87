//! Plays a scenario: all its vessels side by side, one line heard after the other.

use super::fleet;
use super::receiver::Ear;
use super::scenario::{Scenario, VesselPlan};
use super::vessel::Vessel;
use sensors::{Span, Time};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::io::{self, Write};

/// One line as a receiver wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedLine {
    /// When it was heard, by the true clock; the line's own stamp is by the receiver's.
    pub time: Time,
    /// Which receiver, counted from 0 in the order of the file.
    pub receiver: u16,
    /// The line, without its end.
    pub text: String,
}

/// A scenario being played: lines in the order of time. Holds the vessels, never the lines.
#[derive(Debug)]
pub struct Recording {
    start: Time,
    end_ms: i64,
    vessels: Vec<Vessel>,
    ears: Vec<Ear>,
    gnss_every_ms: i64,
    /// Milliseconds from the start, and whose turn it is: vessels first, then receivers.
    turns: BinaryHeap<Reverse<(i64, usize)>>,
    lines: VecDeque<RecordedLine>,
    messages: Vec<sensors::message::Message>,
}

impl Scenario {
    /// Plays from the start. `seed` replaces the file's own.
    pub fn play(&self, seed: Option<u64>) -> Recording {
        let seed = seed.unwrap_or(self.head.seed);
        let plans = self.all_vessels(seed);
        let numbers: HashMap<&str, usize> =
            plans.iter().enumerate().rev().map(|(i, v)| (v.name.as_str(), i)).collect();
        let vessels: Vec<Vessel> = plans
            .iter()
            .enumerate()
            .map(|(i, plan)| Vessel::new(plan, seed, i, |name| numbers.get(name).copied()))
            .collect();
        let ears: Vec<Ear> =
            self.receivers.iter().enumerate().map(|(i, plan)| Ear::new(plan, self.noise, seed, i)).collect();
        let mut turns: BinaryHeap<_> =
            vessels.iter().enumerate().map(|(i, v)| Reverse((look_ms(v), i))).collect();
        let gnss_every_ms = (self.noise.gnss_every_seconds * 1000.0) as i64;
        if gnss_every_ms > 0 {
            turns.extend((0..ears.len()).map(|i| Reverse((i as i64 * 100, vessels.len() + i))));
        }
        Recording {
            start: self.head.start,
            end_ms: (self.head.duration_hours * 3_600_000.0) as i64,
            vessels,
            ears,
            gnss_every_ms,
            turns,
            lines: VecDeque::new(),
            messages: Vec::new(),
        }
    }

    /// The vessels described one by one, then those of the fleets.
    pub fn all_vessels(&self, seed: u64) -> Vec<VesselPlan> {
        let mut plans = self.vessels.clone();
        fleet::muster(&self.fleets, seed, &mut plans);
        plans
    }

    /// Writes the header and every line to `out`; gives the number of lines heard.
    ///
    /// # Errors
    /// What `out` says when it can't be written.
    pub fn write_recording(&self, seed: Option<u64>, mut out: impl Write) -> io::Result<u64> {
        out.write_all(self.header().as_bytes())?;
        let mut count = 0;
        for line in self.play(seed) {
            out.write_all(line.text.as_bytes())?;
            out.write_all(b"\n")?;
            count += 1;
        }
        out.flush()?;
        Ok(count)
    }
}

fn look_ms(vessel: &Vessel) -> i64 {
    let seconds = vessel.next_look();
    if seconds > 1e12 { i64::MAX } else { libm::ceil(seconds * 1000.0) as i64 }
}

impl Recording {
    /// One vessel's or receiver's turn.
    fn turn(&mut self, ms: i64, who: usize) {
        let at = self.start + Span::from_millis(ms);
        if let Some(number) = who.checked_sub(self.vessels.len()) {
            let lines = &mut self.lines;
            self.ears[number].own_lines(at, |text| {
                lines.push_back(RecordedLine { time: at, receiver: number as u16, text });
            });
            self.turns.push(Reverse((ms + self.gnss_every_ms, who)));
            return;
        }
        let now = ms as f64 / 1000.0;
        let other = self.vessels[who].partner().map(|p| self.vessels[p].motion_at(now));
        let vessel = &mut self.vessels[who];
        vessel.sail(now, other.as_ref());
        vessel.transmit(at, &mut self.messages);
        for message in self.messages.drain(..) {
            let channel = if vessel.on_b { 'B' } else { 'A' };
            vessel.on_b = !vessel.on_b;
            for (number, ear) in self.ears.iter_mut().enumerate() {
                if ear.hears(now, vessel.station, vessel.motion.spot) {
                    let lines = &mut self.lines;
                    let receiver = number as u16;
                    ear.lines(at, &message, channel, |text| {
                        lines.push_back(RecordedLine { time: at, receiver, text });
                    });
                }
            }
        }
        self.turns.push(Reverse((look_ms(vessel), who)));
    }
}

#[cfg(test)]
impl Recording {
    /// Where every vessel is, as far as it has been played.
    pub(super) fn spots(&self) -> impl Iterator<Item = super::motion::Spot> + '_ {
        self.vessels.iter().map(|vessel| vessel.motion.spot)
    }
}

impl Iterator for Recording {
    type Item = RecordedLine;

    fn next(&mut self) -> Option<RecordedLine> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            let Reverse((ms, who)) = self.turns.pop()?;
            if ms >= self.end_ms {
                return None;
            }
            self.turn(ms, who);
        }
    }
}
