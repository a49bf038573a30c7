//! The brake on guessing passwords: so many failures an address and a caller, then a wait.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::extract::ClientIp;
use crate::problem::{Answer, Kind, Problem, Reason};

/// How many logins may fail for one e-mail address within a window.
const FAILURES_MAX_BY_EMAIL: u32 = 10;
/// How many logins may fail from one ip within a window: a whole office may share it.
const FAILURES_MAX_BY_IP: u32 = 100;
/// How long failures are remembered.
const WINDOW: Duration = Duration::from_secs(5 * 60);
/// How many addresses and callers are remembered; the one not seen longest is forgotten first.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");
/// How long a login waits for others that could still fail.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// When one that waited in vain may ask again, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// Counts what fails, in this process. What is being tried might fail too: no more is tried at once than may still
/// fail, and the rest waits, so that many at once neither slip through nor are refused before they are looked at.
#[derive(Clone)]
pub struct Throttle(Arc<Shared>);

struct Shared {
    counts: Mutex<LruCache<Counted, Window>>,
    /// Told whenever an attempt ends.
    ended: Notify,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Email(Vec<u8>),
    Ip(ClientIp),
}

/// What is remembered of an address or a caller.
#[derive(Default)]
struct Window {
    /// Of the first failure.
    since: Option<Instant>,
    failures: u32,
    in_flight: u32,
}

/// One attempt. Dropped without a verdict it counts for nothing: nobody has learnt anything by it.
#[must_use]
pub struct Attempt {
    shared: Arc<Shared>,
    counted: [Counted; 2],
}

/// Whether one more may be tried.
enum Room {
    Free,
    /// Not before another attempt has ended.
    Later,
    /// Not before failures are forgotten.
    Refused(Duration),
}

impl Default for Throttle {
    fn default() -> Self {
        let counts = Mutex::new(LruCache::new(REMEMBERED_MAX));
        Self(Arc::new(Shared { counts, ended: Notify::new() }))
    }
}

impl Throttle {
    /// Admits an attempt to log in with an address, by its blind index, as soon as it may be tried.
    ///
    /// # Errors
    /// 429 with `Retry-After` when too many have failed, 503 when too many others are being tried for too long.
    pub async fn admit(&self, email_index: &[u8], ip: ClientIp) -> Answer<Attempt> {
        let counted = [Counted::Email(email_index.to_vec()), Counted::Ip(ip)];
        let deadline = Instant::now() + TURN_TIMEOUT;
        loop {
            let mut ended = pin!(self.0.ended.notified());
            // Listen before you look: an attempt that ends in between must wake this one.
            ended.as_mut().enable();
            match self.0.take(&counted) {
                Room::Free => return Ok(Attempt { shared: Arc::clone(&self.0), counted }),
                Room::Refused(wait) => return Err(refused(wait)),
                Room::Later => timeout_at(deadline, ended).await.map_err(|_| overloaded())?,
            }
        }
    }
}

impl Shared {
    /// Takes a place with both or with neither.
    fn take(&self, counted: &[Counted; 2]) -> Room {
        let mut counts = self.counts();
        let room = counted.iter().map(|one| room(&mut counts, one)).fold(Room::Free, Room::and);
        if matches!(room, Room::Free) {
            for one in counted {
                counts.get_or_insert_mut(one.clone(), Window::default).in_flight += 1;
            }
        }
        room
    }

    fn counts(&self) -> MutexGuard<'_, LruCache<Counted, Window>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// It was wrong.
    pub fn failed(self) {
        let mut counts = self.shared.counts();
        for counted in &self.counted {
            if let Some(window) = counts.get_mut(counted) {
                window.fail();
            }
        }
    }

    /// It was right: what failed for its address before is forgotten.
    pub fn succeeded(self) {
        let [email, _] = &self.counted;
        if let Some(window) = self.shared.counts().get_mut(email) {
            window.failures = 0;
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut counts = self.shared.counts();
        for counted in &self.counted {
            if let Some(window) = counts.get_mut(counted) {
                window.in_flight = window.in_flight.saturating_sub(1);
            }
        }
        drop(counts);
        self.shared.ended.notify_waiters();
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

impl Window {
    fn fail(&mut self) {
        self.failures += 1;
        if self.failures == 1 {
            self.since = Some(Instant::now());
        }
    }

    /// How long its failures are remembered still; they are forgotten when it is over.
    fn left(&mut self) -> Duration {
        let left = self.since.map_or(Duration::ZERO, |since| WINDOW.saturating_sub(since.elapsed()));
        if left.is_zero() {
            self.failures = 0;
        }
        left
    }
}

impl Room {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused(one), Self::Refused(other)) => Self::Refused(one.max(other)),
            (refused @ Self::Refused(_), _) | (_, refused @ Self::Refused(_)) => refused,
            (Self::Later, _) | (_, Self::Later) => Self::Later,
            (Self::Free, Self::Free) => Self::Free,
        }
    }
}

fn room(counts: &mut LruCache<Counted, Window>, counted: &Counted) -> Room {
    let Some(window) = counts.get_mut(counted) else { return Room::Free };
    let left = window.left();
    if window.failures >= counted.max() {
        Room::Refused(left)
    } else if window.failures + window.in_flight >= counted.max() {
        Room::Later
    } else {
        Room::Free
    }
}

fn refused(wait: Duration) -> Problem {
    let retry_after_s = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem { retry_after_s: Some(retry_after_s), ..Problem::new(Kind::TooManyRequests) }
}

fn overloaded() -> Problem {
    Problem::unavailable(RETRY_AFTER_S).because(Reason::Overloaded)
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;

    fn ip(last: u8) -> ClientIp {
        ClientIp(Some([192, 0, 2, last].into()))
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_must_wait_after_ten_failures_wherever_they_come_from() {
        let throttle = Throttle::default();
        for caller in 0..10 {
            throttle.admit(b"ana", ip(caller)).await.unwrap().failed();
        }
        let problem = throttle.admit(b"ana", ip(99)).await.err().unwrap();
        assert_eq!((problem.kind, problem.retry_after_s), (Kind::TooManyRequests, Some(301)));
        assert!(throttle.admit(b"luis", ip(99)).await.is_ok());
        tokio::time::advance(WINDOW).await;
        assert!(throttle.admit(b"ana", ip(99)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_must_wait_after_a_hundred_failures_whomever_they_are_for() {
        let throttle = Throttle::default();
        for user in 0..100_u8 {
            throttle.admit(&[user], ip(1)).await.unwrap().failed();
        }
        assert!(throttle.admit(b"ana", ip(1)).await.is_err());
        assert!(throttle.admit(b"ana", ip(2)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_succeeds_is_no_failure_however_many_come_at_once() {
        let throttle = Throttle::default();
        let log_in = async || throttle.admit(b"ana", ip(1)).await.map(Attempt::succeeded);
        assert!(join_all((0..1_000).map(|_| log_in())).await.into_iter().all(|admitted| admitted.is_ok()));
        let mut held = Vec::new();
        for _ in 0..FAILURES_MAX_BY_EMAIL {
            held.push(throttle.admit(b"ana", ip(1)).await.unwrap());
        }
        let (next, ()) = tokio::join!(log_in(), async { held.pop().unwrap().succeeded() });
        assert!(next.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_guesses_are_tried_at_once_than_may_still_fail() {
        let throttle = Throttle::default();
        let mut tried = Vec::new();
        for _ in 0..FAILURES_MAX_BY_EMAIL {
            tried.push(throttle.admit(b"ana", ip(1)).await.unwrap());
        }
        assert_eq!(throttle.admit(b"ana", ip(2)).await.err().unwrap().kind, Kind::Unavailable);
        let (next, ()) = tokio::join!(throttle.admit(b"ana", ip(2)), async {
            tried.into_iter().for_each(Attempt::failed);
        });
        assert_eq!(next.err().unwrap().kind, Kind::TooManyRequests);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_without_a_verdict_counts_for_nothing() {
        let throttle = Throttle::default();
        for _ in 0..1_000 {
            drop(throttle.admit(b"ana", ip(1)).await.unwrap());
        }
        assert!(throttle.admit(b"ana", ip(1)).await.is_ok());
    }
}
