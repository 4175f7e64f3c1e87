//! Names, numbers and sizes that look as they do at sea. All are made up; a likeness to a real vessel is chance.

use super::random::Random;
use super::scenario::Kind;

/// Call sign prefixes by maritime identification digits (ITU Radio Regulations, appendix 42), for the flags
/// that sail the region most.
const PREFIXES: [(u16, &str); 22] = [
    (351, "3E"),
    (352, "3F"),
    (356, "HO"),
    (371, "HP"),
    (412, "B"),
    (413, "B"),
    (416, "BK"),
    (431, "JD"),
    (440, "DS"),
    (477, "VR"),
    (506, "XY"),
    (514, "XU"),
    (515, "XU"),
    (525, "YB"),
    (533, "9M"),
    (538, "V7"),
    (548, "DU"),
    (563, "9V"),
    (564, "9V"),
    (567, "HS"),
    (574, "3W"),
    (636, "D5"),
];

const MERCHANT_FIRST: [&str; 36] = [
    "OCEAN", "PACIFIC", "GOLDEN", "SILVER", "ASIAN", "EVER", "STAR", "GULF", "ORIENT", "MEKONG", "BLUE",
    "GREAT", "SIAM", "ANGKOR", "JADE", "PEARL", "CORAL", "SEA", "GRAND", "NOBLE", "LUCKY", "ROYAL",
    "EASTERN", "SOUTHERN", "HONOR", "BRIGHT", "UNITY", "MIGHTY", "SUNNY", "FAIR", "NEW", "TRANS", "DELTA",
    "CROWN", "SPRING", "SWIFT",
];
const MERCHANT_LAST: [&str; 36] = [
    "PIONEER",
    "TRADER",
    "HARMONY",
    "GLORY",
    "FORTUNE",
    "VENTURE",
    "PROGRESS",
    "DRAGON",
    "PHOENIX",
    "LOTUS",
    "BRIDGE",
    "HORIZON",
    "EXPRESS",
    "SPIRIT",
    "VICTORY",
    "WISDOM",
    "JASMINE",
    "ORCHID",
    "NAGA",
    "BREEZE",
    "COURAGE",
    "DAWN",
    "EMERALD",
    "GARUDA",
    "HERO",
    "JOURNEY",
    "KING",
    "LIBERTY",
    "MERCURY",
    "NAVIGATOR",
    "OPAL",
    "PRINCESS",
    "QUEST",
    "RIVER",
    "SUNRISE",
    "TIGER",
];
const VIETNAMESE: [&str; 14] = [
    "HAI PHONG",
    "TRUONG MINH",
    "VIET THUAN",
    "THANH CONG",
    "HOANG ANH",
    "NAM PHAT",
    "AN THINH",
    "PHU QUY",
    "MINH TUAN",
    "DONG BAC",
    "TAN BINH",
    "HA LONG",
    "THAI BINH",
    "QUANG VINH",
];
const THAI: [&str; 16] = [
    "CHOKE CHAI",
    "SOR SIRI",
    "P RUNGROJ",
    "THEP NIMIT",
    "SAP THAWEE",
    "MONGKOL",
    "SIRICHAI",
    "RUANG SAP",
    "BOON LARP",
    "NAVA PORN",
    "CHAROEN PHOL",
    "SIN SAMUT",
    "THONG THAI",
    "KOR NAVAMONGKOL",
    "PHET SAKORN",
    "LARB PRASERT",
];
const KHMER: [&str; 16] = [
    "SRE AMBEL",
    "KOH SDACH",
    "SOVANN",
    "REAKSMEY",
    "MEAS SAMUT",
    "PHNOM KRAVANH",
    "SAMNANG",
    "CHAMROEUN",
    "BOPHA",
    "SENG HENG",
    "TRAPEANG RUNG",
    "PREK TOEUK",
    "RITHY",
    "VEAL RENH",
    "ANDOUNG",
    "SOK SAN",
];
const PLEASURE: [&str; 14] = [
    "SEA GYPSY",
    "MANTA",
    "WANDERER",
    "BLUE LAGOON",
    "SABAI SABAI",
    "MOONRAKER",
    "KALYPSO",
    "SECOND WIND",
    "LA PALOMA",
    "TRADEWINDS",
    "SERENITY",
    "NOMAD",
    "BARRACUDA",
    "ISLAND TIME",
];
const FERRY: [&str; 10] = [
    "ISLAND EXPRESS",
    "BUVA SEA",
    "SPEED FERRY",
    "SEA CAMBODIA",
    "GULF SPEED",
    "KOH RONG STAR",
    "SAMLOEM LINE",
    "BLUE FERRY",
    "SAMUT EXPRESS",
    "PALM FERRY",
];
const TUG: [&str; 8] = ["SVITHAI", "PORT STAR", "KAMPOT", "TITAN", "SAMSON", "HERCULES", "BAYON", "CHONBURI"];

/// A name of up to 20 characters, in the manner of its trade and flag; `number` keeps them apart.
pub(super) fn name(random: &mut Random, kind: Kind, mid: u16, number: usize) -> String {
    let numbered = |word: &str| format!("{word} {number}");
    let words = match (kind, mid) {
        (Kind::Fishing, 567) => numbered(random.pick(&THAI)),
        (Kind::Fishing, 574) => format!("KG {:05} TS", 90_000 + number),
        (Kind::Fishing, _) => numbered(random.pick(&KHMER)),
        (Kind::Pleasure, _) => numbered(random.pick(&PLEASURE)),
        (Kind::Ferry | Kind::Passenger, _) => numbered(random.pick(&FERRY)),
        (Kind::Tug, _) => numbered(random.pick(&TUG)),
        (Kind::Pilot, _) => numbered("PILOT"),
        (Kind::Cargo | Kind::Tanker, 574) => numbered(random.pick(&VIETNAMESE)),
        (Kind::Cargo | Kind::Tanker, _) => {
            let name = format!("{} {}", random.pick(&MERCHANT_FIRST), random.pick(&MERCHANT_LAST));
            if random.unit() < 0.4 { format!("{name} {number}") } else { name }
        }
    };
    words.chars().take(20).collect()
}

/// A call sign of the flag's series.
pub(super) fn call_sign(random: &mut Random, mid: u16) -> String {
    let prefix = PREFIXES.iter().find(|(m, _)| *m == mid).map_or("X", |(_, p)| *p);
    let mut sign = prefix.to_owned();
    while sign.len() < 4 {
        sign.push(char::from(b'A' + random.below(26) as u8));
    }
    sign.push(char::from(b'2' + random.below(8) as u8));
    sign
}

/// An IMO number whose check digit is right.
pub(super) fn imo(random: &mut Random) -> u32 {
    let six = 900_000 + random.below(95_000) as u32;
    let (mut sum, mut rest, mut weight) = (0, six, 2);
    while rest > 0 {
        sum += rest % 10 * weight;
        weight += 1;
        rest /= 10;
    }
    six * 10 + sum % 10
}

/// Length and breadth in metres, draught in metres, and ship type.
pub(super) fn size(random: &mut Random, kind: Kind) -> (f64, f64, f64, u8) {
    let (low, high, slender, draught, ship_type) = match kind {
        Kind::Cargo => (85.0, 300.0, 6.3, 0.045, 70),
        Kind::Tanker => (90.0, 250.0, 5.8, 0.05, 80),
        Kind::Fishing => (12.0, 28.0, 4.0, 0.1, 30),
        Kind::Ferry => (18.0, 30.0, 4.0, 0.07, 40),
        Kind::Passenger => (30.0, 120.0, 5.0, 0.04, 60),
        Kind::Tug => (24.0, 36.0, 2.9, 0.12, 52),
        Kind::Pilot => (12.0, 18.0, 3.2, 0.09, 50),
        Kind::Pleasure => (10.0, 22.0, 3.4, 0.12, 37),
    };
    // Small ones are commoner than large ones.
    let length = libm::round(low + (high - low) * random.unit() * random.unit());
    let hazard = if matches!(kind, Kind::Cargo | Kind::Tanker) && random.unit() < 0.2 {
        1 + random.below(4) as u8
    } else {
        0
    };
    (length, libm::round(length / slender).max(3.0), length * draught, ship_type + hazard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_imo_number_checks() {
        let mut random = Random::new(3, 3);
        assert!((0..500).all(|_| sensors::Imo(imo(&mut random)).is_valid()));
    }

    #[test]
    fn names_and_call_signs_fit_the_message() {
        let mut random = Random::new(3, 4);
        for (number, kind) in
            [Kind::Cargo, Kind::Fishing, Kind::Ferry, Kind::Tug].into_iter().cycle().take(400).enumerate()
        {
            assert!(name(&mut random, kind, 567, number).len() <= 20);
            assert!(call_sign(&mut random, 574).len() <= 7);
        }
    }
}
