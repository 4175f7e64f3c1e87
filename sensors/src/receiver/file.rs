//! Plays a recording as if it were heard now: as recorded, so many times faster, or flat out.

use super::batch::Batch;
use super::delivery::Delivery;
use super::health::{Health, State};
use super::replay::{Pace, Reader, ReplayError};
use super::settings::Settings;
use super::stopped;
use crate::{ReceiverId, Span, Time};
use std::error::Error;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

/// Lines due within this time go together.
const TOGETHER: Duration = Duration::from_millis(20);

/// The longest wait between two lines; a longer gap in the recording is passed over. Ours, unproven: nobody who plays
/// a recording waits longer, and one wrong stamp must not stop it for years.
const GAP_MAX: Duration = Duration::from_secs(3600);

/// Why playing ended before the recording did.
enum Interrupted {
    Stopped,
    Failed(ReplayError),
}

pub(super) async fn play(
    path: &Path,
    settings: &Settings,
    id: ReceiverId,
    out: &mpsc::Sender<Delivery>,
    health: &Health,
    stop: &mut watch::Receiver<bool>,
) {
    let pace = settings.pace().unwrap_or(Pace::Times(1.0));
    let mut player = Player { pace, schedule: None, shift: Span::ZERO, pending: Batch::new(id), out, health };
    let options = settings.replay_options(id);
    loop {
        let opened = in_background(path, move |path| Reader::open(path, &options)).await;
        let played = match opened {
            Ok(reader) => tokio::select! {
                () = stopped(stop) => Err(Interrupted::Stopped),
                played = player.play(reader) => played,
            },
            Err(error) => Err(Interrupted::Failed(error)),
        };
        match played {
            Ok(words) if settings.repeat && player.is_moving() => {
                health.set(State::Connected, format!("plays {} again; {words}", path.display()));
            }
            Ok(words) => {
                return health.set(State::Finished, format!("{} is played; {words}", path.display()));
            }
            Err(Interrupted::Stopped) => return health.set(State::Finished, "stopped"),
            Err(Interrupted::Failed(error)) => {
                let why = error.source().map_or(String::new(), |source| format!(": {source}"));
                let why = format!("{error}{why}");
                tracing::error!(receiver = settings.name, why, "recording not played");
                return health.set(State::Failed, why);
            }
        }
    }
}

async fn in_background<T: Send + 'static>(path: &Path, work: impl FnOnce(&Path) -> T + Send + 'static) -> T {
    let path = path.to_owned();
    spawn_blocking(move || work(&path)).await.expect("reading a file neither panics nor is aborted")
}

struct Player<'a> {
    pace: Pace,
    /// When a recorded time is due: the start of playing, and the recorded time then.
    schedule: Option<(Instant, Time)>,
    /// Added to recorded times: how long earlier rounds lasted.
    shift: Span,
    pending: Batch,
    out: &'a mpsc::Sender<Delivery>,
    health: &'a Health,
}

impl Player<'_> {
    /// Plays to the end; what told the time, in words.
    async fn play(&mut self, reader: Reader) -> Result<String, Interrupted> {
        let (_, total) = reader.progress();
        self.health.total.store(total, Relaxed);
        self.health.set(State::Connected, "plays");
        let bytes_before = self.health.bytes.load(Relaxed);
        let (cut_before, blank_before) = (self.health.cut.load(Relaxed), self.health.blank.load(Relaxed));
        let mut reader = reader;
        loop {
            let (next, back) = spawn_blocking(move || (reader.next_batch(), reader))
                .await
                .expect("reading a file neither panics nor is aborted");
            reader = back;
            let (read, _) = reader.progress();
            self.health.read.store(read, Relaxed);
            self.health.bytes.store(bytes_before + read, Relaxed);
            self.health.cut.store(cut_before + reader.cut(), Relaxed);
            self.health.blank.store(blank_before + reader.blank(), Relaxed);
            match next {
                Ok(Some(batch)) => self.play_batch(&batch).await?,
                Ok(None) => break,
                Err(error) => return Err(Interrupted::Failed(error)),
            }
        }
        let times = reader.times();
        if let (Some(first), Some(last)) = (times.first, times.last) {
            let round = last.since(first).as_millis() + 1000;
            self.shift = Span::from_millis(self.shift.as_millis().saturating_add(round));
        }
        let words: Vec<String> = times
            .lines_by_source
            .iter()
            .map(|(source, lines)| format!("{} ({lines} lines)", source.name()))
            .collect();
        Ok(if words.is_empty() { "it is empty".into() } else { format!("time from {}", words.join(", ")) })
    }

    /// Whether a round gave anything: an empty recording is not repeated.
    fn is_moving(&self) -> bool {
        self.shift > Span::ZERO
    }

    async fn play_batch(&mut self, batch: &Batch) -> Result<(), Interrupted> {
        for (time, line) in batch.iter() {
            let time = time + self.shift;
            if let Some(due) = self.due(time)
                && due > Instant::now() + TOGETHER
            {
                self.flush().await?;
                sleep_until(due).await;
            }
            self.pending.push(time, line);
            if self.pending.is_full() {
                self.flush().await?;
            }
        }
        self.flush().await
    }

    /// When a line recorded at `time` is to be played; `None` for at once.
    fn due(&mut self, time: Time) -> Option<Instant> {
        let Pace::Times(speed) = self.pace else {
            return None;
        };
        let now = Instant::now();
        let (began, from) = *self.schedule.get_or_insert((now, time));
        let millis = time.since(from).as_millis();
        // A line from before is due at once.
        let after = Duration::try_from_secs_f64(millis as f64 / 1000.0 / speed).unwrap_or(Duration::ZERO);
        match began.checked_add(after) {
            Some(due) if due <= now + GAP_MAX => Some(due),
            _ => {
                let skipped = self.health.last_heard().map_or(Span::ZERO, |last| time.since(last));
                tracing::warn!(%time, hours = skipped.as_hours(), "gap in the recording passed over");
                self.schedule = Some((now, time));
                None
            }
        }
    }

    async fn flush(&mut self) -> Result<(), Interrupted> {
        if let Some(last) = self.pending.last_arrived_at() {
            self.health.heard(last, self.pending.len());
            self.out.send(self.pending.take().into()).await.map_err(|_| Interrupted::Stopped)?;
        }
        Ok(())
    }
}
