//! What can be set at the mast (`deploy/edge.toml`) and at the centre's door (`[edge]` in `deploy/watchkeeper.toml`).

use super::key;
use sensors::receiver::address::{self, Address, PLAIN_NAME};
use sensors::receiver::{self, Problem};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything that can be set at the mast. `deploy/edge.toml` explains each key.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// This station's name, as the centre knows it: 1 to 32 letters, digits, `-`, `_` and `.`, the first a letter or
    /// digit.
    pub station: String,
    /// Where everything goes.
    pub centre: Centre,
    /// What is kept while the link is down.
    #[serde(default)]
    pub spool: Spool,
    /// Who hears, as in `deploy/watchkeeper.toml`. Names are made as the station's.
    pub receiver: Vec<receiver::Settings>,
}

/// The centre, as the mast knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Centre {
    /// The centre's door: `https://HOST:PORT`.
    pub url: String,
    /// A file with the certificate that the centre shows, or that of the authority that signed it, as PEM; relative to
    /// this file. Nothing else is trusted.
    pub ca: PathBuf,
}

/// What is kept while the link is down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spool {
    /// Bytes on disk at most; each receiver has an equal share. A full VHF site, 75 lines a second, takes about 200 MB a
    /// day.
    pub bytes_max: u64,
    /// What goes when the spool is full: `"drop_oldest"` (what was heard first, but for the file of up to 4 MiB that is
    /// being sent) or `"drop_newest"` (what is heard then). What is lost is counted, and the centre is told.
    pub full: Full,
}

/// What goes when the spool is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Full {
    /// What was heard first.
    #[default]
    DropOldest,
    /// What is heard now.
    DropNewest,
}

/// Less than this for each receiver is no spool.
const SHARE_MIN: u64 = 1 << 20;

impl Default for Spool {
    fn default() -> Spool {
        Spool { bytes_max: 1_000_000_000, full: Full::DropOldest }
    }
}

impl Spool {
    /// What each of so many receivers may take.
    pub fn share(&self, receivers: usize) -> u64 {
        self.bytes_max / receivers.max(1) as u64
    }
}

/// The door that stations beyond the network send to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Door {
    /// Where stations connect, such as `"0.0.0.0:7443"`. Without it there is no door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// The certificate that is shown to them, as PEM, relative to this file. Without it, one is made at the first start
    /// in the database's folder: `edge/certificate.pem`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<PathBuf>,
    /// Who may send. One for each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub station: Vec<Station>,
}

/// A station beyond the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Its name: 1 to 32 letters, digits, `-`, `_` and `.`, the first a letter or digit.
    pub name: String,
    /// Its public key, as `watchkeeper edge key` prints it there.
    pub key: String,
}

fn problem(key: impl Into<String>, message: impl Into<String>, accepted: impl Into<String>) -> Problem {
    Problem { key: key.into(), message: message.into(), accepted: accepted.into() }
}

impl Settings {
    /// Every problem with these settings; opens nothing.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = receiver::settings::check_all(&self.receiver);
        let mut name = |key: String, name: &str| {
            if !address::is_plain_name(name) {
                problems.push(problem(key, format!("`{name}` can't be a name here"), PLAIN_NAME));
            }
        };
        name("station".to_owned(), &self.station);
        for (index, receiver) in self.receiver.iter().enumerate() {
            name(format!("receiver[{}].name", index + 1), &receiver.name);
        }
        for (index, receiver) in self.receiver.iter().enumerate() {
            if let Ok(Address::Edge { .. }) = receiver.address() {
                let key = format!("receiver[{}].connect", index + 1);
                problems.push(problem(key, "an edge does not hear another edge", "a receiver's own link"));
            }
        }
        let rest = self.centre.url.strip_prefix("https://").unwrap_or_default();
        if rest.is_empty() || rest.contains(['/', '?', '#', '@', ' ']) {
            let said = format!("`{}` is not the address of a centre", self.centre.url);
            problems.push(problem("centre.url", said, "https://HOST:PORT"));
        }
        if self.centre.ca.as_os_str().is_empty() {
            problems.push(problem("centre.ca", "no file is named", "the centre's certificate.pem"));
        }
        if self.receiver.is_empty() {
            problems.push(problem("receiver", "nothing is heard here", "one [[receiver]] at least"));
        }
        if self.spool.share(self.receiver.len()) < SHARE_MIN {
            let said = format!("{} bytes are no spool", self.spool.bytes_max);
            problems.push(problem("spool.bytes_max", said, "1048576 or more for each receiver"));
        }
        problems
    }
}

impl Door {
    /// Every problem with these settings, and with the receivers whose lines come in here; opens nothing.
    pub fn check(&self, receivers: &[receiver::Settings]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, station) in self.station.iter().enumerate() {
            let place = format!("edge.station[{}]", index + 1);
            if !address::is_plain_name(&station.name) {
                let said = format!("`{}` can't be the name of a station", station.name);
                problems.push(problem(format!("{place}.name"), said, PLAIN_NAME));
            }
            let earlier = &self.station[..index];
            if earlier.iter().any(|other| other.name == station.name) {
                let said = format!("`{}` is the name of another station too", station.name);
                problems.push(problem(format!("{place}.name"), said, "a name of its own for each station"));
            }
            if earlier.iter().any(|other| other.key == station.key) {
                problems.push(problem(
                    format!("{place}.key"),
                    "another station has this key too",
                    "a key of its own for each station",
                ));
            }
            if let Err(message) = key::parse(&station.key) {
                problems.push(problem(
                    format!("{place}.key"),
                    message,
                    "what `watchkeeper edge key` prints there",
                ));
            }
        }
        if self.certificate.is_some() != self.private_key.is_some() {
            problems.push(problem(
                "edge.certificate",
                "a certificate and its private key belong together",
                "both `certificate` and `private_key`, or neither",
            ));
        }
        let mut known: Vec<&str> = Vec::new();
        for (index, receiver) in receivers.iter().enumerate() {
            let Ok(Address::Edge { station, .. }) = receiver.address() else { continue };
            let key = format!("receiver[{}].connect", index + 1);
            if self.listen.is_none() {
                problems.push(problem(&key, "there is no door it could come in by", "`listen` in [edge]"));
            }
            if !self.station.iter().any(|known| known.name == station) {
                let said = format!("`{station}` is no station here");
                problems.push(problem(&key, said, "the name of an [[edge.station]]"));
            }
            if known.contains(&receiver.connect.as_str()) {
                problems.push(problem(&key, "another receiver is fed by it too", "one receiver for each"));
            }
            known.push(&receiver.connect);
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_the_mast_is_named() {
        let text = "station = \"north mast\"\n[centre]\nurl = \"http://x\"\nca = \"\"\n[spool]\nbytes_max = 1000\n\
            [[receiver]]\nname = \"a b\"\nconnect = \"edge://a/b\"";
        let settings: Settings = toml::from_str(text).unwrap();
        let keys: Vec<String> = settings.check().into_iter().map(|problem| problem.key).collect();
        let expected = [
            "station",
            "receiver[1].name",
            "receiver[1].connect",
            "centre.url",
            "centre.ca",
            "spool.bytes_max",
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn every_problem_of_the_door_is_named() {
        let text = "certificate = \"a\"\n[[station]]\nname = \"/\"\nkey = \"00\"\n[[station]]\nname = \"/\"\nkey = \"00\"";
        let door: Door = toml::from_str(text).unwrap();
        let to = |connect: &str| receiver::Settings::new("r", &Address::parse(connect).unwrap());
        let problems = door.check(&[to("edge://mast/a"), to("edge://mast/a")]);
        let keys: Vec<String> = problems.into_iter().map(|problem| problem.key).collect();
        let expected = [
            "edge.station[1].name",
            "edge.station[1].key",
            "edge.station[2].name",
            "edge.station[2].name",
            "edge.station[2].key",
            "edge.station[2].key",
            "edge.certificate",
            "receiver[1].connect",
            "receiver[1].connect",
            "receiver[2].connect",
            "receiver[2].connect",
            "receiver[2].connect",
        ];
        assert_eq!(keys, expected);
    }
}
