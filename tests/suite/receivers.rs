//! What the watch says of its receivers, through the real program fed over TCP.

use crate::program::{Daemon, Site};
use sensors::message::{Body, Clock, Message, Place, PositionA, to_sentences};
use sensors::sentence::tag_block;
use sensors::{Mmsi, Span, Time};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use watchkeeper::track::Standing;

const BASE: u32 = 5_670_001;

/// A mast on a port of its own, the program that listens to it, and the link between.
async fn mast() -> (Site, Daemon, TcpStream) {
    let mast = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let site = Site::new(&format!(
        "[[receiver]]\nname = \"MAST\"\nlatitude = 10.0\nlongitude = 103.0\n\
         connect = \"tcp://{}\"\nrate_limit = \"off\"\n",
        mast.local_addr().expect("it has one"),
    ));
    let daemon = site.start().await;
    let (link, _) = mast.accept().await.expect("it dials");
    (site, daemon, link)
}

async fn send(link: &mut TcpStream, lines: &str) {
    link.write_all(lines.as_bytes()).await.expect("the link holds");
}

fn base(time: Time) -> String {
    let body = Body::Clock(Clock::at(time, None));
    let message = Message { kind: 4, repeat: 0, mmsi: Mmsi(BASE), body };
    to_sentences(&message, "AI", 'A', 0).concat()
}

fn ship(n: u32, time: Time, lat: i32, lon: i32) -> String {
    let place = Place { lat, lon, accurate: true };
    let second = time.as_millis().div_euclid(1000).rem_euclid(60) as u8;
    let body = Body::PositionA(PositionA {
        status: 0,
        speed: Some(35),
        course: Some(0),
        second: Some(second),
        place: Some(place),
        ..PositionA::default()
    });
    let message = Message { kind: 1, repeat: 0, mmsi: Mmsi(567_000_000 + n), body };
    to_sentences(&message, "AI", 'A', 0).concat()
}

fn the_mast(answer: &Value) -> &Value {
    &answer["receivers"][0]
}

/// As [`Daemon::wait`], for what takes the watch longer.
async fn wait_long(daemon: &Daemon, seconds: u64, wanted: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let answer = daemon.get("/api/receivers").await;
        if wanted(the_mast(&answer)) {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(seconds), "it stays at {answer:#}\n{}", daemon.log());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_falls_silent_over_an_open_link_is_down_and_everybody_is_told() {
    let (_site, daemon, mut link) = mast().await;
    let answer = daemon.wait("/api/receivers", |answer| answer["receivers"].is_array()).await;
    assert_eq!(the_mast(&answer)["health"], "unknown");
    let now = watchkeeper::daemon::now;
    for _ in 0..12 {
        send(&mut link, &format!("{}\r\n", base(now()))).await;
    }
    // A mile is 10,000 units; this one is 30 miles north of the mast.
    let far = ship(1, now(), 6_300_000, 61_800_000);
    send(&mut link, &format!("{far}\r\n!AIVDM,1,1,,A,17b<4q@P1@WG2O05oGL3Q?vj0000,0*00\r\n")).await;
    let answer = daemon
        .wait("/api/receivers", |answer| {
            the_mast(answer)["health"] == "ok" && the_mast(answer)["furthest"].is_object()
        })
        .await;
    let heard = the_mast(&answer);
    assert_eq!(heard["why"], "heartbeats", "{heard:#}");
    assert_eq!(heard["refused_by_kind"]["bad_checksum"], 1, "{heard:#}");
    assert_eq!(heard["fixed_stations"][0]["mmsi"], BASE);
    assert_eq!(heard["fixed_stations"][0]["missing"], false);
    assert_eq!(heard["clock"]["told_by"], "base_station");
    assert_eq!(heard["clock"]["quarantined"], false);
    let miles = heard["furthest"]["distance_nm"].as_f64().expect("a number");
    assert!((29.0..31.0).contains(&miles), "{miles}");

    // Three reports of a base station must be missing, which takes half a minute, and a tick must pass.
    let answer = wait_long(&daemon, 75, |mast| mast["health"] == "down").await;
    let silent = the_mast(&answer);
    assert_eq!((&silent["state"], &silent["why"]), (&"connected".into(), &"silent_heartbeats".into()));
    assert_eq!(silent["fixed_stations"][0]["missing"], true);
    let told = daemon
        .wait("/api/status", |status| {
            let mut notices = status["notices"].as_array().into_iter().flatten();
            notices.any(|notice| notice["code"] == "receiver_silent_stations")
        })
        .await;
    let notice = told["notices"]
        .as_array()
        .and_then(|all| all.iter().find(|notice| notice["code"] == "receiver_silent_stations").cloned());
    assert_eq!(notice.expect("just found")["params"]["receiver"], "MAST");
    let answer = wait_long(&daemon, 30, |mast| !mast["silences"][0].is_null()).await;
    assert_eq!(the_mast(&answer)["silences"][0]["to"], Value::Null);

    send(&mut link, &format!("{}\r\n", base(now()))).await;
    wait_long(&daemon, 30, |mast| mast["health"] == "ok").await;
    assert_eq!(daemon.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_vessels_were_heard_again_and_again_there_is_coverage_and_elsewhere_nothing_is_claimed() {
    const QUARTER: i64 = 6 * 3_600_000;
    let (_site, daemon, mut link) = mast().await;
    // Lines that were held up on their way: the last whole quarter of the day, so that it is one.
    let begin = watchkeeper::daemon::now().as_millis().div_euclid(QUARTER) * QUARTER - QUARTER;
    let mut lines = String::new();
    for minute in 0..45_i64 {
        for n in 0..3_u32 {
            let time = Time::from_millis(begin) + Span::from_minutes(minute) + Span::from_seconds(n.into());
            // 3.5 knots northward within one cell of three miles.
            let (lat, lon) = (6_000_500 + minute as i32 * 583, 61_805_000 + n as i32 * 6_000);
            let tag = tag_block::compose(&format!("c:{}", time.as_millis() / 1000));
            lines.push_str(&format!("{tag}{}\r\n", ship(n, time, lat, lon)));
        }
    }
    send(&mut link, &lines).await;
    let hours = ["0-6", "6-12", "12-18", "18-24"][(begin / QUARTER).rem_euclid(4) as usize];
    let path = format!("/api/coverage?receiver=MAST&class=a&hours={hours}");
    let answer = daemon.wait(&path, |answer| !answer["cells"][0]["lower"].is_null()).await;
    let cell = &answer["cells"][0];
    assert_eq!(answer["size_deg"], 0.05);
    assert_eq!((cell["south"].as_f64(), cell["west"].as_f64()), (Some(10.0), Some(103.0)), "{answer:#}");
    let (chance, lower) = (cell["chance"].as_f64().expect("it is"), cell["lower"].as_f64().expect("it is"));
    assert!(0.9 < lower && lower < chance && chance < 1.0, "{cell:#}");
    assert_eq!(answer["cells"].as_array().map(Vec::len), Some(1), "{answer:#}");

    let of_all = daemon.get(&format!("/api/coverage?class=a&hours={hours}")).await;
    assert_eq!(of_all["cells"], answer["cells"], "the best of one is that one");
    assert_eq!(daemon.get("/api/coverage?class=b").await["cells"], Value::Array(Vec::new()));
    for wrong in ["class=c", "hours=5", "receiver=NOBODY"] {
        let asked = daemon.client.get(format!("{}/api/coverage?{wrong}", daemon.url)).send().await;
        assert_eq!(asked.expect("it answers").status().as_u16(), 422, "{wrong}");
    }
    assert_eq!(daemon.stop(), Some(0));
}

/// What stands between quotes after each of these in a source file.
fn quoted_after(path: &str, before: &str) -> BTreeSet<String> {
    let source = std::fs::read_to_string(crate::sea::at(path)).expect("it is committed");
    let source = source.split("#[cfg(test)]").next().expect("there is always a first");
    let quoted = source.split(before).skip(1).filter_map(|rest| rest.split('"').next());
    quoted.map(str::to_owned).collect()
}

#[test]
fn every_reason_has_words() {
    let words =
        std::fs::read_to_string(crate::sea::at("console/src/words/en.json")).expect("it is committed");
    let words: Value = serde_json::from_str(&words).expect("it is JSON");
    let health = |health: &str| quoted_after("src/admit/health.rs", &format!("(Health::{health}, \""));
    let whys: BTreeSet<String> = ["Ok", "Degraded", "Down", "Unknown"].into_iter().flat_map(health).collect();
    assert!(whys.len() >= 7, "{whys:?}");
    let rejects = quoted_after("sensors/src/sentence/reject.rs", " => \"");
    assert!(rejects.len() >= 22, "{rejects:?}");
    let standings = Standing::ALL.iter().skip(1).map(|standing| {
        let word = serde_json::to_value(standing).expect("it is plain");
        format!("standing.{}", word.as_str().expect("a word"))
    });
    let codes = whys.iter().map(|why| format!("receiver_health.{why}"));
    let codes = codes.chain(rejects.iter().map(|kind| format!("reject.{kind}"))).chain(standings);
    let missing: Vec<String> = codes.filter(|code| words.get(code).is_none()).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_s_stations_are_told_apart_by_name_and_the_wrong_clock_is_pointed_out() {
    let (_site, daemon, mut link) = mast().await;
    let now = watchkeeper::daemon::now();
    let mut lines = String::new();
    for n in 0..12_i64 {
        let time = now - Span::from_seconds(120 - 10 * n);
        for (station, behind) in [("HARBOUR", 0), ("HILL", 3600)] {
            let stamp = (time - Span::from_seconds(behind)).as_millis();
            let tag = tag_block::compose(&format!("s:{station},c:{stamp}"));
            lines.push_str(&format!("{tag}{}\r\n", base(time)));
        }
    }
    send(&mut link, &lines).await;
    let answer =
        daemon.wait("/api/receivers", |answer| the_mast(answer)["stations"]["quarantined"] == 1).await;
    let stations = &the_mast(&answer)["stations"];
    assert_eq!(
        (&stations["known"], &stations["flagged"], &stations["beyond"]),
        (&2.into(), &1.into(), &0.into())
    );
    let [hill, harbour] = [&stations["each"][0], &stations["each"][1]];
    assert_eq!((&hill["name"], &harbour["name"]), (&"HILL".into(), &"HARBOUR".into()));
    let off = hill["clock"]["offset_seconds"].as_f64().expect("a number");
    assert!((3598.0..3602.0).contains(&off), "{hill:#}");
    assert_eq!(
        (&hill["clock"]["quarantined"], &harbour["clock"]["quarantined"]),
        (&true.into(), &false.into())
    );
    assert_eq!(the_mast(&answer)["clock"]["quarantined"], false, "the feed itself is believed");
    assert_eq!(daemon.stop(), Some(0));
}
