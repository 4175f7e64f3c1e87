//! Why the centre does not take what a station sends.

use super::consignment::Fault;
use super::station::Have;

/// Why a consignment is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody of that name is known.
    #[error("no station of that name is known here")]
    UnknownStation,
    /// Its key is good no more.
    #[error("the station's key has been revoked")]
    Revoked,
    /// It is not what it says it is.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The station is known and this receiver is not.
    #[error("no receiver here is connected to edge://{0}")]
    UnknownReceiver(String),
    /// Its numbers came before.
    #[error("replayed: it ends with {last}, and {} is the last one here", have.number)]
    Replayed {
        /// The number it ends with.
        last: u64,
        /// What is here.
        have: Have,
    },
    /// Another one of that number came before.
    #[error("altered: another consignment with number {} is kept here", have.number)]
    Altered {
        /// What is here.
        have: Have,
    },
    /// Some of its numbers came before.
    #[error("it begins with {first}, and {} is the last one here", have.number)]
    Overlaps {
        /// The number it begins with.
        first: u64,
        /// What is here.
        have: Have,
    },
    /// Something is missing before it.
    #[error("out of order: it begins with {first}, and {} is expected", have.number + 1)]
    Gap {
        /// The number it begins with.
        first: u64,
        /// What is here.
        have: Have,
    },
    /// It follows another one than the one that is here.
    #[error("it follows another consignment {} than the one that is kept here", have.number)]
    Forked {
        /// What is here.
        have: Have,
    },
    /// The one before is still on its way to the journal.
    #[error("one of this receiver is being written down; try again")]
    Busy,
    /// Nothing can be taken at present.
    #[error("nothing can be taken at present: {0}")]
    Closed(String),
}

impl Refusal {
    /// In one lower-case word.
    pub fn kind(&self) -> &'static str {
        match self {
            Refusal::UnknownStation => "unknown_station",
            Refusal::Revoked => "revoked",
            Refusal::Fault(Fault::Unreadable) => "unreadable",
            Refusal::Fault(Fault::Forged) => "forged",
            Refusal::Fault(Fault::TooLarge) => "too_large",
            Refusal::Fault(Fault::Altered) | Refusal::Altered { .. } => "altered",
            Refusal::UnknownReceiver(_) => "unknown_receiver",
            Refusal::Replayed { .. } => "replayed",
            Refusal::Overlaps { .. } => "overlaps",
            Refusal::Gap { .. } => "gap",
            Refusal::Forked { .. } => "forked",
            Refusal::Busy => "busy",
            Refusal::Closed(_) => "closed",
        }
    }

    /// As an HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::UnknownStation | Refusal::Revoked | Refusal::Fault(Fault::Forged) => 403,
            Refusal::Fault(Fault::TooLarge) => 413,
            Refusal::Fault(Fault::Unreadable | Fault::Altered) => 400,
            Refusal::UnknownReceiver(_) => 404,
            Refusal::Busy | Refusal::Closed(_) => 503,
            _ => 409,
        }
    }

    /// What is here, where that is what the two differ about.
    pub fn have(&self) -> Option<Have> {
        match self {
            Refusal::Replayed { have, .. }
            | Refusal::Altered { have }
            | Refusal::Overlaps { have, .. }
            | Refusal::Gap { have, .. }
            | Refusal::Forked { have } => Some(*have),
            _ => None,
        }
    }
}
