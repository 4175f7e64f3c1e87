//! The map's vessels over a WebSocket: those in the box the officer looks at, then what changes each second.

use super::{
    App,
    error::{Error, Problem},
    extract::Officer,
    picture::{LivePicture, LiveVessel},
};
use crate::geo::{Area, wrap_longitude};
use crate::track::TrackId;
use axum::{
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use sensors::Time;
use serde::Deserialize;
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// Maps that may be open at a time.
pub(super) const VIEWERS_MAX: usize = 64;

/// Vessels in one frame: 1.6 MB. Vessels with an open alert are sent beyond it. Ours, unproven.
const ROWS_MAX: usize = 50_000;

/// A browser that takes longer for one frame is cut.
const SEND_MAX: Duration = Duration::from_secs(20);

/// A new box is answered at once, but no more often than this; changes come once a second.
const FULL_EVERY: Duration = Duration::from_millis(250);

/// How soon the map of an ended session stops.
const SESSION_EVERY: Duration = Duration::from_secs(30);

/// Longest message a browser may send: a box is four numbers.
const MESSAGE_BYTES_MAX: usize = 1024;

const HEADER: usize = 16;
const ROW: usize = 32;
const NOT_AVAILABLE: u16 = u16::MAX;
const FLAG_ALERTED: u8 = 1;
const FLAG_GONE: u8 = 2;

/// The box as a browser gives it; a map that was scrolled around the world gives longitudes beyond 180.
#[derive(Debug, Deserialize)]
struct View {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl View {
    fn area(&self) -> Option<Area> {
        let View { west, south, east, north } = *self;
        let finite = [west, south, east, north].iter().all(|n| n.is_finite() && n.abs() <= 36_000.0);
        if !finite || south > north || west > east && (west > 180.0 || east < -180.0) {
            return None;
        }
        let (south, north) = (south.max(-90.0), north.min(90.0));
        if east - west >= 360.0 {
            return Some(Area { west: -180.0, south, east: 180.0, north });
        }
        Some(Area { west: wrap_longitude(west), south, east: wrap_longitude(east), north })
    }
}

/// What one browser has been sent.
#[derive(Default)]
struct Sent {
    /// By track: a mark that changes when the row does.
    rows: Vec<(TrackId, i64)>,
}

fn mark(vessel: &LiveVessel) -> i64 {
    vessel.last_heard_at.as_millis() << 1 | i64::from(vessel.alerted)
}

impl Sent {
    /// The next frame for this box, and how many vessels did not fit. A full frame has every vessel; the others
    /// have those whose row changed and those that left.
    fn frame(&mut self, picture: &LivePicture, area: &Area, full: bool) -> (Vec<u8>, usize) {
        let mut bytes = vec![0; HEADER];
        let before = std::mem::take(&mut self.rows);
        let mut before = before.into_iter().peekable();
        let (mut rows, mut cut) = (0u32, 0);
        for vessel in picture.vessels.iter().filter(|v| area.contains(v.position)) {
            if self.rows.len() >= ROWS_MAX && !vessel.alerted {
                cut += 1;
                continue;
            }
            let mut known = None;
            while let Some((track, mark)) = before.next_if(|(track, _)| *track <= vessel.track) {
                if track == vessel.track {
                    known = Some(mark);
                } else if !full {
                    put_gone(&mut bytes, track);
                    rows += 1;
                }
            }
            if full || known != Some(mark(vessel)) {
                put(&mut bytes, vessel, picture.now);
                rows += 1;
            }
            self.rows.push((vessel.track, mark(vessel)));
        }
        if !full {
            for (track, _) in before {
                put_gone(&mut bytes, track);
                rows += 1;
            }
        }
        bytes[0] = u8::from(!full);
        bytes[4..8].copy_from_slice(&rows.to_le_bytes());
        bytes[8..16].copy_from_slice(&picture.now.as_millis().to_le_bytes());
        (bytes, cut)
    }
}

fn put(bytes: &mut Vec<u8>, vessel: &LiveVessel, now: Time) {
    let age = now.since(vessel.last_heard_at).as_millis() / 1000;
    let flags = if vessel.alerted { FLAG_ALERTED } else { 0 };
    bytes.reserve(ROW);
    bytes.extend(vessel.track.as_u64().to_le_bytes());
    bytes.extend(vessel.mmsi.0.to_le_bytes());
    bytes.extend(vessel.position.lat.to_le_bytes());
    bytes.extend(vessel.position.lon.to_le_bytes());
    bytes.extend(vessel.speed.unwrap_or(NOT_AVAILABLE).to_le_bytes());
    bytes.extend(vessel.course.unwrap_or(NOT_AVAILABLE).to_le_bytes());
    bytes.extend(vessel.heading.unwrap_or(NOT_AVAILABLE).to_le_bytes());
    bytes.extend((age.clamp(0, i64::from(u16::MAX)) as u16).to_le_bytes());
    bytes.extend([vessel.class as u8, vessel.status, vessel.ship_type.map_or(0, |t| t.0), flags]);
}

fn put_gone(bytes: &mut Vec<u8>, track: TrackId) {
    bytes.extend(track.as_u64().to_le_bytes());
    bytes.extend([0; ROW - 9]);
    bytes.push(FLAG_GONE);
}

/// Opens the live map: a WebSocket.
///
/// The browser sends its box as `{"west","south","east","north"}` in degrees, at the start and after each move. The
/// watch answers with binary frames, little endian: `u8` kind (0 full picture of a new box, 1 changes, once a
/// second), 3 zero bytes, `u32` rows, `i64` the watch's time in ms; then rows of 32 bytes: `u64` track, `u32` MMSI,
/// `i32` latitude and `i32` longitude in 1/10000 minute, `u16` speed in 1/10 knot, `u16` course in 1/10 degree,
/// `u16` heading in degrees (65535: not available), `u16` age in seconds, `u8` class, `u8` navigational status,
/// `u8` type of ship (0: not available), `u8` flags (1: has an open alert, 2: gone).
#[utoipa::path(get, path = "/api/live", tag = "live",
    responses((status = 101, description = "WebSocket"), (status = 401, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn live(
    State(app): State<App>,
    officer: Officer,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    let upgrade = upgrade.map_err(|e| Error::bad_request(e.body_text()))?;
    let place = Arc::clone(&app.viewers).try_acquire_owned().map_err(|_| {
        app.pressure.viewers_refused.fetch_add(1, Relaxed);
        Error::busy("too many maps are open")
    })?;
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let _place = place;
        let _ = watch(&app, &officer, socket).await;
    }))
}

/// Feeds one map until it closes, its session ends, or the daemon stops; `None` is any of these.
async fn watch(app: &App, officer: &Officer, mut socket: WebSocket) -> Option<()> {
    let mut live = app.shared.live.clone();
    let mut sent = Sent::default();
    let mut area = None;
    let mut full = false;
    let mut next_full = Instant::now();
    let mut session = tokio::time::interval(SESSION_EVERY);
    let mut moved = false;
    loop {
        let mut changed = false;
        tokio::select! {
            message = socket.recv() => match message?.ok()? {
                Message::Text(text) => {
                    let view: View = serde_json::from_str(&text).ok()?;
                    area = Some(view.area()?);
                    (full, moved) = (true, true);
                }
                Message::Close(_) => return None,
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
            },
            tick = live.changed() => {
                tick.ok()?;
                changed = true;
            }
            () = tokio::time::sleep_until(next_full), if full => {}
            _ = session.tick() => {
                // Moving the map is a person's act; watching it is not.
                let account = app.shared.desk.session(&officer.token, app.now(), std::mem::take(&mut moved)).await;
                account.ok()??;
            }
        }
        let Some(area) = &area else { continue };
        let due = if full { Instant::now() >= next_full } else { changed };
        if due {
            let picture = Arc::clone(&live.borrow_and_update());
            let (frame, cut) = sent.frame(&picture, area, full);
            app.pressure.live_rows_cut.fetch_add(cut as u64, Relaxed);
            if timeout(SEND_MAX, socket.send(Message::Binary(frame.into()))).await.is_err() {
                app.pressure.viewers_cut.fetch_add(1, Relaxed);
                return None;
            }
            if full {
                next_full = Instant::now() + FULL_EVERY;
            }
            full = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Position;
    use crate::track::Class;
    use sensors::{Mmsi, ReceiverId, ShipType};

    fn vessel(n: u64, lon: f64) -> LiveVessel {
        LiveVessel {
            track: TrackId::new(0, n),
            mmsi: Mmsi(567_000_000 + n as u32),
            position: Position::from_degrees(10.0, lon).unwrap(),
            speed: Some(123),
            course: None,
            heading: Some(359),
            status: 7,
            class: Class::B,
            ship_type: Some(ShipType(30)),
            first_heard_at: Time::from_seconds(0),
            last_heard_at: Time::from_seconds(100),
            name: None,
            call_sign: None,
            imo: None,
            dimensions: None,
            destination: None,
            draught: None,
            persons_on_board: None,
            radar_target: None,
            coast: None,
            port: None,
            night: false,
            zones: Arc::new([]),
            receiver: ReceiverId(0),
            alerted: false,
        }
    }

    fn gulf() -> Area {
        Area { west: 100.0, south: 5.0, east: 105.0, north: 15.0 }
    }

    fn rows(frame: &[u8]) -> Vec<&[u8]> {
        let rows: Vec<&[u8]> = frame[HEADER..].chunks(ROW).collect();
        assert_eq!(rows.len() as u32, u32::from_le_bytes(frame[4..8].try_into().unwrap()));
        assert!(rows.iter().all(|r| r.len() == ROW));
        rows
    }

    #[test]
    fn a_row_is_laid_out_as_the_contract_says() {
        let picture = LivePicture { now: Time::from_seconds(107), vessels: vec![vessel(5, 101.0)] };
        let (frame, _) = Sent::default().frame(&picture, &gulf(), true);
        assert_eq!((frame[0], i64::from_le_bytes(frame[8..16].try_into().unwrap())), (0, 107_000));
        let row = rows(&frame)[0];
        assert_eq!(u64::from_le_bytes(row[0..8].try_into().unwrap()), 5);
        assert_eq!(u32::from_le_bytes(row[8..12].try_into().unwrap()), 567_000_005);
        assert_eq!(i32::from_le_bytes(row[12..16].try_into().unwrap()), 6_000_000);
        assert_eq!(i32::from_le_bytes(row[16..20].try_into().unwrap()), 60_600_000);
        assert_eq!(row[20..22], 123u16.to_le_bytes());
        assert_eq!(row[22..24], [0xff, 0xff]);
        assert_eq!(row[24..26], 359u16.to_le_bytes());
        assert_eq!(row[26..28], 7u16.to_le_bytes());
        assert_eq!(row[28..32], [1, 7, 30, 0]);
    }

    #[test]
    fn after_the_full_picture_only_changes_come() {
        let mut sent = Sent::default();
        let mut picture = LivePicture {
            now: Time::from_seconds(100),
            vessels: vec![vessel(1, 101.0), vessel(2, 102.0), vessel(3, 90.0), vessel(4, 103.0)],
        };
        assert_eq!(rows(&sent.frame(&picture, &gulf(), true).0).len(), 3);
        assert_eq!(rows(&sent.frame(&picture, &gulf(), false).0).len(), 0);
        picture.vessels[0].alerted = true;
        picture.vessels[1].position = Position::from_degrees(10.0, 99.0).unwrap();
        picture.vessels[1].last_heard_at = Time::from_seconds(101);
        picture.vessels.remove(3);
        let (frame, _) = sent.frame(&picture, &gulf(), false);
        let got: Vec<(u8, u8)> = rows(&frame).iter().map(|r| (r[0], r[31])).collect();
        assert_eq!(got, [(1, FLAG_ALERTED), (2, FLAG_GONE), (4, FLAG_GONE)]);
        assert_eq!(frame[0], 1);
        assert_eq!(rows(&sent.frame(&picture, &gulf(), false).0).len(), 0);
    }

    #[test]
    fn a_frame_is_bounded_and_never_leaves_an_alert_out() {
        let mut vessels: Vec<_> = (0..=ROWS_MAX as u64 + 9).map(|n| vessel(n, 101.0)).collect();
        vessels.last_mut().unwrap().alerted = true;
        let picture = LivePicture { now: Time::from_seconds(100), vessels };
        let (frame, cut) = Sent::default().frame(&picture, &gulf(), true);
        assert_eq!((rows(&frame).len(), cut), (ROWS_MAX + 1, 9));
        assert_eq!(rows(&frame)[ROWS_MAX][31], FLAG_ALERTED);
    }

    #[test]
    fn reads_boxes_around_the_world() {
        let area = |west, east| View { west, south: -95.0, east, north: 10.0 }.area();
        assert_eq!(area(100.0, 105.0), Some(Area { west: 100.0, south: -90.0, east: 105.0, north: 10.0 }));
        assert_eq!(area(175.0, 190.0).map(|a| (a.west, a.east)), Some((175.0, -170.0)));
        assert_eq!(area(175.0, -170.0).map(|a| (a.west, a.east)), Some((175.0, -170.0)));
        assert_eq!(area(-500.0, 500.0).map(|a| (a.west, a.east)), Some((-180.0, 180.0)));
        assert_eq!(area(f64::NAN, 1.0), None);
        assert_eq!(View { west: 0.0, south: 1.0, east: 1.0, north: 0.0 }.area(), None);
    }
}
