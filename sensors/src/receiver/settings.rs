//! One `[[receiver]]` of the settings file.

mod check;
mod messages;
#[cfg(test)]
mod tests;

pub use check::check_all;

use super::address::Address;
use super::limit;
use super::profile::{self, Profile};
use super::replay::{self, Pace};
use super::secret::SecretRef;
use crate::sentence::Checksum;
use crate::{ReceiverId, Time};
use serde::{Deserialize, Serialize};
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
    /// the topic as MQTT has them), `gpsd://HOST` or `gpsd://HOST/dev/DEVICE`, `edge://STATION/RECEIVER` (a station
    /// beyond the network sends it), `file:///PATH` (a recording is played, plain or gzip), `tail:///PATH` (a file
    /// that another program writes; a `*` in its name follows each new one) or `stdin:`. May be left out where the
    /// profile knows it.
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
}

fn is_rate(rate: f64) -> bool {
    rate > 0.0 && rate <= 1e6
}
