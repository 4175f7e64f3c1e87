//! Bad input to the real program: a clear message that names the thing, the right exit code, and the watch goes on.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::{PROGRAM, Site, complaint, run};
use sensors::message::{Body, Message, Place, PositionA, StaticVoyage, to_sentences};
use sensors::{Mmsi, ShipType};
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write;
use std::process::{Command, Output};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream, UdpSocket};

const TAG: &str = "<SCRIPT SRC=//X.YZ>";
const FORMULA: &str = "=HYPERLINK(\"//X.YZ\")";

/// Its head says gzip, and the rest does not.
const TORN: [u8; 18] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

// -- recordings --

/// Replays bytes as a recording.
fn replay(name: &str, write: impl FnOnce(&mut File)) -> (Output, Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    write(&mut File::create(&path).unwrap());
    let output = run(&["replay", path.to_str().unwrap(), "--report", "json"]);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, report)
}

/// Bytes without any order in them.
fn noise(length: usize) -> Vec<u8> {
    let mut chance = crate::sea::Chance::new(7);
    (0..length).map(|_| chance.below(256) as u8).collect()
}

#[test]
fn an_empty_recording_is_read_to_its_end() {
    let (output, report) = replay("empty.nmea", |_| {});
    assert!(output.status.success(), "{}", complaint(&output));
    assert_eq!((&report["lines"], &report["messages"]), (&0.into(), &0.into()));
}

/// The same to two receivers: a sentence without its checksum, and one with a wrong one.
#[tokio::test]
async fn a_sentence_without_its_checksum_is_read_where_the_receiver_may_omit_it() {
    let masts =
        [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let address = |n: usize| format!("tcp://{}", masts[n].local_addr().unwrap());
    let bare = format!("{}checksum = \"optional\"\n", receiver("BARE", &address(1)));
    let site = Site::new(&[receiver("STRICT", &address(0)), bare].concat());
    let daemon = site.start().await;
    let sentence = "!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0";
    let mut links = Vec::new();
    for mast in &masts {
        let (mut link, _) = mast.accept().await.unwrap();
        link.write_all(format!("{sentence}\r\n{sentence}*7F\r\n").as_bytes()).await.unwrap();
        links.push(link);
    }
    let heard = |status: &Value| {
        let receivers = status["receivers"].as_array().unwrap();
        receivers.iter().all(|r| r["messages"].as_u64().unwrap() + r["refused"].as_u64().unwrap() == 2)
    };
    let status = daemon.wait("/api/status", heard).await;
    let messages = |n: usize| status["receivers"][n]["messages"].as_u64();
    assert_eq!((messages(0), messages(1)), (Some(0), Some(1)), "{status}");
    assert_eq!(status["refused_by_kind"]["bad_checksum"], 2, "a wrong one is refused by both: {status}");
}

#[test]
fn random_bytes_are_counted_by_what_is_wrong_with_them() {
    let (output, report) = replay("random.bin", |file| file.write_all(&noise(500_000)).unwrap());
    assert!(output.status.success(), "{}", complaint(&output));
    assert_eq!(report["messages"], 0);
    assert!(report["refused_by_kind"]["not_text"].as_u64() > Some(0), "{report}");
}

#[test]
fn a_program_is_no_recording_and_does_no_harm() {
    let program = fs::read(PROGRAM).unwrap();
    let (output, report) = replay("program", |file| file.write_all(&program[..3_000_000]).unwrap());
    assert!(output.status.success(), "{}", complaint(&output));
    assert_eq!(report["messages"], 0);
    assert!(report["refused_by_kind"].as_object().is_some_and(|kinds| !kinds.is_empty()), "{report}");
}

#[test]
fn a_line_of_200_megabytes_is_one_line_too_long() {
    let (output, report) = replay("long.nmea", |file| {
        file.write_all(b"!AIVDM,1,1,,A,").unwrap();
        // A hole in the file reads as zeros and takes no room.
        file.set_len(200 << 20).unwrap();
        file.write_all(b"").unwrap();
    });
    assert!(output.status.success(), "{}", complaint(&output));
    assert_eq!((&report["lines"], &report["refused_by_kind"]["line_too_long"]), (&1.into(), &1.into()));
}

#[test]
fn a_part_without_its_others_is_refused_by_name() {
    let (output, report) = replay("parts.nmea", |file| {
        for n in 0..20 {
            let mmsi = Mmsi(514_000_001 + n);
            let message = Message { kind: 5, repeat: 0, mmsi, body: statics("ALONE", "") };
            let stamp = format!("c:{}", 1_795_179_600 + 3 * n);
            let checksum = stamp.bytes().fold(0, |sum, b| sum ^ b);
            let first = &to_sentences(&message, "AI", 'A', n as u8)[0];
            writeln!(file, "\\{stamp}*{checksum:02X}\\{first}").unwrap();
        }
    });
    assert!(output.status.success(), "{}", complaint(&output));
    assert_eq!((&report["sentences"], &report["messages"]), (&20.into(), &0.into()));
    // The last one may still be ended.
    assert_eq!(report["refused_by_kind"]["orphan_part"].as_u64(), Some(19), "{report}");
}

#[test]
fn what_is_not_a_readable_recording_is_named_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("torn.nmea.gz"), TORN).unwrap();
    let cases = [
        (path(""), "is a directory"),
        (path("missing.nmea"), "No such file"),
        (path("torn.nmea.gz"), "cannot read"),
        // A file that gives an error when it is read.
        ("/proc/self/mem".to_owned(), "cannot open"),
        ("/dev/null".to_owned(), "is not a file"),
    ];
    for (name, why) in cases {
        let output = run(&["replay", &name]);
        let said = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        let named = said.contains(name.trim_end_matches('/'));
        assert!(named && said.contains(why), "{name}: {said}");
        assert!(!said.contains("panicked"), "{name}: {said}");
    }
}

#[test]
fn a_recording_cut_short_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let torn = folder.path().join("torn.nmea.gz");
    fs::write(&torn, TORN).unwrap();
    let voyage = crate::sea::at("fixtures/voyages/distress-flagged-mayday-text.nmea");
    let output = run(&["replay", torn.to_str().unwrap(), voyage.to_str().unwrap(), "--report", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["alerts_by_rule"]["distress"], 1, "{report}");
    assert!(report["cut_short"][0].as_str().unwrap().contains("torn.nmea.gz"), "{report}");
}

// -- settings --

#[test]
fn every_problem_of_the_settings_is_told_at_once_with_its_key() {
    let site = Site::new(
        "listen = \"nowhere\"\ncolour = \"blue\"\n[detector.loitering]\nspeed_max = \"fast\"\ncoast_min = -1\n\
         [track]\nvolume = 11\n[[receiver]]\nname = \"A\"\nconnect = \"pigeon://loft\"\n\
         [[receiver]]\nname = \"A\"\nconnect = \"udp://0.0.0.0:4001\"\n\
         [[zone]]\nid = \"a b\"\nname = \"\"\nkind = \"watch\"\nring = [[1.0, 2.0]]\n",
    );
    let settings = site.settings();
    let output = run(&["check", settings.to_str().unwrap()]);
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for key in [
        "listen (line 1)",
        "colour (line 2)",
        "detector.loitering.speed_max (line 4)",
        "detector.loitering.coast_min",
        "track.volume (line 7)",
        "receiver[1].connect",
        "receiver[2].allow",
        "receiver[2].name",
        "zone[1].id",
        "zone[1].name",
        "zone[1].ring",
    ] {
        assert!(said.contains(&format!("watchkeeper: {key}: ")), "{key} is not in\n{said}");
    }
    assert_eq!(said.matches("    accepted: ").count(), 11, "{said}");
    assert!(!said.contains("f64"), "{said}");

    let output = Command::new(PROGRAM).arg("run").arg("--settings").arg(&settings).output().unwrap();
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("11 problems") && said.contains("watchkeeper.toml"), "{said}");
    assert!(!site.data().exists(), "nothing is made before the settings are good");
}

#[test]
fn settings_that_are_not_there_or_not_text_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bytes.toml");
    fs::write(&path, noise(5000)).unwrap();
    for path in [folder.path().join("none.toml"), path, folder.path().to_owned()] {
        let output = run(&["check", path.to_str().unwrap()]);
        let said = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(path.to_str().unwrap()) && !said.contains("panicked"), "{said}");
    }
}

// -- the running watch --

#[tokio::test]
async fn a_console_port_in_use_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap().to_string();
    let site = Site::new(&format!("listen = \"{address}\"\n"));
    let output = site.command().output().unwrap();
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&address) && said.contains("in use"), "{said}");
}

#[test]
fn a_database_folder_that_is_a_file_is_named() {
    let site = Site::new("");
    fs::write(site.data(), "not a folder").unwrap();
    let output = site.command().output().unwrap();
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(site.data().to_str().unwrap()), "{said}");
}

fn receiver(name: &str, connect: &str) -> String {
    // What these send comes at once.
    format!("[[receiver]]\nname = \"{name}\"\nconnect = \"{connect}\"\nrate_limit = \"off\"\n")
}

fn statics(name: &str, destination: &str) -> Body {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Body::StaticVoyage(Box::new(StaticVoyage {
        name: text(name),
        ship_type: Some(ShipType(70)),
        destination: text(destination),
        ..StaticVoyage::default()
    }))
}

/// A vessel's position, then what it says of itself.
fn vessel(mmsi: u32, name: &str, destination: &str) -> String {
    let place = Some(Place { lat: 10 * 600_000, lon: 103 * 600_000 + (mmsi % 1000) as i32, accurate: true });
    let position = PositionA { status: 0, speed: Some(80), place, course: Some(900), ..PositionA::default() };
    let of = |kind, body| Message { kind, repeat: 0, mmsi: Mmsi(mmsi), body };
    let position = to_sentences(&of(1, Body::PositionA(position)), "AI", 'A', 0);
    let statics = to_sentences(&of(5, statics(name, destination)), "AI", 'A', (mmsi % 10) as u8);
    position.iter().chain(&statics).map(|line| format!("{line}\r\n")).collect()
}

#[tokio::test]
async fn receivers_that_cannot_be_opened_say_why_and_the_others_go_on() {
    let taken_tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken_udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mast = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (tcp, udp) = (taken_tcp.local_addr().unwrap(), taken_udp.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let not_a_port = folder.path().join("ttyUSB9");
    fs::write(&not_a_port, "").unwrap();
    let not_a_port = not_a_port.display().to_string();
    let site = Site::new(
        &[
            receiver("TAKEN TCP", &format!("tcp-listen://{tcp}")),
            receiver("TAKEN UDP", &format!("udp://{udp}")),
            receiver("NO DEVICE", "serial:///dev/ttyNONE7?baud=38400"),
            receiver("NO PORT", &format!("serial://{not_a_port}?baud=38400")),
            receiver("MAST", &format!("tcp://{}", mast.local_addr().unwrap())),
        ]
        .concat(),
    );
    let daemon = site.start().await;
    let (mut link, _) = mast.accept().await.unwrap();
    link.write_all(vessel(514_000_123, "GOES ON", "").as_bytes()).await.unwrap();
    let told = |status: &Value| {
        let receivers = status["receivers"].as_array().unwrap();
        receivers[4]["lines"].as_u64() >= Some(2)
            && receivers[..4].iter().all(|r| !r["detail"].as_str().unwrap().is_empty())
            && status["vessels"] == 1
    };
    let status = daemon.wait("/api/status", told).await;
    let detail = |n: usize| status["receivers"][n]["detail"].as_str().unwrap().to_owned();
    assert!(detail(0).contains(&tcp.port().to_string()) && detail(0).contains("in use"), "{}", detail(0));
    assert!(detail(1).contains(&udp.port().to_string()) && detail(1).contains("in use"), "{}", detail(1));
    assert!(detail(2).contains("/dev/ttyNONE7") && detail(2).contains("no such device"), "{}", detail(2));
    assert!(detail(3).contains(&not_a_port), "{}", detail(3));
    // What was in the way goes, and the receiver comes.
    drop(taken_tcp);
    daemon.wait("/api/status", |status| status["receivers"][0]["state"] == "listening").await;
    let mut link = TcpStream::connect(tcp).await.unwrap();
    link.write_all(vessel(514_000_124, "COMES", "").as_bytes()).await.unwrap();
    daemon.wait("/api/status", |status| status["vessels"] == 2).await;
    assert_eq!(daemon.stop(), Some(0));
}

#[tokio::test]
async fn a_receiver_that_sends_rubbish_is_heard_and_stopped_by_nothing() {
    let mast = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = Site::new(&receiver("MAST", &format!("tcp://{}", mast.local_addr().unwrap())));
    let daemon = site.start().await;
    let (mut link, _) = mast.accept().await.unwrap();
    link.write_all(&noise(300_000)).await.unwrap();
    // A line without an end, longer than any buffer.
    link.write_all(&vec![b'A'; 8 << 20]).await.unwrap();
    link.write_all(b"\r\n").await.unwrap();
    link.write_all(vessel(514_000_125, "AFTER IT", "").as_bytes()).await.unwrap();
    let status = daemon.wait("/api/status", |status| status["vessels"] == 1).await;
    let refused = status["refused_by_kind"].as_object().unwrap();
    assert!(refused.contains_key("line_too_long") && refused.contains_key("not_text"), "{refused:?}");
    assert_eq!(daemon.stop(), Some(0));
}

#[tokio::test]
async fn hostile_names_are_text_everywhere_they_appear() {
    let mast = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = Site::new(&receiver("MAST", &format!("tcp://{}", mast.local_addr().unwrap())));
    let daemon = site.start().await;
    let (mut link, _) = mast.accept().await.unwrap();
    link.write_all(vessel(514_000_201, TAG, FORMULA).as_bytes()).await.unwrap();
    link.write_all(vessel(514_000_202, FORMULA, TAG).as_bytes()).await.unwrap();
    let found = daemon.wait("/api/vessels?q=5140002", |found| {
        found["vessels"].as_array().unwrap().iter().all(|v| v["name"].is_string())
            && found["vessels"].as_array().unwrap().len() == 2
    });
    let found = found.await;
    let names: Vec<&str> =
        found["vessels"].as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap()).collect();
    assert_eq!(names, [TAG, FORMULA]);

    for (path, kind, text) in [
        (
            "/api/history/identity?mmsi=514000202&format=json",
            "application/json",
            "=HYPERLINK(\\\"//X.YZ\\\")",
        ),
        ("/api/history/identity?mmsi=514000202&format=csv", "text/csv", "\"'=HYPERLINK(\"\"//X.YZ\"\")\""),
        ("/api/history/identity?mmsi=514000201&format=csv", "text/csv", TAG),
        ("/api/vessels?q=5140002", "application/json", TAG),
    ] {
        let answer = daemon.client.get(format!("{}{path}", daemon.url)).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with(kind), "{path}: {}", header("content-type"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("default-src 'self'"));
        let body = answer.text().await.unwrap();
        assert!(body.contains(text), "{path}: {body}");
    }
    assert_eq!(daemon.stop(), Some(0));

    let data = site.data();
    let ask = |format: &str| {
        let mut arguments = vec!["query", "identity", "--mmsi", "514000202", "--format", format, "--data"];
        arguments.push(data.to_str().unwrap());
        let output = run(&arguments);
        assert!(output.status.success(), "{}", complaint(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(ask("csv").contains("\"'=HYPERLINK(\"\"//X.YZ\"\")\""), "{}", ask("csv"));
    let json: Value = serde_json::from_str(&ask("json")).unwrap();
    let claims = json["claims"].as_array().unwrap();
    assert!(claims.iter().any(|claim| claim["value"] == FORMULA), "{json}");
    let output = run(&[
        "query",
        "track",
        "--mmsi",
        "514000201",
        "--format",
        "geojson",
        "--data",
        data.to_str().unwrap(),
    ]);
    let track: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(track["features"].as_array().unwrap().last().unwrap()["properties"]["mmsi"], 514_000_201);
}
