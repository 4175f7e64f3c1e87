//! What a scenario must keep to, beyond being well written.

use super::scenario::{At, Leg, Problem, Scenario, Station, Work};

/// Adds every problem found.
pub(super) fn check(scenario: &Scenario, problems: &mut Vec<Problem>) {
    let mut say = |key: String, text: String| problems.push(Problem { key, text });
    if !(scenario.head.duration_hours > 0.0 && scenario.head.duration_hours <= 8784.0) {
        say("duration_hours".into(), "is more than 0 and at most 8784".into());
    }
    if scenario.receivers.is_empty() {
        say("receiver".into(), "at least one [[receiver]] must listen".into());
    }
    for (i, r) in scenario.receivers.iter().enumerate() {
        let key = format!("receiver[{i}]");
        at(&mut say, &key, [r.latitude, r.longitude]);
        if r.name.is_empty()
            || r.name.len() > 15
            || !r.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            say(format!("{key}.name"), "is 1 to 15 letters, digits and hyphens".into());
        }
        if r.talker.len() != 2 || !r.talker.bytes().all(|b| b.is_ascii_uppercase()) {
            say(format!("{key}.talker"), "is two capitals such as AI".into());
        }
        if !(r.range_nm > 0.0 && r.range_nm <= 500.0) {
            say(format!("{key}.range_nm"), "is more than 0 and at most 500".into());
        }
        share(&mut say, format!("{key}.loss"), r.loss);
        share(&mut say, format!("{key}.loss_edge"), r.loss_edge);
    }
    let noise = scenario.noise;
    for (name, value) in [("corrupt", noise.corrupt), ("repeat", noise.repeat), ("truncate", noise.truncate)]
    {
        share(&mut say, format!("noise.{name}"), value);
    }
    check_vessels(scenario, &mut say);
    check_fleets(scenario, &mut say);
}

fn check_vessels(scenario: &Scenario, say: &mut impl FnMut(String, String)) {
    for (i, v) in scenario.vessels.iter().enumerate() {
        let key = format!("vessel[{i}]");
        at(say, &key, v.at);
        if v.mmsi > 999_999_999 || (v.mmsi == 0 && v.class != Station::None) {
            say(
                format!("{key}.mmsi"),
                "is 1 to 999999999, and may be left out only with class = \"none\"".into(),
            );
        }
        if v.name.len() > 20 {
            say(format!("{key}.name"), "is at most 20 characters".into());
        }
        if v.every_seconds < 1.0 {
            say(format!("{key}.every_seconds"), "is 1 or more".into());
        }
        if v.repeat_from.is_some_and(|first| first >= v.legs.len()) {
            say(format!("{key}.repeat_from"), format!("is less than {}, the number of legs", v.legs.len()));
        }
        for (j, leg) in v.legs.iter().enumerate() {
            let key = format!("{key}.legs[{j}]");
            match leg {
                Leg::Go(go) => {
                    if go.points().next().is_none() {
                        say(key.clone(), "go needs `to` or `via`".into());
                    }
                    go.points().for_each(|point| at(say, &key, point));
                    if !(go.speed > 0.0 && go.speed <= 102.2) && v.class != Station::SarAircraft {
                        say(key, "speed is more than 0 and at most 102.2".into());
                    }
                }
                Leg::Meet(beside) | Leg::Follow(beside)
                    if !scenario.vessels.iter().any(|o| o.name == beside.vessel && o.name != v.name) =>
                {
                    say(key, format!("no other vessel is named \"{}\"", beside.vessel));
                }
                _ => {}
            }
        }
    }
}

fn check_fleets(scenario: &Scenario, say: &mut impl FnMut(String, String)) {
    for (i, fleet) in scenario.fleets.iter().enumerate() {
        let key = format!("fleet[{i}]");
        let missing = match fleet.work {
            Work::Lane if fleet.lane.len() < 2 => Some("a lane has at least two way-points"),
            Work::Fish | Work::Anchor if fleet.area.is_none() => Some("`area` is missing"),
            Work::Moor if fleet.quay.is_none() => Some("`quay` is missing"),
            _ if fleet.flags.is_empty() => Some("`flags` names at least one MID, such as 514"),
            _ => None,
        };
        if let Some(text) = missing {
            say(key.clone(), text.into());
        }
        if !matches!(fleet.class, Station::A | Station::B) {
            say(format!("{key}.class"), "is \"a\" or \"b\"".into());
        }
        for point in &fleet.lane {
            at(say, &key, [point[0], point[1]]);
        }
        for corner in fleet.area.iter().flatten().chain(&fleet.quay) {
            at(say, &key, *corner);
        }
        share(say, format!("{key}.invalid_mmsi_share"), fleet.invalid_mmsi_share);
    }
}

fn at(say: &mut impl FnMut(String, String), key: &str, [lat, lon]: At) {
    if !(lat.abs() <= 85.0 && lon.abs() <= 180.0) {
        say(key.into(), format!("[{lat}, {lon}] is not a latitude within 85 and a longitude within 180"));
    }
}

fn share(say: &mut impl FnMut(String, String), key: String, value: f64) {
    if !(0.0..=1.0).contains(&value) {
        say(key, "is from 0 to 1".into());
    }
}
