//! Reads the history once for all rebuilds that run together, because reading and decoding cost as much as writing.

use std::sync::Arc;

use commands::log::{FeedError, History, Reader, Recorded};
use domain::Position;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// How many people the events of one batch name at least, unless the log ends. In a large batch a receipt or an outcome
/// mostly meets the message or the chunk that it belongs to, and then needs no row to be read.
const BATCH_WEIGHT: usize = 10_000;
/// How many positions one batch covers at most, however few of the wanted events it contains.
const BATCH_POSITIONS_MAX: Position = 40_000;
/// How many batches are read ahead of the slowest rebuild.
const BATCHES_AHEAD: usize = 1;

/// The aggregate types whose events any of the rebuilds needs; none if all.
type Types = Option<&'static [&'static str]>;
type Batch = sqlx::Result<Arc<History>>;

/// A range of the log, and the rebuilds that it is read for.
pub(super) struct Reading {
    log: Reader,
    after: Position,
    end: Position,
    types: Vec<Types>,
    readers: Vec<mpsc::Sender<Batch>>,
}

/// The receiving end of one rebuild.
pub(super) struct Share {
    received: mpsc::Receiver<Batch>,
    end: Position,
}

impl Share {
    /// The position that the reading ends with.
    pub(super) const fn end(&self) -> Position {
        self.end
    }

    /// The next batch. It may hold events that only other rebuilds need.
    pub(super) async fn next(&mut self) -> Batch {
        self.received.recv().await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl Reading {
    pub(super) fn new(log: &Reader, after: Position, end: Position) -> Self {
        Self { log: log.clone(), after, end, types: Vec::new(), readers: Vec::new() }
    }

    /// Adds a rebuild that needs the events of `types`.
    pub(super) fn join(&mut self, types: Types) -> Share {
        let (sender, received) = mpsc::channel(BATCHES_AHEAD);
        self.types.push(types);
        self.readers.push(sender);
        Share { received, end: self.end }
    }

    /// Reads until the end, until it fails, or until no rebuild receives any more. Dropping the returned handle ends it
    /// too.
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
                // The first rebuild gets the error; the others find their channel closed.
                Err(error) => {
                    let first = self.readers.swap_remove(0);
                    self.readers.clear();
                    let _ = first.send(Err(error)).await;
                }
            }
        }
    }

    /// Rebuilds that gave up are removed.
    async fn hand_out(&mut self, batch: &Arc<History>) {
        for reader in std::mem::take(&mut self.readers) {
            if reader.send(Ok(Arc::clone(batch))).await.is_ok() {
                self.readers.push(reader);
            }
        }
    }

    /// Pages are small where events are large, and where few events are wanted.
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
