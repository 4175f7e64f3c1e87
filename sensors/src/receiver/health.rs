//! What a technician sees of one receiver: its state in words, and counters that only grow.

use crate::Time;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a receiver stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Dialling, opening, or waiting to try again for the first time.
    #[default]
    Connecting,
    /// Open for whoever sends to it (UDP, TCP server).
    Listening,
    /// A link is open.
    Connected,
    /// The last attempt failed; the detail says why. It is tried again, but for a missing recording.
    Failed,
    /// A recording has been played to its end, or the receiver was told to stop.
    Finished,
}

impl State {
    /// In one lower-case word.
    pub fn name(self) -> &'static str {
        match self {
            State::Connecting => "connecting",
            State::Listening => "listening",
            State::Connected => "connected",
            State::Failed => "failed",
            State::Finished => "finished",
        }
    }
}

/// Shared between the receiver that writes it and the screens that read it. Counters are atomics; the state and
/// its words change seldom and sit behind a short lock.
#[derive(Debug)]
pub struct Health {
    state: Mutex<(State, Arc<str>)>,
    last_heard_at: AtomicI64,
    pub(super) lines: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) cut: AtomicU64,
    pub(super) blank: AtomicU64,
    pub(super) refused_peers: AtomicU64,
    pub(super) reconnects: AtomicU64,
    pub(super) drops: AtomicU64,
    pub(super) lost_lines: AtomicU64,
    pub(super) limited: AtomicU64,
    pub(super) skipped_lines: AtomicU64,
    pub(super) read: AtomicU64,
    pub(super) total: AtomicU64,
    peers: Mutex<Peers>,
}

/// Addresses remembered of those who send and of those refused, each.
const PEERS_MAX: usize = 16;

#[derive(Debug, Clone, Default)]
struct Peers {
    senders: Vec<IpAddr>,
    refused: Vec<IpAddr>,
    skipped: BTreeMap<String, u64>,
}

/// Names of skipped datagrams counted apart; the rest are counted together.
const SKIPPED_MAX: usize = 16;

/// All of a [`Health`] at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Where it stands.
    pub state: State,
    /// Why, in a technician's words.
    pub detail: String,
    /// When the newest line arrived; in a replay, the recording's own time.
    pub last_heard_at: Option<Time>,
    /// Lines passed on.
    pub lines: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Lines cut because they exceed [`LINE_MAX`](super::lines::LINE_MAX).
    pub cut: u64,
    /// Blank lines, which are not passed on.
    pub blank: u64,
    /// Datagrams or connections refused: not on the allow list, or all places taken.
    pub refused_peers: u64,
    /// Times the link was lost and opened again.
    pub reconnects: u64,
    /// Lines lost because the rest of the watch could not keep up (UDP only: everything else waits).
    pub drops: u64,
    /// Lines that never came, by the numbers their source gives them (IEC 61162-450).
    pub lost_lines: u64,
    /// Lines refused because there were more than a receiver at one site can hear; never one of distress.
    pub limited: u64,
    /// Lines that the receiver's profile knows to be no sentences, such as a debug output.
    pub skipped_lines: u64,
    /// Datagrams that hold no sentences, by the name in their header (IEC 61162-450); beyond 16 names, `other`.
    pub skipped: BTreeMap<String, u64>,
    /// Who sends to us (UDP, TCP server): the first 16 addresses.
    pub senders: Vec<IpAddr>,
    /// Who was refused: the first 16 addresses.
    pub refused: Vec<IpAddr>,
    /// Recordings: bytes of the file read and in all.
    pub progress: Option<(u64, u64)>,
}

impl Default for Health {
    fn default() -> Health {
        Health {
            state: Mutex::new((State::Connecting, Arc::from(""))),
            last_heard_at: AtomicI64::new(i64::MIN),
            lines: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            blank: AtomicU64::new(0),
            refused_peers: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            drops: AtomicU64::new(0),
            lost_lines: AtomicU64::new(0),
            limited: AtomicU64::new(0),
            skipped_lines: AtomicU64::new(0),
            read: AtomicU64::new(0),
            total: AtomicU64::new(0),
            peers: Mutex::default(),
        }
    }
}

impl Health {
    /// Reads everything.
    pub fn snapshot(&self) -> Snapshot {
        let (state, detail) = self.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let total = self.total.load(Relaxed);
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Snapshot {
            state,
            detail: detail.to_string(),
            last_heard_at: self.last_heard(),
            lines: self.lines.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            cut: self.cut.load(Relaxed),
            blank: self.blank.load(Relaxed),
            refused_peers: self.refused_peers.load(Relaxed),
            reconnects: self.reconnects.load(Relaxed),
            drops: self.drops.load(Relaxed),
            lost_lines: self.lost_lines.load(Relaxed),
            limited: self.limited.load(Relaxed),
            skipped_lines: self.skipped_lines.load(Relaxed),
            skipped: peers.skipped,
            senders: peers.senders,
            refused: peers.refused,
            progress: (total > 0).then(|| (self.read.load(Relaxed), total)),
        }
    }

    pub(super) fn last_heard(&self) -> Option<Time> {
        Some(self.last_heard_at.load(Relaxed)).filter(|&heard| heard != i64::MIN).map(Time::from_millis)
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn set(&self, state: State, detail: impl Into<String>) {
        let detail = Arc::from(detail.into());
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = (state, detail);
    }

    pub(super) fn heard(&self, at: Time, lines: usize) {
        self.last_heard_at.store(at.as_millis(), Relaxed);
        self.lines.fetch_add(lines as u64, Relaxed);
    }

    /// Remembers a sender; callers keep it off the path of every datagram.
    pub(super) fn sends(&self, peer: IpAddr) {
        remember(&mut self.peers.lock().unwrap_or_else(PoisonError::into_inner).senders, peer);
    }

    /// Counts a datagram or connection that is not let in.
    pub(super) fn refuse(&self, peer: IpAddr, why: &str) {
        self.refused_peers.fetch_add(1, Relaxed);
        if remember(&mut self.peers.lock().unwrap_or_else(PoisonError::into_inner).refused, peer) {
            tracing::warn!(%peer, why, "sender refused");
        }
    }

    /// Counts a datagram that holds no sentences, by the name in its header.
    pub(super) fn skip(&self, name: [u8; 5]) {
        let skipped = &mut self.peers.lock().unwrap_or_else(PoisonError::into_inner).skipped;
        let name = String::from_utf8_lossy(&name);
        if !skipped.contains_key(&*name) && skipped.len() >= SKIPPED_MAX {
            *skipped.entry("other".to_owned()).or_default() += 1;
        } else {
            *skipped.entry(name.into_owned()).or_default() += 1;
        }
    }
}

fn remember(known: &mut Vec<IpAddr>, peer: IpAddr) -> bool {
    let peer = peer.to_canonical();
    let new = known.len() < PEERS_MAX && !known.contains(&peer);
    if new {
        known.push(peer);
    }
    new
}
