//! What is known of receiver models: how they are reached, what they send, and how sure that is.

use super::address::Address;
use serde::Deserialize;
use std::sync::LazyLock;

/// Each model's file, by the name it goes by in the settings.
macro_rules! profiles {
    ($($id:literal),+ $(,)?) => {
        &[$(($id, include_str!(concat!("../../profiles/", $id, ".toml")))),+]
    };
}

const FILES: &[(&str, &str)] = profiles![
    "ais-catcher",
    "aishub",
    "aisnet",
    "aisstream",
    "comar-ni",
    "comar-r400n",
    "comar-r450x",
    "daisy",
    "daisy-catcher",
    "daisy-hat",
    "em-trak",
    "furuno-fa150",
    "furuno-fa170",
    "gnuais",
    "gpsd",
    "jrc",
    "kongsberg-bs600",
    "kystverket",
    "miniplex-3",
    "nasa-engine-3",
    "quark-elec",
    "rtl-ais",
    "saab-r4",
    "saab-r40",
    "signal-k",
    "sr161",
    "sr162",
    "vesper-cortex",
    "yacht-devices",
];

/// How sure a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Read in the maker's manual or the standard.
    Manual,
    /// Read in what others write of it.
    SecondHand,
    /// Nobody is known to have written it down; to be confirmed on the receiver.
    Guess,
}

impl Confidence {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Manual => "manual",
            Confidence::SecondHand => "second-hand",
            Confidence::Guess => "guess",
        }
    }
}

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// How sure it is.
    pub confidence: Confidence,
    /// Who says so.
    pub source: String,
}

/// One receiver model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name in the settings.
    #[serde(skip)]
    pub id: &'static str,
    /// Maker and model.
    pub title: String,
    /// Whether it brings what many sites hear: then there is no limit to its rate.
    #[serde(default)]
    pub aggregated: bool,
    /// How it is reached, the best way first.
    pub link: Vec<Link>,
    /// Talkers of its sentences.
    pub talkers: Talkers,
    /// How much it sends.
    pub rate: Rate,
    /// What is sent to it after a serial port is opened.
    #[serde(default)]
    pub init: Vec<String>,
    /// Where the set-up comes from; needed with `init`.
    #[serde(default)]
    pub init_source: Option<Source>,
    /// How lines begin that are no sentences and are dropped.
    #[serde(default)]
    pub skip: Vec<String>,
    /// Where that comes from; needed with `skip`.
    #[serde(default)]
    pub skip_source: Option<Source>,
    /// What else an installer should know.
    #[serde(default)]
    pub note: String,
}

/// One way to reach it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// As in the settings; `HOST` stands for what only the installer knows.
    pub connect: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Who says so.
    pub source: String,
}

impl Link {
    /// The address, where it can be known.
    pub fn address(&self) -> Option<Address> {
        if self.connect.contains("HOST") { None } else { Address::parse(&self.connect).ok() }
    }
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Talkers {
    /// Two letters each; none where it passes on what others say.
    pub expected: Vec<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Who says so.
    pub source: String,
}

/// How much is heard, in AIS sentences.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Less in a minute at a port with traffic, and something is wrong.
    pub min_per_minute: f64,
    /// More in a second can't be; `None` where many sites are heard.
    #[serde(default)]
    pub max_per_second: Option<f64>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Who says so.
    pub source: String,
}

impl Profile {
    /// Where it is reached unless told otherwise; `None` where only the installer can know.
    pub fn address(&self) -> Option<Address> {
        self.link.iter().find_map(Link::address)
    }

    /// What to give, where [`address`](Profile::address) can't be known.
    pub(super) fn missing_address(&self) -> String {
        let ways: Vec<&str> = self.link.iter().map(|link| link.connect.as_str()).collect();
        format!("is needed: profile `{}` can't know the address; {}", self.id, ways.join(", or "))
    }

    /// How sure the least sure of its links, talkers and set-up is; how much is heard depends on the place.
    pub fn confidence(&self) -> Confidence {
        let sources = [&self.init_source, &self.skip_source].into_iter().flatten();
        let links = self.link.iter().map(|link| link.confidence).min();
        [links.unwrap_or(Confidence::Guess), self.talkers.confidence]
            .into_iter()
            .chain(sources.map(|source| source.confidence))
            .max()
            .unwrap_or(Confidence::Guess)
    }
}

/// All that are known, by name.
pub fn all() -> &'static [Profile] {
    static ALL: LazyLock<Vec<Profile>> = LazyLock::new(|| {
        let read = |(id, text): &(&'static str, &str)| {
            let profile: Profile = toml::from_str(text).expect("a test reads every profile");
            Profile { id, ..profile }
        };
        FILES.iter().map(read).collect()
    });
    &ALL
}

/// The model of that name.
pub fn find(id: &str) -> Option<&'static Profile> {
    all().iter().find(|profile| profile.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::Settings;

    #[test]
    fn every_profile_is_read_and_none_is_left_out() {
        for (id, text) in FILES {
            let read = toml::from_str::<Profile>(text);
            assert!(read.is_ok(), "{id}: {}", read.unwrap_err());
        }
        let mut there: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".toml", ""))
            .collect();
        there.sort();
        let listed: Vec<&str> = all().iter().map(|profile| profile.id).collect();
        assert_eq!(listed, there);
    }

    #[test]
    fn every_fact_says_where_it_comes_from() {
        for profile in all() {
            let id = profile.id;
            assert!(!profile.title.is_empty() && !profile.link.is_empty(), "{id}");
            let mut sources: Vec<&str> = profile.link.iter().map(|link| link.source.as_str()).collect();
            sources.extend([profile.talkers.source.as_str(), profile.rate.source.as_str()]);
            assert!(sources.iter().all(|source| source.len() > 5), "{id}");
            assert_eq!(profile.init.is_empty(), profile.init_source.is_none(), "{id}");
            assert_eq!(profile.skip.is_empty(), profile.skip_source.is_none(), "{id}");
        }
    }

    /// Links that are not opened in every build.
    const LATER: [&str; 6] = ["http-listen://", "poll+", "ws://", "wss://", "gpsd://", "mqtt"];

    #[test]
    fn what_a_profile_fills_in_is_accepted() {
        for profile in all() {
            let (id, rate) = (profile.id, &profile.rate);
            for link in &profile.link {
                let given = link.connect.replace("HOST", "192.0.2.10");
                assert!(
                    Address::parse(&given).is_ok() || LATER.iter().any(|kind| given.starts_with(kind)),
                    "{id}: {given}"
                );
            }
            assert!(profile.talkers.expected.iter().all(|talker| talker.len() == 2), "{id}");
            assert_eq!(rate.max_per_second.is_none(), profile.aggregated, "{id}");
            assert!(rate.min_per_minute > 0.0, "{id}");
            if let Some(address) = profile.address() {
                let mut settings = Settings::new("x", &address);
                settings.connect.clear();
                settings.profile = Some(id.to_owned());
                if address.is_open_to_senders() {
                    settings.allow = vec!["192.0.2.0/24".to_owned()];
                }
                if matches!(address, Address::Multicast { .. }) {
                    settings.interface = Some("eth0".to_owned());
                }
                let mut problems = settings.check();
                // A feed's secret and what is asked of it are the subscriber's own.
                problems.retain(|problem| !["secret", "subscribe"].contains(&problem.key.as_str()));
                assert_eq!(problems, [], "{id}");
            }
        }
    }
}
