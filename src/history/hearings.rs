//! Who heard which transmission: gathered a few thousand at a time, compressed, and asked by sequence or by time.

use super::{Error, Reader, Result};
use crate::admit::{Copy, Hearing};
use crate::store::failed;
use sensors::{Mmsi, ReceiverId, StationId, Time};
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Transmissions in one block: about 50 kB packed.
const FULL: usize = 4096;

/// Blocks that may wait for a flush: 4 million transmissions, about 50 MB.
pub(super) const READY_MAX: usize = 1024;

/// Hearings of one answer at most.
pub const ANSWER_MAX: usize = 10_000;

/// Level 1, as the journal's: level 3 saves a tenth more for twice the time.
const LEVEL: i32 = 1;

/// What waits to be written.
#[derive(Default)]
pub(super) struct Waiting {
    hearings: Vec<Hearing>,
    ready: Vec<Block>,
}

/// Hearings packed together.
struct Block {
    sequences: (u64, u64),
    times: (Time, Time),
    count: usize,
    body: Vec<u8>,
    /// Which stations the copies are of, where any is named.
    stations: Option<Vec<u8>>,
}

/// One hearing as packed: numbers as their difference to the one before.
#[derive(Serialize, Deserialize)]
struct Packed<Copies> {
    sequence: i64,
    told: i64,
    time: i64,
    mmsi: Mmsi,
    copies: Copies,
}

/// Copies on their way into a block.
struct Packing<'a>(&'a [Copy]);

impl Serialize for Packing<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(PackedCopy::new))
    }
}

/// One copy as packed, but for its station.
#[derive(Serialize, Deserialize)]
struct PackedCopy {
    receiver: ReceiverId,
    after: i32,
    power: Option<i16>,
    level: Option<i16>,
    strength: Option<u32>,
}

impl PackedCopy {
    fn new(copy: &Copy) -> PackedCopy {
        let Copy { receiver, station: _, after, power, level, strength } = *copy;
        PackedCopy { receiver, after, power, level, strength }
    }

    fn copy(self, station: StationId) -> Copy {
        let PackedCopy { receiver, after, power, level, strength } = self;
        Copy { receiver, station, after, power, level, strength }
    }
}

/// The stations of a block's copies, in their order: which of the named ones each is of, from 1; 0 where none is.
#[derive(Default, Serialize, Deserialize)]
struct Stations {
    named: Vec<StationId>,
    of: Vec<u32>,
}

impl Stations {
    fn of(hearings: &[Hearing]) -> Option<Stations> {
        let mut copies = hearings.iter().flat_map(|hearing| &hearing.copies);
        if copies.all(|copy| copy.station == StationId::NONE) {
            return None;
        }
        let mut stations = Stations::default();
        let mut known = BTreeMap::from([(StationId::NONE, 0)]);
        for copy in hearings.iter().flat_map(|hearing| &hearing.copies) {
            let next = known.len() as u32;
            let number = *known.entry(copy.station).or_insert_with(|| {
                stations.named.push(copy.station);
                next
            });
            stations.of.push(number);
        }
        Some(stations)
    }

    /// That of each copy; none for all of a block that names none.
    fn each(self) -> impl Iterator<Item = StationId> {
        let of = |number: u32| number.checked_sub(1).and_then(|at| self.named.get(at as usize).copied());
        let each: Vec<StationId> = self.of.iter().map(|&number| of(number).unwrap_or_default()).collect();
        each.into_iter().chain(std::iter::repeat(StationId::NONE))
    }
}

impl Waiting {
    pub(super) fn add(&mut self, hearing: Hearing) {
        self.hearings.push(hearing);
        if self.hearings.len() >= FULL {
            self.ready.push(Block::pack(&self.hearings));
            self.hearings.clear();
        }
    }

    pub(super) fn blocks(&self) -> usize {
        self.ready.len()
    }

    /// Writes all that waits; it goes on waiting until [`Waiting::clear`].
    pub(super) async fn write(&mut self, file: &mut SqliteConnection) -> Result<()> {
        if !self.hearings.is_empty() {
            self.ready.push(Block::pack(&self.hearings));
            self.hearings.clear();
        }
        for block in &self.ready {
            sqlx::query(
                "INSERT INTO hearings (first_sequence, last_sequence, first_time, last_time, count, body, stations)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(block.sequences.0 as i64)
            .bind(block.sequences.1 as i64)
            .bind(block.times.0.as_millis())
            .bind(block.times.1.as_millis())
            .bind(block.count as i64)
            .bind(&block.body[..])
            .bind(block.stations.as_deref())
            .execute(&mut *file)
            .await
            .map_err(failed(|| "write the history".to_owned()))?;
        }
        Ok(())
    }

    /// They are in the file.
    pub(super) fn clear(&mut self) {
        self.ready.clear();
    }
}

impl Block {
    fn pack(hearings: &[Hearing]) -> Block {
        let (mut sequence, mut told, mut time) = (0, 0, 0);
        let difference = |last: &mut i64, now: i64| now.wrapping_sub(std::mem::replace(last, now));
        let packed: Vec<Packed<Packing<'_>>> = hearings
            .iter()
            .map(|hearing| Packed {
                sequence: difference(&mut sequence, hearing.sequence as i64),
                told: difference(&mut told, hearing.told as i64),
                time: difference(&mut time, hearing.time.as_millis()),
                mmsi: hearing.mmsi,
                copies: Packing(&hearing.copies),
            })
            .collect();
        let sequences = hearings.iter().map(|hearing| hearing.sequence);
        let times = hearings.iter().map(|hearing| hearing.time);
        Block {
            sequences: (sequences.clone().min().unwrap_or(0), sequences.max().unwrap_or(0)),
            times: (times.clone().min().unwrap_or_default(), times.max().unwrap_or_default()),
            count: hearings.len(),
            body: compress(&packed),
            stations: Stations::of(hearings).map(|stations| compress(&stations)),
        }
    }
}

fn compress(value: &impl Serialize) -> Vec<u8> {
    let plain = postcard::to_stdvec(value).expect("plain data; memory is the only limit");
    zstd::encode_all(&plain[..], LEVEL).expect("the level exists, and a vector takes all")
}

fn decompress<T: DeserializeOwned>(body: &[u8]) -> std::result::Result<T, String> {
    /// A full block with 32 copies of each is less.
    const UNPACKED_MAX: usize = 4 << 20;
    let plain = zstd::bulk::decompress(body, UNPACKED_MAX).map_err(|error| error.to_string())?;
    postcard::from_bytes(&plain).map_err(|error| error.to_string())
}

fn unpack(body: &[u8], stations: Option<&[u8]>) -> std::result::Result<Vec<Hearing>, String> {
    let packed: Vec<Packed<Vec<PackedCopy>>> = decompress(body)?;
    let stations: Stations = stations.map(decompress).transpose()?.unwrap_or_default();
    let mut stations = stations.each();
    let (mut sequence, mut told, mut time) = (0_i64, 0_i64, 0_i64);
    let sum = |last: &mut i64, difference: i64| {
        *last = last.wrapping_add(difference);
        *last
    };
    let hearing = |packed: Packed<Vec<PackedCopy>>| Hearing {
        sequence: sum(&mut sequence, packed.sequence) as u64,
        told: sum(&mut told, packed.told) as u64,
        time: Time::from_millis(sum(&mut time, packed.time)),
        mmsi: packed.mmsi,
        copies: packed
            .copies
            .into_iter()
            .zip(stations.by_ref())
            .map(|(copy, station)| copy.copy(station))
            .collect(),
    };
    Ok(packed.into_iter().map(hearing).collect())
}

impl Reader {
    /// Who heard the transmissions whose first copies have these sequences, as of the last flush; by sequence, at most
    /// [`ANSWER_MAX`].
    ///
    /// # Errors
    /// When the file can't be read or a block is damaged.
    pub async fn hearings(&self, sequences: RangeInclusive<u64>) -> Result<Vec<Hearing>> {
        let (first, last) = (to_i64(*sequences.start()), to_i64(*sequences.end()));
        let query = "SELECT first_sequence, body, stations FROM hearings WHERE last_sequence >= ? AND first_sequence <= ?";
        self.heard(query, first, last, |hearing| sequences.contains(&hearing.sequence)).await
    }

    /// The same by event time, from `from` to before `to`, of everyone or of one MMSI.
    ///
    /// # Errors
    /// When the file can't be read or a block is damaged.
    pub async fn hearings_between(&self, from: Time, to: Time, mmsi: Option<Mmsi>) -> Result<Vec<Hearing>> {
        let query =
            "SELECT first_sequence, body, stations FROM hearings WHERE last_time >= ? AND first_time < ?";
        let wanted = |hearing: &Hearing| {
            (from..to).contains(&hearing.time) && mmsi.is_none_or(|mmsi| hearing.mmsi == mmsi)
        };
        self.heard(query, from.as_millis(), to.as_millis(), wanted).await
    }

    async fn heard(
        &self,
        query: &'static str,
        first: i64,
        last: i64,
        wanted: impl Fn(&Hearing) -> bool,
    ) -> Result<Vec<Hearing>> {
        let reading = || failed(|| "read the history".to_owned());
        let mut found = Vec::new();
        let mut after = 0_i64;
        loop {
            // One block at a time: an answer is bounded, and so is what is unpacked for it.
            let text = format!("{query} AND id > ? ORDER BY id LIMIT 1").replacen("SELECT", "SELECT id,", 1);
            let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(first).bind(last).bind(after);
            let Some(row) = query.fetch_optional(self.file()).await.map_err(reading())? else { break };
            after = row.try_get("id").map_err(reading())?;
            let first_sequence: i64 = row.try_get("first_sequence").map_err(reading())?;
            let body: Vec<u8> = row.try_get("body").map_err(reading())?;
            let stations: Option<Vec<u8>> = row.try_get("stations").map_err(reading())?;
            let hearings = unpack(&body, stations.as_deref())
                .map_err(|detail| Error::DamagedHearings { first_sequence: first_sequence as u64, detail })?;
            found.extend(hearings.into_iter().filter(|hearing| wanted(hearing)));
            if found.len() >= ANSWER_MAX {
                break;
            }
        }
        found.sort_unstable_by_key(|hearing: &Hearing| hearing.sequence);
        found.truncate(ANSWER_MAX);
        Ok(found)
    }
}

fn to_i64(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Which, Writer};

    fn hearing(n: u64) -> Hearing {
        let copy = |receiver| Copy {
            receiver: ReceiverId(receiver),
            station: StationId(if n.is_multiple_of(5) { 0 } else { u64::MAX - n % 40 - u64::from(receiver) }),
            after: i32::from(receiver) * 120 - 60,
            power: (receiver == 1).then_some(-870),
            level: None,
            strength: None,
        };
        Hearing {
            sequence: 3 * n,
            told: 3 * n / 100 * 100 + 100,
            time: Time::from_seconds(1_795_000_000 + n as i64),
            mmsi: Mmsi(567_000_000 + (n % 7) as u32),
            copies: (0..1 + (n % 3) as u16).map(copy).collect(),
        }
    }

    #[tokio::test]
    async fn who_heard_a_transmission_is_kept_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        let all: Vec<Hearing> = (1..10_000).map(hearing).collect();
        let mut writer = Writer::open(&path).await.unwrap();
        let applied = 18_000;
        all.iter()
            .filter(|hearing| hearing.told <= applied)
            .for_each(|hearing| writer.hearing(hearing.clone()));
        writer.flush(applied, Which::All).await.unwrap();
        drop(writer);
        // After a restart the journal is replayed from before, and told again.
        let mut writer = Writer::open(&path).await.unwrap();
        all.iter()
            .filter(|hearing| hearing.told > 15_000)
            .for_each(|hearing| writer.hearing(hearing.clone()));
        writer.flush(100_000, Which::All).await.unwrap();
        let reader = Reader::open(&path).await.unwrap();
        assert_eq!(reader.hearings(0..=u64::MAX).await.unwrap(), all);
        assert_eq!(reader.hearings(15_000..=15_005).await.unwrap(), [hearing(5_000), hearing(5_001)]);
        let (from, to) = (hearing(100).time, hearing(200).time);
        let one = reader.hearings_between(from, to, Some(Mmsi(567_000_003))).await.unwrap();
        assert_eq!(one, (100..200).filter(|n| n % 7 == 3).map(hearing).collect::<Vec<_>>());
    }

    #[test]
    fn blocks_are_small_and_damage_is_told() {
        let all: Vec<Hearing> = (1..4097).map(hearing).collect();
        let block = Block::pack(&all);
        let stations = block.stations.as_deref().expect("some are named");
        assert_eq!(unpack(&block.body, Some(stations)).unwrap(), all);
        let size = block.body.len() + stations.len();
        assert!(size < 18 * all.len(), "{size} bytes");
        assert!(unpack(&block.body[..100], Some(stations)).is_err());
        assert!(unpack(&block.body, Some(&stations[..10])).is_err());
    }

    #[test]
    fn a_block_that_names_no_station_says_so_by_having_none() {
        let mut all: Vec<Hearing> = (1..100).map(hearing).collect();
        all.iter_mut()
            .flat_map(|hearing| &mut hearing.copies)
            .for_each(|copy| copy.station = StationId::NONE);
        let block = Block::pack(&all);
        assert!(block.stations.is_none());
        assert_eq!(unpack(&block.body, None).unwrap(), all);
    }
}
