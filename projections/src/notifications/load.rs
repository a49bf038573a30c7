//! The rows that a batch will need, read before it is folded.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::notification::AudienceEvent;
use domain::{Event, Position};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::fold::Fold;
use super::rows::{Delivery, Notification, State, Totals};

/// What a batch is about.
#[derive(Default)]
struct Wanted {
    notifications: HashSet<Uuid>,
    deliveries: HashSet<Uuid>,
    clients: HashSet<Uuid>,
}

pub(super) async fn load(tx: &mut PgConnection, events: &[&Recorded], fold: &mut Fold) -> sqlx::Result<()> {
    let mut wanted = Wanted::default();
    for event in events {
        wanted.event(event);
    }
    load_notifications(tx, wanted.notifications, fold).await?;
    load_deliveries(tx, wanted.deliveries, fold).await?;
    load_erased(tx, wanted.clients, fold).await
}

impl Wanted {
    fn event(&mut self, recorded: &Recorded) {
        match (&recorded.event, recorded.id()) {
            (Ok(Event::Notification(_)), Some(id)) => {
                self.notifications.insert(id);
            }
            (
                Ok(Event::Audience(AudienceEvent::AudienceChunkResolved {
                    notification, recipients, ..
                })),
                _,
            ) => {
                self.notifications.insert(notification.uuid());
                self.deliveries.extend(recipients.iter().map(|recipient| recipient.delivery.uuid()));
                self.clients.extend(recipients.iter().map(|recipient| recipient.client.uuid()));
            }
            (Ok(Event::Delivery(event)), Some(id)) => {
                self.notifications.insert(event.attempt().notification.uuid());
                self.clients.insert(event.attempt().client.uuid());
                self.deliveries.insert(id);
            }
            _ => {}
        }
    }
}

#[derive(FromRow)]
struct NotificationRow {
    notification_id: Uuid,
    generation: i32,
    closed_generation: i32,
    #[sqlx(json)]
    excluded: BTreeMap<String, u64>,
    cancelled_at: Option<DateTime<Utc>>,
    pending: i64,
    accepted: i64,
    deferred: i64,
    failed: i64,
    suppressed: i64,
    in_doubt: i64,
    cancelled: i64,
    delivered: i64,
    position: Position,
}

async fn load_notifications(tx: &mut PgConnection, ids: HashSet<Uuid>, fold: &mut Fold) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<NotificationRow> = sqlx::query_as(
        "select notification_id, generation, closed_generation, excluded, cancelled_at, pending, accepted, deferred,
                failed, suppressed, in_doubt, cancelled, delivered, position
         from notifications where notification_id = any($1)",
    )
    .bind(ids.into_iter().collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    fold.notifications = rows.into_iter().map(|row| (row.notification_id, row.into())).collect();
    Ok(())
}

impl From<NotificationRow> for Notification {
    fn from(row: NotificationRow) -> Self {
        let mut totals = Totals::default();
        totals.add(State::Pending, row.pending);
        totals.add(State::Accepted, row.accepted);
        totals.add(State::Deferred, row.deferred);
        totals.add(State::Failed, row.failed);
        totals.add(State::Suppressed, row.suppressed);
        totals.add(State::InDoubt, row.in_doubt);
        totals.add(State::Cancelled, row.cancelled);
        totals.add(State::Delivered, row.delivered);
        Self {
            requested: None,
            generation: row.generation,
            closed_generation: row.closed_generation,
            excluded: row.excluded,
            cancelled_at: row.cancelled_at,
            totals,
            position: row.position,
        }
    }
}

#[derive(FromRow)]
struct DeliveryRow {
    delivery_id: Uuid,
    notification_id: Uuid,
    state: String,
    generation: i32,
    class: Option<String>,
    code: Option<String>,
    position: Position,
}

async fn load_deliveries(tx: &mut PgConnection, ids: HashSet<Uuid>, fold: &mut Fold) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<DeliveryRow> = sqlx::query_as(
        "select delivery_id, notification_id, state, generation, class, code, position
         from unnest($1::uuid[]) as w (delivery_id) join deliveries using (delivery_id)",
    )
    .bind(ids.into_iter().collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    fold.deliveries = rows
        .into_iter()
        .filter_map(|row| {
            let delivery = Delivery {
                notification: row.notification_id,
                resolved: None,
                state: State::of(&row.state)?,
                generation: row.generation,
                class: row.class,
                code: row.code,
                position: row.position,
            };
            Some((row.delivery_id, delivery))
        })
        .collect();
    Ok(())
}

async fn load_erased(tx: &mut PgConnection, ids: HashSet<Uuid>, fold: &mut Fold) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<Uuid> =
        sqlx::query_scalar("select client_id from erased_clients where client_id = any($1)")
            .bind(ids.into_iter().collect::<Vec<_>>())
            .fetch_all(tx)
            .await?;
    fold.erased = rows.into_iter().collect();
    Ok(())
}
