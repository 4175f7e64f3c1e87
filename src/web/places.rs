//! Places on the map: the zones officers drew, ports, and the base map's tiles.

use super::{
    App,
    error::{Error, Problem},
    extract::{Officer, Params},
    tiles,
};
use crate::geo::{Area, wrap_longitude};
use crate::place::zone::{DayWindow, Zone, ZoneEvent, ZoneRule};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Ports of one answer; there are some 4,000 in the world.
const PORTS_MAX: usize = 5_000;

/// Tiles exist to this zoom; the map enlarges the last ones beyond it.
const ZOOM_MAX: u8 = 12;

/// Tiles drawn at a time; further ones wait.
pub(super) const DRAWING_MAX: usize = 2;

/// A GeoJSON feature collection.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct FeatureCollection {
    /// `FeatureCollection`.
    r#type: &'static str,
    #[schema(value_type = Vec<Object>)]
    features: Vec<Value>,
}

impl FeatureCollection {
    fn new(features: Vec<Value>) -> Json<FeatureCollection> {
        Json(FeatureCollection { r#type: "FeatureCollection", features })
    }
}

/// The box that is asked about.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BoxParams {
    /// Western edge, degrees; greater than `east` when the box crosses 180 degrees.
    west: f64,
    /// Southern edge, degrees.
    south: f64,
    /// Eastern edge, degrees.
    east: f64,
    /// Northern edge, degrees.
    north: f64,
}

impl BoxParams {
    fn area(self) -> Result<Area, Error> {
        let BoxParams { west, south, east, north } = self;
        let finite = [west, south, east, north].iter().all(|n| n.is_finite() && n.abs() <= 36_000.0);
        if !finite || south > north {
            return Err(Error::unprocessable(
                "a box has west, south, east, north in degrees, south below north",
            ));
        }
        if east - west >= 360.0 {
            return Ok(Area { west: -180.0, south, east: 180.0, north });
        }
        Ok(Area { west: wrap_longitude(west), south, east: wrap_longitude(east), north })
    }
}

/// Ports in a box, as GeoJSON points with `id`, `name` and `country`.
#[utoipa::path(get, path = "/api/ports", tag = "places", params(BoxParams), responses(
    (status = 200, body = FeatureCollection), (status = 401, body = Problem)))]
pub(super) async fn ports(
    State(app): State<App>,
    _: Officer,
    Params(asked): Params<BoxParams>,
) -> Result<Json<FeatureCollection>, Error> {
    let area = asked.area()?;
    let ports = app.shared.places.ports_in(area).take(PORTS_MAX).map(|(_, port)| {
        json!({
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [port.at.longitude(), port.at.latitude()]},
            "properties": {"id": port.code, "name": port.name, "country": port.country},
        })
    });
    Ok(FeatureCollection::new(ports.collect()))
}

/// The zones officers drew, as GeoJSON polygons with `id`, `name`, `kind` and `rule`.
#[utoipa::path(get, path = "/api/zones", tag = "places", responses(
    (status = 200, body = FeatureCollection), (status = 401, body = Problem)))]
pub(super) async fn zones(State(app): State<App>, _: Officer) -> Json<FeatureCollection> {
    let zones = app.shared.zones.zones().iter().map(|zone| {
        json!({
            "type": "Feature",
            "geometry": {"type": "MultiPolygon", "coordinates": polygons(zone)},
            "properties": {
                "id": zone.id,
                "name": zone.name,
                "kind": zone.kind,
                "rule": zone.rule.as_ref().map_or_else(String::new, in_words),
            },
        })
    });
    FeatureCollection::new(zones.collect())
}

type Ring = Vec<[f64; 2]>;

/// The zone's parts, each with its holes: a ring that begins inside the outline is a hole of it.
fn polygons(zone: &Zone) -> Vec<Vec<Ring>> {
    let mut polygons = vec![vec![drawn(&zone.ring)]];
    for ring in &zone.more {
        let ring = drawn(ring);
        let within = ring.first().is_some_and(|corner| encloses(&polygons[0][0], *corner));
        if within {
            polygons[0].push(ring);
        } else {
            polygons.push(vec![ring]);
        }
    }
    polygons
}

/// Closed as GeoJSON wants it, and without a jump where it crosses 180 degrees.
fn drawn(ring: &[[f64; 2]]) -> Ring {
    let mut drawn: Ring = Vec::with_capacity(ring.len() + 1);
    for &[mut lon, lat] in ring.iter().chain(ring.first()) {
        if let Some([before, _]) = drawn.last() {
            let jump = lon - before;
            lon -= if jump > 180.0 {
                360.0
            } else if jump < -180.0 {
                -360.0
            } else {
                0.0
            };
        }
        drawn.push([lon, lat]);
    }
    drawn
}

/// Even-odd: how often a line eastwards from the corner meets the closed ring.
fn encloses(ring: &[[f64; 2]], [lon, lat]: [f64; 2]) -> bool {
    let crossed = ring.windows(2).filter(|side| {
        let ([x1, y1], [x2, y2]) = (side[0], side[1]);
        (y1 > lat) != (y2 > lat) && lon < x1 + (lat - y1) / (y2 - y1) * (x2 - x1)
    });
    crossed.count() % 2 == 1
}

/// A zone's rule in one line of plain English, for who looks at the map.
fn in_words(rule: &ZoneRule) -> String {
    let mut parts: Vec<String> = Vec::new();
    for event in &rule.on {
        parts.push(match (event, rule.dwell) {
            (ZoneEvent::Enter, _) => "enters".into(),
            (ZoneEvent::Leave, _) => "leaves".into(),
            (ZoneEvent::Dwell, Some(dwell)) => format!("stays {} min", dwell.0),
            (ZoneEvent::Dwell, None) => "stays".into(),
        });
    }
    if let Some(DayWindow { from, to, .. }) = rule.window {
        parts.push(format!("{:02}:{:02}-{:02}:{:02} local time", from / 60, from % 60, to / 60, to % 60));
    }
    parts.extend(rule.length_max.map(|m| format!("up to {} m long", m.0)));
    parts.extend(rule.speed_min.map(|k| format!("at {} kn or more", k.0)));
    parts.extend(rule.speed_max.map(|k| format!("at {} kn or less", k.0)));
    for [first, last] in &rule.ship_types {
        parts.push(if first == last {
            format!("ship type {first}")
        } else {
            format!("ship types {first}-{last}")
        });
    }
    if !rule.exempt.is_empty() {
        parts.push(format!("except {} vessels", rule.exempt.len()));
    }
    parts.join(", ")
}

/// One tile of the base map: Mapbox vector tile, compressed where the browser takes it; needs no session.
#[utoipa::path(get, path = "/tiles/{z}/{x}/{y}", tag = "places",
    params(("z" = u8, Path, description = "0 to 12"), ("x" = u32, Path), ("y" = u32, Path)),
    responses((status = 200, content_type = "application/vnd.mapbox-vector-tile", body = Vec<u8>),
        (status = 404, body = Problem)))]
pub(super) async fn tile(
    State(app): State<App>,
    headers: HeaderMap,
    path: Result<Path<(u8, u32, u32)>, PathRejection>,
) -> Result<Response, Error> {
    let Path((z, x, y)) =
        path.map_err(|_| Error::not_found("a tile has three numbers: zoom, column, row"))?;
    if z > ZOOM_MAX || x >= 1 << z || y >= 1 << z {
        return Err(Error::not_found("there is no such tile"));
    }
    // Weak: the same tile may travel compressed or not.
    let tag = format!("W/\"{}\"", app.places_tag);
    let cached = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "public, max-age=3600".to_owned())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, cached).into_response());
    }
    let _place = app.drawing.acquire().await.map_err(Error::internal)?;
    let places = Arc::clone(&app.shared.places);
    let drawn = tokio::task::spawn_blocking(move || tiles::tile(&places, z, x, y)).await;
    let bytes = drawn.map_err(Error::internal)?;
    let kind = [(header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile")];
    Ok((cached, kind, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Minutes;
    use crate::place::zone::ZoneKind;

    fn zone(ring: &[[f64; 2]], more: &[&[[f64; 2]]]) -> Zone {
        Zone {
            id: "z".into(),
            name: "Z".into(),
            kind: ZoneKind::Watch,
            ring: ring.to_vec(),
            more: more.iter().map(|r| r.to_vec()).collect(),
            rule: None,
        }
    }

    const SQUARE: [[f64; 2]; 4] = [[100.0, 10.0], [104.0, 10.0], [104.0, 14.0], [100.0, 14.0]];

    #[test]
    fn a_ring_within_is_a_hole_and_one_outside_a_part() {
        let hole = [[101.0, 11.0], [102.0, 11.0], [102.0, 12.0]];
        let part = [[110.0, 11.0], [112.0, 11.0], [112.0, 12.0]];
        let polygons = polygons(&zone(&SQUARE, &[&hole, &part]));
        assert_eq!(polygons.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert!(polygons.iter().flatten().all(|ring| ring.first() == ring.last()));
    }

    #[test]
    fn an_outline_across_180_degrees_does_not_go_around_the_world() {
        let ring = drawn(&[[179.0, 1.0], [-179.0, 1.0], [-179.0, 2.0], [179.0, 2.0]]);
        assert_eq!(ring.iter().map(|c| c[0]).collect::<Vec<_>>(), [179.0, 181.0, 181.0, 179.0, 179.0]);
    }

    #[test]
    fn a_rule_reads_as_one_line() {
        let rule = ZoneRule {
            on: vec![ZoneEvent::Enter, ZoneEvent::Dwell],
            dwell: Some(Minutes(30.0)),
            window: Some(DayWindow { from: 18 * 60, to: 330, utc_offset: 420 }),
            ship_types: vec![[30, 30]],
            ..ZoneRule::default()
        };
        assert_eq!(in_words(&rule), "enters, stays 30 min, 18:00-05:30 local time, ship type 30");
    }
}
