//! The brake on guessing passwords: so many failures an address and a caller, then a wait.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::time::Instant;

use crate::extract::ClientIp;
use crate::problem::{Answer, Kind, Problem};

/// How many logins may fail for one e-mail address within a window.
const FAILURES_MAX_BY_EMAIL: u32 = 10;
/// How many logins may fail from one ip within a window: a whole office may share it.
const FAILURES_MAX_BY_IP: u32 = 100;
/// How long failures are remembered.
const WINDOW: Duration = Duration::from_secs(5 * 60);
/// How many addresses and callers are remembered; the one not seen longest is forgotten first.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

/// Counts what fails, in this process.
pub struct Throttle {
    counts: Mutex<LruCache<Counted, Window>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Email(Vec<u8>),
    Ip(ClientIp),
}

struct Window {
    since: Instant,
    attempts: u32,
}

/// One attempt, counted before it is known to fail: many at once must not slip through.
#[must_use]
pub struct Attempt([Counted; 2]);

impl Default for Throttle {
    fn default() -> Self {
        Self { counts: Mutex::new(LruCache::new(REMEMBERED_MAX)) }
    }
}

impl Throttle {
    /// Counts an attempt to log in with an address, by its blind index.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub fn admit(&self, email_index: &[u8], ip: ClientIp) -> Answer<Attempt> {
        let attempt = Attempt([Counted::Email(email_index.to_vec()), Counted::Ip(ip)]);
        let mut counts = self.counts();
        if let Some(wait) = attempt.0.iter().filter_map(|counted| wait_for(&mut counts, counted)).max() {
            let retry_after_s = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            return Err(Problem {
                retry_after_s: Some(retry_after_s),
                ..Problem::new(Kind::TooManyRequests)
            });
        }
        for counted in &attempt.0 {
            add(&mut counts, counted);
        }
        Ok(attempt)
    }

    /// Forgets an attempt that did not fail, and what failed for its address before.
    pub fn succeeded(&self, attempt: Attempt) {
        let mut counts = self.counts();
        for counted in &attempt.0 {
            match counted {
                Counted::Email(_) => _ = counts.pop(counted),
                Counted::Ip(_) => take_back(&mut counts, counted),
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, LruCache<Counted, Window>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    const fn max(&self) -> u32 {
        match self {
            Self::Email(_) => FAILURES_MAX_BY_EMAIL,
            Self::Ip(_) => FAILURES_MAX_BY_IP,
        }
    }
}

fn wait_for(counts: &mut LruCache<Counted, Window>, counted: &Counted) -> Option<Duration> {
    let window = counts.get(counted)?;
    let left = WINDOW.checked_sub(window.since.elapsed()).filter(|left| !left.is_zero())?;
    (window.attempts >= counted.max()).then_some(left)
}

fn add(counts: &mut LruCache<Counted, Window>, counted: &Counted) {
    let fresh = || Window { since: Instant::now(), attempts: 0 };
    let window = counts.get_or_insert_mut(counted.clone(), fresh);
    if window.since.elapsed() >= WINDOW {
        *window = fresh();
    }
    window.attempts += 1;
}

fn take_back(counts: &mut LruCache<Counted, Window>, counted: &Counted) {
    if let Some(window) = counts.get_mut(counted) {
        window.attempts = window.attempts.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> ClientIp {
        ClientIp(Some([192, 0, 2, last].into()))
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_must_wait_after_ten_failures_wherever_they_come_from() {
        let throttle = Throttle::default();
        for caller in 0..10 {
            let _ = throttle.admit(b"ana", ip(caller)).unwrap();
        }
        let problem = throttle.admit(b"ana", ip(99)).err().unwrap();
        assert_eq!((problem.kind, problem.retry_after_s), (Kind::TooManyRequests, Some(301)));
        assert!(throttle.admit(b"luis", ip(99)).is_ok());
        tokio::time::advance(WINDOW).await;
        assert!(throttle.admit(b"ana", ip(99)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_must_wait_after_a_hundred_failures_whomever_they_are_for() {
        let throttle = Throttle::default();
        for user in 0..100_u8 {
            let _ = throttle.admit(&[user], ip(1)).unwrap();
        }
        assert!(throttle.admit(b"ana", ip(1)).is_err());
        assert!(throttle.admit(b"ana", ip(2)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_succeeds_is_no_failure() {
        let throttle = Throttle::default();
        for _ in 0..1_000 {
            let attempt = throttle.admit(b"ana", ip(1)).unwrap();
            throttle.succeeded(attempt);
        }
    }
}
