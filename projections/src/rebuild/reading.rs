//! Reading the history once for all who fill at the same moment: reading and decoding cost as much as writing.

use std::sync::Arc;

use commands::log::{FeedError, History, Reader, Recorded};
use domain::Position;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// How many people the events of one batch name at least, unless the log ends: what a message or a chunk of an audience
/// begins, a receipt or an outcome a little later mostly finds in the same batch, where it costs no row of its own.
const BATCH_WEIGHT: usize = 10_000;
/// How many positions one batch covers at most, however few events of interest stand there.
const BATCH_POSITIONS_MAX: Position = 40_000;
/// How many batches are read ahead of the slowest.
const BATCHES_AHEAD: usize = 1;

/// The aggregate types whose events matter to somebody; none if all do.
type Types = Option<&'static [&'static str]>;
type Batch = sqlx::Result<Arc<History>>;

/// A stretch of the log, and for whom it will be read.
pub(super) struct Reading {
    log: Reader,
    after: Position,
    end: Position,
    types: Vec<Types>,
    readers: Vec<mpsc::Sender<Batch>>,
}

/// What one of them gets.
pub(super) struct Share {
    received: mpsc::Receiver<Batch>,
    end: Position,
}

impl Share {
    /// The position that the reading ends with.
    pub(super) const fn end(&self) -> Position {
        self.end
    }

    /// The next batch; also of events that matter only to others.
    pub(super) async fn next(&mut self) -> Batch {
        self.received.recv().await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl Reading {
    pub(super) fn new(log: &Reader, after: Position, end: Position) -> Self {
        Self { log: log.clone(), after, end, types: Vec::new(), readers: Vec::new() }
    }

    /// Joins somebody who wants the events of `types`.
    pub(super) fn join(&mut self, types: Types) -> Share {
        let (sender, received) = mpsc::channel(BATCHES_AHEAD);
        self.types.push(types);
        self.readers.push(sender);
        Share { received, end: self.end }
    }

    /// Reads until the end, until it fails or until nobody listens any more; dropping what comes back ends it too.
    pub(super) fn begin(self) -> AbortOnDropHandle<()> {
        AbortOnDropHandle::new(tokio::spawn(self.run()))
    }

    async fn run(mut self) {
        let types: Option<Vec<&str>> =
            self.types.iter().copied().collect::<Option<Vec<_>>>().map(|all| all.concat());
        let mut at = self.after;
        while at < self.end && !self.readers.is_empty() {
            match self.gather(types.as_deref(), at).await {
                Ok(batch) => {
                    at = batch.up_to;
                    self.hand_out(&Arc::new(batch)).await;
                }
                // The first hears why; the others find nobody reading for them any more.
                Err(error) => {
                    let first = self.readers.swap_remove(0);
                    self.readers.clear();
                    let _ = first.send(Err(error)).await;
                }
            }
        }
    }

    /// Those who gave up are forgotten.
    async fn hand_out(&mut self, batch: &Arc<History>) {
        for reader in std::mem::take(&mut self.readers) {
            if reader.send(Ok(Arc::clone(batch))).await.is_ok() {
                self.readers.push(reader);
            }
        }
    }

    /// Pages are small where events are large, and where few are of interest.
    async fn gather(&self, types: Option<&[&str]>, after: Position) -> sqlx::Result<History> {
        let mut batch = History { events: Vec::new(), up_to: after };
        let mut weight = 0;
        while weight < BATCH_WEIGHT && batch.up_to < self.end && batch.up_to - after < BATCH_POSITIONS_MAX {
            let page = self.log.history(batch.up_to, self.end, types).await.map_err(|error| match error {
                FeedError::Database(error) => error,
                FeedError::Keys(error) => sqlx::Error::Protocol(error.to_string()),
            })?;
            weight += page.events.iter().map(Recorded::weight).sum::<usize>();
            batch.events.extend(page.events);
            batch.up_to = page.up_to;
        }
        Ok(batch)
    }
}
