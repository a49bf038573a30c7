//! The open connections, by their owners: who may have how many, and which one is closed when there are too many.
//!
//! A new connection is nearly always let in. In exchange the table closes one that waits for its peer: of callers that
//! are not logged in the one that waits longest, whatever it has sent; of users one that is idle between two requests. A
//! request at work and a live stream are never cut.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::value::UserId;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::owner::Owner;

/// How long a connection is left alone before it is closed for its owner's next one: a request that was sent at once has
/// been read by then, and its user may be known.
const SETTLING_TIME: Duration = Duration::from_secs(1);
/// How long nothing was read from or written to a user's connection that counts as idle. A live stream is written to
/// every 15 seconds.
const USER_IDLE_TIME: Duration = Duration::from_secs(30);

/// The open connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Table(Arc<Shared>);

struct Shared {
    all: usize,
    of_one: usize,
    began: Instant,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last: u64,
    all: usize,
    by_owner: HashMap<Owner, HashMap<u64, Connection>>,
}

/// One open connection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Known>);

struct Known {
    table: Table,
    number: u64,
    /// Changed under the table's lock only.
    owner: Mutex<Owner>,
    is_users: AtomicBool,
    is_at_work: AtomicBool,
    is_in_exchange: AtomicBool,
    exchanges: AtomicU64,
    /// Since when it waits, in milliseconds after the table began.
    waits_since: AtomicU64,
    /// When something was last read from it or written to it, on the same clock.
    touched: AtomicU64,
    closing: Notify,
}

/// The place of a connection in the table; free again when it is dropped.
pub(crate) struct Seat(pub(crate) Connection);

impl Table {
    pub(crate) fn new(all: usize, of_one: usize) -> Self {
        Self(Arc::new(Shared { all, of_one, began: Instant::now(), open: Mutex::default() }))
    }

    /// Takes a connection in, and closes another if there are too many; none if every other is needed.
    pub(crate) fn admit(&self, owner: Owner) -> Option<Seat> {
        let mut open = self.open();
        if owner != Owner::Proxy && open.of(owner) >= self.0.of_one {
            self.shed_of(&mut open, owner);
        }
        if open.all >= self.0.all && !self.shed(&mut open) {
            return None;
        }
        open.last += 1;
        let connection = Connection::new(self.clone(), open.last, owner);
        open.insert(owner, &connection);
        Some(Seat(connection))
    }

    /// Closes the connection that is needed least, if there is one: when files run out.
    pub(crate) fn shed_one(&self) {
        self.shed(&mut self.open());
    }

    /// Makes room for the next connection of an owner. When each of its others is young or at work, the owner has one more
    /// for a moment, within the bound on all.
    fn shed_of(&self, open: &mut Open, owner: Owner) {
        let now = self.now();
        let is_settled = |since: u64| now.saturating_sub(since) >= millis(SETTLING_TIME);
        let own = open.by_owner.get(&owner).into_iter().flat_map(HashMap::values);
        let waiting = own.filter_map(|connection| Some((connection.sheddable(now)?, connection)));
        let longest = waiting.filter(|((_, since), _)| is_settled(*since)).min_by_key(|(rank, _)| *rank);
        let longest = longest.map(|(_, connection)| connection.clone());
        longest.inspect(|connection| open.close(connection));
    }

    /// Whether a connection was closed: one of an owner with too many before others.
    fn shed(&self, open: &mut Open) -> bool {
        let now = self.now();
        let least_needed = open
            .by_owner
            .values()
            .flat_map(|own| {
                let is_within = own.len() <= self.0.of_one;
                own.values().map(move |connection| (is_within, connection))
            })
            .filter_map(|(is_within, connection)| Some(((is_within, connection.sheddable(now)?), connection)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, connection)| connection.clone());
        least_needed.inspect(|connection| open.close(connection)).is_some()
    }

    fn now(&self) -> u64 {
        millis(self.0.began.elapsed())
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Open {
    fn of(&self, owner: Owner) -> usize {
        self.by_owner.get(&owner).map_or(0, HashMap::len)
    }

    fn insert(&mut self, owner: Owner, connection: &Connection) {
        self.all += 1;
        self.by_owner.entry(owner).or_default().insert(connection.0.number, connection.clone());
    }

    /// Whether it was there.
    fn remove(&mut self, connection: &Connection) -> bool {
        let owner = *connection.owner();
        let Some(own) = self.by_owner.get_mut(&owner) else { return false };
        let was_there = own.remove(&connection.0.number).is_some();
        if own.is_empty() {
            self.by_owner.remove(&owner);
        }
        self.all -= usize::from(was_there);
        was_there
    }

    fn close(&mut self, connection: &Connection) {
        if self.remove(connection) {
            connection.0.closing.notify_one();
        }
    }
}

impl Connection {
    fn new(table: Table, number: u64, owner: Owner) -> Self {
        let now = table.now();
        Self(Arc::new(Known {
            table,
            number,
            owner: Mutex::new(owner),
            is_users: AtomicBool::new(false),
            is_at_work: AtomicBool::new(false),
            is_in_exchange: AtomicBool::new(false),
            exchanges: AtomicU64::new(0),
            waits_since: AtomicU64::new(now),
            touched: AtomicU64::new(now),
            closing: Notify::new(),
        }))
    }

    /// A user logged in by this connection: it counts as the user's, if the user may have one more.
    pub(crate) fn is_of(&self, user: UserId) {
        if self.0.is_users.load(Ordering::Relaxed) {
            return;
        }
        let mut open = self.0.table.open();
        let before = *self.owner();
        let after = if before == Owner::Proxy { before } else { Owner::User(user) };
        let has_room = after == before || open.of(after) < self.0.table.0.of_one;
        if has_room && open.remove(self) {
            *self.owner() = after;
            open.insert(after, self);
            self.0.is_users.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a request of it has its turn.
    pub(crate) fn set_at_work(&self, is_at_work: bool) {
        self.0.is_at_work.store(is_at_work, Ordering::Relaxed);
    }

    /// A request has begun; it is over when what is given back is dropped.
    pub(crate) fn exchange(&self) -> Exchange {
        self.0.exchanges.fetch_add(1, Ordering::Relaxed);
        self.0.is_in_exchange.store(true, Ordering::Relaxed);
        Exchange(self.clone())
    }

    /// How many requests have begun, and whether one is not answered yet.
    pub(crate) fn exchanges(&self) -> (u64, bool) {
        (self.0.exchanges.load(Ordering::Relaxed), self.0.is_in_exchange.load(Ordering::Relaxed))
    }

    /// Something was read from it or written to it.
    pub(crate) fn touch(&self) {
        self.0.touched.store(self.0.table.now(), Ordering::Relaxed);
    }

    /// Waits until the table wants it closed.
    pub(crate) async fn closing(&self) {
        self.0.closing.notified().await;
    }

    /// Whether it may be closed for another, the least first: whether it is a user's, and since when it waits.
    fn sheddable(&self, now: u64) -> Option<(bool, u64)> {
        if self.0.is_at_work.load(Ordering::Relaxed) {
            return None;
        }
        if !self.0.is_users.load(Ordering::Relaxed) {
            return Some((false, self.0.waits_since.load(Ordering::Relaxed)));
        }
        let touched = self.0.touched.load(Ordering::Relaxed);
        let is_idle = !self.0.is_in_exchange.load(Ordering::Relaxed)
            && now.saturating_sub(touched) >= millis(USER_IDLE_TIME);
        is_idle.then_some((true, touched))
    }

    fn owner(&self) -> MutexGuard<'_, Owner> {
        self.0.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is not answered yet.
pub(crate) struct Exchange(Connection);

impl Drop for Exchange {
    fn drop(&mut self) {
        let Known { table, waits_since, is_in_exchange, .. } = &*self.0.0;
        waits_since.store(table.now(), Ordering::Relaxed);
        is_in_exchange.store(false, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.0.table.open().remove(&self.0);
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
