//! One feed for all projectors of a process: each event is read, unsealed and decoded once, not once a projection.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use commands::broker::Broker;
use commands::log::{EventLog, Feed, FeedError, Recorded};
use domain::Position;

/// How much is kept for those who are a little slower, in events weighed by the people they name; the last batch always
/// is. A follower that finds nothing kept reads and decodes everything for himself.
const KEPT_WEIGHT_MAX: usize = 2_000;

type Batch = Arc<[Recorded]>;

/// The log after any position; cheap at its end, where the projectors are together.
pub(crate) struct Source {
    log: EventLog,
    kept: Mutex<VecDeque<Batch>>,
    feed: tokio::sync::Mutex<Feed>,
    /// Where the feed stands, also while somebody waits for it.
    at: AtomicI64,
}

impl Source {
    pub(crate) fn new(log: EventLog, broker: Option<Broker>) -> Self {
        let feed = tokio::sync::Mutex::new(log.feed(broker, 0));
        Self { log, kept: Mutex::default(), feed, at: AtomicI64::new(0) }
    }

    /// Waits for the events after a position: at least one, in order and without a gap; they may begin earlier.
    /// It may be dropped at any await.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub(crate) async fn next(&self, after: Position) -> Result<Batch, FeedError> {
        if let Some(batch) = self.kept_after(after) {
            return Ok(batch);
        }
        if after < self.at.load(Ordering::Acquire) {
            return self.read_alone(after).await;
        }
        let mut feed = self.feed.lock().await;
        // Whoever held the feed before may have brought it, or gone on.
        if let Some(batch) = self.kept_after(after) {
            return Ok(batch);
        }
        if after < feed.position() {
            drop(feed);
            return self.read_alone(after).await;
        }
        self.lead_to(after, &mut feed);
        let batch: Batch = feed.next().await?.into();
        self.keep(Arc::clone(&batch));
        self.at.store(feed.position(), Ordering::Release);
        Ok(batch)
    }

    /// Whoever is ahead takes the feed along: the others read for themselves until they are there.
    fn lead_to(&self, after: Position, feed: &mut Feed) {
        if feed.position() < after {
            self.kept().clear();
            feed.seek(after);
            self.at.store(after, Ordering::Release);
        }
    }

    /// Somebody far behind reads for himself, so as neither to hold the others up nor to drag them back.
    async fn read_alone(&self, after: Position) -> Result<Batch, FeedError> {
        Ok(self.log.feed(None, after).next().await?.into())
    }

    fn kept_after(&self, after: Position) -> Option<Batch> {
        let covers = |batch: &&Batch| {
            let (first, last) = (batch.first(), batch.last());
            first.is_some_and(|first| first.position <= after + 1)
                && last.is_some_and(|last| last.position > after)
        };
        self.kept().iter().find(covers).cloned()
    }

    fn keep(&self, batch: Batch) {
        let mut kept = self.kept();
        kept.push_back(batch);
        while kept.len() > 1
            && kept.iter().flat_map(|batch| batch.iter()).map(Recorded::weight).sum::<usize>()
                > KEPT_WEIGHT_MAX
        {
            kept.pop_front();
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Batch>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
