//! One receiver that sends more than it can hear.

use super::*;

/// A position report of a man overboard device.
fn rescue() -> String {
    let mut payload = crate::sentence::Payload::new();
    payload.push(8, 1 << 2);
    payload.push(30, 972_123_456);
    payload.push(64, 0);
    payload.push(64, 0);
    payload.push(2, 0);
    format!("!AIVDM,1,1,,A,{},0*00", payload.to_armour().0)
}

#[tokio::test]
async fn a_flood_is_refused_and_counted_to_the_line() {
    let (listener, settings) = server().await;
    let mut heard = Listening::to(settings, 8);
    let (mut peer, _) = listener.accept().await.unwrap();
    let text = format!("{FIRST}\n").repeat(10_000) + &rescue() + "\n$GPRMC,last*00\n";
    peer.write_all(text.as_bytes()).await.unwrap();
    // The clock of this test stands still: what may come at once passes, and no more.
    for _ in 0..300 {
        assert_eq!(heard.line().await, FIRST);
    }
    assert_eq!(heard.line().await, rescue());
    assert_eq!(heard.line().await, "$GPRMC,last*00");
    let snapshot = heard.until(|s| s.bytes == text.len() as u64).await;
    assert_eq!((snapshot.lines, snapshot.limited, snapshot.drops), (302, 9_700, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_receivers_hear_all_while_one_floods() {
    let (out, mut batches) = mpsc::channel(2);
    let (stop, stopping) = watch::channel(false);
    let now = || Time::from_millis(1_000);
    let mut listeners = Vec::new();
    for id in 0..2 {
        let (listener, settings) = server().await;
        let health = Arc::new(Health::default());
        tokio::spawn(listen(settings, ReceiverId(id), out.clone(), now, health.clone(), stopping.clone()));
        listeners.push((listener.accept().await.unwrap().0, health));
    }
    let (mut quiet, quiet_health) = listeners.pop().unwrap();
    let (mut loud, _loud_health) = listeners.pop().unwrap();
    let flood = tokio::spawn(async move {
        let many = format!("{FIRST}\n").repeat(1_000);
        while loud.write_all(many.as_bytes()).await.is_ok() {}
    });
    let speaking = tokio::spawn(async move {
        for n in 0..100 {
            quiet.write_all(format!("{n}\n").as_bytes()).await.unwrap();
            sleep(Duration::from_millis(2)).await;
        }
        quiet
    });
    let mut next = 0;
    while next < 100 {
        let batch = timeout(Duration::from_secs(20), batches.recv()).await.unwrap().unwrap().batch;
        if batch.receiver() == ReceiverId(1) {
            for (_, line) in batch.iter() {
                assert_eq!(line, next.to_string().as_bytes());
                next += 1;
            }
        }
    }
    let snapshot = quiet_health.snapshot();
    assert_eq!((snapshot.lines, snapshot.limited, snapshot.drops), (100, 0, 0));
    flood.abort();
    drop(speaking.await.unwrap());
    stop.send(true).unwrap();
}

#[tokio::test]
async fn a_profiles_debug_lines_go_no_further() {
    let (listener, settings) = server().await;
    let mut heard = Listening::to(Settings { profile: Some("daisy".to_owned()), ..settings }, 8);
    let (mut peer, _) = listener.accept().await.unwrap();
    peer.write_all(format!("sync A RSSI=-87dBm\r\n{FIRST}\r\n").as_bytes()).await.unwrap();
    assert_eq!(heard.line().await, FIRST);
    assert_eq!(heard.health.snapshot().skipped_lines, 1);
}
