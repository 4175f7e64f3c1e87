//! Listens to a receiver for a while and tells the technician what it hears and which settings to paste.

use super::address::{self, Address};
use super::health::{Health, Snapshot, State};
use super::settings::{Settings, Speed};
use super::{Batch, listen};
use crate::report::{Content, Counts, Decoder, Line, Report};
use crate::sentence::{Item, items};
use crate::{Mmsi, ReceiverId, Time};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval, timeout_at};

/// Rates a serial receiver may speak at, most usual first: AIS, then GNSS and sensor ports, then the rest.
const BAUDS: [u32; 5] = [38_400, 4_800, 9_600, 115_200, 57_600];

/// Sentences with a right checksum that settle a serial rate: at a wrong one, one in 256 lines that look like a
/// sentence passes.
const CONVINCING: u64 = 3;

/// Vessels counted at most; far more than any receiver hears.
const VESSELS_MAX: usize = 100_000;

/// Talkers told at most.
const TALKERS_MAX: usize = 64;

/// What has been heard so far.
#[derive(Debug, Clone)]
pub struct Findings {
    /// What was asked for.
    pub asked: Settings,
    /// Where was listened; of a serial port, at the rate being tried or found.
    pub address: Address,
    /// Whether a serial rate has been found by its right checksums.
    pub baud_found: bool,
    /// State, bytes, lines, who sends, and what went wrong.
    pub link: Snapshot,
    /// Sentences, messages by type, refusals by kind.
    pub counts: Counts,
    /// Talkers of the sentences with a right checksum, such as `AI`; at most 64.
    pub talkers: BTreeSet<String>,
    /// Different vessels and stations among the messages whose fields are read.
    pub vessels: usize,
}

impl Findings {
    /// Whether any sentence with a right checksum was heard, or a message that came as JSON without one.
    pub fn hears(&self) -> bool {
        self.counts.sentences > 0 || self.counts.messages > 0
    }

    /// Settings for this receiver; the name is to be changed.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::new(format!("receiver at {}", self.place()), &self.address);
        settings.profile.clone_from(&self.asked.profile);
        settings.interface.clone_from(&self.asked.interface);
        if self.address.is_open_to_senders() {
            settings.allow = self.link.senders.iter().map(ToString::to_string).collect();
        }
        settings
    }

    /// The stanza to paste into the settings file.
    pub fn stanza(&self) -> String {
        let settings = self.settings();
        // Debug quotes as TOML does: these texts hold no control characters.
        let mut text = format!("[[receiver]]\nname = {:?}\n", settings.name);
        text.push_str("# latitude = 0.0    # of the antenna, degrees, north positive\n");
        text.push_str("# longitude = 0.0   # degrees, east positive\n");
        if let Some(profile) = &settings.profile {
            let _ = writeln!(text, "profile = {profile:?}");
        }
        let _ = writeln!(text, "connect = {:?}", settings.connect);
        if let Some(interface) = &settings.interface {
            let _ = writeln!(text, "interface = {interface:?}");
        }
        if !settings.allow.is_empty() {
            let _ = writeln!(text, "allow = {:?}", settings.allow);
        }
        if matches!(self.address, Address::HttpListen { .. }) {
            text.push_str("tokens = [{ station = \"STATION\", token = { file = \"station.token\" } }]\n");
        }
        text
    }

    fn place(&self) -> String {
        match &self.address {
            Address::TcpClient { host, .. } => host.clone(),
            Address::Multicast { group } => format!("group {}", group.ip()),
            Address::TcpServer { bind } | Address::Udp { bind } | Address::HttpListen { bind } => {
                format!("port {}", bind.port())
            }
            Address::HttpPoll { url } | Address::WebSocket { url } => {
                let read = url::Url::parse(&url.replace(address::SECRET, "secret")).ok();
                read.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
            }
            Address::Mqtt { host, .. } | Address::Gpsd { host, .. } => host.clone(),
            Address::Serial { path, .. } => path.clone(),
            Address::File { path } | Address::Tail { path } => path.display().to_string(),
            Address::Stdin => "standard input".to_owned(),
            Address::Edge { station, .. } => station.clone(),
        }
    }
}

/// Listens to the receiver of these settings for `length` and calls `news` about once a second with what was heard so far.
///
/// A serial port is tried at its given rate and at the usual ones; the first with right checksums keeps the rest of
/// the time. Without networks in `allow`, anyone may send to a UDP or TCP port while it is probed; the stanza then allows
/// those who did.
///
/// # Errors
/// The problem with the address.
pub async fn probe(
    asked: &Settings,
    length: Duration,
    now: impl Fn() -> Time + Clone + Send + 'static,
    mut news: impl FnMut(&Findings),
) -> Result<Findings, String> {
    let end = Instant::now() + length;
    let Address::Serial { path, baud } = asked.address()? else {
        return Ok(hear(asked, &asked.address()?, end, end, now, &mut news).await);
    };
    let mut rates = vec![baud];
    rates.extend(BAUDS.iter().filter(|rate| **rate != baud));
    let turn = length / rates.len() as u32;
    let mut best: Option<Findings> = None;
    for baud in rates {
        let address = Address::Serial { path: path.clone(), baud };
        let turn_ends = (Instant::now() + turn).min(end);
        let found = hear(asked, &address, turn_ends, end, now.clone(), &mut news).await;
        if found.baud_found {
            return Ok(found);
        }
        if best.as_ref().is_none_or(|best| found.counts.sentences > best.counts.sentences) {
            best = Some(found);
        }
    }
    Ok(best.expect("at least one rate was tried"))
}

/// Listens until `turn_ends`, or until `end` where a serial rate convinces before that.
async fn hear(
    asked: &Settings,
    address: &Address,
    turn_ends: Instant,
    end: Instant,
    now: impl Fn() -> Time + Clone + Send + 'static,
    news: &mut impl FnMut(&Findings),
) -> Findings {
    let mut settings = Settings { connect: address.to_string(), ..asked.clone() };
    if address.is_open_to_senders() && settings.allow.is_empty() {
        settings.allow = vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()];
    }
    if matches!(address, Address::File { .. }) {
        settings.speed = Some(Speed::Word("flat_out".to_owned()));
    }
    let health = Arc::new(Health::default());
    let (out, mut batches) = mpsc::channel(16);
    let (_stop, stop) = watch::channel(false);
    let mut ear = Ear::default();
    let findings = |ear: &Ear| Findings {
        asked: asked.clone(),
        address: address.clone(),
        baud_found: matches!(address, Address::Serial { .. }) && ear.decoder.counts().sentences >= CONVINCING,
        link: health.snapshot(),
        counts: ear.decoder.counts().clone(),
        talkers: ear.talkers.clone(),
        vessels: ear.vessels.len(),
    };
    {
        let listening = listen(settings, ReceiverId::default(), out, now, health.clone(), stop);
        tokio::pin!(listening);
        let mut second = interval(Duration::from_secs(1));
        let mut until = turn_ends;
        loop {
            let heard = timeout_at(until, async {
                tokio::select! {
                    delivery = batches.recv() => delivery.map(|delivery| delivery.batch),
                    () = &mut listening => None,
                    _ = second.tick() => Some(Batch::new(ReceiverId::default())),
                }
            });
            match heard.await {
                Ok(Some(batch)) if batch.is_empty() => news(&findings(&ear)),
                Ok(Some(batch)) => ear.take(&batch),
                Ok(None) | Err(_) => break,
            }
            if matches!(address, Address::Serial { .. }) && ear.decoder.counts().sentences >= CONVINCING {
                until = end;
            }
        }
    }
    while let Ok(delivery) = batches.try_recv() {
        ear.take(&delivery.batch);
    }
    let mut found = findings(&ear);
    if found.link.state == State::Failed {
        tracing::debug!(detail = found.link.detail, "probe ended without a link");
    }
    if found.link.state == State::Connected && !found.hears() {
        found.link.detail.push_str("; nothing that can be read");
    }
    news(&found);
    found
}

/// Reads what is heard.
#[derive(Default)]
struct Ear {
    decoder: Decoder,
    reports: Vec<Report>,
    vessels: BTreeSet<Mmsi>,
    talkers: BTreeSet<String>,
    sequence: u64,
}

impl Ear {
    fn take(&mut self, batch: &Batch) {
        for (heard_at, bytes) in batch.iter() {
            let line = Line { receiver: batch.receiver(), sequence: self.sequence, heard_at, bytes };
            self.sequence += 1;
            self.hear_talkers(bytes);
            self.decoder.line(line, &mut self.reports);
        }
        for report in self.reports.drain(..) {
            if let Content::Ais(ais) = report.content
                && self.vessels.len() < VESSELS_MAX
            {
                self.vessels.insert(ais.message.mmsi);
            }
        }
    }
    fn hear_talkers(&mut self, line: &[u8]) {
        for item in items(line) {
            if let Item::Sentence(sentence) = item
                && !sentence.is_proprietary()
                && let Some(talker) = sentence.address.get(..2)
                && self.talkers.len() < TALKERS_MAX
            {
                self.talkers.insert(String::from_utf8_lossy(talker).into_owned());
            }
        }
    }
}
