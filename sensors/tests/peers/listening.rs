//! A receiver that is listened to, and a journal that says what is durable when the test wants it.

use sensors::receiver::{Delivery, Health, Settings, Snapshot, listen};
use sensors::{ReceiverId, Time};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Listening {
    deliveries: mpsc::Receiver<Delivery>,
    waiting: VecDeque<String>,
    pub(crate) health: Arc<Health>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Listening {
    pub(crate) fn to(settings: Settings) -> Listening {
        assert_eq!(settings.check(), []);
        let (out, deliveries) = mpsc::channel(8);
        let (stop, stopping) = watch::channel(false);
        let health = Arc::new(Health::default());
        let now = || Time::from_millis(1_000);
        let task = tokio::spawn(listen(settings, ReceiverId(5), out, now, health.clone(), stopping));
        Listening { deliveries, waiting: VecDeque::new(), health, stop, task }
    }

    /// The next delivery, whose receipts are the caller's to tell.
    pub(crate) async fn delivery(&mut self) -> Delivery {
        timeout(PATIENCE, self.deliveries.recv())
            .await
            .expect("something is heard")
            .expect("it still listens")
    }

    /// The next line; all that came with it is durable.
    pub(crate) async fn line(&mut self) -> String {
        while self.waiting.is_empty() {
            let Delivery { batch, receipts } = self.delivery().await;
            let text = |(_, line): (Time, &[u8])| String::from_utf8_lossy(line).into_owned();
            self.waiting.extend(batch.iter().map(text));
            receipts.into_iter().for_each(|receipt| receipt.durable());
        }
        self.waiting.pop_front().unwrap()
    }

    pub(crate) async fn until(&self, what: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let seen = timeout(PATIENCE, async {
            loop {
                let snapshot = self.health.snapshot();
                if what(&snapshot) {
                    return snapshot;
                }
                sleep(Duration::from_millis(5)).await;
            }
        });
        seen.await.unwrap_or_else(|_| panic!("never seen; last {:?}", self.health.snapshot()))
    }

    /// Waits until the receiver's state is told in words that hold `said`.
    pub(crate) async fn until_said(&self, said: &str) -> Snapshot {
        self.until(|snapshot| snapshot.detail.contains(said)).await
    }

    pub(crate) async fn stop(self) {
        self.stop.send(true).unwrap();
        timeout(PATIENCE, self.task).await.expect("it stops").unwrap();
    }
}

/// Settings from what would stand in the file.
pub(crate) fn settings(json: serde_json::Value) -> Settings {
    let mut json = json;
    json["name"] = "test".into();
    serde_json::from_value(json).unwrap()
}

/// An address of this machine where nobody listens.
pub(crate) async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// A file in `folder` with a secret in it, as the settings name it.
pub(crate) fn kept(folder: &Path, name: &str, secret: &str) -> serde_json::Value {
    let path = folder.join(name);
    std::fs::write(&path, format!("{secret}\n")).unwrap();
    serde_json::json!({ "file": path })
}

/// A client of HTTP that knows no TLS.
pub(crate) fn http() -> reqwest::Client {
    let tls = super::tls::trusting(rustls::RootCertStore::empty());
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(PATIENCE).build().unwrap()
}
