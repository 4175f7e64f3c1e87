//! A recorded period run again: under settings that are tried, or with what came late in its place.
//!
//! Both give the same value, a list of [`Difference`]s between two runs that begin with the same state. A trial prints
//! it; of late data the desk keeps what it says of alerts as amendments.

mod amend;
mod base;
mod difference;
mod late;
mod order;
mod report;
mod trial;
mod worker;

pub use amend::amends;
pub use base::{Base, Error, Recorded};
pub use difference::{Alerts, Aspect, Difference, Kind, aspects, differences, same_matter};
pub use late::{Compared, compare, compare_holding};
pub use report::{Count, Report, RuleCount, Told};
pub use trial::{OnProgress, Window, run as try_settings};
pub use worker::{OnAmended, Trouble, Worker, run_again};
