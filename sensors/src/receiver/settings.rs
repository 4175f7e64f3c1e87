//! One `[[receiver]]` of the settings file, and what can be wrong with it.

use super::address::{self, Address};
use super::allow::AllowList;
use super::limit;
use super::profile::{self, Profile};
use super::replay::{self, Pace};
use super::secret::SecretRef;
use super::udp::is_interface_name;
use crate::sentence::Checksum;
use crate::{ReceiverId, Time};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

/// One receiver: its name, where its antenna stands, and how it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What officers call it; no two receivers share a name.
    pub name: String,
    /// Latitude of the antenna in degrees, north positive. With the longitude, the screens show how far it hears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Longitude of the antenna in degrees, east positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Its model, such as `"sr162"`: fills in what is known of it, and every key given here goes before that.
    /// `watchkeeper probe --list` shows them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// How it is reached: `tcp://HOST:PORT` (we dial it), `tcp-listen://IP:PORT` (it dials us), `udp://IP:PORT`
    /// (it sends datagrams to that address of ours; broadcasts are heard at `0.0.0.0`),
    /// `udp-multicast://239.192.0.2:60002` (a group of a ship's network, IEC 61162-450),
    /// `serial:///dev/DEVICE?baud=38400` (best by its name under `/dev/serial/by-id/`; a `*` fits one device),
    /// `http-listen://IP:PORT` (stations post JSON or NMEA lines to us, as AIS-catcher's `-H` does),
    /// `poll+https://HOST/PATH` (we ask a web address again and again, as AISHub wants it), `wss://HOST/PATH` (a
    /// WebSocket, such as aisstream.io and Signal K), `mqtt://HOST/TOPIC` or `mqtts://HOST/TOPIC` (`+` and `#` in
    /// the topic as MQTT has them), `gpsd://HOST` or `gpsd://HOST/dev/DEVICE`, `file:///PATH` (a recording is
    /// played, plain or gzip), `tail:///PATH` (a file that another program writes; a `*` in its name follows each
    /// new one) or `stdin:`. May be left out where the profile knows it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub connect: String,
    /// For `udp-multicast`, and needed there: the interface on which the group is joined, by its name or by its
    /// address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// For `tcp-listen`, `udp`, `udp-multicast` and `http-listen`: the networks that may send to us, such as
    /// `["192.0.2.0/24"]`. Without any, only this machine may. Required where the address is open beyond this
    /// machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// AIS sentences a second that are taken, and 4 times as many other lines; 4 seconds' worth may come at once.
    /// What is more is refused and counted, and never anything of distress. Without it 75 for a live receiver at
    /// one site, which is what two radio channels carry, and `"off"` for recordings, files and feeds of many sites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// For `serial`: what is sent to the receiver each time the port is opened, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub init: Vec<String>,
    /// For `tail`: also read what is in the files already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_start: bool,
    /// For `tcp`, `gpsd` and `serial`: seconds of silence after which the link is taken for dead and opened again.
    /// For all others: seconds of silence after which the screens say so. A receiver at a busy port hears
    /// something every second; raise this where hours pass between vessels.
    #[serde(default = "idle_timeout_default")]
    pub idle_timeout_seconds: u32,
    /// `"required"`: a sentence without its checksum is refused. `"optional"`: it is read, for devices that add none;
    /// a line that was cut short may then be taken for a whole one. A wrong checksum is always refused.
    #[serde(default, skip_serializing_if = "Checksum::is_required")]
    pub checksum: Checksum,
    /// For `http-listen`: the stations that may post, each with its token of 16 characters or more, sent as
    /// `Authorization: Bearer TOKEN` or as the password of a user (AIS-catcher: `USERPWD station:TOKEN`). Required
    /// where the address is open beyond this machine. The link is not encrypted: across other people's networks
    /// it belongs behind a proxy that speaks HTTPS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Token>,
    /// For `poll`: seconds from one question to the next, 60 without it, which is as often as AISHub answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u32>,
    /// For `ws` and `wss`: what is sent once the link is open, such as aisstream.io's subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscribe: Option<String>,
    /// For `poll`, `ws` and `wss`: where the key is kept that stands for `{secret}` in `connect` and `subscribe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretRef>,
    /// For `mqtt`: the user's name at the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// For `mqtt`: where the user's password is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// For `mqtt`: the name under which the broker keeps what was not yet written down, and what comes while we
    /// are away, so that nothing is lost; no two programs share it. Without it messages are taken as they come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// For `poll+https`, `wss` and `mqtts`: a PEM file with the authorities that the other side's certificate is
    /// held against; those that this system trusts without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// For `file`: `"as_recorded"`, a number of times faster such as `60`, or `"flat_out"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
    /// For `file`: when the first line was heard, such as `"2026-01-01T00:00:00Z"`. Used only when nothing in the
    /// recording tells the time; without it such a recording starts at 2000-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// For `file`: lines a second, used only when nothing in the recording tells the time; 100 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// For `file`: start again at the end; time goes on from there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeat: bool,
}

/// How many AIS sentences a second are taken: a number or a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RateLimit {
    /// So many.
    PerSecond(f64),
    /// `off`.
    Word(String),
}

/// A station that posts messages, and where its token is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The station's name; it is kept with every line the station sends.
    pub station: String,
    /// Where its token is kept.
    pub token: SecretRef,
}

/// How fast a recording is played: a word or a number of times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Speed {
    /// So many times faster than it was recorded.
    Times(f64),
    /// `as_recorded` or `flat_out`.
    Word(String),
}

fn idle_timeout_default() -> u32 {
    // A quiet station still hears a base station every 10 s or an anchored ship every 3 minutes. Ours, unproven.
    120
}

/// Something wrong in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The field, such as `receiver[2].connect` (counted from 1).
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What would be accepted.
    pub accepted: String,
}

impl Problem {
    fn new(key: &str, message: impl Into<String>, accepted: impl Into<String>) -> Problem {
        Problem { key: key.to_owned(), message: message.into(), accepted: accepted.into() }
    }
}

/// Every problem of all receivers, each with its place in the list; opens nothing.
pub fn check_all(receivers: &[Settings]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, receiver) in receivers.iter().enumerate() {
        let place = |p: Problem| Problem { key: format!("receiver[{}].{}", index + 1, p.key), ..p };
        problems.extend(receiver.check().into_iter().map(place));
        if receivers[..index].iter().any(|earlier| earlier.name == receiver.name) {
            let message = format!("`{}` is the name of another receiver too", receiver.name);
            problems.push(place(Problem::new("name", message, "a name of its own for each receiver")));
        }
    }
    let reads_stdin = |r: &&Settings| r.address() == Ok(Address::Stdin);
    if receivers.iter().filter(reads_stdin).count() > 1 {
        let message = "two receivers can't share standard input";
        problems.push(Problem::new("receiver", message, "`connect = \"stdin:\"` once"));
    }
    if receivers.len() > usize::from(u16::MAX) {
        problems.push(Problem::new("receiver", "too many receivers", "at most 65535"));
    }
    problems
}

impl Settings {
    /// A receiver with only a name and an address.
    pub fn new(name: impl Into<String>, connect: &Address) -> Settings {
        Settings {
            name: name.into(),
            latitude: None,
            longitude: None,
            profile: None,
            connect: connect.to_string(),
            interface: None,
            allow: Vec::new(),
            rate_limit: None,
            init: Vec::new(),
            from_start: false,
            idle_timeout_seconds: idle_timeout_default(),
            checksum: Checksum::Required,
            tokens: Vec::new(),
            interval_seconds: None,
            subscribe: None,
            secret: None,
            user: None,
            password: None,
            client_id: None,
            ca: None,
            speed: None,
            start: None,
            rate: None,
            repeat: false,
        }
    }

    /// What is known of its model; `None` where no profile is named, or none is known by that name.
    pub fn model(&self) -> Option<&'static Profile> {
        self.profile.as_deref().and_then(profile::find)
    }

    /// The address, its own or its profile's; the error says what is wrong with it.
    pub fn address(&self) -> Result<Address, String> {
        if !self.connect.is_empty() {
            return Address::parse(&self.connect);
        }
        match self.model() {
            Some(model) => model.address().ok_or_else(|| model.missing_address()),
            None => Err("is missing".to_owned()),
        }
    }

    /// What is sent after opening: its own, or else its profile's.
    pub(super) fn init(&self) -> &[String] {
        match self.model() {
            Some(model) if self.init.is_empty() => &model.init,
            _ => &self.init,
        }
    }

    /// AIS sentences a second that are taken; `None` for all. The error says what is wrong with it.
    pub fn rate_limit(&self) -> Result<Option<f64>, String> {
        match &self.rate_limit {
            Some(RateLimit::PerSecond(rate)) if is_rate(*rate) => Ok(Some(*rate)),
            Some(RateLimit::PerSecond(rate)) => Err(format!("{rate} is not a rate")),
            Some(RateLimit::Word(word)) if word == "off" => Ok(None),
            Some(RateLimit::Word(word)) => Err(format!("`{word}` is not a rate")),
            None => {
                let of_one_site = self.address().is_ok_and(|address| address.is_single_site())
                    && !self.model().is_some_and(|model| model.aggregated);
                Ok(of_one_site.then_some(limit::SITE_MAX))
            }
        }
    }

    /// Takes the files that hold secrets and certificates as relative to `folder`, where the settings file is.
    pub fn files_relative_to(&mut self, folder: &Path) {
        let secrets = self.tokens.iter_mut().map(|token| &mut token.token);
        let secrets = secrets.chain(&mut self.secret).chain(&mut self.password);
        for file in secrets.filter_map(|secret| secret.file.as_mut()).chain(&mut self.ca) {
            *file = folder.join(&*file);
        }
    }

    /// How fast a recording is played; the error says what is wrong with it.
    pub fn pace(&self) -> Result<Pace, String> {
        match &self.speed {
            None => Ok(Pace::Times(1.0)),
            Some(Speed::Times(times)) if times.is_finite() && *times > 0.0 => Ok(Pace::Times(*times)),
            Some(Speed::Times(times)) => Err(format!("{times} is not a speed")),
            Some(Speed::Word(word)) => match word.as_str() {
                "as_recorded" => Ok(Pace::Times(1.0)),
                "flat_out" => Ok(Pace::FlatOut),
                _ => Err(format!("`{word}` is not a speed")),
            },
        }
    }

    /// How a recording is read. What [`check`](Settings::check) refuses is left at its default.
    pub fn replay_options(&self, receiver: ReceiverId) -> replay::Options {
        let mut options = replay::Options { receiver, ..replay::Options::default() };
        if let Some(start) = self.start.as_deref().and_then(Time::parse) {
            options.start = start;
        }
        if let Some(rate) = self.rate.filter(|rate| is_rate(*rate)) {
            options.rate = rate;
        }
        options
    }

    /// Every problem with these settings, each with its field; opens nothing.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem =
            |key, message: String, accepted: &str| problems.push(Problem::new(key, message, accepted));

        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) || self.name.len() > 100 {
            problem(
                "name",
                "the name is empty, too long or not printable".into(),
                "1 to 100 printable characters",
            );
        }
        match (self.latitude, self.longitude) {
            (Some(_), None) => problem("longitude", "missing beside a latitude".into(), "-180 to 180"),
            (None, Some(_)) => problem("latitude", "missing beside a longitude".into(), "-90 to 90"),
            _ => {}
        }
        // Written so that "not a number" is a problem.
        if self.latitude.is_some_and(|lat| !(-90.0..=90.0).contains(&lat)) {
            problem("latitude", "outside the earth".into(), "-90 to 90");
        }
        if self.longitude.is_some_and(|lon| !(-180.0..=180.0).contains(&lon)) {
            problem("longitude", "outside the earth".into(), "-180 to 180");
        }
        if self.idle_timeout_seconds == 0 {
            problem("idle_timeout_seconds", "0 would never let a link live".into(), "1 or more");
        }
        if let Err(message) = AllowList::parse(&self.allow) {
            problem("allow", message, "networks such as 192.0.2.0/24, or single IP addresses");
        }
        if let Err(message) = self.pace() {
            problem("speed", message, "\"as_recorded\", \"flat_out\" or a number above 0");
        }
        if self.start.as_deref().is_some_and(|start| Time::parse(start).is_none()) {
            problem("start", "not a time".into(), "RFC 3339, such as 2026-01-01T00:00:00Z");
        }
        if self.rate.is_some_and(|rate| !is_rate(rate)) {
            problem("rate", "not a rate".into(), "lines a second, above 0 and at most 1000000");
        }
        if let Err(message) = self.rate_limit() {
            problem("rate_limit", message, "AIS sentences a second, above 0 and at most 1000000, or \"off\"");
        }
        if self.init.iter().any(|line| line.chars().any(char::is_control) || line.len() > 100) {
            problem("init", "not lines of text".into(), "lines of 1 to 100 characters, without their ends");
        }
        if let Some(unknown) = self.profile.as_deref().filter(|name| profile::find(name).is_none()) {
            let known = profile::all().iter().map(|p| p.id).collect::<Vec<_>>().join(", ");
            problem("profile", format!("`{unknown}` is not a known model"), &known);
            if self.connect.is_empty() {
                return problems;
            }
        }
        match self.address() {
            Err(message) => problem("connect", message, address::ACCEPTED),
            Ok(address) => self.check_options(&address, &mut problem),
        }
        problems
    }

    fn check_options(&self, address: &Address, problem: &mut impl FnMut(&'static str, String, &str)) {
        let mut misplaced = |key: &'static str, set: bool, belongs: &str| {
            if set {
                problem(key, format!("means nothing for {address}"), belongs);
            }
        };
        let bind = match address {
            // Whatever the interface is connected to can reach the group.
            Address::Multicast { .. } => {
                Some(self.interface_address().unwrap_or(Ipv4Addr::UNSPECIFIED.into()))
            }
            _ => address.bind().map(|bind| bind.ip()),
        };
        let may_send = "tcp-listen://, udp://, udp-multicast:// and http-listen:// only";
        misplaced("allow", bind.is_none() && !self.allow.is_empty(), may_send);
        let is_group = matches!(address, Address::Multicast { .. });
        misplaced("interface", !is_group && self.interface.is_some(), "udp-multicast:// only");
        let is_serial = matches!(address, Address::Serial { .. });
        misplaced("init", !is_serial && !self.init.is_empty(), "serial:// only");
        let is_tail = matches!(address, Address::Tail { .. });
        misplaced("from_start", !is_tail && self.from_start, "tail:// only");
        if !matches!(address, Address::File { .. }) {
            misplaced("speed", self.speed.is_some(), "file:// only");
            misplaced("start", self.start.is_some(), "file:// only");
            misplaced("rate", self.rate.is_some(), "file:// only");
            misplaced("repeat", self.repeat, "file:// only");
        }
        let interface = self.interface.as_deref();
        let is_interface = |text: &str| text.parse::<Ipv4Addr>().is_ok() || is_interface_name(text);
        if is_group && !interface.is_some_and(is_interface) {
            let message = match interface {
                None => "is missing: a group is joined on one interface".to_owned(),
                Some(text) => format!("`{text}` is not an interface"),
            };
            problem("interface", message, "its name, such as \"eth0\", or its IPv4 address");
        }
        if bind.is_some_and(|bind| !bind.is_loopback()) && self.allow.is_empty() {
            let message =
                format!("{address} is open beyond this machine and nobody is allowed to send to it");
            problem("allow", message, "the networks the receivers are in, such as [\"192.0.2.0/24\"]");
        }
        self.check_messages(address, problem);
    }

    /// What links that bring messages take: tokens, keys, users, certificates.
    fn check_messages(&self, address: &Address, problem: &mut impl FnMut(&'static str, String, &str)) {
        let mut misplaced = |key: &'static str, set: bool, fits: bool, belongs: &str| {
            if set && !fits {
                problem(key, format!("means nothing for {address}"), belongs);
            }
        };
        let listens = matches!(address, Address::HttpListen { .. });
        let polls = matches!(address, Address::HttpPoll { .. });
        let socket = matches!(address, Address::WebSocket { .. });
        let mqtt = matches!(address, Address::Mqtt { .. });
        let encrypted = match address {
            Address::HttpPoll { url } | Address::WebSocket { url } => {
                url.starts_with("https:") || url.starts_with("wss:")
            }
            Address::Mqtt { tls, .. } => *tls,
            _ => false,
        };
        misplaced("tokens", !self.tokens.is_empty(), listens, "http-listen:// only");
        misplaced(
            "interval_seconds",
            self.interval_seconds.is_some(),
            polls,
            "poll+https:// and poll+http:// only",
        );
        misplaced("subscribe", self.subscribe.is_some(), socket, "wss:// and ws:// only");
        misplaced(
            "secret",
            self.secret.is_some(),
            polls || socket,
            "poll+https://, wss:// and the like only",
        );
        misplaced("user", self.user.is_some(), mqtt, "mqtt:// and mqtts:// only");
        misplaced("password", self.password.is_some(), mqtt, "mqtt:// and mqtts:// only");
        misplaced("client_id", self.client_id.is_some(), mqtt, "mqtt:// and mqtts:// only");
        misplaced("ca", self.ca.is_some(), encrypted, "poll+https://, wss:// and mqtts:// only");
        if mqtt && !cfg!(feature = "mqtt") {
            problem(
                "connect",
                "this program was built without MQTT".into(),
                "a build with the feature `mqtt`",
            );
        }
        self.check_tokens(address, problem);
        self.check_secrets(problem);
    }

    fn check_tokens(&self, address: &Address, problem: &mut impl FnMut(&'static str, String, &str)) {
        if let Address::HttpListen { bind } = address
            && !bind.ip().is_loopback()
            && self.tokens.is_empty()
        {
            let message = format!("{address} is open beyond this machine, and no station has a token");
            problem("tokens", message, "[{ station = \"MAST\", token = { file = \"mast.token\" } }]");
        }
        for (index, Token { station, .. }) in self.tokens.iter().enumerate() {
            if station.trim().is_empty() || station.chars().any(char::is_control) || station.len() > 64 {
                problem(
                    "tokens",
                    format!("`{station:.80}` is not a station's name"),
                    "1 to 64 printable characters",
                );
            }
            if self.tokens[..index].iter().any(|earlier| earlier.station == *station) {
                problem("tokens", format!("`{station}` has two tokens"), "one token for each station");
            }
        }
        if self.tokens.len() > TOKENS_MAX {
            problem("tokens", "too many stations for one address".into(), "at most 1000");
        }
    }

    fn check_secrets(&self, problem: &mut impl FnMut(&'static str, String, &str)) {
        let kept = "{ file = \"PATH\" } or { env = \"NAME\" }";
        let tokens = self.tokens.iter().map(|token| ("tokens", &token.token));
        let others = [("secret", &self.secret), ("password", &self.password)];
        let others = others.into_iter().filter_map(|(key, secret)| Some((key, secret.as_ref()?)));
        for (key, secret) in tokens.chain(others) {
            if let Err(why) = secret.check() {
                problem(key, why, kept);
            }
        }
        let has_place = |text: &str| text.contains(address::SECRET);
        let place = has_place(&self.connect) || self.subscribe.as_deref().is_some_and(has_place);
        match (&self.secret, place) {
            (None, true) => {
                problem("secret", "missing beside the `{secret}` that it stands for".into(), kept);
            }
            (Some(_), false) => {
                problem(
                    "secret",
                    "nothing says where it goes".into(),
                    "`{secret}` in `connect` or `subscribe`",
                );
            }
            _ => {}
        }
        if self.password.is_some() && self.user.is_none() {
            problem("user", "missing beside a password".into(), "the user's name at the broker");
        }
        let bad_id = |id: &String| {
            id.is_empty()
                || id.len() > 64
                || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if self.client_id.as_ref().is_some_and(bad_id) {
            problem(
                "client_id",
                "not a name for a broker".into(),
                "1 to 64 letters, digits, `-`, `_` and `.`",
            );
        }
        if self.interval_seconds.is_some_and(|seconds| !(1..=86_400).contains(&seconds)) {
            problem("interval_seconds", "not an interval".into(), "1 to 86400");
        }
        if self.subscribe.as_ref().is_some_and(|text| text.len() > SUBSCRIBE_MAX) {
            problem("subscribe", "too long".into(), "at most 65536 bytes");
        }
    }

    fn interface_address(&self) -> Option<IpAddr> {
        match self.interface.as_deref()? {
            "lo" => Some(Ipv4Addr::LOCALHOST.into()),
            address => address.parse().ok(),
        }
    }
}

/// Stations with a token at one address.
const TOKENS_MAX: usize = 1000;

/// Bytes of a subscription: aisstream.io's list of 50 MMSI and a few boxes is 2 KiB.
const SUBSCRIBE_MAX: usize = 65_536;

fn is_rate(rate: f64) -> bool {
    rate > 0.0 && rate <= 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: serde_json::Value) -> Settings {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn good_settings_have_no_problem() {
        for json in [
            serde_json::json!({"name": "mast", "connect": "tcp://192.0.2.10:10110", "latitude": 10.6, "longitude": 103.5}),
            serde_json::json!({"name": "udp", "connect": "udp://127.0.0.1:10110"}),
            serde_json::json!({"name": "udp", "connect": "udp://0.0.0.0:10110", "allow": ["192.0.2.0/24"]}),
            serde_json::json!({"name": "f", "connect": "file://night.nmea", "speed": 60, "repeat": true}),
            serde_json::json!({"name": "f", "connect": "file://night.nmea", "speed": "flat_out",
                "start": "2026-01-01T00:00:00Z", "rate": 50}),
        ] {
            assert_eq!(read(json).check(), []);
        }
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let bad =
            read(serde_json::json!({"name": " ", "connect": "tcp://x", "latitude": 91, "start": "noon",
            "rate": 0, "speed": "fast", "allow": ["here"], "idle_timeout_seconds": 0}));
        let keys: Vec<String> = bad.check().into_iter().map(|p| p.key).collect();
        let expected = [
            "name",
            "longitude",
            "latitude",
            "idle_timeout_seconds",
            "allow",
            "speed",
            "start",
            "rate",
            "connect",
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn a_group_needs_an_interface_and_an_allow_list() {
        let keys = |json| read(json).check().into_iter().map(|p| p.key).collect::<Vec<_>>();
        let group = "udp-multicast://239.192.0.2:60002";
        assert_eq!(keys(serde_json::json!({"name": "m", "connect": group})), ["interface", "allow"]);
        let odd = serde_json::json!({"name": "m", "connect": group, "interface": "../x", "allow": ["::1"]});
        assert_eq!(keys(odd), ["interface"]);
        for interface in ["192.0.2.5", "eth0"] {
            let open = serde_json::json!({"name": "m", "connect": group, "interface": interface});
            assert_eq!(keys(open), ["allow"]);
        }
        let own = serde_json::json!({"name": "m", "connect": group, "interface": "127.0.0.1"});
        assert_eq!(keys(own), Vec::<String>::new());
    }

    #[test]
    fn a_profile_may_be_enough_and_every_key_goes_before_it() {
        let own = read(serde_json::json!({"name": "s", "profile": "sr162"}));
        assert_eq!(own.check(), []);
        assert!(matches!(own.address(), Ok(Address::Serial { baud: 38_400, .. })));
        assert_eq!(own.rate_limit(), Ok(Some(limit::SITE_MAX)));
        let given = read(
            serde_json::json!({"name": "s", "profile": "sr162", "connect": "tcp://h:1", "rate_limit": "off"}),
        );
        assert_eq!(given.address(), Address::parse("tcp://h:1"));
        assert_eq!((given.check(), given.rate_limit()), (vec![], Ok(None)));
    }

    #[test]
    fn a_profile_says_what_it_cannot_know() {
        let problem = |json| read(json).check().remove(0);
        let box_at_the_mast = problem(serde_json::json!({"name": "r", "profile": "comar-r400n"}));
        assert_eq!(box_at_the_mast.key, "connect");
        assert!(box_at_the_mast.message.contains("tcp://HOST:"), "{}", box_at_the_mast.message);
        let unknown = problem(serde_json::json!({"name": "r", "profile": "sr126"}));
        assert_eq!(unknown.key, "profile");
        assert!(unknown.accepted.contains("sr162"));
        assert_eq!(problem(serde_json::json!({"name": "r"})).key, "connect");
    }

    #[test]
    fn feeds_of_many_sites_and_recordings_have_no_rate_limit() {
        let limit = |json| read(json).rate_limit();
        let feed = serde_json::json!({"name": "k", "profile": "kystverket"});
        assert_eq!(limit(feed), Ok(None));
        assert_eq!(limit(serde_json::json!({"name": "f", "connect": "file://night.nmea"})), Ok(None));
        let own = serde_json::json!({"name": "u", "connect": "udp://127.0.0.1:1", "rate_limit": 10});
        assert_eq!(limit(own), Ok(Some(10.0)));
        assert!(limit(serde_json::json!({"name": "u", "connect": "tcp://h:1", "rate_limit": "no"})).is_err());
        assert!(limit(serde_json::json!({"name": "u", "connect": "tcp://h:1", "rate_limit": 0})).is_err());
    }

    #[test]
    fn standard_input_is_read_once() {
        let one = |name: &str| read(serde_json::json!({"name": name, "connect": "stdin:"}));
        assert_eq!(check_all(&[one("a")]), []);
        assert_eq!(check_all(&[one("a"), one("b")])[0].key, "receiver");
    }

    #[test]
    fn udp_beyond_this_machine_needs_an_allow_list() {
        let open = read(serde_json::json!({"name": "u", "connect": "udp://0.0.0.0:10110"}));
        assert_eq!(open.check()[0].key, "allow");
    }

    #[test]
    fn options_of_other_links_are_refused() {
        let odd =
            read(serde_json::json!({"name": "t", "connect": "tcp://h:1", "repeat": true, "allow": ["::1"]}));
        let keys: Vec<String> = odd.check().into_iter().map(|p| p.key).collect();
        assert_eq!(keys, ["allow", "repeat"]);
    }

    #[test]
    fn links_that_bring_messages_have_no_problem_when_all_is_said() {
        let place = serde_json::json!({"env": "KEY"});
        for json in [
            serde_json::json!({"name": "h", "connect": "http-listen://127.0.0.1:8110"}),
            serde_json::json!({"name": "h", "connect": "http-listen://0.0.0.0:8110", "allow": ["192.0.2.0/24"],
                "tokens": [{"station": "MAST", "token": {"file": "mast.token"}}, {"station": "B", "token": place}]}),
            serde_json::json!({"name": "p", "connect": "poll+https://h/x?key={secret}", "secret": place,
                "interval_seconds": 120, "ca": "ca.pem"}),
            serde_json::json!({"name": "w", "connect": "wss://h/x", "subscribe": "{\"APIKey\":\"{secret}\"}",
                "secret": place}),
            serde_json::json!({"name": "g", "connect": "gpsd://localhost/dev/ttyUSB0"}),
        ] {
            assert_eq!(read(json).check(), []);
        }
        let mqtt = read(serde_json::json!({"name": "m", "connect": "mqtts://h/ais/#", "user": "u",
            "password": place, "client_id": "watch-1", "ca": "ca.pem"}));
        let problems: Vec<String> = mqtt.check().into_iter().map(|p| p.accepted).collect();
        match cfg!(feature = "mqtt") {
            true => assert_eq!(problems, Vec::<String>::new()),
            false => assert_eq!(problems, ["a build with the feature `mqtt`"]),
        }
    }

    #[test]
    fn a_link_that_brings_messages_has_each_problem_named() {
        for (json, key) in [
            (serde_json::json!({"connect": "http-listen://0.0.0.0:1", "allow": ["::/0"]}), "tokens"),
            (
                serde_json::json!({"connect": "http-listen://127.0.0.1:1", "tokens": [
                    {"station": "A", "token": {"env": "A"}}, {"station": "A", "token": {"env": "B"}}]}),
                "tokens",
            ),
            (
                serde_json::json!({"connect": "http-listen://127.0.0.1:1", "tokens": [{"station": "A", "token": {}}]}),
                "tokens",
            ),
            (
                serde_json::json!({"connect": "udp://127.0.0.1:1", "tokens": [{"station": "A", "token": {"env": "A"}}]}),
                "tokens",
            ),
            (serde_json::json!({"connect": "poll+http://h/?k={secret}"}), "secret"),
            (serde_json::json!({"connect": "poll+http://h/", "secret": {"env": "A"}}), "secret"),
            (serde_json::json!({"connect": "poll+http://h/", "interval_seconds": 0}), "interval_seconds"),
            (serde_json::json!({"connect": "ws://h/", "interval_seconds": 60}), "interval_seconds"),
            (serde_json::json!({"connect": "ws://h/", "ca": "ca.pem"}), "ca"),
            (serde_json::json!({"connect": "gpsd://h", "subscribe": "x"}), "subscribe"),
            (serde_json::json!({"connect": "gpsd://h", "user": "x"}), "user"),
            (serde_json::json!({"connect": "gpsd://h", "client_id": "x"}), "client_id"),
        ] {
            let mut json = json;
            json["name"] = "x".into();
            let keys: Vec<String> = read(json.clone()).check().into_iter().map(|p| p.key).collect();
            assert_eq!(keys, [key], "{json}");
        }
    }

    #[test]
    fn files_stand_beside_the_settings_file() {
        let mut settings =
            read(serde_json::json!({"name": "h", "connect": "wss://h/{secret}", "ca": "/etc/ca.pem",
            "secret": {"file": "key"}}));
        settings.files_relative_to(Path::new("/srv"));
        assert_eq!(settings.secret.unwrap().file.unwrap(), Path::new("/srv/key"));
        assert_eq!(settings.ca.unwrap(), Path::new("/etc/ca.pem"));
    }

    #[test]
    fn unknown_keys_are_refused() {
        let json = serde_json::json!({"name": "t", "connect": "tcp://h:1", "pasword": "x"});
        assert!(serde_json::from_value::<Settings>(json).unwrap_err().to_string().contains("pasword"));
    }

    #[test]
    fn two_receivers_cannot_share_a_name() {
        let one = read(serde_json::json!({"name": "t", "connect": "tcp://h:1"}));
        let problems = check_all(&[one.clone(), one]);
        assert_eq!(problems[0].key, "receiver[2].name");
    }
}
