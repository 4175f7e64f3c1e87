//! A web address that is asked again and again for what was heard, as AISHub wants it.

use super::address::SECRET;
use super::body::{Lines, NotUnpacked, gunzip};
use super::health::{Health, State};
use super::mailbox::{Letter, Mailbox, Slot};
use super::secret::{self, Secret};
use super::settings::Settings;
use super::tls;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Seconds from one question to the next: AISHub answers no more often (aishub.net/api).
const INTERVAL_DEFAULT: u32 = 60;

/// Bytes of an answer, packed or not. All of AISHub, some 60,000 vessels, is about 20 MB.
const ANSWER_MAX: usize = 32 << 20;

/// Bytes of one letter, so that a full mailbox holds 4 MiB.
const LETTER: usize = 64 * 1024;

const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a whole answer may take. Ours, unproven.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// The longest wait a server may ask for.
const RETRY_AFTER_MAX: u64 = 3600;

/// Makes ready to ask; the first question follows at once. What goes wrong with a question is shown, and asked again
/// in its time: a server that limits how often it answers must not be dialled like a receiver.
pub(super) fn open(url: &str, settings: &Settings, health: Arc<Health>) -> Result<Mailbox> {
    let secret = secret::of(settings)?;
    let tls = if url.starts_with("https:") { tls::client(settings.ca.as_deref())? } else { tls::nobody() };
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        // What is dialled is what the settings say, and the key goes nowhere else.
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIME_MAX)
        .timeout(ANSWER_TIME_MAX)
        .pool_max_idle_per_host(0)
        .user_agent("watchkeeper")
        .build()
        .map_err(Error::other)?;
    let url = match &secret {
        Some(secret) => url.replace(SECRET, &secret.in_address()),
        None => url.to_owned(),
    };
    let interval =
        Duration::from_secs(u64::from(settings.interval_seconds.unwrap_or(INTERVAL_DEFAULT).max(1)));
    let poll = Poll { client, url, secret, seen: HeaderMap::new(), name: settings.name.clone(), health };
    Ok(Mailbox::start(|slot| poll.ask_again(interval, slot)))
}

struct Poll {
    client: Client,
    url: String,
    secret: Option<Secret>,
    /// What the server is told of the answer we have, so that it need not send it again.
    seen: HeaderMap,
    name: String,
    health: Arc<Health>,
}

/// Why a question brought nothing.
struct Trouble {
    why: String,
    /// Seconds that the server asks us to wait.
    wait: Option<u64>,
}

impl From<String> for Trouble {
    fn from(why: String) -> Trouble {
        Trouble { why, wait: None }
    }
}

impl Poll {
    async fn ask_again(mut self, interval: Duration, slot: Slot) -> Result<()> {
        let mut failed = false;
        loop {
            let mut next = Instant::now() + interval;
            match self.ask().await {
                Ok(lines) => {
                    failed = false;
                    let detail = match lines.count {
                        0 => "the last answer brought nothing new".to_owned(),
                        count => format!("the last answer brought {count} lines"),
                    };
                    self.health.set(State::Connected, detail);
                    for piece in lines.pieces(LETTER) {
                        let letter = Letter { bytes: piece.to_vec(), receipt: None };
                        if slot.send(letter).await.is_err() {
                            return Ok(());
                        }
                    }
                }
                Err(Trouble { why, wait }) => {
                    let why = self.secret.as_ref().map_or(why.clone(), |secret| secret.hide(&why));
                    let wait = Duration::from_secs(wait.unwrap_or(0).min(RETRY_AFTER_MAX));
                    next = next.max(Instant::now() + wait);
                    if !std::mem::replace(&mut failed, true) {
                        tracing::warn!(receiver = self.name, why, "no answer to be had");
                    }
                    let seconds = next.duration_since(Instant::now()).as_secs();
                    self.health.set(State::Failed, format!("{why}; asks again in {seconds} s"));
                }
            }
            sleep_until(next).await;
        }
    }

    async fn ask(&mut self) -> std::result::Result<Lines, Trouble> {
        // The address holds the secret.
        let plain = |error: reqwest::Error| Trouble::from(cause(&error.without_url()));
        let request = self.client.get(&self.url).headers(self.seen.clone()).header(ACCEPT_ENCODING, "gzip");
        let mut answer = request.send().await.map_err(plain)?;
        let status = answer.status();
        if status == StatusCode::NOT_MODIFIED {
            return Ok(Lines::default());
        }
        if status.is_redirection() {
            return Err(format!(
                "the server answers {status}: it has moved, `connect` needs its new address"
            )
            .into());
        }
        if !status.is_success() {
            let wait = answer.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
            return Err(Trouble { why: format!("the server answers {status}"), wait });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(plain)? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        if answer
            .headers()
            .get(CONTENT_ENCODING)
            .is_some_and(|kind| kind.as_bytes().eq_ignore_ascii_case(b"gzip"))
        {
            body = gunzip(&body, ANSWER_MAX).map_err(|why| match why {
                NotUnpacked::TooLong => too_long(),
                NotUnpacked::Damaged => "the answer is damaged".to_owned().into(),
            })?;
        }
        let lines = records(&body)?;
        self.seen = seen(answer.headers());
        Ok(lines)
    }
}

fn too_long() -> Trouble {
    format!("the answer is longer than {ANSWER_MAX} bytes").into()
}

/// What went wrong and why, in one line.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut why = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        match inner.downcast_ref::<Error>().map(Error::kind) {
            Some(ErrorKind::ConnectionRefused) => return "nothing listens there".to_owned(),
            Some(ErrorKind::TimedOut) => return "no answer".to_owned(),
            _ => {}
        }
        let inner_why = inner.to_string();
        if !why.contains(&inner_why) {
            why = format!("{why}: {inner_why}");
        }
        source = inner.source();
    }
    why
}

fn seen(headers: &HeaderMap) -> HeaderMap {
    let ask = |told: HeaderName, ask: HeaderName| Some((ask, headers.get(told)?.clone()));
    let pairs: [Option<(HeaderName, HeaderValue)>; 2] =
        [ask(ETAG, IF_NONE_MATCH), ask(LAST_MODIFIED, IF_MODIFIED_SINCE)];
    pairs.into_iter().flatten().collect()
}

/// What stands first in AISHub's answer, before the array of records (aishub.net/api).
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "ERROR")]
    error: bool,
    #[serde(rename = "ERROR_MESSAGE", default)]
    message: String,
}

/// AISHub's `[{header}, [records]]`, or anything that [`Lines`] reads.
fn records(body: &[u8]) -> std::result::Result<Lines, Trouble> {
    let mut lines = Lines::of(None);
    let header_and_records = serde_json::from_slice::<Vec<&RawValue>>(body).ok();
    if let Some([header, records @ ..]) = header_and_records.as_deref()
        && let Ok(header) = serde_json::from_str::<Header>(header.get())
    {
        if header.error {
            let said: String = header.message.chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(format!("the server says: {said}").into());
        }
        for records in records {
            lines.read(records.get().as_bytes()).map_err(|why| why.to_string())?;
        }
        return Ok(lines);
    }
    lines.read(body).map_err(|why| why.to_string())?;
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> std::result::Result<String, String> {
        records(body.as_bytes())
            .map(|lines| String::from_utf8(lines.bytes).unwrap())
            .map_err(|trouble| trouble.why)
    }

    #[test]
    fn an_aishub_answer_gives_one_line_a_record() {
        let header = r#"{"ERROR":false,"USERNAME":"AH","FORMAT":"HUMAN","RECORDS":2}"#;
        let answer = format!("[{header},[{{\"MMSI\":1}},\n{{\"MMSI\":2}}]]");
        assert_eq!(read(&answer), Ok("{\"MMSI\":1}\n{\"MMSI\":2}\n".to_owned()));
        assert_eq!(read(&format!("[{header}]")), Ok(String::new()));
    }

    #[test]
    fn what_the_server_complains_of_is_named() {
        let answer =
            r#"[{"ERROR":true,"USERNAME":"","FORMAT":"","ERROR_MESSAGE":"Too frequent\nrequests!"}]"#;
        assert_eq!(read(answer), Err("the server says: Too frequentrequests!".to_owned()));
        assert!(read("[{\"MMSI\":").is_err());
    }
}
