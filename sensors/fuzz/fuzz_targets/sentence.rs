//! One line: what is found on it lies on it, in order, and is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sensors::sentence::{Checksum, Item, Trailer, Vdm, items_with};

fuzz_target!(|line: &[u8]| {
    for checksum in [Checksum::Required, Checksum::Optional] {
        let mut bytes = 0;
        for item in items_with(line, checksum) {
            if let Item::Sentence(sentence) = item {
                bytes += sentence.raw.len() + sentence.trailer.len();
                let _ = (Vdm::read(&sentence), Trailer::read(sentence.trailer), sentence.formatter());
            }
        }
        assert!(bytes <= line.len());
    }
});
