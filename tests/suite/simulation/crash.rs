//! The whole pipeline with its real stores, which dies now and then without finishing anything.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use super::plan::Plan;
use super::play::Journal;
use super::promises::{Broken, Promise, Seen};
use crate::restart::{GULF, deaf, journal, kept, lines, runtime};
use crate::sea::{Chance, Heard, PLACES, batches};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;
use watchkeeper::alert::Alert;
use watchkeeper::pipeline::{self, Stores};
use watchkeeper::track::Fix;
use watchkeeper::watch::{Outcome, Settings, Watch};

/// Longest that a run lives after its last line, milliseconds: nothing, something or all of it is kept by then.
const LIVES_ON: usize = 400;

/// What is still on its way into a file when the workers are gone.
const LAST_WRITES: Duration = Duration::from_millis(50);

/// Plays a plan through the stores with a crash or two, and holds them to what the journal that survived gives.
pub(super) fn keep(plan: &Plan) -> Result<Seen, Broken> {
    let played = Journal::of(plan);
    let heard: Vec<Heard> = played.lines.iter().map(|line| line.heard.clone()).collect();
    // In memory where there is such a place: what a power cut takes is another test's matter.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let mut chance = Chance::stream(plan.seed, 7000);
    for _ in 0..1 + chance.below(2) {
        let stop = chance.below(heard.len() + 1);
        part(folder.path(), &heard[..stop], &played.settings, Some(&mut chance))?;
    }
    part(folder.path(), &heard, &played.settings, None)?;
    runtime().block_on(compare(folder.path(), &heard))?;
    Ok(Seen::default())
}

fn broken<T>(how: String) -> Result<T, Broken> {
    Err(Broken { promise: Promise::StoresSurviveACrash, how })
}

/// Goes on with the lines that the journal does not have yet; dies at some moment where there is chance, else ends
/// as it should.
fn part(
    folder: &Path,
    heard: &[Heard],
    settings: &Settings,
    dies: Option<&mut Chance>,
) -> Result<(), Broken> {
    let runtime = runtime();
    let result = runtime.block_on(async {
        let (mut stores, _) = Stores::open(folder).await.unwrap();
        let watch = stores.recover(PLACES.clone(), |_, _| {}).await.unwrap();
        let already = lines(&journal(folder).await);
        if already > heard.len() && dies.is_none() {
            return broken(format!("{already} lines are in the journal, and {} were heard", heard.len()));
        }
        let pipeline = pipeline::start(stores, watch, settings, None, deaf());
        for batch in batches(&heard[already.min(heard.len())..], || 200) {
            pipeline.heard.send(batch.into()).await.unwrap();
        }
        match dies {
            Some(chance) => {
                tokio::time::sleep(Duration::from_millis(chance.below(LIVES_ON) as u64)).await;
                std::mem::forget(pipeline);
            }
            None => drop(pipeline.finish().await.unwrap()),
        }
        Ok(())
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    std::thread::sleep(LAST_WRITES);
    // With the process the system would let the folder go.
    let _ = fs::remove_file(folder.join("lock"));
    result
}

/// The stores against a core that reads the journal without interruption.
async fn compare(folder: &Path, heard: &[Heard]) -> Result<(), Broken> {
    let entries = journal(folder).await;
    if lines(&entries) != heard.len() {
        return broken(format!("{} of {} lines are in the journal", lines(&entries), heard.len()));
    }
    let (mut watch, mut outcome) = (Watch::new(PLACES.clone()), Outcome::default());
    entries.iter().for_each(|entry| watch.take(entry, &mut outcome));
    let mut expected: BTreeMap<String, Alert> = BTreeMap::new();
    for change in outcome.changes {
        expected.insert(change.alert.id.to_string(), change.alert);
    }
    let (alerts, positions) = kept(folder).await;
    if alerts != expected {
        let ids = |alerts: &BTreeMap<String, Alert>| -> Vec<_> {
            alerts
                .iter()
                .map(|(id, alert)| format!("{id} {} version {}", alert.reason.code, alert.version))
                .collect()
        };
        return broken(format!("on the desk {:?}, and the journal gives {:?}", ids(&alerts), ids(&expected)));
    }
    let mut given = outcome.fixes;
    given.retain(|fix| GULF.contains(fix.position));
    given.sort_by_key(|fix: &Fix| (fix.time, fix.track, fix.sequence));
    if positions != given {
        return broken(format!(
            "{} positions in the history, and the journal gives {}",
            positions.len(),
            given.len()
        ));
    }
    Ok(())
}
