//! A block of fixes as bytes: what differs from where a vessel was expected, compressed, and nothing lost.
//!
//! Layout: one byte of format version, then one zstd frame with its checksum. Inside: count, track, MMSI,
//! and one column for each field. A column is a width (bytes a value, 0 when all are zero) and then its
//! values as byte planes: all lowest bytes first, so that bytes that resemble each other stand together.

use super::BLOCK_FIXES;
use super::reckon::expect;
use crate::geo::Position;
use crate::track::{Class, Fix, Standing, TrackId};
use sensors::{Mmsi, ReceiverId, Time};
use zstd::bulk::{Compressor, Decompressor};

/// The format that is written. Blocks of the one before are read as well: they know no standing but late.
const VERSION: u8 = 2;
const VERSION_LATE_ONLY: u8 = 1;

/// zstd's own default: measured 13 million fixes/s; higher levels gain little on residuals.
const LEVEL: i32 = 3;

/// Count, track, MMSI.
const HEADER: usize = 2 + 8 + 4;

const COLUMNS: usize = 11;

/// No block unpacks to more than this.
const UNPACKED_MAX: usize = HEADER + COLUMNS * (1 + 8 * BLOCK_FIXES);

/// Why the bytes of a block can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Corrupt {
    /// The block is empty or of a format that this program doesn't know.
    #[error("unknown format {0:?}")]
    Format(Option<u8>),
    /// It doesn't unpack, or its checksum is wrong.
    #[error("does not unpack")]
    Unpack(#[source] std::io::Error),
    /// It ends early, or something follows its end.
    #[error("has the wrong length")]
    Length,
    /// A value that no fix has.
    #[error("holds an impossible {0}")]
    Value(&'static str),
}

/// Packs blocks; keeps its buffers between them.
pub(super) struct Encoder {
    zstd: Compressor<'static>,
    plain: Vec<u8>,
    column: Vec<u64>,
    /// How far each fix is from where it was expected, latitude and longitude.
    missed: Vec<(u64, u64)>,
    frame: Vec<u8>,
}

/// Unpacks blocks; keeps its buffers between them.
pub(super) struct Decoder {
    zstd: Decompressor<'static>,
    plain: Vec<u8>,
}

impl Encoder {
    pub(super) fn new() -> Encoder {
        let mut zstd = Compressor::new(LEVEL).expect("zstd knows its own default level");
        zstd.include_checksum(true).expect("zstd has checksums");
        Encoder {
            zstd,
            plain: Vec::with_capacity(UNPACKED_MAX),
            column: Vec::with_capacity(BLOCK_FIXES),
            missed: Vec::with_capacity(BLOCK_FIXES),
            frame: Vec::with_capacity(zstd::zstd_safe::compress_bound(UNPACKED_MAX)),
        }
    }

    /// The bytes of 1 to [`BLOCK_FIXES`] fixes of one track and MMSI, sorted by time and sequence.
    pub(super) fn encode(&mut self, fixes: &[Fix]) -> Vec<u8> {
        let (Some(first), true) = (fixes.first(), fixes.len() <= BLOCK_FIXES) else {
            unreachable!("a block holds 1 to {BLOCK_FIXES} fixes, not {}", fixes.len());
        };
        self.plain.clear();
        self.plain.extend_from_slice(&(fixes.len() as u16).to_le_bytes());
        self.plain.extend_from_slice(&first.track.as_u64().to_le_bytes());
        self.plain.extend_from_slice(&first.mmsi.0.to_le_bytes());

        self.each(fixes, 0, |last, f| {
            let seconds = f.time.as_millis().div_euclid(1000);
            let step = seconds.wrapping_sub(*last);
            *last = seconds;
            zigzag(step)
        });
        self.each(fixes, (), |(), f| f.time.as_millis().rem_euclid(1000) as u64);
        self.each(fixes, 0, |last, f| zigzag(step(last, f.sequence) as i64));
        self.each(fixes, 0, |last, f| u64::from(flags(f) ^ std::mem::replace(last, flags(f))));
        self.each(fixes, 0, |last, f| u64::from(f.status ^ std::mem::replace(last, f.status)));
        self.each(fixes, 0, |last, f| u64::from(f.receiver.0 ^ std::mem::replace(last, f.receiver.0)));
        self.each(fixes, 0, |last, f| step16(last, f.speed));
        self.each(fixes, 0, |last, f| step16(last, f.course));
        self.each(fixes, 0, |last, f| step16(last, f.heading));
        self.missed.clear();
        let mut last = None;
        self.missed.extend(fixes.iter().map(|f| {
            let expected = expect(last.replace(*f), f);
            let miss = |is: i32, expected: i32| zigzag(i64::from(is.wrapping_sub(expected)));
            (miss(f.position.lat, expected.lat), miss(f.position.lon, expected.lon))
        }));
        self.column.clear();
        self.column.extend(self.missed.iter().map(|m| m.0));
        self.planes();
        self.column.clear();
        self.column.extend(self.missed.iter().map(|m| m.1));
        self.planes();

        self.frame.clear();
        // The vector's capacity is what bounds zstd's output.
        self.zstd.compress_to_buffer(&self.plain, &mut self.frame).expect("the buffer has zstd's own bound");
        let mut packed = Vec::with_capacity(1 + self.frame.len());
        packed.push(VERSION);
        packed.extend_from_slice(&self.frame);
        packed
    }

    fn each<S>(&mut self, fixes: &[Fix], mut state: S, value: impl Fn(&mut S, &Fix) -> u64) {
        self.column.clear();
        self.column.extend(fixes.iter().map(|f| value(&mut state, f)));
        self.planes();
    }

    /// Puts the column down as byte planes.
    fn planes(&mut self) {
        let widest = self.column.iter().fold(0, |all, v| all | v);
        let width = (64 - widest.leading_zeros()).div_ceil(8);
        self.plain.push(width as u8);
        for plane in 0..width {
            self.plain.extend(self.column.iter().map(|v| (v >> (8 * plane)) as u8));
        }
    }
}

impl Decoder {
    pub(super) fn new() -> Decoder {
        let zstd = Decompressor::new().expect("zstd needs memory only");
        Decoder { zstd, plain: Vec::with_capacity(UNPACKED_MAX) }
    }

    /// The fixes of a block, sorted as they were packed.
    ///
    /// # Errors
    /// [`Corrupt`] for bytes that [`Encoder::encode`] doesn't make.
    pub(super) fn decode(&mut self, bytes: &[u8]) -> Result<Vec<Fix>, Corrupt> {
        let Some((&(VERSION | VERSION_LATE_ONLY), frame)) = bytes.split_first() else {
            return Err(Corrupt::Format(bytes.first().copied()));
        };
        self.plain.clear();
        self.zstd.decompress_to_buffer(frame, &mut self.plain).map_err(Corrupt::Unpack)?;
        let (header, rest) = self.plain.split_at_checked(HEADER).ok_or(Corrupt::Length)?;
        let count = usize::from(u16::from_le_bytes([header[0], header[1]]));
        if count == 0 || count > BLOCK_FIXES {
            return Err(Corrupt::Value("count"));
        }
        let track = header[2..10].iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
        let mmsi = header[10..].iter().rev().fold(0, |n, b| n << 8 | u32::from(*b));
        let blank = Fix {
            track: TrackId::from_u64(track),
            sequence: 0,
            time: Time::default(),
            mmsi: Mmsi(mmsi),
            position: Position { lat: 0, lon: 0 },
            speed: None,
            course: None,
            heading: None,
            status: 0,
            class: Class::A,
            receiver: ReceiverId(0),
            standing: Standing::Used,
        };
        let mut columns = Columns { rest, count };
        let mut fixes = vec![blank; count];
        columns.fill(&mut fixes, 0i64, |last, f, v| {
            *last = last.wrapping_add(unzigzag(v));
            f.time = Time::from_millis(last.wrapping_mul(1000));
        })?;
        columns.fill(&mut fixes, (), |(), f, v| {
            f.time = Time::from_millis(f.time.as_millis().wrapping_add(v as i64));
        })?;
        columns.fill(&mut fixes, 0u64, |last, f, v| {
            *last = last.wrapping_add(unzigzag(v) as u64);
            f.sequence = *last;
        })?;
        let mut flags = vec![0u16; count];
        let mut row = flags.iter_mut();
        columns.fill(&mut fixes, 0u16, |last, _, v| {
            *last ^= v as u16;
            if let Some(row) = row.next() {
                *row = *last;
            }
        })?;
        columns.fill(&mut fixes, 0u8, |last, f, v| {
            *last ^= v as u8;
            f.status = *last;
        })?;
        columns.fill(&mut fixes, 0u16, |last, f, v| {
            *last ^= v as u16;
            f.receiver = ReceiverId(*last);
        })?;
        columns.fill(&mut fixes, 0u16, |last, f, v| f.speed = Some(unstep16(last, v)))?;
        columns.fill(&mut fixes, 0u16, |last, f, v| f.course = Some(unstep16(last, v)))?;
        columns.fill(&mut fixes, 0u16, |last, f, v| f.heading = Some(unstep16(last, v)))?;
        for (fix, flags) in fixes.iter_mut().zip(&flags) {
            unflag(fix, *flags)?;
        }
        let (lats, lons) = (columns.take()?, columns.take()?);
        if !columns.rest.is_empty() {
            return Err(Corrupt::Length);
        }
        let mut last = None;
        for (i, fix) in fixes.iter_mut().enumerate() {
            let expected = expect(last, fix);
            fix.position = Position {
                lat: expected.lat.wrapping_add(unzigzag(lats.value(i)) as i32),
                lon: expected.lon.wrapping_add(unzigzag(lons.value(i)) as i32),
            };
            last = Some(*fix);
        }
        Ok(fixes)
    }
}

/// The columns that are still to be read.
struct Columns<'a> {
    rest: &'a [u8],
    count: usize,
}

/// One column's byte planes.
struct Planes<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl Planes<'_> {
    fn value(&self, row: usize) -> u64 {
        self.bytes.chunks_exact(self.count).rev().fold(0, |n, plane| n << 8 | u64::from(plane[row]))
    }
}

impl<'a> Columns<'a> {
    fn take(&mut self) -> Result<Planes<'a>, Corrupt> {
        let (&width, rest) = self.rest.split_first().ok_or(Corrupt::Length)?;
        if width > 8 {
            return Err(Corrupt::Value("width"));
        }
        let (bytes, rest) = rest.split_at_checked(usize::from(width) * self.count).ok_or(Corrupt::Length)?;
        self.rest = rest;
        Ok(Planes { bytes, count: self.count })
    }

    fn fill<S>(
        &mut self,
        fixes: &mut [Fix],
        mut state: S,
        mut set: impl FnMut(&mut S, &mut Fix, u64),
    ) -> Result<(), Corrupt> {
        let planes = self.take()?;
        for (row, fix) in fixes.iter_mut().enumerate() {
            set(&mut state, fix, planes.value(row));
        }
        Ok(())
    }
}

/// Small numbers of either sign become small numbers.
fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

fn step(last: &mut u64, value: u64) -> u64 {
    let step = value.wrapping_sub(*last);
    *last = value;
    step
}

/// A value that isn't there repeats the last one; the flags say that it isn't there.
fn step16(last: &mut u16, value: Option<u16>) -> u64 {
    let value = value.unwrap_or(*last);
    let step = value.wrapping_sub(*last) as i16;
    *last = value;
    zigzag(i64::from(step))
}

fn unstep16(last: &mut u16, step: u64) -> u16 {
    *last = last.wrapping_add(unzigzag(step) as u16);
    *last
}

/// Bit 3 alone says late, as it did before there was the standing in bits 8 to 11.
const LATE: u16 = 8;

/// What is in a fix, its class and its standing; the highest four bits are free.
pub(super) fn flags(fix: &Fix) -> u16 {
    let standing = match fix.standing {
        Standing::Late => LATE,
        other => (other as u16) << 8,
    };
    u16::from(fix.speed.is_some())
        | u16::from(fix.course.is_some()) << 1
        | u16::from(fix.heading.is_some()) << 2
        | (fix.class as u16) << 4
        | standing
}

/// Sets what the flags say, and takes out what they say is not there.
pub(super) fn unflag(fix: &mut Fix, flags: u16) -> Result<(), Corrupt> {
    fix.speed = fix.speed.filter(|_| flags & 1 != 0);
    fix.course = fix.course.filter(|_| flags & 2 != 0);
    fix.heading = fix.heading.filter(|_| flags & 4 != 0);
    fix.standing = match (flags >> 8, flags & LATE != 0) {
        (0, true) => Standing::Late,
        (number, false) => standing(number).ok_or(Corrupt::Value("standing"))?,
        (_, true) => return Err(Corrupt::Value("standing")),
    };
    fix.class = class((flags >> 4 & 15) as u8).ok_or(Corrupt::Value("class"))?;
    Ok(())
}

/// The class with this number.
pub(super) fn class(number: u8) -> Option<Class> {
    const ALL: [Class; 8] = [
        Class::A,
        Class::B,
        Class::LongRange,
        Class::SarAircraft,
        Class::DistressDevice,
        Class::AidToNavigation,
        Class::BaseStation,
        Class::RadarTarget,
    ];
    ALL.get(usize::from(number)).copied()
}

fn standing(number: u16) -> Option<Standing> {
    Standing::ALL.get(usize::from(number)).copied()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::history) fn any_fix() -> impl Strategy<Value = Fix> {
        let numbers = (any::<u64>(), any::<i64>(), any::<i32>(), any::<i32>(), any::<u8>(), any::<u16>());
        let sixteen = || proptest::option::of(any::<u16>());
        (numbers, sixteen(), sixteen(), sixteen(), 0u8..8, 0u16..8).prop_map(
            |((sequence, time, lat, lon, status, receiver), speed, course, heading, number, why)| Fix {
                track: TrackId::new(7, 99),
                sequence,
                time: Time::from_millis(time),
                mmsi: Mmsi(567_001_234),
                position: Position { lat, lon },
                speed,
                course,
                heading,
                status,
                class: class(number).unwrap(),
                receiver: ReceiverId(receiver),
                standing: standing(why).unwrap(),
            },
        )
    }

    /// A ship under way, which reports as ships do.
    fn voyage(steps: &[(u16, i16, i8)]) -> Vec<Fix> {
        let mut fix = crate::history::tests::fix(1, 1_795_000_000_000);
        steps
            .iter()
            .map(|(wait, turn, faster)| {
                fix.time = fix.time + sensors::Span::from_millis(i64::from(*wait));
                fix.sequence += u64::from(*wait) / 7 + 1;
                fix.course = fix.course.map(|c| (i32::from(c) + i32::from(*turn)).rem_euclid(3600) as u16);
                fix.speed = fix.speed.map(|s| s.saturating_add_signed(i16::from(*faster)));
                fix.position.lon += 31;
                fix
            })
            .collect()
    }

    proptest! {
        #[test]
        fn every_fix_comes_back(mut fixes in proptest::collection::vec(any_fix(), 1..=BLOCK_FIXES)) {
            fixes.sort_by_key(|f| (f.time, f.sequence));
            let bytes = Encoder::new().encode(&fixes);
            prop_assert_eq!(Decoder::new().decode(&bytes).unwrap(), fixes);
        }

        #[test]
        fn a_voyage_comes_back(steps in proptest::collection::vec((0u16..20_000, -50i16..50, -3i8..3), 1..=BLOCK_FIXES)) {
            let fixes = voyage(&steps);
            let bytes = Encoder::new().encode(&fixes);
            prop_assert_eq!(Decoder::new().decode(&bytes).unwrap(), fixes);
        }

        #[test]
        fn a_spoilt_byte_is_noticed(at in any::<prop::sample::Index>(), by in 1u8.., steps in proptest::collection::vec((0u16..20_000, -50i16..50, -3i8..3), 1..50)) {
            let mut bytes = Encoder::new().encode(&voyage(&steps));
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            // A bit of the frame's header may be unused; then the fixes are the same.
            if let Ok(fixes) = Decoder::new().decode(&bytes) {
                prop_assert_eq!(fixes, voyage(&steps));
            }
        }

        #[test]
        fn any_bytes_are_refused_and_never_a_panic(plain in proptest::collection::vec(any::<u8>(), 0..2000), raw in any::<bool>()) {
            let mut bytes = vec![VERSION];
            bytes.extend(if raw { plain } else { zstd::bulk::compress(&plain, 3).unwrap() });
            let _ = Decoder::new().decode(&bytes);
        }
    }

    #[test]
    fn a_block_of_the_format_before_is_read() {
        let mut fixes = voyage(&[(2_000, 0, 0), (3_000, 1, 0), (9_000, 0, 1)]);
        fixes[1].standing = Standing::Late;
        let mut bytes = Encoder::new().encode(&fixes);
        // That format had no bits above those that these fixes need.
        bytes[0] = VERSION_LATE_ONLY;
        assert_eq!(Decoder::new().decode(&bytes).unwrap(), fixes);
    }

    #[test]
    fn a_bomb_is_refused() {
        let mut bytes = vec![VERSION];
        bytes.extend(zstd::bulk::compress(&vec![0; 100_000_000], 3).unwrap());
        assert!(matches!(Decoder::new().decode(&bytes), Err(Corrupt::Unpack(_))));
        assert!(matches!(Decoder::new().decode(&[]), Err(Corrupt::Format(None))));
    }
}
