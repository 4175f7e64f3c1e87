//! What the centre knows of its stations: their keys, who is revoked, and what it has of each chain. Here a consignment
//! is believed or refused.

use super::consignment::{self, Digest, Fault, Header, Lost, Received};
use super::key;
use super::life::{self, Sign};
use super::refusal::Refusal;
use super::revocation::Revoked;
use super::settings::Station;
use ed25519_dalek::VerifyingKey;
use sensors::receiver::{self, Address, Batch, Consignment, Delivery, Health, Receipt, State};
use sensors::{ReceiverId, Span, Time};
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
    life: Mutex<Life>,
}

/// When something genuine came last, by the clock that is never set.
#[derive(Debug)]
struct Life {
    /// Anything; at first, when the watch began.
    anything: Instant,
    /// Whether anything came yet, and when, by the clock on the wall.
    anything_at: Option<Time>,
    /// Lines.
    lines: Option<Instant>,
    /// Something that was refused.
    refused: Option<Instant>,
    /// The last sign of life since then, and how far the station's clock is ahead of ours.
    sign: Option<(Sign, Span)>,
}

/// A station's clock that differs by more is told of. Ours, unproven: a slow link takes seconds.
const CLOCK_OFF_SECONDS: f64 = 60.0;

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

impl Life {
    fn new() -> Life {
        Life { anything: Instant::now(), anything_at: None, lines: None, refused: None, sign: None }
    }

    /// Something genuine has come.
    fn came(&mut self, now: Time) -> &mut Life {
        (self.anything, self.anything_at, self.refused) = (Instant::now(), Some(now), None);
        self
    }
}

impl Chain {
    /// Says how a chain of which no lines come is: gone, silent, or with a receiver that can't be heard there.
    fn show(&self, station: &str, now: Instant) {
        let life = lock(&self.life);
        let since = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        if since(life.refused).is_some_and(|refused| refused < life::GONE_AFTER) {
            return;
        }
        if now.saturating_duration_since(life.anything) > life::GONE_AFTER {
            let said = match life.anything_at {
                Some(at) => {
                    format!("station {station} has not been heard from since {at}: it or its link is down")
                }
                None => format!("station {station} has not been heard from since the watch began"),
            };
            return self.health.set(State::Failed, said);
        }
        let Some((sign, ahead)) = &life.sign else { return };
        if since(life.lines).is_some_and(|lines| lines <= self.idle) && !sign.failed {
            if self.health.state() != State::Connected {
                self.health.set(State::Connected, format!("station {station} is connected"));
            }
            return;
        }
        let silent = match self.health.snapshot().last_heard_at {
            Some(at) => format!("silent since {at}"),
            None => "silent since the watch began".to_owned(),
        };
        let mut said = format!("station {station} is connected, {silent}; there: {}", sign.detail);
        if ahead.as_seconds().abs() > CLOCK_OFF_SECONDS {
            said.push_str(&format!("; its clock is wrong by {:+.0} s", ahead.as_seconds()));
        }
        self.health.set(if sign.failed { State::Failed } else { State::Connected }, said);
    }
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
                Chain {
                    id: ReceiverId(id),
                    health: health.clone(),
                    idle,
                    have,
                    life: Mutex::new(Life::new()),
                },
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
            Err(refusal) => {
                let Header { station, receiver, last, .. } = &received.header;
                self.tell(station, receiver, Some(*last), refusal, peer);
            }
        }
        taken
    }

    async fn taken(&self, received: &Received<'_>, name: &str) -> Result<Have, Refusal> {
        let header = &received.header;
        let (key, chain) = self.believe(&header.station, &header.receiver, |key| received.verify(key))?;
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

    /// Takes a sign of life. A refusal is logged as that of a consignment.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn take_sign(&self, wire: &[u8], peer: IpAddr) -> Result<(), Refusal> {
        let received = life::Received::read(wire)?;
        let Sign { station, receiver, at, .. } = received.sign.clone();
        let believed = self.believe(&station, &receiver, |key| received.verify(key));
        let (_, chain) = believed.inspect_err(|why| self.tell(&station, &receiver, None, why, peer))?;
        let now = (self.now)();
        lock(&chain.life).came(now).sign = Some((received.sign, at.since(now)));
        chain.show(&station, Instant::now());
        Ok(())
    }

    /// The key and the chain of what was signed in this name, if it was and may be.
    fn believe(
        &self,
        station: &str,
        receiver: &str,
        verify: impl FnOnce(&VerifyingKey) -> Result<(), Fault>,
    ) -> Result<(&VerifyingKey, &Chain), Refusal> {
        let key = self.keys.get(station).ok_or(Refusal::UnknownStation)?;
        verify(key)?;
        self.check_revoked(key)?;
        let name = consignment::chain(station, receiver);
        let chain = self.chains.get(&name).ok_or(Refusal::UnknownReceiver(name))?;
        Ok((key, chain))
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
        let unwritten = "the centre writes nothing down at present: its disk may be full";
        durable.await.map_err(|_| Refusal::Closed(unwritten.to_owned()))
    }

    fn note(&self, chain: &Chain, header: &Header, name: &str) {
        let now = (self.now)();
        let mut life = lock(&chain.life);
        life.came(now);
        if header.lines > 0 {
            life.lines = Some(life.anything);
            chain.health.heard(now, header.lines as usize);
        }
        let behind = now.since(header.heard_last).as_seconds();
        let said =
            format!("station {}: consignment {} is kept, {behind:.1} s behind", header.station, header.last);
        match header.lost {
            Some(lost) => {
                let Lost { why, lines, from, to } = lost;
                tracing::warn!(chain = name, ?why, lines, %from, %to, "the station has lost lines");
                chain.health.set(State::Connected, format!("{said}; {lost}"));
            }
            None => chain.health.set(State::Connected, said),
        }
    }

    fn tell(&self, station: &str, receiver: &str, number: Option<u64>, refusal: &Refusal, peer: IpAddr) {
        let name = consignment::chain(station, receiver);
        let known = self.keys.contains_key(station);
        let place = if known { name.clone() } else { String::new() };
        let mut told = lock(&self.told);
        if told.len() < TOLD_MAX && told.insert((place, refusal.kind())) {
            let (kind, why) = (refusal.kind(), refusal.to_string());
            tracing::warn!(station, receiver, number, %peer, kind, why, "consignment refused");
        }
        drop(told);
        // What anybody could cause does not change what the screen says of an honest station.
        if let Some(chain) = self.chains.get(&name)
            && !matches!(refusal, Refusal::UnknownStation | Refusal::Fault(Fault::Forged))
        {
            lock(&chain.life).refused = Some(Instant::now());
            chain.health.set(State::Failed, format!("station {station}: refused: {refusal}"));
        }
    }

    /// Says of each chain of which nothing comes that it is so. To be called every second or so.
    pub fn look_for_silence(&self, now: Instant) {
        for (name, chain) in &self.chains {
            let station = name.split_once('/').map_or(name.as_str(), |(station, _)| station);
            let silent =
                lock(&chain.life).lines.is_none_or(|lines| now.saturating_duration_since(lines) > chain.idle);
            if silent {
                chain.show(station, now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;

    #[test]
    fn a_silent_mast_and_a_dead_link_look_different() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::from_bytes(&[1; 32]);
        let station = Station { name: "mast".into(), key: key::text(&key.verifying_key()) };
        let receiver = receiver::Settings::new("mast", &Address::parse("edge://mast/vhf").unwrap());
        let health = Arc::<Health>::default();
        let stations = Stations::new(
            &[station],
            &[receiver],
            std::slice::from_ref(&health),
            Vec::new(),
            Revoked::new(folder.path()),
            mpsc::channel(1).0,
            || Time::from_seconds(1_000),
        );
        let sign = |receiver: &str, at, failed| {
            let detail = "hears nothing".to_owned();
            let sign = Sign { station: "mast".into(), receiver: receiver.into(), at, failed, detail };
            stations.take_sign(&sign.seal(&key), [127, 0, 0, 1].into())
        };
        let after = |seconds| {
            stations.look_for_silence(Instant::now() + Duration::from_secs(seconds));
            let said = health.snapshot();
            (said.state, said.detail)
        };
        assert_eq!(after(60).0, State::Listening);
        let (state, said) = after(120);
        assert!(state == State::Failed && said.contains("since the watch began"), "{said}");
        assert_eq!(sign("vhf", Time::from_seconds(1_001), false), Ok(()));
        let (state, said) = after(60);
        assert!(state == State::Connected && said.ends_with("there: hears nothing"), "{said}");
        let (state, said) = after(120);
        assert!(
            state == State::Failed && said.contains("not been heard from since 1970-01-01T00:16:40"),
            "{said}"
        );
        assert_eq!(sign("vhf", Time::from_seconds(400), true), Ok(()));
        let (state, said) = after(60);
        assert!(
            state == State::Failed && said.ends_with("hears nothing; its clock is wrong by -600 s"),
            "{said}"
        );
        assert_eq!(sign("uhf", Time::from_seconds(1_001), false).unwrap_err().kind(), "unknown_receiver");
    }

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
