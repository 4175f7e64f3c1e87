//! The queue on disk: cut at every byte, filled to its bound, on a disk that fails.

use super::super::consignment;
use super::*;
use std::os::unix::fs::FileExt;

const SHARE: u64 = 1 << 20;

fn open(folder: &Path) -> Queue {
    Queue::open(folder, SHARE, Full::DropOldest).unwrap()
}

/// Lines that do not compress, numbered from `first` on, one a second.
fn loose(first: u64, lines: u32) -> Loose {
    let mut text = Vec::new();
    for n in first..first + u64::from(lines) {
        let noise = hex::encode(consignment::text_digest(&n.to_le_bytes()));
        text.extend_from_slice(format!("{n} {noise}\n").as_bytes());
    }
    let at = |n: u64| Time::from_seconds(n as i64);
    let last = first + u64::from(lines) - 1;
    Loose { text, lines, heard_first: at(first), heard_last: at(last) }
}

/// Sends all there is: the numbers of the lines, and what was lost.
fn drain(queue: &mut Queue) -> (Vec<u64>, Vec<Lost>) {
    let (mut lines, mut lost) = (Vec::new(), Vec::new());
    while let Some(draft) = queue.draft(None).unwrap() {
        let text = String::from_utf8(draft.text.clone()).unwrap();
        let number = |line: &str| line.split(' ').next().unwrap().parse::<u64>().unwrap();
        assert_eq!(text.lines().count(), draft.lines as usize);
        lines.extend(text.lines().map(number));
        lost.extend(draft.lost);
        let acked = queue.acked();
        let number = acked.number + draft.numbers;
        queue.ack(Acked { place: draft.place, number, adopts: false, forgotten: 0, ..acked }).unwrap();
    }
    assert_eq!(queue.waiting(), 0);
    (lines, lost)
}

fn files(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == kind));
    files.sort_unstable();
    files
}

#[test]
fn gives_back_what_was_kept_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = open(folder.path());
    assert_eq!(queue.draft(None).unwrap(), None);
    (0..50).for_each(|n| queue.keep(&loose(n * 10, 10)).unwrap());
    drop(queue);
    let mut queue = open(folder.path());
    (50..60).for_each(|n| queue.keep(&loose(n * 10, 10)).unwrap());
    let draft = queue.draft(None).unwrap().unwrap();
    assert_eq!((draft.place, draft.numbers, draft.lines), (50, 50, 500));
    assert_eq!(queue.draft(Some(20)).unwrap().unwrap().numbers, 20);
    assert_eq!(drain(&mut queue), ((0..600).collect(), vec![]));
    drop(queue);
    assert_eq!(drain(&mut open(folder.path())), (vec![], vec![]));
}

#[test]
fn a_cut_at_any_byte_costs_only_what_was_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut ends = vec![0];
    let mut queue = open(folder.path());
    for n in 0..4 {
        queue.keep(&loose(n * 2, 2)).unwrap();
        ends.push(queue.bytes());
    }
    drop(queue);
    let file = files(folder.path(), "parcels").remove(0);
    let whole = std::fs::read(&file).unwrap();
    for cut in 0..=whole.len() {
        // What a cut leaves behind the last whole parcel: nothing, zeros, or noise.
        for rest in [&[][..], &[0; 40], &[0xA5; 40]] {
            let left = [&whole[..cut], rest].concat();
            std::fs::write(&file, &left).unwrap();
            let is_whole = |&&end: &&u64| left.get(..end as usize) == Some(&whole[..end as usize]);
            let whole_parcels = ends.iter().filter(is_whole).count() as u64 - 1;
            let mut queue = open(folder.path());
            queue.keep(&loose(100, 1)).unwrap();
            let draft = queue.draft(Some(whole_parcels + 1).filter(|_| whole_parcels == 0)).unwrap().unwrap();
            assert_eq!(
                u64::from(draft.lines),
                if whole_parcels == 0 { 1 } else { whole_parcels * 2 },
                "cut {cut}"
            );
            drop(queue);
            for file in files(folder.path(), "parcels") {
                std::fs::remove_file(file).unwrap();
            }
        }
    }
}

#[test]
fn a_parcel_that_the_disk_spoiled_is_named_and_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = open(folder.path());
    (0..10).for_each(|n| queue.keep(&loose(n, 1)).unwrap());
    // Within the sixth of ten parcels of one size. A spoiled length would cost the rest of the file.
    let middle = queue.bytes() / 2 + 20;
    let file = File::options().write(true).open(&files(folder.path(), "parcels")[0]).unwrap();
    file.write_all_at(&[0xFF, 0x00, 0xFF], middle).unwrap();
    let (lines, lost) = drain(&mut queue);
    assert_eq!(lines.len(), 9);
    assert_eq!((lost.len(), lost[0].why, lost[0].lines), (1, Why::Damaged, None));
}

#[test]
fn a_full_spool_drops_the_oldest_and_says_how_many() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = open(folder.path());
    for n in 0..2_000 {
        queue.keep(&loose(n * 50, 50)).unwrap();
        assert!(queue.bytes() <= SHARE, "{} bytes", queue.bytes());
        if n % 700 == 0 {
            // A restart in the middle changes nothing.
            drop(queue);
            queue = open(folder.path());
        }
    }
    assert!(files(folder.path(), "lost").len() <= 2, "{:?}", files(folder.path(), "lost"));
    let (lines, lost) = drain(&mut queue);
    assert!(lines.is_sorted_by(|a, b| a < b));
    assert_eq!(
        (lines[0], lines.last()),
        (0, Some(&99_999)),
        "what is being sent from stays, and so does the newest"
    );
    let gone: u64 = lost.iter().map(|lost| lost.lines.unwrap()).sum();
    assert_eq!(lines.len() as u64 + gone, 100_000);
    assert!(lost.iter().all(|lost| lost.why == Why::Full), "{lost:?}");
    let next = lines.windows(2).find(|pair| pair[1] != pair[0] + 1).unwrap();
    assert_eq!(
        (lost[0].from, lost.last().unwrap().to),
        (Time::from_seconds(next[0] as i64 + 1), Time::from_seconds(next[1] as i64 - 1))
    );
}

#[test]
fn a_full_spool_drops_the_newest_and_says_how_many() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Queue::open(folder.path(), SHARE, Full::DropNewest).unwrap();
    let mut queue = open();
    for n in 0..1_000 {
        queue.keep(&loose(n * 50, 50)).unwrap();
        if n % 300 == 0 {
            drop(queue);
            queue = open();
        }
    }
    assert!(queue.bytes() <= SHARE);
    let (lines, lost) = drain(&mut queue);
    assert_eq!(lines, (0..lines.len() as u64).collect::<Vec<_>>());
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!(lines.len() as u64 + lost[0].lines.unwrap(), 50_000);
    queue.keep(&loose(7, 1)).unwrap();
    assert_eq!(drain(&mut queue), (vec![7], vec![]));
}

#[test]
fn a_cut_while_dropping_counts_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = open(folder.path());
    (0..600).for_each(|n| queue.keep(&loose(n * 10, 10)).unwrap());
    let dropped = path(&queue.folder, &queue.segments[1]);
    let before = std::fs::read(&dropped).unwrap();
    assert!(queue.drop_oldest().unwrap());
    let second = path(&queue.folder, &queue.segments[2]);
    let second_before = std::fs::read(&second).unwrap();
    assert!(queue.drop_oldest().unwrap());
    drop(queue);
    // Word of both was written; the cut came before they were removed.
    std::fs::write(dropped, before).unwrap();
    std::fs::write(second, second_before).unwrap();
    let (lines, lost) = drain(&mut open(folder.path()));
    assert_eq!(lost.len(), 1);
    assert_eq!(lines.len() as u64 + lost[0].lines.unwrap(), 6_000);
}

#[test]
fn what_is_sent_again_is_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = open(folder.path());
    (0..100).for_each(|n| queue.keep(&loose(n * 10, 10)).unwrap());
    let sent = queue.draft(None).unwrap().unwrap();
    // It fills up and drops while the answer is awaited; then a cut.
    (100..3_000).for_each(|n| queue.keep(&loose(n * 10, 10)).unwrap());
    assert!(queue.lost_lines() > 0);
    drop(queue);
    assert_eq!(open(folder.path()).draft(Some(sent.place)).unwrap(), Some(sent));
}

#[test]
fn a_disk_that_does_not_take_what_was_written_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = open(folder.path());
    queue.keep(&loose(0, 1)).unwrap();
    // It takes bytes and can't promise them.
    queue.writing = Some(File::options().write(true).open("/dev/null").unwrap());
    let error = queue.keep(&loose(1, 1)).unwrap_err().to_string();
    assert!(error.contains("did not take"), "{error}");
    let mut queue = open(folder.path());
    queue.writing = Some(File::open(folder.path().join("acked")).unwrap());
    assert!(queue.keep(&loose(1, 1)).is_err());
}

#[test]
fn a_queue_that_does_not_know_what_was_acknowledged_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).keep(&loose(0, 1)).unwrap();
    std::fs::remove_file(folder.path().join("acked")).unwrap();
    let error = Queue::open(folder.path(), SHARE, Full::DropOldest).unwrap_err().to_string();
    assert!(error.contains("acknowledged"), "{error}");
}
