//! What the centre knows of its stations: their keys, who is revoked, and what it has of each chain. Here a consignment
//! is believed or refused.

use super::consignment::{self, Digest, Fault, Header, Lost, Received};
use super::key;
use super::revocation::Revoked;
use super::settings::Station;
use ed25519_dalek::VerifyingKey;
use sensors::receiver::{self, Address, Batch, Consignment, Delivery, Health, Receipt, State};
use sensors::{ReceiverId, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedMutexGuard, mpsc};

/// What the centre has of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Have {
    /// The last number.
    pub number: u64,
    /// The digest of the consignment that ended with it.
    #[serde(with = "hex::serde")]
    pub digest: Digest,
}

/// Why a consignment is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody of that name is known.
    #[error("no station of that name is known here")]
    UnknownStation,
    /// Its key is good no more.
    #[error("the station's key has been revoked")]
    Revoked,
    /// It is not what it says it is.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The station is known and this receiver is not.
    #[error("no receiver here is connected to edge://{0}")]
    UnknownReceiver(String),
    /// Its numbers came before.
    #[error("replayed: it ends with {last}, and {} is the last one here", have.number)]
    Replayed {
        /// The number it ends with.
        last: u64,
        /// What is here.
        have: Have,
    },
    /// Another one of that number came before.
    #[error("altered: another consignment with number {} is kept here", have.number)]
    Altered {
        /// What is here.
        have: Have,
    },
    /// Some of its numbers came before.
    #[error("it begins with {first}, and {} is the last one here", have.number)]
    Overlaps {
        /// The number it begins with.
        first: u64,
        /// What is here.
        have: Have,
    },
    /// Something is missing before it.
    #[error("out of order: it begins with {first}, and {} is expected", have.number + 1)]
    Gap {
        /// The number it begins with.
        first: u64,
        /// What is here.
        have: Have,
    },
    /// It follows another one than the one that is here.
    #[error("it follows another consignment {} than the one that is kept here", have.number)]
    Forked {
        /// What is here.
        have: Have,
    },
    /// The one before is still on its way to the journal.
    #[error("one of this receiver is being written down; try again")]
    Busy,
    /// Nothing can be taken at present.
    #[error("nothing can be taken at present: {0}")]
    Closed(String),
}

impl Refusal {
    /// In one lower-case word.
    pub fn kind(&self) -> &'static str {
        match self {
            Refusal::UnknownStation => "unknown_station",
            Refusal::Revoked => "revoked",
            Refusal::Fault(Fault::Unreadable) => "unreadable",
            Refusal::Fault(Fault::Forged) => "forged",
            Refusal::Fault(Fault::TooLarge) => "too_large",
            Refusal::Fault(Fault::Altered) | Refusal::Altered { .. } => "altered",
            Refusal::UnknownReceiver(_) => "unknown_receiver",
            Refusal::Replayed { .. } => "replayed",
            Refusal::Overlaps { .. } => "overlaps",
            Refusal::Gap { .. } => "gap",
            Refusal::Forked { .. } => "forked",
            Refusal::Busy => "busy",
            Refusal::Closed(_) => "closed",
        }
    }

    /// As an HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::UnknownStation | Refusal::Revoked | Refusal::Fault(Fault::Forged) => 403,
            Refusal::Fault(Fault::TooLarge) => 413,
            Refusal::Fault(Fault::Unreadable | Fault::Altered) => 400,
            Refusal::UnknownReceiver(_) => 404,
            Refusal::Busy | Refusal::Closed(_) => 503,
            _ => 409,
        }
    }

    /// What is here, where that is what the two differ about.
    pub fn have(&self) -> Option<Have> {
        match self {
            Refusal::Replayed { have, .. }
            | Refusal::Altered { have }
            | Refusal::Overlaps { have, .. }
            | Refusal::Gap { have, .. }
            | Refusal::Forked { have } => Some(*have),
            _ => None,
        }
    }
}

/// Whether a genuine consignment is the next one (`true`), or the last one once more (`false`). A chain of which nothing
/// is here may begin anywhere: its signature is proof enough, and what came before is not here to be doubled.
fn is_next(have: Option<Have>, header: &Header, digest: Digest) -> Result<bool, Refusal> {
    let Some(have) = have else { return Ok(true) };
    let Header { first, last, .. } = *header;
    match () {
        () if last == have.number && digest == have.digest => Ok(false),
        () if last == have.number => Err(Refusal::Altered { have }),
        () if last < have.number => Err(Refusal::Replayed { last, have }),
        () if first <= have.number => Err(Refusal::Overlaps { first, have }),
        () if first > have.number + 1 => Err(Refusal::Gap { first, have }),
        () if header.previous != have.digest => Err(Refusal::Forked { have }),
        () => Ok(true),
    }
}

/// One receiver of one station.
#[derive(Debug)]
struct Chain {
    id: ReceiverId,
    health: Arc<Health>,
    idle: Duration,
    /// Held while a consignment is on its way to the journal.
    have: Arc<tokio::sync::Mutex<Option<Have>>>,
    taken: Mutex<Option<Instant>>,
}

/// Refusals that are logged once each until the chain goes on. Ours.
const TOLD_MAX: usize = 256;

/// All stations.
#[derive(Debug)]
pub struct Stations {
    keys: BTreeMap<String, VerifyingKey>,
    chains: BTreeMap<String, Chain>,
    revoked: Mutex<Revoked>,
    heard: mpsc::Sender<Delivery>,
    now: fn() -> Time,
    told: Mutex<BTreeSet<(String, &'static str)>>,
}

/// The names of the chains that these receivers are fed by.
pub fn chains(receivers: &[receiver::Settings]) -> Vec<String> {
    let chain = |receiver: &receiver::Settings| match receiver.address() {
        Ok(Address::Edge { station, receiver }) => Some(consignment::chain(&station, &receiver)),
        _ => None,
    };
    receivers.iter().filter_map(chain).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds this")
}

impl Stations {
    /// The stations and receivers of checked settings, with the newest consignment that the journal has of each chain.
    pub fn new(
        stations: &[Station],
        receivers: &[receiver::Settings],
        health: &[Arc<Health>],
        newest: Vec<Consignment>,
        revoked: Revoked,
        heard: mpsc::Sender<Delivery>,
        now: fn() -> Time,
    ) -> Stations {
        let keys = stations
            .iter()
            .filter_map(|station| Some((station.name.clone(), key::parse(&station.key).ok()?)));
        let mut known: BTreeMap<String, Have> = newest
            .into_iter()
            .map(|newest| {
                let have = Have { number: newest.number, digest: consignment::digest(&newest.header) };
                (newest.chain, have)
            })
            .collect();
        let mut chains = BTreeMap::new();
        for ((receiver, health), id) in receivers.iter().zip(health).zip(0..) {
            let Ok(Address::Edge { station, receiver: name }) = receiver.address() else { continue };
            health.set(State::Listening, format!("waits for station {station}"));
            let chain = consignment::chain(&station, &name);
            let have = Arc::new(tokio::sync::Mutex::new(known.remove(&chain)));
            let idle = Duration::from_secs(receiver.idle_timeout_seconds.into());
            chains.insert(
                chain,
                Chain { id: ReceiverId(id), health: health.clone(), idle, have, taken: Mutex::default() },
            );
        }
        let (revoked, told) = (Mutex::new(revoked), Mutex::default());
        Stations { keys: keys.collect(), chains, revoked, heard, now, told }
    }

    /// Takes a consignment: gives what is here once it is durable in the journal, or why it is refused. A refusal is
    /// logged, each kind once until the chain goes on.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn take(&self, wire: &[u8], peer: IpAddr) -> Result<Have, Refusal> {
        let received = Received::read(wire)?;
        let name = consignment::chain(&received.header.station, &received.header.receiver);
        let taken = self.taken(&received, &name).await;
        match &taken {
            Ok(_) => lock(&self.told).retain(|(told, _)| *told != name),
            Err(Refusal::Busy) => {}
            Err(refusal) => self.tell(&received.header, &name, refusal, peer),
        }
        taken
    }

    async fn taken(&self, received: &Received<'_>, name: &str) -> Result<Have, Refusal> {
        let header = &received.header;
        let key = self.keys.get(&header.station).ok_or(Refusal::UnknownStation)?;
        received.verify(key)?;
        self.check_revoked(key)?;
        let chain = self.chains.get(name).ok_or_else(|| Refusal::UnknownReceiver(name.to_owned()))?;
        let mut have = chain.have.clone().try_lock_owned().map_err(|_| Refusal::Busy)?;
        let digest = received.digest();
        if is_next(*have, header, digest)? {
            let text = received.text()?;
            if have.is_none() && header.first > 1 {
                let first = header.first;
                tracing::warn!(
                    chain = name,
                    first,
                    "the journal has nothing of this chain; it goes on from here"
                );
            }
            let consignment = Consignment {
                chain: name.to_owned(),
                number: header.last,
                header: received.header_bytes.to_owned(),
                signature: received.signature.to_vec(),
                key: key.to_bytes(),
            };
            self.write(chain, consignment, &text, &mut have).await?;
            *have = Some(Have { number: header.last, digest });
            self.note(chain, header, name);
        }
        (*have).ok_or_else(|| Refusal::Closed("nothing is known of this chain".to_owned()))
    }

    fn check_revoked(&self, key: &VerifyingKey) -> Result<(), Refusal> {
        match lock(&self.revoked).holds(key.as_bytes()) {
            Ok(false) => Ok(()),
            Ok(true) => Err(Refusal::Revoked),
            Err(why) => Err(Refusal::Closed(why)),
        }
    }

    /// Gives consignment and lines to the journal and waits until both are durable.
    async fn write(
        &self,
        chain: &Chain,
        consignment: Consignment,
        text: &[u8],
        _held: &mut OwnedMutexGuard<Option<Have>>,
    ) -> Result<(), Refusal> {
        let (arrived_at, mut batch) = ((self.now)(), Batch::new(chain.id));
        let lines = text.strip_suffix(b"\n").map(|text| text.split(|&byte| byte == b'\n'));
        lines.into_iter().flatten().for_each(|line| batch.push(arrived_at, line));
        chain.health.heard_bytes(text.len());
        let (receipt, durable) = Receipt::new();
        let delivery = Delivery { batch, receipts: vec![receipt], consignment: Some(Box::new(consignment)) };
        let closed = || Refusal::Closed("the journal has stopped".to_owned());
        self.heard.send(delivery).await.map_err(|_| closed())?;
        durable.await.map_err(|_| closed())
    }

    fn note(&self, chain: &Chain, header: &Header, name: &str) {
        *lock(&chain.taken) = Some(Instant::now());
        let now = (self.now)();
        if header.lines > 0 {
            chain.health.heard(now, header.lines as usize);
        }
        let behind = now.since(header.heard_last).as_seconds();
        let said =
            format!("station {}: consignment {} is kept, {behind:.1} s behind", header.station, header.last);
        match header.lost {
            Some(Lost { why, lines, from, to }) => {
                tracing::warn!(chain = name, ?why, lines, %from, %to, "the station has lost lines");
                let lines =
                    lines.map_or_else(|| "an unknown number of".to_owned(), |lines| lines.to_string());
                chain
                    .health
                    .set(State::Connected, format!("{said}; {lines} lines were lost there ({why:?})"));
            }
            None => chain.health.set(State::Connected, said),
        }
    }

    fn tell(&self, header: &Header, name: &str, refusal: &Refusal, peer: IpAddr) {
        let known = self.keys.contains_key(&header.station);
        let place = if known { name.to_owned() } else { String::new() };
        let mut told = lock(&self.told);
        if told.len() < TOLD_MAX && told.insert((place, refusal.kind())) {
            let (kind, why) = (refusal.kind(), refusal.to_string());
            tracing::warn!(station = %header.station, receiver = %header.receiver, number = header.last, %peer, kind, why, "consignment refused");
        }
        drop(told);
        // What anybody could cause does not change what the screen says of an honest station.
        if let Some(chain) = self.chains.get(name)
            && !matches!(refusal, Refusal::UnknownStation | Refusal::Fault(Fault::Forged))
        {
            chain.health.set(State::Failed, format!("station {}: refused: {refusal}", header.station));
        }
    }

    /// Says of each chain that was silent for too long that it is. To be called every second or so.
    pub fn look_for_silence(&self) {
        for chain in self.chains.values() {
            let silent = lock(&chain.taken).map(|taken| taken.elapsed());
            if let Some(silent) = silent.filter(|silent| *silent > chain.idle)
                && chain.health.state() == State::Connected
            {
                let said = format!("nothing has come from the station for {} s", silent.as_secs());
                chain.health.set(State::Listening, said);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_consignments_is_held() {
        let have = Have { number: 9, digest: [9; 32] };
        let of = |first, last, previous: u8| Header {
            station: "m".into(),
            receiver: "r".into(),
            first,
            last,
            previous: [previous; 32],
            lines: 0,
            heard_first: Time::default(),
            heard_last: Time::default(),
            text: [0; 32],
            lost: None,
        };
        let kind =
            |header: Header, digest: u8| is_next(Some(have), &header, [digest; 32]).map_err(|r| r.kind());
        assert_eq!(kind(of(10, 12, 9), 1), Ok(true));
        assert_eq!(kind(of(7, 9, 3), 9), Ok(false));
        assert_eq!(kind(of(7, 9, 3), 1), Err("altered"));
        assert_eq!(kind(of(7, 8, 3), 9), Err("replayed"));
        assert_eq!(kind(of(9, 12, 3), 1), Err("overlaps"));
        assert_eq!(kind(of(11, 12, 9), 1), Err("gap"));
        assert_eq!(kind(of(10, 12, 3), 1), Err("forked"));
        assert_eq!(is_next(None, &of(77, 78, 3), [1; 32]), Ok(true));
    }
}
