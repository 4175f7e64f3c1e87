//! Millions of damaged lines through the decoder: whatever arrives is read or counted, and nothing panics.
//!
//! `LINES` and `SEED` in the environment make it longer and different; `make fuzz-lines` runs it with
//! overflow checks and debug assertions in an optimised build.

use sensors::{Decoder, Line, ReceiverId, Report, Time};
use std::path::Path;

/// Lines when nothing else is said: some ten seconds in a development build.
const LINES: u64 = 200_000;

/// So many of a hundred damaged lines get a checksum that fits again, or little would get past it.
const RIGHT_CHECKSUMS: u64 = 70;

#[test]
fn no_damaged_line_stops_the_decoder() {
    let lines = from_environment("LINES").unwrap_or(LINES);
    let mut chance = Chance(from_environment("SEED").unwrap_or(1));
    let seeds = seeds();
    let (mut decoder, mut reports) = (Decoder::new(), Vec::new());
    let mut fingerprint = 0_u64;
    let mut line = Vec::new();
    for sequence in 0..lines {
        line.clear();
        damage(&seeds, &mut line, &mut chance);
        let heard_at = Time::from_millis(1_795_000_000_000 + sequence as i64 * 13);
        let receiver = ReceiverId(chance.below(3) as u16);
        decoder.line(Line { receiver, sequence, heard_at, bytes: &line }, &mut reports);
        for report in reports.drain(..) {
            fingerprint = fingerprint.rotate_left(5) ^ digest(&report);
        }
    }
    let counts = decoder.counts();
    println!("{lines} lines, fingerprint {fingerprint:016x}\n{counts:#?}");
    assert_eq!(counts.lines, lines);
    // The damage is neither so slight that nothing is refused nor so heavy that nothing is read.
    assert!(counts.messages > lines / 20, "{counts:#?}");
    assert!(counts.refused > lines / 20, "{counts:#?}");
}

/// Enough of a report to see that two builds read the same.
fn digest(report: &Report) -> u64 {
    let text = format!("{report:?}");
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

/// The lines of all recordings in `fixtures/`, each kind of line at most a few hundred times.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = SEEDS.iter().map(|line| line.as_bytes().to_vec()).collect();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(&folder)
            .expect("fixtures")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "nmea" || e == "jsonl") {
                let bytes = std::fs::read(&path).expect("a recording");
                let lines = bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty() && line[0] != b'#');
                seeds.extend(lines.take(60).map(<[u8]>::to_vec));
            }
        }
    }
    seeds
}

/// What the recordings lack: every kind of framing, and messages of rare types.
const SEEDS: &[&str] = &[
    "!AIVDM,2,1,7,A,56K8@vh2:w;D`OG??R0dTq9UF0l59F222222221@:HE694o`0@ORT80j0`<r3PDR,0*22",
    "!AIVDM,2,2,7,A,E0JH882,2*36",
    "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F,s28855,d-094,T41.9,r003669959,1152921718",
    "!AIVDM,1,1,,B,8030ojA?0@=DE3@?BDPA3onQiUFttP1Wh01DE3<1EJ?>0onlkUG0e01I00,4*00",
    "!AIVDM,1,1,,A,I5,0*00",
    "!AIVDM,1,1,,A,J02,0*72",
    "!AIVDM,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*00",
    "!AIVDO,1,1,,,B7PDVj002rtPPq8Wq8Q03wm5oP06,0*00",
    "\\g:1-2-73874*A5\\!AIVDM,1,1,,A,15MrVH0000KH<:V:NtBLoqFP2H9:,0*2F",
    "\\s:ST1,c:1794999998,n:12,d:abc,t:text,q:3,r:99*00\\!BSVDM,1,1,,B,402R3KiutR0S`o2rG2Mg1;O02D0P,0*00",
    "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
    "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A",
    "$RATTM,01,0.5,090.0,T,12.3,180.0,T,0.4,5.0,N,TGT01,T,,123519.00,A*00",
    "$AIVSI,r3669959,1,123519.12,145,-91,12*00",
    "{\"class\":\"AIS\",\"type\":1,\"mmsi\":205448890,\"lon\":2643654,\"lat\":30742118,\"speed\":0}",
];

/// Makes one line from one or two seeds.
fn damage(seeds: &[Vec<u8>], line: &mut Vec<u8>, chance: &mut Chance) {
    line.extend_from_slice(chance.of::<Vec<u8>>(seeds));
    if chance.below(20) == 0 {
        let at = chance.below(line.len() as u64 + 1) as usize;
        let other: &Vec<u8> = chance.of(seeds);
        line.truncate(at);
        line.extend_from_slice(&other[chance.below(other.len() as u64) as usize..]);
    }
    for _ in 0..chance.below(4) {
        strike(line, chance);
    }
    if chance.below(100) < RIGHT_CHECKSUMS {
        mend(line);
    }
}

/// Bytes that mean something to a reader of sentences.
const TELLING: &[u8] = b"!$\\,*-:09AVWw`{}\"\r\x00\xff";

fn strike(line: &mut Vec<u8>, chance: &mut Chance) {
    let at = chance.below(line.len() as u64 + 1) as usize;
    let byte = if chance.below(2) == 0 { *chance.of(TELLING) } else { chance.next() as u8 };
    match chance.below(8) {
        0 => line.insert(at, byte),
        1 if at < line.len() => drop(line.remove(at)),
        2 if chance.below(4) == 0 => line.truncate(at),
        3 => {
            let end = line.len().min(at + chance.below(90) as usize);
            let again = line[at..end].to_vec();
            line.splice(at..at, again).for_each(drop);
        }
        4 => {
            let end = line.len().min(at + chance.below(30) as usize);
            line.drain(at..end);
        }
        5 if at < line.len() => line[at] ^= 1 << chance.below(7),
        // A payload character is likelier to stay one than to become something else.
        6 if at < line.len() => line[at] = b'0' + (chance.below(40)) as u8,
        _ if at < line.len() => line[at] = byte,
        _ => {}
    }
}

/// Gives every sentence and TAG block the checksum that fits.
fn mend(line: &mut [u8]) {
    let mut start = None;
    for at in 0..line.len() {
        match line[at] {
            b'!' | b'$' | b'\\' => start = Some(at + 1),
            b'*' if start.is_some_and(|start| start < at) && at + 2 < line.len() => {
                let body = &line[start.take().expect("just seen")..at];
                let sum = body.iter().fold(0, |sum, b| sum ^ b);
                let digits = b"0123456789ABCDEF";
                line[at + 1] = digits[usize::from(sum >> 4)];
                line[at + 2] = digits[usize::from(sum & 15)];
            }
            _ => {}
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same lines for the same seed on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("LINES and SEED are whole numbers"))
}
