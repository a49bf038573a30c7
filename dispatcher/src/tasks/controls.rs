//! What the life of a notification means for its tasks: it is paused, resumed, moved to another time, approved, rejected or
//! cancelled by an event, and the rows that sending reads follow.
//!
//! The stream decides, never the event at hand. The intake and the process that answered the caller both come here, in any
//! order; each locks the notification and then reads its stream, so that the last of them writes what is true now.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use commands::begin;
use cqrs_es::Aggregate;
use domain::Event;
use domain::notification::{Beginning, Notification, NotificationState};
use domain::value::NotificationId;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

/// The aggregate type of notifications.
const NOTIFICATION: &str = "notification";

/// Brings the tasks of a notification in line with its stream. The intake does the same when it reads the event. It is done
/// here too, so that after the answer to a pause or a cancellation no send begins that was not under way.
///
/// # Errors
/// When the database does not answer; the intake will do it all the same.
pub async fn follow_notification(pool: &PgPool, notification: NotificationId) -> sqlx::Result<()> {
    let mut tx = begin(pool).await?;
    lock(&mut tx, &[notification.uuid()]).await?;
    follow(&mut tx, &[notification.uuid()]).await?;
    fail::fail_point!("follow::before_commit", |_| std::process::abort());
    tx.commit().await?;
    fail::fail_point!("follow::committed", |_| std::process::abort());
    Ok(())
}

/// Keeps everybody else who follows these notifications out until the end of the transaction, also before they have rows.
pub(crate) async fn lock(tx: &mut PgConnection, notifications: &[Uuid]) -> sqlx::Result<()> {
    if notifications.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "select pg_advisory_xact_lock(hashtext('send_notifications'), hashtext(id::text))
         from (select distinct id from unnest($1::uuid[]) as asked (id) order by id) sorted",
    )
    .bind(notifications)
    .execute(tx)
    .await?;
    Ok(())
}

/// Brings the rows of notifications in line with their streams. The caller has locked them in an earlier statement.
///
/// The lock on a notification is taken before those on its tasks, as a settlement does. Under it no task is inserted unseen,
/// for the resolver shares it.
pub(crate) async fn follow(tx: &mut PgConnection, notifications: &[Uuid]) -> sqlx::Result<()> {
    if notifications.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "select from send_notifications where notification_id = any($1) order by notification_id for no key update",
    )
    .bind(notifications)
    .execute(&mut *tx)
    .await?;
    let lives = lives(tx, notifications).await?;
    let controls: Vec<Controls> = lives.iter().map(|(id, life)| Controls::of(*id, life)).collect();
    set_notifications(tx, &controls).await?;
    set_beginnings(tx, &controls).await?;
    move_promises(tx, &controls).await?;
    stop_tasks(tx, &controls).await
}

/// Those of these notifications that have more events than their request.
pub(crate) async fn changed_since_request(
    tx: &mut PgConnection,
    notifications: &[Uuid],
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "select asked.id from unnest($1::uuid[]) as asked (id), lateral (
           select from events
           where aggregate_type = $2 and aggregate_id = asked.id::text and sequence = 2) more",
    )
    .bind(notifications)
    .bind(NOTIFICATION)
    .fetch_all(tx)
    .await
}

/// What a notification's life means for its rows.
struct Controls {
    notification: Uuid,
    is_cancelled: bool,
    is_paused: bool,
    /// When it begins, or expires without having begun.
    due_at: Option<DateTime<Utc>>,
    begins_at: Option<DateTime<Utc>>,
}

impl Controls {
    fn of(notification: Uuid, life: &Notification) -> Self {
        Self {
            notification,
            is_cancelled: life.state() == Some(NotificationState::Cancelled),
            is_paused: life.is_paused(),
            due_at: life.beginning().due_at(),
            begins_at: match life.beginning() {
                Beginning::At(time) => Some(time),
                Beginning::Begun | Beginning::Waits { .. } => None,
            },
        }
    }
}

#[derive(FromRow)]
struct Stored {
    aggregate_id: String,
    event_type: String,
    event_version: String,
    payload: String,
}

/// No key is needed: personal data stays sealed. An event that this version cannot read is left out, so that a cancellation
/// counts whatever stands before it.
async fn lives(tx: &mut PgConnection, notifications: &[Uuid]) -> sqlx::Result<BTreeMap<Uuid, Notification>> {
    let stored: Vec<Stored> = sqlx::query_as(
        "select aggregate_id, event_type, event_version, payload::text as payload
         from events
         where aggregate_type = $1 and aggregate_id in (select id::text from unnest($2::uuid[]) as asked (id))
         order by aggregate_id, sequence",
    )
    .bind(NOTIFICATION)
    .bind(notifications)
    .fetch_all(tx)
    .await?;
    let mut lives = BTreeMap::<Uuid, Notification>::new();
    for Stored { aggregate_id, event_type, event_version, payload } in stored {
        let event = Event::decode_text(NOTIFICATION, &event_type, &event_version, &payload);
        if let (Ok(id), Ok(Event::Notification(event))) = (Uuid::parse_str(&aggregate_id), event) {
            lives.entry(id).or_default().apply(event);
        }
    }
    Ok(lives)
}

async fn set_notifications(tx: &mut PgConnection, controls: &[Controls]) -> sqlx::Result<()> {
    sqlx::query(
        "update send_notifications n set cancelled = c.cancelled, paused = c.paused
         from unnest($1::uuid[], $2::boolean[], $3::boolean[]) as c (notification_id, cancelled, paused)
         where n.notification_id = c.notification_id
           and (n.cancelled, n.paused) is distinct from (c.cancelled, c.paused)",
    )
    .bind(controls.iter().map(|of| of.notification).collect::<Vec<_>>())
    .bind(controls.iter().map(|of| of.is_cancelled).collect::<Vec<_>>())
    .bind(controls.iter().map(|of| of.is_paused).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Only of what has not begun. An audience that another is beginning at this moment is left alone: it begins, or finds that
/// the stream has moved and comes here itself.
async fn set_beginnings(tx: &mut PgConnection, controls: &[Controls]) -> sqlx::Result<()> {
    sqlx::query(
        "with waiting as materialized (
           select a.notification_id, a.generation, c.cancelled, c.due_at
           from audiences a
           join unnest($1::uuid[], $2::boolean[], $3::timestamptz[]) as c (notification_id, cancelled, due_at)
             on c.notification_id = a.notification_id
           where a.generation = 1 and a.due_at is not null and not a.closed
           for update of a skip locked)
         update audiences a set due_at = coalesce(w.due_at, 'infinity'), closed = w.cancelled
         from waiting w where a.notification_id = w.notification_id and a.generation = w.generation",
    )
    .bind(controls.iter().map(|of| of.notification).collect::<Vec<_>>())
    .bind(controls.iter().map(|of| of.is_cancelled).collect::<Vec<_>>())
    .bind(controls.iter().map(|of| of.due_at).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// What is promised to a notification counts on the day on which it begins.
async fn move_promises(tx: &mut PgConnection, controls: &[Controls]) -> sqlx::Result<()> {
    sqlx::query(
        "update send_promises p set begins_at = c.begins_at
         from unnest($1::uuid[], $2::timestamptz[]) as c (notification_id, begins_at)
         where p.notification_id = c.notification_id and p.begins_at <> c.begins_at",
    )
    .bind(controls.iter().map(|of| of.notification).collect::<Vec<_>>())
    .bind(controls.iter().map(|of| of.begins_at).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// What nobody has of a cancelled notification is then settled by the housekeeper. An owner asks with each beat.
async fn stop_tasks(tx: &mut PgConnection, controls: &[Controls]) -> sqlx::Result<()> {
    sqlx::query(
        "with wanted as materialized (
           select t.notification_id, t.chunk, t.stopped,
                  case when c.cancelled then 'cancelled'
                       when t.stopped in ('cancelled', 'expired') then t.stopped
                       when c.paused then 'paused' end as wanted
           from unnest($1::uuid[], $2::boolean[], $3::boolean[]) as c (notification_id, cancelled, paused)
           join send_tasks t on t.notification_id = c.notification_id
           order by t.notification_id, t.chunk
           for update of t)
         update send_tasks t set stopped = w.wanted
         from wanted w
         where t.notification_id = w.notification_id and t.chunk = w.chunk and w.stopped is distinct from w.wanted",
    )
    .bind(controls.iter().map(|of| of.notification).collect::<Vec<_>>())
    .bind(controls.iter().map(|of| of.is_cancelled).collect::<Vec<_>>())
    .bind(controls.iter().map(|of| of.is_paused).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}
