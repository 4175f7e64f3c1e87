//! The running watch: spawns the receivers, the pipeline and the console, joins them, and knows them all.

use crate::alert::ChangeKind;
use crate::config::Settings;
use crate::desk::AlertRow;
use crate::edge;
use crate::pipeline::{self, Listeners, Pipeline, Stores};
use crate::place::Places;
use crate::rerun::{Recorded, Worker};
use crate::watch::{self, Watch};
use crate::web::{self, Asked, Coverage, Event, Feed, LivePicture, Receivers, Shared, Status};
use anyhow::Context as _;
use live::Publisher;
use receivers::Counting;
use sensors::receiver::{self, Address, Consignment, Health};
use sensors::{ReceiverId, Time};
use status::Board;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch as channel;
use tokio::task::JoinSet;

mod live;
mod receivers;
mod status;

/// How often the status is made anew.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// How long the workers may take to finish when told to stop; a full disk would otherwise hold them for ever. Ours:
/// less than the 90 s after which systemd kills.
const STOP_MAX: Duration = Duration::from_secs(30);

/// How long requests may still be answered when a store has failed. Ours: the process is gone within a second of it.
const LAST_ANSWERS: Duration = Duration::from_millis(200);

/// Everything that is open and not yet running.
pub struct Daemon {
    settings: Settings,
    core: watch::Settings,
    places: Arc<Places>,
    stores: Stores,
    watch: Watch,
    listener: TcpListener,
    door: Option<Door>,
    first_password: Option<String>,
    started_at: Time,
    recorded: Recorded,
}

/// Where stations beyond the network send to, open and not yet served.
struct Door {
    listener: TcpListener,
    shown: edge::certificate::Shown,
    newest: Vec<Consignment>,
    revoked: edge::revocation::Revoked,
}

/// The edge's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time::from_millis(since.map_or(0, |elapsed| elapsed.as_millis() as i64))
}

impl Daemon {
    /// Opens stores and port, and comes back to where the journal left off. Spawns nothing.
    ///
    /// # Errors
    /// When a store or the port can't be opened; the message names it.
    pub async fn build(
        settings: Settings,
        core: watch::Settings,
        places: Arc<Places>,
        folder: &Path,
    ) -> anyhow::Result<Daemon> {
        let listen = settings.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("serve the console at {listen} (is the port in use?)"))?;
        let (mut stores, first) = Stores::open_on(folder, settings.disk).await?;
        stores.keep_journal_by(settings.journal);
        let watch = stores
            .recover(places.clone(), |reached, last| {
                tracing::info!(reached, last, "reading the journal back");
            })
            .await?;
        let recorded = Recorded::new(folder, places.clone());
        let door = Door::open(&settings, folder, &stores).await?;
        let first_password = first.map(|password| password.reveal().to_owned());
        Ok(Daemon {
            settings,
            core,
            places,
            stores,
            watch,
            listener,
            door,
            first_password,
            started_at: now(),
            recorded,
        })
    }

    /// Where stations beyond the network send to, and the certificate to give to them; `None` without such a door.
    pub fn door(&self) -> Option<(std::net::SocketAddr, &edge::certificate::Shown)> {
        let door = self.door.as_ref()?;
        Some((door.listener.local_addr().ok()?, &door.shown))
    }

    /// Where the console is served.
    ///
    /// # Errors
    /// When the system can't say.
    pub fn address(&self) -> anyhow::Result<std::net::SocketAddr> {
        self.listener.local_addr().context("ask for the port")
    }

    /// The password of the first account, on the first start only.
    pub fn first_password(&self) -> Option<&str> {
        self.first_password.as_deref()
    }

    /// Keeps watch until `stop` is done, then finishes what was begun.
    ///
    /// # Errors
    /// When a worker ends that must not.
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let Daemon { settings, core, places, stores, watch, listener, door, started_at, recorded, .. } = self;
        let health: Vec<Arc<Health>> =
            settings.receiver.iter().map(|_| Arc::new(Health::default())).collect();
        let skipped = stores.skipped().iter().map(|skip| skip.count).sum();
        let board = Board::new(&settings, health.clone(), watch.next() > 1, started_at);
        let board = Arc::new(board.missing(skipped, stores.lost()));
        let (live, live_seen) = channel::channel(Arc::new(LivePicture::default()));
        let (status, status_seen) = channel::channel(Arc::new(Status::default()));
        let (hearing, hearing_seen) = channel::channel(Arc::new(Receivers::default()));
        let (coverage, coverage_seen) = channel::channel(Arc::new(Coverage::default()));
        let asked = Asked::default();
        let feed = Feed::new(started_at.as_millis() as u64);
        let desk = stores.desk.clone();
        let shared = Shared {
            desk: desk.clone(),
            history: stores.history().await?,
            places: places.clone(),
            zones: Arc::new(watch_zones(&core)),
            live: live_seen,
            events: feed.clone(),
            status: status_seen,
            receivers: hearing_seen,
            coverage: coverage_seen,
            coverage_asked: asked.clone(),
            clock: now,
        };
        let router = web::router(shared, web::Settings { listen: settings.listen, behind_tls: false });
        let mut publisher = Publisher::new(live, places, &settings, Counting::new(coverage, asked));
        publisher.publish(&watch, &board);
        let listeners = Listeners {
            understood: Box::new({
                let board = board.clone();
                move |watch| publisher.publish_when_due(watch, &board)
            }),
            changed: Box::new({
                let feed = feed.clone();
                move |rows| tell(&feed, rows)
            }),
            trouble: Box::new({
                let board = board.clone();
                move |trouble| board.trouble(trouble)
            }),
        };
        let clock: pipeline::Clock = if status::replays(&settings) { None } else { Some(Box::new(now)) };
        let mut pipeline = pipeline::start(stores, watch, &core, clock, listeners);
        board.room(pipeline.room());
        let (stopping, stopped) = channel::channel(false);
        let again = Worker {
            recorded,
            desk,
            entries: pipeline.entries.clone(),
            amended: Box::new(move |rows| tell(&feed, rows)),
            stopped: stopped.clone(),
            given: None,
        };
        let again = again.start();
        let mut receivers = listen(&settings, &health, &pipeline, &stopped);
        if let Some(door) = door {
            receivers.spawn(door.serve(&settings, &health, &pipeline, stopped.clone()));
        }
        let serving = tokio::spawn(web::serve(listener, router, until(stopped)));
        let telling = tokio::spawn(keep_telling(status, hearing, board));
        let (ended, works) = tokio::select! {
            () = stop => (Ok(()), true),
            error = pipeline.ended() => (Err(error.context("the journal's or a store's worker has ended")), false),
            error = first_panic(&mut receivers) => (Err(error), true),
        };
        stopping.send_replace(true);
        if !works {
            // What is not durable now never will be, and nothing more is begun. Who waits for an answer is told.
            let _ = tokio::time::timeout(LAST_ANSWERS, serving).await;
            return ended;
        }
        tracing::info!("stopping");
        while receivers.join_next().await.is_some() {}
        telling.abort();
        let again = tokio::task::spawn_blocking(move || again.join());
        let kept = match tokio::time::timeout(STOP_MAX, pipeline.finish()).await {
            Ok(kept) => kept.map(|_| ()),
            Err(_) => Err(anyhow::anyhow!("a store takes nothing; stopped without it")),
        };
        // Streams end when the status and the picture do; what still holds on is let go.
        let _ = tokio::time::timeout(Duration::from_secs(5), serving).await;
        let _ = tokio::time::timeout(Duration::from_secs(5), again).await;
        ended.and(kept)
    }
}

impl Door {
    async fn open(settings: &Settings, folder: &Path, stores: &Stores) -> anyhow::Result<Option<Door>> {
        let Some(listen) = settings.edge.listen else { return Ok(None) };
        let folder = folder.join("edge");
        std::fs::create_dir_all(&folder).with_context(|| format!("make the folder {}", folder.display()))?;
        let shown = edge::certificate::load_or_make(&settings.edge, &folder)?;
        let newest = stores.consignments(&edge::station::chains(&settings.receiver)).await?;
        edge::revocation::note_stations(&folder, &settings.edge.station)
            .context("write the list of stations")?;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("listen for stations at {listen} (is the port in use?)"))?;
        let revoked = edge::revocation::Revoked::new(&folder);
        Ok(Some(Door { listener, shown, newest, revoked }))
    }

    fn serve(
        self,
        settings: &Settings,
        health: &[Arc<Health>],
        pipeline: &Pipeline,
        stopped: channel::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let Door { listener, shown, newest, revoked } = self;
        let (stations, receivers) = (&settings.edge.station, &settings.receiver);
        let heard = pipeline.heard.clone();
        let stations = edge::station::Stations::new(stations, receivers, health, newest, revoked, heard, now);
        edge::server::serve(listener, shown.config, Arc::new(stations), stopped)
    }
}

fn watch_zones(core: &watch::Settings) -> crate::place::zone::Zones {
    crate::place::zone::Zones::new(core.zone.clone()).unwrap_or_default()
}

fn listen(
    settings: &Settings,
    health: &[Arc<Health>],
    pipeline: &Pipeline,
    stopped: &channel::Receiver<bool>,
) -> JoinSet<()> {
    let each = settings.receiver.iter().zip(health).zip(0..);
    // What a station sends comes in by the door.
    let own = each.filter(|((receiver, _), _)| !matches!(receiver.address(), Ok(Address::Edge { .. })));
    own.map(|((receiver, health), id)| {
        let (settings, health) = (receiver.clone(), health.clone());
        receiver::listen(settings, ReceiverId(id), pipeline.heard.clone(), now, health, stopped.clone())
    })
    .collect()
}

/// Waits until a receiver's worker panics; one that has played its recording merely ends.
async fn first_panic(receivers: &mut JoinSet<()>) -> anyhow::Error {
    loop {
        match receivers.join_next().await {
            Some(Ok(())) => {}
            Some(Err(panicked)) => {
                return anyhow::Error::new(panicked).context("a receiver's worker panicked");
            }
            None => std::future::pending().await,
        }
    }
}

fn tell(feed: &Feed, rows: Vec<(ChangeKind, AlertRow)>) {
    for (change, row) in rows {
        if change == ChangeKind::Raised {
            let alert = &row.alert;
            tracing::info!(rule = alert.rule, grade = alert.grade, id = %alert.id, priority = ?alert.priority, "alert raised");
        }
        feed.send(Event::Alert { change, row });
    }
}

async fn keep_telling(
    status: channel::Sender<Arc<Status>>,
    hearing: channel::Sender<Arc<Receivers>>,
    board: Arc<Board>,
) {
    let mut every = tokio::time::interval(STATUS_EVERY);
    loop {
        every.tick().await;
        status.send_replace(Arc::new(board.status()));
        hearing.send_replace(Arc::new(board.hearing()));
    }
}

async fn until(mut stopped: channel::Receiver<bool>) {
    // An error means that whoever could say so is gone.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    #[expect(clippy::panic, reason = "it is what is noticed")]
    async fn a_receiver_that_panics_is_noticed_and_one_that_ends_is_not() {
        let mut receivers = JoinSet::new();
        receivers.spawn(async {});
        let waited = tokio::time::timeout(Duration::from_millis(50), first_panic(&mut receivers)).await;
        assert!(waited.is_err());
        receivers.spawn(async { panic!("on purpose") });
        let error = first_panic(&mut receivers).await;
        assert!(format!("{error:#}").contains("receiver"), "{error:#}");
    }
}
