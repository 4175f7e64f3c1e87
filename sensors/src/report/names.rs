//! What stations call themselves: reports carry a hash of the name only.

use super::StationId;
use crate::sentence::Trailer;
use crate::sentence::tag_block::{self, Parameter, STATION_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names remembered; those of later stations are not. Ours: as many as stage 0 tells apart.
const NAMES_MAX: usize = 4096;

/// Names by hash, learned when a station is first heard.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Names {
    names: BTreeMap<StationId, Box<str>>,
    #[serde(skip)]
    seen: Seen,
}

/// Stations that were looked for already, so that the next line of one needs no look into the map. What it holds
/// changes nothing but the speed.
#[derive(Debug, Clone)]
struct Seen(Box<[StationId; SEEN]>);

/// A power of two; 8 KiB.
const SEEN: usize = 1024;

impl Default for Seen {
    fn default() -> Seen {
        Seen(Box::new([StationId::NONE; SEEN]))
    }
}

impl PartialEq for Seen {
    fn eq(&self, _: &Seen) -> bool {
        true
    }
}

impl Names {
    /// This station was named, and `name` tells how where it can.
    #[inline(always)]
    pub(super) fn learn<'a>(&mut self, station: StationId, name: impl FnOnce() -> Option<&'a [u8]>) {
        if station.is_named() && self.seen.0[station.0 as usize % SEEN] != station {
            self.look(station, name);
        }
    }

    #[cold]
    fn look<'a>(&mut self, station: StationId, name: impl FnOnce() -> Option<&'a [u8]>) {
        if self.names.len() < NAMES_MAX && !self.names.contains_key(&station) {
            // A later line may tell: a group's lines but its first do not.
            let Some(name) = name() else { return };
            let name = &name[..name.len().min(STATION_MAX)];
            let fits = |b: &u8| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '\u{fffd}' };
            self.names.insert(station, name.iter().map(fits).collect());
        }
        self.seen.0[station.0 as usize % SEEN] = station;
    }

    pub(super) fn get(&self, station: StationId) -> Option<&str> {
        self.names.get(&station).map(|name| &**name)
    }

    /// Forgets the names of all other stations.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(StationId) -> bool) {
        self.names.retain(|station, _| keep(*station));
        // One that found no room may find it now.
        self.seen = Seen::default();
    }
}

/// The name on this line whose hash that is: in a TAG block, or behind the checksum.
pub(super) fn named_on(line: &[u8], station: StationId) -> Option<&[u8]> {
    let mut blocks = tag_block::blocks(line).flat_map(|block| block.parameters());
    let in_block = blocks.find_map(|parameter| match parameter {
        Parameter::Source(name) if StationId::of(name) == station => Some(name),
        _ => None,
    });
    in_block.or_else(|| Trailer::names(line).find(|name| StationId::of(name) == station))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_where_the_line_has_it() {
        for (line, name) in [
            (&br"\s:rEV02,c:1334337317*58\!AIVDM,1,1,,B,19NWuLhuRb5QHfCpPcwj`26B0<02,0*5F"[..], "rEV02"),
            (br"\c:1,s:mast*00\\s:ST1*00\!AIVDM,x*00", "ST1"),
            (b"!AIVDM,1,1,,A,14`qQb0000o?u?DK>Smo2E`v0404,0*1A,s28,r003669987,1152921693", "r003669987"),
        ] {
            assert_eq!(named_on(line, StationId::of(name.as_bytes())), Some(name.as_bytes()));
            assert_eq!(named_on(line, StationId::of(b"other")), None);
        }
    }

    #[test]
    fn names_are_bounded_and_those_of_stations_that_are_gone_make_room() {
        let mut names = Names::default();
        let name = |n: u32| format!("ST{n}").into_bytes();
        let learn = |names: &mut Names, n| {
            let name = name(n);
            names.learn(StationId::of(&name), || Some(&name));
        };
        (0..10_000).for_each(|n| learn(&mut names, n));
        assert_eq!(names.names.len(), NAMES_MAX);
        assert_eq!(names.get(StationId::of(&name(9_999))), None);
        names.retain(|station| station == StationId::of(b"ST7"));
        learn(&mut names, 9_999);
        assert_eq!(names.get(StationId::of(b"ST7")), Some("ST7"));
        assert_eq!(names.get(StationId::of(b"ST9999")), Some("ST9999"));
    }

    #[test]
    fn a_name_that_its_first_line_does_not_tell_is_learned_from_a_later_one() {
        let mut names = Names::default();
        let station = StationId::of(b"ST1");
        names.learn(station, || None);
        names.learn(station, || Some(b"ST1"));
        assert_eq!(names.get(station), Some("ST1"));
    }
}
