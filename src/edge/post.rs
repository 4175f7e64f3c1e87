//! One receiver's part of the edge: its link, its queue on disk, and what is said of both.

use super::spool::Queue;
use super::status;
use anyhow::Context as _;
use sensors::Time;
use sensors::receiver::{Health, State};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

/// One receiver's part of the edge.
pub(super) struct Post {
    pub(super) name: String,
    pub(super) health: Arc<Health>,
    queue: Mutex<Queue>,
    /// Something waits to be sent.
    pub(super) filled: Notify,
    pub(super) kept_lines: AtomicU64,
    pub(super) link: Mutex<Link>,
    bytes_max: u64,
}

#[derive(Default)]
pub(super) struct Link {
    words: String,
    pub(super) acked_at: Option<Time>,
    pub(super) oldest: Option<Time>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds this")
}

impl Post {
    pub(super) fn new(name: String, queue: Queue, bytes_max: u64) -> Post {
        Post {
            name,
            health: Arc::default(),
            queue: Mutex::new(queue),
            filled: Notify::new(),
            kept_lines: AtomicU64::new(0),
            link: Mutex::new(Link { words: "not tried yet".to_owned(), ..Link::default() }),
            bytes_max,
        }
    }

    /// Whether the receiver can't be heard.
    pub(super) fn has_failed(&self) -> bool {
        self.health.state() == State::Failed
    }

    /// Says how the sending goes.
    pub(super) fn say(&self, words: String) {
        let mut link = lock(&self.link);
        if link.words != words {
            tracing::info!(receiver = self.name, link = words, "link");
            link.words = words;
        }
    }

    /// Does something with the queue where waiting for the disk holds nobody up.
    pub(super) async fn queue<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Queue) -> std::io::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let post = self.clone();
        let done = spawn_blocking(move || work(&mut lock(&post.queue))).await?;
        done.with_context(|| format!("the spool of {}", self.name))
    }

    /// All of it at this moment.
    pub(super) fn status(&self) -> status::Receiver {
        let heard = self.health.snapshot();
        let link = lock(&self.link);
        let queue = lock(&self.queue);
        status::Receiver {
            name: self.name.clone(),
            state: heard.state.name().to_owned(),
            detail: heard.detail,
            lines_heard: heard.lines,
            lines_kept: self.kept_lines.load(Relaxed),
            lines_lost: queue.lost_lines(),
            spool_bytes: queue.bytes(),
            spool_bytes_max: self.bytes_max,
            waiting: queue.waiting(),
            oldest_unsent: link.oldest.filter(|_| queue.waiting() > 0),
            link: link.words.clone(),
            acked_at: link.acked_at,
            acked: queue.acked().number,
        }
    }
}
