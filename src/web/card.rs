//! A vessel's card: all that is known of one track, live or gone.

use super::{
    App, Degrees,
    error::{Error, Problem},
    extract::{Name, Officer},
    picture::{LivePicture, LiveVessel},
};
use crate::desk::Previous;
use crate::geo::{Metres, NAUTICAL_MILE, Position};
use crate::history::{Claimed, Named, Paging};
use crate::place::is_night;
use crate::track::{Attribute, Class, Remark, TrackId, flag, remarks};
use axum::{Json, extract::State};
use sensors::{Imo, Mmsi, ReceiverId, ShipType, Time, vessel::MmsiKind};
use serde::Serialize;
use std::collections::BTreeMap;

/// Claims read for one card.
const CLAIMS_MAX: usize = 1000;

/// Other vessels of its MMSI named on one card.
const SAME_MMSI_MAX: usize = 20;

/// All that is known of one vessel. What it says of itself is claimed, not known to be so.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Card {
    #[schema(value_type = String)]
    track: TrackId,
    #[schema(value_type = u32)]
    mmsi: Mmsi,
    /// What the digits of the MMSI say it is.
    #[schema(value_type = String)]
    mmsi_kind: MmsiKind,
    /// The country that the MMSI claims, ISO 3166-1.
    flag: Option<&'static str>,
    name: Option<String>,
    call_sign: Option<String>,
    #[schema(value_type = Option<u32>)]
    imo: Option<Imo>,
    /// Whether the IMO number's check digit is right.
    imo_valid: Option<bool>,
    /// What is odd about its numbers; it says nothing by itself. Of `mmsi_invalid_kind`, `mmsi_placeholder`,
    /// `imo_check_digit_wrong` and `imo_placeholder`.
    #[schema(value_type = Vec<String>)]
    remarks: Vec<Remark>,
    /// Other live vessels that use its MMSI.
    #[schema(value_type = Vec<String>)]
    same_mmsi: Vec<TrackId>,
    /// The number that a radar gave it; such a target has no MMSI and says nothing of itself.
    radar_target: Option<u16>,
    #[schema(value_type = Option<u8>)]
    ship_type: Option<ShipType>,
    ship_type_family: Option<&'static str>,
    length_m: Option<f64>,
    breadth_m: Option<f64>,
    destination: Option<String>,
    draught_m: Option<f64>,
    /// Persons on board, such as `27`; `8191+` is that or more.
    persons_on_board: Option<String>,
    #[schema(value_type = String)]
    class: Class,
    #[schema(value_type = i64)]
    first_heard_at: Time,
    #[schema(value_type = i64)]
    last_heard_at: Time,
    position: Degrees,
    speed_knots: Option<f64>,
    course_deg: Option<f64>,
    heading_deg: Option<u16>,
    status: u8,
    /// The number of the receiver that heard it last.
    #[schema(value_type = u16)]
    receiver: ReceiverId,
    coast_nm: Option<f64>,
    port: Option<PortNear>,
    /// Names of the zones it is in; empty for a vessel that is gone.
    zones: Vec<String>,
    night: bool,
    /// Whether it is among the live vessels.
    live: bool,
    /// What its MMSI claimed, newest first by attribute.
    claims: Vec<ClaimView>,
    /// Its MMSI's alerts, newest first, at most 20.
    alerts: Vec<Previous>,
}

/// The nearest port.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PortNear {
    name: String,
    distance_nm: f64,
}

/// One value of one attribute.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(super) struct ClaimView {
    #[schema(value_type = String)]
    attribute: Attribute,
    value: String,
    #[schema(value_type = i64)]
    first_at: Time,
    #[schema(value_type = i64)]
    last_at: Time,
    count: u64,
}

/// Shows one vessel: the live one, or as it was when last heard.
#[utoipa::path(get, path = "/api/vessels/{track}", tag = "vessels", params(("track" = String, Path)), responses(
    (status = 200, body = Card), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn card(
    State(app): State<App>,
    _: Officer,
    Name(track): Name<TrackId>,
) -> Result<Json<Card>, Error> {
    let picture = app.shared.live.borrow().clone();
    let mut card = match picture.vessel(track) {
        Some(vessel) => of_live(vessel),
        None => of_past(&app, track).await?,
    };
    let page = Paging { limit: CLAIMS_MAX, after: None };
    // All radar targets have the same MMSI, which is none.
    let of_radar = card.class == Class::RadarTarget;
    let whose = if of_radar { Named::Track(track) } else { Named::Mmsi(card.mmsi) };
    let claims = app.shared.history.identity(&whose, &page).await?.rows;
    if !card.live {
        claim_for(&mut card, &claims);
    }
    card.claims = merged(claims);
    if !of_radar {
        card.remarks = remarks(card.mmsi, card.imo);
        card.same_mmsi = others_of(&picture, card.mmsi, track);
        card.alerts = app.shared.desk.alerts_of(card.mmsi).await?;
    }
    Ok(Json(card))
}

/// Other live vessels that use this MMSI; a number that a whole fleet shares is cut at [`SAME_MMSI_MAX`].
fn others_of(picture: &LivePicture, mmsi: Mmsi, track: TrackId) -> Vec<TrackId> {
    let same = picture.vessels.iter().filter(|v| v.mmsi == mmsi && v.class != Class::RadarTarget);
    same.map(|v| v.track).filter(|other| *other != track).take(SAME_MMSI_MAX).collect()
}

fn miles(metres: Metres) -> f64 {
    metres.0 / NAUTICAL_MILE
}

fn of_live(vessel: &LiveVessel) -> Card {
    let text = |t: &Option<std::sync::Arc<str>>| t.as_deref().map(str::to_owned);
    Card {
        track: vessel.track,
        mmsi: vessel.mmsi,
        mmsi_kind: vessel.mmsi.kind(),
        flag: flag(vessel.mmsi),
        name: text(&vessel.name),
        call_sign: text(&vessel.call_sign),
        imo: vessel.imo,
        imo_valid: vessel.imo.map(Imo::is_valid),
        remarks: Vec::new(),
        same_mmsi: Vec::new(),
        radar_target: vessel.radar_target,
        ship_type: vessel.ship_type,
        ship_type_family: vessel.ship_type.map(ShipType::family),
        length_m: vessel.dimensions.map(|(length, _)| length.0),
        breadth_m: vessel.dimensions.map(|(_, breadth)| breadth.0),
        destination: text(&vessel.destination),
        draught_m: vessel.draught.map(|d| d.0),
        persons_on_board: vessel.persons_on_board.map(|persons| persons.to_string()),
        class: vessel.class,
        first_heard_at: vessel.first_heard_at,
        last_heard_at: vessel.last_heard_at,
        position: vessel.position.into(),
        speed_knots: vessel.speed.map(|s| f64::from(s) / 10.0),
        course_deg: vessel.course.map(|c| f64::from(c) / 10.0),
        heading_deg: vessel.heading,
        status: vessel.status,
        receiver: vessel.receiver,
        coast_nm: vessel.coast.map(miles),
        port: vessel
            .port
            .as_ref()
            .map(|(name, d)| PortNear { name: name.to_string(), distance_nm: miles(*d) }),
        zones: vessel.zones.iter().map(ToString::to_string).collect(),
        night: vessel.night,
        live: true,
        claims: Vec::new(),
        alerts: Vec::new(),
    }
}

/// From the history, without what it claimed.
async fn of_past(app: &App, track: TrackId) -> Result<Card, Error> {
    let history = &app.shared.history;
    let fix = history.latest(track).await?.ok_or_else(|| Error::not_found("no vessel has this track"))?;
    let head = history.head(track).await?;
    let (coast_nm, port) = around(app, fix.position);
    Ok(Card {
        track,
        mmsi: fix.mmsi,
        mmsi_kind: fix.mmsi.kind(),
        flag: flag(fix.mmsi),
        name: None,
        call_sign: None,
        imo: None,
        imo_valid: None,
        remarks: Vec::new(),
        same_mmsi: Vec::new(),
        radar_target: None,
        ship_type: None,
        ship_type_family: None,
        length_m: None,
        breadth_m: None,
        destination: None,
        draught_m: None,
        persons_on_board: None,
        class: fix.class,
        first_heard_at: head.map_or(fix.time, |h| h.first_at),
        last_heard_at: fix.time,
        position: fix.position.into(),
        speed_knots: fix.knots().map(|s| s.0),
        course_deg: fix.course_degrees().map(|c| c.0),
        heading_deg: fix.heading,
        status: fix.status,
        receiver: fix.receiver,
        coast_nm,
        port,
        zones: Vec::new(),
        night: is_night(fix.position, fix.time),
        live: false,
        claims: Vec::new(),
        alerts: Vec::new(),
    })
}

fn around(app: &App, position: Position) -> (Option<f64>, Option<PortNear>) {
    let places = &app.shared.places;
    let around = places.surroundings(position);
    let port = around.port.and_then(|(id, distance)| {
        Some(PortNear { name: places.port(id)?.name.clone(), distance_nm: miles(distance) })
    });
    (Some(miles(around.coast)), port)
}

/// Fills in what a vessel that is gone claimed last on its track.
fn claim_for(card: &mut Card, claims: &[Claimed]) {
    let last = |attribute| {
        let mine = claims.iter().filter(|c| c.track == card.track && c.attribute == attribute);
        mine.max_by_key(|c| c.last_at).map(|c| c.value.clone())
    };
    card.name = last(Attribute::Name);
    card.call_sign = last(Attribute::CallSign);
    card.imo = last(Attribute::Imo).and_then(|v| v.parse().ok()).map(Imo);
    card.imo_valid = card.imo.map(Imo::is_valid);
    card.ship_type = last(Attribute::ShipType).and_then(|v| v.parse().ok()).map(ShipType);
    card.ship_type_family = card.ship_type.map(ShipType::family);
    card.destination = last(Attribute::Destination);
    card.persons_on_board = last(Attribute::PersonsOnBoard);
    card.radar_target = last(Attribute::RadarTarget).and_then(|v| v.parse().ok());
    card.draught_m = last(Attribute::Draught).and_then(|v| v.parse().ok());
    let sides: Vec<f64> = last(Attribute::Dimensions)
        .iter()
        .flat_map(|v| v.split(','))
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    if let [bow, stern, port, starboard] = sides[..] {
        card.length_m = Some(bow + stern).filter(|n| *n > 0.0);
        card.breadth_m = Some(port + starboard).filter(|n| *n > 0.0);
    }
}

/// One line a value, over all of the MMSI's tracks; by attribute, newest first.
fn merged(claims: Vec<Claimed>) -> Vec<ClaimView> {
    let mut values: BTreeMap<(Attribute, String), ClaimView> = BTreeMap::new();
    for claim in claims {
        let Claimed { attribute, value, first_at, last_at, count, .. } = claim;
        let new = || ClaimView { attribute, value: value.clone(), first_at, last_at, count: 0 };
        let view = values.entry((attribute, value.clone())).or_insert_with(new);
        view.first_at = view.first_at.min(first_at);
        view.last_at = view.last_at.max(last_at);
        view.count = view.count.saturating_add(count);
    }
    let mut views: Vec<ClaimView> = values.into_values().collect();
    views.sort_by_key(|v| (v.attribute, std::cmp::Reverse(v.last_at)));
    views
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(track: u64, attribute: Attribute, value: &str, minute: i64) -> Claimed {
        let at = Time::from_seconds(minute * 60);
        let (first_at, last_at, value) = (at, at, value.to_owned());
        Claimed {
            track: TrackId::new(0, track),
            mmsi: Mmsi(1),
            attribute,
            value,
            first_at,
            last_at,
            count: 2,
        }
    }

    #[test]
    fn one_line_a_value_newest_first() {
        let claims = merged(vec![
            claimed(1, Attribute::CallSign, "XU1", 5),
            claimed(1, Attribute::Name, "OLD", 1),
            claimed(1, Attribute::Name, "NEW", 2),
            claimed(2, Attribute::Name, "NEW", 9),
        ]);
        let lines: Vec<(&str, i64, u64)> =
            claims.iter().map(|c| (c.value.as_str(), c.last_at.as_millis() / 60_000, c.count)).collect();
        assert_eq!(lines, [("NEW", 9, 4), ("OLD", 1, 2), ("XU1", 5, 2)]);
        assert_eq!(claims[0].first_at, Time::from_seconds(120));
    }
}
