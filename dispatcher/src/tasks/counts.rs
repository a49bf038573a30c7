//! What is being sent and what waits, for screens and for `/metrics`.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::value::{Channel, DeliveryId, NotificationId, Ordinal};
use sqlx::PgPool;
use uuid::Uuid;

use super::marks::{StartRow, started};

/// How many deliveries of each notification are being sent right now, by every dispatcher; about a second old at most.
/// Notifications with none are absent. Owners tell it with their beats.
///
/// # Errors
/// When the database does not answer.
pub async fn sending_counts(
    pool: &PgPool,
    notifications: &[NotificationId],
) -> sqlx::Result<HashMap<NotificationId, i64>> {
    let ids: Vec<Uuid> = notifications.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(
        "select sent.notification_id, sum(sent.sending)::bigint
         from send_owners, unnest(notifications, sending) as sent (notification_id, sending)
         where not is_fenced and sent.notification_id = any($1)
         group by sent.notification_id",
    )
    .bind(ids)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(id, count)| (id.into(), count)).collect())
}

/// The people of a notification who are being sent to at this moment, by their ordinals: at most `limit` after `after`, in
/// order. They were given to a provider, and the view has no outcome of it yet.
///
/// # Errors
/// When the database does not answer.
pub async fn sending(
    pool: &PgPool,
    notification: NotificationId,
    after: u32,
    limit: usize,
) -> sqlx::Result<Vec<u32>> {
    let mut sending = unsettled(pool, notification, None).await?;
    sending.retain(|ordinal| *ordinal > after);
    sending.truncate(limit);
    Ok(sending)
}

/// The deliveries of all notifications that are being sent at this moment, at most so many. Owners tell the notifications with
/// their beats.
///
/// # Errors
/// When the database does not answer.
pub async fn all_sending(pool: &PgPool, limit: usize) -> sqlx::Result<Vec<DeliveryId>> {
    let notifications: Vec<Uuid> = sqlx::query_scalar(
        "select distinct unnest(notifications) as notification_id from send_owners
         where not is_fenced order by notification_id desc limit $1",
    )
    .bind(limit as i64)
    .fetch_all(pool)
    .await?;
    let mut all = Vec::new();
    for notification in notifications.into_iter().map(NotificationId::from) {
        let ordinals = sending(pool, notification, 0, limit - all.len()).await?;
        let ordinals = ordinals.into_iter().filter_map(Ordinal::try_new);
        all.extend(ordinals.map(|ordinal| DeliveryId::of(notification, ordinal)));
        if all.len() >= limit {
            break;
        }
    }
    Ok(all)
}

/// The newest notifications of which something is to be sent, at most so many.
///
/// # Errors
/// When the database does not answer.
pub async fn open_notifications(pool: &PgPool, limit: usize) -> sqlx::Result<Vec<NotificationId>> {
    let open: Vec<Uuid> = sqlx::query_scalar(
        "select notification_id from send_notifications
         where completed_generation < generation and not cancelled
         order by notification_id desc
         limit $1",
    )
    .bind(limit as i64)
    .fetch_all(pool)
    .await?;
    Ok(open.into_iter().map(NotificationId::from).collect())
}

/// Which of these people of a notification are being sent to at this moment, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn sending_among(
    pool: &PgPool,
    notification: NotificationId,
    ordinals: &[u32],
) -> sqlx::Result<Vec<u32>> {
    let wanted: HashSet<u32> = ordinals.iter().copied().collect();
    let chunk = |ordinal: &u32| Ordinal::try_new(*ordinal).map(|ordinal| ordinal.chunk() as i32);
    let mut chunks: Vec<i32> = ordinals.iter().filter_map(chunk).collect();
    chunks.sort_unstable();
    chunks.dedup();
    let mut sending = unsettled(pool, notification, Some(chunks)).await?;
    sending.retain(|ordinal| wanted.contains(ordinal));
    Ok(sending)
}

/// Who is started and has no outcome of that attempt, in some chunks or in all that have a task. Bounded by what
/// dispatchers have in memory: marks go with their task.
async fn unsettled(
    pool: &PgPool,
    notification: NotificationId,
    chunks: Option<Vec<i32>>,
) -> sqlx::Result<Vec<u32>> {
    let rows: Vec<StartRow> = sqlx::query_as(
        "select notification_id, chunk, generation, attempt, members, provider, is_started from send_starts
         where notification_id = $1 and ($2::integer[] is null or chunk = any($2))
         order by chunk, id",
    )
    .bind(notification.uuid())
    .bind(chunks)
    .fetch_all(pool)
    .await?;
    let mut by_chunk = BTreeMap::<i32, Vec<StartRow>>::new();
    for row in rows {
        by_chunk.entry(row.chunk).or_default().push(row);
    }
    let attempts = by_chunk.iter().flat_map(|(chunk, rows)| {
        let ordinal = |member| Ordinal::of(chunk.unsigned_abs(), member);
        let started = started(rows).into_iter();
        started.filter_map(move |(member, mark)| Some((ordinal(member)?, mark.generation, mark.attempt)))
    });
    let attempts: Vec<(Ordinal, u32, u32)> = attempts.collect();
    let settled = settled(pool, notification, &attempts).await?;
    let numbers = attempts.into_iter().map(|(ordinal, ..)| ordinal.number());
    Ok(numbers.filter(|number| !settled.contains(&(*number as i32))).collect())
}

/// Those of these attempts of which the view has the outcome, or that of a later one.
async fn settled(
    pool: &PgPool,
    notification: NotificationId,
    attempts: &[(Ordinal, u32, u32)],
) -> sqlx::Result<HashSet<i32>> {
    if attempts.is_empty() {
        return Ok(HashSet::new());
    }
    let settled: Vec<i32> = sqlx::query_scalar(
        "select o.ordinal
         from unnest($2::integer[], $3::integer[], $4::integer[]) as asked (ordinal, generation, attempt)
         join notifications.outcomes o on o.notification_id = $1 and o.ordinal = asked.ordinal
         where (o.generation, o.attempt) >= (asked.generation, asked.attempt)",
    )
    .bind(notification.uuid())
    .bind(attempts.iter().map(|(ordinal, ..)| ordinal.number() as i32).collect::<Vec<_>>())
    .bind(attempts.iter().map(|(_, generation, _)| *generation as i32).collect::<Vec<_>>())
    .bind(attempts.iter().map(|(.., attempt)| *attempt as i32).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    Ok(settled.into_iter().collect())
}

/// Sets the gauges of how many people wait in tasks, and for how long, by channel and lane, in the process that is scraped.
///
/// # Errors
/// When the database does not answer.
pub async fn record_depth(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<()> {
    let rows: Vec<(String, i16, i64, DateTime<Utc>)> = sqlx::query_as(
        "select channel, lane, sum(people)::bigint, min(due_at) from send_tasks
         where stopped is null and not is_parked
         group by channel, lane order by channel, lane",
    )
    .fetch_all(pool)
    .await?;
    for &channel in Channel::WORDS {
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
