//! Exercises: turns a scenario file into the recording that a port's receivers would have made of it.
//!
//! Vessels sail their legs, receivers hear what is in range, and every line comes out with the TAG block of the
//! receiver that heard it. The same file and seed give the same bytes on every machine.

mod check;
mod fleet;
mod motion;
mod names;
mod random;
mod receiver;
mod recording;
mod scenario;
mod vessel;
mod voyage;
#[cfg(test)]
mod tests;

pub use recording::{RecordedLine, Recording};
pub use scenario::{
    At, Beside, Fleet, Go, Head, Kind, Leg, Loiter, Minutes, Noise, Problem, ReceiverPlan, Scenario, Station,
    Stay, Text, VesselPlan, Work,
};
