//! A rule tried before it is switched on: a recorded period under the settings that stood, and under others.

use super::base::{Error, Recorded, told_at};
use super::difference::{Alerts, differences};
use super::report::Report;
use crate::entry::{Entry, Numbered};
use crate::watch::{Outcome, Settings, Watch};
use sensors::Time;

/// A period of the edge's clock; its end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Window {
    /// Its begin.
    pub from: Time,
    /// Its end.
    pub to: Time,
}

/// How far a run has come: the time it has reached, and the one it goes to.
pub type OnProgress<'a> = &'a mut dyn FnMut(Time, Time);

/// Runs the window under the settings that stood in the journal, and under those with what `with` says of admit, track,
/// detector, alert and zones. Both begin with the same state.
///
/// # Errors
/// When the window can't be run again, or was silent.
pub async fn run(
    recorded: &Recorded,
    window: Window,
    with: &Settings,
    progress: OnProgress<'_>,
) -> Result<Report, Error> {
    let Window { from, to } = window;
    if from >= to {
        return Err(Error::Empty { from, to });
    }
    let base = recorded.base(from).await?;
    let began_with = base.snapshot;
    let mut standing = base.watch;
    let mut reader = recorded.reader(standing.next()).await?;
    let mut both: Option<Both> = None;
    let mut lines = 0;
    let mut ends = Time::from_millis(i64::MIN);
    while let Some(entry) = match reader.entry().await {
        // What was heard on a day is in that day's file: the window ends before what is gone.
        Err(Error::Gone { .. }) if to <= next_day(ends) => None,
        read => read?,
    } {
        if let Some(time) = told_at(&entry) {
            if time >= to {
                break;
            }
            ends = ends.max(time);
            progress(time, to);
        }
        match &mut both {
            None if told_at(&entry).is_none_or(|time| time < from) => {
                standing.take(&entry, &mut Outcome::default());
            }
            both => {
                lines += if matches!(entry.entry, Entry::Lines(_)) { entry.entry.len() } else { 0 };
                let both = match both {
                    Some(both) => both,
                    None => both.insert(Both::begin(&mut standing, with, recorded)?),
                };
                both.take(&entry);
            }
        }
    }
    let both = match both {
        Some(both) if lines > 0 => both,
        _ => {
            let (_, begins) = recorded.begin().await?;
            return Err(Error::Silent { from, to, begins, ends: ends.max(begins) });
        }
    };
    let of_the_window = |alert: &crate::alert::Alert| alert.cleared_at.is_none_or(|time| time >= from);
    let [mut before, mut after] = [both.before.alerts, both.after.alerts];
    before.retain(of_the_window);
    after.retain(of_the_window);
    let found = differences(&before, &after);
    Ok(Report::new(window, began_with, lines, [&before, &after], &found))
}

fn next_day(time: Time) -> Time {
    const DAY: i64 = 86_400_000;
    Time::from_millis(time.as_millis().div_euclid(DAY).saturating_add(1).saturating_mul(DAY))
}

/// One run, and what it told.
struct Run {
    watch: Watch,
    alerts: Alerts,
}

impl Run {
    fn take(&mut self, entry: &Numbered) {
        let mut outcome = Outcome::default();
        self.watch.take(entry, &mut outcome);
        self.alerts.take(outcome.changes);
    }
}

/// The two runs side by side.
struct Both {
    before: Run,
    after: Run,
    with: Settings,
}

impl Both {
    fn begin(standing: &mut Watch, with: &Settings, recorded: &Recorded) -> Result<Both, Error> {
        let given: String = recorded.places().digest().iter().map(|byte| format!("{byte:02x}")).collect();
        let kept = standing.settings().places.clone();
        if kept != given {
            return Err(Error::OtherPlaces { kept, given });
        }
        let alerts = Alerts::of(standing);
        let before = Run { watch: standing.fork(), alerts: alerts.clone() };
        let mut after = Run { watch: standing.fork(), alerts };
        after.watch.work_by(&tried(standing.settings(), with));
        Ok(Both { before, after, with: with.clone() })
    }

    /// Settings that were changed within the window change receivers and places for both; the rest for the first alone.
    fn take(&mut self, entry: &Numbered) {
        self.before.take(entry);
        if let Entry::Settings(_) = entry.entry {
            let settings = tried(self.before.watch.settings(), &self.with);
            self.after.take(&Numbered { first: entry.first, entry: Entry::Settings(settings.to_text()) });
        } else {
            self.after.take(entry);
        }
    }
}

/// What stood, with what is tried in the place of all that a trial may change.
fn tried(standing: &Settings, with: &Settings) -> Settings {
    Settings { places: standing.places.clone(), receivers: standing.receivers.clone(), ..with.clone() }
}
