//! Persons on board: how many there are to be searched for.

use super::field::{Field, spare, unsigned};
use super::layout::Layout;
use super::{Application, Record};
use serde::{Deserialize, Serialize};

pub(super) const LAYOUTS: &[Layout] = &[
    super::targets::TARGETS_1998,
    // In 1/16 of SN.1/Circ.289 35 spare bits follow, in that of SN/Circ.236 and in 1/40 three.
    Layout::new(
        "persons_on_board",
        "IMO SN.1/Circ.289 (1/16), IMO SN/Circ.236 (1/16), ITU-R M.1371-1 (1/40)",
        &[(1, 16), (1, 40)],
        &[persons(), spare(3)],
    ),
    Layout::new(
        "persons_on_board_inland",
        "Vessel Tracking and Tracing Standard for Inland Navigation 1.2,",
        &[(200, 55)],
        &[
            unsigned("crew", 8, "crew members on board").absent(255),
            unsigned("passengers", 13, "passengers on board").absent(8191),
            unsigned("personnel", 8, "shipboard personnel on board").absent(255),
            spare(51),
        ],
    ),
];

/// "0 = not available = default; 8191 = 8191 or more": SN/Circ.236 and SN.1/Circ.289, for 1/16 as for 1/24.
pub(super) const fn persons() -> Field {
    unsigned("persons", 13, "persons on board, crew included").absent(0)
}

const PERSONS_OR_MORE: i64 = 8191;

/// How many persons a ship says are on board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonsOnBoard {
    /// All persons.
    pub total: Persons,
    /// Crew members, 0-254, where they are given apart.
    pub crew: Option<u16>,
    /// Passengers, 0-8190, where they are given apart.
    pub passengers: Option<u16>,
    /// Shipboard personnel (who serve passengers, say), 0-254, where they are given apart.
    pub personnel: Option<u16>,
}

/// A number of persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Persons {
    /// So many.
    Exactly(u16),
    /// So many, and perhaps more: the field is at its end, or one of the groups isn't given.
    AtLeast(u16),
}

impl Persons {
    /// The fewest there are.
    pub fn least(self) -> u16 {
        let (Persons::Exactly(persons) | Persons::AtLeast(persons)) = self;
        persons
    }
}

impl std::fmt::Display for Persons {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Persons::Exactly(persons) => persons.fmt(f),
            Persons::AtLeast(persons) => write!(f, "{persons}+"),
        }
    }
}

impl Application {
    /// How many persons are on board; `None` where this isn't said, or said to be unknown.
    pub fn persons_on_board(&self) -> Option<PersonsOnBoard> {
        let record = self.record();
        match record.entry("crew") {
            Some(_) => by_group(record),
            None => {
                let persons = record.number("persons")?;
                let total = match persons as u16 {
                    n if persons == PERSONS_OR_MORE => Persons::AtLeast(n),
                    n => Persons::Exactly(n),
                };
                Some(PersonsOnBoard { total, crew: None, passengers: None, personnel: None })
            }
        }
    }
}

fn by_group(record: &Record) -> Option<PersonsOnBoard> {
    let group = |name| record.number(name).map(|n| n as u16);
    let (crew, passengers, personnel) = (group("crew"), group("passengers"), group("personnel"));
    let groups = [crew, passengers, personnel];
    let sum = groups.iter().flatten().sum();
    let total = match groups.iter().flatten().count() {
        0 => return None,
        3 => Persons::Exactly(sum),
        _ => Persons::AtLeast(sum),
    };
    Some(PersonsOnBoard { total, crew, passengers, personnel })
}
