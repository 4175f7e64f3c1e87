//! A web address that is asked again and again: a server of the test's own, which answers as AISHub does.

use super::listening::{Listening, kept, settings};
use super::tls;
use sensors::receiver::State;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const RECORDS: &str = r#"[{"ERROR":false,"RECORDS":2},[{"MMSI":1},{"MMSI":2}]]"#;

/// Answers one question after another with `answers`, and tells what was asked.
async fn server(answers: Vec<Vec<u8>>) -> (SocketAddr, mpsc::Receiver<String>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (asked, questions) = mpsc::channel(16);
    let task = tokio::spawn(async move {
        for answer in answers {
            let (stream, _) = listener.accept().await.unwrap();
            asked.send(reply(stream, &answer).await).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    (at, questions, task)
}

async fn reply(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8]) -> String {
    let mut question = Vec::new();
    while !question.ends_with(b"\r\n\r\n") {
        question.push(stream.read_u8().await.unwrap());
    }
    // The other side may have heard enough.
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
    String::from_utf8(question).unwrap()
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn records_come_as_lines_and_the_key_stays_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    let not_modified = b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n".to_vec();
    let first =
        answer("200 OK\r\netag: \"a1\"\r\nlast-modified: Thu, 01 Jan 2026 00:00:00 GMT", RECORDS.as_bytes());
    let (at, mut questions, _server) = server(vec![first, not_modified]).await;
    let mut heard = Listening::to(settings(serde_json::json!({
        "connect": format!("poll+http://{at}/ws.php?username={{secret}}&output=json"),
        "secret": kept(folder.path(), "key", "AH 1&x"), "interval_seconds": 1,
    })));
    assert_eq!(heard.line().await, "{\"MMSI\":1}");
    assert_eq!(heard.line().await, "{\"MMSI\":2}");
    let asked = questions.recv().await.unwrap();
    assert!(asked.starts_with("GET /ws.php?username=AH%201%26x&output=json HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("accept-encoding: gzip") && !asked.contains("if-none-match"), "{asked}");
    let began = Instant::now();
    let again = questions.recv().await.unwrap();
    assert!(
        again.contains("if-none-match: \"a1\"") && again.contains("if-modified-since: Thu, 01 Jan 2026"),
        "{again}"
    );
    assert!(began.elapsed() > Duration::from_millis(500));
    heard.until_said("nothing new").await;
    heard.stop().await;
}

#[tokio::test]
async fn trouble_is_named_without_the_key_and_not_asked_about_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packed, &vec![b' '; 100 << 20]).unwrap();
    let refused = br#"[{"ERROR":true,"ERROR_MESSAGE":"Too frequent requests, KEYKEYKEY!"}]"#;
    let packed = packed.finish().unwrap();
    for (answer, said) in [
        (answer("200 OK", refused), "the server says: Too frequent requests, {secret}!"),
        (
            answer("429 Too Many Requests\r\nretry-after: 300", b""),
            "answers 429 Too Many Requests; asks again in 299 s",
        ),
        (answer("302 Found\r\nlocation: http://192.0.2.1/", b""), "it has moved"),
        (answer("200 OK\r\ncontent-encoding: gzip", &packed), "longer than"),
        (answer("200 OK", b"[{"), "can't be read"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf".to_vec(), "error"),
        (b"not HTTP\r\n\r\n".to_vec(), "error"),
    ] {
        let (at, mut questions, _server) = server(vec![answer]).await;
        let heard = Listening::to(settings(serde_json::json!({
            "connect": format!("poll+http://{at}/{{secret}}"), "secret": kept(folder.path(), "key", "KEYKEYKEY"),
        })));
        let failed = heard.until(|snapshot| snapshot.state == State::Failed).await;
        assert!(failed.detail.contains(said), "{said}: {}", failed.detail);
        assert!(!failed.detail.contains("KEYKEYKEY"), "{}", failed.detail);
        assert!(questions.recv().await.unwrap().contains("KEYKEYKEY"));
        assert!(timeout(Duration::from_millis(700), questions.recv()).await.is_err(), "asked again at once");
        heard.stop().await;
    }
}

#[tokio::test]
async fn a_server_of_our_own_authority_is_trusted_and_a_stranger_is_not() {
    let folder = tempfile::tempdir().unwrap();
    tls::certify(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let acceptor = tls::server(folder.path());
    let _server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                reply(stream, &answer("200 OK", RECORDS.as_bytes())).await;
            }
        }
    });
    let connect = format!("poll+https://{at}/");
    let ca = folder.path().join("ca.pem");
    let mut heard = Listening::to(settings(serde_json::json!({"connect": connect, "ca": ca})));
    assert_eq!(heard.line().await, "{\"MMSI\":1}");
    let stranger = Listening::to(settings(serde_json::json!({"connect": connect})));
    let failed = stranger.until(|snapshot| snapshot.state == State::Failed).await;
    assert!(
        failed.detail.contains("certificate") || failed.detail.contains("authority"),
        "{}",
        failed.detail
    );
}
