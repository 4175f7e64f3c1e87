//! The edge itself: hears its receivers, keeps what they bring, and takes it to the centre when the link is up.
//!
//! For each receiver three tasks and one queue on disk: `listen` hears, [`Keeper`] stamps lines and makes them durable,
//! [`Sender`] sends what waits, one consignment at a time, and forgets what the centre has acknowledged.

use super::consignment::{self, Header, Lost, Why};
use super::server::{Answer, PATH};
use super::settings::Settings;
use super::slots::sync_folder;
use super::spool::{Acked, Draft, Loose, Queue};
use super::station::Have;
use super::status::{self, Status};
use super::{key, pin};
use anyhow::Context as _;
use ed25519_dalek::SigningKey;
use sensors::receiver::{self, Backoff, Delivery, Health};
use sensors::{ReceiverId, Time};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, timeout_at};

/// The longest a line waits to be durable here. Source: R3 of the promises, 250 ms, less the time a write takes.
const GATHER: Duration = Duration::from_millis(200);

/// A parcel of so many lines or bytes does not wait. Ours: it bounds the memory of the edge.
const PARCEL_LINES: u32 = 4096;
const PARCEL_BYTES: usize = 256 << 10;

/// Batches that wait to be kept. A batch holds a mebibyte at most.
const HEARD: usize = 4;

/// How long the centre may take to answer; its disk may be busy, and the link slow.
const ANSWER_MAX: Duration = Duration::from_secs(90);

/// How often the status is written.
const STATUS_EVERY: Duration = Duration::from_secs(2);

/// One receiver's part of the edge.
struct Post {
    name: String,
    health: Arc<Health>,
    queue: Mutex<Queue>,
    /// Something waits to be sent.
    filled: Notify,
    kept_lines: AtomicU64,
    link: Mutex<Link>,
    bytes_max: u64,
}

#[derive(Default)]
struct Link {
    words: String,
    acked_at: Option<Time>,
    oldest: Option<Time>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds this")
}

impl Post {
    fn say(&self, words: String) {
        let mut link = lock(&self.link);
        if link.words != words {
            tracing::info!(receiver = self.name, link = words, "link");
            link.words = words;
        }
    }

    /// Does something with the queue where waiting for the disk holds nobody up.
    async fn queue<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Queue) -> std::io::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let post = self.clone();
        let done = spawn_blocking(move || work(&mut lock(&post.queue))).await?;
        done.with_context(|| format!("the spool of {}", self.name))
    }
}

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
            tracing::warn!(public, "a key pair was made; the centre must be told its public key");
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
        let post = Arc::new(Post {
            name: receiver.name.clone(),
            health: Arc::new(Health::default()),
            queue: Mutex::new(queue),
            filled: Notify::new(),
            kept_lines: AtomicU64::new(0),
            link: Mutex::new(Link { words: "not tried yet".to_owned(), ..Link::default() }),
            bytes_max,
        });
        let (out, heard) = mpsc::channel(HEARD);
        let health = post.health.clone();
        hearing.spawn(receiver::listen(receiver.clone(), ReceiverId(id), out, now, health, stopped.clone()));
        let keeper = Keeper { post: post.clone(), station: settings.station.clone(), dropped: 0, now };
        keeping.spawn(keeper.run(heard));
        let sender = Sender {
            post: post.clone(),
            station: settings.station.clone(),
            url: format!("{}{PATH}", settings.centre.url),
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

impl Post {
    fn status(&self) -> status::Receiver {
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

/// Makes durable what one receiver brings.
struct Keeper {
    post: Arc<Post>,
    station: String,
    /// Lines that the link itself had to drop and that were counted already.
    dropped: u64,
    now: fn() -> Time,
}

impl Keeper {
    async fn run(mut self, mut heard: mpsc::Receiver<Delivery>) -> anyhow::Result<()> {
        loop {
            let Some(first) = heard.recv().await else { return Ok(()) };
            let deadline = Instant::now() + GATHER;
            let (mut loose, mut receipts, mut open) = (Loose::default(), Vec::new(), true);
            let mut delivery = Some(first);
            while let Some(Delivery { batch, receipts: waits, .. }) = delivery.take() {
                for (at, line) in batch.iter() {
                    if loose.lines == 0 {
                        loose.heard_first = at;
                    }
                    consignment::stamp(&mut loose.text, &self.station, at, line);
                    loose.lines += 1;
                    loose.heard_last = at;
                }
                receipts.extend(waits);
                if loose.lines < PARCEL_LINES && loose.text.len() < PARCEL_BYTES {
                    match timeout_at(deadline, heard.recv()).await {
                        Ok(Some(next)) => delivery = Some(next),
                        Ok(None) => open = false,
                        Err(_) => {}
                    }
                }
            }
            self.keep(loose).await?;
            receipts.into_iter().for_each(receiver::Receipt::durable);
            if !open {
                return Ok(());
            }
        }
    }

    async fn keep(&mut self, loose: Loose) -> anyhow::Result<()> {
        let drops = self.post.health.snapshot().drops;
        let dropped = drops - std::mem::replace(&mut self.dropped, drops);
        let now = (self.now)();
        let lines = u64::from(loose.lines);
        self.post
            .queue(move |queue| {
                if dropped > 0 {
                    queue.lose(Lost { why: Why::TooFast, lines: Some(dropped), from: now, to: now })?;
                }
                if loose.lines > 0 { queue.keep(&loose) } else { Ok(()) }
            })
            .await?;
        self.post.kept_lines.fetch_add(lines, Relaxed);
        self.post.filled.notify_one();
        Ok(())
    }
}

/// Takes what waits to the centre.
struct Sender {
    post: Arc<Post>,
    station: String,
    url: String,
    key: SigningKey,
    client: reqwest::Client,
    now: fn() -> Time,
}

/// What came of an attempt.
enum Outcome {
    /// The centre has it.
    Kept,
    /// The two differ about the order: what the centre has, and why it refused.
    Differs(Have, String),
    /// It was refused, or nobody was reached.
    Failed(String),
}

impl Sender {
    async fn run(self) -> anyhow::Result<()> {
        let seed = consignment::text_digest(self.post.name.as_bytes());
        let mut backoff = Backoff::new(u64::from_le_bytes(seed[..8].try_into().expect("eight of 32 bytes")));
        loop {
            let next = self.post.queue(|queue| Ok((queue.acked(), queue.draft(None)?))).await?;
            let (acked, Some(draft)) = next else {
                self.post.filled.notified().await;
                continue;
            };
            lock(&self.post.link).oldest = Some(draft.heard_first);
            let header = self.header(acked, &draft).bytes();
            let done = match self.send(&header, &draft).await {
                Outcome::Kept => {
                    self.acknowledged(after(acked, &draft, consignment::digest(&header))).await?;
                    Ok(())
                }
                Outcome::Differs(have, why) => self.settle(acked, have, &why).await?,
                Outcome::Failed(why) => Err(why),
            };
            match done {
                Ok(()) => {
                    backoff.reset();
                    self.post.say("up".to_owned());
                }
                Err(why) => {
                    self.post.say(why);
                    sleep(backoff.wait()).await;
                }
            }
        }
    }

    async fn acknowledged(&self, acked: Acked) -> anyhow::Result<()> {
        self.post.queue(move |queue| queue.ack(acked)).await?;
        lock(&self.post.link).acked_at = Some((self.now)());
        Ok(())
    }

    fn header(&self, acked: Acked, draft: &Draft) -> Header {
        Header {
            station: self.station.clone(),
            receiver: self.post.name.clone(),
            first: acked.number + 1,
            last: acked.number + draft.numbers,
            previous: acked.digest,
            lines: draft.lines,
            heard_first: draft.heard_first,
            heard_last: draft.heard_last,
            text: consignment::text_digest(&draft.text),
            lost: draft.lost,
        }
    }

    async fn send(&self, header: &[u8], draft: &Draft) -> Outcome {
        let wire = consignment::seal(&self.key, header, &draft.text);
        let answered = async {
            let answer = self.client.post(&self.url).body(wire).send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        };
        let (status, body) = match answered.await {
            Ok(answered) => answered,
            Err(error) => {
                return Outcome::Failed(format!("down: {}", crate::telemetry::chain(&error.without_url())));
            }
        };
        let Ok(answer) = serde_json::from_slice::<Answer>(&body) else {
            return Outcome::Failed(format!("down: {} answers {status}, and not as a centre does", self.url));
        };
        match answer.have {
            // An acknowledgement names what it acknowledges.
            Some(have) if status.is_success() && have.digest == consignment::digest(header) => Outcome::Kept,
            Some(have) => Outcome::Differs(have, answer.message),
            None => Outcome::Failed(format!("refused by the centre ({}): {}", answer.kind, answer.message)),
        }
    }

    /// Finds out why the centre has something else than we think, and goes on from there where that is right.
    ///
    /// - It has one more than was acknowledged to us: the acknowledgement was lost. Ours, if its digest is.
    /// - It has another number, and this spool or this key is new: its number is the one to go on from.
    /// - It has less than it acknowledged: its disk was lost. The numbers between become word of what is gone.
    /// - Otherwise somebody else sends under our name, and a person must look.
    async fn settle(&self, acked: Acked, have: Have, why: &str) -> anyhow::Result<Result<(), String>> {
        if have.number > acked.number {
            let upto = acked.place + (have.number - acked.number);
            let draft = self.post.queue(move |queue| queue.draft(Some(upto))).await?;
            let forgotten = self.post.queue(|queue| queue.draft(None)).await?;
            for draft in [draft, forgotten].into_iter().flatten() {
                if consignment::digest(&self.header(acked, &draft).bytes()) == have.digest {
                    self.acknowledged(after(acked, &draft, have.digest)).await?;
                    return Ok(Ok(()));
                }
            }
        }
        let Have { number, digest } = have;
        if acked.adopts {
            tracing::warn!(
                receiver = self.post.name,
                number,
                "the centre knows this receiver; numbers go on from its last"
            );
            let adopted = Acked { place: acked.place, number, digest, adopts: false, forgotten: 0 };
            self.post.queue(move |queue| queue.ack(adopted)).await?;
            return Ok(Ok(()));
        }
        if number < acked.number {
            let forgotten = acked.number - number + acked.forgotten;
            tracing::error!(
                receiver = self.post.name,
                number,
                forgotten,
                "the centre has lost what it had acknowledged"
            );
            let back = Acked { number, digest, forgotten, ..acked };
            self.post.queue(move |queue| queue.ack(back)).await?;
            return Ok(Ok(()));
        }
        Ok(Err(format!(
            "stopped: {why}. The centre has number {number}, which this edge did not send: does another one have the \
             same key? `watchkeeper edge key --new` gives this one a key of its own"
        )))
    }
}

/// How far the centre has acknowledged, once it has this.
fn after(acked: Acked, draft: &Draft, digest: consignment::Digest) -> Acked {
    Acked { place: draft.place, number: acked.number + draft.numbers, digest, adopts: false, forgotten: 0 }
}
