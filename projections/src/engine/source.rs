//! One feed for all projectors of a process: each event is read, unsealed and decoded once, not once a projection.

use std::sync::{Mutex, MutexGuard, PoisonError};

use commands::broker::Broker;
use commands::log::{Feed, FeedError, Reader};
use domain::Position;
use tokio::sync::Notify;

use super::turns::{Batch, Turn, Turns};

/// How much is kept for projectors that are a little slower, in events weighed by the people they name; the last batch
/// always is. A projector that finds nothing kept reads and decodes everything for itself.
const KEPT_WEIGHT_MAX: usize = 2_000;

/// The log after any position; cheap at its end, where the projectors are together.
pub(crate) struct Source {
    log: Reader,
    turns: Mutex<Turns<Feed>>,
    /// Wakes every projector that waits, each time the feed is given back.
    given_back: Notify,
}

/// The shared feed in the hands of one projector. Dropped at any await, it is given back, and the others go on.
struct Lead<'a> {
    source: &'a Source,
    feed: Option<Feed>,
}

impl Source {
    pub(crate) fn new(log: Reader, broker: Option<Broker>) -> Self {
        let turns = Turns::new(log.feed(broker, 0), KEPT_WEIGHT_MAX);
        Self { log, turns: Mutex::new(turns), given_back: Notify::new() }
    }

    /// Waits for the events after a position: all that is kept of them, so that a projector that is behind catches up in
    /// one transaction; at least one, in order and without a gap. They may begin earlier. It may be dropped at any await.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub(crate) async fn next(&self, after: Position) -> Result<Vec<Batch>, FeedError> {
        loop {
            // Made before the look: a feed that is given back in between has woken it already.
            let given_back = self.given_back.notified();
            let turn = self.turns().take(after);
            match turn {
                Turn::Kept(batches) => return Ok(batches),
                Turn::ReadAlone => return self.read_alone(after).await,
                Turn::Lead(feed) => return self.lead(feed, after).await,
                Turn::Wait => given_back.await,
            }
        }
    }

    async fn lead(&self, feed: Feed, after: Position) -> Result<Vec<Batch>, FeedError> {
        let mut lead = Lead { source: self, feed: Some(feed) };
        let batch = lead.read(after).await?;
        self.turns().keep(Batch::clone(&batch));
        Ok(vec![batch])
    }

    /// A projector far behind reads for itself, so as neither to hold the others up nor to drag them back.
    async fn read_alone(&self, after: Position) -> Result<Vec<Batch>, FeedError> {
        Ok(vec![self.log.feed(None, after).next().await?.into()])
    }

    /// Never held across an await.
    fn turns(&self) -> MutexGuard<'_, Turns<Feed>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead<'_> {
    /// The next events; the feed goes to where its leader is first.
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
