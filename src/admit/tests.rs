//! Stage 0 under clocks that are wrong: what is let in, as what, and dated when.

use super::*;
use proptest::prelude::*;
use sensors::Mmsi;
use sensors::message::{Clock, Message, Place, PositionA, to_sentences};
use sensors::sentence::tag_block::compose;

/// A line on its way: what was on the air, and how it came.
#[derive(Clone)]
struct Sent {
    on_air: Time,
    arrives: Time,
    receiver: u16,
    station: &'static str,
    stamp: Option<Time>,
    said: Said,
}

#[derive(Clone)]
enum Said {
    Message(Message),
    Satellites(Time),
}

/// A minute that begins with its second 0.
fn at(seconds: i64) -> Time {
    Time::from_seconds(1_795_000_020 + seconds)
}

fn seconds(seconds: i64) -> Span {
    Span::from_seconds(seconds)
}

fn second(time: Time) -> u8 {
    (time.as_millis().div_euclid(1000).rem_euclid(60)) as u8
}

fn ship(n: u32, time: Time, speed: u16) -> Message {
    let moved = (time.as_millis() / 1000 % 100_000) as i32 * i32::from(speed);
    let place = Place { lat: 6_000_000 + n as i32 * 10_000, lon: 60_000_000 + moved, accurate: false };
    let position = PositionA {
        status: 0,
        speed: Some(speed),
        second: Some(second(time)),
        place: Some(place),
        ..PositionA::default()
    };
    Message { kind: 1, repeat: 0, mmsi: Mmsi(567_000_000 + n), body: Body::PositionA(position) }
}

fn base(time: Time) -> Message {
    Message { kind: 4, repeat: 0, mmsi: Mmsi(5_670_001), body: Body::Clock(Clock::at(time, None)) }
}

fn heard(on_air: Time, receiver: u16, message: Message) -> Sent {
    let arrives = on_air + Span::from_millis(200);
    Sent { on_air, arrives, receiver, station: "", stamp: None, said: Said::Message(message) }
}

/// Twenty ships and a base station, each every ten seconds.
fn traffic(receiver: u16, from: i64, to: i64) -> Vec<Sent> {
    let mut all = Vec::new();
    for tenth in (from..to).step_by(10) {
        all.push(heard(at(tenth), receiver, base(at(tenth))));
        for n in 0..20 {
            let time = at(tenth + i64::from(n) / 2);
            all.push(heard(time, receiver, ship(n, time, 80)));
        }
    }
    all
}

/// What came of one line.
struct Passed {
    sent: Sent,
    got: Option<(Time, Standing)>,
}

/// All of it through stage 0 in the order of arrival, with a tick every ten seconds.
fn run(mut sent: Vec<Sent>) -> (Admit, Vec<Passed>, Vec<Ticked>) {
    sent.sort_by_key(|sent| sent.arrives);
    run_as_listed(sent)
}

fn run_as_listed(sent: Vec<Sent>) -> (Admit, Vec<Passed>, Vec<Ticked>) {
    let (mut admit, mut results, mut ticks) = (Admit::default(), Vec::new(), Vec::new());
    let (mut sequence, mut ticked) = (1, i64::MIN);
    for sent in sent {
        let tenth = sent.arrives.as_millis().div_euclid(10_000);
        if tenth != ticked {
            ticked = tenth;
            ticks.push(admit.tick(Time::from_millis(tenth * 10_000), sequence));
            sequence += 1;
        }
        let sentences = match &sent.said {
            Said::Message(message) => to_sentences(message, "AI", 'A', 0),
            Said::Satellites(utc) => vec![zda(*utc)],
        };
        let tag = tag(&sent);
        let mut batch = Batch::new(ReceiverId(sent.receiver));
        sentences.iter().for_each(|sentence| batch.push(sent.arrives, format!("{tag}{sentence}").as_bytes()));
        let mut out = Vec::new();
        admit.lines(sequence, &batch, &mut out);
        sequence += batch.len() as u64;
        let got = out.first().map(|admitted| (admitted.report.time, admitted.standing));
        results.push(Passed { sent, got });
    }
    (admit, results, ticks)
}

/// The TAG block of its station and stamp.
fn tag(sent: &Sent) -> String {
    let station = Some(format!("s:{}", sent.station)).filter(|_| !sent.station.is_empty());
    let stamp = sent.stamp.map(|stamp| format!("c:{}", stamp.as_millis()));
    let said: Vec<String> = station.into_iter().chain(stamp).collect();
    if said.is_empty() { String::new() } else { compose(&said.join(",")) }
}

fn zda(utc: Time) -> String {
    let utc = utc.to_chrono().expect("in range");
    let body = format!("GPZDA,{}", utc.format("%H%M%S.00,%d,%m,%Y,00,00"));
    let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
    format!("${body}*{sum:02X}")
}

/// Of the ships' reports chosen: how many are good, and how many there are.
fn good(results: &[Passed], chosen: impl Fn(&Sent) -> bool) -> (usize, usize) {
    let ships = results.iter().filter(|heard| is_ship(&heard.sent) && chosen(&heard.sent));
    let all: Vec<_> = ships.collect();
    let good = all.iter().filter(|heard| matches!(heard.got, Some((_, Standing::Good)))).count();
    (good, all.len())
}

fn is_ship(sent: &Sent) -> bool {
    matches!(&sent.said, Said::Message(message) if message.kind == 1)
}

/// No position that moves a track is dated wrong by more than `by`.
fn assert_dated(results: &[Passed], by: Span) {
    for Passed { sent, got } in results.iter().filter(|heard| is_ship(&heard.sent)) {
        if let Some((time, Standing::Good)) = got {
            let off = time.since(sent.on_air);
            assert!(off.abs() <= by, "off by {off:?} at {} of receiver {}", sent.on_air, sent.receiver);
        }
    }
}

#[test]
fn an_hour_played_again_an_hour_later_moves_nothing() {
    let mut sent = traffic(0, 0, 7200);
    let again = traffic(1, 0, 3600).into_iter();
    sent.extend(again.map(|sent| Sent { arrives: sent.arrives + Span::from_hours(1), ..sent }));
    let (admit, results, _) = run(sent);
    let (moved, all) = good(&results, |sent| sent.receiver == 1);
    assert!(all == 7200 && moved * 100 <= all, "{moved} of {all}");
    let (moved, all) = good(&results, |sent| sent.receiver == 0);
    assert_eq!(moved, all);
    let played = &admit.receivers()[1].clock;
    assert!(played.quarantined && played.offset.abs() > Span::from_minutes(59), "{played:?}");
}

#[test]
fn an_hour_played_again_over_the_same_link_moves_nothing() {
    let mut sent = traffic(0, 0, 3600);
    let again = traffic(0, 0, 3600).into_iter();
    sent.extend(again.map(|sent| Sent { arrives: sent.arrives + Span::from_hours(1), ..sent }));
    let (_, results, _) = run(sent);
    let (moved, all) = good(&results, |sent| sent.arrives.since(sent.on_air) > Span::from_minutes(1));
    assert!(all == 7200 && moved * 100 <= all, "{moved} of {all}");
}

#[test]
fn stamps_of_another_age_are_not_believed() {
    let rollover = Span::from_hours(-1024 * 7 * 24);
    let epochs = [Time::from_seconds(0), Time::from_seconds(315_964_800)];
    type Stamp = Box<dyn Fn(Time) -> Time>;
    let mut stamps: Vec<Stamp> = vec![Box::new(move |time| time + rollover)];
    for epoch in epochs {
        // Restarted half-way: counts from there on.
        stamps.push(Box::new(move |time| if time < at(600) { time } else { epoch + time.since(at(600)) }));
    }
    for stamp in stamps {
        let mut sent = traffic(0, 0, 1200);
        sent.iter_mut().for_each(|sent| sent.stamp = Some(stamp(sent.on_air)));
        // Its satellite receiver counts the same weeks.
        sent.extend(
            (0..1200)
                .map(|s| Sent { said: Said::Satellites(at(s) + rollover), ..heard(at(s), 0, base(at(s))) }),
        );
        let (_, results, _) = run(sent);
        assert_dated(&results, seconds(1));
        assert_eq!(good(&results, |_| true).0, 2400);
    }
}

#[test]
fn a_receiver_s_clock_that_is_stepped_by_an_hour_dates_nothing_wrong() {
    for step in [Span::from_hours(1), Span::from_hours(-1)] {
        let mut sent = traffic(0, 0, 3600);
        for sent in &mut sent {
            let stepped = (at(1200)..at(2400)).contains(&sent.on_air);
            sent.stamp = Some(if stepped { sent.on_air + step } else { sent.on_air });
        }
        let (admit, results, _) = run(sent);
        assert_dated(&results, seconds(2));
        let (moved, _) = good(&results, |sent| sent.on_air >= at(2430));
        assert!(moved >= 2330, "{step:?}: {moved} after the clock was set right");
        assert!(!admit.receivers()[0].clock.quarantined);
    }
}

#[test]
fn an_edge_clock_that_is_stepped_by_an_hour_dates_nothing_wrong() {
    for step in [Span::from_hours(1), Span::from_hours(-1)] {
        let both = traffic(0, 0, 3600).into_iter().chain(traffic(1, 0, 3600));
        let mut sent: Vec<Sent> = both.collect();
        // Two shores that share no ships.
        for sent in sent.iter_mut().filter(|sent| sent.receiver == 1) {
            if let Said::Message(message) = &mut sent.said {
                message.mmsi.0 += 1000;
            }
        }
        sent.sort_by_key(|sent| sent.arrives);
        for sent in &mut sent {
            if (at(1200)..at(2400)).contains(&sent.on_air) {
                sent.arrives = sent.arrives + step;
            }
        }
        let (_, results, _) = run_as_listed(sent);
        assert_dated(&results, seconds(2));
        let (moved, all) = good(&results, |sent| (at(1260)..at(2400)).contains(&sent.on_air));
        assert_eq!(moved, all, "{step:?}: the edge is known to be wrong within a minute");
        let (moved, all) = good(&results, |sent| sent.on_air >= at(2460));
        assert_eq!(moved, all, "{step:?}: and to be right again");
    }
}

#[test]
fn a_clock_that_drifts_is_set_right_as_it_drifts() {
    let mut sent = traffic(0, 0, 6 * 3600);
    for sent in &mut sent {
        let passed = sent.on_air.since(at(0));
        sent.stamp = Some(sent.on_air - Span::from_millis(passed.as_millis() * 500 / 1_000_000));
    }
    let (admit, results, _) = run(sent);
    assert_dated(&results, seconds(4));
    assert_eq!(good(&results, |_| true), (43_200, 43_200));
    let clock = &admit.receivers()[0].clock;
    assert!(clock.flagged && !clock.quarantined && clock.source == Source::BaseStation, "{clock:?}");
    assert!(clock.offset.minus(seconds(11)).abs() <= seconds(1), "{clock:?}");
}

#[test]
fn a_leap_second_is_no_matter() {
    let mut sent = traffic(0, 0, 1200);
    for sent in sent.iter_mut().filter(|sent| sent.on_air >= at(600)) {
        sent.stamp = Some(sent.on_air + seconds(1));
    }
    for sent in sent.iter_mut().filter(|sent| sent.on_air < at(600)) {
        sent.stamp = Some(sent.on_air);
    }
    let (_, results, _) = run(sent);
    assert_eq!(good(&results, |_| true), (2400, 2400));
    assert_dated(&results, seconds(1));
}

#[test]
fn what_two_receivers_heard_in_common_sets_the_wrong_one_right() {
    let mut sent = traffic(0, 0, 2400);
    // A receiver without a base station, whose clock is 20 seconds slow; each hears some that the other does not.
    let slow = traffic(1, 0, 2400)
        .into_iter()
        .filter(is_ship)
        .filter(|sent| sent.on_air.as_millis() / 1000 % 2 == 0);
    sent.extend(slow.map(|sent| {
        let late = if sent.on_air.as_millis() / 1000 % 4 == 0 { 50 } else { -50 };
        Sent {
            stamp: Some(sent.on_air - seconds(20)),
            arrives: sent.arrives + Span::from_millis(late),
            ..sent
        }
    }));
    let (admit, results, _) = run(sent);
    let clock = admit.receivers()[1].clock;
    assert!(clock.source == Source::Pairs && clock.flagged && !clock.quarantined, "{clock:?}");
    assert!(clock.offset.minus(seconds(20)).abs() <= seconds(1), "{clock:?}");
    let later: Vec<Passed> = results.into_iter().filter(|heard| heard.sent.on_air > at(300)).collect();
    assert_dated(&later, seconds(2));
}

#[test]
fn a_moored_ship_that_sends_the_same_bits_again_is_not_stale() {
    let mut sent = traffic(0, 0, 600);
    let same = ship(99, at(3), 0);
    let jitter = [0, 900, -900, 400, -1500, 1800];
    sent.extend((0..10).map(|n: usize| {
        let time = at(3 + 60 * n as i64) + Span::from_millis(jitter[n % 6]);
        heard(time, 0, same.clone())
    }));
    let (_, results, _) = run(sent);
    let moored = |sent: &Sent| matches!(&sent.said, Said::Message(message) if *message == same);
    assert_eq!(good(&results, moored), (10, 10));
}

#[test]
fn a_relay_that_sends_on_what_was_heard_long_ago_moves_nothing() {
    for late in [11, 20, 45, 60, 75, 120, 600] {
        let mut sent = traffic(0, 0, 2400);
        let relayed = traffic(1, 300, 1500).into_iter().filter(is_ship);
        sent.extend(relayed.map(|sent| Sent { arrives: sent.arrives + seconds(late), ..sent }));
        let (admit, results, _) = run(sent);
        assert_eq!(good(&results, |sent| sent.receiver == 0), (4800, 4800));
        let (moved, all) = good(&results, |sent| sent.receiver == 1);
        assert_eq!((moved, all), (0, 2400), "{late} s");
        // A delay that is always the same is learned where the seconds can tell it; then they are copies.
        let stale = admit.sorted().stale;
        assert!(if late % 60 == 0 { stale == 2400 } else { stale > 0 }, "{late} s: {stale} stale");
    }
}

#[test]
fn what_comes_long_after_it_was_heard_is_late_and_told_at_the_tick() {
    let mut sent = traffic(0, 0, 1200);
    let delayed = traffic(1, 100, 300).into_iter().map(|mut sent| {
        if let Said::Message(message) = &mut sent.said {
            message.mmsi.0 += 1000;
        }
        Sent { stamp: Some(sent.on_air), arrives: sent.arrives + seconds(700), ..sent }
    });
    sent.extend(delayed);
    let (admit, results, ticks) = run(sent);
    assert_eq!(good(&results, |sent| sent.receiver == 0), (2400, 2400));
    let late = results.iter().filter(|heard| matches!(heard.got, Some((_, Standing::Late)))).count();
    assert_eq!((late, admit.sorted().late), (420, 420));
    let told: Vec<Late> = ticks.iter().filter_map(|tick| tick.late).collect();
    assert_eq!(told.iter().map(|late| late.reports).sum::<u64>(), 420);
    assert_eq!(told.first().map(|late| late.from), Some(at(100)));
    assert_eq!(told.last().map(|late| late.to), Some(at(299)));
}

#[test]
fn a_call_for_help_is_let_in_whatever_the_clocks_say() {
    let mut sent = traffic(1, 0, 600);
    sent.iter_mut().for_each(|sent| sent.arrives = sent.arrives + Span::from_hours(1));
    let Message { body, .. } = ship(1, at(300), 0);
    let call = Message { kind: 1, repeat: 0, mmsi: Mmsi(970_001_234), body };
    sent.push(Sent { arrives: at(3900), ..heard(at(300), 1, call) });
    let (admit, results, _) = run(sent);
    assert!(admit.receivers()[0].clock.quarantined);
    let call =
        |sent: &Sent| matches!(&sent.said, Said::Message(message) if message.mmsi.is_distress_device());
    assert_eq!(good(&results, call), (1, 1));
}

#[test]
fn a_call_under_a_clock_that_was_stepped_has_the_time_of_its_arrival() {
    let call = |second: i64| {
        let mut message = ship(1, at(second), 0);
        let Body::PositionA(position) = &mut message.body else { panic!("a position") };
        position.status = 14;
        heard(at(second), 1, message)
    };
    // An hour slow, as the base station tells; then the clock is set right, or goes five hours wrong.
    for hours in [0, -5] {
        let stamped = |sent: Sent, hours| Sent { stamp: Some(sent.on_air + Span::from_hours(hours)), ..sent };
        let mut sent: Vec<Sent> = traffic(1, 0, 600).into_iter().map(|sent| stamped(sent, -1)).collect();
        sent.extend(traffic(1, 600, 610).into_iter().map(|sent| stamped(sent, hours)));
        sent.extend([stamped(call(303), -1), stamped(call(606), hours)]);
        let (_, results, _) = run(sent);
        let calls = |sent: &Sent| matches!(&sent.said, Said::Message(message) if message.call().is_some());
        let got: Vec<_> = results.iter().filter(|heard| calls(&heard.sent)).map(|heard| heard.got).collect();
        // Its position is held to the clock like all others of a ship.
        let arrived = |second| Some((at(second) + Span::from_millis(200), Standing::Unclocked));
        assert_eq!(got, [arrived(303), arrived(606)], "{hours} h");
    }
}

#[test]
fn a_vsi_sentence_gives_the_transmission_its_strength() {
    use sensors::sentence::compose;
    let (mut admit, mut out) = (Admit::default(), Vec::new());
    let vsi = |id| compose("ABVSI", &format!("Kep Mast,{id},114702.50,87,-70.5,42"));
    let mut batch = Batch::new(ReceiverId(0));
    for line in [vsi(6), compose("ABVDM", "1,1,7,A,133sVfPP00PD>hRMDH@jNOvN20S8,0"), vsi(7)] {
        batch.push(at(0), line.as_bytes());
    }
    admit.lines(1, &batch, &mut out);
    let told = admit.tick(at(20), 4);
    let copies: Vec<_> = told.hearings.iter().map(|heard| (heard.sequence, heard.copies[0].power)).collect();
    assert_eq!(copies, [(2, Some(-705))]);
}

#[test]
fn a_second_recording_from_before_the_first_is_not_late() {
    let mut sent = traffic(0, 50_000, 50_600);
    sent.extend(traffic(1, 0, 600));
    let (_, results, _) = run_as_listed(sent);
    assert_eq!(good(&results, |_| true), (2400, 2400));
}

/// The same heard by one station of a feed, whose clock stamps it so much late.
fn at_station(sent: Vec<Sent>, station: &'static str, behind: Span) -> impl Iterator<Item = Sent> {
    sent.into_iter().map(move |sent| Sent { station, stamp: Some(sent.on_air - behind), ..sent })
}

fn by(station: &'static str) -> impl Fn(&Sent) -> bool {
    move |sent| sent.station == station
}

/// A receiver's station as the page has it.
fn station(admit: &Admit, receiver: usize, name: &str) -> ClockState {
    let stations = admit.receivers().swap_remove(receiver).stations.each;
    let found = stations.iter().find(|station| station.name.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("{name} among {stations:?}")).clock
}

#[test]
fn a_feed_s_stations_have_clocks_of_their_own() {
    // Two shores that share no ships and each have a base station; one clock is an hour slow.
    let mut sent: Vec<Sent> = at_station(traffic(0, 0, 1200), "RIGHT", Span::ZERO).collect();
    sent.extend(at_station(traffic(0, 0, 1200), "WRONG", Span::from_hours(1)).map(|mut sent| {
        if let Said::Message(message) = &mut sent.said {
            message.mmsi.0 += 1000;
        }
        sent
    }));
    let (admit, results, _) = run(sent);
    assert_eq!(good(&results, by("RIGHT")), (2400, 2400));
    let (moved, all) = good(&results, by("WRONG"));
    assert!(all == 2400 && moved <= 60, "{moved} of {all}");
    let (right, wrong) = (station(&admit, 0, "RIGHT"), station(&admit, 0, "WRONG"));
    assert!(!right.flagged && !right.quarantined && right.source == Source::BaseStation, "{right:?}");
    assert!(wrong.quarantined && wrong.offset.minus(Span::from_hours(1)).abs() <= seconds(1), "{wrong:?}");
    let whole = &admit.receivers()[0];
    assert!(!whole.clock.quarantined && whole.stations.beyond == 0, "{whole:?}");
}

#[test]
fn what_two_stations_of_a_feed_heard_is_one_report_that_remembers_both() {
    let mut sent: Vec<Sent> = at_station(traffic(0, 0, 600), "NEAR", Span::ZERO).collect();
    sent.extend(at_station(traffic(0, 0, 600), "FAR", Span::from_millis(300)));
    let (admit, results, ticks) = run(sent);
    let let_in = results.iter().filter(|heard| heard.got.is_some()).count();
    assert_eq!((let_in, admit.repeated()), (21 * 60, 21 * 60));
    let hearings: Vec<&Hearing> = ticks.iter().flat_map(|tick| &tick.hearings).collect();
    assert!(hearings.len() > 21 * 57, "{} heard by both", hearings.len());
    let both = [b"NEAR", &b"FAR"[..]].map(StationId::of);
    for hearing in hearings {
        let mut stations: Vec<_> = hearing.copies.iter().map(|copy| copy.station).collect();
        stations.sort_unstable_by_key(|station| both.iter().position(|known| known == station));
        assert_eq!(stations, both);
        assert!(hearing.copies.iter().all(|copy| copy.receiver == ReceiverId(0)));
    }
}

#[test]
fn what_two_stations_of_a_feed_heard_sets_the_wrong_one_right() {
    let mut sent: Vec<Sent> = at_station(traffic(0, 0, 2400), "BASE", Span::ZERO).collect();
    // One without a base station, whose clock is 20 seconds slow; each hears some that the other does not.
    let slow = traffic(0, 0, 2400)
        .into_iter()
        .filter(is_ship)
        .filter(|sent| sent.on_air.as_millis() / 1000 % 2 == 0)
        .collect();
    sent.extend(at_station(slow, "SLOW", seconds(20)));
    let (admit, results, _) = run(sent);
    let clock = station(&admit, 0, "SLOW");
    assert!(clock.source == Source::Pairs && clock.flagged && !clock.quarantined, "{clock:?}");
    assert!(clock.offset.minus(seconds(20)).abs() <= seconds(1), "{clock:?}");
    assert!(!station(&admit, 0, "BASE").flagged);
    let later: Vec<Passed> = results.into_iter().filter(|heard| heard.sent.on_air > at(300)).collect();
    assert_dated(&later, seconds(2));
}

#[test]
fn a_station_whose_lines_a_feed_brings_late_does_not_make_the_others_late() {
    // No stamps: what tells is the base station that each hears.
    let plain = |station| traffic(0, 0, 1200).into_iter().map(move |sent| Sent { station, ..sent });
    let slow = plain("SLOW").map(|mut sent| {
        if let Said::Message(message) = &mut sent.said {
            message.mmsi.0 += 1000;
        }
        Sent { arrives: sent.arrives + seconds(100), ..sent }
    });
    let sent: Vec<Sent> = plain("PROMPT").chain(slow).collect();
    let (admit, results, _) = run(sent);
    assert_eq!(good(&results, by("PROMPT")), (2400, 2400));
    let (moved, _) = good(&results, by("SLOW"));
    assert!(moved <= 60, "{moved} of the slow station's");
    assert!(station(&admit, 0, "SLOW").quarantined && !station(&admit, 0, "PROMPT").quarantined);
}

#[test]
fn an_hour_of_a_feed_played_again_an_hour_later_moves_nothing() {
    const STATIONS: [&str; 8] = ["S0", "S1", "S2", "S3", "S4", "S5", "S6", "S7"];
    // Every station has ships of its own; the first half hear a base station, two of them another's ships too.
    let feed = |receiver: u16| {
        STATIONS.into_iter().zip(0..).flat_map(move |(station, n)| {
            let heard = traffic(receiver, 0, 3600).into_iter().filter(move |sent| n < 4 || is_ship(sent));
            heard.map(move |mut sent| {
                match &mut sent.said {
                    Said::Message(message) if message.kind == 1 => message.mmsi.0 += 1000 * (n % 6),
                    _ => {}
                }
                Sent { station, ..sent }
            })
        })
    };
    let played = feed(1).map(|sent| Sent { arrives: sent.arrives + Span::from_hours(1), ..sent });
    let mut sent: Vec<Sent> = played.collect();
    sent.extend(traffic(0, 0, 7200));
    let (admit, results, _) = run(sent);
    let (moved, all) = good(&results, |sent| sent.receiver == 1);
    assert!(all > 40_000 && moved * 100 <= all, "{moved} of {all}");
    let (moved, all) = good(&results, |sent| sent.receiver == 0);
    assert_eq!(moved, all, "eight stations of one feed do not make the edge's clock wrong");
    let receivers = admit.receivers();
    assert!(receivers[1].clock.quarantined && receivers[1].stations.each.len() == 8);
    assert!(receivers[1].stations.each.iter().all(|station| station.clock.quarantined));
}

#[test]
fn a_feed_that_is_asked_once_a_minute_is_believed_and_a_step_of_its_clock_is_not() {
    let asked = |sent: Sent, step: Span| {
        let minute = sent.on_air.as_millis().div_euclid(60_000) + 1;
        Sent { arrives: Time::from_millis(minute * 60_000), stamp: Some(sent.on_air + step), ..sent }
    };
    // What came in a minute is told in no order.
    let shuffled = |from, to, step| {
        let mut sent: Vec<Sent> = traffic(0, from, to).into_iter().map(|sent| asked(sent, step)).collect();
        sent.sort_by_key(|sent| (sent.arrives, sent.on_air.as_millis() * 7919 % 60_000));
        sent
    };
    let mut sent = shuffled(0, 3600, Span::ZERO);
    let stepped = shuffled(3600, 3720, Span::from_hours(-1));
    sent.extend(stepped);
    let (_, results, _) = run_as_listed(sent);
    let (moved, all) = good(&results, |sent| (at(600)..at(3600)).contains(&sent.on_air));
    assert_eq!((moved, all), (6000, 6000));
    assert_dated(&results, seconds(2));
}

#[test]
fn a_vessel_whose_second_is_wrong_is_not_lost_between_two_stations() {
    let mut sent: Vec<Sent> = at_station(traffic(0, 0, 1200), "BUSY", Span::ZERO).collect();
    // Every other of its reports comes by a station that has brought too little to be judged by.
    for n in 30..100 {
        let time = at(10 * n + 3);
        let report = heard(time, 0, ship(99, time - seconds(20), 80));
        let station = if n % 2 == 0 { "BUSY" } else { "NEW" };
        sent.extend(at_station(vec![report], station, Span::ZERO));
    }
    let (admit, results, _) = run(sent);
    let odd = |sent: &Sent| matches!(&sent.said, Said::Message(message) if message.mmsi == Mmsi(567_000_099));
    assert_eq!(good(&results, odd), (68, 70));
    assert_eq!(admit.sorted().stale, 2);
}

#[test]
fn a_mast_s_lines_are_those_of_one_station() {
    // The edge puts the mast's clock and name on every line, on those of its satellite receiver too.
    let mut lines = traffic(0, 0, 1200);
    lines.extend(
        (0..1200).step_by(5).map(|s| Sent { said: Said::Satellites(at(s)), ..heard(at(s), 0, base(at(s))) }),
    );
    let sent = at_station(lines, "north-mast", seconds(12))
        .map(|sent| Sent { arrives: sent.on_air + seconds(3), ..sent });
    let (admit, results, ticks) = run(sent.collect());
    assert_eq!(good(&results, |_| true), (2400, 2400));
    assert_dated(&results, seconds(2).plus(seconds(12)));
    let condition = &admit.receivers()[0];
    let [mast] = &condition.stations.each[..] else { panic!("one station: {condition:?}") };
    assert_eq!((mast.name.as_deref(), mast.clock), (Some("north-mast"), condition.clock));
    assert!(mast.clock.offset.minus(seconds(12)).abs() <= seconds(1), "{mast:?}");
    // The base station and the satellites have one vote each; of two that agree it does not matter whose is told.
    assert!(matches!(mast.clock.source, Source::Satellites | Source::BaseStation), "{mast:?}");
    assert!(ticks.iter().all(|tick| tick.hearings.is_empty()));
}

#[test]
fn a_receiver_without_stations_is_itself_and_has_no_name() {
    let (admit, ..) = run(traffic(0, 0, 120));
    let condition = &admit.receivers()[0];
    let [itself] = &condition.stations.each[..] else { panic!("{condition:?}") };
    assert!(!itself.station.is_named() && itself.name.is_none() && itself.clock == condition.clock);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn batches_and_restarts_never_show(cuts in prop::collection::vec((1..40_usize, any::<bool>()), 1..40)) {
        let mut lines: Vec<Sent> = traffic(0, 0, 120);
        lines.extend(traffic(1, 0, 120).into_iter().map(|sent| Sent { arrives: sent.arrives + seconds(15), ..sent }));
        lines.extend(at_station(traffic(2, 0, 120), "ONE", seconds(3)));
        lines.extend(at_station(traffic(2, 0, 120), "OTHER", seconds(40)));
        lines.sort_by_key(|sent| (sent.receiver, sent.arrives));
        let text = |sent: &Sent| match &sent.said {
            Said::Message(message) => tag(sent) + &to_sentences(message, "AI", 'A', 0).remove(0),
            Said::Satellites(utc) => zda(*utc),
        };
        let batch = |some: &[Sent]| {
            let mut batch = Batch::new(ReceiverId(some[0].receiver));
            some.iter().for_each(|sent| batch.push(sent.arrives, text(sent).as_bytes()));
            batch
        };
        let run = |cuts: &[(usize, bool)]| {
            let (mut admit, mut out, mut sequence) = (Admit::default(), Vec::new(), 1);
            let mut cuts = cuts.iter().copied().cycle();
            for group in lines.chunk_by(|a, b| a.receiver == b.receiver) {
                let mut rest = group;
                while !rest.is_empty() {
                    let (size, restart) = cuts.next().expect("endless");
                    let (some, after) = rest.split_at(size.min(rest.len()));
                    admit.lines(sequence, &batch(some), &mut out);
                    sequence += some.len() as u64;
                    rest = after;
                    if restart {
                        admit = postcard::from_bytes(&postcard::to_stdvec(&admit).expect("saved")).expect("read back");
                    }
                }
            }
            let ticked = admit.tick(at(200), sequence);
            (out, ticked, postcard::to_stdvec(&admit).expect("saved"))
        };
        let whole = run(&[(usize::MAX, false)]);
        prop_assert!(!whole.1.hearings.is_empty() || !whole.0.is_empty());
        prop_assert!(whole == run(&cuts));
    }
}
