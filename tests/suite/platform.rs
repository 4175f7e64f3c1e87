//! The same journal gives the same bits where the platform's mathematics are others.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::PROGRAM;
use crate::sea::at;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn said(mut command: Command, other: Option<&Path>) -> Output {
    if let Some(library) = other {
        command.env("LD_PRELOAD", library);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The digests of a recording, run with the platform's mathematics or with others.
fn digests(recording: &Path, other: Option<&Path>) -> Value {
    let mut command = Command::new(PROGRAM);
    command.args(["replay", "--digest", "--report", "json"]).arg(recording);
    let mut digests: Value = serde_json::from_slice(&said(command, other).stdout).unwrap();
    for time in ["seconds", "lines_per_second"] {
        digests.as_object_mut().unwrap().remove(time).unwrap();
    }
    digests
}

#[test]
fn a_platform_with_other_mathematics_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("mathematics.so");
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-fno-builtin", "-O1", "-o"]).arg(&library);
    compile.arg(at("tests/suite/platform/mathematics.c")).args(["-ldl", "-lm"]);
    said(compile, None);

    // A program that asks the platform gets another answer: the library is at work.
    let awk = || {
        let mut awk = Command::new("awk");
        awk.arg("BEGIN { printf \"%.17g %.17g %.17g\", sin(1), exp(1), atan2(1, 2) }");
        awk
    };
    let (right, wrong) = (said(awk(), None).stdout, said(awk(), Some(&library)).stdout);
    let numbers = |text: &[u8]| String::from_utf8(text.to_owned()).unwrap();
    let (right, wrong) = (numbers(&right), numbers(&wrong));
    assert!(right.split(' ').zip(wrong.split(' ')).all(|(right, wrong)| right != wrong), "{right}, {wrong}");

    let recording = folder.path().join("night.nmea");
    let mut exercise = Command::new(PROGRAM);
    exercise.arg("exercise").arg(at("fixtures/exercises/night-gulf-of-thailand.toml"));
    said(
        {
            exercise.args(["--hours", "2", "-o"]).arg(&recording);
            exercise
        },
        None,
    );
    let (here, there) = (digests(&recording, None), digests(&recording, Some(&library)));
    assert!(here.as_object().unwrap().len() >= 4, "{here}");
    assert_eq!(here, there);
}
