//! The history of some aggregate types, in pages: a rebuild reads only the events that it uses.

use domain::Position;
use futures::{Stream, TryStreamExt, stream};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};

use super::page::PAGE_BYTES_MAX;
use super::stored::COLUMNS;
use super::{FeedError, Keys, Reader, Recorded, StoredEvent, open};

/// How many positions one page of history covers at most.
const HISTORY_POSITIONS_MAX: Position = 4_000;

/// How many bytes of payload one page holds: more than a page of a feed, because a rebuild reads whole pages one after
/// the other.
const HISTORY_BYTES_MAX: i64 = 4 * PAGE_BYTES_MAX;

/// How many pages are unsealed and decoded at once.
const PAGES_OPENED_AT_ONCE: usize = 2;

/// A page of the log with some types only. Most ranges fit into a page, so the cut is computed only when `is_cut` says
/// that this one does not. The rows are not sorted: they arrive nearly in order, and a planner without statistics would
/// copy each of them to sort.
const PAGE: &str = "
from events, (
  select case when sum(pg_column_size(payload)) > $3 then (
    select min(position)
    from (
      select position, sum(pg_column_size(payload)) over (order by position rows unbounded preceding)
                       - pg_column_size(payload) as bytes_before
      from events
      where position > $1 and position <= $2 and ($4::text[] is null or aggregate_type = any($4))
    ) sizes
    where bytes_before >= $3
  ) end as cut_at
  from events
  where position > $1 and position <= $2 and ($4::text[] is null or aggregate_type = any($4))
) cut
where position > $1 and position < coalesce(cut_at, $2 + 1) and ($4::text[] is null or aggregate_type = any($4))";

/// A page of history.
#[derive(Debug)]
pub struct History {
    /// The events of the types that were asked for, in order.
    pub events: Vec<Recorded>,
    /// The log holds no other events of these types up to this position.
    pub up_to: Position,
}

struct Found {
    event: StoredEvent,
    is_cut: bool,
}

impl FromRow<'_, PgRow> for Found {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self { event: StoredEvent::from_row(row)?, is_cut: row.try_get(10)? })
    }
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
    let pages = stream::try_unfold(after, move |after| {
        let (pool, types) = (pool.clone(), types.clone());
        async move {
            if after >= end {
                return Ok(None);
            }
            let page = read_page(&pool, after, end, types.as_deref()).await?;
            let up_to = page.up_to;
            Ok(Some((page, up_to)))
        }
    });
    pages.map_ok(move |page| opened(keys.clone(), page)).try_buffered(PAGES_OPENED_AT_ONCE)
}

async fn read_page(
    pool: &PgPool,
    after: Position,
    end: Position,
    types: Option<&[&str]>,
) -> sqlx::Result<StoredPage> {
    let end = end.min(after + HISTORY_POSITIONS_MAX);
    let text = format!("select {COLUMNS}, cut_at is not null as is_cut {PAGE}");
    let mut rows: Vec<Found> = sqlx::query_as(&text)
        .bind(after)
        .bind(end)
        .bind(HISTORY_BYTES_MAX)
        .bind(types)
        .fetch_all(pool)
        .await?;
    rows.sort_unstable_by_key(|row| row.event.position);
    let up_to = match rows.last() {
        Some(last) if last.is_cut => last.event.position,
        _ => end,
    };
    Ok(StoredPage { events: rows.into_iter().map(|row| row.event).collect(), up_to })
}

async fn opened(keys: Keys, StoredPage { events, up_to }: StoredPage) -> Result<History, FeedError> {
    let events = open::open_history(&keys, events).await?;
    Ok(History { events, up_to })
}
