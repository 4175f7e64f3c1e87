//! WebSockets: a server of the test's own.

use super::listening::{Listening, kept, settings};
use super::{FIRST, tls};
use futures_util::{SinkExt, StreamExt};
use sensors::receiver::State;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tokio_tungstenite::{WebSocketStream, accept_async};

async fn server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    (listener, format!("ws://{at}/v0/stream"))
}

async fn next(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = timeout(Duration::from_secs(20), listener.accept()).await.unwrap().unwrap();
    accept_async(stream).await.unwrap()
}

#[tokio::test]
async fn it_subscribes_with_its_key_and_hears_one_line_a_message_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, url) = server().await;
    let mut heard = Listening::to(settings(serde_json::json!({
        "connect": url, "secret": kept(folder.path(), "key", "k\"1"),
        "subscribe": "{\"APIKey\":\"{secret}\",\"BoundingBoxes\":[[[0,100],[15,110]]]}",
    })));
    let mut peer = next(&listener).await;
    let asked = peer.next().await.unwrap().unwrap().into_text().unwrap();
    assert_eq!(asked.as_str(), "{\"APIKey\":\"k\\\"1\",\"BoundingBoxes\":[[[0,100],[15,110]]]}");
    peer.send(Message::binary(&b"{\"MessageType\":\n\"PositionReport\"}"[..])).await.unwrap();
    peer.send(Message::text(format!("{FIRST}\r\n"))).await.unwrap();
    peer.send(Message::Ping("there?".into())).await.unwrap();
    assert_eq!(heard.line().await, "{\"MessageType\": \"PositionReport\"}");
    assert_eq!(heard.line().await, FIRST);
    assert_eq!(peer.next().await.unwrap().unwrap(), Message::Pong("there?".into()));
    drop(peer);
    let mut peer = next(&listener).await;
    peer.next().await.unwrap().unwrap();
    peer.send(Message::text("again")).await.unwrap();
    assert_eq!(heard.line().await, "again");
    assert_eq!(heard.health.snapshot().reconnects, 1);
    heard.stop().await;
    let gone = timeout(Duration::from_secs(5), peer.next()).await.unwrap();
    assert!(gone.is_none_or(|message| message.is_err()), "the link outlives the receiver");
}

#[tokio::test]
async fn what_the_server_complains_of_is_named_without_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, url) = server().await;
    let heard = Listening::to(settings(serde_json::json!({
        "connect": format!("{url}?key={{secret}}"), "secret": kept(folder.path(), "key", "KEYKEYKEY"),
    })));
    let close = CloseFrame { code: CloseCode::Policy, reason: "KEYKEYKEY is used twice".into() };
    for (message, said) in [
        (
            Message::text(r#"{"error": "Api Key Is Not Valid: KEYKEYKEY"}"#),
            "says: Api Key Is Not Valid: {secret}",
        ),
        (Message::Close(Some(close)), "closes the link: {secret} is used twice"),
        (Message::text("x".repeat(300_000)), "longer than 262144 bytes"),
    ] {
        let mut peer = next(&listener).await;
        // The longest is refused before it is sent in full.
        let _ = peer.send(message).await;
        let failed = heard.until_said(said).await;
        assert!(failed.state == State::Failed && !failed.detail.contains("KEYKEYKEY"), "{}", failed.detail);
    }
}

#[tokio::test]
async fn a_server_that_is_none_is_named() {
    let (listener, url) = server().await;
    let heard = Listening::to(settings(serde_json::json!({"connect": url})));
    let (mut peer, _) = listener.accept().await.unwrap();
    peer.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    heard.until_said("the server answers 403").await;
}

#[tokio::test]
async fn an_encrypted_link_holds_the_server_against_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    tls::certify(folder.path());
    let (listener, url) = server().await;
    let acceptor = tls::server(folder.path());
    let _server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                accept_async(stream).await.unwrap().send(Message::text(FIRST)).await.unwrap();
            }
        }
    });
    let connect = url.replace("ws:", "wss:");
    let ca = folder.path().join("ca.pem");
    let mut heard = Listening::to(settings(serde_json::json!({"connect": connect, "ca": ca})));
    assert_eq!(heard.line().await, FIRST);
    let stranger = Listening::to(settings(serde_json::json!({"connect": connect})));
    let failed = stranger.until(|snapshot| snapshot.state == State::Failed).await;
    assert!(
        failed.detail.contains("certificate") || failed.detail.contains("authority"),
        "{}",
        failed.detail
    );
}
