//! Which side of the coast a position is on, answered from a grid of cells that are all land, all water, or mixed.

/// State of a cell that no shore touches: water.
const WATER: u32 = 0;
/// State of a cell that no shore touches: land.
const LAND: u32 = 1;
/// Mixed cells are numbered from here.
const MIXED: u32 = 2;

/// An even-odd test over closed rings, exact in whole [`crate::geo::Position`] units.
///
/// A mixed cell lists the edges that touch it. A position in one is decided by going west, counting the edges
/// crossed, until a cell of one kind or the edge of the data (water) is reached.
#[derive(Debug)]
pub(super) struct Grid {
    west: i32,
    south: i32,
    size: i32,
    columns: i32,
    rows: i32,
    cells: Vec<u32>,
    /// For each mixed cell where its edges begin in `edges`; one more at the end.
    starts: Vec<u32>,
    edges: Vec<u32>,
}

/// Where the edge meets this latitude, rounded down; `None` when it does not cross it.
fn crossing(a: [i32; 2], b: [i32; 2], lat: i32) -> Option<i32> {
    ((a[1] <= lat) != (b[1] <= lat)).then(|| along(a, b, lat))
}

/// Longitude of the line through `a` and `b` at `lat`, rounded down; the two must differ in latitude.
fn along(a: [i32; 2], b: [i32; 2], lat: i32) -> i32 {
    // Always from the southern end, so that both directions of an edge give the same answer.
    let (a, b) = if a[1] < b[1] { (a, b) } else { (b, a) };
    let (rise, run) = (i64::from(b[1] - a[1]), i64::from(b[0] - a[0]));
    let lon = i64::from(a[0]) + (i64::from(lat - a[1]) * run).div_euclid(rise);
    i32::try_from(lon).expect("between the two ends")
}

impl Grid {
    /// Indexes rings over `bounds` (west, south, east, north). `edges` gives the number of the first vertex of each
    /// edge; the edge ends at the next vertex.
    pub(super) fn new(
        bounds: [i32; 4],
        size: i32,
        vertices: &[[i32; 2]],
        edges: impl Iterator<Item = u32> + Clone,
    ) -> Grid {
        let [west, south, east, north] = bounds;
        let columns = (east - west + size - 1) / size;
        let rows = (north - south + size - 1) / size;
        let mut grid = Grid {
            west,
            south,
            size,
            columns,
            rows,
            cells: vec![0; columns as usize * rows as usize],
            starts: Vec::new(),
            edges: Vec::new(),
        };
        let mut counts = vec![0u32; grid.cells.len()];
        for edge in edges.clone() {
            grid.touched(vertices, edge, |cell| counts[cell] += 1);
        }
        grid.number_mixed(&counts);
        let mut next = grid.starts.clone();
        grid.edges = vec![0; grid.starts.last().map_or(0, |&n| n as usize)];
        let mut listed = std::mem::take(&mut grid.edges);
        for edge in edges {
            grid.touched(vertices, edge, |cell| {
                let mixed = (grid.cells[cell] - MIXED) as usize;
                listed[next[mixed] as usize] = edge;
                next[mixed] += 1;
            });
        }
        grid.edges = listed;
        grid.fill(vertices);
        grid
    }

    /// Gives each cell with edges its number and its place in the list.
    fn number_mixed(&mut self, counts: &[u32]) {
        let mut total = 0;
        for (cell, &count) in self.cells.iter_mut().zip(counts) {
            if count > 0 {
                *cell = MIXED + self.starts.len() as u32;
                self.starts.push(total);
                total += count;
            }
        }
        self.starts.push(total);
    }

    /// Marks the cells without edges as land or water, row by row from the west.
    fn fill(&mut self, vertices: &[[i32; 2]]) {
        for row in 0..self.rows {
            let lat = self.south + row * self.size;
            let mut inside = false;
            for column in 0..self.columns {
                let cell = (row * self.columns + column) as usize;
                if self.cells[cell] >= MIXED {
                    inside ^= self.crossings(cell, column, lat, i32::MAX, vertices);
                } else {
                    self.cells[cell] = if inside { LAND } else { WATER };
                }
            }
        }
    }

    fn column(&self, lon: i32) -> i32 {
        ((lon - self.west) / self.size).clamp(0, self.columns - 1)
    }

    fn row(&self, lat: i32) -> i32 {
        ((lat - self.south) / self.size).clamp(0, self.rows - 1)
    }

    /// Calls `each` with every cell the edge may touch.
    fn touched(&self, vertices: &[[i32; 2]], edge: u32, mut each: impl FnMut(usize)) {
        let (a, b) = (vertices[edge as usize], vertices[edge as usize + 1]);
        let (low, high) = (a[1].min(b[1]), a[1].max(b[1]));
        for row in self.row(low)..=self.row(high) {
            let (from, to) = if low == high {
                (a[0], b[0])
            } else {
                let bottom = low.max(self.south + row * self.size).min(high);
                let top = high.min(self.south + (row + 1) * self.size).max(low);
                (along(a, b, bottom), along(a, b, top))
            };
            for column in self.column(from.min(to))..=self.column(from.max(to)) {
                each((row * self.columns + column) as usize);
            }
        }
    }

    /// Whether an odd number of edges cross `lat` within this cell and west of `lon`.
    fn crossings(&self, cell: usize, column: i32, lat: i32, lon: i32, vertices: &[[i32; 2]]) -> bool {
        let mixed = (self.cells[cell] - MIXED) as usize;
        let listed = &self.edges[self.starts[mixed] as usize..self.starts[mixed + 1] as usize];
        let mut odd = false;
        for &edge in listed {
            if let Some(at) = crossing(vertices[edge as usize], vertices[edge as usize + 1], lat) {
                // An edge is listed in several cells and counts in the one where it crosses.
                odd ^= at < lon && self.column(at) == column;
            }
        }
        odd
    }

    /// Whether the position (in [`crate::geo::Position`] units) lies within an odd number of rings.
    pub(super) fn contains(&self, lon: i32, lat: i32, vertices: &[[i32; 2]]) -> bool {
        let row = self.row(lat);
        let mut column = self.column(lon);
        let mut inside = false;
        loop {
            let cell = (row * self.columns + column) as usize;
            match self.cells[cell] {
                WATER => return inside,
                LAND => return !inside,
                _ => inside ^= self.crossings(cell, column, lat, lon, vertices),
            }
            if column == 0 {
                return inside;
            }
            column -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain test over all edges.
    fn plain(lon: i32, lat: i32, ring: &[[i32; 2]]) -> bool {
        ring.windows(2).filter(|e| crossing(e[0], e[1], lat).is_some_and(|at| at < lon)).count() % 2 == 1
    }

    proptest! {
        #[test]
        fn the_grid_answers_as_the_plain_test(
            mut ring in proptest::collection::vec((-500i32..500, -300i32..300), 3..40),
            spots in proptest::collection::vec((-500i32..=500, -300i32..=300), 50),
            size in 7i32..400,
        ) {
            ring.push(ring[0]);
            let ring: Vec<[i32; 2]> = ring.into_iter().map(|(x, y)| [x, y]).collect();
            let grid = Grid::new([-500, -300, 500, 300], size, &ring, 0..ring.len() as u32 - 1);
            for (lon, lat) in spots {
                prop_assert_eq!(grid.contains(lon, lat, &ring), plain(lon, lat, &ring));
            }
        }
    }
}
