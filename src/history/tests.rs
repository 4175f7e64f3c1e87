//! The story of a history file: written, asked, restarted, replayed.

use super::*;
use crate::geo::{Area, Position};
use crate::track::{Claim, Class, Fix, Standing};
use sensors::ReceiverId;

/// A fix of track 0-1.
pub(super) fn fix(sequence: u64, time: i64) -> Fix {
    fix_at(sequence, time, 10.0, 103.0)
}

pub(super) fn fix_at(sequence: u64, time: i64, lat: f64, lon: f64) -> Fix {
    Fix {
        track: TrackId::new(0, 1),
        sequence,
        time: Time::from_millis(time),
        mmsi: Mmsi(567_001_234),
        position: Position::from_degrees(lat, lon).unwrap(),
        speed: Some(101),
        course: Some(900),
        heading: Some(91),
        status: 0,
        class: Class::A,
        receiver: ReceiverId(2),
        standing: Standing::Used,
    }
}

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("history.db")
    }

    async fn open(&self) -> Writer {
        Writer::open(&self.path()).await.unwrap()
    }
}

const EVER: (Time, Time) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));

fn vessel(number: u64, sequence: u64) -> Fix {
    let time = 1_795_000_000_000 + sequence as i64 * 700;
    let mut fix = fix_at(sequence, time, 9.0 + number as f64 * 0.01, 102.0 + sequence as f64 * 1e-5);
    (fix.track, fix.mmsi) = (TrackId::new(0, number), Mmsi(567_000_000 + number as u32));
    fix
}

async fn whole_track(reader: &Reader, whose: Whose, limit: usize) -> Vec<Fix> {
    let mut page = Paging { limit, after: None };
    let mut rows = Vec::new();
    loop {
        let found = reader.track(whose, EVER.0, EVER.1, &page).await.unwrap();
        assert!(found.rows.len() <= limit);
        rows.extend(found.rows);
        page.after = found.next;
        if page.after.is_none() {
            return rows;
        }
    }
}

async fn whole_area(reader: &Reader, area: Area, limit: usize) -> Vec<Fix> {
    let mut page = Paging { limit, after: None };
    let mut rows = Vec::new();
    loop {
        let found = reader.area(&area, EVER.0, EVER.1, None, &page).await.unwrap();
        rows.extend(found.rows);
        page.after = found.next;
        if page.after.is_none() {
            return rows;
        }
    }
}

const WORLD: Area = Area { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };

#[tokio::test]
async fn what_is_not_flushed_is_seen_and_what_is_flushed_is_seen_once() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    let reader = writer.reader().await.unwrap();
    let fixes: Vec<Fix> = (1..=1300).map(|s| vessel(1, s)).collect();
    let whose = Whose::Mmsi(Mmsi(567_000_001));
    for (i, fix) in fixes.iter().enumerate() {
        writer.append(fix);
        match i {
            100 | 600 => _ = writer.flush(fix.sequence, Which::All).await.unwrap(),
            800 => _ = writer.flush(fix.sequence, Which::FullBlocksOnly).await.unwrap(),
            _ => {}
        }
        if i % 100 < 2 {
            assert_eq!(whole_track(&reader, whose, 10_000).await, fixes[..=i], "after {i}");
        }
    }
    assert_eq!(whole_area(&reader, WORLD, 77).await, fixes);
    assert_eq!(reader.latest(TrackId::new(0, 1)).await.unwrap(), fixes.last().copied());
    let flushed = writer.flush(1300, Which::All).await.unwrap();
    assert_eq!((flushed.applied, flushed.blocks), (1300, 2));
    let head = reader.head(TrackId::new(0, 1)).await.unwrap().unwrap();
    assert_eq!((head.fixes, head.last_at, head.position), (1300, fixes[1299].time, fixes[1299].position));
    drop(writer);
    let alone = Reader::open(&desk.path()).await.unwrap();
    assert_eq!(whole_track(&alone, whose, 10_000).await, fixes);
}

#[tokio::test]
async fn a_crash_anywhere_and_a_replay_write_nothing_twice() {
    let desk = Desk::new();
    let fixes: Vec<Fix> = (1..=4000).map(|s| vessel(s % 3, s)).collect();
    let claim = |fix: &Fix| Claim {
        track: fix.track,
        mmsi: fix.mmsi,
        sequence: fix.sequence,
        time: fix.time,
        attribute: Attribute::Name,
        value: "SEA STAR".to_owned(),
    };
    let mut lost_at = 700;
    loop {
        let mut writer = desk.open().await;
        let replayed_from = (writer.applied() as usize).saturating_sub(50);
        for (i, fix) in fixes.iter().enumerate().skip(replayed_from) {
            writer.append(fix);
            writer.claim(&claim(fix));
            match i % 500 {
                250 => _ = writer.flush(fix.sequence, Which::FullBlocksOnly).await.unwrap(),
                450 => _ = writer.flush(fix.sequence, Which::All).await.unwrap(),
                _ => {}
            }
            if i == lost_at {
                break;
            }
        }
        if lost_at >= fixes.len() {
            writer.flush(4000, Which::All).await.unwrap();
            break;
        }
        // Dropped without a flush: what wasn't written is gone.
        lost_at += 900;
    }
    let reader = Reader::open(&desk.path()).await.unwrap();
    assert_eq!(whole_area(&reader, WORLD, 1000).await, fixes);
    let mut total = 0;
    for number in 0..3 {
        total += reader.head(TrackId::new(0, number)).await.unwrap().unwrap().fixes;
    }
    assert_eq!(total, 4000);
    let claims = reader.identity(&Named::Name("a sT".to_owned()), &Paging::default()).await.unwrap().rows;
    assert_eq!(claims.iter().map(|claim| claim.count).sum::<u64>(), 4000);
    let mut file = store::open_writer(&desk.path(), SCHEMA).await.unwrap();
    let small: (i64,) =
        sqlx::query_as("SELECT count(*) FROM blocks WHERE count < 512").fetch_one(&mut file).await.unwrap();
    assert_eq!(small.0, 3, "unfinished blocks are continued after a restart");
}

#[tokio::test]
async fn the_unfinished_blocks_of_thousands_of_tracks_are_continued_after_a_restart() {
    const TRACKS: u64 = 5000;
    let desk = Desk::new();
    let fixes: Vec<Fix> = (1..=2 * TRACKS).map(|s| vessel(s % TRACKS, s)).collect();
    for half in fixes.chunks(TRACKS as usize) {
        let mut writer = desk.open().await;
        half.iter().for_each(|fix| writer.append(fix));
        let last = half.last().unwrap().sequence;
        assert_eq!(writer.flush(last, Which::All).await.unwrap().fixes, TRACKS);
    }
    let mut file = store::open_writer(&desk.path(), SCHEMA).await.unwrap();
    let blocks: (i64,) = sqlx::query_as("SELECT count(*) FROM blocks").fetch_one(&mut file).await.unwrap();
    assert_eq!(blocks.0, TRACKS as i64);
    let reader = Reader::open(&desk.path()).await.unwrap();
    assert_eq!(whole_area(&reader, WORLD, 1000).await, fixes);
}

#[tokio::test]
async fn late_fixes_stand_where_their_time_says() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    let mut fixes: Vec<Fix> = (1..=1200).map(|s| vessel(1, s)).collect();
    for fix in fixes.iter_mut().filter(|f| f.sequence % 7 == 0) {
        fix.time = fix.time - sensors::Span::from_hours(30);
        fix.standing = Standing::Late;
    }
    fixes.iter().for_each(|fix| writer.append(fix));
    writer.flush(1000, Which::FullBlocksOnly).await.unwrap();
    fixes.sort_by_key(|f| (f.time, f.sequence));
    let reader = writer.reader().await.unwrap();
    assert_eq!(whole_track(&reader, Whose::Track(TrackId::new(0, 1)), 100).await, fixes);
}

#[tokio::test]
async fn a_box_across_180_degrees_holds_both_sides_and_nothing_else() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    let mut fixes = Vec::new();
    for sequence in 1..=1000 {
        let lon = 179.0 + sequence as f64 * 0.002;
        let mut fix =
            fix_at(sequence, sequence as i64 * 1000, 0.5, if lon > 180.0 { lon - 360.0 } else { lon });
        fix.track = TrackId::new(0, sequence % 2);
        writer.append(&fix);
        fixes.push(fix);
    }
    let reader = writer.reader().await.unwrap();
    let area = Area { west: 179.8, south: 0.0, east: -179.9, north: 1.0 };
    let inside: Vec<Fix> = fixes.iter().copied().filter(|f| area.contains(f.position)).collect();
    assert!(inside.len() > 100 && inside.len() < 200);
    assert_eq!(whole_area(&reader, area, 60).await, inside);
    writer.flush(1000, Which::All).await.unwrap();
    drop(writer);
    let reader = Reader::open(&desk.path()).await.unwrap();
    assert_eq!(whole_area(&reader, area, 60).await, inside);
    let (from, to) = (inside[10].time, inside[20].time);
    let some = reader.area(&area, from, to, None, &Paging::default()).await.unwrap();
    assert_eq!(some.rows, inside[10..20], "the end of the time is not included");
    let one = reader.area(&area, EVER.0, EVER.1, Some(Mmsi(1)), &Paging::default()).await.unwrap();
    assert!(one.rows.is_empty() && one.next.is_none());
}

#[tokio::test]
async fn pages_give_each_row_once_while_more_is_heard() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    let reader = writer.reader().await.unwrap();
    let mut sequence = 0;
    let mut hear = |writer: &mut Writer| {
        for _ in 0..900 {
            sequence += 1;
            writer.append(&vessel(sequence % 40, sequence));
        }
        sequence
    };
    hear(&mut writer);
    let mut page = Paging { limit: 333, after: None };
    let mut seen = Vec::new();
    for turn in 0.. {
        let found = reader.area(&WORLD, EVER.0, EVER.1, None, &page).await.unwrap();
        seen.extend(found.rows.iter().map(|fix| fix.sequence));
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
        if turn < 10 {
            let applied = hear(&mut writer);
            let which = if turn % 2 == 0 { Which::All } else { Which::FullBlocksOnly };
            writer.flush(applied, which).await.unwrap();
        }
    }
    assert_eq!(seen, (1..=9900).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_damaged_block_is_an_error_that_names_it() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    (1..=600).for_each(|s| writer.append(&vessel(1, s)));
    writer.flush(600, Which::All).await.unwrap();
    drop(writer);
    let mut file = store::open_writer(&desk.path(), SCHEMA).await.unwrap();
    let spoil = "UPDATE blocks SET fixes = substr(fixes, 1, 200) || x'00' || substr(fixes, 202)";
    sqlx::query(spoil).execute(&mut file).await.unwrap();
    let mut writer = desk.open().await;
    assert_eq!(writer.counts().damaged, 1);
    (601..=700).for_each(|s| writer.append(&vessel(1, s)));
    writer.flush(700, Which::All).await.unwrap();
    let reader = writer.reader().await.unwrap();
    let whose = Whose::Track(TrackId::new(0, 1));
    let error = reader.track(whose, EVER.0, EVER.1, &Paging::default()).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { first_sequence: 1, .. }), "{error:?}");
    let later = reader.track(whose, vessel(1, 601).time, EVER.1, &Paging::default()).await.unwrap();
    assert_eq!(later.rows.len(), 100);
}

#[tokio::test]
async fn idle_tracks_leave_the_memory_and_come_back_in_a_new_block() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    let reader = writer.reader().await.unwrap();
    let mut fixes: Vec<Fix> = (1..=50).map(|s| vessel(1, s)).collect();
    for s in 51..=150 {
        let mut fix = vessel(2, s);
        fix.time = fix.time + sensors::Span::from_hours(2);
        fixes.push(fix);
    }
    fixes.iter().for_each(|fix| writer.append(fix));
    assert_eq!(writer.flush(150, Which::FullBlocksOnly).await.unwrap().fixes, 50);
    let mut again = vessel(1, 151);
    again.time = again.time + sensors::Span::from_hours(3);
    writer.append(&again);
    fixes.push(again);
    assert_eq!(whole_area(&reader, WORLD, 1000).await, fixes);
    writer.flush(151, Which::All).await.unwrap();
    assert_eq!(whole_area(&reader, WORLD, 1000).await, fixes);
}

#[tokio::test]
async fn a_track_that_changes_its_mmsi_keeps_both() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    let mut fixes: Vec<Fix> = (1..=300).map(|s| vessel(1, s)).collect();
    fixes.iter_mut().skip(100).for_each(|fix| fix.mmsi = Mmsi(1));
    fixes.iter().for_each(|fix| writer.append(fix));
    writer.flush(300, Which::All).await.unwrap();
    let reader = writer.reader().await.unwrap();
    assert_eq!(whole_track(&reader, Whose::Track(TrackId::new(0, 1)), 1000).await, fixes);
    assert_eq!(whole_track(&reader, Whose::Mmsi(Mmsi(1)), 1000).await, fixes[100..]);
}

#[tokio::test]
async fn identities_are_found_by_name_call_sign_mmsi_and_imo() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    let reader = writer.reader().await.unwrap();
    let claim = |sequence: u64, attribute, value: &str, writer: &mut Writer| {
        writer.claim(&Claim {
            track: TrackId::new(0, sequence % 2),
            mmsi: Mmsi(567_000_000 + (sequence % 2) as u32),
            sequence,
            time: Time::from_millis(sequence as i64),
            attribute,
            value: value.to_owned(),
        });
    };
    for round in 0..4 {
        let s = round * 10;
        claim(s + 1, Attribute::Name, "<SCRIPT SRC=//X.YZ>", &mut writer);
        claim(s + 2, Attribute::Name, "100% _SURE'", &mut writer);
        claim(s + 3, Attribute::CallSign, "HSAB", &mut writer);
        claim(s + 4, Attribute::Imo, "9074729", &mut writer);
        if round < 3 {
            writer.flush(s + 4, Which::All).await.unwrap();
        }
    }
    let page = Paging::default();
    for (by, value) in [
        (Named::Name("script src=".to_owned()), "<SCRIPT SRC=//X.YZ>"),
        (Named::Name("% _s".to_owned()), "100% _SURE'"),
        (Named::CallSign("hsab".to_owned()), "HSAB"),
        (Named::Imo(9_074_729), "9074729"),
    ] {
        let found = reader.identity(&by, &page).await.unwrap().rows;
        assert_eq!(found.len(), 1, "{by:?}");
        assert_eq!((found[0].value.as_str(), found[0].count), (value, 4));
        assert!(found[0].last_at.since(found[0].first_at).as_millis() == 30);
    }
    let mut paged = Vec::new();
    let mut page = Paging { limit: 1, after: None };
    loop {
        let found = reader.identity(&Named::Mmsi(Mmsi(567_000_001)), &page).await.unwrap();
        paged.extend(found.rows);
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(paged.len(), 2);
    assert!(reader.identity(&Named::Name("' OR 1=1".to_owned()), &page).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn a_full_memory_refuses_and_a_replay_from_there_loses_nothing() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    writer.set_limits(writer::Limits { tails: 1000, held: 2000, ready: 2, claims: 10 });
    let fixes: Vec<Fix> = (1..=6000).map(|s| vessel(s % 5, s)).collect();
    fixes.iter().for_each(|fix| writer.append(fix));
    assert_eq!(writer.counts().refused, 6000 - writer.stopped_at().unwrap() + 1);
    while let Some(stopped) = writer.stopped_at() {
        assert!(writer.flush(6000, Which::All).await.unwrap().applied < stopped);
        writer.resume();
        fixes.iter().skip(stopped as usize - 1).for_each(|fix| writer.append(fix));
    }
    writer.flush(6000, Which::All).await.unwrap();
    assert!(writer.counts().evicted > 0, "blocks that are finished early make room");
    let reader = writer.reader().await.unwrap();
    assert_eq!(whole_area(&reader, WORLD, 1000).await, fixes);
}

#[tokio::test]
async fn a_flood_of_tracks_with_one_fix_each_is_put_away_early_and_read_back() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    writer.set_limits(writer::Limits { tails: 900, held: 20_000, ready: 32_768, claims: 10 });
    let fixes: Vec<Fix> = (1..=5000).map(|s| vessel(s, s)).collect();
    for fix in &fixes {
        writer.append(fix);
        if writer.is_due() {
            writer.flush(fix.sequence, Which::FullBlocksOnly).await.unwrap();
            assert!(!writer.is_due(), "after fix {}", fix.sequence);
        }
    }
    // Some fifty tracks weigh as much, each seventeen fixes.
    let (evicted, refused) = (writer.counts().evicted, writer.counts().refused);
    assert!((4900..5000).contains(&evicted) && refused == 0, "{evicted}, {refused}");
    writer.flush(5000, Which::All).await.unwrap();
    let reader = writer.reader().await.unwrap();
    assert_eq!(whole_area(&reader, WORLD, 1000).await, fixes);
}

#[tokio::test]
async fn a_full_disk_fails_the_flush_and_the_next_one_writes_everything() {
    let desk = Desk::new();
    let mut writer = desk.open().await;
    let reader = writer.reader().await.unwrap();
    let fixes: Vec<Fix> = (1..=3000).map(|s| vessel(s % 5, s)).collect();
    for fix in &fixes {
        writer.append(fix);
        writer.claim(&Claim {
            track: fix.track,
            mmsi: fix.mmsi,
            sequence: fix.sequence,
            time: fix.time,
            attribute: Attribute::Destination,
            value: format!("BERTH {}", fix.sequence),
        });
    }
    writer.pages_max("PRAGMA max_page_count = 14").await;
    let error = writer.flush(3000, Which::All).await.unwrap_err();
    assert!(matches!(error, Error::Store(store::Error::DiskFull { .. })), "{error:?}");
    assert_eq!(writer.applied(), 0);
    assert_eq!(whole_area(&reader, WORLD, 1000).await, fixes);
    writer.pages_max("PRAGMA max_page_count = 100000").await;
    assert_eq!(writer.flush(3000, Which::All).await.unwrap().fixes, 3000);
    drop(writer);
    let alone = Reader::open(&desk.path()).await.unwrap();
    assert_eq!(whole_area(&alone, WORLD, 1000).await, fixes);
}

#[tokio::test]
async fn a_line_that_tells_of_a_vessel_often_is_whole_wherever_a_block_ends_and_a_crash_comes() {
    for (line, times) in
        (509..=514).flat_map(|line| [2, 4, 250].map(|times| (line, times))).chain([(400, 250)])
    {
        let desk = Desk::new();
        let mut fixes: Vec<Fix> = (1..=900).map(|s| vessel(1, s)).collect();
        let place = |n: usize| Position::from_degrees(9.5, 103.5 + n as f64 * 1e-4).unwrap();
        let again = |n: usize| Fix { position: place(n / 2), speed: Some(n as u16 % 2), ..fixes[line - 1] };
        let more: Vec<Fix> = (1..times).map(again).collect();
        fixes.splice(line..line, more);
        let mut writer = desk.open().await;
        fixes.iter().for_each(|fix| writer.append(fix));
        writer.flush(900, Which::FullBlocksOnly).await.unwrap();
        drop(writer);
        let mut writer = desk.open().await;
        assert_eq!(writer.applied(), 0);
        fixes.iter().for_each(|fix| writer.append(fix));
        let reader = writer.reader().await.unwrap();
        let whose = Whose::Track(TrackId::new(0, 1));
        fixes.sort_by_key(page::FixKey::of);
        for limit in [10_000, 7] {
            assert_eq!(
                whole_track(&reader, whose, limit).await,
                fixes,
                "{times} in line {line}, {limit} a page"
            );
        }
        writer.flush(900, Which::All).await.unwrap();
        assert_eq!(whole_track(&reader, whose, line).await, fixes, "{times} in line {line}");
        let head = reader.head(TrackId::new(0, 1)).await.unwrap().unwrap();
        assert_eq!(head.fixes, fixes.len() as u64);
    }
}
