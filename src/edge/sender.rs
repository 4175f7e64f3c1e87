//! Takes what waits at the mast to the centre, one consignment at a time, and gives a sign of life where nothing waits.

use super::consignment::{self, Header};
use super::life::{self, Sign};
use super::post::{Post, lock};
use super::server::{Answer, PATH};
use super::spool::{Acked, Draft};
use super::station::Have;
use super::trouble;
use ed25519_dalek::SigningKey;
use reqwest::StatusCode;
use sensors::Time;
use sensors::receiver::Backoff;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How often the receiver is looked at for a change that the centre should know at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Takes what waits to the centre.
pub(super) struct Sender {
    pub(super) post: Arc<Post>,
    pub(super) station: String,
    /// `https://HOST:PORT`
    pub(super) centre: String,
    pub(super) key: SigningKey,
    pub(super) client: reqwest::Client,
    pub(super) now: fn() -> Time,
}

/// What came of an attempt.
enum Outcome {
    /// The centre has it.
    Kept,
    /// The two differ about the order: what the centre has, and why it refused.
    Differs(Have, String),
    /// It was refused, or nobody was reached.
    Failed(String),
}

/// When a sign of life is due, and what the last one said.
struct Signs {
    next: Instant,
    failed: bool,
}

impl Sender {
    /// Until a disk fails.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let seed = consignment::text_digest(self.post.name.as_bytes());
        let mut backoff = Backoff::new(u64::from_le_bytes(seed[..8].try_into().expect("eight of 32 bytes")));
        let mut signs = Signs { next: Instant::now(), failed: false };
        // What was sent without an answer is sent again as it was: the centre may have it.
        let mut unanswered: Option<u64> = None;
        loop {
            let next = self.post.queue(move |queue| {
                let again = unanswered.map_or(Ok(None), |place| queue.draft(Some(place)))?;
                let draft = if again.is_some() { again } else { queue.draft(None)? };
                Ok((queue.acked(), draft))
            });
            let (acked, Some(draft)) = next.await? else {
                self.live(&mut signs, &mut backoff).await;
                continue;
            };
            lock(&self.post.link).oldest = Some(draft.heard_first);
            unanswered = Some(draft.place);
            let header = self.header(acked, &draft).bytes();
            let done = match self.send(&header, &draft).await {
                Outcome::Kept => {
                    self.acknowledged(after(acked, &draft, consignment::digest(&header))).await?;
                    Ok(())
                }
                Outcome::Differs(have, why) => self.settle(acked, have, &why).await?,
                Outcome::Failed(why) => Err(why),
            };
            match done {
                Ok(()) => {
                    unanswered = None;
                    signs.next = Instant::now() + life::EVERY;
                    backoff.reset();
                    self.post.say("up".to_owned());
                }
                Err(why) => {
                    self.post.say(why);
                    sleep(backoff.wait()).await;
                }
            }
        }
    }

    /// Gives signs of life until something waits to be sent.
    async fn live(&self, signs: &mut Signs, backoff: &mut Backoff) {
        let mut wait = Duration::ZERO;
        while timeout(wait, self.post.filled.notified()).await.is_err() {
            let failed = self.post.has_failed();
            wait = LOOK_EVERY;
            if Instant::now() < signs.next && failed == signs.failed {
                continue;
            }
            match self.give_sign(failed).await {
                Ok(()) => {
                    *signs = Signs { next: Instant::now() + life::EVERY, failed };
                    backoff.reset();
                    self.post.say("up".to_owned());
                }
                Err(why) => {
                    self.post.say(why);
                    wait = backoff.wait();
                }
            }
        }
    }

    async fn give_sign(&self, failed: bool) -> Result<(), String> {
        let sign = Sign {
            station: self.station.clone(),
            receiver: self.post.name.clone(),
            at: (self.now)(),
            failed,
            detail: self.post.health.snapshot().detail,
        };
        let (status, answer) = self.ask(life::PATH, sign.seal(&self.key)).await?;
        if status.is_success() { Ok(()) } else { Err(refused(&answer)) }
    }

    /// Sends something, and gives the centre's answer.
    async fn ask(&self, path: &str, wire: Vec<u8>) -> Result<(StatusCode, Answer), String> {
        let answered = async {
            let answer = self.client.post(format!("{}{path}", self.centre)).body(wire).send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        };
        let (status, body) = answered.await.map_err(|error| trouble::explain(&self.centre, &error))?;
        let answer = serde_json::from_slice(&body)
            .map_err(|_| format!("down: {} answers {status}, and not as a centre does", self.centre))?;
        Ok((status, answer))
    }

    async fn acknowledged(&self, acked: Acked) -> anyhow::Result<()> {
        self.post.queue(move |queue| queue.ack(acked)).await?;
        lock(&self.post.link).acked_at = Some((self.now)());
        Ok(())
    }

    fn header(&self, acked: Acked, draft: &Draft) -> Header {
        Header {
            station: self.station.clone(),
            receiver: self.post.name.clone(),
            first: acked.number + 1,
            last: acked.number + draft.numbers,
            previous: acked.digest,
            lines: draft.lines,
            heard_first: draft.heard_first,
            heard_last: draft.heard_last,
            text: consignment::text_digest(&draft.text),
            lost: draft.lost,
        }
    }

    async fn send(&self, header: &[u8], draft: &Draft) -> Outcome {
        let wire = consignment::seal(&self.key, header, &draft.text);
        let (status, answer) = match self.ask(PATH, wire).await {
            Ok(answered) => answered,
            Err(why) => return Outcome::Failed(why),
        };
        match answer.have {
            // An acknowledgement names what it acknowledges.
            Some(have) if status.is_success() && have.digest == consignment::digest(header) => Outcome::Kept,
            Some(have) => Outcome::Differs(have, answer.message),
            None => Outcome::Failed(refused(&answer)),
        }
    }

    /// Finds out why the centre has something else than we think, and goes on from there where that is right.
    ///
    /// - It has one more than was acknowledged to us: the acknowledgement was lost. Ours, if its digest is.
    /// - It has another number, and this spool or this key is new: its number is the one to go on from.
    /// - It has less than it acknowledged: its disk was lost. The numbers between become word of what is gone.
    /// - Otherwise somebody else sends under our name, and a person must look.
    async fn settle(&self, acked: Acked, have: Have, why: &str) -> anyhow::Result<Result<(), String>> {
        if have.number > acked.number {
            let upto = acked.place + (have.number - acked.number);
            let draft = self.post.queue(move |queue| queue.draft(Some(upto))).await?;
            let forgotten = self.post.queue(|queue| queue.draft(None)).await?;
            for draft in [draft, forgotten].into_iter().flatten() {
                if consignment::digest(&self.header(acked, &draft).bytes()) == have.digest {
                    self.acknowledged(after(acked, &draft, have.digest)).await?;
                    return Ok(Ok(()));
                }
            }
        }
        let Have { number, digest } = have;
        if acked.adopts {
            tracing::warn!(
                receiver = self.post.name,
                number,
                "the centre knows this receiver; numbers go on from its last"
            );
            let adopted = Acked { place: acked.place, number, digest, adopts: false, forgotten: 0 };
            self.post.queue(move |queue| queue.ack(adopted)).await?;
            return Ok(Ok(()));
        }
        if number < acked.number {
            let forgotten = acked.number - number + acked.forgotten;
            tracing::error!(
                receiver = self.post.name,
                number,
                forgotten,
                "the centre has lost what it had acknowledged"
            );
            let back = Acked { number, digest, forgotten, ..acked };
            self.post.queue(move |queue| queue.ack(back)).await?;
            return Ok(Ok(()));
        }
        Ok(Err(format!(
            "stopped: {why}. The centre has number {number}, which this edge did not send: does another one have the \
             same key? `watchkeeper edge key --new` gives this one a key of its own"
        )))
    }
}

/// How far the centre has acknowledged, once it has this.
fn after(acked: Acked, draft: &Draft, digest: consignment::Digest) -> Acked {
    Acked { place: draft.place, number: acked.number + draft.numbers, digest, adopts: false, forgotten: 0 }
}

fn refused(answer: &Answer) -> String {
    format!("refused by the centre ({}): {}", answer.kind, answer.message)
}
