//! The history of some aggregate types, in pages: what a rebuild reads, without what it would throw away.

use domain::Position;
use sqlx::FromRow;

use super::page::{PAGE_BYTES_MAX, RawEvent};
use super::{EventLog, FeedError, Recorded, StoredEvent};

/// How many positions one page of history covers at most.
const HISTORY_POSITIONS_MAX: Position = 4_000;

/// As a page of the log, but only of some types. `found` tells a page that was cut from one that was read to its end.
const PAGE: &str = "
select position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
       payload::text as payload, metadata::text as metadata, metadata ->> 'company' as company, recorded_at, found
from (
  select *, sum(pg_column_size(payload)) over (order by position) - pg_column_size(payload) as bytes_before,
         count(*) over () as found
  from events
  where position > $1 and position <= $2 and ($4::text[] is null or aggregate_type = any($4))
) page
where bytes_before < $3
order by position";

/// A page of history.
#[derive(Debug)]
pub struct History {
    /// The events of the types that were asked for, in order.
    pub events: Vec<Recorded>,
    /// No other events of these types stand up to here.
    pub up_to: Position,
}

#[derive(FromRow)]
struct Found {
    #[sqlx(flatten)]
    raw: RawEvent,
    found: i64,
}

impl EventLog {
    /// The events of some aggregate types, or of all, after a position and no further than `end`, which must be
    /// committed: a page of them, bounded in events and bytes.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn history(
        &self,
        after: Position,
        end: Position,
        types: Option<&[&str]>,
    ) -> Result<History, FeedError> {
        let end = end.min(after + HISTORY_POSITIONS_MAX);
        let rows: Vec<Found> = sqlx::query_as(PAGE)
            .bind(after)
            .bind(end)
            .bind(PAGE_BYTES_MAX)
            .bind(types)
            .fetch_all(self.pool())
            .await?;
        let up_to = match rows.last() {
            Some(last) if (rows.len() as i64) < last.found => last.raw.position,
            _ => end,
        };
        let stored = rows.into_iter().map(|row| StoredEvent::from(row.raw)).collect();
        Ok(History { events: self.open_events(stored).await?, up_to })
    }
}
