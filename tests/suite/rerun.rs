//! A recorded period run again: what other settings would have raised, and what came late in its place.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::{complaint, run};
use crate::sea::{Core, Heard, PLACES, at, batches, settings, voyage};
use sensors::message::{Body, Message, Place, PositionB, to_sentences};
use sensors::sentence::tag_block;
use sensors::{ReceiverId, Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use watchkeeper::alert::{Alert, AlertId, Priority};
use watchkeeper::desk::{AlertRow, AmendmentKind, Decision, DecisionReason, Desk, ListQuery, Queue};
use watchkeeper::entry::{Entry, Numbered, Rerun};
use watchkeeper::journal::Reader;
use watchkeeper::pipeline::{self, Listeners, Stores};
use watchkeeper::rerun::{
    Error, Kind, Recorded, Report, Window, compare, compare_holding, run_again, try_settings,
};
use watchkeeper::watch::Settings;

fn deaf() -> Listeners {
    Listeners { understood: Box::new(|_| {}), changed: Box::new(|_| {}), trouble: Box::new(|_| {}) }
}

/// The sentences of a recording as one receiver heard them.
fn heard(receiver: u16, name: &str) -> Vec<Heard> {
    let lines = voyage(name).into_iter().filter(|line| !line.text.starts_with(b"#"));
    lines.map(|line| Heard { receiver: ReceiverId(receiver), ..line }).collect()
}

fn in_order(parts: &[&[Heard]]) -> Vec<Heard> {
    let mut all = parts.concat();
    all.sort_by_key(|line| line.at);
    all
}

/// The same lines, brought by their link at `at`.
fn brought(lines: &[Heard], at: Time) -> Vec<Heard> {
    lines.iter().map(|line| Heard { at, ..line.clone() }).collect()
}

/// Keeps watch in a folder over these lines, and writes down these entries.
async fn watch_over(folder: &Path, lines: &[Heard], entries: Vec<Entry>) {
    let (mut stores, _) = Stores::open(folder).await.unwrap();
    let watch = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
    let pipeline = pipeline::start(stores, watch, &settings_here(), None, deaf());
    for entry in entries {
        pipeline.entries.send(entry).await.unwrap();
    }
    for batch in batches(lines, || 500) {
        pipeline.heard.send(batch.into()).await.unwrap();
    }
    pipeline.finish().await.unwrap();
}

/// The settings of the exercises, with the digest of the place files in use.
fn settings_here() -> Settings {
    let places = PLACES.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    Settings { places, ..settings() }
}

async fn rows(desk: &Desk) -> Vec<AlertRow> {
    let query = ListQuery { queue: Queue::All, limit: 500, ..ListQuery::default() };
    desk.list(&query).await.unwrap().alerts
}

/// What an alert tells an officer: rule, grade, vessels, when it began, was raised and ended.
fn told(alert: &Alert) -> (String, String, Vec<u32>, [Option<Time>; 3]) {
    let mut vessels: Vec<u32> = alert.subjects.iter().map(|subject| subject.mmsi.0).collect();
    vessels.sort_unstable();
    let times = [Some(alert.began_at), Some(alert.raised_at), alert.cleared_at];
    (alert.rule.clone(), alert.grade.clone(), vessels, times)
}

/// Runs what waits again, as the daemon's worker does; gives the alerts that were amended, and the entry that says so.
async fn run_what_waits(folder: &Path, desk: &Desk) -> (Vec<AlertId>, Entry) {
    let wanted = desk.pending_rerun().await.unwrap().expect("something came late").wanted;
    let recorded = Recorded::new(folder, PLACES.clone());
    let rows = run_again(&recorded, desk, &wanted, &|| false).await.unwrap();
    let entry = Entry::Rerun(Rerun { from: wanted.from, to: wanted.to, next: wanted.next });
    (rows.iter().map(|(_, row)| row.alert.id).collect(), entry)
}

async fn journal(folder: &Path) -> Vec<Numbered> {
    let mut reader = Reader::open(&folder.join("journal"));
    reader.seek(0).await.unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = reader.entry().await.unwrap() {
        entries.push(entry);
    }
    entries
}

async fn desk(folder: &Path) -> Desk {
    Desk::open(folder).await.unwrap().0
}

fn time(text: &str) -> Time {
    Time::parse(&format!("2026-11-20T{text}Z")).unwrap()
}

async fn tried(folder: &Path, window: Window, with: &Settings) -> Result<Report, Error> {
    let mut reached = 0;
    let tried =
        try_settings(&Recorded::new(folder, PLACES.clone()), window, with, &mut |_, _| reached += 1).await;
    assert!(tried.is_err() || reached > 0, "no progress was told");
    tried
}

/// One night: a meeting, a long meeting of others, a boat that comes to a watched beach.
fn night() -> Vec<Heard> {
    in_order(&[
        &heard(0, "rendezvous-flagged-meet"),
        &heard(0, "rendezvous-flagged-transfer"),
        &heard(0, "zone_entry-flagged-beach-at-night"),
    ])
}

const NIGHT: Window =
    Window { from: Time::from_seconds(1_795_179_600), to: Time::from_seconds(1_795_212_000) };

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_says_which_alerts_appear_vanish_and_change() {
    let folder = tempfile::tempdir().unwrap();
    watch_over(folder.path(), &night(), Vec::new()).await;
    let kept = rows(&desk(folder.path()).await).await;

    let same = tried(folder.path(), NIGHT, &settings_here()).await.unwrap();
    assert_eq!(same.differences, [], "the settings that stood change nothing");
    assert_eq!(same.rules.iter().map(|rule| rule.before.alerts).sum::<u64>(), kept.len() as u64);
    assert!(same.lines > 1000 && same.snapshot.is_none(), "{same}");

    // A beach that is not watched, a shorter wait, and a meeting that counts as long after an hour.
    let mut with = settings_here();
    with.zone.retain(|zone| zone.id != "koh-kong-beach");
    with.detector.rendezvous.transfer_time =
        toml::from_str::<Settings>("[detector.rendezvous]\ntransfer_time = 35\n")
            .unwrap()
            .detector
            .rendezvous
            .transfer_time;
    with.detector.loitering =
        toml::from_str::<Settings>("[detector.loitering]\ncoast_min = 20\n").unwrap().detector.loitering;
    let report = tried(folder.path(), NIGHT, &with).await.unwrap();
    let of = |rule: &str| report.rules.iter().find(|count| count.rule == rule).unwrap().clone();
    assert_eq!(
        (of("zone_entry").before.alerts, of("zone_entry").after.alerts, of("zone_entry").vanish),
        (1, 0, 1)
    );
    let loitering = of("loitering");
    assert_eq!((loitering.after.alerts, loitering.vanish), (0, loitering.before.alerts));
    let rendezvous = of("rendezvous");
    assert_eq!(rendezvous.before.alerts, rendezvous.after.alerts);
    assert!(rendezvous.change > 0 && rendezvous.appear + rendezvous.vanish == 0, "{report}");
    let gone = report.differences.iter().find(|told| told.rule == "zone_entry").unwrap();
    assert_eq!((gone.what, gone.priority, gone.raised_at), (Kind::Vanishes, Priority::P3, time("19:49:08")));
    assert_eq!(gone.vessels, ["PREK KSACH 2 (009114620)"]);
    assert!(kept.iter().any(|row| row.alert.id == gone.id), "it has the name that the desk knows");
    let text = report.to_string();
    assert!(text.contains("zone_entry: 1 -> 0 alerts, 2.7 -> 0.0 a day"), "{text}");

    // And the other way round: what is tried is the stricter.
    let other = tempfile::tempdir().unwrap();
    let (mut stores, _) = Stores::open(other.path()).await.unwrap();
    let watch = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
    let pipeline = pipeline::start(stores, watch, &with, None, deaf());
    for batch in batches(&night(), || 500) {
        pipeline.heard.send(batch.into()).await.unwrap();
    }
    pipeline.finish().await.unwrap();
    let report = tried(other.path(), NIGHT, &settings_here()).await.unwrap();
    let appear: BTreeSet<&str> = report
        .differences
        .iter()
        .filter(|told| told.what == Kind::Appears)
        .map(|told| told.rule.as_str())
        .collect();
    assert_eq!(appear, ["loitering", "zone_entry"].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_changes_nothing_and_says_what_it_cannot_run() {
    let folder = tempfile::tempdir().unwrap();
    watch_over(folder.path(), &heard(0, "zone_entry-flagged-beach-at-night"), Vec::new()).await;
    let files = |folder: &Path| -> BTreeSet<(String, Vec<u8>)> {
        let mut files = BTreeSet::new();
        for at in [folder.to_owned(), folder.join("journal"), folder.join("snapshots")] {
            for file in std::fs::read_dir(at).unwrap() {
                let path = file.unwrap().path();
                let name = path.display().to_string();
                // What SQLite needs to read a file that somebody else writes.
                if path.is_file() && !name.ends_with("-shm") && !name.ends_with("-wal") {
                    files.insert((name, std::fs::read(&path).unwrap()));
                }
            }
        }
        files
    };
    // The watch that wrote it lets go of its files a moment after it has ended.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let before = files(folder.path());
    let beach = Window { from: time("19:40:00"), to: time("20:30:00") };
    let report =
        tried(folder.path(), beach, &Settings { zone: Vec::new(), ..settings_here() }).await.unwrap();
    assert_eq!(report.differences.len(), 1, "{report}");
    let changed = &files(folder.path()) - &before;
    assert_eq!(changed.iter().map(|(name, _)| name).collect::<Vec<_>>(), Vec::<&String>::new());

    let refused = async |from: &str, to: &str| {
        let window = Window { from: time(from), to: time(to) };
        tried(folder.path(), window, &settings_here()).await.unwrap_err().to_string()
    };
    assert!(refused("20:00:00", "20:00:00").await.contains("the window is empty"));
    assert!(refused("10:00:00", "20:00:00").await.contains("the journal begins at 2026-11-20T19:"));
    assert!(refused("23:00:00", "23:30:00").await.contains("no line was heard between"));
    let nowhere = tempfile::tempdir().unwrap();
    let none = tried(nowhere.path(), beach, &settings_here()).await.unwrap_err();
    assert!(none.to_string().contains("there is no journal"), "{none}");
}

/// The night, and the same on three days more, each with a snapshot at its end; the second day is gone.
async fn nights_without_the_second(folder: &Path) {
    use watchkeeper::journal::{Journal, Retention, holds};
    for day in 0..4 {
        let night: Vec<Heard> = night()
            .iter()
            .map(|line| Heard { at: line.at + Span::from_hours(24 * day), ..line.clone() })
            .collect();
        watch_over(folder, &night, Vec::new()).await;
    }
    let path = folder.join("journal");
    for name in ["0000-00-00", "2026-11-20"] {
        assert!(path.join(format!("{name}.sqlite")).exists());
    }
    holds::place(&path, time("00:00:00"), time("23:59:59"), "case 7", time("23:59:59")).unwrap();
    let mut journal = Journal::open(&path).await.unwrap();
    let rules = Retention { days_max: 1, bytes_max: 0 };
    journal.prune(&rules, u64::MAX, time("12:00:00") + Span::from_hours(240)).await.unwrap();
    journal.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_days_that_are_gone_is_refused_and_not_compared() {
    let folder = tempfile::tempdir().unwrap();
    nights_without_the_second(folder.path()).await;
    let left: Vec<u64> = journal(folder.path())
        .await
        .windows(2)
        .filter(|pair| pair[0].next() < pair[1].first)
        .map(|pair| pair[1].first)
        .collect();
    assert_eq!(left.len(), 1, "one run is gone");
    let hours = |hours: i64| NIGHT.from + Span::from_hours(hours);
    let tried = async |from: i64, to: i64| {
        let window = Window { from: hours(from), to: hours(to) };
        tried(folder.path(), window, &settings_here()).await
    };
    // Within a night, and from the snapshot that nothing is missing after.
    tried(1, 9).await.unwrap();
    tried(49, 57).await.unwrap();
    let refused = tried(1, 57).await.unwrap_err().to_string();
    assert!(refused.contains("days of the journal that the run needs were deleted"), "{refused}");
    // The newest snapshot before it is of the first night.
    for file in std::fs::read_dir(folder.path().join("snapshots")).unwrap().flatten() {
        let next = file.file_name().to_str().unwrap()[..20].parse::<u64>().unwrap();
        if next == left[0] {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    let refused = tried(49, 57).await.unwrap_err().to_string();
    assert!(refused.contains("were deleted") && refused.contains("2026-11-22T"), "{refused}");
    // A window that came late is refused for good, and why is said.
    let late = watchkeeper::watch::Wanted {
        from: hours(50),
        to: hours(51),
        reports: 1,
        at: hours(60),
        next: u64::MAX,
    };
    let error =
        compare(&Recorded::new(folder.path(), PLACES.clone()), &late, &[], &|| false).await.unwrap_err();
    assert!(matches!(error, Error::Gone { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_what_a_rule_would_have_done_and_names_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    watch_over(&data, &heard(0, "zone_entry-flagged-beach-at-night"), Vec::new()).await;
    let with = folder.path().join("tried.toml");
    let places = at("deploy/places/southeast-asia.places");
    std::fs::write(&with, format!("places = [{:?}]\n", places.display().to_string())).unwrap();
    let replay = |more: &[&str]| {
        let fixed = ["replay", "--with", with.to_str().unwrap(), "--data", data.to_str().unwrap()];
        run(&[&fixed, more].concat())
    };
    let window = ["--from", "2026-11-20T19:40:00Z", "--to", "2026-11-20T20:40:00Z"];
    let answer = replay(&window);
    let text = String::from_utf8(answer.stdout.clone()).unwrap();
    assert!(answer.status.success(), "{}", complaint(&answer));
    assert!(text.contains("zone_entry: 1 -> 0 alerts, 24.0 -> 0.0 a day"), "{text}");
    assert!(text.contains("vanishes  2026-11-20T19:49:08.000Z  zone_entry enter  p3"), "{text}");
    let answer = replay(&[&window[..], &["--report", "json"]].concat());
    let told: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(told["differences"][0]["vessels"][0], "PREK KSACH 2 (009114620)");
    for (from, to, wrong) in [
        ("2026-11-20", "2026-11-21", "the journal begins at 2026-11-20T19:"),
        ("2026-11-20T19:40", "2026-11-20T19:40", "the window is empty"),
        ("yesterday", "2026-11-21", "--from yesterday is not a time"),
    ] {
        let answer = replay(&["--from", from, "--to", to]);
        assert!(!answer.status.success() && complaint(&answer).contains(wrong), "{}", complaint(&answer));
    }
    std::fs::write(&with, "").unwrap();
    assert!(complaint(&replay(&window)).contains("kept with other place files"));
    std::fs::write(&with, "[detector.loitering]\nno_such = 1\n").unwrap();
    assert!(complaint(&replay(&window)).contains("no_such"));
}

/// What one receiver hears all night, and another's lines of which the link is down until the morning.
fn link_down() -> (Vec<Heard>, Vec<Heard>, Time) {
    let ours =
        in_order(&[&heard(0, "rendezvous-flagged-transfer"), &heard(0, "zone_entry-flagged-beach-at-night")]);
    (ours, heard(1, "rendezvous-flagged-meet"), time("20:00:00"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_link_brings_late_gives_the_alerts_that_it_would_have_given_in_time() {
    let (ours, theirs, up_again) = link_down();
    let in_time = tempfile::tempdir().unwrap();
    watch_over(in_time.path(), &in_order(&[&ours, &theirs]), Vec::new()).await;
    let expected: BTreeSet<_> =
        rows(&desk(in_time.path()).await).await.iter().map(|row| told(&row.alert)).collect();
    assert!(expected.len() >= 5, "{expected:?}");

    let late = tempfile::tempdir().unwrap();
    watch_over(late.path(), &in_order(&[&ours, &brought(&theirs, up_again)]), Vec::new()).await;
    let desk = desk(late.path()).await;
    let without: BTreeSet<_> = rows(&desk).await.iter().map(|row| told(&row.alert)).collect();
    assert!(without.len() < expected.len(), "what came late disturbs nothing live: {without:?}");
    let (amended, _) = run_what_waits(late.path(), &desk).await;
    let now = rows(&desk).await;
    assert_eq!(now.iter().map(|row| told(&row.alert)).collect::<BTreeSet<_>>(), expected);
    assert_eq!(amended.len(), expected.len() - without.len());
    for row in now.iter().filter(|row| amended.contains(&row.alert.id)) {
        assert!(row.amended.raised_late && !row.amended.retracted, "{row:?}");
        let [amendment] = &desk.amendments(row.alert.id).await.unwrap()[..] else { panic!("one amendment") };
        assert_eq!((amendment.number, amendment.kind), (1, AmendmentKind::RaisedLate));
        assert!(amendment.from < row.alert.raised_at && amendment.at > up_again, "{amendment:?}");
        let log = desk.dossier(row.alert.id).await.unwrap().log;
        assert_eq!(log.iter().map(|line| line.action.as_str()).collect::<Vec<_>>(), ["amended"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_amendments_are_made_once_and_the_journal_says_so_once() {
    let (ours, theirs, up_again) = link_down();
    let folder = tempfile::tempdir().unwrap();
    watch_over(folder.path(), &in_order(&[&ours, &brought(&theirs, up_again)]), Vec::new()).await;
    let entry = {
        let desk = desk(folder.path()).await;
        run_what_waits(folder.path(), &desk).await.1
    };
    // The crash comes here: amendments are kept, and the journal does not have the re-run.
    let desk_now = desk(folder.path()).await;
    let kept = rows(&desk_now).await;
    let pending = desk_now.pending_rerun().await.unwrap().expect("the journal does not have it");
    assert!(pending.amended);
    let recorded = Recorded::new(folder.path(), PLACES.clone());
    let again = run_again(&recorded, &desk_now, &pending.wanted, &|| false).await.unwrap();
    assert!(again.is_empty(), "the same re-run amends once");
    assert_eq!(rows(&desk_now).await, kept);
    drop(desk_now);
    watch_over(folder.path(), &[], vec![entry.clone()]).await;
    assert_eq!(desk(folder.path()).await.pending_rerun().await.unwrap(), None);
    // A replay of the whole journal wants nothing that was done.
    std::fs::remove_dir_all(folder.path().join("snapshots")).unwrap();
    watch_over(folder.path(), &[], Vec::new()).await;
    let desk_now = desk(folder.path()).await;
    assert_eq!(desk_now.pending_rerun().await.unwrap(), None);
    assert_eq!(rows(&desk_now).await, kept);
    assert_eq!(journal(folder.path()).await.iter().filter(|numbered| numbered.entry == entry).count(), 1);
}

/// A boat that comes to a watched beach and stays, as far as one receiver hears; for half an hour only another hears it,
/// whose link is down: it went out and came back.
fn out_and_back() -> (Vec<Heard>, Vec<Heard>, Time) {
    let (from, to) = (time("20:10:00"), time("20:36:00"));
    let stay = heard(0, "zone_entry-flagged-dwell");
    let fixes = Core::hear_all(&stay).outcome.fixes;
    let ours: Vec<Heard> = stay.into_iter().filter(|line| line.at < from || line.at > to).collect();
    let last = fixes.iter().rfind(|fix| fix.time < from).unwrap();
    // 7 km to the west at 29 knots, some minutes there, and back.
    let minutes = 1..to.since(from).as_minutes() as i64;
    let theirs = minutes.map(|minute| {
        let at = from + Span::from_minutes(minute);
        let way = [minute, 26 - minute, 8].into_iter().min().unwrap() as i32;
        let place = Place { lat: last.position.lat, lon: last.position.lon - way * 5_000, accurate: false };
        let body =
            Body::PositionB(PositionB { place: Some(place), speed: Some(290), ..PositionB::default() });
        let message = Message { kind: 18, repeat: 0, mmsi: last.mmsi, body };
        let tag = tag_block::compose(&format!("s:KOHKONG,c:{}", at.as_millis() / 1000));
        let text = format!("{tag}{}", to_sentences(&message, "AI", 'A', 0).concat()).into_bytes();
        Heard { receiver: ReceiverId(1), at, text }
    });
    (ours, theirs.collect(), time("20:59:00"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_late_data_explains_away_is_retracted_and_what_an_officer_decided_stays() {
    let (ours, theirs, up_again) = out_and_back();
    let in_time = tempfile::tempdir().unwrap();
    watch_over(in_time.path(), &in_order(&[&ours, &theirs]), Vec::new()).await;
    let expected: BTreeSet<_> =
        rows(&desk(in_time.path()).await).await.iter().map(|row| told(&row.alert)).collect();

    let late = tempfile::tempdir().unwrap();
    watch_over(late.path(), &in_order(&[&ours, &brought(&theirs, up_again)]), Vec::new()).await;
    let desk = desk(late.path()).await;
    let before = rows(&desk).await;
    let of =
        |rows: &[AlertRow], grade: &str| rows.iter().find(|row| row.alert.grade == grade).unwrap().clone();
    let (dwell, enter) = (of(&before, "dwell").alert.id, of(&before, "enter").alert.id);
    let (decision, reason) = (Decision::Suspicious, DecisionReason::ReferredPatrol);
    desk.decide(dwell, "watch", decision, reason, "a patrol is on its way", 0, up_again).await.unwrap();
    desk.claim(enter, "watch", false, up_again).await.unwrap();
    let before = rows(&desk).await;

    run_what_waits(late.path(), &desk).await;
    let after = rows(&desk).await;
    let standing = |rows: &[AlertRow]| {
        rows.iter().map(|row| (row.alert.id, row.desk.clone())).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(standing(&before), standing(&after), "what people did stays");
    let stands: BTreeSet<_> =
        after.iter().filter(|row| !row.amended.retracted).map(|row| told(&row.alert)).collect();
    assert_eq!(stands, expected);
    let gone = of(&after, "dwell");
    assert!(gone.amended.retracted, "{gone:?}");
    let dossier = desk.dossier(dwell).await.unwrap();
    let actions: Vec<&str> = dossier.log.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions, ["raised", "decide", "amended"]);
    let [updated] = &desk.amendments(enter).await.unwrap()[..] else { panic!("one amendment") };
    assert_eq!(updated.kind, AmendmentKind::Updated);
    assert!(updated.changes.iter().any(|changed| changed.aspect == "began"), "{updated:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_late_reports_than_are_held_in_memory_give_the_same() {
    let (ours, theirs, up_again) = link_down();
    let folder = tempfile::tempdir().unwrap();
    watch_over(folder.path(), &in_order(&[&ours, &brought(&theirs, up_again)]), Vec::new()).await;
    let wanted = desk(folder.path()).await.pending_rerun().await.unwrap().unwrap().wanted;
    let recorded = Recorded::new(folder.path(), PLACES.clone());
    let all = compare(&recorded, &wanted, &[], &|| false).await.unwrap();
    assert!(wanted.reports > 500 && !all.differences.is_empty());
    let some = compare_holding(100, &recorded, &wanted, &[], &|| false).await.unwrap();
    assert!(some == all, "{some:?}");
    let stopped = compare(&recorded, &wanted, &[], &|| true).await;
    assert!(matches!(stopped, Err(Error::Stopped)));
}
