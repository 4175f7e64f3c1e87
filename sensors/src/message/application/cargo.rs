//! Dangerous cargo.

use super::field::{Field, day, hour, minute, month, records, spare, text, unsigned};
use super::layout::{Layout, Stamp};

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new(
        "dangerous_cargo",
        "IMO SN.1/Circ.289",
        &[(1, 25)],
        &[UNIT, AMOUNT, records("cargos", 0, 28, CARGO)],
    ),
    Layout::new("dangerous_cargo_2004", "IMO SN/Circ.236", &[(1, 12)], CARGO_2004).stamps(&[
        Stamp {
            name: "departure",
            parts: ["", "lmonth", "lday", "lhour", "lminute"],
            padded: true,
            zulu: true,
        },
        Stamp { name: "eta", parts: ["", "nmonth", "nday", "nhour", "nminute"], padded: true, zulu: true },
    ]),
];

/// 1 kilograms, 2 tonnes, 3 kilotonnes.
const UNIT: Field = unsigned("unit", 2, "unit of the amount").absent(0);
const AMOUNT: Field = unsigned("amount", 10, "amount of cargo").absent(0);

const CARGO: &[Field] = &[
    // 1 IMDG, 2 IGC, 3 BC, 4 MARPOL annex I, 5 MARPOL annex II, 6 regional.
    unsigned("code", 4, "code under which the cargo is carried").absent(0),
    // IMDG class in the first seven bits; UN number; BC class in three and IMDG class in seven; oil in four;
    // category in three.
    unsigned("subtype", 13, "cargo within that code").absent(0),
];

const CARGO_2004: &[Field] = &[
    text("lastport", 5, "last port of call, UN/LOCODE"),
    month("lmonth"),
    day("lday"),
    hour("lhour"),
    minute("lminute"),
    text("nextport", 5, "next port of call, UN/LOCODE"),
    month("nmonth"),
    day("nday"),
    hour("nhour"),
    minute("nminute"),
    text("dangerous", 20, "main dangerous good"),
    text("imdcat", 4, "IMD category"),
    unsigned("unid", 13, "UN number").absent(0),
    AMOUNT,
    UNIT,
    spare(3),
];
