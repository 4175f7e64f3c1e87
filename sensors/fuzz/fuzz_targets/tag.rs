//! TAG blocks: all that they say, with the right checksum put on too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sensors::sentence::{items, tag_block};

fuzz_target!(|text: &[u8]| {
    tag_block::blocks(text).for_each(|block| block.parameters().for_each(drop));
    let inside: Vec<u8> = text.iter().copied().filter(|b| !b"\\*!$\r\n".contains(b)).collect();
    let sum = inside.iter().fold(0, |sum, b| sum ^ b);
    let line = [b"\\", &inside[..], format!("*{sum:02X}\\").as_bytes()].concat();
    if line.len() < 4000 {
        assert!(tag_block::blocks(&line).all(|block| block.intact));
        items(&line).for_each(drop);
    }
});
