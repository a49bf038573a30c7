//! What is new in inboxes since a position, for those who watch.

use chrono::{DateTime, Utc};
use domain::Position;
use domain::value::{MessageId, UserId};
use serde::Serialize;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Counts, ITEM, InboxItem};
use crate::page::{fitting, sized};
use crate::queries::uuids;

/// A message that came into somebody's inbox.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Arrival {
    /// Whose inbox.
    pub user_id: Uuid,
    /// The message.
    #[sqlx(flatten)]
    pub item: InboxItem,
}

/// What one user missed, as much as a page holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Oldest first.
    pub items: Vec<InboxItem>,
    /// Whether there is more behind them.
    pub more: bool,
}

/// What a recipient did, for the message's author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct ReceiptNews {
    /// Of the event; one read-all gives many news of one position.
    #[serde(skip)]
    pub position: Position,
    /// Who is told.
    #[serde(skip)]
    pub author_id: Uuid,
    /// The message.
    pub message_id: Uuid,
    /// Who did it.
    pub user_id: Uuid,
    /// `seen`, `read`, `unread` or `acknowledged`.
    pub kind: String,
    /// When the recipient did it.
    pub at: DateTime<Utc>,
    /// How many have read the message now.
    pub read: i64,
    /// How many have acknowledged it now.
    pub acknowledged: i64,
    /// How many it was sent to.
    pub recipients: i64,
}

/// A message that left somebody's inbox because its author took it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct WithdrawalNews {
    /// The event's position.
    #[serde(skip)]
    pub position: Position,
    /// Whose inbox.
    #[serde(skip)]
    pub user_id: Uuid,
    /// The message.
    pub message_id: Uuid,
}

/// Counts that changed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CountsNews {
    /// Whose inbox.
    pub user_id: Uuid,
    /// Of the event that changed them last.
    pub position: Position,
    /// The counts now.
    #[sqlx(flatten)]
    pub counts: Counts,
}

/// Positions, the first excluded and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// What was told already.
    pub after: Position,
    /// How far the projection is.
    pub until: Position,
}

/// How many messages one update holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Of messages.
    pub messages: i64,
    /// Of their copies for those who listen: a message has no more than it has recipients.
    pub copies: i64,
    /// How many listen.
    pub listeners: i64,
}

impl Room {
    /// Whether so many messages fit, whoever they are to.
    pub const fn holds(self, messages: i64) -> bool {
        messages <= self.messages && messages.saturating_mul(self.listeners) <= self.copies
    }
}

/// The position of the message within positions with which a room is full; none if all fit.
///
/// # Errors
/// When the database does not answer.
pub async fn full_at(pool: &PgPool, since: Since, room: Room) -> sqlx::Result<Option<Position>> {
    sqlx::query_scalar(
        "select position
         from (
           select position, row_number() over in_order as messages,
                  sum(least(recipients, $5)) over in_order as copies
           from (
             select position, recipients
             from inbox.sent_messages
             where position > $1 and position <= $2 and withdrawn_at is null
             order by position
             limit $3) next
           window in_order as (order by position)) told
         where messages >= $3 or copies >= $4
         order by position
         limit 1",
    )
    .bind(since.after)
    .bind(since.until)
    .bind(room.messages)
    .bind(room.copies)
    .bind(room.listeners)
    .fetch_optional(pool)
    .await
}

/// What came into the inboxes of `users` within positions, oldest first, at most `limit`; deleted items are left out.
/// If `limit` are given there may be more: ask again after the last one's position, since a message's recipients are
/// never cut apart.
///
/// # Errors
/// When the database does not answer.
pub async fn arrivals(
    pool: &PgPool,
    users: &[UserId],
    since: Since,
    limit: i64,
) -> sqlx::Result<Vec<Arrival>> {
    let text = format!(
        "with messages as materialized (
           select message_id from inbox.sent_messages
           where position > $2 and position <= $3 and withdrawn_at is null
           order by position
           limit $4
         )
         select i.user_id, {ITEM}
         from messages
         join inbox.inbox_items i using (message_id)
         join unnest($1::uuid[]) as w (user_id) on w.user_id = i.user_id
         left join users.users u on u.user_id = i.author_id
         where i.deleted_at is null
         order by i.position, i.user_id"
    );
    sqlx::query_as(&text)
        .bind(uuids(users))
        .bind(since.after)
        .bind(since.until)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// What one user received within positions, oldest first, as much as a page holds: for a stream that is taken up again.
///
/// # Errors
/// When the database does not answer.
pub async fn missed(pool: &PgPool, user: UserId, since: Since, limit: usize) -> sqlx::Result<Missed> {
    let text = format!(
        "select {ITEM}
         from inbox.inbox_items i
         left join users.users u on u.user_id = i.author_id
         where i.user_id = $1 and i.deleted_at is null and i.position > $2 and i.position <= $3
         order by i.position
         limit $4"
    );
    let rows = sqlx::query_as(&sized(&text, "octet_length(body)", "position"))
        .bind(Uuid::from(user))
        .bind(since.after)
        .bind(since.until)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
        .fetch_all(pool)
        .await?;
    let (items, more) = fitting(rows, limit);
    Ok(Missed { items, more })
}

/// What was done with the messages of `authors` within positions, oldest first, at most `limit`. One position can have
/// many rows, so the next page begins after the last row's position *and* message and user.
///
/// # Errors
/// When the database does not answer.
pub async fn receipts(
    pool: &PgPool,
    authors: &[UserId],
    since: Since,
    after_row: Option<(MessageId, UserId)>,
    limit: i64,
) -> sqlx::Result<Vec<ReceiptNews>> {
    let (message, user) =
        after_row.map_or((Uuid::max(), Uuid::max()), |(message, user)| (message.uuid(), user.uuid()));
    sqlx::query_as(
        "select l.position, l.author_id, l.message_id, l.user_id, l.kind, l.at, m.read, m.acknowledged, m.recipients
         from inbox.receipt_log l
         join unnest($1::uuid[]) as w (author_id) on w.author_id = l.author_id
         join inbox.sent_messages m on m.message_id = l.message_id
         where (l.position, l.message_id, l.user_id) > ($2, $4, $5) and l.position <= $3
         order by l.position, l.message_id, l.user_id
         limit $6",
    )
    .bind(uuids(authors))
    .bind(since.after)
    .bind(since.until)
    .bind(message)
    .bind(user)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// What left the inboxes of `users` within positions because it was withdrawn, oldest first, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn withdrawals(
    pool: &PgPool,
    users: &[UserId],
    since: Since,
    limit: i64,
) -> sqlx::Result<Vec<WithdrawalNews>> {
    sqlx::query_as(
        "select l.position, l.user_id, l.message_id
         from unnest($1::uuid[]) as w (user_id)
         join inbox.withdrawals l on l.user_id = w.user_id
         where l.position > $2 and l.position <= $3
         order by l.position, l.user_id
         limit $4",
    )
    .bind(uuids(users))
    .bind(since.after)
    .bind(since.until)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Positions up to this one have no receipts and withdrawals any more: a stream that was cut before it must begin anew.
///
/// # Errors
/// When the database does not answer.
pub async fn horizon(pool: &PgPool) -> sqlx::Result<Position> {
    sqlx::query_scalar("select position from inbox.receipt_horizon").fetch_one(pool).await
}

/// The counts of `users` that changed after a position, as they are now.
///
/// # Errors
/// When the database does not answer.
pub async fn changed_counts(
    pool: &PgPool,
    users: &[UserId],
    after: Position,
) -> sqlx::Result<Vec<CountsNews>> {
    sqlx::query_as(
        "select c.user_id, c.position, c.unseen, c.unread, c.total
         from inbox.inbox_counts c
         join unnest($1::uuid[]) as w (user_id) on w.user_id = c.user_id
         where c.position > $2
         order by c.position",
    )
    .bind(uuids(users))
    .bind(after)
    .fetch_all(pool)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_holds_so_many_messages_to_so_many() {
        let room = |listeners| Room { messages: 500, copies: 1_000, listeners };
        for (listeners, most) in [(0, 500), (1, 500), (2, 500), (10, 100), (1_000, 1), (1_001, 0)] {
            assert!(room(listeners).holds(most) && !room(listeners).holds(most + 1), "{listeners}");
        }
    }
}
