//! The HTTP API through a real port, as the console and other programs use it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use sensors::{Mmsi, ReceiverId, Span, Time};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use watchkeeper::{
    alert::{Alert, AlertId, Change, ChangeKind, Measure, Priority, Sighting, State, Subject, Words},
    desk::Desk,
    geo::Position,
    history,
    place::{
        Places,
        zone::{Zone, ZoneKind, Zones},
    },
    track::{Attribute, Claim, Class, Fix, Standing, TrackId},
    web::{self, Event, Feed, LivePicture, LiveVessel, Shared, Status},
};

const HOSTILE: &str = "<SCRIPT SRC=//X.YZ>";

/// Read once: it takes a second without optimisation.
static PLACES: LazyLock<Arc<Places>> = LazyLock::new(|| Arc::new(Places::world()));

fn now() -> Time {
    Time::from_seconds(1_800_000_000)
}

fn alert(id: u64, priority: Priority, severity: u8) -> Alert {
    let position = Position::from_degrees(10.5, 101.25).unwrap();
    let track = TrackId::new(0, 10 + id);
    Alert {
        id: AlertId(id),
        rule: "rendezvous".into(),
        grade: "meet".into(),
        state: State::Open,
        priority,
        severity,
        confidence: 0.5,
        subjects: vec![Subject { track, mmsi: Mmsi(567_000_000 + id as u32), name: Some(HOSTILE.into()) }],
        position: Some(position),
        factors: vec![],
        helpers: vec![],
        began_at: now(),
        raised_at: now() + Span::from_minutes(id as i64),
        updated_at: now(),
        cleared_at: None,
        episodes: 1,
        reason: Words {
            code: "rendezvous.meet".into(),
            params: BTreeMap::from([("name".into(), HOSTILE.into())]),
        },
        innocent: vec![],
        measures: vec![Measure {
            name: "distance_min".into(),
            value: 80.0,
            unit: "m".into(),
            threshold: None,
        }],
        sightings: vec![Sighting { track, time: now(), position, sequence: 7 }],
        journal_first: 7,
        journal_last: 9,
        version: 1,
    }
}

fn vessel(n: u64) -> LiveVessel {
    LiveVessel {
        track: TrackId::new(0, n),
        mmsi: Mmsi(567_000_000 + n as u32),
        position: Position::from_degrees(10.5, 101.25).unwrap(),
        speed: Some(51),
        course: Some(900),
        heading: None,
        status: 0,
        class: Class::A,
        ship_type: Some(sensors::ShipType(70)),
        first_heard_at: now() - Span::from_hours(1),
        last_heard_at: now(),
        name: Some(HOSTILE.into()),
        call_sign: Some("=HYPERLINK(\"//X.YZ\")".into()),
        imo: Some(sensors::Imo(9_074_729)),
        dimensions: None,
        destination: Some("../../ETC/PASSWD".into()),
        draught: None,
        persons_on_board: None,
        radar_target: None,
        coast: None,
        port: None,
        night: true,
        zones: Arc::new([]),
        receiver: ReceiverId(0),
        alerted: true,
    }
}

fn fix(track: u64, sequence: u64) -> Fix {
    Fix {
        track: TrackId::new(0, track),
        sequence,
        time: now() - Span::from_hours(2),
        mmsi: Mmsi(514_000_009),
        position: Position::from_degrees(10.5, 101.25).unwrap(),
        speed: Some(51),
        course: None,
        heading: None,
        status: 0,
        class: Class::B,
        receiver: ReceiverId(0),
        standing: Standing::Used,
    }
}

fn claim(track: u64, attribute: Attribute, value: &str) -> Claim {
    let (track, mmsi) = (TrackId::new(0, track), Mmsi(514_000_009));
    let time = now() - Span::from_hours(2);
    Claim { track, mmsi, sequence: 2, time, attribute, value: value.to_owned() }
}

/// A daemon's web side on a port of its own.
struct Watch {
    port: u16,
    client: Client,
    password: String,
    desk: Desk,
    events: Feed,
    history: history::Writer,
    // What the daemon would publish.
    _live: watch::Sender<Arc<LivePicture>>,
    _status: watch::Sender<Arc<Status>>,
    _dir: tempfile::TempDir,
}

impl Watch {
    async fn start() -> Watch {
        let dir = tempfile::tempdir().unwrap();
        let (desk, first) = Desk::open(dir.path()).await.unwrap();
        let picture = LivePicture { now: now(), vessels: vec![vessel(1), vessel(2)] };
        let (live_sender, live) = watch::channel(Arc::new(picture));
        let (status_sender, status) = watch::channel(Arc::new(Status { now: now(), ..Status::default() }));
        let events = Feed::new(42);
        let mut history = history::Writer::open(&dir.path().join("history.sqlite")).await.unwrap();
        let places = Arc::clone(&PLACES);
        let zone = Zone {
            id: "koh-kong".into(),
            name: HOSTILE.into(),
            kind: ZoneKind::Priority,
            ring: vec![[102.9, 11.0], [103.0, 11.0], [103.0, 11.5]],
            more: vec![],
            rule: None,
        };
        let zones = Arc::new(Zones::new(vec![zone]).unwrap());
        let shared = Shared {
            desk: desk.clone(),
            history: history.reader().await.unwrap(),
            places,
            zones,
            live,
            status,
            receivers: watch::channel(Arc::default()).1,
            coverage: watch::channel(Arc::default()).1,
            coverage_asked: web::Asked::default(),
            events: events.clone(),
            clock: now,
        };
        history.append(&fix(9, 1));
        for (attribute, value) in
            [(Attribute::Name, HOSTILE), (Attribute::CallSign, "=HYPERLINK(\"//X.YZ\")")]
        {
            history.claim(&claim(9, attribute, value));
        }
        history.flush(9, history::Which::All).await.unwrap();
        let router = web::router(shared, web::Settings::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { web::serve(listener, router, std::future::pending()).await });
        let client =
            crate::http_client().cookie_store(true).timeout(Duration::from_secs(20)).build().unwrap();
        let password = first.unwrap().reveal().to_owned();
        Watch {
            port,
            client,
            password,
            desk,
            events,
            history,
            _live: live_sender,
            _status: status_sender,
            _dir: dir,
        }
    }

    async fn signed_in() -> Watch {
        let watch = Watch::start().await;
        let answer = watch.sign_in("watch", &watch.password).await;
        assert_eq!(answer.status(), StatusCode::OK);
        watch
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://127.0.0.1:{}{path}", self.port))
    }

    async fn sign_in(&self, account: &str, password: &str) -> Response {
        let body = json!({"account": account, "password": password});
        self.ask(Method::POST, "/api/session").json(&body).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    async fn act(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let answer = self.ask(method, path).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn raise(&self, alerts: impl IntoIterator<Item = Alert>) {
        let change = |alert: Alert| Change { sequence: 9, kind: ChangeKind::Raised, alert };
        let changes: Vec<Change> = alerts.into_iter().map(change).collect();
        for (change, row) in self.desk.apply(&changes, 9).await.unwrap() {
            self.events.send(Event::Alert { change, row });
        }
    }
}

const ALERT: &str = "/api/alerts/0000000000000001";

#[tokio::test]
async fn signs_in_and_out() {
    let watch = Watch::start().await;
    assert_eq!(watch.get("/api/session").await, json!({"account": null}));
    let wrong = watch.sign_in("watch", "wrong").await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let right = watch.sign_in("watch", &watch.password).await;
    let cookie = right.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("watchkeeper_session="), "{cookie}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"));
    assert_eq!(right.json::<Value>().await.unwrap(), json!({"account": "watch"}));
    assert_eq!(watch.get("/api/session").await, json!({"account": "watch"}));
    watch.get("/api/alerts").await;

    let value = cookie.split(';').next().unwrap().to_owned();
    let out = watch.ask(Method::DELETE, "/api/session").send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let again = crate::http_client()
        .build()
        .unwrap()
        .get(format!("http://127.0.0.1:{}/api/alerts", watch.port))
        .header("cookie", value);
    assert_eq!(again.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "the old cookie is dead");
}

#[tokio::test]
async fn everything_but_the_door_needs_a_session() {
    let watch = Watch::start().await;
    let api = watch.get("/api/openapi.json").await;
    let open = ["/api/session", "/api/words/{lang}", "/api/openapi.json", "/api/health"];
    let mut shut = 0;
    for (path, methods) in api["paths"].as_object().unwrap() {
        if open.contains(&path.as_str()) || path.starts_with("/tiles") {
            continue;
        }
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = path.replace("{id}", "0000000000000001").replace("{track}", "0-1");
            let answer = watch.ask(method.clone(), &path).json(&json!({})).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            shut += 1;
        }
    }
    assert!(shut >= 10, "{shut}");
    assert_eq!(watch.get("/api/health").await, json!({"ok": true}));
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_account() {
    let watch = Watch::start().await;
    for _ in 0..5 {
        assert_eq!(watch.sign_in("watch", "wrong").await.status(), StatusCode::UNAUTHORIZED);
    }
    let locked = watch.sign_in("watch", &watch.password).await;
    assert_eq!(locked.status(), StatusCode::TOO_MANY_REQUESTS);
    let problem: Value = locked.json().await.unwrap();
    assert_eq!(problem["status"], 429);
}

#[tokio::test]
async fn lists_distress_first_and_vessel_texts_unchanged() {
    let watch = Watch::signed_in().await;
    watch
        .raise([
            alert(1, Priority::P2, 60),
            alert(2, Priority::Distress, 10),
            alert(3, Priority::P1, 80),
            alert(4, Priority::Record, 5),
        ])
        .await;
    let list = watch.get("/api/alerts?limit=2").await;
    let ids = |list: &Value| -> Vec<String> {
        let rows = list["alerts"].as_array().unwrap().iter();
        rows.map(|r| r["alert"]["id"].as_str().unwrap().trim_start_matches('0').to_owned()).collect()
    };
    assert_eq!(ids(&list), ["2", "3"]);
    assert_eq!(list["counts"], json!({"open": 3, "claimed": 0, "decided": 0, "record": 1}));
    let first = &list["alerts"][0];
    assert_eq!(first["alert"]["position"], json!({"lat": 10.5, "lon": 101.25}));
    assert_eq!(first["alert"]["subjects"][0]["name"], HOSTILE);
    assert_eq!(first["alert"]["reason"]["params"]["name"], HOSTILE);
    assert_eq!((&first["alert"]["sightings"], &first["alert"]["measures"]), (&json!([]), &json!([])));
    let next = watch.get(&format!("/api/alerts?limit=2&cursor={}", list["next"].as_str().unwrap())).await;
    assert_eq!((ids(&next), &next["next"]), (vec!["1".to_owned()], &Value::Null));
    assert_eq!(ids(&watch.get("/api/alerts?queue=record").await), ["4"]);
    assert_eq!(ids(&watch.get("/api/alerts?queue=all&q=567000003").await), ["3"]);
    assert_eq!(ids(&watch.get("/api/alerts?rule=loitering").await), Vec::<String>::new());

    let one = watch.get(ALERT).await;
    assert_eq!(one["alert"]["sightings"][0]["position"], json!({"lat": 10.5, "lon": 101.25}));
    assert_eq!(one["alert"]["measures"][0]["name"], "distance_min");
    assert_eq!(one["log"][0]["action"], "raised");
    assert_eq!((&one["notes"], &one["previous"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_decision_needs_the_version_seen_and_can_be_taken_back() {
    let watch = Watch::signed_in().await;
    watch.raise([alert(1, Priority::P2, 60)]).await;
    let (status, row) = watch.act(Method::POST, &format!("{ALERT}/claim"), json!({"version": 0})).await;
    assert_eq!(
        (status, &row["desk"]["claimed_by"], &row["desk"]["version"]),
        (200, &json!("watch"), &json!(1))
    );
    let decision = |version| json!({"decision": "benign", "reason": "pilot", "text": "seen boarding", "version": version});
    let path = format!("{ALERT}/decision");
    let (status, problem) = watch.act(Method::POST, &path, decision(0)).await;
    assert_eq!((status, &problem["status"]), (409, &json!(409)));
    let (status, row) = watch.act(Method::POST, &path, decision(1)).await;
    assert_eq!(
        (status, &row["desk"]["decision"], &row["desk"]["decided_at"]),
        (200, &json!("benign"), &json!(now().as_millis()))
    );
    assert_eq!(watch.get("/api/alerts").await["counts"]["decided"], 1);
    let (status, _) = watch.act(Method::DELETE, &path, json!({"text": "wrong vessel"})).await;
    assert_eq!(status, 200);
    let one = watch.get(ALERT).await;
    let actions: Vec<&str> =
        one["log"].as_array().unwrap().iter().map(|l| l["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["raised", "claim", "decide", "reopen"]);
    let (status, _) =
        watch.act(Method::POST, &path, json!({"decision": "benign", "reason": "aliens", "version": 3})).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn a_claim_of_another_is_a_conflict_that_names_them() {
    let watch = Watch::signed_in().await;
    watch.raise([alert(1, Priority::P2, 60)]).await;
    watch.desk.claim(AlertId(1), "dara", false, now()).await.unwrap();
    let claim = format!("{ALERT}/claim");
    let (status, problem) = watch.act(Method::POST, &claim, json!({"version": 0})).await;
    assert_eq!((status, problem["detail"].as_str()), (409, Some("claimed by dara")));
    let (status, row) = watch.act(Method::POST, &claim, json!({"take_over": true})).await;
    assert_eq!((status, &row["desk"]["claimed_by"]), (200, &json!("watch")));
    let answer = watch.ask(Method::DELETE, &claim).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["desk"]["claimed_by"], Value::Null);
}

#[tokio::test]
async fn notes_have_a_length() {
    let watch = Watch::signed_in().await;
    watch.raise([alert(1, Priority::P2, 60)]).await;
    let path = format!("{ALERT}/notes");
    for (length, expected) in [(0, 422), (4000, 200), (4001, 422), (70_000, 413)] {
        let (status, _) = watch.act(Method::POST, &path, json!({"text": "ក".repeat(length)})).await;
        assert_eq!(status, expected, "{length}");
    }
    let (status, _) = watch.act(Method::POST, &path, json!({"text": HOSTILE})).await;
    assert_eq!(status, 200);
    assert_eq!(
        watch.get(ALERT).await["notes"][1],
        json!({"at": now().as_millis(), "by": "watch", "text": HOSTILE})
    );
}

#[tokio::test]
async fn every_refusal_is_a_problem_and_every_answer_is_guarded() {
    let watch = Watch::signed_in().await;
    let get = |path: &str| watch.ask(Method::GET, path);
    let post = |path: &str| watch.ask(Method::POST, path);
    let refusals = [
        (get("/api/alerts/zz"), 404),
        (get("/api/alerts/0000000000000009"), 404),
        (get("/api/alerts?limit=x"), 400),
        (get("/api/alerts?cursor=x"), 400),
        (get("/api/nothing"), 404),
        (get("/api/words/..%2f..%2fCargo"), 404),
        (get("/api/live"), 400),
        (watch.ask(Method::PUT, "/api/alerts").json(&json!({})), 405),
        (post("/api/session").header("content-type", "text/plain").body("{}"), 415),
        (post("/api/session").header("content-type", "application/json").body("{"), 400),
        (post("/api/session").json(&json!({"account": "watch"})), 422),
        (post("/api/session").header("origin", "http://evil.example").json(&json!({})), 403),
    ];
    for (request, expected) in refusals {
        let answer = request.send().await.unwrap();
        let url = answer.url().clone();
        assert_eq!(answer.status().as_u16(), expected, "{url}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{url}");
        guarded(&answer);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["status"], expected, "{url}");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{url}");
    }
    for path in ["/", "/api/alerts", "/api/health", "/some/view"] {
        let answer = get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        guarded(&answer);
    }
}

fn guarded(answer: &Response) {
    let headers = answer.headers();
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'self'; ") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["referrer-policy"], "no-referrer");
}

/// Reads a stream of events until one of this kind comes; gives its id and data.
async fn event(answer: &mut Response, kind: &str) -> (String, Value) {
    let mut text = String::new();
    loop {
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field =
                |name: &str| event.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().trim();
            if field("event:") == kind {
                return (field("id:").to_owned(), serde_json::from_str(field("data:")).unwrap());
            }
            text = rest.to_owned();
        }
        text += std::str::from_utf8(&answer.chunk().await.unwrap().expect("the stream goes on")).unwrap();
    }
}

#[tokio::test]
async fn events_arrive_and_resume_where_they_broke_off() {
    let watch = Watch::signed_in().await;
    let listen = |last: Option<&str>| {
        let request = watch.ask(Method::GET, "/api/events");
        last.map_or(watch.ask(Method::GET, "/api/events"), |last| request.header("last-event-id", last))
            .send()
    };
    let mut stream = listen(None).await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let (_, status) = event(&mut stream, "status").await;
    assert_eq!(status["now"], now().as_millis());
    watch.raise([alert(1, Priority::Distress, 90)]).await;
    let (id, raised) = event(&mut stream, "alert").await;
    assert_eq!((&raised["id"], &raised["change"]), (&json!("0000000000000001"), &json!("raised")));
    assert_eq!(raised["row"]["alert"]["subjects"][0]["name"], HOSTILE);
    drop(stream);

    watch.act(Method::POST, &format!("{ALERT}/notes"), json!({"text": "while away"})).await;
    let mut stream = listen(Some(&id)).await.unwrap();
    let (_, noted) = event(&mut stream, "desk").await;
    assert_eq!((&noted["id"], &noted["row"]["desk"]["notes"]), (&json!("0000000000000001"), &json!(1)));

    let mut stream = listen(Some("41-7")).await.unwrap();
    event(&mut stream, "resync").await;
}

#[tokio::test]
async fn signing_out_ends_an_open_stream() {
    let watch = Watch::signed_in().await;
    let mut stream = watch.ask(Method::GET, "/api/events").send().await.unwrap();
    event(&mut stream, "status").await;
    watch.ask(Method::DELETE, "/api/session").send().await.unwrap();
    // At the next status, 5 s later; the client gives up after 20.
    while stream.chunk().await.unwrap().is_some() {}
}

#[tokio::test]
async fn finds_live_vessels_by_what_they_call_themselves() {
    let watch = Watch::signed_in().await;
    let found = watch.get("/api/vessels?q=script").await;
    assert_eq!(found["vessels"].as_array().unwrap().len(), 2);
    assert_eq!(found["vessels"][0]["name"], HOSTILE);
    assert_eq!(watch.get("/api/vessels?q=567000002").await["vessels"][0]["track"], "0-2");
    assert_eq!(watch.get("/api/vessels?q=nobody").await, json!({"vessels": []}));
}

#[tokio::test]
async fn a_vessels_card_is_there_while_it_is_live_and_after() {
    let watch = Watch::signed_in().await;
    watch.raise([alert(1, Priority::P2, 60)]).await;
    let live = watch.get("/api/vessels/0-1").await;
    assert_eq!(
        (&live["name"], &live["flag"], &live["mmsi_kind"]),
        (&json!(HOSTILE), &json!("TH"), &json!("ship"))
    );
    assert_eq!((&live["imo_valid"], &live["ship_type_family"]), (&json!(true), &json!("cargo")));
    assert_eq!((&live["speed_knots"], &live["live"]), (&json!(5.1), &json!(true)));
    assert_eq!(live["alerts"][0]["id"], "0000000000000001");
    let gone = watch.get("/api/vessels/0-9").await;
    assert_eq!((&gone["name"], &gone["flag"], &gone["live"]), (&json!(HOSTILE), &json!("KH"), &json!(false)));
    assert!(gone["coast_nm"].is_f64());
    assert_eq!((&gone["claims"][0]["attribute"], &gone["claims"][0]["count"]), (&json!("name"), &json!(1)));
    let nobody = watch.ask(Method::GET, "/api/vessels/0-77").send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_past_answers_in_each_format() {
    let watch = Watch::signed_in().await;
    let json = watch.get("/api/history/track?mmsi=514000009").await;
    assert_eq!((&json["positions"][0]["track"], &json["next"]), (&json!("0-9"), &Value::Null));
    let area = "/api/history/area?west=100&south=5&east=105&north=15";
    assert_eq!(watch.get(area).await["positions"].as_array().unwrap().len(), 1);
    assert_eq!(watch.get("/api/history/identity?name=script").await["claims"][0]["value"], HOSTILE);
    let get = async |path: &str| watch.ask(Method::GET, path).send().await.unwrap();
    let csv = get("/api/history/identity?mmsi=514000009&format=csv").await;
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    let text = csv.text().await.unwrap();
    assert!(text.contains("'=HYPERLINK"), "a formula is made text: {text}");
    let geojson = get(&format!("{area}&format=geojson")).await;
    assert_eq!(geojson.headers()["content-type"], "application/geo+json");
    let refused = get("/api/history/area?west=1&colour=red").await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await.unwrap().contains("colour"));
}

#[tokio::test]
async fn a_page_of_the_past_says_where_the_next_begins() {
    let mut watch = Watch::signed_in().await;
    watch.history.append(&fix(9, 13));
    watch.history.append(&fix(9, 15));
    let mut path = "/api/history/track?track=0-9&limit=2&format=csv".to_owned();
    let mut rows = 0;
    loop {
        let answer = watch.ask(Method::GET, &path).send().await.unwrap();
        let next = answer.headers().get("next-cursor").map(|v| v.to_str().unwrap().to_owned());
        rows += answer.text().await.unwrap().lines().count() - 1;
        let Some(next) = next else { break };
        path = format!("/api/history/track?track=0-9&limit=2&format=csv&cursor={next}");
    }
    assert_eq!(rows, 3);
}

#[tokio::test]
async fn the_map_has_zones_ports_and_tiles() {
    let watch = Watch::signed_in().await;
    let zones = watch.get("/api/zones").await;
    assert_eq!(
        (&zones["type"], &zones["features"][0]["properties"]["name"]),
        (&json!("FeatureCollection"), &json!(HOSTILE))
    );
    assert_eq!(zones["features"][0]["geometry"]["coordinates"][0][0].as_array().unwrap().len(), 4);
    let ports = watch.get("/api/ports?west=100&south=5&east=105&north=15").await;
    let ports = ports["features"].as_array().unwrap();
    assert!(ports.len() > 5 && ports.iter().all(|p| p["properties"]["name"].is_string()), "{}", ports.len());

    let stranger = crate::http_client().build().unwrap();
    let tile = |path: &str| {
        stranger
            .get(format!("http://127.0.0.1:{}/tiles/{path}", watch.port))
            .header("accept-encoding", "gzip")
            .send()
    };
    let land = tile("6/50/30").await.unwrap();
    assert_eq!(land.status(), StatusCode::OK);
    assert_eq!(land.headers()["content-encoding"], "gzip");
    guarded(&land);
    let tag = land.headers()["etag"].clone();
    assert!(land.bytes().await.unwrap().starts_with(&[0x1f, 0x8b]));
    let same = watch.ask(Method::GET, "/tiles/6/50/30").header("if-none-match", tag).send().await.unwrap();
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    for path in ["13/0/0", "6/64/0", "6/0/64", "x/0/0", "6/-1/0"] {
        assert_eq!(tile(path).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_live_map_sends_the_vessels_in_the_box() {
    let watch = Watch::start().await;
    let answer = watch.sign_in("watch", &watch.password).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let mut socket = TcpStream::connect(("127.0.0.1", watch.port)).await.unwrap();
    let hello = format!(
        "GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: {cookie}\r\n\r\n",
        watch.port
    );
    socket.write_all(hello.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    let text = br#"{"west":100,"south":5,"east":105,"north":15}"#;
    // A text frame as a browser sends it: masked, here with zeroes.
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend(text);
    socket.write_all(&frame).await.unwrap();
    let (kind, length) = (socket.read_u8().await.unwrap(), socket.read_u8().await.unwrap());
    assert_eq!((kind, length), (0x82, 16 + 2 * 32));
    let mut body = vec![0; usize::from(length)];
    socket.read_exact(&mut body).await.unwrap();
    assert_eq!((body[0], body[4], body[16], body[48]), (0, 2, 1, 2));
    assert_eq!(body[47], 1, "has an open alert");
}

#[tokio::test]
async fn the_api_describes_every_route_of_the_contract() {
    let watch = Watch::start().await;
    let api = watch.get("/api/openapi.json").await;
    let contract = [
        ("post", "/api/session"),
        ("get", "/api/session"),
        ("delete", "/api/session"),
        ("get", "/api/status"),
        ("get", "/api/receivers"),
        ("get", "/api/coverage"),
        ("get", "/api/alerts"),
        ("get", "/api/alerts/{id}"),
        ("post", "/api/alerts/{id}/claim"),
        ("delete", "/api/alerts/{id}/claim"),
        ("post", "/api/alerts/{id}/notes"),
        ("post", "/api/alerts/{id}/decision"),
        ("delete", "/api/alerts/{id}/decision"),
        ("get", "/api/alerts/{id}/amendments"),
        ("get", "/api/events"),
        ("get", "/api/live"),
        ("get", "/api/vessels/{track}"),
        ("get", "/api/vessels"),
        ("get", "/api/history/track"),
        ("get", "/api/history/area"),
        ("get", "/api/history/identity"),
        ("get", "/api/zones"),
        ("get", "/api/ports"),
        ("get", "/api/words/{lang}"),
        ("get", "/tiles/{z}/{x}/{y}"),
        ("get", "/api/openapi.json"),
        ("get", "/api/health"),
    ];
    for (method, path) in contract {
        assert!(api["paths"][path][method].is_object(), "{method} {path}");
    }
    assert_eq!(
        api["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum::<usize>(),
        contract.len()
    );
}
