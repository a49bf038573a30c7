//! Pages of the log by position, bounded in rows and in bytes, with the JSON left as text.

use domain::Position;
use sqlx::PgPool;
use uuid::Uuid;

use super::stored::COLUMNS;
use super::{PAGE_EVENTS_MAX, StoredEvent};

/// About how many bytes of payload one page holds; a larger event is a page of its own.
pub const PAGE_BYTES_MAX: i64 = 1024 * 1024;

/// A range instead of a limit: positions are dense, and a planner without statistics still takes the index. The end of
/// the page is computed first, from sizes only, because sums over whole rows would copy them. The size is the stored
/// one, so that large payloads beyond the page are not read.
const PAGE: &str = "
where position > $1 and position <= (
  select max(position)
  from (
    select position, sum(pg_column_size(payload)) over (order by position rows unbounded preceding)
                     - pg_column_size(payload) as bytes_before
    from events
    where position > $1 and position <= $1 + $2
  ) sizes
  where bytes_before < $3
)
order by position";

/// The position of the last committed event; 0 if there is none.
pub(super) async fn head(pool: &PgPool) -> sqlx::Result<Position> {
    sqlx::query_scalar("select coalesce(max(position), 0) from events").fetch_one(pool).await
}

/// The events after a position, in order, as many as fit into a page.
pub(super) async fn after(pool: &PgPool, position: Position) -> sqlx::Result<Vec<StoredEvent>> {
    sqlx::query_as(&format!("select {COLUMNS} from events {PAGE}"))
        .bind(position)
        .bind(PAGE_EVENTS_MAX)
        .bind(PAGE_BYTES_MAX)
        .fetch_all(pool)
        .await
}

/// The head of the log, and the id of the event at a position.
pub(crate) async fn head_and_id(pool: &PgPool, position: Position) -> sqlx::Result<(Position, Option<Uuid>)> {
    sqlx::query_as(
        "select coalesce(max(position), 0), (select event_id from events where position = $1) from events",
    )
    .bind(position)
    .fetch_one(pool)
    .await
}
