//! `watchkeeper ais`: sentences to JSON and back, by the real program.

use crate::program::{PATIENCE, PROGRAM, complaint};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;

/// A position, a voyage in two parts after a TAG block with a wrong checksum, a sentence with one, a call for help.
const SENTENCES: &str = "\
!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F
\\s:ST1,c:1795000000*00\\!AIVDM,2,1,1,A,58Lg0TT2:N2TQ<4;401<D628hTtr:3L000000016L961O5Gf0NU280Rjo30h,0*7D
!AIVDM,2,2,1,A,P0000000000,2*45
!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*00
!AIVDM,1,1,,A,>>M4f1i<59B04=@UHD,2*31
";

fn ais(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(PROGRAM)
        .arg("ais")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built with this test");
    let mut stdin = child.stdin.take().expect("asked for");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("it runs");
    // It may have ended before it read all.
    let _ = writer.join().expect("writing doesn't panic");
    output
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[test]
fn decode_encode_decode_is_a_fixed_point() {
    for form in [&["decode"][..], &["decode", "--unscaled"]] {
        let once = ais(form, SENTENCES);
        let objects = text(&once);
        assert_eq!(objects.lines().count(), 3, "{objects}\n{}", complaint(&once));
        assert!(objects.contains(r#""type":14,"repeat":0,"mmsi":970010119"#), "{objects}");
        let sentences = ais(&["encode"], &objects);
        assert!(sentences.status.success(), "{}", complaint(&sentences));
        assert_eq!(text(&ais(form, &text(&sentences))), objects);
    }
}

#[test]
fn decode_sums_up_what_it_refused() {
    let output = ais(&["decode", "--types", "14"], SENTENCES);
    assert!(output.status.success());
    assert_eq!(text(&output).lines().count(), 1);
    let said = complaint(&output);
    assert!(said.contains("refused 1: bad_checksum 1"), "{said}");
}

#[test]
fn encode_names_bad_lines_and_goes_on() {
    let good = r#"{"class":"AIS","type":14,"mmsi":970010119,"text":"SART ACTIVE"}"#;
    let input = format!("{good}\n{{\"class\":\"AIS\"\n\n{}\n{good}\n", "x".repeat(10_000));
    let output = ais(&["encode", "--talker", "BS", "--channel", "B", "--own"], &input);
    assert!(!output.status.success());
    let sentences = text(&output);
    assert_eq!(sentences.lines().count(), 2, "{sentences}");
    assert!(
        sentences.lines().all(|line| line.starts_with("!BSVDO,1,1,,B,>>M4f1i<59B04=@UHD,2*")),
        "{sentences}"
    );
    let said = complaint(&output);
    assert!(said.contains("line 2: malformed_json") && said.contains("line 4: line_too_long"), "{said}");
    assert!(ais(&["decode"], &sentences).status.success());
}

#[test]
fn decode_prints_at_once_what_a_live_input_completes() {
    let mut child = Command::new(PROGRAM)
        .args(["ais", "decode", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built with this test");
    let mut stdin = child.stdin.take().expect("asked for");
    let stdout = BufReader::new(child.stdout.take().expect("asked for"));
    let (told, heard) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let _ = told.send(line);
        }
    });
    stdin.write_all(b"!AIVDM,1,1,,A,>>M4f1i<59B04=@UHD,2*31\n").expect("it reads");
    let line = heard.recv_timeout(PATIENCE).expect("printed while its input is open");
    assert!(line.contains("SART ACTIVE"), "{line}");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
    reader.join().expect("reading doesn't panic");
}
