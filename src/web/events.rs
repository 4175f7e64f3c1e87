//! Server-sent events: alerts as they are raised, what officers do, and the state of the watch every few seconds.

use super::{
    App,
    alerts::RowView,
    error::{Error, Problem},
    extract::Officer,
    status,
};
use crate::alert::{AlertId, ChangeKind};
use crate::desk::AlertRow;
use axum::{
    extract::State,
    http::{HeaderMap, HeaderName},
    response::{IntoResponse, sse},
};
use futures_util::stream;
use serde::Serialize;
use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

/// Browsers that may listen at a time.
pub(super) const LISTENERS_MAX: usize = 64;

/// Events kept for browsers that were away, and for slow ones; who missed more is told to load again.
/// Ours, unproven: a busy night raises some hundred alerts.
const KEPT: usize = 512;

/// How often the state of the watch is told; also how soon an ended session's stream ends.
const STATUS_EVERY: Duration = Duration::from_secs(5);

/// What browsers are told.
#[derive(Debug, Clone)]
pub enum Event {
    /// The core changed an alert.
    Alert {
        /// How.
        change: ChangeKind,
        /// As it now is.
        row: AlertRow,
    },
    /// An officer did something with an alert.
    Desk(AlertRow),
}

/// Where events go in, once, and come out to every browser that listens. Never waits for one of them.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    /// Tells this start of the daemon from others, whose numbers began at 1 too.
    epoch: u64,
    recent: Mutex<Recent>,
    sender: broadcast::Sender<Sent>,
}

#[derive(Default)]
struct Recent {
    /// The number of the newest event.
    newest: u64,
    events: VecDeque<Sent>,
}

#[derive(Clone)]
struct Sent {
    number: u64,
    kind: &'static str,
    data: Arc<str>,
}

#[derive(Serialize)]
struct AlertEvent {
    id: AlertId,
    change: ChangeKind,
    row: RowView,
}

#[derive(Serialize)]
struct DeskEvent {
    id: AlertId,
    row: RowView,
}

impl Feed {
    /// A feed nobody listens to yet. `epoch` is different at each start: the time of the start will do.
    pub fn new(epoch: u64) -> Feed {
        let recent = Mutex::default();
        Feed(Arc::new(Inner { epoch, recent, sender: broadcast::Sender::new(KEPT) }))
    }

    /// Tells every browser.
    pub fn send(&self, event: Event) {
        let (kind, json) = match event {
            Event::Alert { change, row } => {
                let event = AlertEvent { id: row.alert.id, change, row: RowView::short(row) };
                ("alert", serde_json::to_string(&event))
            }
            Event::Desk(row) => {
                let event = DeskEvent { id: row.alert.id, row: RowView::short(row) };
                ("desk", serde_json::to_string(&event))
            }
        };
        self.put(kind, Arc::from(json.expect("an alert's view is JSON")));
    }

    fn put(&self, kind: &'static str, data: Arc<str>) {
        let mut recent = self.recent();
        recent.newest += 1;
        let sent = Sent { number: recent.newest, kind, data };
        if recent.events.len() == KEPT {
            recent.events.pop_front();
        }
        recent.events.push_back(sent.clone());
        // Under the lock, so that numbers go out in order; nobody listening is no error.
        let _ = self.0.sender.send(sent);
    }

    /// Listens from now on, and gives what came after the event with the id `last`; `None` when that can't be told.
    fn listen(&self, last: Option<&str>) -> (Option<Vec<Sent>>, u64, broadcast::Receiver<Sent>) {
        let recent = self.recent();
        let receiver = self.0.sender.subscribe();
        let Some(last) = last else {
            return (Some(Vec::new()), recent.newest, receiver);
        };
        let number = last.split_once('-').and_then(|(epoch, number)| {
            (epoch.parse() == Ok(self.0.epoch)).then(|| number.parse::<u64>().ok()).flatten()
        });
        let missed =
            number.filter(|n| *n <= recent.newest && recent.newest - n <= recent.events.len() as u64);
        let missed = missed.map(|n| recent.events.iter().filter(|e| e.number > n).cloned().collect());
        let from = if missed.is_some() { number.unwrap_or_default() } else { recent.newest };
        (missed, from, receiver)
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.0.recent.lock().expect("nobody panics while adding an event")
    }
}

/// One browser that listens.
struct Listener {
    app: App,
    officer: Officer,
    /// The number of the last event it was sent.
    at: u64,
    resync: bool,
    /// It was too slow: it is cut, and comes back for everything.
    cut: bool,
    missed: VecDeque<Sent>,
    receiver: broadcast::Receiver<Sent>,
    status: watch::Receiver<Arc<status::Status>>,
    tick: tokio::time::Interval,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    fn id(&self) -> String {
        format!("{}-{}", self.app.shared.events.0.epoch, self.at)
    }

    fn event(&mut self, sent: &Sent) -> sse::Event {
        self.at = sent.number;
        sse::Event::default().event(sent.kind).id(self.id()).data(&*sent.data)
    }

    /// The next event; `None` when the stream ends: signed out, or the daemon stops.
    async fn next(&mut self) -> Option<sse::Event> {
        if self.cut {
            return None;
        }
        if std::mem::take(&mut self.resync) {
            return Some(sse::Event::default().event("resync").id(self.id()).data("{}"));
        }
        if let Some(sent) = self.missed.pop_front() {
            return Some(self.event(&sent));
        }
        loop {
            tokio::select! {
                biased;
                received = self.receiver.recv() => match received {
                    Ok(sent) => return Some(self.event(&sent)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        self.app.pressure.events_lagged.fetch_add(1, Relaxed);
                        self.cut = true;
                        return Some(sse::Event::default().event("resync").id(self.id()).data("{}"));
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                changed = self.status.changed() => changed.ok()?,
                _ = self.tick.tick() => {
                    let desk = &self.app.shared.desk;
                    let session = desk.session(&self.officer.token, self.app.now(), false).await;
                    session.inspect_err(|e| tracing::error!(cause = %e, "look at a session")).ok()??;
                    let json = serde_json::to_string(&self.app.status()).expect("the status is JSON");
                    return Some(sse::Event::default().event("status").id(self.id()).data(json));
                }
            }
        }
    }
}

/// Streams events: `alert`, `desk`, `status` every 5 s, and `resync` when some were missed and everything has to
/// be loaded again; a browser that is too slow gets `resync` and is cut, and comes back. Resumes after `Last-Event-ID`.
#[utoipa::path(get, path = "/api/events", tag = "live",
    params(("Last-Event-ID" = Option<String>, Header, description = "the id of the last event received")),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 401, body = Problem),
        (status = 503, body = Problem)))]
pub(super) async fn events(
    State(app): State<App>,
    officer: Officer,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Error> {
    let place = Arc::clone(&app.listeners).try_acquire_owned().map_err(|_| {
        app.pressure.listeners_refused.fetch_add(1, Relaxed);
        Error::busy("too many browsers are listening")
    })?;
    let last = headers.get("last-event-id").map(|v| v.to_str().unwrap_or_default());
    let (missed, at, receiver) = app.shared.events.listen(last);
    let mut tick = tokio::time::interval(STATUS_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let status = app.shared.status.clone();
    let resync = missed.is_none();
    let missed = missed.unwrap_or_default().into();
    let listener =
        Listener { app, officer, at, resync, cut: false, missed, receiver, status, tick, _place: place };
    let stream = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    // A proxy in between shall pass each event on at once.
    Ok(([(HeaderName::from_static("x-accel-buffering"), "no")], sse::Sse::new(stream)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(events: usize) -> Feed {
        let feed = Feed::new(7);
        for _ in 0..events {
            feed.put("desk", Arc::from("{}"));
        }
        feed
    }

    fn missed(feed: &Feed, last: &str) -> Option<Vec<u64>> {
        feed.listen(Some(last)).0.map(|events| events.iter().map(|e| e.number).collect())
    }

    #[test]
    fn gives_what_came_after_the_last_one_seen() {
        let feed = feed(5);
        assert_eq!(missed(&feed, "7-3"), Some(vec![4, 5]));
        assert_eq!(missed(&feed, "7-5"), Some(vec![]));
        assert_eq!(missed(&feed, "7-0"), Some(vec![1, 2, 3, 4, 5]));
    }

    #[test]
    fn says_so_when_it_cannot_tell_what_came_after() {
        let feed = feed(KEPT + 10);
        assert_eq!(missed(&feed, "7-10").map(|m| m.len()), Some(KEPT));
        for last in ["7-9", "6-500", "7-9999", "x", ""] {
            assert_eq!(missed(&feed, last), None, "{last}");
        }
    }
}
