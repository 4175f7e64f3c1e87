//! Noticing: rules that look at tracks, one file each. A rule gives verdicts; it raises nothing.
//!
//! There are two kinds. A [`TrackRule`] sees one track and what lies around it, and runs where that track
//! is followed. A [`PlaceRule`] also sees the picture: neighbours and zones.

mod distress;
mod evidence;
mod factors;
mod loitering;
mod rendezvous;
mod zone_entry;

pub use evidence::{Evidence, Factor, Helper, Look, Measure, Sighting, Subject, Verdict};

use crate::picture::Picture;
use crate::place::zone::Zones;
use crate::track::{Followed, Step, TrackId};
use sensors::{ReceiverId, Time};
use serde::{Deserialize, Serialize};

/// The rules, in the order of the list in [`RULES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// [`distress`].
    Distress,
    /// [`rendezvous`].
    Rendezvous,
    /// [`loitering`].
    Loitering,
    /// [`zone_entry`].
    ZoneEntry,
}

/// What is known of a rule apart from running it.
#[derive(Debug, Clone, Copy)]
pub struct Card {
    /// The rule.
    pub rule: Rule,
    /// Its name: the same word in settings, alerts, recordings and addresses.
    pub name: &'static str,
    /// Its grades, mildest first.
    pub grades: &'static [&'static str],
    source: &'static str,
}

/// Every rule there is. A rule that is not here does not exist.
pub const RULES: &[Card] = &[
    Card {
        rule: Rule::Distress,
        name: "distress",
        grades: &["test", "status", "text", "active"],
        source: include_str!("distress.rs"),
    },
    Card {
        rule: Rule::Rendezvous,
        name: "rendezvous",
        grades: &["touch", "meet", "transfer"],
        source: include_str!("rendezvous.rs"),
    },
    Card {
        rule: Rule::Loitering,
        name: "loitering",
        grades: &["hour", "four_hours", "twelve_hours"],
        source: include_str!("loitering.rs"),
    },
    Card {
        rule: Rule::ZoneEntry,
        name: "zone_entry",
        grades: &["appear", "enter", "dwell", "leave"],
        source: include_str!("zone_entry.rs"),
    },
];

/// The four headings that every rule explains itself under.
pub const HEADINGS: [&str; 4] = ["What it flags", "Why it matters", "Innocent causes", "What it misses"];

impl Card {
    /// What the rule's own text says under one of the [`HEADINGS`], on one line; empty where it says nothing.
    pub fn help(&self, heading: &str) -> String {
        let doc = self.source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
        let section = doc.skip_while(|line| line.strip_prefix("# ") != Some(heading)).skip(1);
        let lines: Vec<&str> =
            section.take_while(|line| !line.starts_with("# ")).filter(|l| !l.is_empty()).collect();
        lines.join(" ")
    }
}

impl Rule {
    /// The rule's card.
    pub fn card(self) -> &'static Card {
        RULES.iter().find(|card| card.rule == self).expect("every rule is in RULES; a test holds them equal")
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.card().name
    }
}

/// The settings of every rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Distress devices and distress texts.
    pub distress: distress::Settings,
    /// Two vessels close together, slow, at sea.
    pub rendezvous: rendezvous::Settings,
    /// A vessel that stays where vessels pass.
    pub loitering: loitering::Settings,
    /// A vessel in a zone that an officer drew.
    pub zone_entry: zone_entry::Settings,
}

impl Settings {
    /// How many suspect looks raise an alert of the rule, and how many normal ones clear it.
    pub fn looks(&self, rule: Rule) -> (u32, u32) {
        match rule {
            // People in danger wait for no second look; the others' hysteresis is in their own figures.
            Rule::Distress | Rule::ZoneEntry => (1, 1),
            Rule::Rendezvous => (self.rendezvous.raise_looks, self.rendezvous.clear_looks),
            Rule::Loitering => (self.loitering.raise_looks, self.loitering.clear_looks),
        }
    }
}

/// What a rule may look at besides the track and the picture.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Settings of all rules; a rule reads its own.
    pub settings: &'a Settings,
    /// Zones that officers drew.
    pub zones: &'a Zones,
    /// Receivers that are known to hear nothing; told at ticks.
    pub deaf: &'a [ReceiverId],
}

/// A rule that needs one track.
pub trait TrackRule {
    /// Something was heard on a track.
    fn on_report(&mut self, seen: &Followed<'_>, context: Context<'_>, out: &mut Vec<Verdict>);
    /// The clock passed.
    fn on_tick(&mut self, now: Time, context: Context<'_>, out: &mut Vec<Verdict>);
    /// The track is no longer followed: all that is remembered of it goes.
    fn forget(&mut self, track: TrackId, now: Time, out: &mut Vec<Verdict>);
}

/// A rule that needs the picture.
pub trait PlaceRule {
    /// A track moved on; the picture already shows it.
    fn on_step(&mut self, step: &Step, picture: &Picture, context: Context<'_>, out: &mut Vec<Verdict>);
    /// The clock passed.
    fn on_tick(&mut self, now: Time, picture: &Picture, context: Context<'_>, out: &mut Vec<Verdict>);
    /// The track is no longer followed: all that is remembered of it goes. The picture still shows it.
    fn forget(&mut self, track: TrackId, now: Time, picture: &Picture, out: &mut Vec<Verdict>);
}

/// The rules that run in stage A.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TrackRules {
    distress: distress::Distress,
    loitering: loitering::Loitering,
}

/// The rules that run in stage B.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PlaceRules {
    rendezvous: rendezvous::Rendezvous,
    zone_entry: zone_entry::ZoneEntry,
}

impl TrackRules {
    fn each(&mut self) -> [&mut dyn TrackRule; 2] {
        [&mut self.distress, &mut self.loitering]
    }
}

impl TrackRule for TrackRules {
    fn on_report(&mut self, seen: &Followed<'_>, context: Context<'_>, out: &mut Vec<Verdict>) {
        self.each().into_iter().for_each(|rule| rule.on_report(seen, context, out));
    }

    fn on_tick(&mut self, now: Time, context: Context<'_>, out: &mut Vec<Verdict>) {
        self.each().into_iter().for_each(|rule| rule.on_tick(now, context, out));
    }

    fn forget(&mut self, track: TrackId, now: Time, out: &mut Vec<Verdict>) {
        self.each().into_iter().for_each(|rule| rule.forget(track, now, out));
    }
}

impl PlaceRules {
    fn each(&mut self) -> [&mut dyn PlaceRule; 2] {
        [&mut self.rendezvous, &mut self.zone_entry]
    }
}

impl PlaceRule for PlaceRules {
    fn on_step(&mut self, step: &Step, picture: &Picture, context: Context<'_>, out: &mut Vec<Verdict>) {
        self.each().into_iter().for_each(|rule| rule.on_step(step, picture, context, out));
    }

    fn on_tick(&mut self, now: Time, picture: &Picture, context: Context<'_>, out: &mut Vec<Verdict>) {
        self.each().into_iter().for_each(|rule| rule.on_tick(now, picture, context, out));
    }

    fn forget(&mut self, track: TrackId, now: Time, picture: &Picture, out: &mut Vec<Verdict>) {
        self.each().into_iter().for_each(|rule| rule.forget(track, now, picture, out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_explains_itself_under_the_four_headings() {
        for card in RULES {
            for heading in HEADINGS {
                assert!(card.help(heading).len() > 20, "{}: nothing under '{heading}'", card.name);
            }
            assert_eq!(card.rule.name(), card.name);
        }
    }
}
