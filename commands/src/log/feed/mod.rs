//! The log as its followers read it: every event once, in order. What this process wrote itself comes from memory, what
//! others wrote from JetStream when it is there, all else from PostgreSQL.

mod batch;
mod door;
mod mirror;

use std::time::Duration;

use domain::Position;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use uuid::Uuid;

use self::batch::Batch;
use self::door::Door;
use self::mirror::{Heard, Mirror};
use super::{PAGE_EVENTS_MAX, Reader, Recorded, SealError, StoredEvent};
use crate::broker::Broker;

/// How long JetStream may be behind PostgreSQL, and how often PostgreSQL is read although nobody told of a commit.
const PATIENCE: Duration = Duration::from_millis(250);
/// A batch of at least so many events tells of a busy log.
const BUSY_EVENTS: usize = 16;
/// How long a busy log gathers the events of the next batch, for each event of this one: a batch costs its follower a
/// transaction, which at thousands of events a second is better shared by more of them. A log that is not busy is read
/// at once.
const GATHERING_PER_EVENT: Duration = Duration::from_micros(500);
/// What a busy log gathers for at least.
const GATHERING_MIN: Duration = Duration::from_millis(20);
/// What a busy log gathers for at most: somebody waits to see what was written.
const GATHERING_MAX: Duration = Duration::from_millis(60);
/// Who is further behind than this reads PostgreSQL in pages.
const FAR_BEHIND_EVENTS: Position = 5_000;
/// How long JetStream is worth listening to after events that memory did not have: it costs the broker and us as much
/// for those that it has.
const MEMORY_LACKS_FOR: Duration = Duration::from_secs(10);

/// Follows the log from a position on. What it gives is the log's: JetStream only makes it cheaper and quicker to wait.
///
/// `next` may be dropped at any await: the cursor moves only when it returns.
pub struct Feed {
    log: Reader,
    head: watch::Receiver<Position>,
    cursor: Position,
    door: Option<Door>,
    mirror: Option<Mirror>,
    /// By when the mirror must have brought the head that was known when this was set.
    patience: Patience,
    /// When there last were events that memory did not have, such as those that other processes write.
    memory_lacked_at: Option<Instant>,
    /// The aggregates whose events are given; all if none are named.
    wanted: Option<&'static [&'static str]>,
    /// When it is worth reading again.
    gathered_at: Instant,
}

struct Patience {
    head: Position,
    until: Instant,
}

/// Why a feed cannot go on at the moment; its cursor has not moved, so asking again is all it takes.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The log cannot be read.
    #[error("failed to read the log: {0}")]
    Database(#[from] sqlx::Error),
    /// The keys of personal data cannot be read.
    #[error(transparent)]
    Keys(#[from] SealError),
}

impl Feed {
    /// See [`Reader::feed`].
    pub(super) fn new(log: Reader, broker: Option<Broker>, after: Position) -> Self {
        Self {
            head: log.watch_head(),
            cursor: after,
            door: broker.map(|broker| Door::new(log.clone(), broker)),
            mirror: None,
            patience: Patience { head: after, until: Instant::now() },
            memory_lacked_at: None,
            wanted: None,
            gathered_at: Instant::now(),
            log,
        }
    }

    /// Gives the events of these aggregates alone: the others are passed over, neither unsealed nor decoded.
    #[must_use]
    pub fn only(mut self, aggregates: &'static [&'static str]) -> Self {
        self.wanted = Some(aggregates);
        self
    }

    /// Waits for events and gives at least one, at most [`super::PAGE_EVENTS_MAX`] and about
    /// [`super::PAGE_BYTES_MAX`] bytes, in order and without a gap; of a feed of some aggregates, maybe none.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn next(&mut self) -> Result<Vec<Recorded>, FeedError> {
        let (events, last) = self.read_some().await?;
        let count = events.len();
        let recorded = self.open(events).await?;
        self.pass(last, count);
        Ok(recorded)
    }

    /// As [`Feed::next`], but all events and as they are stored, byte by byte: for readers that hash them.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn next_stored(&mut self) -> Result<Vec<StoredEvent>, FeedError> {
        let (events, last) = self.read_some().await?;
        self.pass(last, events.len());
        Ok(events)
    }

    /// The position of the last event that was given.
    pub fn position(&self) -> Position {
        self.cursor
    }

    /// Whether it follows JetStream at the moment.
    pub fn is_mirrored(&self) -> bool {
        self.mirror.is_some()
    }

    /// Goes on from another position, forwards or back.
    pub fn seek(&mut self, after: Position) {
        self.cursor = after;
        self.shut_the_mirror();
    }

    /// Waits for at least one event, and says where the last one stands.
    async fn read_some(&mut self) -> Result<(Vec<StoredEvent>, Position), FeedError> {
        sleep_until(self.gathered_at).await;
        loop {
            let events = self.read().await?;
            if let Some(last) = events.last().map(|event| event.position) {
                return Ok((events, last));
            }
        }
    }

    /// Goes past the events that are given, and gathers the next ones if the log is busy.
    fn pass(&mut self, last: Position, count: usize) {
        self.move_to(last);
        if count >= BUSY_EVENTS && !self.has_a_page_to_read() {
            self.gathered_at = Instant::now() + gathering(count);
        }
    }

    /// What can be had; nothing if something else is to be tried next.
    async fn read(&mut self) -> Result<Vec<StoredEvent>, FeedError> {
        // Seen before read: what is committed after this wakes the wait that follows.
        let head = *self.head.borrow_and_update();
        let own = self.read_own();
        if !own.is_empty() {
            return Ok(own);
        }
        match self.mirror {
            Some(_) => self.read_mirror(head).await,
            None => self.read_postgres(head).await,
        }
    }

    /// What this process wrote a moment ago. A feed without a broker is a page of PostgreSQL, whoever wrote it.
    fn read_own(&mut self) -> Vec<StoredEvent> {
        if self.door.is_none() {
            return Vec::new();
        }
        let own = self.log.recent_after(self.cursor);
        if !own.is_empty() {
            count("memory", own.len());
            if !self.memory_lacks_some() {
                self.shut_the_mirror();
            }
        }
        own
    }

    fn memory_lacks_some(&self) -> bool {
        self.memory_lacked_at.is_some_and(|at| at.elapsed() < MEMORY_LACKS_FOR)
    }

    fn shut_the_mirror(&mut self) {
        self.mirror = None;
        if let Some(door) = &mut self.door {
            door.shut();
        }
    }

    /// A page of the log; at its end, once a commit is heard of or time is up.
    async fn read_postgres(&mut self, head: Position) -> Result<Vec<StoredEvent>, FeedError> {
        let is_at_head = self.cursor >= head;
        if is_at_head && timeout(PATIENCE, self.head.changed()).await.is_ok() {
            return Ok(Vec::new());
        }
        let page = self.page().await?;
        self.be_patient();
        if page.is_empty() && !is_at_head {
            // What was heard of is not there: whoever said so must not keep us asking.
            let _ = timeout(PATIENCE, self.head.changed()).await;
        }
        if self.memory_lacks_some()
            && self.cursor + FAR_BEHIND_EVENTS >= head
            && let Some(door) = &mut self.door
        {
            self.mirror = door.enter(self.cursor).await;
        }
        Ok(page)
    }

    /// What the mirror brings, unless it brings nothing, something else, or all too much.
    async fn read_mirror(&mut self, head: Position) -> Result<Vec<StoredEvent>, FeedError> {
        let far_behind = head - self.cursor > FAR_BEHIND_EVENTS;
        let Some(mirror) = self.mirror.as_mut().filter(|mirror| !far_behind && mirror.is_connected()) else {
            self.mirror = None;
            return Ok(Vec::new());
        };
        let heard = tokio::select! {
            biased;
            heard = timeout_at(self.patience.until, mirror.hear(self.cursor)) => heard,
            // Perhaps it was this process that wrote.
            Ok(()) = self.head.changed() => return Ok(Vec::new()),
        };
        match heard {
            Ok(Heard::Event(first)) => {
                let events = Batch::gather(first, mirror).await;
                self.brought(&events);
                Ok(events)
            }
            // A mirror with a hole is good, unless it has what the log has not: then it belongs to another history.
            Ok(Heard::Hole) => self.look(|page| !page.is_empty()).await,
            // A mirror that brought nothing is good if there was nothing.
            Err(_) => self.look(<[_]>::is_empty).await,
            Ok(Heard::End) => {
                self.leave_mirror();
                Ok(Vec::new())
            }
        }
    }

    /// Looks past the mirror into the log, and leaves the mirror unless what is there speaks for it.
    async fn look(
        &mut self,
        speaks_for_it: fn(&[StoredEvent]) -> bool,
    ) -> Result<Vec<StoredEvent>, FeedError> {
        let page = self.page().await?;
        self.be_patient();
        if !speaks_for_it(&page) {
            self.leave_mirror();
        }
        Ok(page)
    }

    fn leave_mirror(&mut self) {
        tracing::debug!(position = self.cursor, "following the log in PostgreSQL instead of JetStream");
        self.mirror = None;
        if let Some(door) = &mut self.door {
            door.disappointed();
        }
    }

    fn brought(&mut self, events: &[StoredEvent]) {
        count("jetstream", events.len());
        // Whoever follows for himself must not take the last place that PostgreSQL told of for the head, and wait there.
        if let Some(last) = events.last() {
            self.log.heard_of(last.position);
        }
        self.memory_lacked_at = Some(Instant::now());
        if let Some(door) = &mut self.door {
            door.pleased();
        }
    }

    async fn page(&mut self) -> Result<Vec<StoredEvent>, FeedError> {
        let page = self.log.page_after(self.cursor).await?;
        if let Some(last) = page.last() {
            self.log.heard_of(last.position);
            count("postgres", page.len());
            self.memory_lacked_at = Some(Instant::now());
        }
        Ok(page)
    }

    /// Keys that another process destroyed are forgotten first, so that nothing erased is opened from memory.
    async fn open(&self, mut events: Vec<StoredEvent>) -> Result<Vec<Recorded>, FeedError> {
        for erased in events.iter().filter_map(erased_key) {
            self.log.keys().forget(erased);
        }
        if let Some(wanted) = self.wanted {
            events.retain(|event| wanted.contains(&event.aggregate_type.as_str()));
        }
        Ok(self.log.open_events(events).await?)
    }

    fn has_a_page_to_read(&self) -> bool {
        *self.head.borrow() - self.cursor >= PAGE_EVENTS_MAX
    }

    fn move_to(&mut self, position: Position) {
        self.cursor = position;
        if self.cursor >= self.patience.head {
            self.be_patient();
        }
    }

    fn be_patient(&mut self) {
        self.patience = Patience { head: *self.head.borrow(), until: Instant::now() + PATIENCE };
    }
}

fn count(source: &'static str, events: usize) {
    metrics::counter!("mensajeria_feed_events_total", "source" => source).increment(events as u64);
}

fn gathering(events: usize) -> Duration {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    GATHERING_PER_EVENT.saturating_mul(events).clamp(GATHERING_MIN, GATHERING_MAX)
}

/// The key that an event says was destroyed.
fn erased_key(event: &StoredEvent) -> Option<Uuid> {
    let erased = event.aggregate_type == "client" && event.event_type == "ClientErased";
    erased.then(|| Uuid::parse_str(&event.aggregate_id).ok()).flatten()
}
