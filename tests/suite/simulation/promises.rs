//! What is promised of every sea, and what breaks it.

use super::craft::Doing;
use super::plan::Plan;
use super::play::{self, Journal, Run, run, run_on};
use crate::sea::Chance;
use sensors::sentence::{Item, Reject, Vdm, assembly, items};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use watchkeeper::alert::{ChangeKind, Priority};
use watchkeeper::geo::NAUTICAL_MILE;
use watchkeeper::track::{self, Fix, Standing, TrackId};

/// A promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Promise {
    BatchesNeverShow,
    ThreadsNeverShow,
    ARestartNeverShows,
    FaultsAloneRaiseNothing,
    /// Not of the core: a sea without faults in which nobody is suspicious raises nothing, or it proves nothing.
    TheInnocentAreInnocent,
    EveryCallForHelpIsRaised,
    EveryLineIsCounted,
    NothingOutgrowsItsBound,
    TwoVesselsAreNeverOneTrack,
    NothingPanics,
    StoresSurviveACrash,
}

/// A promise that was broken, and how.
#[derive(Debug, Clone)]
pub(super) struct Broken {
    pub(super) promise: Promise,
    pub(super) how: String,
}

type Kept = Result<(), Broken>;

/// What was there to see, so that nobody takes an empty sea for a promise kept.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen(BTreeMap<&'static str, u64>);

impl Seen {
    pub(super) fn add(&mut self, other: &Seen) {
        other.0.iter().for_each(|(what, n)| *self.0.entry(what).or_default() += n);
    }

    /// What was never seen.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        self.0.iter().filter(|(_, n)| **n == 0).map(|(what, _)| *what).collect()
    }

    fn of(journal: &Journal, run: &Run) -> Seen {
        let (watch, outcome) = (&run.watch, &run.outcome);
        let counts = watch.counts();
        let completed = journal.lines.iter().filter(|line| line.completes_call.is_some()).count();
        let late = outcome.fixes.iter().filter(|fix| fix.standing == Standing::Late).count();
        let receivers = watch.receivers();
        let feeds = receivers.iter().filter(|receiver| receiver.stations.each.len() > 1);
        let distrusted = feeds.clone().flat_map(|feed| &feed.stations.each);
        let distrusted = distrusted.filter(|station| station.clock.quarantined).count();
        let mut seen = watch.alerts_by_rule();
        seen.extend([
            ("lines", counts.lines),
            ("messages", counts.messages),
            ("repeated", watch.repeated()),
            ("feeds of several stations", feeds.count() as u64),
            ("their stations not trusted", distrusted as u64),
            ("stamps refused", counts.stamp_refused),
            ("bad checksums", counts.refused_of(Reject::BadChecksum)),
            ("bad TAG blocks", counts.refused_of(Reject::BadTagChecksum)),
            ("parts alone", counts.refused_of(Reject::OrphanPart)),
            ("parts repeated", counts.refused_of(Reject::RepeatedPart)),
            ("calls for help", completed as u64),
            ("positions", outcome.fixes.len() as u64),
            ("late positions", late as u64),
            ("claims", outcome.claims.len() as u64),
        ]);
        Seen(seen)
    }
}

fn hold(is_kept: bool, promise: Promise, how: impl FnOnce() -> String) -> Kept {
    if is_kept { Ok(()) } else { Err(Broken { promise, how: how() }) }
}

/// Plays a plan and holds the core to every promise.
pub(super) fn keep(plan: &Plan) -> Result<Seen, Broken> {
    let kept = catch_unwind(AssertUnwindSafe(|| {
        let journal = Journal::of(plan);
        let whole = run(&journal.entries, &[]);
        same_answer(plan, &journal, &whole)?;
        faults_alone_raise_nothing(plan, &whole)?;
        calls_are_raised(&journal, &whole)?;
        lines_are_counted(&journal, &whole)?;
        bounds_hold(&journal, &whole)?;
        tracks_are_possible(plan, &journal, &whole)?;
        Ok(Seen::of(&journal, &whole))
    }));
    kept.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Broken { promise: Promise::NothingPanics, how: text.unwrap_or_else(|| "a panic".to_owned()) })
    })
}

/// Threads that the same journal is read on again.
const THREADS: usize = 4;

/// Other batches, four threads and restarts at once; told apart only when the answer is another.
fn same_answer(plan: &Plan, journal: &Journal, whole: &Run) -> Kept {
    let entries = journal.cut_at_random(plan.seed);
    let mut chance = Chance::stream(plan.seed, 6000);
    let restarts: Vec<usize> = (0..1 + chance.below(3)).map(|_| chance.below(entries.len())).collect();
    let all = run_on(THREADS, &entries, &restarts);
    if differs(whole, &all).is_none() {
        return Ok(());
    }
    if let Some(how) = differs(whole, &run(&entries, &[])) {
        return Err(Broken { promise: Promise::BatchesNeverShow, how });
    }
    if let Some(how) = differs(whole, &run_on(THREADS, &entries, &[])) {
        return Err(Broken { promise: Promise::ThreadsNeverShow, how });
    }
    match differs(whole, &all) {
        Some(what) => {
            let how = format!("{what}, restarted before the entries {restarts:?} of {}", entries.len());
            Err(Broken { promise: Promise::ARestartNeverShows, how })
        }
        None => Ok(()),
    }
}

fn differs(a: &Run, b: &Run) -> Option<String> {
    let (x, y) = (&a.outcome, &b.outcome);
    let first = |a: usize, b: usize, same: &dyn Fn(usize) -> bool| {
        (0..a.min(b)).find(|&i| !same(i)).unwrap_or(a.min(b))
    };
    if x.fixes != y.fixes {
        let at = first(x.fixes.len(), y.fixes.len(), &|i| x.fixes[i] == y.fixes[i]);
        return Some(format!("other positions: {:?} and {:?}", x.fixes.get(at), y.fixes.get(at)));
    }
    if x.claims != y.claims {
        let at = first(x.claims.len(), y.claims.len(), &|i| x.claims[i] == y.claims[i]);
        return Some(format!("other claims: {:?} and {:?}", x.claims.get(at), y.claims.get(at)));
    }
    if x.changes != y.changes {
        let at = first(x.changes.len(), y.changes.len(), &|i| x.changes[i] == y.changes[i]);
        return Some(format!("other alerts: {:#?} and {:#?}", x.changes.get(at), y.changes.get(at)));
    }
    if x.hearings != y.hearings || x.late != y.late {
        return Some("other hearings, or others came late".to_owned());
    }
    (a.state() != b.state()).then(|| "another state".to_owned())
}

fn faults_alone_raise_nothing(plan: &Plan, run: &Run) -> Kept {
    let raised = |run: &Run| {
        let changes = &mut run.outcome.changes.iter();
        changes.find(|change| change.kind == ChangeKind::Raised).cloned()
    };
    let Some(first) = raised(run).filter(|_| plan.innocent) else { return Ok(()) };
    let clear = play::run(&Journal::of(&plan.without_faults()).entries, &[]);
    let promise = match raised(&clear) {
        Some(_) => Promise::TheInnocentAreInnocent,
        None => Promise::FaultsAloneRaiseNothing,
    };
    hold(false, promise, || {
        let alert = first.alert;
        let who: Vec<_> = alert.subjects.iter().map(|subject| subject.called()).collect();
        format!(
            "{} {:?} at {}: {who:?} {:?}",
            alert.reason.code, alert.priority, alert.raised_at, alert.reason.params
        )
    })
}

fn calls_are_raised(journal: &Journal, run: &Run) -> Kept {
    let raised: BTreeSet<u32> = (run.outcome.changes.iter())
        .filter(|change| change.alert.priority == Priority::Distress)
        .flat_map(|change| change.alert.subjects.iter().map(|subject| subject.mmsi.0))
        .collect();
    let calls = journal.lines.iter().zip(&journal.sequences);
    let unheard = calls
        .filter_map(|(line, sequence)| Some((line.completes_call?, sequence)))
        .find(|(mmsi, _)| !raised.contains(&mmsi.0));
    hold(unheard.is_none(), Promise::EveryCallForHelpIsRaised, || {
        let (mmsi, sequence) = unheard.expect("just found");
        format!("MMSI {} called in entry {sequence}, and nothing was raised", mmsi.0)
    })
}

/// What the lines of a journal hold, each looked at alone.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    sentences: u64,
    refused: u64,
    single: u64,
    parts: u64,
}

fn tally(journal: &Journal) -> Result<Tally, Broken> {
    let mut tally = Tally::default();
    for line in &journal.lines {
        let mut any = false;
        for item in items(&line.heard.text) {
            any = true;
            match item {
                Item::Sentence(sentence) => {
                    tally.sentences += 1;
                    match Vdm::read(&sentence) {
                        Some(Ok(vdm)) if vdm.total == 1 => tally.single += 1,
                        Some(Ok(_)) => tally.parts += 1,
                        Some(Err(_)) | None => {}
                    }
                }
                Item::Refused(_) | Item::Json(_) => tally.refused += 1,
                Item::Tag(_) => {}
            }
        }
        let blank = line.heard.text.trim_ascii().is_empty() || line.heard.text.starts_with(b"#");
        let text = || format!("nothing came of {:?}", String::from_utf8_lossy(&line.heard.text));
        hold(any || blank, Promise::EveryLineIsCounted, text)?;
    }
    Ok(tally)
}

const OF_PARTS: [Reject; 4] =
    [Reject::OrphanPart, Reject::AmbiguousPart, Reject::EvictedPart, Reject::RepeatedPart];

fn lines_are_counted(journal: &Journal, run: &Run) -> Kept {
    let counts = run.watch.counts();
    let tally = tally(journal)?;
    let by_kind: u64 = counts.refused_by_kind.values().sum();
    let parts_refused: u64 = OF_PARTS.into_iter().map(|kind| counts.refused_of(kind)).sum();
    // Nothing here has more than two parts.
    let joined = 2 * counts.messages.saturating_sub(tally.single);
    let waiting = tally.parts.checked_sub(joined + parts_refused);
    let later = counts.refused.checked_sub(tally.refused);
    let sums = [
        ("lines", counts.lines, journal.lines.len() as u64),
        ("sentences", counts.sentences, tally.sentences),
        ("messages by type", counts.messages_by_type.iter().sum(), counts.messages),
        ("refused by kind", by_kind, counts.refused),
        ("refused after their checksum", later.unwrap_or(u64::MAX), parts_refused),
        ("fixes", run.watch.tracks_and_fixes().1, run.outcome.fixes.len() as u64),
    ];
    for (what, counted, true_) in sums {
        hold(counted == true_, Promise::EveryLineIsCounted, || {
            format!("{what}: counted {counted}, and there were {true_}; {tally:?}; {counts:?}")
        })?;
    }
    let fits = waiting.is_some_and(|waiting| waiting <= assembly::OPEN_MAX as u64);
    hold(fits, Promise::EveryLineIsCounted, || format!("parts without a fate: {tally:?}; {counts:?}"))
}

fn bounds_hold(journal: &Journal, run: &Run) -> Kept {
    let most = journal.settings.track.tracks_max;
    let live = run.watch.picture().all().count();
    hold(live <= most, Promise::NothingOutgrowsItsBound, || format!("{live} tracks of {most}"))?;
    let open = run.watch.open_alerts().count();
    let cases = journal.settings.alert.cases_max;
    hold(open <= cases, Promise::NothingOutgrowsItsBound, || format!("{open} alerts of {cases}"))
}

/// The positions that moved each track, in order.
fn used(run: &Run) -> BTreeMap<TrackId, Vec<&Fix>> {
    let mut tracks: BTreeMap<TrackId, Vec<&Fix>> = BTreeMap::new();
    for fix in run.outcome.fixes.iter().filter(|fix| fix.standing == Standing::Used) {
        tracks.entry(fix.track).or_default().push(fix);
    }
    tracks
}

/// Whether a vessel can have come from one to the other: as it said that it went, and as much aside as is allowed.
fn reaches(from: &Fix, to: &Fix, settings: &track::Settings) -> bool {
    let hours = to.time.since(from.time).abs().as_hours();
    let said = [from, to].iter().filter_map(|fix| fix.knots()).map(|knots| knots.0).fold(0.0, f64::max);
    let aside = settings.speed_max.0 * libm::hypot(hours, settings.buffer_hours);
    from.position.distance(to.position).0 / NAUTICAL_MILE <= (said * hours + aside) * 1.01
}

fn tracks_are_possible(plan: &Plan, journal: &Journal, run: &Run) -> Kept {
    let settings = &journal.settings.track;
    let crafts = journal.craft_by_sequence();
    let far: Vec<usize> = (plan.craft.iter())
        .filter(|craft| matches!(craft.doing, Doing::FarTwin { .. }))
        .map(|craft| craft.number)
        .collect();
    let promise = Promise::TwoVesselsAreNeverOneTrack;
    for (track, fixes) in used(run) {
        for (at, &fix) in fixes.iter().enumerate().skip(1) {
            // It continues one of the last few: those between were passed over.
            let before = &fixes[at.saturating_sub(settings.lookback)..at];
            hold(before.iter().any(|earlier| reaches(earlier, fix, settings)), promise, || {
                format!("track {track} can't have come to entry {}", fix.sequence)
            })?;
        }
        let of: BTreeSet<usize> = fixes.iter().filter_map(|fix| crafts.get(&fix.sequence).copied()).collect();
        let mixed = of.len() > 1 && of.iter().any(|number| far.contains(number));
        // A clock that jumps gives a vessel the time to have come from there.
        hold(!mixed || !plan.time_faults().is_empty(), promise, || {
            format!("track {track} is of the craft {of:?}")
        })?;
    }
    Ok(())
}
