//! An MQTT topic as the name of a station: its TAG block is whole, fits, and never spoils the sentence after it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sensors::sentence::tag_block::{self, Parameter, STATION_MAX};
use sensors::sentence::{Item, items};

const SENTENCE: &[u8] = b"!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23";

fuzz_target!(|topic: &str| {
    let block = tag_block::naming(topic);
    let line = [&block[..], SENTENCE].concat();
    assert!(matches!(items(&line).collect::<Vec<_>>()[..], [Item::Tag(_), Item::Sentence(_)]));
    let block = tag_block::blocks(&block).next().expect("it is written whole");
    let Some(Parameter::Source(name)) = block.parameters().next() else { panic!("no name in {block:?}") };
    assert!(block.intact && name.len() == topic.chars().count().min(STATION_MAX));
});
