//! The history of some aggregate types, in pages: a rebuild reads only the events that it uses.

use chrono::{DateTime, Utc};
use domain::Position;
use futures::{Stream, TryStreamExt, stream};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::page::PAGE_BYTES_MAX;
use super::{FeedError, Keys, Reader, Recorded, StoredEvent, open};

/// How many positions one page of history covers at most.
const HISTORY_POSITIONS_MAX: Position = 4_000;

/// How many bytes of payload one page holds: more than a page of a feed, because a rebuild reads whole pages one after
/// the other.
const HISTORY_BYTES_MAX: i64 = 4 * PAGE_BYTES_MAX;

/// How many pages are unsealed and decoded at once.
const PAGES_OPENED_AT_ONCE: usize = 2;

/// A page of the log with some types only, as an array of each column: a row of the answer costs the client more than the
/// event in it. Most ranges fit into a page, so the cut is computed only when `is_cut` says that this one does not. The
/// events are not sorted: they arrive nearly in order, and a planner without statistics would copy each of them to sort.
const PAGE: &str = "
select array_agg(position) as position, array_agg(event_id) as event_id, array_agg(aggregate_type) as aggregate_type,
       array_agg(aggregate_id) as aggregate_id, array_agg(sequence) as sequence, array_agg(event_type) as event_type,
       array_agg(event_version) as event_version, array_agg(payload::text) as payload,
       array_agg(metadata::text) as metadata, array_agg(recorded_at) as recorded_at,
       coalesce(bool_or(cut_at is not null), false) as is_cut
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

/// The columns of a page; all are null where it has no events.
#[derive(FromRow)]
struct Columns {
    position: Option<Vec<Position>>,
    event_id: Option<Vec<Uuid>>,
    aggregate_type: Option<Vec<String>>,
    aggregate_id: Option<Vec<String>>,
    sequence: Option<Vec<i64>>,
    event_type: Option<Vec<String>>,
    event_version: Option<Vec<String>>,
    payload: Option<Vec<String>>,
    metadata: Option<Vec<String>>,
    recorded_at: Option<Vec<DateTime<Utc>>>,
    is_cut: bool,
}

impl Columns {
    fn events(self) -> Vec<StoredEvent> {
        fn each<T>(column: Option<Vec<T>>) -> impl Iterator<Item = T> {
            column.into_iter().flatten()
        }
        let (mut event_ids, mut aggregate_types) = (each(self.event_id), each(self.aggregate_type));
        let (mut aggregate_ids, mut sequences) = (each(self.aggregate_id), each(self.sequence));
        let (mut event_types, mut event_versions) = (each(self.event_type), each(self.event_version));
        let (mut payloads, mut metadata) = (each(self.payload), each(self.metadata));
        let mut times = each(self.recorded_at);
        let event = |position| {
            Some(StoredEvent {
                position,
                event_id: event_ids.next()?,
                aggregate_type: aggregate_types.next()?,
                aggregate_id: aggregate_ids.next()?,
                sequence: sequences.next()?,
                event_type: event_types.next()?,
                event_version: event_versions.next()?,
                payload: payloads.next()?,
                metadata: metadata.next()?,
                recorded_at: times.next()?,
            })
        };
        each(self.position).map_while(event).collect()
    }
}

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
    let page: Columns = sqlx::query_as(PAGE)
        .bind(after)
        .bind(end)
        .bind(HISTORY_BYTES_MAX)
        .bind(types)
        .fetch_one(pool)
        .await?;
    let (is_cut, mut events) = (page.is_cut, page.events());
    events.sort_unstable_by_key(|event| event.position);
    let up_to = events.last().filter(|_| is_cut).map_or(end, |last| last.position);
    Ok(StoredPage { events, up_to })
}

async fn opened(keys: Keys, StoredPage { events, up_to }: StoredPage) -> Result<History, FeedError> {
    let events = open::open_history(&keys, events).await?;
    Ok(History { events, up_to })
}
