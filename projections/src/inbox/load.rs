//! Loads the rows that a batch needs before it is folded.

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::inbox::InboxEvent;
use domain::{Event, Position};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::fold::{Fold, Item, Key, ReadAll, Touched};

#[derive(FromRow)]
struct Received {
    user_id: Uuid,
    message_id: Uuid,
    position: Position,
    author_id: Uuid,
    seen_at: Option<DateTime<Utc>>,
    read_at: Option<DateTime<Utc>>,
    acknowledged_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
}

/// The items of receipts, and the last read-all of each acting user.
pub(super) async fn load(tx: &mut PgConnection, events: &[&Recorded], fold: &mut Fold) -> sqlx::Result<()> {
    let (mut keys, mut users) = (Vec::new(), Vec::new());
    for recorded in events {
        match &recorded.event {
            Ok(Event::Receipt(event)) => {
                let receiver = event.receiver();
                keys.push((receiver.user.uuid(), receiver.message.uuid()));
                users.push(receiver.user.uuid());
            }
            Ok(Event::Inbox(InboxEvent::InboxRead { user, .. })) => users.push(user.uuid()),
            _ => {}
        }
    }
    keys.sort_unstable();
    keys.dedup();
    users.sort_unstable();
    users.dedup();
    load_items(tx, keys, fold).await?;
    load_read_alls(tx, users, fold).await
}

async fn load_items(tx: &mut PgConnection, keys: Vec<Key>, fold: &mut Fold) -> sqlx::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let (users, messages): (Vec<Uuid>, Vec<Uuid>) = keys.into_iter().unzip();
    let rows: Vec<Received> = sqlx::query_as(
        "select r.user_id, r.message_id, r.position, r.author_id, r.seen_at, r.read_at, r.acknowledged_at, r.deleted_at
         from unnest($1::uuid[], $2::uuid[]) as k (user_id, message_id)
         join received r on r.user_id = k.user_id and r.message_id = k.message_id",
    )
    .bind(users)
    .bind(messages)
    .fetch_all(tx)
    .await?;
    fold.items.extend(rows.into_iter().map(|row| {
        let key = (row.user_id, row.message_id);
        let item = Item::from(row);
        (key, Touched { before: Some(item.clone()), now: Some(item) })
    }));
    Ok(())
}

async fn load_read_alls(tx: &mut PgConnection, users: Vec<Uuid>, fold: &mut Fold) -> sqlx::Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    let rows: Vec<(Uuid, Position, Position)> =
        sqlx::query_as("select user_id, position, up_to from inbox_reads where user_id = any($1)")
            .bind(users)
            .fetch_all(tx)
            .await?;
    fold.read_alls =
        rows.into_iter().map(|(user, position, up_to)| (user, ReadAll { position, up_to })).collect();
    Ok(())
}

impl From<Received> for Item {
    fn from(row: Received) -> Self {
        Self {
            position: row.position,
            author: row.author_id,
            seen_at: row.seen_at,
            read_at: row.read_at,
            acknowledged_at: row.acknowledged_at,
            deleted_at: row.deleted_at,
        }
    }
}
