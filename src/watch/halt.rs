//! Where in the journal the core was when it panicked, so that the line can be passed over next time.

use serde::{Deserialize, Serialize};
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What [`super::Watch::take_all`] unwinds with when a stage panics. The watch is of no use after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// Sequence of the line or tick at which it happened, or of the first that it may have been.
    pub first: u64,
    /// How many lines it may have been: 1 where it is known.
    pub count: u64,
    /// What the panic said.
    pub message: String,
}

impl Halt {
    /// Whether the line is among those at which it may have happened.
    pub fn covers(&self, sequence: u64) -> bool {
        sequence >= self.first && sequence - self.first < self.count
    }

    /// What a panic left behind: what it happened at where the core knows, or nothing for a panic elsewhere.
    pub fn of(payload: Box<dyn Any + Send>) -> Result<Halt, Box<dyn Any + Send>> {
        payload.downcast::<Halt>().map(|halt| *halt)
    }
}

/// Lines or ticks that a stage is at: the first, and how many.
pub(super) type At = Cell<(u64, u64)>;

/// Runs one stage's share of the work, which says in `At` what it is at. What a panic ended it with, if one did.
pub(super) fn guarded(work: impl FnOnce(&At)) -> Option<Halt> {
    let at = At::new((0, 0));
    let panicked = catch_unwind(AssertUnwindSafe(|| work(&at))).err()?;
    let (first, count) = at.get();
    Some(Halt { first, count, message: message(&*panicked) })
}

fn message(panicked: &(dyn Any + Send)) -> String {
    let text = panicked.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panicked.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}
