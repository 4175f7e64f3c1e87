//! Any damage to a journal's files is detected, or changes nothing that was heard.

use super::tests::{all, good, three_days};
use super::*;
use crate::entry::Entry;
use sqlx::{Connection, SqliteConnection};

/// What one row may become; `?1` is chosen by chance.
const ROWS: [&str; 16] = [
    "DELETE FROM entry WHERE first = (SELECT first FROM entry ORDER BY first LIMIT 1 OFFSET ?1 % 18)",
    "UPDATE entry SET body = (SELECT body FROM entry WHERE kind = 0 ORDER BY first LIMIT 1 OFFSET ?1 % 6) WHERE kind = 0 AND ?1 % 7 = first % 7",
    "UPDATE entry SET first = first + 1000 WHERE first % 5 = ?1 % 5",
    "UPDATE entry SET first = -first WHERE first % 5 = ?1 % 5",
    "UPDATE entry SET count = count + 1 + ?1 WHERE first % 5 = ?1 % 5",
    "UPDATE entry SET kind = ?1 % 9 WHERE first % 5 = ?1 % 5",
    "UPDATE entry SET receiver = ?1 WHERE first % 5 = ?1 % 5",
    "UPDATE entry SET arrived_at_first = ?1 WHERE first % 5 = ?1 % 5",
    "UPDATE entry SET body = zeroblob(?1 % 300) WHERE first % 5 = ?1 % 5",
    "UPDATE entry SET root = randomblob(32), link = randomblob(?1 % 40) WHERE first % 5 = ?1 % 5",
    "UPDATE entry SET root = NULL, link = NULL WHERE first >= ?1 % 80",
    "UPDATE seal SET link = randomblob(32) WHERE next % 3 = ?1 % 3",
    "UPDATE seal SET next = next + 1 + ?1 % 9",
    "UPDATE chain SET first = first + ?1 % 3 - 1, origin = randomblob(32)",
    "DELETE FROM chain WHERE ?1 >= 0",
    "DELETE FROM seal WHERE ?1 >= 0",
];

/// Chance that comes again with its seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Every line with its sequence, receiver and time.
async fn heard(folder: &Path) -> Vec<(u64, u16, i64, Vec<u8>)> {
    let mut heard = Vec::new();
    for numbered in all(folder, 0).await {
        if let Entry::Lines(batch) = &numbered.entry {
            let lines = (numbered.first..).zip(batch.iter());
            let receiver = batch.receiver().0;
            heard.extend(lines.map(|(n, (at, line))| (n, receiver, at.as_millis(), line.to_vec())));
        }
    }
    heard
}

/// Damages the file, and says how.
async fn damage(path: &Path, whole: &[u8], chance: &mut Chance) -> String {
    let mut bytes = whole.to_vec();
    let size = bytes.len() as u64;
    let at = chance.below(size) as usize;
    let said = match chance.below(8) {
        0..=3 => {
            bytes[at] ^= 1 << chance.below(8);
            format!("a bit of byte {at}")
        }
        4 => {
            let end = bytes.len().min(at + 1 + chance.below(64) as usize);
            bytes[at..end].iter_mut().for_each(|byte| *byte = chance.below(256) as u8);
            format!("bytes {at} to {end}")
        }
        5 => {
            bytes.truncate(at);
            format!("cut to {at}")
        }
        _ => {
            let (row, by) = (ROWS[chance.below(ROWS.len() as u64) as usize], chance.below(1000) as i64);
            let mut file = store::open_writer(path, SCHEMA).await.unwrap();
            change(&mut file, row, by).await;
            file.close().await.unwrap();
            return format!("{row}: {by}");
        }
    };
    std::fs::write(path, bytes).unwrap();
    said
}

/// Where a row would stand where another is, it stays as it was.
async fn change(file: &mut SqliteConnection, sql: &'static str, by: i64) {
    let _ = sqlx::query(sql).bind(by).execute(file).await;
}

/// `EDITS=10000 cargo nextest run --lib every_edit` does as many; `SEED` begins elsewhere.
#[tokio::test]
async fn every_edit_of_a_journal_is_detected_or_changes_nothing_that_was_heard() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (edits, seed) = (number("EDITS").unwrap_or(200), number("SEED").unwrap_or(1));
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path()).await;
    let expected = heard(folder.path()).await;
    let newest = good(folder.path()).await.newest.unwrap();
    let trust = Trust { keys: Vec::new(), witness: Some((newest.next, newest.link)) };
    let paths: Vec<PathBuf> =
        files(folder.path()).unwrap().iter().map(|day| path_of(folder.path(), day)).collect();
    let (mut chance, mut detected) = (Chance(seed), 0);
    for edit in 0..edits {
        let path = &paths[chance.below(paths.len() as u64) as usize];
        let whole = std::fs::read(path).unwrap();
        let said = damage(path, &whole, &mut chance).await;
        match verify(folder.path(), &trust, |_| {}).await {
            Err(_) => detected += 1,
            Ok(_) => {
                let found = heard(folder.path()).await;
                assert!(found == expected, "edit {edit} of seed {seed} passed: {said} in {}", path.display());
            }
        }
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
        std::fs::write(path, whole).unwrap();
    }
    println!("{edits} edits: {detected} detected, {} changed nothing that was heard", edits - detected);
    assert!(detected > edits / 10, "of {edits} edits only {detected} were detected");
    assert_eq!(good(folder.path()).await.lines, 63);
}
