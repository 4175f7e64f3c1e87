//! The identifiers ships are known by, each able to check itself.

use serde::{Deserialize, Serialize};

/// Maritime Mobile Service Identity as sent: 30 bits, so up to ten digits; nothing is promised about
/// its validity. Source: ITU-R M.585.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mmsi(pub u32);

/// What the digits of an MMSI say its sender is. Source: ITU-R M.585-9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MmsiKind {
    /// `MIDxxxxxx`, MID 201-775.
    Ship,
    /// `0MIDxxxxx`.
    Group,
    /// `00MIDxxxx`.
    CoastStation,
    /// `111MIDaxx`.
    SarAircraft,
    /// `8MIDxxxxx`.
    Handheld,
    /// `970xxxxxx`: search and rescue transmitter.
    AisSart,
    /// `972xxxxxx`: man overboard device.
    ManOverboard,
    /// `974xxxxxx`: EPIRB with AIS.
    EpirbAis,
    /// `98MIDxxxx`: craft of a parent ship.
    Auxiliary,
    /// `99MIDaxxx`: aid to navigation.
    AidToNavigation,
    /// Everything else, such as the many class B boats of the region that start with 009.
    Invalid,
}

impl Mmsi {
    /// What its digits say it is.
    pub const fn kind(self) -> MmsiKind {
        const fn is_mid(mid: u32) -> bool {
            mid >= 201 && mid <= 775
        }
        let n = self.0;
        match n / 1_000_000 {
            970 => return MmsiKind::AisSart,
            972 => return MmsiKind::ManOverboard,
            974 => return MmsiKind::EpirbAis,
            111 if is_mid(n / 1_000 % 1_000) => return MmsiKind::SarAircraft,
            m if m <= 999 && is_mid(m) => return MmsiKind::Ship,
            _ => {}
        }
        if n > 999_999_999 {
            return MmsiKind::Invalid;
        }
        match n / 10_000_000 {
            98 if is_mid(n / 10_000 % 1_000) => MmsiKind::Auxiliary,
            99 if is_mid(n / 10_000 % 1_000) => MmsiKind::AidToNavigation,
            0 if is_mid(n / 10_000 % 1_000) => MmsiKind::CoastStation,
            _ => match n / 100_000_000 {
                8 if is_mid(n / 100_000 % 1_000) => MmsiKind::Handheld,
                0 if is_mid(n / 100_000 % 1_000) => MmsiKind::Group,
                _ => MmsiKind::Invalid,
            },
        }
    }

    /// Whether it is a number that transponders are delivered with or that many type in: nobody's own. Sources: Global
    /// Fishing Watch's exclusions (111111111, 0, 888888888, 416202700); 123456789 and 1193046 (0x123456), which
    /// installers leave; one digit nine times is ours.
    pub const fn is_placeholder(self) -> bool {
        let n = self.0;
        let one_digit = n.is_multiple_of(111_111_111) && n <= 999_999_999;
        one_digit || matches!(n, 416_202_700 | 123_456_789 | 1_193_046)
    }

    /// Whether its digits say search and rescue transmitter, man overboard device or EPIRB.
    pub const fn is_distress_device(self) -> bool {
        matches!(self.kind(), MmsiKind::AisSart | MmsiKind::ManOverboard | MmsiKind::EpirbAis)
    }
}

impl std::fmt::Display for Mmsi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

/// IMO ship identification number as sent; 0 is "not available" and never appears here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Imo(pub u32);

impl Imo {
    /// Whether the last of seven digits is the check digit of the others (weights 7 to 2, IMO A.1117(30)).
    pub const fn is_valid(self) -> bool {
        if self.0 < 1_000_000 || self.0 > 9_999_999 {
            return false;
        }
        let (mut sum, mut weight, mut rest) = (0, 2, self.0 / 10);
        while rest > 0 {
            sum += rest % 10 * weight;
            weight += 1;
            rest /= 10;
        }
        sum % 10 == self.0 % 10
    }
}

impl Imo {
    /// Whether it is a number that is typed in where none is known: 1234567, whose check digit happens to be right, one
    /// digit seven times, and numbers up to 1000. Source: 1234567 and small numbers, Global Fishing Watch; the rest is ours.
    pub const fn is_placeholder(self) -> bool {
        self.0 <= 1000 || self.0 == 1_234_567 || self.0.is_multiple_of(1_111_111) && self.0 <= 9_999_999
    }
}

/// Call sign as sent, padding removed; never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallSign(pub String);

/// Type of ship and cargo as sent, 1-255; 0 is "not available" and never appears here.
/// Source: ITU-R M.1371-5 table 53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShipType(pub u8);

impl ShipType {
    /// 30: fishing.
    pub const fn is_fishing(self) -> bool {
        self.0 == 30
    }

    /// 31, 32 (towing) and 50-55, 58, 59 (pilot, search and rescue, tug, tender, anti-pollution, law
    /// enforcement, medical): vessels whose work is to meet others.
    pub const fn is_service(self) -> bool {
        matches!(self.0, 31 | 32 | 33 | 34 | 35 | 50..=55 | 58 | 59)
    }

    /// The first digit's family in one lower-case word, for display and statistics.
    pub const fn family(self) -> &'static str {
        match self.0 {
            20..=29 => "wing_in_ground",
            30 => "fishing",
            31 | 32 => "towing",
            33 => "dredging",
            34 => "diving",
            35 => "military",
            36 => "sailing",
            37 => "pleasure",
            40..=49 => "high_speed",
            50 => "pilot",
            51 => "search_and_rescue",
            52 => "tug",
            53 => "port_tender",
            54 => "anti_pollution",
            55 => "law_enforcement",
            58 => "medical",
            59 => "non_combatant",
            60..=69 => "passenger",
            70..=79 => "cargo",
            80..=89 => "tanker",
            _ => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_kinds_of_mmsi_apart() {
        assert_eq!(Mmsi(567_001_234).kind(), MmsiKind::Ship);
        assert_eq!(Mmsi(5_671_234).kind(), MmsiKind::CoastStation);
        assert_eq!(Mmsi(970_011_234).kind(), MmsiKind::AisSart);
        assert_eq!(Mmsi(992_351_234).kind(), MmsiKind::AidToNavigation);
        assert_eq!(Mmsi(982_351_234).kind(), MmsiKind::Auxiliary);
        assert_eq!(Mmsi(111_567_001).kind(), MmsiKind::SarAircraft);
        assert_eq!(Mmsi(9_001_234).kind(), MmsiKind::Invalid);
        assert_eq!(Mmsi(0).kind(), MmsiKind::Invalid);
        assert_eq!(Mmsi(1_073_741_823).kind(), MmsiKind::Invalid);
    }

    #[test]
    fn knows_numbers_that_are_nobodys() {
        for n in [0, 111_111_111, 888_888_888, 416_202_700, 123_456_789, 1_193_046] {
            assert!(Mmsi(n).is_placeholder(), "{n}");
        }
        assert!(!Mmsi(514_123_456).is_placeholder() && !Mmsi(9_001_234).is_placeholder());
        assert!(Imo(1_234_567).is_placeholder() && Imo(1_234_567).is_valid());
        assert!(
            Imo(1).is_placeholder() && Imo(9_999_999).is_placeholder() && !Imo(9_074_729).is_placeholder()
        );
    }

    #[test]
    fn checks_the_imo_check_digit() {
        assert!(Imo(9_074_729).is_valid());
        assert!(!Imo(9_074_728).is_valid());
        assert!(!Imo(907_472).is_valid());
    }
}
