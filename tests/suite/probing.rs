//! What a technician asks of the program before a receiver is in the settings.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::{PROGRAM, Site, complaint, run};
use std::io::Write;
use std::process::{Command, Stdio};

const SENTENCE: &str = "!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23\n";

#[test]
fn standard_input_is_heard_to_its_end() {
    let mut child = Command::new(PROGRAM)
        .args(["probe", "stdin:", "--seconds", "20"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(SENTENCE.repeat(2_000).as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", complaint(&output));
    assert!(said.contains("finished: standard input has ended"), "{said}");
    assert!(said.contains("sentences 2000") && said.contains("talkers   AI"), "{said}");
    assert!(said.contains("connect = \"stdin:\""), "{said}");
}

#[test]
fn values_without_a_sentence_are_heard_too() {
    let mut child = Command::new(PROGRAM)
        .args(["probe", "stdin:", "--seconds", "20"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let message = br#"{"class":"AIS","type":1,"mmsi":205448890,"lat":10.6,"lon":103.5}"#;
    child.stdin.take().unwrap().write_all(message).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("connect = \"stdin:\""), "{said}");
}

#[test]
fn every_known_model_is_listed_with_how_sure_it_is() {
    let output = run(&["probe", "--list"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success());
    for model in sensors::receiver::profile::all() {
        assert!(said.contains(&format!("\n{} ", model.id)), "{} is not in\n{said}", model.id);
    }
    for word in ["manual", "second-hand", "guess"] {
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_model_that_is_not_known_is_told_with_those_that_are() {
    let site = Site::new("[[receiver]]\nname = \"A\"\nprofile = \"sr126\"\n");
    for output in
        [run(&["check", site.settings().to_str().unwrap()]), run(&["probe", "--profile", "sr126", "stdin:"])]
    {
        let said = complaint(&output);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains("`sr126` is not a known model") && said.contains("sr162"), "{said}");
    }
}

#[test]
fn a_model_whose_address_only_the_installer_knows_says_what_to_give() {
    let output = run(&["probe", "--profile", "vesper-cortex"]);
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("tcp://HOST:39150"), "{said}");
}
