//! One feed shared by all projectors of a process: each event is read, unsealed and decoded once, not once for each
//! projection.

use std::sync::{Mutex, MutexGuard, PoisonError};

use commands::broker::Broker;
use commands::log::{Feed, FeedError, Reader};
use domain::Position;
use tokio::sync::Notify;

use super::turns::{Batch, FeedTurn, FeedTurns};

/// How much is kept for slower projectors, in events weighted by the people they name. The last batch is always kept. A
/// projector that is further behind reads and decodes for itself.
const KEPT_WEIGHT_MAX: usize = 2_000;

/// Reads the log after any position; cheap near its end, where the projectors share one feed.
pub(crate) struct Source {
    log: Reader,
    turns: Mutex<FeedTurns<Feed>>,
    /// Wakes every projector that waits, each time the feed is given back.
    given_back: Notify,
}

/// The shared feed while one projector reads it. Dropping it, at any await, gives the feed back to the others.
struct Lead<'a> {
    source: &'a Source,
    feed: Option<Feed>,
}

impl Source {
    pub(crate) fn new(log: Reader, broker: Option<Broker>) -> Self {
        let turns = FeedTurns::new(log.feed(broker, 0), KEPT_WEIGHT_MAX);
        Self { log, turns: Mutex::new(turns), given_back: Notify::new() }
    }

    /// Waits for the events after a position: at least one, in order and without a gap. They may begin earlier. All
    /// kept events are returned, so that a projector that is behind catches up in one transaction. It may be cancelled
    /// at any await.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub(crate) async fn next(&self, after: Position) -> Result<Vec<Batch>, FeedError> {
        loop {
            // Subscribe before the decision, so that a feed given back in between is not missed.
            let given_back = self.given_back.notified();
            let turn = self.turns().take(after);
            match turn {
                FeedTurn::Kept(batches) => return Ok(batches),
                FeedTurn::ReadAlone => return self.read_alone(after).await,
                FeedTurn::Lead(feed) => return self.lead(feed, after).await,
                FeedTurn::Wait => given_back.await,
            }
        }
    }

    async fn lead(&self, feed: Feed, after: Position) -> Result<Vec<Batch>, FeedError> {
        let mut lead = Lead { source: self, feed: Some(feed) };
        let batch = lead.read(after).await?;
        self.turns().keep(Batch::clone(&batch));
        Ok(vec![batch])
    }

    /// A projector far behind reads alone, so that it does not delay the others.
    async fn read_alone(&self, after: Position) -> Result<Vec<Batch>, FeedError> {
        Ok(vec![self.log.feed(None, after).next().await?.into()])
    }

    /// Never held across an await.
    fn turns(&self) -> MutexGuard<'_, FeedTurns<Feed>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead<'_> {
    /// The next events; the feed first moves to the reader's position.
    async fn read(&mut self, after: Position) -> Result<Batch, FeedError> {
        let feed = self.feed.as_mut().expect("it is here until it is given back");
        if feed.position() != after {
            feed.seek(after);
        }
        Ok(feed.next().await?.into())
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        if let Some(feed) = self.feed.take() {
            self.source.turns().give_back(feed);
            self.source.given_back.notify_waiters();
        }
    }
}
