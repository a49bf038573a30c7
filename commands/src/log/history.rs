//! The history of some aggregate types, in pages: a rebuild reads only the events that it uses. It comes by COPY, which
//! costs both sides less a row than the answer to a query.

use domain::Position;
use futures::{Stream, TryStreamExt, stream};
use sqlx::{Executor, PgPool};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::copied::CopiedEvents;
use super::page::PAGE_BYTES_MAX;
use super::stored::COLUMNS;
use super::{FeedError, Keys, Reader, Recorded, StoredEvent, open};
use crate::GuardedConnection;

/// How many positions one COPY covers at most: it holds a snapshot until its last page is taken.
const HISTORY_POSITIONS_MAX: Position = 4_000;

/// How many bytes of payload one page holds: more than a page of a feed, because a rebuild reads whole pages one after
/// the other.
const HISTORY_BYTES_MAX: usize = 4 * PAGE_BYTES_MAX as usize;

/// How many pages are unsealed and decoded at once.
const PAGES_OPENED_AT_ONCE: usize = 2;

/// Plans that read all of the table, or sort a range of it, are not considered: without statistics the planner prefers
/// them, and a sort copies every row.
const BY_POSITION: &str =
    "set local enable_sort = off; set local enable_seqscan = off; set local enable_bitmapscan = off";

/// A page of history.
#[derive(Debug)]
pub struct History {
    /// The events of the types that were asked for, in order.
    pub events: Vec<Recorded>,
    /// The log holds no other events of these types up to this position.
    pub up_to: Position,
}

/// A page as it is stored.
struct StoredPage {
    events: Vec<StoredEvent>,
    up_to: Position,
}

/// See [`Reader::history`]. The next page is read while this one is unsealed and decoded, which takes longer.
pub(super) fn read(
    reader: Reader,
    after: Position,
    end: Position,
    types: Option<Vec<&'static str>>,
) -> impl Stream<Item = Result<History, FeedError>> {
    let (pool, keys) = (reader.pool().clone(), reader.keys().clone());
    pages(pool, after, end, types)
        .map_err(FeedError::from)
        .map_ok(move |page| opened(keys.clone(), page))
        .try_buffered(PAGES_OPENED_AT_ONCE)
}

/// All events after a position and no further than `end`, in order, as they are stored, in pages: for those who have a
/// database and no keys. A page may be empty.
pub fn stored_events(
    pool: PgPool,
    after: Position,
    end: Position,
) -> impl Stream<Item = sqlx::Result<Vec<StoredEvent>>> {
    pages(pool, after, end, None).map_ok(|page| page.events)
}

fn pages(
    pool: PgPool,
    after: Position,
    end: Position,
    types: Option<Vec<&'static str>>,
) -> impl Stream<Item = sqlx::Result<StoredPage>> {
    let (sender, received) = mpsc::channel(1);
    let reading = AbortOnDropHandle::new(tokio::spawn(async move {
        let pages = Pages { pool, types, sender };
        if let Err(error) = pages.read(after, end).await {
            let _ = pages.sender.send(Err(error)).await;
        }
    }));
    stream::unfold((received, reading), |(mut received, reading)| async move {
        Some((received.recv().await?, (received, reading)))
    })
}

/// Reads pages until the end, or until nobody takes them.
struct Pages {
    pool: PgPool,
    types: Option<Vec<&'static str>>,
    sender: mpsc::Sender<sqlx::Result<StoredPage>>,
}

impl Pages {
    async fn read(&self, mut after: Position, end: Position) -> sqlx::Result<()> {
        while after < end && !self.sender.is_closed() {
            let up_to = end.min(after + HISTORY_POSITIONS_MAX);
            self.read_range(after, up_to).await?;
            after = up_to;
        }
        Ok(())
    }

    /// Reads a range of positions as one page, or as several if its payloads are large.
    async fn read_range(&self, after: Position, up_to: Position) -> sqlx::Result<()> {
        let mut connection = GuardedConnection::acquire(&self.pool).await?;
        let mut tx = connection.begin().await?;
        tx.execute(BY_POSITION).await?;
        let mut copy = tx.copy_out_raw(&self.statement(after, up_to)).await?;
        let (mut copied, mut events, mut bytes) = (CopiedEvents::default(), Vec::new(), 0);
        while let Some(data) = copy.try_next().await? {
            copied.receive(&data);
            while let Some(event) = copied.next()? {
                bytes += event.payload.len();
                let position = event.position;
                events.push(event);
                if bytes >= HISTORY_BYTES_MAX {
                    let page = StoredPage { events: std::mem::take(&mut events), up_to: position };
                    if self.sender.send(Ok(page)).await.is_err() {
                        return Ok(());
                    }
                    bytes = 0;
                }
            }
        }
        drop(copy);
        tx.commit().await?;
        connection.give_back();
        let _ = self.sender.send(Ok(StoredPage { events, up_to })).await;
        Ok(())
    }

    /// COPY takes no parameters. The names of types are the program's own.
    fn statement(&self, after: Position, up_to: Position) -> String {
        let types =
            self.types.as_ref().map(|types| format!(" and aggregate_type in ('{}')", types.join("', '")));
        format!(
            "copy (
               select {COLUMNS} from events where position > {after} and position <= {up_to}{} order by position
             ) to stdout (format binary)",
            types.unwrap_or_default()
        )
    }
}

async fn opened(keys: Keys, StoredPage { events, up_to }: StoredPage) -> Result<History, FeedError> {
    let events = open::open_history(&keys, events).await?;
    Ok(History { events, up_to })
}
