//! Names with a `*` in them: of rotating files, and of the one serial port that is plugged in.

use std::io::Result;
use std::path::{Path, PathBuf};

/// Names looked at in one folder; a folder with more is not one of recordings or devices.
const NAMES_MAX: usize = 100_000;

/// Whether the last part of `path` holds a `*`.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains('*'))
}

/// What there is of `path`: itself, or where it is a pattern, all in its folder that fits, by name.
///
/// # Errors
/// Where the folder can't be read.
pub(super) fn matches(path: &Path) -> Result<Vec<PathBuf>> {
    if !is_pattern(path) {
        return Ok(vec![path.to_owned()]);
    }
    let pattern = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)?.take(NAMES_MAX) {
        let name = entry?.file_name();
        if fits(&pattern, &name.to_string_lossy()) {
            found.push(folder.join(name));
        }
    }
    found.sort();
    Ok(found)
}

/// Whether `name` is `pattern` with something, or nothing, in the place of each `*`.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(start) else {
        return false;
    };
    let mut middle: Vec<&str> = rest.split('*').collect();
    let end = middle.pop().unwrap_or_default();
    let mut name = name;
    for part in middle {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in [
            ("*", "a"),
            ("*.nmea", "a.nmea"),
            ("ais-*.nmea", "ais-2026-11-21.nmea"),
            ("ais-*-*.nmea", "ais-2026-11-21.nmea"),
            ("usb-*", "usb-"),
            ("a", "a"),
            ("a*a", "aa"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("*.nmea", "a.nmea.1"), ("a", "ab"), ("a*a", "a"), ("b*", "ab"), ("a*b*c", "acb")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
