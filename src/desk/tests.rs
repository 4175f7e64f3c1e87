//! The desk on a real file.

use super::*;
use crate::alert::{Alert, AlertId, Change, ChangeKind, Priority, State, Subject, Words};
use crate::entry::Gap;
use crate::geo::Position;
use crate::track::TrackId;
use sensors::{Mmsi, Span};
use std::collections::BTreeMap;

fn at(minute: i64) -> Time {
    Time::from_millis(1_800_000_000_000) + Span::from_minutes(minute)
}

fn alert(id: u64, priority: Priority, severity: u8) -> Alert {
    Alert {
        id: AlertId(id),
        rule: "loitering".into(),
        grade: "hour".into(),
        state: State::Open,
        priority,
        severity,
        confidence: 1.0,
        subjects: vec![Subject {
            track: TrackId::new(0, id),
            mmsi: Mmsi(567_000_000 + id as u32),
            name: Some("=HYPERLINK(\"//X.YZ\")".into()),
        }],
        position: Position::from_degrees(10.0, 101.0),
        factors: vec![],
        helpers: vec![],
        began_at: at(0),
        raised_at: at(id as i64),
        updated_at: at(id as i64),
        cleared_at: None,
        episodes: 1,
        reason: Words { code: "loitering.hour".into(), params: BTreeMap::new() },
        innocent: vec![],
        measures: vec![],
        sightings: vec![],
        journal_first: 1,
        journal_last: 2,
        version: 1,
    }
}

fn raised(alert: Alert) -> Change {
    Change { sequence: alert.journal_last, kind: ChangeKind::Raised, alert }
}

async fn desk() -> (tempfile::TempDir, Desk, String) {
    let dir = tempfile::tempdir().unwrap();
    let (desk, first) = Desk::open(dir.path()).await.unwrap();
    (dir, desk, first.unwrap().reveal().to_owned())
}

#[tokio::test]
async fn the_first_start_makes_one_account_and_the_second_none() {
    let (dir, desk, password) = desk().await;
    let file = dir.path().join("first-password");
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), password);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(password.len(), 19);
    drop(desk);
    let (desk, first) = Desk::open(dir.path()).await.unwrap();
    assert!(first.is_none());
    desk.sign_in("watch", &password, at(0)).await.unwrap();
}

#[tokio::test]
async fn a_session_ends_when_idle_when_old_and_when_left() {
    let (_dir, desk, password) = desk().await;
    assert!(matches!(desk.sign_in("watch", "wrong", at(0)).await, Err(Error::WrongPassword)));
    assert!(matches!(desk.sign_in("nobody", &password, at(0)).await, Err(Error::WrongPassword)));
    let token = desk.sign_in("watch", &password, at(0)).await.unwrap();
    for minute in (0..720).step_by(20) {
        assert_eq!(
            desk.session(&token, at(minute), true).await.unwrap().as_deref(),
            Some("watch"),
            "{minute}"
        );
    }
    assert_eq!(desk.session(&token, at(720), true).await.unwrap(), None);

    let token = desk.sign_in("watch", &password, at(1000)).await.unwrap();
    assert_eq!(desk.session(&token, at(1030), true).await.unwrap(), None);

    let token = desk.sign_in("watch", &password, at(2000)).await.unwrap();
    desk.sign_out(&token, at(2000)).await.unwrap();
    assert_eq!(desk.session(&token, at(2000), true).await.unwrap(), None);

    let token = desk.sign_in("watch", &password, at(2000)).await.unwrap();
    desk.set_password("watch", "another one").await.unwrap();
    assert_eq!(desk.session(&token, at(2000), true).await.unwrap(), None);
}

#[tokio::test]
async fn distress_comes_first_and_the_newest_of_it() {
    let (_dir, desk, _) = desk().await;
    let changes = [
        raised(alert(1, Priority::P2, 60)),
        raised(alert(2, Priority::P1, 80)),
        raised(alert(3, Priority::Distress, 90)),
        raised(alert(4, Priority::P1, 99)),
        raised(alert(5, Priority::Distress, 10)),
        raised(alert(6, Priority::Record, 20)),
        raised(alert(7, Priority::P2, 60)),
    ];
    assert_eq!(desk.apply(&changes, 9).await.unwrap().len(), 7);
    assert_eq!(desk.applied().await.unwrap(), 9);
    let mut ids = Vec::new();
    let mut cursor = None;
    loop {
        let page = desk.list(&ListQuery { limit: 2, cursor, ..ListQuery::default() }).await.unwrap();
        assert_eq!(page.counts, Counts { open: 6, claimed: 0, decided: 0, record: 1 });
        ids.extend(page.alerts.iter().map(|r| r.alert.id.0));
        let Some(next) = page.next else { break };
        cursor = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(ids, [5, 3, 4, 2, 7, 1]);
}

#[tokio::test]
async fn the_same_change_twice_is_written_once() {
    let (_dir, desk, _) = desk().await;
    let change = raised(alert(1, Priority::P2, 60));
    assert_eq!(desk.apply(std::slice::from_ref(&change), 5).await.unwrap().len(), 1);
    assert_eq!(desk.apply(std::slice::from_ref(&change), 3).await.unwrap().len(), 0);
    assert_eq!(desk.applied().await.unwrap(), 5);
    assert_eq!(desk.dossier(AlertId(1)).await.unwrap().log.len(), 1);
}

#[tokio::test]
async fn facts_never_touch_a_decision() {
    let (_dir, desk, _) = desk().await;
    let mut alert = alert(1, Priority::P3, 50);
    desk.apply(&[raised(alert.clone())], 5).await.unwrap();
    desk.note(AlertId(1), "watch", "asked the harbour master", at(3)).await.unwrap();
    let row = desk
        .decide(AlertId(1), "watch", Decision::Benign, DecisionReason::Pilot, "", 1, at(4))
        .await
        .unwrap();
    alert.version = 2;
    alert.priority = Priority::P1;
    let after = desk.apply(&[raised(alert)], 6).await.unwrap();
    assert_eq!(after[0].1.desk, row.desk);
    assert_eq!(after[0].1.alert.priority, Priority::P1);
    let log = desk.dossier(AlertId(1)).await.unwrap().log;
    let actions: Vec<&str> = log.iter().map(|l| l.action.as_str()).collect();
    assert_eq!(actions, ["raised", "note", "decide", "facts"]);
    assert_eq!(log[3].text, "p3 -> p1");
}

#[tokio::test]
async fn a_claim_holds_until_taken_over() {
    let (_dir, desk, _) = desk().await;
    desk.apply(&[raised(alert(1, Priority::P3, 50))], 5).await.unwrap();
    let id = AlertId(1);
    assert_eq!(desk.claim(id, "dara", false, at(1)).await.unwrap().desk.version, 1);
    assert_eq!(desk.claim(id, "dara", false, at(2)).await.unwrap().desk.version, 1);
    assert!(matches!(desk.claim(id, "sok", false, at(3)).await, Err(Error::ClaimedBy(who)) if who == "dara"));
    let decide = |by| desk.decide(id, by, Decision::Benign, DecisionReason::Ferry, "", 1, at(3));
    assert!(matches!(decide("sok").await, Err(Error::ClaimedBy(_))));
    assert_eq!(desk.claim(id, "sok", true, at(4)).await.unwrap().desk.claimed_by.as_deref(), Some("sok"));
    assert!(matches!(decide("sok").await, Err(Error::Stale { asked: 1, now: 2 })));
    assert_eq!(desk.unclaim(id, "sok", at(5)).await.unwrap().desk.claimed_by, None);
    assert!(matches!(desk.claim(AlertId(9), "sok", false, at(5)).await, Err(Error::NoSuchAlert)));
}

#[tokio::test]
async fn a_decision_can_be_taken_back_and_the_log_keeps_both() {
    let (_dir, desk, _) = desk().await;
    desk.apply(&[raised(alert(1, Priority::P3, 50))], 5).await.unwrap();
    let id = AlertId(1);
    let decide =
        || desk.decide(id, "watch", Decision::Benign, DecisionReason::Ferry, "the noon ferry", 0, at(3));
    assert!(matches!(desk.reopen(id, "watch", "why", at(1)).await, Err(Error::NotDecided)));
    assert_eq!(decide().await.unwrap().desk.version, 1);
    assert_eq!(decide().await.unwrap().desk.version, 1, "the same again, after a lost answer");
    assert!(matches!(desk.claim(id, "sok", false, at(3)).await, Err(Error::AlreadyDecided(_))));
    assert!(matches!(desk.reopen(id, "watch", "  ", at(4)).await, Err(Error::TextLength)));
    let row = desk.reopen(id, "watch", "no ferry on Sundays", at(4)).await.unwrap();
    assert_eq!((row.desk.decision, row.desk.decided_at, row.desk.version), (None, None, 2));
    let log = desk.dossier(id).await.unwrap().log;
    assert_eq!(log[1].reason.as_deref(), Some("ferry"));
    assert_eq!((log[2].action.as_str(), log[2].text.as_str()), ("reopen", "no ferry on Sundays"));
}

#[tokio::test]
async fn the_log_cannot_be_rewritten() {
    let (_dir, desk, _) = desk().await;
    desk.apply(&[raised(alert(1, Priority::P3, 50))], 5).await.unwrap();
    let mut writer = desk.writer().await.unwrap();
    for sql in ["UPDATE log SET text = 'x'", "DELETE FROM log"] {
        let error = sqlx::query(sql).execute(&mut *writer).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
}

#[tokio::test]
async fn finds_alerts_by_vessel_and_shows_a_vessels_others() {
    let (_dir, desk, _) = desk().await;
    let mut second = alert(2, Priority::P1, 80);
    second.subjects = alert(1, Priority::P3, 50).subjects;
    desk.apply(&[raised(alert(1, Priority::P3, 50)), raised(second), raised(alert(3, Priority::P3, 50))], 5)
        .await
        .unwrap();
    let find = |text: &str| {
        let query = ListQuery { text: Some(text.into()), limit: 10, ..ListQuery::default() };
        async { desk.list(&{ query }).await.unwrap().alerts.len() }
    };
    assert_eq!(find("567000001").await, 2);
    assert_eq!(find("hyperlink(\"").await, 3);
    assert_eq!(find("%").await, 0);
    assert_eq!(find("'; DROP TABLE alert; --").await, 0);
    let previous = desk.dossier(AlertId(1)).await.unwrap().previous;
    assert_eq!(previous.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["0000000000000002"]);
    assert_eq!(desk.alerts_of(Mmsi(567_000_001)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_call_that_goes_on_after_a_decision_comes_back() {
    let (_dir, desk, _) = desk().await;
    let heard = |minute: i64, version: u32| {
        let mut call = alert(1, Priority::Distress, 95);
        (call.updated_at, call.version, call.journal_last) = (at(minute), version, version.into());
        raised(call)
    };
    let decision = |desk: &Desk| {
        let desk = desk.clone();
        async move { desk.dossier(AlertId(1)).await.unwrap().row.desk.decision }
    };
    desk.apply(&[heard(0, 1)], 1).await.unwrap();
    desk.decide(AlertId(1), "watch", Decision::Confirmed, DecisionReason::ReferredSar, "", 0, at(1))
        .await
        .unwrap();
    desk.apply(&[heard(9, 2)], 2).await.unwrap();
    assert_eq!(decision(&desk).await, Some(Decision::Confirmed), "nine minutes");
    let told = desk.apply(&[heard(10, 3)], 3).await.unwrap();
    assert_eq!(told[0].1.desk.decision, None, "ten minutes");
    let version = told[0].1.desk.version;
    let reason = DecisionReason::TestTransmission;
    desk.decide(AlertId(1), "watch", Decision::DataError, reason, "", version, at(2)).await.unwrap();
    desk.apply(&[heard(129, 4)], 4).await.unwrap();
    assert_eq!(decision(&desk).await, Some(Decision::DataError), "a false call, two hours less a minute");
    desk.apply(&[heard(130, 5)], 5).await.unwrap();
    assert_eq!(decision(&desk).await, None);
    let log = desk.dossier(AlertId(1)).await.unwrap().log;
    let actions: Vec<&str> = log.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions, ["raised", "decide", "still_heard", "decide", "still_heard"]);
    let decisions: Vec<Option<&str>> = log.iter().map(|line| line.decision.as_deref()).collect();
    let (confirmed, wrong) = (Some("confirmed"), Some("data_error"));
    assert_eq!(decisions, [None, confirmed, confirmed, wrong, wrong], "the log says what was decided");
}

fn missing(lines: u64) -> OpenGap {
    let (from, to, why) = (at(0), at(1), "disk_full".to_owned());
    OpenGap { first: 100, gap: Gap { from, to, lines, sequences: lines, why } }
}

fn told(sequence: u64, version: u32, alert: &Alert) -> Change {
    Change { sequence, kind: ChangeKind::Updated, alert: Alert { version, ..alert.clone() } }
}

#[tokio::test]
async fn what_a_gap_gave_is_marked_and_what_was_there_before_comes_back() {
    let (_dir, desk, _) = desk().await;
    let (old, new) = (alert(1, Priority::P3, 50), alert(2, Priority::P2, 60));
    desk.apply(&[told(10, 1, &old)], 99).await.unwrap();
    let risen = Alert { priority: Priority::P1, ..old.clone() };
    let changes = [told(101, 4, &risen), told(102, 1, &new)];
    let rows = desk.apply_unrecorded(&changes, &missing(5)).await.unwrap();
    assert!(rows.iter().all(|(_, row)| row.unrecorded) && rows.len() == 2);
    assert_eq!((desk.open_gap().await.unwrap(), desk.applied().await.unwrap()), (Some(missing(5)), 104));
    desk.decide(AlertId(2), "watch", Decision::Benign, DecisionReason::Other, "", 0, at(4)).await.unwrap();

    let back = desk.end_gap().await.unwrap();
    let shown: Vec<_> = back.iter().map(|(_, row)| (row.alert.clone(), row.unrecorded)).collect();
    assert_eq!(shown, [(Alert { version: 1, ..old.clone() }, false)]);
    assert!(desk.end_gap().await.unwrap().is_empty() && desk.open_gap().await.unwrap().is_none());
    // The journal goes on with what it knows: version 2 of the one, and the other anew.
    let rows = desk.apply(&[told(105, 2, &old)], 105).await.unwrap();
    assert_eq!((rows.len(), rows[0].1.alert.version), (1, 2));
    let kept = desk.dossier(AlertId(2)).await.unwrap();
    assert!(kept.row.unrecorded && kept.row.desk.decision == Some(Decision::Benign));
    assert!(kept.log.iter().any(|line| line.action == "unrecorded"));
    let rows = desk.apply(&[told(106, 1, &new)], 106).await.unwrap();
    assert!(!rows[0].1.unrecorded && rows[0].1.desk.decision == Some(Decision::Benign));
}

#[tokio::test]
async fn without_room_people_come_and_go_and_what_is_not_kept_is_refused() {
    let (_dir, desk, password) = desk().await;
    desk.apply(&[raised(alert(1, Priority::P3, 50))], 5).await.unwrap();
    let before = desk.sign_in("watch", &password, at(0)).await.unwrap();
    // SQLite's own limit on the size of a file gives the same answer as a disk without room.
    let full = "CREATE TABLE ballast (held BLOB);
        CREATE TRIGGER a BEFORE INSERT ON session BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END;
        CREATE TRIGGER b BEFORE UPDATE ON session BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END;
        CREATE TRIGGER c BEFORE DELETE ON session BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END;
        CREATE TRIGGER d BEFORE INSERT ON log BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END;
        PRAGMA max_page_count = 1";
    sqlx::raw_sql(full).execute(&mut *desk.writer().await.unwrap()).await.unwrap();
    let refused = desk.note(AlertId(1), "watch", "seen", at(1)).await.unwrap_err();
    assert!(refused.may_pass(), "{refused:?}");
    assert_eq!(desk.dossier(AlertId(1)).await.unwrap().notes, []);

    let new = desk.sign_in("watch", &password, at(1)).await.unwrap();
    // Both are used, and so live on beyond their first half hour.
    for minute in [20, 45, 60] {
        for token in [&before, &new] {
            assert_eq!(desk.session(token, at(minute), true).await.unwrap().as_deref(), Some("watch"));
        }
    }
    for token in [&before, &new] {
        desk.sign_out(token, at(61)).await.unwrap();
        assert_eq!(desk.session(token, at(61), true).await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_alert_waits_for_one_action_at_most_however_many_people_act() {
    let (_dir, desk, _) = desk().await;
    desk.apply(&[raised(alert(1, Priority::P3, 50))], 2).await.unwrap();
    let noted = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let actions: Vec<_> = (0..40)
        .map(|n| {
            let (desk, noted) = (desk.clone(), noted.clone());
            tokio::spawn(async move {
                desk.note(AlertId(1), "watch", &format!("note {n}"), at(3)).await.unwrap();
                noted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            })
        })
        .collect();
    // On one thread: every action has come as far as it can before the alert does.
    tokio::task::yield_now().await;
    desk.apply(&[raised(alert(2, Priority::Distress, 100))], 3).await.unwrap();
    let before = noted.load(std::sync::atomic::Ordering::SeqCst);
    assert!(before <= 1, "{before} actions came first");
    for action in actions {
        action.await.unwrap();
    }
    assert_eq!(noted.load(std::sync::atomic::Ordering::SeqCst), 40);
}
