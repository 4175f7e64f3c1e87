//! The queue over HTTP: the list, one alert, and what an officer does with it.

use super::{
    App, Degrees,
    error::{Error, Problem},
    events::Event,
    extract::{Body, Name, Officer, Params},
};
use crate::alert::{Alert, AlertId, Factor, Helper, Measure, Priority, State as Life, Subject, Words};
use crate::desk::{
    self, AlertRow, Amended, Counts, Decision, DecisionReason, Desk, ListQuery, LogEntry, Note, Previous,
    Queue, Standing,
};
use crate::track::TrackId;
use axum::{Json, extract::State};
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::future::Future;

/// Alerts of a page when the question doesn't say.
const LIMIT_DEFAULT: u32 = 100;

/// Longest search text, in characters.
const SEARCH_MAX: usize = 100;

/// An alert's facts with positions in degrees.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Alert)]
pub(super) struct AlertView {
    #[schema(value_type = String)]
    id: AlertId,
    rule: String,
    grade: String,
    state: Life,
    priority: Priority,
    severity: u8,
    factors: Vec<Factor>,
    confidence: f64,
    subjects: Vec<Subject>,
    position: Option<Degrees>,
    #[schema(value_type = i64)]
    began_at: Time,
    #[schema(value_type = i64)]
    raised_at: Time,
    #[schema(value_type = i64)]
    updated_at: Time,
    #[schema(value_type = Option<i64>)]
    cleared_at: Option<Time>,
    episodes: u32,
    reason: Words,
    innocent: Vec<Words>,
    measures: Vec<Measure>,
    sightings: Vec<SightingView>,
    helpers: Vec<Helper>,
    journal_first: u64,
    journal_last: u64,
    version: u32,
}

/// A position that the verdict rests on, in degrees.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Sighting)]
pub(super) struct SightingView {
    #[schema(value_type = String)]
    track: TrackId,
    #[schema(value_type = i64)]
    time: Time,
    position: Degrees,
    sequence: u64,
}

/// One alert: its facts, and what people did with it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = AlertRow)]
pub(super) struct RowView {
    /// From the core.
    alert: AlertView,
    /// From people.
    desk: Standing,
    /// From re-runs of the past, after something came late.
    amended: Amended,
    /// Whether its facts rest on lines that were heard while nothing could be written down: they can't be derived again.
    unrecorded: bool,
}

impl RowView {
    /// With everything.
    pub(super) fn full(row: AlertRow) -> RowView {
        let AlertRow { alert, desk, amended, unrecorded } = row;
        RowView { alert: AlertView::from(alert), desk, amended, unrecorded }
    }

    /// As lists and events have it: without measures and sightings.
    pub(super) fn short(mut row: AlertRow) -> RowView {
        row.alert.measures = Vec::new();
        row.alert.sightings = Vec::new();
        RowView::full(row)
    }
}

impl From<Alert> for AlertView {
    fn from(alert: Alert) -> AlertView {
        let sighting = |s: &crate::alert::Sighting| SightingView {
            track: s.track,
            time: s.time,
            position: s.position.into(),
            sequence: s.sequence,
        };
        AlertView {
            id: alert.id,
            sightings: alert.sightings.iter().map(sighting).collect(),
            rule: alert.rule,
            grade: alert.grade,
            state: alert.state,
            priority: alert.priority,
            severity: alert.severity,
            confidence: alert.confidence,
            subjects: alert.subjects,
            position: alert.position.map(Degrees::from),
            factors: alert.factors,
            helpers: alert.helpers,
            began_at: alert.began_at,
            raised_at: alert.raised_at,
            updated_at: alert.updated_at,
            cleared_at: alert.cleared_at,
            episodes: alert.episodes,
            reason: alert.reason,
            innocent: alert.innocent,
            measures: alert.measures,
            journal_first: alert.journal_first,
            journal_last: alert.journal_last,
            version: alert.version,
        }
    }
}

/// What the list is asked.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Which alerts; `open` when not given.
    #[param(inline)]
    queue: Option<Queue>,
    /// One rule's only.
    rule: Option<String>,
    /// In the id, an MMSI or a name; at most 100 characters.
    q: Option<String>,
    /// 1 to 500; 100 when not given.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// One page of the list.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct AlertList {
    alerts: Vec<RowView>,
    /// Where the next page begins.
    next: Option<String>,
    counts: Counts,
}

/// Lists alerts in the order they want a person: distress first.
#[utoipa::path(get, path = "/api/alerts", tag = "alerts", params(ListParams), responses(
    (status = 200, body = AlertList), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    _: Officer,
    Params(asked): Params<ListParams>,
) -> Result<Json<AlertList>, Error> {
    let empty = |text: &String| !text.is_empty();
    if asked.q.as_ref().is_some_and(|q| q.chars().count() > SEARCH_MAX) {
        return Err(Error::unprocessable("q has at most 100 characters"));
    }
    let query = ListQuery {
        queue: asked.queue.unwrap_or_default(),
        rule: asked.rule.filter(empty),
        text: asked.q.filter(empty),
        limit: asked.limit.unwrap_or(LIMIT_DEFAULT),
        cursor: asked
            .cursor
            .filter(empty)
            .map(|c| c.parse())
            .transpose()
            .map_err(|e: &str| Error::bad_request(e))?,
    };
    let page = app.shared.desk.list(&query).await?;
    Ok(Json(AlertList {
        alerts: page.alerts.into_iter().map(RowView::short).collect(),
        next: page.next.map(|c| c.to_string()),
        counts: page.counts,
    }))
}

/// One alert with everything kept about it.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DossierView {
    #[serde(flatten)]
    row: RowView,
    /// Oldest first.
    notes: Vec<Note>,
    /// Oldest first.
    log: Vec<LogEntry>,
    /// Other alerts of the same MMSIs, newest first, at most 20.
    previous: Vec<Previous>,
}

/// Shows one alert: why it was raised, what it rests on, what was done with it.
#[utoipa::path(get, path = "/api/alerts/{id}", tag = "alerts", params(("id" = String, Path)), responses(
    (status = 200, body = DossierView), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn one(
    State(app): State<App>,
    _: Officer,
    Name(id): Name<AlertId>,
) -> Result<Json<DossierView>, Error> {
    let desk::Dossier { row, notes, log, previous } = app.shared.desk.dossier(id).await?;
    Ok(Json(DossierView { row: RowView::full(row), notes, log, previous }))
}

/// Does one officer's act to its end, even when the officer's browser has gone meanwhile, and tells the others.
async fn act<F>(app: &App, act: impl FnOnce(Desk) -> F) -> Result<Json<RowView>, Error>
where
    F: Future<Output = Result<AlertRow, desk::Error>> + Send + 'static,
{
    let done = act(app.shared.desk.clone());
    let events = app.shared.events.clone();
    let row = tokio::spawn(async move {
        let row = done.await?;
        events.send(Event::Desk(row.clone()));
        Ok::<AlertRow, desk::Error>(row)
    });
    Ok(Json(RowView::full(row.await.map_err(Error::internal)??)))
}

/// A claim.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Claim {
    /// The version the officer saw; not held against the claim.
    #[serde(rename = "version")]
    _version: Option<i64>,
    /// Take it from whoever has it.
    #[serde(default)]
    take_over: bool,
}

/// Claims an alert. One's own again is no error.
#[utoipa::path(post, path = "/api/alerts/{id}/claim", tag = "alerts", params(("id" = String, Path)),
    request_body = Claim, responses((status = 200, body = RowView), (status = 409, body = Problem)))]
pub(super) async fn claim(
    State(app): State<App>,
    officer: Officer,
    Name(id): Name<AlertId>,
    Body(asked): Body<Claim>,
) -> Result<Json<RowView>, Error> {
    let now = app.now();
    act(&app, |desk| async move { desk.claim(id, &officer.account, asked.take_over, now).await }).await
}

/// Lets go of a claim.
#[utoipa::path(delete, path = "/api/alerts/{id}/claim", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = RowView)))]
pub(super) async fn unclaim(
    State(app): State<App>,
    officer: Officer,
    Name(id): Name<AlertId>,
) -> Result<Json<RowView>, Error> {
    let now = app.now();
    act(&app, |desk| async move { desk.unclaim(id, &officer.account, now).await }).await
}

/// A note, or why a decision is taken back.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Text {
    /// 1 to 4000 characters.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
}

/// Adds a note.
#[utoipa::path(post, path = "/api/alerts/{id}/notes", tag = "alerts", params(("id" = String, Path)),
    request_body = Text, responses((status = 200, body = RowView), (status = 422, body = Problem)))]
pub(super) async fn note(
    State(app): State<App>,
    officer: Officer,
    Name(id): Name<AlertId>,
    Body(Text { text }): Body<Text>,
) -> Result<Json<RowView>, Error> {
    let now = app.now();
    act(&app, |desk| async move { desk.note(id, &officer.account, &text, now).await }).await
}

/// A decision.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Decide {
    decision: Decision,
    reason: DecisionReason,
    /// More words, at most 4000 characters.
    #[serde(default)]
    text: String,
    /// The standing's version that the officer saw.
    version: i64,
}

/// Decides an alert. It is in the log, on the disk, when the answer comes.
#[utoipa::path(post, path = "/api/alerts/{id}/decision", tag = "alerts", params(("id" = String, Path)),
    request_body = Decide, responses((status = 200, body = RowView), (status = 409, body = Problem)))]
pub(super) async fn decide(
    State(app): State<App>,
    officer: Officer,
    Name(id): Name<AlertId>,
    Body(asked): Body<Decide>,
) -> Result<Json<RowView>, Error> {
    let now = app.now();
    act(&app, |desk| async move {
        let Decide { decision, reason, text, version } = asked;
        desk.decide(id, &officer.account, decision, reason, &text, version, now).await
    })
    .await
}

/// Takes a decision back; the log keeps both.
#[utoipa::path(delete, path = "/api/alerts/{id}/decision", tag = "alerts", params(("id" = String, Path)),
    request_body = Text, responses((status = 200, body = RowView), (status = 409, body = Problem)))]
pub(super) async fn reopen(
    State(app): State<App>,
    officer: Officer,
    Name(id): Name<AlertId>,
    Body(Text { text }): Body<Text>,
) -> Result<Json<RowView>, Error> {
    let now = app.now();
    act(&app, |desk| async move { desk.reopen(id, &officer.account, &text, now).await }).await
}
