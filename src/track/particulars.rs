//! What a vessel says of itself, as last heard.

use super::{Attribute, Claim, TrackId};
use sensors::{
    CallSign, Imo, Mmsi, ShipType, Time,
    message::{Body, Dimensions, Message, StaticB, application::Persons},
};
use serde::{Deserialize, Serialize};

/// Everything a vessel reported of itself but its position. All of it is a claim.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Particulars {
    /// Name.
    pub name: Option<String>,
    /// Call sign.
    pub call_sign: Option<CallSign>,
    /// IMO number.
    pub imo: Option<Imo>,
    /// Type of ship and cargo.
    pub ship_type: Option<ShipType>,
    /// Size and antenna position.
    pub dimensions: Option<Dimensions>,
    /// Destination, as typed.
    pub destination: Option<String>,
    /// Draught, 1/10 metre.
    pub draught: Option<u8>,
    /// How many persons are on board.
    pub persons_on_board: Option<Persons>,
    /// The number that a radar gave it; such a target says nothing of itself.
    pub radar_target: Option<u16>,
}

/// Craft up to this length are small: a boat that carries people off a beach. Source: `detectors.md` D4, D11.
const SMALL_LENGTH_MAX: u16 = 24;

impl Particulars {
    /// Length overall in metres, as claimed.
    pub fn length(&self) -> Option<u16> {
        self.dimensions.and_then(Dimensions::length)
    }

    /// Up to 24 m, or nothing known of its size.
    pub fn is_small_or_unknown(&self) -> bool {
        self.length().is_none_or(|metres| metres <= SMALL_LENGTH_MAX)
    }

    /// Claims to be a fishing vessel.
    pub fn is_fishing(&self) -> bool {
        self.ship_type.is_some_and(ShipType::is_fishing)
    }

    /// Claims a type whose work is to meet others: pilot, tug, rescue, police and the like.
    pub fn is_service(&self) -> bool {
        self.ship_type.is_some_and(ShipType::is_service)
    }

    /// Named like a transmitter on fishing gear: a battery reading such as `NET 87%` or `12-8V`, or BUOY.
    /// Ours, after the names seen on gear in South-East Asian waters; a boat may fake it, so it only lowers.
    pub fn is_named_like_a_net_buoy(&self) -> bool {
        self.name.as_deref().is_some_and(|name| {
            let volts =
                name.strip_suffix('V').is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
            name.contains('%') || volts || name.contains("BUOY")
        })
    }

    /// Takes over what `message` says; returns the claims it made, in a fixed order.
    pub(super) fn learn(&mut self, message: &Message, told: Told, claims: &mut Vec<Claim>) {
        let mut claim = |attribute, value: String| {
            let Told { track, mmsi, sequence, time } = told;
            claims.push(Claim { track, mmsi, sequence, time, attribute, value });
        };
        let mut name = |known: &mut Option<String>, said: &Option<String>| {
            if let Some(said) = said {
                claim(Attribute::Name, said.clone());
                *known = Some(said.clone());
            }
        };
        match &message.body {
            Body::StaticVoyage(said) => {
                name(&mut self.name, &said.name);
                self.call_sign(&said.call_sign, &mut claim);
                self.hull(said.ship_type, said.dimensions, &mut claim);
                if let Some(imo) = said.imo {
                    claim(Attribute::Imo, imo.0.to_string());
                    self.imo = Some(imo);
                }
                if let Some(destination) = &said.destination {
                    claim(Attribute::Destination, destination.clone());
                    self.destination = Some(destination.clone());
                }
                if let Some(draught) = said.draught {
                    claim(Attribute::Draught, format!("{:.1}", f64::from(draught) / 10.0));
                    self.draught = Some(draught);
                }
            }
            Body::PositionBExtended(said) => {
                name(&mut self.name, &said.name);
                self.hull(said.ship_type, said.dimensions, &mut claim);
            }
            Body::AidToNavigation(said) => {
                name(&mut self.name, &said.name);
                self.hull(None, said.dimensions, &mut claim);
            }
            Body::StaticB(said) => match &**said {
                StaticB::A { name: said } => name(&mut self.name, said),
                StaticB::B { ship_type, call_sign, dimensions, .. } => {
                    self.call_sign(call_sign, &mut claim);
                    self.hull(*ship_type, *dimensions, &mut claim);
                }
            },
            Body::Binary(said) => {
                if let Some(persons) = said.persons_on_board() {
                    claim(Attribute::PersonsOnBoard, persons.total.to_string());
                    self.persons_on_board = Some(persons.total);
                }
            }
            _ => {}
        }
    }

    fn call_sign(&mut self, said: &Option<CallSign>, claim: &mut impl FnMut(Attribute, String)) {
        if let Some(said) = said {
            claim(Attribute::CallSign, said.0.clone());
            self.call_sign = Some(said.clone());
        }
    }

    fn hull(
        &mut self,
        ship_type: Option<ShipType>,
        dimensions: Option<Dimensions>,
        claim: &mut impl FnMut(Attribute, String),
    ) {
        if let Some(ship_type) = ship_type {
            claim(Attribute::ShipType, ship_type.0.to_string());
            self.ship_type = Some(ship_type);
        }
        if let Some(d) = dimensions {
            claim(Attribute::Dimensions, format!("{},{},{},{}", d.bow, d.stern, d.port, d.starboard));
            self.dimensions = Some(d);
        }
    }
}

/// Where and when something was said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) track: TrackId,
    pub(super) mmsi: Mmsi,
    pub(super) sequence: u64,
    pub(super) time: Time,
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensors::message::{ApplicationId, Binary, Bits};

    fn named(name: &str) -> Particulars {
        Particulars { name: Some(name.into()), ..Particulars::default() }
    }

    #[test]
    fn knows_a_net_buoy_by_its_battery() {
        assert!(named("CHAY 3 87%").is_named_like_a_net_buoy());
        assert!(named("DONG-21-12.4V").is_named_like_a_net_buoy());
        assert!(!named("MV LIV").is_named_like_a_net_buoy());
        assert!(!named("HAN KANG NO3").is_named_like_a_net_buoy());
    }

    #[test]
    fn knows_how_many_persons_are_on_board() {
        let mut data = sensors::sentence::Payload::new();
        data.push(13, 27);
        data.push(3, 0);
        let data = Bits::tail(&data, 0);
        let application = ApplicationId { dac: 1, fi: 16 };
        let body = Body::Binary(Box::new(Binary { application, data, ..Binary::default() }));
        let message = Message { kind: 8, repeat: 0, mmsi: Mmsi(1), body };
        let told =
            Told { track: TrackId::new(0, 1), mmsi: Mmsi(1), sequence: 1, time: Time::from_seconds(5) };
        let (mut particulars, mut claims) = (Particulars::default(), Vec::new());
        particulars.learn(&message, told, &mut claims);
        assert_eq!(particulars.persons_on_board, Some(Persons::Exactly(27)));
        assert_eq!((claims[0].attribute, claims[0].value.as_str()), (Attribute::PersonsOnBoard, "27"));
    }
}
