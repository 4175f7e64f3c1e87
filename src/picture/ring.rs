//! Rings that people draw on a chart, also across 180 degrees, and boxes made wider.

use crate::geo::{Area, Metres, Position, wrap_longitude};

/// A closed ring in whole units of [`Position`], its longitudes counted on from the first corner without a jump.
pub(super) struct Ring {
    corners: Vec<(i64, i64)>,
}

/// Once around the earth.
const AROUND: i64 = 360 * 600_000;

/// The same longitude, within half the earth of `from`.
fn near(lon: i64, from: i64) -> i64 {
    from + (lon - from + AROUND / 2).rem_euclid(AROUND) - AROUND / 2
}

impl Ring {
    /// `None` for fewer than three corners, and for a ring around a pole.
    pub(super) fn new(corners: &[Position]) -> Option<Ring> {
        let mut unwound: Vec<(i64, i64)> = Vec::with_capacity(corners.len());
        for corner in corners {
            let (lat, lon) = (i64::from(corner.lat), i64::from(corner.lon));
            unwound.push((lat, unwound.last().map_or(lon, |&(_, before)| near(lon, before))));
        }
        let (first, last) = (*unwound.first()?, *unwound.last()?);
        let closes = near(first.1, last.1) == first.1;
        (unwound.len() >= 3 && closes).then_some(Ring { corners: unwound })
    }

    fn bounds(&self, of: impl Fn(&(i64, i64)) -> i64) -> (i64, i64) {
        let low = self.corners.iter().map(&of).min().expect("three corners");
        (low, self.corners.iter().map(of).max().expect("three corners"))
    }

    /// The box around it.
    pub(super) fn area(&self) -> Area {
        let degrees = |units: i64| units as f64 / 600_000.0;
        let ((south, north), (west, east)) = (self.bounds(|c| c.0), self.bounds(|c| c.1));
        let (south, north) = (degrees(south), degrees(north));
        if east - west >= AROUND {
            return Area { south, north, west: -180.0, east: 180.0 };
        }
        Area { south, north, west: wrap_longitude(degrees(west)), east: wrap_longitude(degrees(east)) }
    }

    /// Whether the position lies within it or on its edge.
    pub(super) fn contains(&self, position: Position) -> bool {
        let (west, east) = self.bounds(|c| c.1);
        let lon = near(i64::from(position.lon), west + (east - west) / 2);
        let lat = i64::from(position.lat);
        let mut inside = false;
        let mut from = *self.corners.last().expect("three corners");
        for &to in &self.corners {
            // Which side of the line from the one to the other; exact in whole numbers.
            let side = i128::from(to.1 - from.1) * i128::from(lat - from.0)
                - i128::from(to.0 - from.0) * i128::from(lon - from.1);
            let spans = |a: i64, b: i64, at: i64| (a.min(b)..=a.max(b)).contains(&at);
            if side == 0 && spans(from.0, to.0, lat) && spans(from.1, to.1, lon) {
                return true;
            }
            if (from.0 > lat) != (to.0 > lat) && (side > 0) == (to.0 < from.0) {
                inside = !inside;
            }
            from = to;
        }
        inside
    }
}

/// The box that holds everything within `by` of the box.
pub(super) fn wider(area: &Area, by: Metres) -> Area {
    let corner = |lat: f64| Position::from_degrees(lat.clamp(-90.0, 90.0), 0.0).expect("on earth");
    let (low, high) = (Area::around(corner(area.south), by), Area::around(corner(area.north), by));
    // Around longitude 0: `east` is how many degrees it reaches.
    let reach = low.east.max(high.east);
    let width = if area.west <= area.east { area.east - area.west } else { area.east - area.west + 360.0 };
    let (south, north) = (low.south, high.north);
    if reach >= 180.0 || width + 2.0 * reach >= 359.0 {
        return Area { west: -180.0, south, east: 180.0, north };
    }
    Area { west: wrap_longitude(area.west - reach), south, east: wrap_longitude(area.east + reach), north }
}
