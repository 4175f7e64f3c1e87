//! The edge itself: hears its receivers, keeps what they bring, and takes it to the centre when the link is up.
//!
//! For each receiver three tasks and one queue on disk: `listen` hears, [`Keeper`] stamps lines and makes them durable,
//! [`Sender`] sends what waits, one consignment at a time, and forgets what the centre has acknowledged.

use super::keeper::Keeper;
use super::post::Post;
use super::sender::Sender;
use super::settings::Settings;
use super::slots::sync_folder;
use super::spool::Queue;
use super::status::Status;
use super::{key, pin};
use anyhow::Context as _;
use sensors::receiver;
use sensors::{ReceiverId, Time};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};

/// Batches that wait to be kept. A batch holds a mebibyte at most.
const HEARD: usize = 4;

/// How long the centre may take to answer; its disk may be busy, and the link slow.
const ANSWER_MAX: Duration = Duration::from_secs(90);

/// How often the status is written.
const STATUS_EVERY: Duration = Duration::from_secs(2);

/// Keeps a second edge off the folder.
///
/// # Errors
/// When one works there, or the folder can't be used.
pub fn lock_folder(folder: &Path) -> anyhow::Result<File> {
    std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    let path = folder.join("lock");
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = open.with_context(|| format!("open {}", path.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => anyhow::bail!("an edge runs in {} already", folder.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("lock {}", path.display())),
    }
}

/// Hears, keeps and sends until `stop` is done.
///
/// # Errors
/// When something can't be opened, or the disk did not take what was written: then nothing more may be promised.
pub async fn run(
    settings: Settings,
    folder: &Path,
    now: fn() -> Time,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let _lock = lock_folder(folder)?;
    let key = match key::load(folder).context("read the private key")? {
        Some(key) => key,
        None => {
            let key = key::make(folder).context("make a key pair")?;
            let public = key::text(&key.verifying_key());
            tracing::warn!(
                public,
                "a key pair was made; the centre must be told of it, and `watchkeeper edge key` shows how"
            );
            key
        }
    };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(pin::client(&settings.centre.ca)?)
        .no_proxy()
        .connect_timeout(Duration::from_secs(15))
        .timeout(ANSWER_MAX)
        .tcp_keepalive(Duration::from_secs(30))
        .build()
        .context("prepare the link")?;
    let spool = folder.join("spool");
    let bytes_max = settings.spool.share(settings.receiver.len());
    let (stopping, stopped) = watch::channel(false);
    let (mut hearing, mut keeping, mut sending) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
    let mut posts = Vec::new();
    for (receiver, id) in settings.receiver.iter().zip(0..) {
        let queue = Queue::open(&spool.join(&receiver.name), bytes_max, settings.spool.full)
            .with_context(|| format!("open the spool of {}", receiver.name))?;
        let post = Arc::new(Post::new(receiver.name.clone(), queue, bytes_max));
        let (out, heard) = mpsc::channel(HEARD);
        let health = post.health.clone();
        hearing.spawn(receiver::listen(receiver.clone(), ReceiverId(id), out, now, health, stopped.clone()));
        keeping.spawn(Keeper::new(post.clone(), settings.station.clone(), now).run(heard));
        let sender = Sender {
            post: post.clone(),
            station: settings.station.clone(),
            centre: settings.centre.url.clone(),
            key: key.clone(),
            client: client.clone(),
            now,
        };
        sending.spawn(sender.run());
        posts.push(post);
    }
    sync_folder(&spool.join("."))?;
    sending.spawn(keep_telling(posts, settings, folder.to_owned(), now));
    let ended = tokio::select! {
        () = stop => Ok(()),
        error = failed(&mut keeping) => Err(error),
        error = failed(&mut sending) => Err(error),
        error = panicked(&mut hearing) => Err(error),
    };
    tracing::info!("stopping");
    stopping.send_replace(true);
    while hearing.join_next().await.is_some() {}
    while let Some(kept) = keeping.join_next().await {
        kept??;
    }
    sending.shutdown().await;
    ended
}

/// Waits until a task fails; one whose receiver has no more lines merely ends.
async fn failed(tasks: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Error {
    loop {
        match tasks.join_next().await {
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => return error,
            Some(Err(panicked)) => return anyhow::Error::new(panicked).context("a task panicked"),
            None => std::future::pending().await,
        }
    }
}

/// Waits until a receiver's task panics; one that has played its recording merely ends.
async fn panicked(hearing: &mut JoinSet<()>) -> anyhow::Error {
    loop {
        match hearing.join_next().await {
            Some(Ok(())) => {}
            Some(Err(panicked)) => return anyhow::Error::new(panicked).context("a receiver's task panicked"),
            None => std::future::pending().await,
        }
    }
}

async fn keep_telling(
    posts: Vec<Arc<Post>>,
    settings: Settings,
    folder: std::path::PathBuf,
    now: fn() -> Time,
) -> anyhow::Result<()> {
    let mut every = tokio::time::interval(STATUS_EVERY);
    let mut failed = false;
    loop {
        every.tick().await;
        let mut status = Status {
            station: settings.station.clone(),
            centre: settings.centre.url.clone(),
            at: now(),
            full: settings.spool.full,
            receivers: Vec::new(),
        };
        let (posts, folder) = (posts.clone(), folder.clone());
        let writing = spawn_blocking(move || {
            status.receivers = posts.iter().map(|post| post.status()).collect();
            status.write(&folder)
        });
        // Nobody is the worse for an old status; a full disk is told by the spool.
        let written = writing.await?;
        if let Err(error) = &written
            && !failed
        {
            tracing::warn!(%error, "the status can't be written");
        }
        failed = written.is_err();
    }
}
