//! Bits of a message: what is read of them writes bits that read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sensors::message::{Bits, Message};

fuzz_target!(|bytes: &[u8]| {
    let Some((&cut, bytes)) = bytes.split_first() else { return };
    let len = (bytes.len() * 8).saturating_sub(usize::from(cut % 8));
    let Some(bits) = Bits::from_bytes(bytes, len) else { return };
    let Ok(message) = Message::decode(&bits.payload()) else { return };
    let again = Message::decode(&message.encode()).expect("what was read can be written");
    assert_eq!(again, message);
});
