//! What people do with an alert: claim it, note something, decide it, take a decision back.
//!
//! A person decides. Each action is one transaction: the alert's standing and its line in the log together,
//! on the disk before the answer.

use super::{
    AlertRow, Desk, Error, LogEntry, Standing,
    alerts::{row, standing},
    begin, during,
    facts::log,
};
use crate::alert::AlertId;
use sensors::Time;
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, SqliteConnection, Transaction};

/// Longest note, reason text or search text, in characters.
pub const NOTE_MAX: usize = 4000;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $code)] $variant,)* }

        impl $name {
            /// Every code, in the order officers see them.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The code, as stored and as in the word catalogue.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }

            /// Back from storage.
            pub fn from_code(code: &str) -> Option<$name> {
                match code { $($code => Some($name::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    /// What an officer found an alert to be.
    Decision {
        /// What the rule said it looks like.
        Confirmed = "confirmed",
        /// Not proved, and worth following.
        Suspicious = "suspicious",
        /// An innocent cause.
        Benign = "benign",
        /// The data were wrong, so there is nothing to judge.
        DataError = "data_error",
    }
}

codes! {
    /// Why it was decided so; worded by `decision_reason.*` in the catalogue.
    DecisionReason {
        /// Seen to be so by somebody at sea.
        ConfirmedAtSea = "confirmed_at_sea",
        /// Handed to search and rescue.
        ReferredSar = "referred_sar",
        /// Handed to a patrol.
        ReferredPatrol = "referred_patrol",
        /// A pilot boarding or leaving.
        Pilot = "pilot",
        /// Taking fuel.
        Bunkering = "bunkering",
        /// Fishing.
        Fishing = "fishing",
        /// Anchored, or waiting for a berth.
        AnchoredWaiting = "anchored_waiting",
        /// A tug, tender or other vessel whose work it is.
        ServiceVessel = "service_vessel",
        /// A ferry on its run.
        Ferry = "ferry",
        /// Sheltering from weather.
        Weather = "weather",
        /// Known to the officers.
        KnownVessel = "known_vessel",
        /// Somebody testing a device.
        TestTransmission = "test_transmission",
        /// The position is wrong.
        WrongPosition = "wrong_position",
        /// Two vessels under one identity.
        DuplicateIdentity = "duplicate_identity",
        /// The receiver is at fault.
        ReceiverFault = "receiver_fault",
        /// None of these; the text says what.
        Other = "other",
    }
}

/// What an action writes into the log.
struct Entry<'a> {
    action: &'static str,
    text: &'a str,
    decision: Option<Decision>,
    reason: Option<DecisionReason>,
}

impl Desk {
    /// Takes an alert to work on. One's own again changes nothing; another's is refused unless taken over.
    pub async fn claim(&self, id: AlertId, by: &str, take_over: bool, now: Time) -> Result<AlertRow, Error> {
        self.act(id, now, by, move |standing| {
            if let Some(other) = standing.decided_by.as_ref().filter(|_| standing.decision.is_some()) {
                return Err(Error::AlreadyDecided(other.clone()));
            }
            match standing.claimed_by.as_deref() {
                Some(owner) if owner == by => return Ok(None),
                Some(owner) if !take_over => return Err(Error::ClaimedBy(owner.to_owned())),
                _ => {}
            }
            standing.claimed_by = Some(by.to_owned());
            standing.claimed_at = Some(now);
            Ok(Some(Entry { action: "claim", text: "", decision: None, reason: None }))
        })
        .await
    }

    /// Lets go of a claim; whose it is, does not matter, and the log says who did it.
    pub async fn unclaim(&self, id: AlertId, by: &str, now: Time) -> Result<AlertRow, Error> {
        self.act(id, now, by, |standing| {
            if standing.claimed_by.take().is_none() {
                return Ok(None);
            }
            standing.claimed_at = None;
            Ok(Some(Entry { action: "unclaim", text: "", decision: None, reason: None }))
        })
        .await
    }

    /// Adds a note.
    pub async fn note(&self, id: AlertId, by: &str, text: &str, now: Time) -> Result<AlertRow, Error> {
        required(text)?;
        self.act(id, now, by, |standing| {
            standing.notes += 1;
            Ok(Some(Entry { action: "note", text, decision: None, reason: None }))
        })
        .await
    }

    /// Decides an alert that the officer saw at `version`. The same decision sent again, after an answer was
    /// lost, changes nothing.
    #[expect(clippy::too_many_arguments, reason = "one officer's act, said in full")]
    pub async fn decide(
        &self,
        id: AlertId,
        by: &str,
        decision: Decision,
        reason: DecisionReason,
        text: &str,
        version: i64,
        now: Time,
    ) -> Result<AlertRow, Error> {
        if text.chars().count() > NOTE_MAX {
            return Err(Error::TextLength);
        }
        self.act(id, now, by, |standing| {
            let same = standing.decision == Some(decision) && standing.decision_reason == Some(reason);
            if same && standing.decided_by.as_deref() == Some(by) && standing.version == version + 1 {
                return Ok(None);
            }
            if let Some(other) = standing.decided_by.as_ref().filter(|_| standing.decision.is_some()) {
                return Err(Error::AlreadyDecided(other.clone()));
            }
            if standing.version != version {
                return Err(Error::Stale { asked: version, now: standing.version });
            }
            if let Some(owner) = standing.claimed_by.as_ref().filter(|owner| *owner != by) {
                return Err(Error::ClaimedBy(owner.clone()));
            }
            standing.decision = Some(decision);
            standing.decision_reason = Some(reason);
            standing.decided_by = Some(by.to_owned());
            standing.decided_at = Some(now);
            Ok(Some(Entry { action: "decide", text, decision: Some(decision), reason: Some(reason) }))
        })
        .await
    }

    /// Takes a decision back and says why; the log keeps both.
    pub async fn reopen(&self, id: AlertId, by: &str, text: &str, now: Time) -> Result<AlertRow, Error> {
        required(text)?;
        self.act(id, now, by, |standing| {
            let taken_back = standing.decision.take().ok_or(Error::NotDecided)?;
            let reason = standing.decision_reason.take();
            standing.decided_by = None;
            standing.decided_at = None;
            Ok(Some(Entry { action: "reopen", text, decision: Some(taken_back), reason }))
        })
        .await
    }

    /// One action: `change` looks at the standing and changes it, and gives the line for the log, or `None`
    /// when there is nothing to do.
    async fn act<'e>(
        &self,
        id: AlertId,
        now: Time,
        by: &str,
        change: impl FnOnce(&mut Standing) -> Result<Option<Entry<'e>>, Error>,
    ) -> Result<AlertRow, Error> {
        let _place = self.place()?;
        let mut writer = self.turn().await?;
        let done = act_on(&mut writer, id, now, by, change).await;
        self.noted(done)
    }
}

async fn act_on<'e>(
    writer: &mut SqliteConnection,
    id: AlertId,
    now: Time,
    by: &str,
    change: impl FnOnce(&mut Standing) -> Result<Option<Entry<'e>>, Error>,
) -> Result<AlertRow, Error> {
    let mut tx = begin(writer).await?;
    let mut standing = standing(&mut tx, id).await?.ok_or(Error::NoSuchAlert)?;
    if let Some(entry) = change(&mut standing)? {
        standing.version += 1;
        store(&mut tx, id, &standing).await?;
        let Entry { action, text, decision, reason } = entry;
        let line = LogEntry {
            at: now,
            by: by.to_owned(),
            action: action.to_owned(),
            text: text.to_owned(),
            decision: decision.map(|decision| decision.code().to_owned()),
            reason: reason.map(|reason| reason.code().to_owned()),
            version: standing.version,
        };
        log(&mut tx, id, &line).await?;
    }
    let row = row(&mut tx, id).await?.ok_or(Error::NoSuchAlert)?;
    tx.commit().await.map_err(during("commit an action"))?;
    Ok(row)
}

/// A text that must be there, and not be a book.
fn required(text: &str) -> Result<(), Error> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > NOTE_MAX { Err(Error::TextLength) } else { Ok(()) }
}

async fn store(tx: &mut Transaction<'_, Sqlite>, id: AlertId, standing: &Standing) -> Result<(), Error> {
    sqlx::query(
        "UPDATE alert SET claimed_by = ?2, claimed_at = ?3, decision = ?4, decision_reason = ?5, decided_by = ?6,
         decided_at = ?7, decided_priority = iif(?4 IS NULL, NULL, coalesce(decided_priority, priority)),
         decided_on = iif(?4 IS NULL, NULL, coalesce(decided_on, json_extract(facts, '$.updated_at'))),
         desk_version = ?8, notes = ?9 WHERE id = ?1",
    )
    .bind(id.to_string())
    .bind(&standing.claimed_by)
    .bind(standing.claimed_at.map(Time::as_millis))
    .bind(standing.decision.map(Decision::code))
    .bind(standing.decision_reason.map(DecisionReason::code))
    .bind(&standing.decided_by)
    .bind(standing.decided_at.map(Time::as_millis))
    .bind(standing.version)
    .bind(standing.notes)
    .execute(&mut **tx)
    .await
    .map_err(during("write an alert's standing"))?;
    Ok(())
}
