//! What of a message may become a fix, and whose message counts at all.

use super::{Class, Fix, Standing, TrackId};
use crate::admit::Admitted;
use crate::geo::Position;
use sensors::{
    Report,
    message::{Body, Message, Place},
};

/// Whether a message says where or who its sender is, how many are on board, or anything in words. Other data of
/// applications, acknowledgements and what base stations order do not, and begin no track.
pub(super) fn tells_of_its_sender(body: &Body) -> bool {
    match body {
        Body::PositionA(_) | Body::PositionB(_) | Body::PositionBExtended(_) | Body::SarAircraft(_) => true,
        Body::Clock(_) | Body::AidToNavigation(_) | Body::SafetyText(_) => true,
        Body::StaticVoyage(_) | Body::StaticB(_) => true,
        Body::Binary(said) => said.persons_on_board().is_some(),
        _ => false,
    }
}

/// The report's position as a fix without its track; `None` where it has none.
pub(super) fn fix(report: &Report, message: &Message) -> Option<Fix> {
    let (place, speed, course, heading, status, class): (Option<Place>, _, _, _, _, _) = match &message.body {
        Body::PositionA(p) if message.kind == 27 => {
            (p.place, p.speed, p.course, None, p.status, Class::LongRange)
        }
        Body::PositionA(p) => (p.place, p.speed, p.course, p.heading, p.status, Class::A),
        Body::PositionB(p) => (p.place, p.speed, p.course, p.heading, 15, Class::B),
        Body::PositionBExtended(p) => (p.place, p.speed, p.course, p.heading, 15, Class::B),
        Body::SarAircraft(p) => {
            (p.place, p.speed.map(|knots| knots.saturating_mul(10)), p.course, None, 15, Class::SarAircraft)
        }
        Body::AidToNavigation(p) => (p.place, None, None, None, 15, Class::AidToNavigation),
        Body::Clock(p) if message.kind == 4 => (p.place, None, None, None, 15, Class::BaseStation),
        Body::Clock(p) => (p.place, None, None, None, 15, Class::A),
        _ => return None,
    };
    let place = place?;
    let class = if message.mmsi.is_distress_device() { Class::DistressDevice } else { class };
    Some(Fix {
        track: TrackId::from_u64(0),
        sequence: report.sequence,
        time: report.time,
        mmsi: message.mmsi,
        position: Position { lat: place.lat, lon: place.lon },
        speed,
        course,
        heading,
        status,
        class,
        receiver: report.receiver,
        standing: Standing::Used,
    })
}

/// 51.2 kn, which broken transponders report; 63.0 kn, which is "not available" of long-range positions put into
/// others. In 1/10 knot. 102.3 kn is "not available" and is never a speed here. Source: gpsdio-segment.
const NOISE_SPEEDS: [u16; 2] = [512, 630];

/// 0 N 0 E, to a thousandth of a minute each way: exactly there is nobody. Ours.
const NULL_ISLAND: i32 = 10;

/// Whether a fix may move a track by what it says itself and what stage 0 says of it.
pub(super) fn standing(admitted: &Admitted, fix: &Fix) -> Standing {
    let of_a_ship = matches!(fix.class, Class::A | Class::B | Class::LongRange);
    let Position { lat, lon } = fix.position;
    match Standing::of(admitted.standing) {
        Standing::Used if lat.abs() <= NULL_ISLAND && lon.abs() <= NULL_ISLAND => Standing::NullIsland,
        Standing::Used if of_a_ship && fix.speed.is_some_and(|speed| NOISE_SPEEDS.contains(&speed)) => {
            Standing::Noise
        }
        standing => standing,
    }
}
