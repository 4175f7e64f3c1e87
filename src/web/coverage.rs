//! How well each part of the sea is heard: by one receiver, or by the best of all.

use super::{
    App,
    error::{Error, Problem},
    extract::{Officer, Params},
};
use crate::geo::Position;
use crate::reception::{CELL_DEGREES, Chance, Counted};
use crate::track::Class;
use axum::{Json, extract::State};
use sensors::{ReceiverId, Time};
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// Cells of an answer: as many as there may be places.
const CELLS_MAX: usize = 25_000;

/// How long an answer waits for a newer count. Ours: what is older than half a minute is shown rather than waited for.
const NEWER_WAIT: Duration = Duration::from_millis(1_500);

/// What the core counted, as of a moment.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// The watch's own time.
    pub now: Time,
    /// By place and time of day, all receivers of a cell one after the other.
    pub counted: Vec<Counted>,
    /// How much of it did not fit.
    pub cut: usize,
    /// Blocks and vessels that were never counted, for want of room.
    pub left_out: u64,
}

/// Whether somebody has asked since the last count.
pub type Asked = Arc<AtomicBool>;

/// What is asked.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CoverageParams {
    /// The receiver's name; the best of all when not given.
    receiver: Option<String>,
    /// `a` or `b`; `a` when not given.
    class: Option<String>,
    /// The quarter of the UTC day: `0-6`, `6-12`, `12-18` or `18-24`; all four when not given.
    hours: Option<String>,
}

/// How well the sea is heard. Where there is no cell, nothing is known.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct CoverageView {
    /// As of when.
    #[schema(value_type = i64)]
    now: Time,
    /// Degrees from one side of a cell to the other.
    size_deg: f64,
    /// From south to north, west to east, and through the day.
    cells: Vec<CellView>,
    /// Cells that did not fit into the answer, or into what is published.
    cut: usize,
    /// Blocks and vessels that were never counted, for want of room.
    left_out: u64,
}

/// One cell. Without `chance` something was counted there, and too little to tell from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub(super) struct CellView {
    /// Its south side, degrees.
    south: f64,
    /// Its west side, degrees.
    west: f64,
    /// The quarter of the UTC day, from 0.
    quarter: u8,
    /// The likely chance that a transmission there is heard within its minute, 0 to 1.
    chance: Option<f64>,
    /// It is more than this in 19 of 20 cases.
    lower: Option<f64>,
    /// Blocks of a minute that it rests on, old ones counted for less.
    blocks: Option<f64>,
    /// Vessels that it rests on: three stands for three or more.
    vessels: Option<usize>,
}

/// Tells how well each part of the sea is heard.
#[utoipa::path(get, path = "/api/coverage", tag = "receivers", params(CoverageParams), responses(
    (status = 200, body = CoverageView), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn coverage(
    State(app): State<App>,
    _: Officer,
    Params(asked): Params<CoverageParams>,
) -> Result<Json<CoverageView>, Error> {
    let which = Which::of(&asked, &app)?;
    let mut published = app.shared.coverage.clone();
    published.mark_unchanged();
    app.shared.coverage_asked.store(true, Relaxed);
    // A watch that hears nothing counts nothing new.
    let _ = tokio::time::timeout(NEWER_WAIT, published.changed()).await;
    let coverage = Arc::clone(&published.borrow());
    let _place = app.questions.acquire().await.map_err(Error::internal)?;
    let view = tokio::task::spawn_blocking(move || which.view(&coverage)).await.map_err(Error::internal)?;
    Ok(Json(view))
}

/// What of all that was counted is wanted.
struct Which {
    receiver: Option<ReceiverId>,
    class: Class,
    quarter: Option<u8>,
}

impl Which {
    fn of(asked: &CoverageParams, app: &App) -> Result<Which, Error> {
        let class = match asked.class.as_deref() {
            None | Some("a") => Class::A,
            Some("b") => Class::B,
            Some(_) => return Err(Error::unprocessable("class is a or b")),
        };
        let quarter = match asked.hours.as_deref() {
            None => None,
            Some("0-6") => Some(0),
            Some("6-12") => Some(1),
            Some("12-18") => Some(2),
            Some("18-24") => Some(3),
            Some(_) => return Err(Error::unprocessable("hours is 0-6, 6-12, 12-18 or 18-24")),
        };
        let receiver = match asked.receiver.as_deref() {
            None => None,
            Some(name) => {
                let all = app.shared.receivers.borrow();
                let named = all.receivers.iter().find(|receiver| receiver.name == name);
                let named = named.ok_or_else(|| Error::unprocessable("no receiver has this name"))?;
                Some(ReceiverId(named.id))
            }
        };
        Ok(Which { receiver, class, quarter })
    }

    fn view(&self, coverage: &Coverage) -> CoverageView {
        let wanted = |counted: &&Counted| {
            counted.class == self.class
                && self.receiver.is_none_or(|receiver| counted.receiver == receiver)
                && self.quarter.is_none_or(|quarter| counted.quarter == quarter)
        };
        let mut cells: Vec<(Position, CellView)> = Vec::new();
        let mut cut = coverage.cut;
        for counted in coverage.counted.iter().filter(wanted) {
            let (chance, full) = (counted.chance(), cells.len() >= CELLS_MAX);
            match cells.last_mut() {
                Some((at, cell)) if *at == counted.south_west && cell.quarter == counted.quarter => {
                    if chance.is_some_and(|chance| cell.lower.is_none_or(|lower| chance.lower > lower)) {
                        *cell = CellView::of(counted, chance);
                    }
                }
                _ if full => cut += 1,
                _ => cells.push((counted.south_west, CellView::of(counted, chance))),
            }
        }
        let cells = cells.into_iter().map(|(_, cell)| cell).collect();
        CoverageView { now: coverage.now, size_deg: CELL_DEGREES, cells, cut, left_out: coverage.left_out }
    }
}

impl CellView {
    fn of(counted: &Counted, chance: Option<Chance>) -> CellView {
        CellView {
            south: counted.south_west.latitude(),
            west: counted.south_west.longitude(),
            quarter: counted.quarter,
            chance: chance.map(|chance| chance.chance),
            lower: chance.map(|chance| chance.lower),
            blocks: chance.map(|chance| chance.blocks),
            vessels: chance.map(|chance| chance.vessels),
        }
    }
}
