//! The state of a notification at an earlier position, folded by the domain's aggregates: its life from its own events,
//! its people from the chunks frozen by then, its deliveries from their streams. No key is needed: sealed data stays
//! sealed.

use std::collections::HashMap;

use commands::log::Recorded;
use cqrs_es::Aggregate;
use domain::Event;
use domain::deliveries::{DELIVERIES, Deliveries, DeliveryState, deliveries_stream};
use domain::notification::Approval;
use domain::value::{NotificationId, first_members};
use sqlx::{FromRow, PgPool};

use super::fold::Fold;
use super::rows::Notification;
use crate::queries::notifications::{Stood, Totals, Until};

/// How many chunks are folded at once: some ten thousand people.
const CHUNKS_IN_MEMORY: i64 = 20;

/// A chunk that was frozen by then.
#[derive(FromRow)]
struct Chunk {
    chunk: i32,
    people: i32,
}

/// The stored events of a chunk's deliveries.
#[derive(FromRow)]
struct Stored {
    aggregate_id: String,
    event_type: String,
    event_version: String,
    payload: String,
}

/// `own` are its events up to that position; none if they do not begin with its request.
pub(crate) async fn as_of(
    pool: &PgPool,
    notification: NotificationId,
    own: &[Recorded],
    until: Until,
) -> sqlx::Result<Option<Stood>> {
    let mut fold = Fold::default();
    for event in own {
        fold.event(event);
    }
    let Some(known) = fold.notifications.remove(&notification.uuid()) else { return Ok(None) };
    let (mut totals, mut after) = (Totals::default(), 0);
    loop {
        let chunks = chunks(pool, notification, after, until).await?;
        let Some(last) = chunks.last() else { break };
        after = last.chunk;
        let deliveries = deliveries(pool, notification, &chunks, until).await?;
        for Chunk { chunk, people } in chunks {
            let stream = deliveries_stream(notification, chunk.unsigned_abs());
            count(&mut totals, deliveries.get(&stream), people.unsigned_abs() as usize);
        }
    }
    if !known.audience_closed {
        totals.total = 0;
    }
    Ok(Some(stood(&known, totals)))
}

async fn chunks(
    pool: &PgPool,
    notification: NotificationId,
    after: i32,
    until: Until,
) -> sqlx::Result<Vec<Chunk>> {
    sqlx::query_as(
        "select chunk, people
         from notifications.chunks
         where notification_id = $1 and chunk > $2 and position <= $3 and ($4::timestamptz is null or at <= $4)
         order by chunk
         limit $5",
    )
    .bind(notification.uuid())
    .bind(after)
    .bind(until.position)
    .bind(until.at)
    .bind(CHUNKS_IN_MEMORY)
    .fetch_all(pool)
    .await
}

/// The deliveries of some chunks, from their streams. Events after an unreadable one are ignored, as the tables park
/// them.
async fn deliveries(
    pool: &PgPool,
    notification: NotificationId,
    chunks: &[Chunk],
    until: Until,
) -> sqlx::Result<HashMap<String, Deliveries>> {
    let streams: Vec<String> =
        chunks.iter().map(|chunk| deliveries_stream(notification, chunk.chunk.unsigned_abs())).collect();
    let events: Vec<Stored> = sqlx::query_as(
        "select aggregate_id, event_type, event_version, payload::text as payload
         from events
         where aggregate_type = $1 and aggregate_id = any($2) and position <= $3
           and ($4::timestamptz is null or recorded_at <= $4)
         order by aggregate_id, sequence",
    )
    .bind(DELIVERIES)
    .bind(streams)
    .bind(until.position)
    .bind(until.at)
    .fetch_all(pool)
    .await?;
    let (mut all, mut parked) = (HashMap::<String, Deliveries>::new(), String::new());
    for Stored { aggregate_id, event_type, event_version, payload } in events {
        if aggregate_id == parked {
            continue;
        }
        match Event::decode_text(DELIVERIES, &event_type, &event_version, &payload) {
            Ok(Event::Deliveries(event)) => all.entry(aggregate_id).or_default().apply(event),
            _ => parked = aggregate_id,
        }
    }
    Ok(all)
}

fn count(totals: &mut Totals, deliveries: Option<&Deliveries>, people: usize) {
    totals.total += people as i64;
    let Some(deliveries) = deliveries else {
        totals.pending += people as i64;
        return;
    };
    for member in first_members(people).iter() {
        *match deliveries.get(member).state.word() {
            DeliveryState::Pending => &mut totals.pending,
            DeliveryState::Accepted => &mut totals.accepted,
            DeliveryState::Delivered => &mut totals.delivered,
            DeliveryState::Deferred => &mut totals.deferred,
            DeliveryState::Failed => &mut totals.failed,
            DeliveryState::Suppressed => &mut totals.suppressed,
            DeliveryState::InDoubt => &mut totals.in_doubt,
            DeliveryState::Cancelled => &mut totals.cancelled,
        } += 1;
    }
}

fn stood(notification: &Notification, totals: Totals) -> Stood {
    let requested = notification.requested.as_ref();
    let excluded = notification.excluded.iter().map(|(reason, count)| (reason.clone(), count.cast_signed()));
    Stood {
        state: notification.life.state(),
        generation: notification.life.generation().cast_signed(),
        requested_at: requested.map(|requested| requested.requested_at),
        expires_at: requested.and_then(|requested| requested.expires_at),
        cancelled_at: notification.cancelled_at,
        send_at: notification.life.send_at(),
        begun_at: notification.begun_at,
        approval: notification.life.approval().map(Approval::state),
        excluded: excluded.collect(),
        totals,
    }
}
