//! A ship's height, ports, equipment, bunkers and persons.

use super::field::{Field, linkage, spare, text, unsigned};
use super::layout::Layout;
use super::persons::persons;

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new("voyage", "IMO SN.1/Circ.289", &[(1, 24)], VOYAGE),
    // 2047 is "2047 or more". gpsd takes metres; libais takes tenths.
    Layout::new(
        "air_draught",
        "IMO SN/Circ.236",
        &[(1, 15)],
        &[unsigned("airdraught", 11, "height above the waterline, metres").absent(0), spare(5)],
    ),
];

const EQUIPMENT: &[(u16, &str)] =
    &[(0, "not available or requested"), (1, "operational"), (2, "not operational"), (3, "no data")];

const fn equipment(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 2, meaning).absent(0).beside(EQUIPMENT)
}

const LADING: &[(u16, &str)] = &[(0, "N/A"), (1, "laden"), (2, "ballast")];

const fn bunkered(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 2, meaning).within(1, 2, 0).beside(&[(0, "N/A"), (1, "no"), (2, "yes")])
}

const VOYAGE: &[Field] = &[
    linkage(),
    // 8191 is "81.91 metres or more" in the circular, whose steps are tenths.
    unsigned("airdraught", 13, "height above the waterline, metres").per(10, 1).absent(0),
    text("lastport", 5, "last port of call, UN/LOCODE"),
    text("nextport", 5, "next port of call, UN/LOCODE"),
    text("secondport", 5, "second port of call, UN/LOCODE"),
    equipment("ais_state", "AIS class A"),
    equipment("ata_state", "automatic tracking aid"),
    equipment("bnwas_state", "bridge navigational watch alarm system"),
    equipment("ecdisb_state", "back-up of the electronic chart"),
    equipment("chart_state", "electronic or paper chart"),
    equipment("sounder_state", "echo sounder"),
    equipment("epaid_state", "electronic plotting aid"),
    equipment("steer_state", "emergency steering gear"),
    equipment("gnss_state", "satellite navigation"),
    equipment("gyro_state", "gyro compass"),
    equipment("lrit_state", "long-range identification and tracking"),
    equipment("magcomp_state", "magnetic compass"),
    equipment("navtex_state", "NAVTEX"),
    equipment("arpa_state", "radar plotting aid"),
    equipment("sband_state", "S-band radar"),
    equipment("xband_state", "X-band radar"),
    equipment("hfradio_state", "HF radio"),
    equipment("inmarsat_state", "INMARSAT"),
    equipment("mfradio_state", "MF radio"),
    equipment("vhfradio_state", "VHF radio"),
    equipment("grndlog_state", "speed log over ground"),
    equipment("waterlog_state", "speed log through water"),
    equipment("thd_state", "transmitting heading device"),
    equipment("tcs_state", "track control system"),
    equipment("vdr_state", "voyage data recorder"),
    spare(2),
    // 0 none, 1-7 IACS polar class, 8-10 lower Baltic and Russian classes.
    unsigned("iceclass", 4, "ice class").within(0, 10, 15),
    unsigned("horsepower", 18, "shaft power, horsepower").absent(262_143),
    unsigned("vhfchan", 12, "VHF working channel, ITU-R M.1084").absent(0),
    text("lshiptype", 7, "ship type, Lloyd's STATCODE 5"),
    unsigned("tonnage", 18, "gross tonnage").absent(262_143),
    unsigned("lading", 2, "laden or in ballast").within(1, 2, 0).beside(LADING),
    bunkered("heavyoil", "heavy fuel oil bunkered"),
    bunkered("lightoil", "light fuel oil bunkered"),
    bunkered("dieseloil", "diesel oil bunkered"),
    unsigned("totaloil", 14, "all bunker oil, tonnes").absent(16_383),
    persons(),
    spare(10),
];
