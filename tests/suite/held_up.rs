//! What waits for what: a store that is held up holds up nothing that matters more.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use crate::program::PATIENCE;
use crate::restart::{deaf, kept, runtime};
use crate::sea::{PLACES, at, batches, exercise, settings, voyage};
use sensors::Span;
use sqlx::Connection;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use watchkeeper::desk::AlertRow;
use watchkeeper::pipeline::{self, Listeners, Stores};

/// What came of it, in order.
#[derive(Debug, PartialEq)]
enum Told {
    Alert(String),
    /// A flush has waited in vain for another's lock, 5 s.
    Refusal(String),
}

#[test]
fn an_alert_does_not_wait_for_a_history_that_is_held_up() {
    let night = std::fs::read_to_string(at("fixtures/exercises/night-gulf-of-thailand.toml")).unwrap();
    let mut played = exercise(&night).peekable();
    // Long enough for a snapshot, which the history is flushed for.
    let end = played.peek().unwrap().at + Span::from_minutes(92);
    let quiet: Vec<_> = played.take_while(|line| line.at < end).collect();
    let call = voyage("distress-flagged-active-sart");
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let (mut stores, _) = Stores::open(folder.path()).await.unwrap();
        let watch = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
        let file = format!("sqlite://{}", folder.path().join("history.sqlite").display());
        let mut other = sqlx::SqliteConnection::connect(&file).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        let (tell, told) = mpsc::channel();
        let refused = tell.clone();
        let changed = Box::new(move |rows: Vec<(_, AlertRow)>| {
            rows.into_iter().for_each(|(_, row)| tell.send(Told::Alert(row.alert.rule)).unwrap());
        });
        let trouble = Box::new(move |why: Option<String>| {
            why.into_iter().for_each(|why| refused.send(Told::Refusal(why)).unwrap());
        });
        let listeners = Listeners { changed, trouble, ..deaf() };
        let pipeline = pipeline::start(stores, watch, &settings(), None, listeners);
        // Once the state is written, the history is flushed for it, and waits.
        let snapshots = folder.path().join("snapshots");
        let is_written = || std::fs::read_dir(&snapshots).map_or(0, Iterator::count) > 0;
        let mut quiet = batches(&quiet, || 100).into_iter();
        let began = Instant::now();
        while !is_written() {
            assert!(began.elapsed() < PATIENCE, "no snapshot");
            match quiet.next() {
                Some(batch) => pipeline.heard.send(batch.into()).await.unwrap(),
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        for batch in batches(&call, || 500) {
            pipeline.heard.send(batch.into()).await.unwrap();
        }
        let call = Told::Alert("distress".to_owned());
        let first = told.iter().find(|told| *told == call || matches!(told, Told::Refusal(_))).unwrap();
        assert_eq!(first, call);
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        drop(other);
        pipeline.finish().await.unwrap();
    });
    let fixes = runtime().block_on(kept(folder.path())).1;
    assert!(fixes.len() > 2000, "{} positions", fixes.len());
}
