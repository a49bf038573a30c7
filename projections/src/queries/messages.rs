//! Messages as their authors see them: one message, the sent ones, and how they were received.

use chrono::{DateTime, Utc};
use commands::log::{FeedError, Reader};
use domain::Position;
use domain::value::{MessageId, UserId};
use serde::Serialize;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::users::names;
use super::{Page, PageRequest, Person};
use crate::inbox::{Item, before_withdrawal};
use crate::page::{Cursor, sized};

/// How many recipients a message names where it is one of many: the others are a number.
pub const TO_MAX: i64 = 3;

/// A message with its recipients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct Message {
    /// The message.
    #[sqlx(flatten)]
    #[serde(flatten)]
    pub sent: SentMessage,
    /// The user who wrote it.
    #[sqlx(json)]
    pub author: Person,
    /// The recipients, at most 5,000; none once it is withdrawn.
    #[sqlx(json)]
    pub recipients: Vec<Person>,
    /// When its author withdrew it.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// A message with the numbers of its receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct SentMessage {
    /// The message.
    pub id: Uuid,
    /// The position of the event that sent it.
    pub position: Position,
    /// The text.
    pub body: String,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// `normal` or `high`.
    pub priority: String,
    /// Whether the author asks for an acknowledgement.
    pub acknowledge: bool,
    /// The message it answers.
    pub in_reply_to: Option<Uuid>,
    /// The first recipients, at most [`TO_MAX`], by their ids.
    #[sqlx(json)]
    pub to: Vec<Person>,
    /// The number of recipients.
    pub recipient_count: i64,
    /// How many recipients have read it; 0 once it is withdrawn, though the receipts remain.
    pub read_count: i64,
    /// How many recipients have acknowledged it; 0 once it is withdrawn.
    pub acknowledged_count: i64,
}

/// The receipt of one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct ReceiptRow {
    /// The recipient.
    #[sqlx(json)]
    pub user: Person,
    /// When it was first seen.
    pub seen_at: Option<DateTime<Utc>>,
    /// When it was read; none if it was marked unread later.
    pub read_at: Option<DateTime<Utc>>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// The columns of a [`SentMessage`] from `inbox.sent_messages m`.
fn columns() -> String {
    let to = first_recipients();
    format!(
        "m.message_id as id, m.position, m.body, m.created_at, m.priority, m.acknowledge, m.in_reply_to,
         ({to}) as \"to\", m.recipients as recipient_count, m.read as read_count,
         m.acknowledged as acknowledged_count"
    )
}

/// The first recipients of the message `m`.
fn first_recipients() -> String {
    format!(
        "select coalesce(json_agg(json_build_object('id', r.user_id, 'name', u.name) order by r.user_id), '[]')
         from (
           select user_id from inbox.received where message_id = m.message_id order by user_id limit {TO_MAX}
         ) r
         left join users.users u using (user_id)"
    )
}

/// To whom a message went, as far as every recipient may know: without receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct Addressed {
    /// The first recipients, at most [`TO_MAX`], by their ids.
    #[sqlx(json)]
    pub to: Vec<Person>,
    /// The number of recipients.
    pub recipient_count: i64,
}

/// To whom a message went; none if there is no such message.
///
/// # Errors
/// When the database does not answer.
pub async fn addressed(pool: &PgPool, message: MessageId) -> sqlx::Result<Option<Addressed>> {
    let to = first_recipients();
    let text = format!(
        "select ({to}) as \"to\", m.recipients as recipient_count
         from inbox.sent_messages m
         where m.message_id = $1"
    );
    sqlx::query_as(&text).bind(Uuid::from(message)).fetch_optional(pool).await
}

/// One message, withdrawn ones too. Whether the caller may see it is not asked here: compare `author` and `recipients`.
///
/// # Errors
/// When the database does not answer.
pub async fn message(pool: &PgPool, message: MessageId) -> sqlx::Result<Option<Message>> {
    let columns = columns();
    let text = format!(
        "select {columns}, m.withdrawn_at, json_build_object('id', m.author_id, 'name', a.name) as author,
           (select coalesce(json_agg(json_build_object('id', r.user_id, 'name', u.name) order by r.user_id), '[]')
            from inbox.received r
            left join users.users u using (user_id)
            where r.message_id = m.message_id) as recipients
         from inbox.sent_messages m
         left join users.users a on a.user_id = m.author_id
         where m.message_id = $1"
    );
    sqlx::query_as(&text).bind(Uuid::from(message)).fetch_optional(pool).await
}

/// What a user has sent, newest first; withdrawn messages are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn sent(pool: &PgPool, author: UserId, page: &PageRequest) -> sqlx::Result<Page<SentMessage>> {
    let columns = columns();
    let text = format!(
        "select {columns}
         from inbox.sent_messages m
         where m.author_id = $1 and m.withdrawn_at is null and m.position < $2
         order by m.position desc
         limit $3"
    );
    let text = sized(&text, "octet_length(body)", "position desc");
    let rows = sqlx::query_as::<_, SentMessage>(&text)
        .bind(Uuid::from(author))
        .bind(page.before())
        .bind(page.rows())
        .fetch_all(pool)
        .await?;
    Ok(page.page(rows, |row| Cursor::at(row.position)))
}

/// How a message was received: a row per recipient, by the recipients' ids; also for those who deleted it.
///
/// # Errors
/// When the database does not answer.
pub async fn receipts(
    pool: &PgPool,
    message: MessageId,
    page: &PageRequest,
) -> sqlx::Result<Page<ReceiptRow>> {
    let rows = sqlx::query_as::<_, ReceiptRow>(
        "select json_build_object('id', r.user_id, 'name', u.name) as user, r.seen_at, r.read_at, r.acknowledged_at
         from inbox.received r
         left join users.users u using (user_id)
         where r.message_id = $1 and r.user_id > $2
         order by r.user_id
         limit $3",
    )
    .bind(Uuid::from(message))
    .bind(page.after_id())
    .bind(page.rows())
    .fetch_all(pool)
    .await?;
    Ok(page.page(rows, |row| Cursor::of(row.user.id)))
}

/// The same of a message that its author took back, as it was until then: from its history, since no inbox has it any
/// more.
///
/// # Errors
/// See [`FeedError`].
pub async fn receipts_before_withdrawal(
    log: &Reader,
    message: MessageId,
    page: &PageRequest,
) -> Result<Page<ReceiptRow>, FeedError> {
    let received = before_withdrawal(log, message, page).await?;
    let users: Vec<UserId> = received.iter().map(|(user, _)| *user).collect();
    let mut names = names(log.pool(), &users).await?;
    let row = |(user, item): (UserId, Item)| ReceiptRow {
        user: Person { id: user.uuid(), name: names.remove(&user) },
        seen_at: item.seen_at,
        read_at: item.read_at,
        acknowledged_at: item.acknowledged_at,
    };
    Ok(page.page(received.into_iter().map(row).collect(), |row| Cursor::of(row.user.id)))
}
