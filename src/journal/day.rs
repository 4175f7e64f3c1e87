//! How the days' files are named, so that their order is that of the entries whatever the clock says.
//!
//! A file has its day's name, `2026-11-30`. After a clock that was years ahead has been set right, the days go on behind
//! the one that it wrote: `2046-07-17.2026-11-30`, `2046-07-17.2026-12-01`.

use sensors::{Span, Time};

/// The file that holds what was written before any line was heard.
pub(super) const FIRST: &str = "0000-00-00";

/// A clock that was set back by less goes on in the same file: it comes to the day again soon. Ours.
const BACK_MIN: Span = Span::from_hours(48);

/// Clocks set right, one within another, after which the newest file goes on whatever the clock says. Ours.
const WITHIN_MAX: usize = 4;

pub(super) fn name(time: Time) -> Option<String> {
    Some(time.to_chrono()?.format("%Y-%m-%d").to_string())
}

/// The day that a file is of.
pub(super) fn date(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// When the day began; `None` for the file of before any line.
pub(super) fn begin(name: &str) -> Option<Time> {
    Time::parse(&format!("{}T00:00:00Z", date(name)))
}

/// Whether the file holds what was written before any line was heard.
pub(super) fn is_before_lines(name: &str) -> bool {
    name == FIRST
}

/// The file that entries of `day` go to while `newest` is the newest there is. `by_clock` says that the clock itself
/// tells the day, and not a line alone.
pub(super) fn following(newest: &str, day: &str, by_clock: bool) -> String {
    let is = date(newest);
    if day > newest {
        return day.to_owned();
    }
    if day > is
        && let Some((within, _)) = newest.rsplit_once('.')
    {
        return format!("{within}.{day}");
    }
    let set_back = begin(newest).zip(begin(day)).is_some_and(|(was, now)| was.since(now) >= BACK_MIN);
    if by_clock && set_back && newest.matches('.').count() < WITHIN_MAX {
        return format!("{newest}.{day}");
    }
    newest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_in_the_order_of_the_entries_whatever_the_clock_says() {
        let told = [
            ("2026-11-30", "2026-11-30"),
            ("2026-12-01", "2026-12-01"),
            // A day back, and a clock 1,024 weeks ahead, for a day and a night.
            ("2026-11-30", "2026-12-01"),
            ("2046-07-17", "2046-07-17"),
            ("2046-07-18", "2046-07-18"),
            ("2026-12-02", "2046-07-18.2026-12-02"),
            ("2026-12-03", "2046-07-18.2026-12-03"),
            // Another one that is not as far ahead, and one without a battery.
            ("2030-01-01", "2046-07-18.2030-01-01"),
            ("2026-12-04", "2046-07-18.2030-01-01.2026-12-04"),
            ("1970-01-01", "2046-07-18.2030-01-01.2026-12-04.1970-01-01"),
            ("2026-12-04", "2046-07-18.2030-01-01.2026-12-04.2026-12-04"),
            ("1970-01-01", "2046-07-18.2030-01-01.2026-12-04.2026-12-04.1970-01-01"),
            ("2026-12-05", "2046-07-18.2030-01-01.2026-12-04.2026-12-04.2026-12-05"),
            ("1970-01-01", "2046-07-18.2030-01-01.2026-12-04.2026-12-04.2026-12-05"),
            ("2046-07-19", "2046-07-19"),
        ];
        let mut newest = FIRST.to_owned();
        for (day, expected) in told {
            let next = following(&newest, day, true);
            assert!(next >= newest, "{next} after {newest}");
            assert_eq!(next, expected);
            newest = next;
        }
        assert_eq!(following("2046-07-17", "2026-11-30", false), "2046-07-17", "a line alone sets no clock");
        assert_eq!(date("2046-07-18.2026-12-02"), "2026-12-02");
    }
}
