//! Files that grow, in every way that programs start a new one.

use super::*;
use std::fs::{File, OpenOptions};
use std::path::PathBuf;

struct Growing {
    folder: tempfile::TempDir,
    heard: Listening,
}

impl Growing {
    /// Follows what fits `name` in a new folder, in which `there` is already.
    async fn new(name: &str, there: &[(&str, &str)], from_start: bool) -> Growing {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in there {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let path = folder.path().join(name);
        let settings = Settings { from_start, ..to(format!("tail://{}", path.display())) };
        let heard = Listening::to(settings, 8);
        heard.until(|s| s.detail.contains("follows") || s.detail.contains("not there")).await;
        Growing { folder, heard }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn add(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    async fn hears(&mut self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.heard.line().await, *line);
        }
    }
}

#[tokio::test]
async fn a_file_is_followed_from_its_end() {
    let mut growing = Growing::new("ais.nmea", &[("ais.nmea", "old\n")], false).await;
    growing.add("ais.nmea", "one\ntw");
    growing.hears(&["one"]).await;
    growing.add("ais.nmea", "o\r\nthree\n");
    growing.hears(&["two", "three"]).await;
    assert!(growing.heard.stop().await.is_empty());
}

#[tokio::test]
async fn what_is_there_is_read_where_it_is_wanted() {
    let mut growing = Growing::new("ais.nmea", &[("ais.nmea", "old\n")], true).await;
    growing.hears(&["old"]).await;
}

#[tokio::test]
async fn a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_beginning() {
    let mut growing = Growing::new("ais.nmea", &[("ais.nmea", "old\n")], false).await;
    let mut writer = OpenOptions::new().append(true).open(growing.path("ais.nmea")).unwrap();
    std::fs::rename(growing.path("ais.nmea"), growing.path("ais.nmea.1")).unwrap();
    writer.write_all(b"late\n").unwrap();
    growing.hears(&["late"]).await;
    growing.add("ais.nmea", "new\n");
    growing.hears(&["new"]).await;
}

#[tokio::test]
async fn an_emptied_file_is_read_from_its_beginning() {
    let mut growing = Growing::new("ais.nmea", &[("ais.nmea", "a long line that was there\n")], false).await;
    growing.add("ais.nmea", "one\n");
    growing.hears(&["one"]).await;
    File::create(growing.path("ais.nmea")).unwrap();
    growing.add("ais.nmea", "two\n");
    growing.hears(&["two"]).await;
}

#[tokio::test]
async fn a_file_may_go_and_come_again() {
    let mut growing = Growing::new("ais.nmea", &[], false).await;
    assert_eq!(growing.heard.health.state(), State::Listening);
    for line in ["one", "two", "three"] {
        growing.add("ais.nmea", &format!("{line}\n"));
        growing.hears(&[line]).await;
        std::fs::remove_file(growing.path("ais.nmea")).unwrap();
    }
}

#[tokio::test]
async fn the_unfinished_line_of_a_removed_file_is_its_last() {
    let mut growing = Growing::new("ais.nmea", &[("ais.nmea", "")], false).await;
    growing.add("ais.nmea", "one\ntwo");
    growing.hears(&["one"]).await;
    std::fs::remove_file(growing.path("ais.nmea")).unwrap();
    growing.hears(&["two"]).await;
    growing.heard.until(|s| s.state == State::Listening).await;
}

#[tokio::test]
async fn each_day_has_its_file() {
    let there = [("ais-20.nmea", "old\n"), ("other.txt", "x\n")];
    let mut growing = Growing::new("ais-*.nmea", &there, false).await;
    growing.add("ais-20.nmea", "last of the 20th\n");
    growing.hears(&["last of the 20th"]).await;
    growing.add("ais-21.nmea", "first of the 21st\n");
    growing.add("other.txt", "y\n");
    growing.hears(&["first of the 21st"]).await;
    std::fs::rename(growing.path("ais-20.nmea"), growing.path("ais-old-20.nmea")).unwrap();
    growing.add("ais-21.nmea", "second\n");
    growing.hears(&["second"]).await;
    assert!(growing.heard.stop().await.is_empty(), "a renamed file is not read again");
}

#[tokio::test]
async fn only_the_files_changed_last_are_followed() {
    let names: Vec<String> = (0..100).map(|n| format!("ais-{n:03}.nmea")).collect();
    let there: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "old\n")).collect();
    let mut growing = Growing::new("ais-*.nmea", &there, false).await;
    let detail = growing.heard.health.snapshot().detail;
    assert!(detail.starts_with("follows the 64 files of ") && detail.ends_with("not 36 others"), "{detail}");
    // One that was passed over is heard from where it was once it changes.
    for name in names.iter().step_by(9) {
        growing.add(name, "new\n");
        growing.hears(&["new"]).await;
    }
}

#[tokio::test]
async fn a_large_file_is_read_in_order_and_nothing_is_lost() {
    let many: String = (0..200_000).map(|n| format!("{n}\n")).collect();
    let mut growing = Growing::new("ais.nmea", &[("ais.nmea", &many)], true).await;
    for n in 0..200_000 {
        assert_eq!(growing.heard.line().await, n.to_string());
    }
}
