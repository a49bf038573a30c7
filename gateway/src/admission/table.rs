//! The table of open connections with their owners: it limits the connections of each owner and chooses the one to
//! close when there are too many.
//!
//! A new connection is nearly always admitted. In exchange the table closes a connection that waits for its peer. Among
//! callers that are not logged in it is the one that waits longest, whatever it has sent; among users it is one that is
//! idle between two requests. A request at work and a live stream are never cut.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::value::UserId;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::owner::Owner;

/// How long a new connection is exempt from closing. Within this time a request that was sent at once has been read,
/// and its user may be known.
const SETTLING_TIME: Duration = Duration::from_secs(1);
/// After how long without a read or write a user's connection counts as idle. A live stream is written to every 15
/// seconds.
const USER_IDLE_TIME: Duration = Duration::from_secs(30);

/// The open connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ConnectionTable(Arc<Shared>);

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
    table: ConnectionTable,
    number: u64,
    /// Changed under the table's lock only.
    owner: Mutex<Owner>,
    is_users: AtomicBool,
    is_at_work: AtomicBool,
    is_in_exchange: AtomicBool,
    exchanges: AtomicU64,
    /// Since when the connection waits, in milliseconds after the table was created.
    waits_since: AtomicU64,
    /// The last read or write, on the same clock.
    touched: AtomicU64,
    closing: Notify,
}

/// The entry of a connection in the table, removed on drop.
pub(crate) struct Admitted(pub(crate) Connection);

impl ConnectionTable {
    pub(crate) fn new(all: usize, of_one: usize) -> Self {
        Self(Arc::new(Shared { all, of_one, began: Instant::now(), open: Mutex::default() }))
    }

    /// Admits a connection, and closes another if there are too many. Returns none if no other may be closed.
    pub(crate) fn admit(&self, owner: Owner) -> Option<Admitted> {
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
        Some(Admitted(connection))
    }

    /// Closes the least needed connection, if there is one: when the process runs out of file descriptors.
    pub(crate) fn shed_one(&self) {
        self.shed(&mut self.open());
    }

    /// Makes room for the next connection of an owner. When all its other connections are young or at work, the owner
    /// exceeds its limit for a moment, within the limit in all.
    fn shed_of(&self, open: &mut Open, owner: Owner) {
        let now = self.now();
        let is_settled = |since: u64| now.saturating_sub(since) >= millis(SETTLING_TIME);
        let own = open.by_owner.get(&owner).into_iter().flat_map(HashMap::values);
        let waiting = own.filter_map(|connection| Some((connection.sheddable(now)?, connection)));
        let longest = waiting.filter(|((_, since), _)| is_settled(*since)).min_by_key(|(rank, _)| *rank);
        let longest = longest.map(|(_, connection)| connection.clone());
        longest.inspect(|connection| open.close(connection));
    }

    /// Closes one connection, first of an owner over its limit. Returns whether one was closed.
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

    /// Removes a connection. Returns whether it was in the table.
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
    fn new(table: ConnectionTable, number: u64, owner: Owner) -> Self {
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

    /// Assigns the connection to a user who logged in by it, if the user may have one more.
    pub(crate) fn assign_to(&self, user: UserId) {
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

    /// Sets whether a request of this connection is at work.
    pub(crate) fn set_at_work(&self, is_at_work: bool) {
        self.0.is_at_work.store(is_at_work, Ordering::Relaxed);
    }

    /// Marks the start of a request. The request ends when the returned value is dropped.
    pub(crate) fn exchange(&self) -> Exchange {
        self.0.exchanges.fetch_add(1, Ordering::Relaxed);
        self.0.is_in_exchange.store(true, Ordering::Relaxed);
        Exchange(self.clone())
    }

    /// The number of requests begun, and whether one is unanswered.
    pub(crate) fn exchanges(&self) -> (u64, bool) {
        (self.0.exchanges.load(Ordering::Relaxed), self.0.is_in_exchange.load(Ordering::Relaxed))
    }

    /// Records a read or write.
    pub(crate) fn touch(&self) {
        self.0.touched.store(self.0.table.now(), Ordering::Relaxed);
    }

    /// Waits until the table asks for the connection to be closed.
    pub(crate) async fn closing(&self) {
        self.0.closing.notified().await;
    }

    /// The connection's rank for closing, the lowest first: whether it belongs to a user, and since when it waits. None
    /// if it may not be closed.
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

/// A request without its answer yet.
pub(crate) struct Exchange(Connection);

impl Drop for Exchange {
    fn drop(&mut self) {
        let Known { table, waits_since, is_in_exchange, .. } = &*self.0.0;
        waits_since.store(table.now(), Ordering::Relaxed);
        is_in_exchange.store(false, Ordering::Relaxed);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.0.table.open().remove(&self.0);
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
