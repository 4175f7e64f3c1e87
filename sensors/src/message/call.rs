//! Whether a message calls for help: the one notion that every stage goes by which must not hold such a message back.

use super::{Body, Message};
use serde::{Deserialize, Serialize};

/// Navigational status of an active AIS-SART, man-overboard device or EPIRB. Source: ITU-R M.1371-5, table 48.
const ACTIVE: u8 = 14;

/// The same under test; "not defined" from every other station.
const TEST: u8 = 15;

/// How a message calls for help, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Call {
    /// A device or a text that says that it is a test.
    Test,
    /// Status 14 from a number that is no device's.
    Status,
    /// Words that call for help.
    Text,
    /// A device that transmits, or a text that says that one is active.
    Active,
}

impl Message {
    /// How it calls for help; `None` where it does not.
    #[inline]
    pub fn call(&self) -> Option<Call> {
        let from_device = self.mmsi.is_distress_device();
        match &self.body {
            Body::PositionA(position) if position.status == ACTIVE && !from_device => Some(Call::Status),
            Body::PositionA(position) if position.status == TEST && from_device => Some(Call::Test),
            Body::SafetyText(said) => Call::of_text(&said.text),
            _ => from_device.then_some(Call::Active),
        }
    }
}

impl Call {
    /// What the words of a safety text call for; `None` when they call for nothing.
    pub fn of_text(text: &str) -> Option<Call> {
        let words = || text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let has = |wanted: &[&str]| words().any(|word| wanted.contains(&word));
        let device_speaks = has(&["SART", "MOB", "EPIRB"]);
        if !(has(&["MAYDAY", "SOS", "SINKING", "MOB"]) || device_speaks && has(&["ACTIVE", "TEST"])) {
            return None;
        }
        if has(&["TEST", "TESTING", "EXERCISE"]) {
            return Some(Call::Test);
        }
        Some(if device_speaks && has(&["ACTIVE"]) { Call::Active } else { Call::Text })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PositionA, SafetyText};
    use super::*;
    use crate::Mmsi;

    #[test]
    fn knows_a_call_from_a_test_and_from_chatter() {
        assert_eq!(Call::of_text("MAYDAY MAYDAY TAKING WATER"), Some(Call::Text));
        assert_eq!(Call::of_text("SART ACTIVE"), Some(Call::Active));
        assert_eq!(Call::of_text("SART TEST"), Some(Call::Test));
        assert_eq!(Call::of_text("MOB ACTIVE"), Some(Call::Active));
        assert_eq!(Call::of_text("TEST SOS"), Some(Call::Test));
        assert_eq!(Call::of_text("MOBILE CRANE WORKING, KEEP CLEAR"), None);
        assert_eq!(Call::of_text("SOSUA PORT CLOSED"), None);
        assert_eq!(Call::of_text(""), None);
    }

    #[test]
    fn whatever_a_device_sends_calls_and_a_ship_calls_by_its_status_or_its_words() {
        let position = |status| Body::PositionA(PositionA { status, ..PositionA::default() });
        let words = |text: &str| Body::SafetyText(SafetyText { text: text.into(), ..SafetyText::default() });
        let name = || Body::StaticVoyage(Box::default());
        let call = |mmsi, body| Message { kind: 1, repeat: 0, mmsi: Mmsi(mmsi), body }.call();
        let (sart, ship) = (970_514_033, 514_000_001);
        assert_eq!(
            [0, 14, 15].map(|n| call(sart, position(n))),
            [Some(Call::Active), Some(Call::Active), Some(Call::Test)]
        );
        assert_eq!([0, 14, 15].map(|n| call(ship, position(n))), [None, Some(Call::Status), None]);
        assert_eq!((call(sart, name()), call(ship, name())), (Some(Call::Active), None));
        assert_eq!(
            (call(sart, words("MOB TEST")), call(ship, words("MAYDAY"))),
            (Some(Call::Test), Some(Call::Text))
        );
    }
}
