//! The login throttle against password guessing. Failures of strangers never lock out a known browser, nor a network from
//! which the account was recently logged in to.
//!
//! | the attempt comes from | its failures count for | refused after |
//! | --- | --- | --- |
//! | a known browser | the account in this browser | 10 |
//! | a known network | the account in this network | 10 |
//! | | the network | 100 |
//! | anywhere else | the account in this network | 10 |
//! | | the network | 100 |
//! | | the account | 100 |
//!
//! Failures expire 5 minutes after the first. A network is an IPv4 address or an IPv6 /64. Accounts without a login are
//! counted alike, so that a refusal does not reveal whether an account exists. Each process has its own counters.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::known_browser::BrowserId;
use crate::problem::{Answer, Kind, Problem, Reason};
use crate::request::{ClientIp, network_of};

/// How many logins may fail for one account from one browser or network in a window.
const FAILURES_MAX_BY_PLACE: u32 = 10;
/// How many logins may fail from one network in a window: a whole office may share it.
const FAILURES_MAX_BY_NETWORK: u32 = 100;
/// How many logins of strangers may fail for one account in a window (NIST SP 800-63B-4, 3.2.2: at most 100).
const FAILURES_MAX_BY_ACCOUNT: u32 = 100;
/// How long failures are counted.
const WINDOW: Duration = Duration::from_secs(5 * 60);
/// How long a network is known for an account after a login.
const NETWORK_KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many counters of each kind are kept; the least recently used is dropped first. Each entry costs a password hash,
/// so evicting a counter takes about as long as its window lasts.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");
/// How many attempts of strangers are in flight at once, waiting ones included. The bound is lower than that of
/// strangers' open requests, so that a known browser always finds room.
const STRANGERS_AT_ONCE: usize = 512;
/// How long a login waits for attempts in flight that could still fail.
const ADMISSION_TIMEOUT: Duration = Duration::from_secs(10);
/// The `Retry-After` of a login that waited in vain, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// Counts failed logins in this process. An attempt in flight counts as a possible failure: never more attempts are in
/// flight than may still fail, and the others wait. So simultaneous attempts neither slip past the limit nor are
/// refused before the limit is reached.
#[derive(Clone)]
pub struct Throttle(Arc<Shared>);

/// The account of an attempt and its origin.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The account, by the blind index of its address.
    pub account: &'a [u8],
    /// The address of the caller.
    pub ip: ClientIp,
    /// The browser, if it is known to the account.
    pub browser: Option<BrowserId>,
}

struct Shared {
    counts: Mutex<Counts>,
    /// Notified whenever an attempt ends.
    ended: Notify,
    strangers: Arc<Semaphore>,
}

/// Each kind has its own bound, so that one kind never evicts counters of another.
struct Counts {
    in_browser: LruCache<(Account, BrowserId), Window>,
    in_network: LruCache<(Account, ClientIp), Window>,
    of_network: LruCache<ClientIp, Window>,
    of_account: LruCache<Account, Window>,
    /// When a login from a network to an account last succeeded.
    known_networks: LruCache<(Account, ClientIp), Instant>,
}

type Account = Arc<[u8]>;

/// The key of a counter.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Counted {
    InBrowser(Account, BrowserId),
    InNetwork(Account, ClientIp),
    OfNetwork(ClientIp),
    OfAccount(Account),
}

/// The failures of one counter, and its attempts in flight.
#[derive(Default)]
struct Window {
    /// When the first failure happened.
    since: Option<Instant>,
    failures: u32,
    in_flight: u32,
}

/// One attempt in flight. An attempt dropped without a verdict counts for nothing: it revealed nothing.
#[must_use]
pub struct Attempt {
    shared: Arc<Shared>,
    account: Account,
    network: ClientIp,
    /// The counter of the account in its browser or network comes first.
    counted: Vec<Counted>,
    /// None for a known browser.
    _permit: Option<OwnedSemaphorePermit>,
}

/// Whether one more attempt may start.
enum Room {
    Free,
    /// Not before an attempt in flight has ended.
    Later,
    /// Not before the failures expire.
    Refused(Duration),
}

impl Default for Throttle {
    fn default() -> Self {
        let counts = Mutex::new(Counts::default());
        let strangers = Arc::new(Semaphore::new(STRANGERS_AT_ONCE));
        Self(Arc::new(Shared { counts, ended: Notify::new(), strangers }))
    }
}

impl Throttle {
    /// Admits an attempt to log in as soon as its counters have room.
    ///
    /// # Errors
    /// 429 with `Retry-After` after too many failures, 503 when too many other attempts are in flight for too long.
    pub async fn admit(&self, origin: Origin<'_>) -> Answer<Attempt> {
        let (account, network) = (Account::from(origin.account), ClientIp(origin.ip.0.map(network_of)));
        let _permit = origin.browser.is_none().then(|| self.stranger()).transpose()?;
        let deadline = Instant::now() + ADMISSION_TIMEOUT;
        loop {
            let mut ended = pin!(self.0.ended.notified());
            // Subscribe before you look: an attempt that ends in between must wake this one.
            ended.as_mut().enable();
            let (counted, room) = self.0.counts().take(&account, network, origin.browser);
            match room {
                Room::Free => {
                    return Ok(Attempt { shared: Arc::clone(&self.0), account, network, counted, _permit });
                }
                Room::Refused(wait) => return Err(refused(wait)),
                Room::Later => timeout_at(deadline, ended).await.map_err(|_| overloaded())?,
            }
        }
    }

    fn stranger(&self) -> Answer<OwnedSemaphorePermit> {
        Arc::clone(&self.0.strangers).try_acquire_owned().map_err(|_| overloaded())
    }
}

impl Shared {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            in_browser: LruCache::new(REMEMBERED_MAX),
            in_network: LruCache::new(REMEMBERED_MAX),
            of_network: LruCache::new(REMEMBERED_MAX),
            of_account: LruCache::new(REMEMBERED_MAX),
            known_networks: LruCache::new(REMEMBERED_MAX),
        }
    }
}

impl Counts {
    /// The counters of an attempt, by the table above.
    fn counted(&mut self, account: &Account, network: ClientIp, browser: Option<BrowserId>) -> Vec<Counted> {
        if let Some(browser) = browser {
            return vec![Counted::InBrowser(Arc::clone(account), browser)];
        }
        let in_network = Counted::InNetwork(Arc::clone(account), network);
        let mut counted = vec![in_network, Counted::OfNetwork(network)];
        if !self.knows(account, network) {
            counted.push(Counted::OfAccount(Arc::clone(account)));
        }
        counted
    }

    fn knows(&mut self, account: &Account, network: ClientIp) -> bool {
        let last = self.known_networks.get(&(Arc::clone(account), network));
        last.is_some_and(|last| last.elapsed() < NETWORK_KNOWN_FOR)
    }

    /// Reserves a place in all counters of an attempt, or in none.
    fn take(
        &mut self,
        account: &Account,
        network: ClientIp,
        browser: Option<BrowserId>,
    ) -> (Vec<Counted>, Room) {
        let counted = self.counted(account, network, browser);
        let room = counted.iter().map(|one| self.room(one)).fold(Room::Free, Room::and);
        if matches!(room, Room::Free) {
            for one in &counted {
                self.get_or_insert(one).in_flight += 1;
            }
        }
        (counted, room)
    }

    fn room(&mut self, counted: &Counted) -> Room {
        self.get(counted).map_or(Room::Free, |window| window.room(counted.failures_max()))
    }

    fn get(&mut self, counted: &Counted) -> Option<&mut Window> {
        match counted.clone() {
            Counted::InBrowser(account, browser) => self.in_browser.get_mut(&(account, browser)),
            Counted::InNetwork(account, network) => self.in_network.get_mut(&(account, network)),
            Counted::OfNetwork(network) => self.of_network.get_mut(&network),
            Counted::OfAccount(account) => self.of_account.get_mut(&account),
        }
    }

    fn get_or_insert(&mut self, counted: &Counted) -> &mut Window {
        let new = Window::default;
        match counted.clone() {
            Counted::InBrowser(account, browser) => {
                self.in_browser.get_or_insert_mut((account, browser), new)
            }
            Counted::InNetwork(account, network) => {
                self.in_network.get_or_insert_mut((account, network), new)
            }
            Counted::OfNetwork(network) => self.of_network.get_or_insert_mut(network, new),
            Counted::OfAccount(account) => self.of_account.get_or_insert_mut(account, new),
        }
    }
}

impl Attempt {
    /// Whether the attempt comes from a browser or a network that logged in to the account before.
    pub fn is_known(&self) -> bool {
        !self.counted.iter().any(|counted| matches!(counted, Counted::OfAccount(_)))
    }

    /// Records a wrong password.
    pub fn failed(self) {
        let mut counts = self.shared.counts();
        for counted in &self.counted {
            if let Some(window) = counts.get(counted) {
                window.fail();
            }
        }
    }

    /// Records a right password: earlier failures for the account in the same browser or network are forgotten, and the
    /// network becomes known.
    pub fn succeeded(self) {
        let mut counts = self.shared.counts();
        if let Some(window) = self.counted.first().and_then(|own| counts.get(own)) {
            window.failures = 0;
        }
        counts.known_networks.put((Arc::clone(&self.account), self.network), Instant::now());
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut counts = self.shared.counts();
        for counted in &self.counted {
            if let Some(window) = counts.get(counted) {
                window.in_flight = window.in_flight.saturating_sub(1);
            }
        }
        drop(counts);
        self.shared.ended.notify_waiters();
    }
}

impl Counted {
    const fn failures_max(&self) -> u32 {
        match self {
            Self::InBrowser(..) | Self::InNetwork(..) => FAILURES_MAX_BY_PLACE,
            Self::OfNetwork(_) => FAILURES_MAX_BY_NETWORK,
            Self::OfAccount(_) => FAILURES_MAX_BY_ACCOUNT,
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

    fn room(&mut self, failures_max: u32) -> Room {
        let left = self.left();
        if self.failures >= failures_max {
            Room::Refused(left)
        } else if self.failures + self.in_flight >= failures_max {
            Room::Later
        } else {
            Room::Free
        }
    }

    /// How long the failures still count. They are forgotten when this time is over.
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

fn refused(wait: Duration) -> Problem {
    let retry_after_s = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem { retry_after_s: Some(retry_after_s), ..Problem::new(Kind::TooManyRequests) }
}

fn overloaded() -> Problem {
    Problem::unavailable(RETRY_AFTER_S).because(Reason::Overloaded)
}

#[cfg(test)]
#[path = "throttle_tests.rs"]
mod tests;
