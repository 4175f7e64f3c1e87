//! The sea that the tests watch: recordings and exercises, and the core that makes sense of them.

use sensors::receiver::Batch;
use sensors::receiver::replay::{Options, Reader};
use sensors::{ReceiverId, Time};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use watchkeeper::entry::{Entry, Numbered};
use watchkeeper::exercise::Scenario;
use watchkeeper::journal::Ticker;
use watchkeeper::place::Places;
use watchkeeper::watch::{Outcome, Settings, Watch};

/// The world, with South-East Asia in detail. Read once: it takes a second without optimisation.
pub(crate) static PLACES: LazyLock<Arc<Places>> = LazyLock::new(|| {
    let region = fs::read(at("deploy/places/southeast-asia.places")).expect("it is committed");
    Arc::new(Places::load(&[&region]).expect("it can be read"))
});

/// A file of the project.
pub(crate) fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The settings of the exercises: defaults, and the zones of the Gulf of Thailand.
pub(crate) fn settings() -> Settings {
    let zones = fs::read_to_string(at("fixtures/zones/gulf-of-thailand.toml")).expect("it is committed");
    toml::from_str(&zones).expect("zones are settings")
}

/// One line as a receiver heard it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) receiver: ReceiverId,
    pub(crate) at: Time,
    pub(crate) text: Vec<u8>,
}

/// The recordings under `fixtures/voyages`, by name and in order.
pub(crate) fn voyages() -> Vec<String> {
    let files = fs::read_dir(at("fixtures/voyages")).expect("the folder is there");
    let mut names: Vec<String> = files
        .filter_map(|file| {
            let name =
                file.expect("it can be listed").file_name().into_string().expect("it has a plain name");
            Some(name.strip_suffix(".nmea")?.to_owned())
        })
        .collect();
    names.sort();
    names
}

/// The lines of one recording, header and all, at the times that it tells.
pub(crate) fn voyage(name: &str) -> Vec<Heard> {
    let path = at(&format!("fixtures/voyages/{name}.nmea"));
    let mut reader = Reader::open(&path, &Options::default()).expect("it can be opened");
    let mut heard = Vec::new();
    while let Some(batch) = reader.next_batch().expect("it can be read") {
        heard.extend(batch.iter().map(|(at, text)| Heard {
            receiver: batch.receiver(),
            at,
            text: text.to_owned(),
        }));
    }
    heard
}

/// An exercise as it is played, each receiver's lines its own.
pub(crate) fn exercise(text: &str) -> impl Iterator<Item = Heard> {
    let scenario = Scenario::read(text).unwrap_or_else(|problems| panic!("{problems:?}"));
    scenario.play(None).map(|line| Heard {
        receiver: ReceiverId(line.receiver),
        at: line.time,
        text: line.text.into_bytes(),
    })
}

/// Lines in batches as long as `length` says each time; a batch is one receiver's.
pub(crate) fn batches(heard: &[Heard], mut length: impl FnMut() -> usize) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut room = 0;
    for line in heard {
        let fits = batches.last().is_some_and(|last| last.receiver() == line.receiver);
        if room == 0 || !fits {
            batches.push(Batch::new(line.receiver));
            room = length();
        }
        batches.last_mut().expect("just made").push(line.at, &line.text);
        room -= 1;
    }
    batches
}

/// The core with a journal that is not kept.
pub(crate) struct Core {
    pub(crate) watch: Watch,
    pub(crate) outcome: Outcome,
    ticker: Ticker,
}

impl Core {
    pub(crate) fn new() -> Core {
        let mut core = Core {
            watch: Watch::new(PLACES.clone()),
            outcome: Outcome::default(),
            ticker: Ticker::default(),
        };
        core.take(Entry::Settings(settings().to_text()));
        core
    }

    fn take(&mut self, entry: Entry) {
        let first = self.watch.next();
        self.watch.take(&Numbered { first, entry }, &mut self.outcome);
    }

    pub(crate) fn hear(&mut self, batch: Batch) {
        let mut entries = Vec::new();
        self.ticker.cut(batch, &mut entries);
        entries.into_iter().for_each(|entry| self.take(entry));
    }

    /// Puts the state away and takes it out again, as a restart does.
    pub(crate) fn restart(&mut self) {
        self.watch = Watch::restore(&self.watch.save(), PLACES.clone()).expect("its own state");
    }

    pub(crate) fn hear_all(heard: &[Heard]) -> Core {
        let mut core = Core::new();
        batches(heard, || 1000).into_iter().for_each(|batch| core.hear(batch));
        core
    }
}

/// Chance that comes out the same each time (xorshift64*).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A stream of a seed that has nothing to do with its others.
    pub(crate) fn stream(seed: u64, number: u64) -> Chance {
        let mixed = (seed ^ number.rotate_left(32)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mut chance = Chance::new(mixed ^ mixed >> 29 ^ number);
        (0..3).for_each(|_| _ = chance.below(2));
        chance
    }

    /// From 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.below(1 << 30) as f64 / f64::from(1 << 30)
    }

    /// Whether something comes about that does so in this share of cases.
    pub(crate) fn share(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of `0..n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}
