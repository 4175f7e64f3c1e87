//! A receiver on its mast: what it hears, and how it writes it down.

use super::motion::Spot;
use super::random::Random;
use super::scenario::{Noise, ReceiverPlan, Station};
use sensors::Time;
use sensors::message::{self, Message};
use sensors::sentence::{compose, tag_block};
use std::fmt::Write as _;

/// A search and rescue transmitter floats: heard over this share of a boat's range. Ours, unproven.
const SART_RANGE: f64 = 0.6;
/// An aircraft is heard over this many times a ship's range. Ours, unproven.
const AIRCRAFT_RANGE: f64 = 3.0;

/// One receiver.
#[derive(Debug, Clone)]
pub(super) struct Ear {
    plan: ReceiverPlan,
    spot: Spot,
    random: Random,
    noise: Noise,
    /// Number of the next multi-part message, 0-9.
    part_number: u8,
    /// Number of the next group of lines in TAG blocks.
    group: u32,
}

impl Ear {
    pub(super) fn new(plan: &ReceiverPlan, noise: Noise, seed: u64, number: usize) -> Ear {
        let spot = Spot { lat: plan.latitude, lon: plan.longitude };
        // Streams of their own, far from the vessels'.
        let random = Random::new(seed, u64::MAX - number as u64);
        Ear { plan: plan.clone(), spot, random, noise, part_number: 0, group: 0 }
    }

    /// Whether it hears a station that sends from `spot` at `now` seconds.
    pub(super) fn hears(&mut self, now: f64, station: Station, spot: Spot) -> bool {
        let range_b = self.plan.range_b_nm.unwrap_or(self.plan.range_nm * 0.6);
        let range = match station {
            Station::B => range_b,
            Station::Sart => range_b * SART_RANGE,
            Station::SarAircraft => self.plan.range_nm * AIRCRAFT_RANGE,
            _ => self.plan.range_nm,
        };
        // A degree of latitude is 60 miles: most vessels of a wide sea are refused without a root or a cosine.
        if (spot.lat - self.spot.lat).abs() * 60.0 > range {
            return false;
        }
        let miles = self.spot.towards(spot).0 / 1852.0;
        if miles > range || self.plan.outages.iter().any(|o| now >= o[0] * 60.0 && now < o[1] * 60.0) {
            return false;
        }
        let far = miles / range;
        let loss = self.plan.loss + (self.plan.loss_edge - self.plan.loss).max(0.0) * far * far * far;
        self.random.unit() >= loss
    }

    /// The lines it writes for one message.
    pub(super) fn lines(&mut self, at: Time, message: &Message, channel: char, mut line: impl FnMut(String)) {
        let sentences = message::to_sentences(message, &self.plan.talker, channel, self.part_number);
        let parts = sentences.len();
        if parts > 1 {
            self.part_number = (self.part_number + 1) % 10;
            self.group = self.group % 9999 + 1;
        }
        let heard = if parts > 1 && self.chance(self.noise.truncate) { parts - 1 } else { parts };
        for (i, sentence) in sentences.into_iter().take(heard).enumerate() {
            let group = (parts > 1).then_some((i + 1, parts));
            self.write(at, group, &sentence, &mut line);
        }
    }

    /// The receiver's own clock and place, as `$GPZDA` and `$GPRMC`.
    pub(super) fn own_lines(&mut self, at: Time, mut line: impl FnMut(String)) {
        let Some(utc) = at.to_chrono() else { return };
        let zda = utc.format("%H%M%S.00,%d,%m,%Y,00,00").to_string();
        let (lat, lon) = (self.spot.lat, self.spot.lon);
        let angle = |degrees: f64, width: usize| {
            let whole = libm::floor(degrees.abs());
            format!("{whole:0width$}{:07.4}", ((degrees.abs() - whole) * 60.0).min(59.9999))
        };
        let rmc = format!(
            "{},A,{},{},{},{},0.0,0.0,{},,,A",
            utc.format("%H%M%S.00"),
            angle(lat, 2),
            if lat < 0.0 { 'S' } else { 'N' },
            angle(lon, 3),
            if lon < 0.0 { 'W' } else { 'E' },
            utc.format("%d%m%y"),
        );
        for (address, fields) in [("GPZDA", zda), ("GPRMC", rmc)] {
            self.write(at, None, &compose(address, &fields), &mut line);
        }
    }

    /// Puts the TAG block before a sentence: station and stamp, and the group of a multi-part message.
    fn write(
        &mut self,
        at: Time,
        group: Option<(usize, usize)>,
        sentence: &str,
        line: &mut impl FnMut(String),
    ) {
        let mut block = String::with_capacity(48);
        // Writing to a string cannot fail.
        if let Some((part, parts)) = group {
            let _ = write!(block, "g:{part}-{parts}-{}", self.group);
        }
        if group.is_none_or(|(part, _)| part == 1) {
            let ms = at.as_millis() + (self.plan.clock_offset_seconds * 1000.0) as i64;
            let stamp = if self.plan.milliseconds { ms } else { ms.div_euclid(1000) };
            let comma = if group.is_some() { "," } else { "" };
            let _ = write!(block, "{comma}s:{},c:{stamp}", self.plan.name);
        }
        let mut text = tag_block::compose(&block) + sentence;
        if self.chance(self.noise.corrupt) {
            text = self.corrupted(&text);
        }
        if self.chance(self.noise.repeat) {
            line(text.clone());
        }
        line(text);
    }

    fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && self.random.unit() < share
    }

    /// One character changed to another printable one.
    fn corrupted(&mut self, text: &str) -> String {
        let at = self.random.below(text.len());
        let with = char::from(b'0' + self.random.below(64) as u8);
        text.char_indices().map(|(i, c)| if i == at { with } else { c }).collect()
    }
}
