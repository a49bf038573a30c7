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

/// Events as the feed gave them: at least one, in order and without a gap.
pub(crate) type Batch = Arc<[Recorded]>;

/// The log after any position; cheap at its end, where the projectors are together.
pub(crate) struct Source {
    log: EventLog,
    kept: Mutex<Kept>,
    feed: tokio::sync::Mutex<Feed>,
    /// Where the feed stands, also while somebody waits for it.
    at: AtomicI64,
}

/// The last batches, each of which goes on where the one before it ends.
#[derive(Default)]
struct Kept(VecDeque<Batch>);

impl Source {
    pub(crate) fn new(log: EventLog, broker: Option<Broker>) -> Self {
        let feed = tokio::sync::Mutex::new(log.feed(broker, 0));
        Self { log, kept: Mutex::default(), feed, at: AtomicI64::new(0) }
    }

    /// Waits for the events after a position: all that is kept of them, so that whoever is behind catches up in one
    /// transaction; at least one, in order and without a gap. They may begin earlier. It may be dropped at any await.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub(crate) async fn next(&self, after: Position) -> Result<Vec<Batch>, FeedError> {
        let kept = self.kept().after(after);
        if !kept.is_empty() {
            return Ok(kept);
        }
        if after < self.at.load(Ordering::Acquire) {
            return self.read_alone(after).await;
        }
        let mut feed = self.feed.lock().await;
        // Whoever held the feed before may have brought it, or gone on.
        let kept = self.kept().after(after);
        if !kept.is_empty() {
            return Ok(kept);
        }
        if after < feed.position() {
            drop(feed);
            return self.read_alone(after).await;
        }
        self.lead_to(after, &mut feed);
        let batch: Batch = feed.next().await?.into();
        self.kept().keep(Arc::clone(&batch));
        self.at.store(feed.position(), Ordering::Release);
        Ok(vec![batch])
    }

    /// Whoever is ahead takes the feed along: the others read for themselves until they are there.
    fn lead_to(&self, after: Position, feed: &mut Feed) {
        if feed.position() < after {
            *self.kept() = Kept::default();
            feed.seek(after);
            self.at.store(after, Ordering::Release);
        }
    }

    /// Somebody far behind reads for himself, so as neither to hold the others up nor to drag them back.
    async fn read_alone(&self, after: Position) -> Result<Vec<Batch>, FeedError> {
        Ok(vec![self.log.feed(None, after).next().await?.into()])
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The batches with events after a position; none if the first of those is kept no more, or not there yet.
    fn after(&self, position: Position) -> Vec<Batch> {
        let first = self.0.front().and_then(|batch| batch.first());
        if first.is_none_or(|first| first.position > position + 1) {
            return Vec::new();
        }
        let goes_beyond = |batch: &&Batch| batch.last().is_some_and(|last| last.position > position);
        self.0.iter().filter(goes_beyond).cloned().collect()
    }

    fn keep(&mut self, batch: Batch) {
        self.0.push_back(batch);
        while self.0.len() > 1 && self.weight() > KEPT_WEIGHT_MAX {
            self.0.pop_front();
        }
    }

    fn weight(&self) -> usize {
        self.0.iter().flat_map(|batch| batch.iter()).map(Recorded::weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use domain::Event;
    use domain::inbox::InboxEvent;

    use super::*;
    use crate::samples::{id, recorded};

    fn batch(positions: impl IntoIterator<Item = Position>) -> Batch {
        let read = |position| {
            let event = InboxEvent::InboxRead { user: id(1).into(), up_to: 0 };
            recorded(position, id(1), Event::Inbox(event))
        };
        positions.into_iter().map(read).collect()
    }

    fn positions(kept: &Kept, after: Position) -> Vec<Position> {
        kept.after(after).iter().flat_map(|batch| batch.iter()).map(|event| event.position).collect()
    }

    #[test]
    fn whoever_is_behind_is_given_all_that_is_kept() {
        let mut kept = Kept::default();
        for events in [5..=5, 6..=8, 9..=9] {
            kept.keep(batch(events));
        }
        assert_eq!(positions(&kept, 4), [5, 6, 7, 8, 9]);
        assert_eq!(positions(&kept, 7), [6, 7, 8, 9]);
        assert_eq!(positions(&kept, 8), [9]);
        assert_eq!(positions(&kept, 9), [] as [Position; 0]);
        assert_eq!(positions(&kept, 3), [] as [Position; 0], "the fourth is not there");
    }

    #[test]
    fn only_the_last_are_kept_but_those_whole() {
        let mut kept = Kept::default();
        let page = KEPT_WEIGHT_MAX as Position;
        kept.keep(batch(1..=page));
        assert_eq!(positions(&kept, 0).len(), KEPT_WEIGHT_MAX);
        kept.keep(batch([page + 1]));
        assert_eq!(positions(&kept, 0), [] as [Position; 0]);
        assert_eq!(positions(&kept, page), [page + 1]);
    }
}
