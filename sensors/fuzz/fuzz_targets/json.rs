//! Lines of JSON in every dialect, and messages written as gpsd's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sensors::json::{self, gpsd};

fuzz_target!(|line: &[u8]| {
    let mut heard = Vec::new();
    let _ = json::read(line, &mut heard);
    if let Ok(message) = gpsd::read(line) {
        for scaled in [true, false] {
            let mut text = String::new();
            gpsd::write(&message, scaled, &mut text);
            assert!(gpsd::read(text.as_bytes()).is_ok(), "{text}");
        }
    }
});
