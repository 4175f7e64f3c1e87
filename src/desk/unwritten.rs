//! Sessions that the disk has no room for: they hold as long as the process lives.

use sensors::{Span, Time};
use std::collections::BTreeMap;

/// Kept at most; the one seen longest ago goes. Ours.
const SESSIONS_MAX: usize = 256;

/// Ended ones remembered at most. Ours: no browser has the cookie of one that is forgotten.
const ENDED_MAX: usize = 1024;

/// What a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) account: String,
    pub(super) began_at: Time,
    pub(super) seen_at: Time,
}

/// What could not be written, by the hash of the session's token.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    held: BTreeMap<Vec<u8>, Session>,
    /// Ended, though the file still has them; with when.
    ended: BTreeMap<Vec<u8>, Time>,
}

impl Unwritten {
    /// Holds a session as it now is.
    pub(super) fn hold(&mut self, token: Vec<u8>, session: Session) {
        self.held.insert(token, session);
        while self.held.len() > SESSIONS_MAX {
            let oldest = self.held.iter().min_by_key(|(_, session)| session.seen_at);
            let Some(oldest) = oldest.map(|(token, _)| token.clone()) else { return };
            self.held.remove(&oldest);
        }
    }

    /// Somebody used a session that is held here.
    pub(super) fn see(&mut self, token: &[u8], now: Time) {
        if let Some(session) = self.held.get_mut(token) {
            session.seen_at = now;
        }
    }

    /// The session as it was seen last, here or in the file; none where it has ended.
    pub(super) fn newest(&self, token: &[u8], written: Option<Session>) -> Option<Session> {
        if self.ended.contains_key(token) {
            return None;
        }
        let held = self.held.get(token).cloned();
        written.into_iter().chain(held).max_by_key(|session| session.seen_at)
    }

    /// Ends a session that is held here.
    pub(super) fn end(&mut self, token: &[u8]) {
        self.held.remove(token);
    }

    /// Ends a session that the file still has.
    pub(super) fn end_though_written(&mut self, token: Vec<u8>, now: Time, lives_max: Span) {
        self.ended.retain(|_, ended_at| now.since(*ended_at) < lives_max);
        self.ended.insert(token, now);
        while self.ended.len() > ENDED_MAX {
            let oldest = self.ended.iter().min_by_key(|(_, ended_at)| **ended_at);
            let Some(oldest) = oldest.map(|(token, _)| token.clone()) else { return };
            self.ended.remove(&oldest);
        }
    }

    /// Ends all sessions of an account.
    pub(super) fn end_all(&mut self, account: &str) {
        self.held.retain(|_, session| session.account != account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(account: &str, seen: i64) -> Session {
        Session { account: account.into(), began_at: Time::default(), seen_at: Time::from_seconds(seen) }
    }

    #[test]
    fn a_session_is_as_it_was_seen_last_wherever_that_stands() {
        let mut unwritten = Unwritten::default();
        assert_eq!(unwritten.newest(b"t", Some(session("a", 1))), Some(session("a", 1)));
        unwritten.hold(b"t".to_vec(), session("a", 5));
        assert_eq!(unwritten.newest(b"t", Some(session("a", 1))), Some(session("a", 5)));
        assert_eq!(unwritten.newest(b"t", Some(session("a", 9))), Some(session("a", 9)));
        unwritten.end(b"t");
        unwritten.end_though_written(b"t".to_vec(), Time::from_seconds(10), Span::from_hours(1));
        assert_eq!(unwritten.newest(b"t", Some(session("a", 9))), None);
    }

    #[test]
    fn the_oldest_session_goes_and_those_of_a_changed_account() {
        let mut unwritten = Unwritten::default();
        for n in 0..=SESSIONS_MAX {
            unwritten.hold(n.to_be_bytes().to_vec(), session("a", n as i64));
        }
        assert_eq!(unwritten.newest(&0_usize.to_be_bytes(), None), None);
        assert!(unwritten.newest(&1_usize.to_be_bytes(), None).is_some());
        unwritten.end_all("a");
        assert_eq!(unwritten.held.len(), 0);
    }
}
