//! What the core works by: settings as the journal keeps them, and what follows from them and the place files.

use crate::admit;
use crate::alert;
use crate::detector::{self, Context};
use crate::geo::Position;
use crate::place::Places;
use crate::place::zone::{Zone, Zones};
use crate::track;
use sensors::ReceiverId;
use sensors::sentence::Checksum;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the stages work by. Journalled as text, so that an old entry is replayed under its own settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// SHA-256 of the place files in use, in hexadecimal: other places are other settings.
    pub places: String,
    /// Who hears, by number: what a line's receiver was called and where it stood then.
    pub receivers: Vec<Station>,
    /// How clocks are learned and repeats known.
    pub admit: admit::Settings,
    /// How tracks are kept apart.
    pub track: track::Settings,
    /// The rules' figures.
    pub detector: detector::Settings,
    /// The life of alerts.
    pub alert: alert::Settings,
    /// Zones that officers drew.
    pub zone: Vec<Zone>,
}

impl Settings {
    /// As the journal keeps them.
    pub fn to_text(&self) -> String {
        toml::to_string(self).expect("settings are plain tables")
    }
}

/// A receiver as the journal names it; numbers are places in a list and change when the list does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Its name in the settings.
    pub name: String,
    /// Where its antenna stands, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Where its antenna stands, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Whether its sentences must bring their checksums.
    #[serde(default, skip_serializing_if = "Checksum::is_required")]
    pub checksum: Checksum,
}

/// What the core knows of the world and was told to do. Not state: it follows from settings and place files.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) places: Arc<Places>,
    pub(super) zones: Zones,
    sites: Vec<Option<Position>>,
}

impl World {
    pub(super) fn new(settings: Settings, places: Arc<Places>) -> World {
        // Zones with a fault never get past the settings check; were one journalled, it would bound nothing.
        let zones = Zones::new(settings.zone.clone()).unwrap_or_default();
        let site = |station: &Station| Position::from_degrees(station.latitude?, station.longitude?);
        let sites = settings.receivers.iter().map(site).collect();
        World { zones, sites, settings, places }
    }

    /// Where the receiver's antenna stands, if its settings say so.
    pub(super) fn site(&self, receiver: ReceiverId) -> Option<Position> {
        self.sites.get(usize::from(receiver.0)).copied().flatten()
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context { settings: &self.settings.detector, zones: &self.zones, deaf: &[] }
    }
}
