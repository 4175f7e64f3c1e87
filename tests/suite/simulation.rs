//! Seeded seas: what is promised holds whatever receivers, links and clocks do.
//!
//! `SEEDS=n` plays so many, `SEED=n` one alone. What breaks is made smaller and told, with the seed to play it again.

mod crash;
mod craft;
mod mast;
mod plan;
mod play;
mod promises;
mod shrink;

use plan::Plan;
use promises::{Broken, Promise, Seen, keep};
use shrink::{shrink, trace};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// With so many seeds everything there is to see must have been seen.
const ENOUGH: usize = 100;

/// Seeds told of one promise.
const SHOWN: usize = 20;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}

/// Plays the seeds on as many threads as there are cores; gives what broke, by seed, and what was seen in the others.
fn play(
    seeds: RangeInclusive<u64>,
    keep: impl Fn(&Plan) -> Result<Seen, Broken> + Sync,
) -> (BTreeMap<u64, Broken>, Seen) {
    let next = AtomicU64::new(*seeds.start());
    let result = Mutex::new((BTreeMap::new(), Seen::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > *seeds.end() {
                return;
            }
            let kept = keep(&Plan::new(seed));
            let mut result = result.lock().expect("no thread panics");
            match kept {
                Ok(seen) => result.1.add(&seen),
                Err(how) => drop(result.0.insert(seed, how)),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    result.into_inner().expect("no thread panics")
}

/// The seeds asked for.
fn seeds() -> RangeInclusive<u64> {
    match number("SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("SEEDS").unwrap_or(1000),
    }
}

/// One seed in so many also goes through the real stores.
const THROUGH_THE_STORES: u64 = 20;

#[test]
fn a_pipeline_that_dies_anywhere_loses_and_doubles_nothing() {
    let began = std::time::Instant::now();
    let asked = seeds();
    // One seed that is asked for alone is played, whatever its number.
    let every = if asked.start() == asked.end() { 1 } else { THROUGH_THE_STORES };
    let count = asked.clone().filter(|seed| seed.is_multiple_of(every)).count();
    let keep =
        |plan: &Plan| if plan.seed.is_multiple_of(every) { crash::keep(plan) } else { Ok(Seen::default()) };
    let (broken, _) = play(asked, keep);
    println!(
        "{count} seeds through the stores in {:.1} s, {} broken",
        began.elapsed().as_secs_f64(),
        broken.len()
    );
    let text = broken.into_iter().next().map(|(seed, how)| told(seed, how, crash::keep));
    assert!(text.is_none(), "{}", text.unwrap_or_default());
}

/// The failure as a person wants to read it.
fn told(seed: u64, broken: Broken, keep: impl Fn(&Plan) -> Result<Seen, Broken>) -> String {
    let first = format!("seed {seed} breaks {:?}: {}", broken.promise, broken.how);
    let (smallest, how) = shrink(Plan::new(seed), broken, |plan| keep(plan).err());
    format!(
        "{first}\nPlay it again with: make simulate SEED={seed}\nThe smallest plan that still does, by {}:\n{smallest}\n{}",
        how.how,
        trace(&smallest)
    )
}

#[test]
fn a_thousand_seas_keep_what_is_promised() {
    let began = std::time::Instant::now();
    let seeds = seeds();
    let (broken, seen) = play(seeds.clone(), keep);
    println!(
        "{} seeds in {:.1} s, {} broken",
        seeds.clone().count(),
        began.elapsed().as_secs_f64(),
        broken.len()
    );
    let mut tried: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for plan in seeds.clone().map(Plan::new).filter(|plan| plan.innocent) {
        let failed =
            broken.get(&plan.seed).is_some_and(|how| how.promise == Promise::FaultsAloneRaiseNothing);
        let faults = plan.time_faults();
        for fault in &faults {
            let (of, failures) = tried.entry(fault).or_default();
            (*of, *failures) = (*of + 1, *failures + u64::from(failed));
        }
    }
    println!("{seen:?}");
    println!("innocent seas by fault of time, and how many raised something: {tried:?}");
    let mut by_promise: BTreeMap<Promise, Vec<u64>> = BTreeMap::new();
    broken.iter().for_each(|(&seed, how)| by_promise.entry(how.promise).or_default().push(seed));
    for (promise, seeds) in &by_promise {
        println!("{promise:?} is broken by {} seeds", seeds.len());
        for seed in seeds.iter().take(SHOWN) {
            println!("  seed {seed}, {:?}: {}", Plan::new(*seed).time_faults(), broken[seed].how);
        }
    }
    // One of each kind, made small.
    let first = by_promise.values().map(|seeds| seeds[0]);
    let texts: Vec<String> = first.map(|seed| told(seed, broken[&seed].clone(), keep)).collect();
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
    if seeds.count() >= ENOUGH {
        assert!(seen.missing().is_empty(), "never seen: {:?}", seen.missing());
    }
}
