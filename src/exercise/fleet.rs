//! Ordinary traffic: turns each fleet of a scenario into vessels with names, numbers and a night's work.

use super::motion::Spot;
use super::names;
use super::random::Random;
use super::scenario::{At, Fleet, Go, Kind, Leg, Loiter, Minutes, Station, Stay, VesselPlan, Work};
use std::collections::HashSet;

/// Metres in a nautical mile.
const MILE: f64 = 1852.0;

/// Adds every fleet's vessels to `plans`, with names and MMSIs of their own.
pub(super) fn muster(fleets: &[Fleet], seed: u64, plans: &mut Vec<VesselPlan>) {
    let mut names: HashSet<String> = plans.iter().map(|v| v.name.clone()).collect();
    let mut mmsis: HashSet<u32> = plans.iter().map(|v| v.mmsi).collect();
    for (number, fleet) in fleets.iter().enumerate() {
        // Far from the vessels' streams, so that a fleet may grow without changing another.
        let mut random = Random::new(seed, 1 << 40 | number as u64);
        for i in 0..fleet.count {
            let mut plan = identity(fleet, &mut random);
            let mut tag = i + 1;
            loop {
                plan.name = names::name(&mut random, fleet.kind, (plan.mmsi / 1_000_000) as u16, tag);
                if names.insert(plan.name.clone()) {
                    break;
                }
                tag += fleet.count;
            }
            while !mmsis.insert(plan.mmsi) {
                plan.mmsi += 1;
            }
            // Only now, for a name in the manner of the flag came from the digits.
            if fleet.class == Station::B && random.unit() < fleet.invalid_mmsi_share {
                plan.mmsi = 9_000_000 + random.below(999_999) as u32;
                while !mmsis.insert(plan.mmsi) {
                    plan.mmsi += 1;
                }
            }
            work(fleet, i, &mut plan, &mut random);
            plans.push(plan);
        }
    }
}

fn identity(fleet: &Fleet, random: &mut Random) -> VesselPlan {
    let mid = fleet.flags[random.below(fleet.flags.len())];
    let (length, beam, draught, ship_type) = names::size(random, fleet.kind);
    let is_merchant = matches!(fleet.kind, Kind::Cargo | Kind::Tanker | Kind::Passenger);
    let destination = match fleet.destinations.len() {
        0 => None,
        n => Some(fleet.destinations[random.below(n)].clone()),
    };
    VesselPlan {
        name: String::new(),
        mmsi: u32::from(mid) * 1_000_000 + random.below(1_000_000) as u32,
        call_sign: Some(names::call_sign(random, mid)),
        imo: (is_merchant && fleet.class == Station::A).then(|| names::imo(random)),
        ship_type,
        length,
        beam,
        class: fleet.class,
        draught,
        destination,
        altitude: 0,
        test: false,
        every_seconds: 10.0,
        at: [0.0, 0.0],
        heading: random.between(0.0, 360.0),
        start_at: 0.0,
        legs: Vec::new(),
        repeat_from: None,
    }
}

fn work(fleet: &Fleet, i: usize, plan: &mut VesselPlan, random: &mut Random) {
    match fleet.work {
        Work::Lane => sail_lane(fleet, i, plan, random),
        Work::Fish => {
            let (centre, reach) = own_part(fleet, i, random);
            let speed = random.between(fleet.speed[0], fleet.speed[1]);
            let start = centre.along(random.between(0.0, 360.0), random.between(0.0, 0.3) * reach);
            plan.at = [centre.lat, centre.lon];
            // The circle is about the place where it begins; it is under way there already.
            plan.heading = centre.towards(start).1;
            plan.legs = vec![Leg::Fish(Loiter {
                minutes: None,
                until: None,
                radius_nm: reach / MILE,
                speed,
                status: None,
            })];
        }
        Work::Anchor => {
            let (centre, reach) = own_part(fleet, i, random);
            let spot = centre.along(random.between(0.0, 360.0), random.between(0.0, 0.4) * reach);
            plan.at = [spot.lat, spot.lon];
            // All lie to the same wind.
            plan.heading = 225.0 + random.between(-15.0, 15.0);
            plan.legs = vec![Leg::Anchor(Stay::default())];
        }
        Work::Moor => {
            let quay = fleet.quay.unwrap_or_default();
            let first = Spot { lat: quay[0], lon: quay[1] };
            let spot = first.along(fleet.raft_bearing, fleet.raft_m * i as f64);
            plan.at = [spot.lat, spot.lon];
            plan.heading = fleet.raft_bearing + 90.0 + random.between(-3.0, 3.0);
            plan.legs = vec![Leg::Moor(Stay::default())];
        }
    }
}

/// The middle of the part of the area that is this vessel's own, and how far it may go from there in metres.
/// The parts are laid out like bricks and each middle is moved a little, so that no grid shows.
fn own_part(fleet: &Fleet, i: usize, random: &mut Random) -> (Spot, f64) {
    let [[south, west], [north, east]] = fleet.area.unwrap_or_default();
    let corner = Spot { lat: south, lon: west };
    let (high, _) = corner.offset_to(Spot { lat: north, lon: west });
    let (_, wide) = corner.offset_to(Spot { lat: south, lon: east });
    let columns = libm::ceil(libm::sqrt(fleet.count as f64 * wide / high.max(1.0))).max(1.0);
    let rows = libm::ceil(fleet.count as f64 / columns).max(1.0);
    let (column, row) = (i as f64 % columns, libm::floor(i as f64 / columns));
    let (deep, broad) = (high / rows, wide / columns);
    let brick = if row % 2.0 == 0.0 { 0.35 } else { 0.65 };
    let middle = corner.shifted(
        (row + 0.5 + random.between(-0.15, 0.15)) * deep,
        (column + brick + random.between(-0.15, 0.15)) * broad,
    );
    (middle, deep.min(broad) * random.between(0.2, 0.32))
}

/// Sails the lane to its end, rests, comes back, rests, for ever; starts somewhere along it.
fn sail_lane(fleet: &Fleet, i: usize, plan: &mut VesselPlan, random: &mut Random) {
    let outward = i.is_multiple_of(2);
    let speed = random.between(fleet.speed[0], fleet.speed[1]);
    // Ships of one direction keep to strips of their own, so that none sails in another's wake by chance.
    let strips = fleet.count.div_ceil(2) as f64;
    let keep = ((i / 2) as f64 + random.between(0.2, 0.8)) / strips;
    let there = track(&fleet.lane, keep);
    let reversed: Vec<[f64; 3]> = fleet.lane.iter().rev().copied().collect();
    let back = track(&reversed, keep);
    let (first, second) = if outward { (there, back) } else { (back, there) };
    let rest = |random: &mut Random| {
        let minutes = random.between(fleet.rest_minutes[0], fleet.rest_minutes[1]);
        let silent = if fleet.rests_heard { 0.0 } else { minutes };
        let moor = Leg::Moor(Stay { minutes: Some(minutes), until: None, status: None });
        [Leg::Silent(Minutes { minutes: silent }), moor]
    };
    let go = |via: Vec<At>| Leg::Go(Go { to: None, via, speed, status: 0 });
    // Spread along the whole round, each in its part of it.
    let share = (f64::from(i as u32 / 2) + random.unit()) / strips;
    let (at, rest_of_first) = cut(&first, share);
    plan.at = at;
    plan.legs = vec![go(rest_of_first)];
    plan.legs.extend(rest(random));
    plan.legs.push(go(second));
    plan.legs.extend(rest(random));
    plan.legs.push(go(first));
    plan.repeat_from = Some(1);
}

/// The lane as one ship keeps it: `keep` of the way from its middle to its starboard edge.
fn track(lane: &[[f64; 3]], keep: f64) -> Vec<At> {
    let spot = |p: &[f64; 3]| Spot { lat: p[0], lon: p[1] };
    lane.iter()
        .enumerate()
        .map(|(i, point)| {
            let from = spot(&lane[i.saturating_sub(1)]);
            let to = spot(&lane[(i + 1).min(lane.len() - 1)]);
            let (_, course) = from.towards(to);
            let kept = spot(point).along(course + 90.0, point[2] * keep * MILE);
            [kept.lat, kept.lon]
        })
        .collect()
}

/// Where a ship is after `share` of a track, and the way-points still before it.
fn cut(track: &[At], share: f64) -> (At, Vec<At>) {
    let spot = |p: &At| Spot { lat: p[0], lon: p[1] };
    let whole: f64 = track.windows(2).map(|w| spot(&w[0]).towards(spot(&w[1])).0).sum();
    let mut left = whole * share;
    for (i, w) in track.windows(2).enumerate() {
        let (metres, course) = spot(&w[0]).towards(spot(&w[1]));
        if left < metres {
            let at = spot(&w[0]).along(course, left);
            return ([at.lat, at.lon], track[i + 1..].to_vec());
        }
        left -= metres;
    }
    (track[track.len() - 1], vec![track[track.len() - 1]])
}
