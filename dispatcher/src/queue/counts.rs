//! What the queue holds, for screens and for `/metrics`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::value::{DeliveryId, NotificationId};
use sqlx::PgPool;
use uuid::Uuid;

/// How many deliveries of each notification are being sent right now, by every dispatcher; about a second old at most.
/// Notifications with none are absent.
///
/// Owners tell it with their beats. To count the rows instead would read every row of a notification that waits, for no
/// index names the state: 80 ms for a hundred thousand, every time somebody looks.
///
/// # Errors
/// When the database does not answer.
pub async fn sending_counts(
    pool: &PgPool,
    notifications: &[NotificationId],
) -> sqlx::Result<HashMap<NotificationId, i64>> {
    let ids: Vec<Uuid> = notifications.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(
        "select hand.notification_id, sum(hand.sending)::bigint
         from send_owners, unnest(notifications, sending) as hand (notification_id, sending)
         where not condemned and hand.notification_id = any($1)
         group by hand.notification_id",
    )
    .bind(ids)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(id, count)| (id.into(), count)).collect())
}

/// The deliveries of a notification that some dispatcher has in hand at this moment, at most `limit` of them, by their ids.
/// Reads every row of the notification that waits, for no index names the state.
///
/// # Errors
/// When the database does not answer.
pub async fn sending(
    pool: &PgPool,
    notification: NotificationId,
    limit: i64,
) -> sqlx::Result<Vec<DeliveryId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select delivery_id
         from send_queue
         where notification_id = $1 and state in ('claimed', 'started')
         order by delivery_id
         limit $2",
    )
    .bind(notification.uuid())
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(ids.into_iter().map(DeliveryId::from).collect())
}

/// Which of these deliveries some dispatcher has in hand at this moment.
///
/// # Errors
/// When the database does not answer.
pub async fn sending_among(pool: &PgPool, deliveries: Vec<Uuid>) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "select delivery_id from send_queue where delivery_id = any($1) and state in ('claimed', 'started')",
    )
    .bind(deliveries)
    .fetch_all(pool)
    .await
}

/// Sets the gauges of the queue's depth and age, by channel and lane, in the process that is scraped. Reads only the index
/// of due rows.
///
/// # Errors
/// When the database does not answer.
pub async fn record_depth(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<()> {
    let rows: Vec<(String, i16, i64, DateTime<Utc>)> = sqlx::query_as(
        "select channel, lane, count(*), min(due_at) from send_queue group by channel, lane order by channel, lane",
    )
    .fetch_all(pool)
    .await?;
    for channel in ["email", "sms"] {
        for lane in super::LANES {
            let found = rows.iter().find(|(name, number, ..)| name == channel && *number == lane);
            let (depth, age) =
                found.map_or((0, 0), |(_, _, depth, due)| (*depth, (now - due).num_milliseconds().max(0)));
            metrics::gauge!("mensajeria_queue_depth", "channel" => channel, "lane" => lane.to_string())
                .set(depth as f64);
            metrics::gauge!("mensajeria_queue_age_seconds", "channel" => channel, "lane" => lane.to_string())
                .set(age as f64 / 1_000.0);
        }
    }
    Ok(())
}
