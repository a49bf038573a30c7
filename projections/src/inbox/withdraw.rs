//! Withdrawn messages: the effect on inboxes, counts and live updates.

use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::changes::Changes;
use super::fold::{Counted, Fold, Left};

/// Removes a withdrawn message from every inbox, and the updates for its author.
pub(super) async fn withdraw(tx: &mut PgConnection, fold: &Fold, changes: &mut Changes) -> sqlx::Result<()> {
    if fold.withdrawn.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = fold.withdrawn.keys().copied().collect();
    sqlx::query(
        "update sent_messages m set withdrawn_at = w.at, read = 0, acknowledged = 0
         from unnest($1::uuid[], $2::timestamptz[]) as w (message_id, at)
         where m.message_id = w.message_id",
    )
    .bind(&ids)
    .bind(fold.withdrawn.values().map(|withdrawn| withdrawn.at).collect::<Vec<_>>())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "delete from receipt_log
         where message_id = any($1)
           and position > (select min(position) from sent_messages where message_id = any($1))",
    )
    .bind(&ids)
    .execute(&mut *tx)
    .await?;
    let mut left = fold.left.clone();
    for row in delete_received(tx, &ids).await? {
        left.extend(uncount(fold, &row, changes));
    }
    insert_withdrawals(tx, &left).await
}

/// Subtracts items that were not loaded from the counts; the others were counted in the fold.
fn uncount(fold: &Fold, row: &Deleted, changes: &mut Changes) -> Option<Left> {
    if fold.items.contains_key(&(row.user_id, row.message_id)) || row.deleted {
        return None;
    }
    let by = Counted { unseen: -i64::from(row.unseen), unread: -i64::from(row.unread), total: -1 };
    let position = fold.withdrawn.get(&row.message_id).map_or(0, |withdrawn| withdrawn.position);
    changes.add(row.user_id, by, position);
    Some(Left { user: row.user_id, message: row.message_id, position })
}

async fn insert_withdrawals(tx: &mut PgConnection, left: &[Left]) -> sqlx::Result<()> {
    if left.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into withdrawals (user_id, position, message_id)
         select * from unnest($1::uuid[], $2::bigint[], $3::uuid[])",
    )
    .bind(left.iter().map(|left| left.user).collect::<Vec<_>>())
    .bind(left.iter().map(|left| left.position).collect::<Vec<_>>())
    .bind(left.iter().map(|left| left.message).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct Deleted {
    user_id: Uuid,
    message_id: Uuid,
    unseen: bool,
    unread: bool,
    deleted: bool,
}

async fn delete_received(tx: &mut PgConnection, messages: &[Uuid]) -> sqlx::Result<Vec<Deleted>> {
    sqlx::query_as(
        "delete from received
         where message_id = any($1)
         returning user_id, message_id, seen_at is null as unseen, read_at is null as unread,
                   deleted_at is not null as deleted",
    )
    .bind(messages)
    .fetch_all(tx)
    .await
}
