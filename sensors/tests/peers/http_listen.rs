//! HTTP, with a real client and with some that misbehave.

use super::listening::{Listening, free_address, http, kept, settings};
use super::{FIRST, SECOND};
use reqwest::{RequestBuilder, Response, StatusCode};
use sensors::receiver::{Settings, State};
use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

const MAST: &str = "the mast's own token";
const ISLAND: &str = "the island's own token";

struct Site {
    heard: Listening,
    at: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn open() -> Site {
        Site::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Site {
        let at = free_address().await;
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(serde_json::json!({"connect": format!("http-listen://{at}"), "tokens": [
            {"station": "MAST", "token": kept(folder.path(), "mast", MAST)},
            {"station": "ISLAND", "token": kept(folder.path(), "island", ISLAND)},
        ]}));
        change(&mut settings);
        let heard = Listening::to(settings);
        heard.until(|snapshot| snapshot.state == State::Listening).await;
        Site { heard, at, _folder: folder }
    }

    fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        http().post(format!("http://{}/any/path", self.at)).body(body)
    }
}

fn sent(request: RequestBuilder) -> tokio::task::JoinHandle<Response> {
    tokio::spawn(async move { request.send().await.unwrap() })
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

async fn problem(response: Response) -> (StatusCode, String) {
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: serde_json::Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body["status"], status.as_u16());
    (status, body["detail"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_yes_comes_only_once_the_lines_are_durable() {
    let mut site = Site::open().await;
    let answer = sent(site.post(format!("{FIRST}\r\n{SECOND}\r\n")).bearer_auth(MAST));
    let delivery = site.heard.delivery().await;
    let lines: Vec<_> =
        delivery.batch.iter().map(|(_, line)| String::from_utf8_lossy(line).into_owned()).collect();
    assert_eq!(lines, [format!("\\s:MAST*42\\{FIRST}"), format!("\\s:MAST*42\\{SECOND}")]);
    sleep(Duration::from_millis(200)).await;
    assert!(!answer.is_finished(), "answered before the lines were durable");
    delivery.receipts.into_iter().for_each(|receipt| receipt.durable());
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.text().await.unwrap(), r#"{"cut":0,"lines":2}"#);
}

#[tokio::test]
async fn what_aiscatcher_posts_is_one_line_an_object() {
    let mut site = Site::open().await;
    let object = r#"{"class":"AIS","rxtime":"20260101000000","nmea":["!AIVDM,1*23"],"mmsi":1}"#;
    let envelope =
        format!("{{\"protocol\":\"jsonaiscatcher\",\"stationid\":\"x\",\"msgs\":[\n{object},{object}]}}\r\n");
    // USERPWD and GZIP of its `-H`.
    let request = site.post(packed(envelope.as_bytes())).basic_auth("island", Some(ISLAND));
    let request = request.header("content-type", "application/json").header("content-encoding", "gzip");
    let answer = sent(request);
    for _ in 0..2 {
        let line = site.heard.line().await;
        assert!(line.starts_with("\\s:ISLAND*") && line.ends_with(object), "{line}");
    }
    assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn lines_that_are_never_durable_get_no_yes() {
    let mut site = Site::open().await;
    let answer = sent(site.post(FIRST).bearer_auth(MAST));
    drop(site.heard.delivery().await);
    let answer = answer.await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    let (status, detail) = problem(answer).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(detail.contains("send them again"), "{detail}");
    let began = Instant::now();
    let answer = sent(site.post(FIRST).bearer_auth(MAST));
    let _kept = site.heard.delivery().await;
    assert_eq!(answer.await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(began.elapsed() < Duration::from_secs(10), "AIS-catcher waits no longer");
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_counted() {
    let site = Site::open().await;
    for request in [
        site.post(FIRST),
        site.post(FIRST).bearer_auth("the mast's own toke"),
        site.post(FIRST).bearer_auth(""),
        site.post(FIRST).basic_auth("MAST", Some("guess")),
        site.post(FIRST).header("authorization", "Basic ?"),
        site.post(FIRST).header("authorization", "Digest x"),
    ] {
        let answer = request.send().await.unwrap();
        assert!(answer.headers().contains_key("www-authenticate"));
        assert_eq!(problem(answer).await.0, StatusCode::UNAUTHORIZED);
    }
    let snapshot = site.heard.health.snapshot();
    assert_eq!((snapshot.refused_peers, snapshot.lines), (6, 0));
    let get = http().get(format!("http://{}/", site.at)).send().await.unwrap();
    assert_eq!(get.headers()["allow"], "POST");
    assert_eq!(problem(get).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_reason() {
    let site = Site::open().await;
    let bomb = packed(&vec![b' '; 200 << 20]);
    let requests = [
        (site.post("{\"mmsi\":"), StatusCode::BAD_REQUEST, "JSON"),
        (site.post("[1]"), StatusCode::BAD_REQUEST, "objects and lines"),
        (site.post("x").header("content-type", "image/png"), StatusCode::UNSUPPORTED_MEDIA_TYPE, "image/png"),
        (site.post("x").header("content-encoding", "br"), StatusCode::UNSUPPORTED_MEDIA_TYPE, "gzip"),
        (site.post("x").header("content-encoding", "gzip"), StatusCode::BAD_REQUEST, "not gzip"),
        (site.post(bomb).header("content-encoding", "gzip"), StatusCode::PAYLOAD_TOO_LARGE, "unpacked"),
        (site.post(vec![b'x'; 2 << 20]), StatusCode::PAYLOAD_TOO_LARGE, "at most"),
    ];
    for (request, expected, said) in requests {
        let (status, detail) = problem(request.bearer_auth(MAST).send().await.unwrap()).await;
        assert_eq!(status, expected, "{detail}");
        assert!(detail.contains(said), "{detail}");
    }
    let empty = site.post(" \n").bearer_auth(MAST).send().await.unwrap();
    assert_eq!(empty.text().await.unwrap(), r#"{"cut":0,"lines":0}"#);
    assert_eq!(site.heard.health.snapshot().lines, 0);
}

#[tokio::test]
async fn an_object_longer_than_a_line_is_cut_and_counted() {
    let mut site = Site::open().await;
    let object = format!("{{\"a\":\"{}\"}}", "x".repeat(5000));
    let answer = sent(site.post(object).bearer_auth(MAST));
    assert!(site.heard.line().await.contains("...[cut: "));
    assert_eq!(answer.await.unwrap().text().await.unwrap(), r#"{"cut":1,"lines":1}"#);
    assert_eq!(site.heard.health.snapshot().cut, 1);
}

#[tokio::test]
async fn a_station_that_posts_faster_than_it_is_written_down_is_asked_to_wait() {
    let mut site = Site::open().await;
    let first = sent(site.post(FIRST).bearer_auth(MAST));
    let held = site.heard.delivery().await;
    let second = sent(site.post(FIRST).bearer_auth(MAST));
    let also_held = site.heard.delivery().await;
    let third = site.post(FIRST).bearer_auth(MAST).send().await.unwrap();
    assert_eq!(third.headers()["retry-after"], "1");
    assert_eq!(problem(third).await.0, StatusCode::TOO_MANY_REQUESTS);
    // Another station is not kept out.
    let other = sent(site.post(SECOND).bearer_auth(ISLAND));
    assert!(site.heard.line().await.ends_with(SECOND));
    assert_eq!(other.await.unwrap().status(), StatusCode::OK);
    for delivery in [held, also_held] {
        delivery.receipts.into_iter().for_each(|receipt| receipt.durable());
    }
    assert_eq!(first.await.unwrap().status(), StatusCode::OK);
    assert_eq!(second.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_big_body_is_durable_as_a_whole() {
    let mut site = Site::open().await;
    let body: String = (0..20_000).map(|n| format!("!AIVDM,1,1,,A,{n},0*00\n")).collect();
    let answer = sent(site.post(body).bearer_auth(MAST));
    for n in 0..20_000 {
        assert!(!answer.is_finished());
        let line = site.heard.line().await;
        assert!(line.contains(&format!(",A,{n},0")), "{line}");
    }
    assert_eq!(answer.await.unwrap().text().await.unwrap(), r#"{"cut":0,"lines":20000}"#);
}

#[tokio::test]
async fn who_is_not_on_the_allow_list_is_not_talked_to() {
    let site = Site::with(|settings| settings.allow = vec!["192.0.2.0/24".to_owned()]).await;
    assert!(site.post(FIRST).bearer_auth(MAST).send().await.is_err());
    let snapshot = site.heard.until(|snapshot| snapshot.refused_peers == 1).await;
    assert_eq!(snapshot.refused.len(), 1);
}

#[tokio::test]
async fn slow_and_half_open_connections_end_and_keep_nobody_out() {
    let site = Site::open().await;
    let began = Instant::now();
    let mut silent = TcpStream::connect(site.at).await.unwrap();
    let mut slow = TcpStream::connect(site.at).await.unwrap();
    let head =
        format!("POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {MAST}\r\ncontent-length: 100\r\n\r\nx");
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut gone = TcpStream::connect(site.at).await.unwrap();
    gone.write_all(head.as_bytes()).await.unwrap();
    drop(gone);
    let mut dribbled = TcpStream::connect(site.at).await.unwrap();
    let dribbling = tokio::spawn(async move {
        for byte in b"POST / HTTP/1.1\r\n".iter().cycle() {
            if dribbled.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(500)).await;
        }
    });
    let mut said = String::new();
    slow.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    let mut nothing = Vec::new();
    // Closed, or reset.
    let _ = silent.read_to_end(&mut nothing).await;
    assert_eq!(nothing, b"");
    dribbling.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    site.heard.stop().await;
}

#[tokio::test]
async fn connections_are_bounded_and_none_outlives_the_receiver() {
    let site = Site::open().await;
    let mut peers = Vec::new();
    for _ in 0..70 {
        peers.push(TcpStream::connect(site.at).await.unwrap());
    }
    site.heard.until(|snapshot| snapshot.refused_peers >= 6).await;
    let at = site.at;
    site.heard.stop().await;
    for mut peer in peers {
        let mut nothing = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(5), peer.read_to_end(&mut nothing))
            .await
            .expect("closed");
    }
    assert!(TcpStream::connect(at).await.is_err());
}

#[tokio::test]
async fn a_place_is_free_again_when_its_connection_has_gone() {
    let site = Site::open().await;
    for n in 0..2000 {
        let mut peer = TcpStream::connect(site.at).await.unwrap();
        if n % 2 == 0 {
            // The other half goes without a word.
            let ask = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            peer.write_all(ask).await.unwrap();
            let mut said = String::new();
            peer.read_to_string(&mut said).await.unwrap();
            assert!(said.starts_with("HTTP/1.1 405 "), "{said}");
        }
    }
    assert_eq!(site.heard.health.snapshot().refused_peers, 0);
}

#[tokio::test]
async fn tokens_that_cannot_serve_are_named_and_never_shown() {
    let at = free_address().await;
    let folder = tempfile::tempdir().unwrap();
    for (tokens, said) in [
        (vec![("A", "short secret")], "station A: its token has fewer than 16 characters"),
        (vec![("A", MAST), ("B", MAST)], "station B: its token is another station's too"),
    ] {
        let tokens: Vec<_> = tokens
            .iter()
            .map(|(name, token)| serde_json::json!({"station": name, "token": kept(folder.path(), name, token)}))
            .collect();
        let settings =
            settings(serde_json::json!({"connect": format!("http-listen://{at}"), "tokens": tokens}));
        let shown = format!("{settings:?}");
        assert!(!shown.contains("short secret") && !shown.contains(MAST), "{shown}");
        let heard = Listening::to(settings);
        let failed = heard.until_said(said).await;
        assert!(!failed.detail.contains("short secret") && !failed.detail.contains(MAST));
    }
}
