//! Reads the history once for all rebuilds that run together, because reading and decoding cost as much as writing.

use std::pin::pin;
use std::sync::Arc;

use commands::log::{FeedError, History, Reader, Recorded};
use domain::Position;
use futures::{Stream, TryStreamExt};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// How many people the events of one batch name at least, unless the log ends. In a large batch a receipt or an outcome
/// mostly meets the message or the chunk that it belongs to, and then needs no row to be read.
const BATCH_WEIGHT: usize = 10_000;
/// How many pages one batch holds at most, however few of the wanted events they contain.
const BATCH_PAGES_MAX: usize = 10;
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
        let types = self.types.iter().copied().collect::<Option<Vec<_>>>().map(|all| all.concat());
        let mut pages = pin!(self.log.history(self.after, self.end, types));
        while !self.readers.is_empty()
            && let Some(batch) = gather(pages.as_mut()).await.transpose()
        {
            match batch {
                Ok(batch) => self.hand_out(&Arc::new(batch)).await,
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
}

/// The next batch; none at the end. Pages are small where events are large, and where few events are wanted.
async fn gather(
    mut pages: impl Stream<Item = Result<History, FeedError>> + Unpin,
) -> sqlx::Result<Option<History>> {
    let Some(mut batch) = next(&mut pages).await? else { return Ok(None) };
    let (mut weight, mut count) = (weight_of(&batch), 1);
    while weight < BATCH_WEIGHT
        && count < BATCH_PAGES_MAX
        && let Some(page) = next(&mut pages).await?
    {
        (weight, count) = (weight + weight_of(&page), count + 1);
        batch.events.extend(page.events);
        batch.up_to = page.up_to;
    }
    Ok(Some(batch))
}

async fn next(
    pages: &mut (impl Stream<Item = Result<History, FeedError>> + Unpin),
) -> sqlx::Result<Option<History>> {
    pages.try_next().await.map_err(|error| match error {
        FeedError::Database(error) => error,
        FeedError::Keys(error) => sqlx::Error::Protocol(error.to_string()),
    })
}

fn weight_of(page: &History) -> usize {
    page.events.iter().map(Recorded::weight).sum()
}
