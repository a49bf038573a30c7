//! A feed gives every event of the log once, in order. Events of this process come from memory, events of other
//! processes from JetStream if it is available, everything else from PostgreSQL.

mod mirror;
mod mirror_batch;
mod opener;

use std::time::Duration;

use domain::Position;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use uuid::Uuid;

use self::mirror::{Mirror, Received};
use self::mirror_batch::MirrorBatch;
use self::opener::MirrorOpener;
use super::{PAGE_EVENTS_MAX, Reader, Recorded, SealError, StoredEvent};
use crate::broker::Broker;

/// How long JetStream may be behind PostgreSQL, and how often PostgreSQL is read although no commit was announced.
const MIRROR_DELAY_MAX: Duration = Duration::from_millis(250);
/// A batch of at least this weight, in people, means that the log is busy (see [`Recorded::weight`]).
const BUSY_WEIGHT: usize = 16;
/// How long to wait before the next batch of a busy log, for each person of this batch. Each batch costs its reader a
/// transaction, which at thousands of messages or outcomes a second should be shared by many of them: one event may
/// hold the outcomes of sixty deliveries. A log that is not busy is read at once.
const WAIT_PER_PERSON: Duration = Duration::from_micros(500);
/// The shortest wait on a busy log.
const WAIT_MIN: Duration = Duration::from_millis(20);
/// The longest wait on a busy log: people wait to see what was written.
const WAIT_MAX: Duration = Duration::from_millis(60);
/// A feed that is further behind than this reads pages of PostgreSQL.
const FAR_BEHIND_EVENTS: Position = 5_000;
/// How long the mirror stays open after the last event that was not in memory. While memory has every event, the mirror
/// would deliver the same events again at full cost.
const MIRROR_OPEN_FOR: Duration = Duration::from_secs(10);

/// Follows the log from a position on. PostgreSQL decides what the log contains; JetStream only makes waiting cheaper
/// and quicker.
///
/// `next` may be dropped at any await: the cursor moves only when it returns.
pub struct Feed {
    log: Reader,
    head: watch::Receiver<Position>,
    cursor: Position,
    /// Whether events that this process has just written are read from memory.
    reads_memory: bool,
    opener: Option<MirrorOpener>,
    mirror: Option<Mirror>,
    /// The time by which the mirror must have delivered the head that was known when it was set.
    mirror_deadline: MirrorDeadline,
    /// When the feed last read events that were not in memory, such as those of other processes.
    last_miss_at: Option<Instant>,
    /// The aggregate types whose events are given; all if none.
    wanted: Option<&'static [&'static str]>,
    /// The time of the next read.
    next_read_at: Instant,
}

struct MirrorDeadline {
    head: Position,
    until: Instant,
}

/// Why a feed cannot continue at the moment. Its cursor has not moved, so the caller only has to try again.
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
            reads_memory: broker.is_some(),
            opener: broker.map(|broker| MirrorOpener::new(log.clone(), broker)),
            mirror: None,
            mirror_deadline: MirrorDeadline { head: after, until: Instant::now() },
            last_miss_at: None,
            wanted: None,
            next_read_at: Instant::now(),
            log,
        }
    }

    /// Gives only the events of these aggregate types. The others are skipped: neither unsealed nor decoded.
    #[must_use]
    pub fn only(mut self, aggregates: &'static [&'static str]) -> Self {
        self.wanted = Some(aggregates);
        self
    }

    /// Reads events that this process has just committed from memory, even without a broker. All others then come from
    /// PostgreSQL: for readers that must not trust a broker.
    #[must_use]
    pub fn with_memory(mut self) -> Self {
        self.reads_memory = true;
        self
    }

    /// Waits for events and gives at least one, at most [`super::PAGE_EVENTS_MAX`] and about [`super::PAGE_BYTES_MAX`]
    /// bytes, in order and without a gap; for a feed limited by [`Feed::only`], possibly none.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn next(&mut self) -> Result<Vec<Recorded>, FeedError> {
        let (events, last) = self.read_next().await?;
        let count = events.len();
        let recorded = self.open(events).await?;
        // Events that are not wanted are not decoded: each of them counts as one person.
        self.advance(last, recorded.iter().map(Recorded::weight).sum::<usize>().max(count));
        Ok(recorded)
    }

    /// As [`Feed::next`], but gives all events as stored, byte by byte, for readers that hash them.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn next_stored(&mut self) -> Result<Vec<StoredEvent>, FeedError> {
        let (events, last) = self.read_next().await?;
        self.advance(last, events.len());
        Ok(events)
    }

    /// The position of the last event that was given.
    pub fn position(&self) -> Position {
        self.cursor
    }

    /// Whether it reads JetStream at the moment.
    pub fn is_mirrored(&self) -> bool {
        self.mirror.is_some()
    }

    /// Continues from another position, forwards or back.
    pub fn seek(&mut self, after: Position) {
        self.cursor = after;
        self.close_mirror();
    }

    /// Waits for at least one event; returns the position of the last one too.
    async fn read_next(&mut self) -> Result<(Vec<StoredEvent>, Position), FeedError> {
        sleep_until(self.next_read_at).await;
        loop {
            let events = self.read().await?;
            if let Some(last) = events.last().map(|event| event.position) {
                return Ok((events, last));
            }
        }
    }

    /// Moves the cursor past the given events. On a busy log the next read waits, so that it gathers more.
    fn advance(&mut self, last: Position, weight: usize) {
        self.move_to(last);
        if weight >= BUSY_WEIGHT && !self.has_a_page_to_read() {
            self.next_read_at = Instant::now() + wait_before_next(weight);
        }
    }

    /// Reads from one source; empty if another source is to be tried next.
    async fn read(&mut self) -> Result<Vec<StoredEvent>, FeedError> {
        // The head is read before the log: a later commit then wakes the next wait.
        let head = *self.head.borrow_and_update();
        let own = self.read_recent();
        if !own.is_empty() {
            return Ok(own);
        }
        match self.mirror {
            Some(_) => self.read_mirror(head).await,
            None => self.read_postgres(head).await,
        }
    }

    /// The recent events of this process. A feed without a broker reads PostgreSQL only, unless it is told otherwise.
    fn read_recent(&mut self) -> Vec<StoredEvent> {
        if !self.reads_memory {
            return Vec::new();
        }
        let own = self.log.recent_after(self.cursor);
        if !own.is_empty() {
            count_events("memory", own.len());
            if !self.missed_lately() {
                self.close_mirror();
            }
        }
        own
    }

    fn missed_lately(&self) -> bool {
        self.last_miss_at.is_some_and(|at| at.elapsed() < MIRROR_OPEN_FOR)
    }

    fn close_mirror(&mut self) {
        self.mirror = None;
        if let Some(opener) = &mut self.opener {
            opener.stop();
        }
    }

    /// Reads a page from PostgreSQL. At the head it first waits for a commit to be announced, or for [`MIRROR_DELAY_MAX`].
    async fn read_postgres(&mut self, head: Position) -> Result<Vec<StoredEvent>, FeedError> {
        let is_at_head = self.cursor >= head;
        if is_at_head && timeout(MIRROR_DELAY_MAX, self.head.changed()).await.is_ok() {
            return Ok(Vec::new());
        }
        let page = self.page().await?;
        self.reset_deadline();
        if page.is_empty() && !is_at_head {
            // A head was announced that PostgreSQL does not have. Wait, so that a wrong announcement does not cause a
            // busy loop.
            let _ = timeout(MIRROR_DELAY_MAX, self.head.changed()).await;
        }
        if self.missed_lately()
            && self.cursor + FAR_BEHIND_EVENTS >= head
            && let Some(opener) = &mut self.opener
        {
            self.mirror = opener.opened(self.cursor).await;
        }
        Ok(page)
    }

    /// Reads from the mirror. Leaves it when the feed is far behind, and checks PostgreSQL when the mirror has a gap or
    /// is late.
    async fn read_mirror(&mut self, head: Position) -> Result<Vec<StoredEvent>, FeedError> {
        let far_behind = head - self.cursor > FAR_BEHIND_EVENTS;
        let Some(mirror) = self.mirror.as_mut().filter(|mirror| !far_behind && mirror.is_connected()) else {
            self.mirror = None;
            return Ok(Vec::new());
        };
        let received = tokio::select! {
            biased;
            received = timeout_at(self.mirror_deadline.until, mirror.receive(self.cursor)) => received,
            // The commit may be one of this process, whose events are in memory.
            Ok(()) = self.head.changed() => return Ok(Vec::new()),
        };
        match received {
            Ok(Received::Event(first)) => {
                let events = MirrorBatch::gather(first, mirror).await;
                self.received(&events);
                Ok(events)
            }
            // A gap is normal if PostgreSQL has the missing events. If it has none, the mirror belongs to another
            // history.
            Ok(Received::Gap) => self.check_postgres(|page| !page.is_empty()).await,
            // Silence is normal if PostgreSQL has nothing new either.
            Err(_) => self.check_postgres(<[_]>::is_empty).await,
            Ok(Received::End) => {
                self.leave_mirror();
                Ok(Vec::new())
            }
        }
    }

    /// Reads a page from PostgreSQL, and leaves the mirror unless the page shows that the mirror is right.
    async fn check_postgres(
        &mut self,
        confirms_mirror: fn(&[StoredEvent]) -> bool,
    ) -> Result<Vec<StoredEvent>, FeedError> {
        let page = self.page().await?;
        self.reset_deadline();
        if !confirms_mirror(&page) {
            self.leave_mirror();
        }
        Ok(page)
    }

    fn leave_mirror(&mut self) {
        tracing::debug!(position = self.cursor, "following the log in PostgreSQL instead of JetStream");
        self.mirror = None;
        if let Some(opener) = &mut self.opener {
            opener.failed();
        }
    }

    fn received(&mut self, events: &[StoredEvent]) {
        count_events("jetstream", events.len());
        // Publish this position, so that feeds without a broker do not wait on a stale head.
        if let Some(last) = events.last() {
            self.log.learn_head(last.position);
        }
        self.last_miss_at = Some(Instant::now());
        if let Some(opener) = &mut self.opener {
            opener.succeeded();
        }
    }

    async fn page(&mut self) -> Result<Vec<StoredEvent>, FeedError> {
        let page = self.log.page_after(self.cursor).await?;
        if let Some(last) = page.last() {
            self.log.learn_head(last.position);
            count_events("postgres", page.len());
            self.last_miss_at = Some(Instant::now());
        }
        Ok(page)
    }

    /// Unseals and decodes. Keys that another process destroyed are dropped from the cache first, so that erased data
    /// is not opened with a cached key.
    async fn open(&self, mut events: Vec<StoredEvent>) -> Result<Vec<Recorded>, FeedError> {
        for erased in events.iter().filter_map(erased_key) {
            self.log.keys().forget(erased);
        }
        if let Some(wanted) = self.wanted {
            events.retain(|event| wanted.contains(&event.aggregate_type.as_str()));
        }
        Ok(self.log.open_followed(events).await?)
    }

    fn has_a_page_to_read(&self) -> bool {
        *self.head.borrow() - self.cursor >= PAGE_EVENTS_MAX
    }

    fn move_to(&mut self, position: Position) {
        self.cursor = position;
        if self.cursor >= self.mirror_deadline.head {
            self.reset_deadline();
        }
    }

    fn reset_deadline(&mut self) {
        self.mirror_deadline =
            MirrorDeadline { head: *self.head.borrow(), until: Instant::now() + MIRROR_DELAY_MAX };
    }
}

fn count_events(source: &'static str, events: usize) {
    metrics::counter!("mensajeria_feed_events_total", "source" => source).increment(events as u64);
}

fn wait_before_next(weight: usize) -> Duration {
    let people = u32::try_from(weight).unwrap_or(u32::MAX);
    WAIT_PER_PERSON.saturating_mul(people).clamp(WAIT_MIN, WAIT_MAX)
}

/// The key that an event destroyed.
fn erased_key(event: &StoredEvent) -> Option<Uuid> {
    let erased = event.aggregate_type == "client" && event.event_type == "ClientErased";
    erased.then(|| Uuid::parse_str(&event.aggregate_id).ok()).flatten()
}
