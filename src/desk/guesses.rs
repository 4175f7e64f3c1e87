//! Counts wrong passwords, so that guessing one takes longer than a life at sea.

use sensors::{Span, Time};
use std::hash::{BuildHasher, RandomState};

/// Wrong passwords taken in one [`WINDOW`]; the next guess is refused unread. Source: FBI CJIS policy, 5 in a row.
const FAILURES_MAX: usize = 5;

/// How long a wrong password counts.
const WINDOW: Span = Span::from_minutes(15);

/// Account names are hashed into this many rows with a secret seed, so that made-up names take no memory.
const ROWS: usize = 1024;

/// Recent failures by account name, known or not.
pub(super) struct Guesses {
    seed: RandomState,
    rows: Vec<[Option<Time>; FAILURES_MAX]>,
}

impl Default for Guesses {
    fn default() -> Guesses {
        Guesses { seed: RandomState::new(), rows: vec![[None; FAILURES_MAX]; ROWS] }
    }
}

impl Guesses {
    /// Counts a guess as failed before it is looked at, so that many at once gain nothing; when the account is
    /// locked, gives the time at which the next guess is taken.
    pub(super) fn begin(&mut self, account: &str, now: Time) -> Result<(), Time> {
        let row = self.row(account);
        // A guess from the future means that the clock was set back: it counts for nothing.
        let free = row.iter_mut().find(|t| t.is_none_or(|t| t > now || now.since(t) >= WINDOW));
        match free {
            Some(slot) => {
                *slot = Some(now);
                Ok(())
            }
            None => Err(row.iter().flatten().min().copied().unwrap_or(now) + WINDOW),
        }
    }

    /// Forgets an account's failures after a right password.
    pub(super) fn succeed(&mut self, account: &str) {
        *self.row(account) = [None; FAILURES_MAX];
    }

    fn row(&mut self, account: &str) -> &mut [Option<Time>; FAILURES_MAX] {
        let at = self.seed.hash_one(account) as usize % ROWS;
        &mut self.rows[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Time {
        Time::from_seconds(1_000_000) + Span::from_minutes(minute)
    }

    #[test]
    fn the_sixth_guess_in_fifteen_minutes_is_refused() {
        let mut guesses = Guesses::default();
        for minute in 0..5 {
            assert_eq!(guesses.begin("watch", at(minute)), Ok(()));
        }
        assert_eq!(guesses.begin("watch", at(5)), Err(at(15)));
        assert_eq!(guesses.begin("watch", at(15)), Ok(()));
        assert_eq!(guesses.begin("watch", at(15)), Err(at(16)));
    }

    #[test]
    fn a_right_password_clears_the_count() {
        let mut guesses = Guesses::default();
        for _ in 0..20 {
            assert_eq!(guesses.begin("watch", at(0)), Ok(()));
            guesses.succeed("watch");
        }
    }

    #[test]
    fn ten_thousand_guesses_are_five() {
        let mut guesses = Guesses::default();
        let taken = (0..10_000).filter(|i| guesses.begin("nobody", at(i / 1000)).is_ok()).count();
        assert_eq!(taken, FAILURES_MAX);
    }
}
