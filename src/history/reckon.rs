//! Where a vessel is expected next, in whole numbers, so that every machine expects the same place.

use crate::geo::Position;
use crate::track::Fix;
use std::sync::LazyLock;

/// Fractions of one in the tables below: 2^15.
const ONE: f64 = 32_768.0;

/// Sine of each tenth of a degree, in integers, so that every machine expects the same place.
static SINE: LazyLock<Vec<i64>> = LazyLock::new(|| {
    (0..3600).map(|tenth| libm::round(libm::sin(f64::from(tenth).to_radians() / 10.0) * ONE) as i64).collect()
});

/// How much more longitude than latitude a mile is, for each tenth of a degree from the equator.
static STRETCH: LazyLock<Vec<i64>> = LazyLock::new(|| {
    // Up to 89.9 degrees: beyond, nothing that moves like a ship is expected.
    (0..900).map(|tenth| libm::round(ONE / libm::cos(f64::from(tenth).to_radians() / 10.0)) as i64).collect()
});

/// Where `next` is expected after `last`, from both their speeds and courses (dead reckoning).
pub(super) fn expect(last: Option<Fix>, next: &Fix) -> Position {
    let Some(last) = last else {
        return Position { lat: 0, lon: 0 };
    };
    let elapsed = next.time.as_millis().wrapping_sub(last.time.as_millis());
    // After an hour a straight line says nothing.
    if !(0..=3_600_000).contains(&elapsed) {
        return last.position;
    }
    let ((north1, east1), (north2, east2)) = (velocity(&last), velocity(next));
    // 1/10 knot is 1/3600 unit (1/10000 minute) of latitude a millisecond; halved for the mean of the two.
    let units = |v: i64| v * elapsed / 7200;
    let stretch = STRETCH[usize::try_from(last.position.lat.unsigned_abs() / 60_000).unwrap_or(0).min(899)];
    Position {
        lat: last.position.lat.wrapping_add((units(north1 + north2) >> 15) as i32),
        lon: last.position.lon.wrapping_add((((units(east1 + east2) >> 15) * stretch) >> 15) as i32),
    }
}

/// Northward and eastward speed, 1/10 knot times 2^15; none for a fix without speed or course.
fn velocity(fix: &Fix) -> (i64, i64) {
    match (fix.speed, fix.course) {
        (Some(speed), Some(course)) if course < 3600 && speed < 1023 => {
            let (speed, course) = (i64::from(speed), usize::from(course));
            (speed * SINE[(course + 900) % 3600], speed * SINE[course])
        }
        _ => (0, 0),
    }
}
