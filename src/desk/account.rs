//! Who may sit at the desk: accounts, passwords, sessions.

use super::unwritten::Session;
use super::{Desk, Error, begin, during};
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use sensors::{Span, Time};
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;
use std::{fmt, fs, io::Write, path::Path};

/// A session that did nothing for so long has ended. Source: FBI CJIS policy, device lock after 30 minutes at most.
const IDLE_MAX: Span = Span::from_minutes(30);

/// A session ends after so long whatever it does: one long watch. Source: OWASP ASVS 5.0, 7.3.
const SESSION_MAX: Span = Span::from_hours(12);

/// How stale `seen_at` may be: one write a minute and session, not one a request.
const SEEN_STEP: Span = Span::from_minutes(1);

/// Sessions kept for one account; the oldest ends when another begins. Ours, unproven.
const SESSIONS_MAX: i64 = 32;

/// Passwords longer than this are refused unread.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Verified in the place of an unknown account's hash, so that both take as long; no password has it. A test holds
/// its cost equal to that of real ones.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Letters and digits that can't be taken for one another, 32 of them: 5 bits each.
const READABLE: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The secret a browser holds while signed in; the database holds its hash only.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// From a cookie's value.
    pub fn from_cookie(text: &str) -> Option<Token> {
        (text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())).then(|| Token(text.to_owned()))
    }

    /// For the cookie; appears nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The password made at first start: 80 random bits, to be read from one screen and typed at another.
pub struct FirstPassword {
    /// The account it opens.
    pub account: &'static str,
    password: String,
}

impl FirstPassword {
    /// For the person who started the daemon; appears nowhere else.
    pub fn reveal(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for FirstPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FirstPassword(…)")
    }
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::Damaged("the system gives no random numbers"))?;
    Ok(bytes)
}

/// Argon2id with the crate's defaults: 19 MiB, 2 passes, 1 lane (OWASP password storage).
fn hash(password: &str) -> Result<String, Error> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|h| h.to_string())
        .map_err(|_| Error::Damaged("hash a password"))
}

fn readable_password() -> Result<String, Error> {
    let letters = random::<16>()?.map(|b| READABLE[usize::from(b) % READABLE.len()]);
    let groups: Vec<&str> = letters.chunks(4).filter_map(|c| std::str::from_utf8(c).ok()).collect();
    Ok(groups.join("-"))
}

impl Desk {
    /// Makes the account `watch` when there is none at all.
    pub(super) async fn first_account(&self, dir: &Path) -> Result<Option<FirstPassword>, Error> {
        let accounts: i64 = sqlx::query_scalar("SELECT count(*) FROM account")
            .fetch_one(&mut *self.writer().await?)
            .await
            .map_err(during("count accounts"))?;
        if accounts > 0 {
            return Ok(None);
        }
        let first = FirstPassword { account: "watch", password: readable_password()? };
        // The file comes first: an account whose password nobody saw would be shut for ever.
        write_secret(&dir.join("first-password"), &first.password)
            .map_err(|source| Error::File { operation: "write first-password", source })?;
        self.set_password(first.account, &first.password).await?;
        Ok(Some(first))
    }

    /// Makes an account or gives it a new password; ends its sessions.
    pub async fn set_password(&self, account: &str, password: &str) -> Result<(), Error> {
        let hashed = hash(password)?;
        let mut writer = self.turn().await?;
        let done = write_account(&mut writer, account, hashed).await;
        self.noted(done)?;
        self.unwritten().end_all(account);
        Ok(())
    }

    /// Begins a session, or refuses: a wrong pair takes as long and answers the same whether or not the account
    /// exists.
    pub async fn sign_in(&self, account: &str, password: &str, now: Time) -> Result<Token, Error> {
        self.guesses().begin(account, now).map_err(|until| Error::Locked { until })?;
        let stored: Option<String> = sqlx::query_scalar("SELECT password_hash FROM account WHERE name = ?1")
            .bind(account)
            .fetch_optional(&self.0.readers)
            .await
            .map_err(during("read an account"))?;
        let known = stored.is_some() && password.len() <= PASSWORD_BYTES_MAX;
        let stored = stored.unwrap_or_else(|| NOBODYS_HASH.to_owned());
        let password: String =
            if password.len() <= PASSWORD_BYTES_MAX { password.into() } else { String::new() };
        let _place = self.0.hashing.acquire().await.map_err(|_| Error::Busy)?;
        let matches = tokio::task::spawn_blocking(move || {
            Argon2::default().verify_password(password.as_bytes(), stored.as_str()).is_ok()
        })
        .await
        .unwrap_or(false);
        if !(known && matches) {
            return Err(Error::WrongPassword);
        }
        self.guesses().succeed(account);
        self.begin_session(account, now).await
    }

    async fn begin_session(&self, account: &str, now: Time) -> Result<Token, Error> {
        use fmt::Write;
        let token = Token(random::<32>()?.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }));
        let _place = self.place()?;
        let mut writer = self.turn().await?;
        let begun = write_session(&mut writer, account, &token, now).await;
        match self.noted(begun) {
            // Whoever has the right password gets to the alerts, room or none.
            Err(error) if error.may_pass() => {
                let session = Session { account: account.to_owned(), began_at: now, seen_at: now };
                self.unwritten().hold(token.hash(), session);
            }
            begun => begun?,
        }
        Ok(token)
    }

    /// Whose session it is, when it has not ended; a person's request also keeps it from ending.
    pub async fn session(&self, token: &Token, now: Time, touch: bool) -> Result<Option<String>, Error> {
        let row: Option<(String, i64, i64)> =
            sqlx::query_as("SELECT account, began_at, seen_at FROM session WHERE token_hash = ?1")
                .bind(token.hash())
                .fetch_optional(&self.0.readers)
                .await
                .map_err(during("read a session"))?;
        let written = row.map(|(account, began_at, seen_at)| {
            let (began_at, seen_at) = (Time::from_millis(began_at), Time::from_millis(seen_at));
            Session { account, began_at, seen_at }
        });
        let Some(session) = self.unwritten().newest(&token.hash(), written) else {
            return Ok(None);
        };
        let idle = now.since(session.seen_at);
        if idle >= IDLE_MAX || now.since(session.began_at) >= SESSION_MAX {
            return Ok(None);
        }
        let account = session.account.clone();
        if touch && idle >= SEEN_STEP {
            match self.see(token, now).await {
                Err(error) if error.may_pass() => {
                    self.unwritten().hold(token.hash(), Session { seen_at: now, ..session });
                }
                seen => seen?,
            }
        }
        Ok(Some(account))
    }

    async fn see(&self, token: &Token, now: Time) -> Result<(), Error> {
        let mut writer = self.turn().await?;
        let seen = sqlx::query("UPDATE session SET seen_at = ?2 WHERE token_hash = ?1")
            .bind(token.hash())
            .bind(now.as_millis())
            .execute(&mut *writer)
            .await;
        if seen.as_ref().is_ok_and(|seen| seen.rows_affected() == 0) {
            // It stands nowhere but in memory.
            self.unwritten().see(&token.hash(), now);
        }
        self.noted(seen.map(drop).map_err(during("keep a session")))
    }

    /// Ends a session at once. While the disk has no room for that, it has ended for as long as the process lives.
    pub async fn sign_out(&self, token: &Token, now: Time) -> Result<(), Error> {
        self.unwritten().end(&token.hash());
        let mut writer = self.turn().await?;
        let ended = sqlx::query("DELETE FROM session WHERE token_hash = ?1")
            .bind(token.hash())
            .execute(&mut *writer)
            .await;
        match self.noted(ended.map(drop).map_err(during("end a session"))) {
            Err(error) if error.may_pass() => {
                self.unwritten().end_though_written(token.hash(), now, SESSION_MAX);
                Ok(())
            }
            ended => ended,
        }
    }

    fn unwritten(&self) -> std::sync::MutexGuard<'_, super::unwritten::Unwritten> {
        self.0.unwritten.lock().expect("nobody panics while it is held")
    }

    fn guesses(&self) -> std::sync::MutexGuard<'_, super::guesses::Guesses> {
        self.0.guesses.lock().expect("nobody panics while counting")
    }
}

async fn write_account(writer: &mut SqliteConnection, account: &str, hashed: String) -> Result<(), Error> {
    let mut tx = begin(writer).await?;
    sqlx::query(
        "INSERT INTO account (name, password_hash) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash",
    )
    .bind(account)
    .bind(hashed)
    .execute(&mut *tx)
    .await
    .map_err(during("write an account"))?;
    sqlx::query("DELETE FROM session WHERE account = ?1")
        .bind(account)
        .execute(&mut *tx)
        .await
        .map_err(during("end sessions"))?;
    tx.commit().await.map_err(during("commit an account"))
}

async fn write_session(
    writer: &mut SqliteConnection,
    account: &str,
    token: &Token,
    now: Time,
) -> Result<(), Error> {
    let mut tx = begin(writer).await?;
    sqlx::query("DELETE FROM session WHERE seen_at <= ?1 OR began_at <= ?2")
        .bind((now - IDLE_MAX).as_millis())
        .bind((now - SESSION_MAX).as_millis())
        .execute(&mut *tx)
        .await
        .map_err(during("forget ended sessions"))?;
    sqlx::query(
        "DELETE FROM session WHERE token_hash IN
             (SELECT token_hash FROM session WHERE account = ?1 ORDER BY began_at DESC LIMIT -1 OFFSET ?2)",
    )
    .bind(account)
    .bind(SESSIONS_MAX - 1)
    .execute(&mut *tx)
    .await
    .map_err(during("end the oldest sessions"))?;
    sqlx::query("INSERT INTO session (token_hash, account, began_at, seen_at) VALUES (?1, ?2, ?3, ?3)")
        .bind(token.hash())
        .bind(account)
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await
        .map_err(during("begin a session"))?;
    tx.commit().await.map_err(during("commit a session"))
}

/// Writes a file that its owner alone can read, and makes sure of it on the disk.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    // Its name too: the account must not outlive its password.
    fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_account_costs_as_much_as_a_known_one() {
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        let real = hash("x").unwrap();
        assert_eq!(cost(&real), cost(NOBODYS_HASH));
        let lengths = |hash: &str| hash.split('$').map(str::len).collect::<Vec<_>>();
        assert_eq!(lengths(&real), lengths(NOBODYS_HASH));
    }
}
