//! Which events name a delivery.

use domain::Position;
use domain::value::DeliveryId;
use sqlx::PgPool;

use super::place;

/// The positions of the events about many people that name a delivery: the chunk of the audience, outcomes, reports,
/// retries. Nothing for an id that is no delivery's.
pub(in crate::queries) async fn positions(
    pool: &PgPool,
    delivery: DeliveryId,
) -> sqlx::Result<Vec<Position>> {
    let Some(ordinal) = delivery.ordinal() else { return Ok(Vec::new()) };
    let (first, last) = delivery.notifications();
    sqlx::query_scalar(
        "select position from notifications.chunks where notification_id between $1 and $2 and chunk = $4
         union
         select position from notifications.outcomes where notification_id between $1 and $2 and ordinal = $3
         union
         select position from notifications.attempts where notification_id between $1 and $2 and ordinal = $3",
    )
    .bind(first.uuid())
    .bind(last.uuid())
    .bind(place(ordinal))
    .bind(i32::try_from(ordinal.chunk()).unwrap_or(i32::MAX))
    .fetch_all(pool)
    .await
}
