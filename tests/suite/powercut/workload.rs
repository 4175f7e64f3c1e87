//! What is recorded: days of a watch in half a minute, with everything that the stores do; and a plain ledger.

use crate::ledger::line;
use crate::sea::settings;
use sensors::receiver::{Batch, Delivery, Receipt};
use sensors::{ReceiverId, Time};
use sqlx::{Connection as _, SqliteConnection};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use watchkeeper::alert::AlertId;
use watchkeeper::desk::{Decision, DecisionReason};
use watchkeeper::pipeline::{self, Listeners, Stores};
use watchkeeper::place::Places;
use watchkeeper::store::{self, Schema};

/// Ten minutes before midnight, so that the journal turns to another day soon.
const BEGAN: i64 = 1_795_218_600;

/// Starts of the watch, deliveries in each, lines in each of these.
const ROUNDS: u32 = 4;
const DELIVERIES: u32 = 40;
const LINES: u32 = 4;

/// Where the record finds what was acknowledged: one line each, in one write.
#[derive(Clone)]
struct Told(Arc<Mutex<File>>);

impl Told {
    fn tell(&self, what: &str) {
        let mut file = self.0.lock().expect("nobody panics with it");
        file.write_all(format!("{what}\n").as_bytes()).expect("there is room");
    }
}

/// The stores as the pipeline uses them. Acknowledged: `lines N` (all up to the Nth), `alert ID VERSION`, `note N`,
/// `decided ID`.
pub(super) async fn watch(folder: &Path, told: &Path) {
    let told = Told(Arc::new(Mutex::new(File::create(told).expect("there is room"))));
    let places = Arc::new(Places::load(&[]).expect("it is built in"));
    let mut next = 0;
    for round in 0..ROUNDS {
        let (mut stores, _) = Stores::open(folder).await.expect("they open");
        let watch = stores.recover(places.clone(), |_, _| {}).await.expect("they can be read");
        let desk = stores.desk.clone();
        let raised: Arc<Mutex<Vec<AlertId>>> = Arc::default();
        let changed = {
            let (told, raised) = (told.clone(), raised.clone());
            move |rows: Vec<(_, watchkeeper::desk::AlertRow)>| {
                for (_, row) in rows {
                    told.tell(&format!("alert {} {}", row.alert.id, row.alert.version));
                    raised.lock().expect("nobody panics with it").push(row.alert.id);
                }
            }
        };
        let listeners = Listeners {
            understood: Box::new(|_| {}),
            changed: Box::new(changed),
            trouble: Box::new(|trouble| assert!(trouble.is_none(), "{trouble:?}")),
        };
        let pipeline = pipeline::start(stores, watch, &settings(), None, listeners);
        for delivery in 0..DELIVERIES {
            let at = Time::from_seconds(BEGAN + i64::from(round * DELIVERIES + delivery) * 2 * 60);
            let mut batch = Batch::new(ReceiverId(0));
            for n in next..next + LINES {
                batch.push(at, line(n).as_bytes());
            }
            next += LINES;
            let (receipt, durable) = Receipt::new();
            let delivery_of = Delivery { receipts: vec![receipt], ..batch.into() };
            pipeline.heard.send(delivery_of).await.expect("it runs");
            durable.await.expect("it is written");
            told.tell(&format!("lines {next}"));
            let known = raised.lock().expect("nobody panics with it").last().copied();
            if delivery % 4 == 3
                && let Some(id) = known
            {
                let note = format!("note {}", round * DELIVERIES + delivery);
                let row = desk.note(id, "watch", &note, at).await.expect("it is noted");
                told.tell(&note);
                if row.desk.decision.is_none() {
                    let (what, why) = (Decision::Benign, DecisionReason::Other);
                    desk.decide(id, "watch", what, why, "a drill", row.desk.version, at)
                        .await
                        .expect("decided");
                    told.tell(&format!("decided {id}"));
                }
            }
        }
        drop(desk);
        pipeline.finish().await.expect("it ends well");
    }
}

const LEDGER: Schema =
    Schema { name: "ledger", steps: &["CREATE TABLE entry (n INTEGER PRIMARY KEY, body BLOB NOT NULL)"] };

pub(super) async fn open_ledger(folder: &Path) -> store::Result<SqliteConnection> {
    store::open_writer(&folder.join("ledger.sqlite"), LEDGER).await
}

/// Transactions of one row in a file that our own writer opened, with frequent checkpoints. `pragma` comes after that: with
/// `synchronous = NORMAL` it is what must be caught losing. Acknowledged: `row N`.
pub(super) async fn ledger(folder: &Path, told: &Path, pragma: &'static str) {
    let told = Told(Arc::new(Mutex::new(File::create(told).expect("there is room"))));
    let mut file = open_ledger(folder).await.expect("it opens");
    sqlx::raw_sql("PRAGMA wal_autocheckpoint = 12").execute(&mut file).await.expect("SQLite knows it");
    sqlx::raw_sql(pragma).execute(&mut file).await.expect("SQLite knows it");
    for n in 1..=200_i64 {
        let body = vec![n as u8; 200 + (n as usize * 977) % 9000];
        let mut row = store::begin(&mut file).await.expect("it is free");
        let insert = sqlx::query("INSERT INTO entry VALUES (?, ?)").bind(n).bind(body);
        insert.execute(&mut *row).await.expect("there is room");
        row.commit().await.expect("there is room");
        told.tell(&format!("row {n}"));
    }
    file.close().await.expect("it ends well");
}
