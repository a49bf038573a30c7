//! What a user has received: the list, the counts, the pop-up, and what is new since a position.

use chrono::{DateTime, Utc};
use domain::Position;
use domain::value::{MessageId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{PageRequest, Person, uuids};
use crate::page::Cursor;
use crate::search;

/// How many messages the pop-up shows.
pub const SUMMARY_ITEMS_MAX: i64 = 10;

/// A message in somebody's inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromRow, utoipa::ToSchema)]
pub struct InboxItem {
    /// The message.
    pub id: Uuid,
    /// Of the event that sent it; what `read-all` takes as `up_to`.
    pub position: Position,
    /// Who wrote it.
    #[sqlx(json)]
    pub author: Person,
    /// What it says.
    pub body: String,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// `normal` or `high`.
    pub priority: String,
    /// Whether the author asks for an acknowledgement.
    pub acknowledge: bool,
    /// The message it answers.
    pub in_reply_to: Option<Uuid>,
    /// When the recipient saw it first.
    pub seen_at: Option<DateTime<Utc>>,
    /// When the recipient read it, unless it was marked unread since.
    pub read_at: Option<DateTime<Utc>>,
    /// When the recipient acknowledged it.
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// How many messages an inbox has, deleted ones apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct Counts {
    /// Never shown.
    pub unseen: i64,
    /// Not read, or marked unread: the badge.
    pub unread: i64,
    /// All.
    pub total: i64,
}

/// A page of an inbox and the counts of the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InboxPage {
    /// Newest first.
    pub data: Vec<InboxItem>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
    /// Of the whole inbox, whatever the filters.
    pub counts: Counts,
}

/// The pop-up in one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InboxSummary {
    /// Of the whole inbox.
    pub counts: Counts,
    /// The newest unseen ones, at most [`SUMMARY_ITEMS_MAX`].
    pub newest: Vec<InboxItem>,
    /// Changes whenever the counts or a receipt do; for an ETag. Names of authors are not in it.
    #[serde(skip)]
    pub version: Position,
}

/// Which items are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// Read ones, unread ones, or both.
    pub state: InboxState,
    /// Only this author's.
    pub author: Option<UserId>,
    /// Only those whose body has this in it, whatever the case and accents.
    pub q: Option<String>,
}

/// Whether an item was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InboxState {
    /// Either.
    #[default]
    All,
    /// Not read, or marked unread.
    Unread,
    /// Read.
    Read,
}

/// A message that came into somebody's inbox.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Arrival {
    /// Whose inbox.
    pub user_id: Uuid,
    /// The message.
    #[sqlx(flatten)]
    pub item: InboxItem,
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
    /// When.
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
    /// Of the event.
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

/// The columns of an [`InboxItem`] from `inbox.inbox_items i` and `users.users u`.
const ITEM: &str = "i.message_id as id, i.position,
    json_build_object('id', i.author_id, 'name', u.name) as author, i.body, i.created_at, i.priority, i.acknowledge,
    i.in_reply_to, i.seen_at, i.read_at, i.acknowledged_at";

/// A page of a user's inbox, newest first, and the counts of the same moment.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    pool: &PgPool,
    user: UserId,
    filter: &InboxFilter,
    page: &PageRequest,
) -> sqlx::Result<InboxPage> {
    // Only what is asked for stands in the text, so that each filter finds its own index whatever plan is kept.
    let state = match filter.state {
        InboxState::All => "",
        InboxState::Unread => "and i.read_at is null",
        InboxState::Read => "and i.read_at is not null",
    };
    let author = if filter.author.is_some() { "i.author_id = $4" } else { "$4::uuid is null" };
    let pattern = filter.q.as_deref().and_then(search::pattern);
    let search = if pattern.is_some() { "i.search like $5" } else { "$5::text is null" };
    let items = format!(
        "select {ITEM}
         from inbox.inbox_items i
         left join users.users u on u.user_id = i.author_id
         where i.user_id = $1 and i.deleted_at is null {state} and i.position < $2 and {author} and {search}
         order by i.position desc
         limit $3"
    );
    let rows = sqlx::query_as::<_, ItemAndCounts>(&with_counts(&items))
        .bind(Uuid::from(user))
        .bind(page.before())
        .bind(page.rows())
        .bind(filter.author.map(Uuid::from))
        .bind(pattern)
        .fetch_all(pool)
        .await?;
    let (counts, _, items) = apart(rows);
    let page = page.page(items, |item| Cursor::at(item.position));
    Ok(InboxPage { data: page.data, next: page.next, counts })
}

/// The counts of a user's inbox.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(pool: &PgPool, user: UserId) -> sqlx::Result<Counts> {
    let counts = sqlx::query_as("select unseen, unread, total from inbox.inbox_counts where user_id = $1")
        .bind(Uuid::from(user))
        .fetch_optional(pool)
        .await?;
    Ok(counts.unwrap_or_default())
}

/// The counts and the newest unseen messages.
///
/// # Errors
/// When the database does not answer.
pub async fn summary(pool: &PgPool, user: UserId) -> sqlx::Result<InboxSummary> {
    let items = format!(
        "select {ITEM}
         from inbox.inbox_items i
         left join users.users u on u.user_id = i.author_id
         where i.user_id = $1 and i.deleted_at is null and i.seen_at is null
         order by i.position desc
         limit $2"
    );
    let rows = sqlx::query_as(&with_counts(&items))
        .bind(Uuid::from(user))
        .bind(SUMMARY_ITEMS_MAX)
        .fetch_all(pool)
        .await?;
    let (counts, version, newest) = apart(rows);
    Ok(InboxSummary { counts, newest, version })
}

/// One item of a user's inbox, also if the user deleted it: that takes it out of lists and counts only.
///
/// # Errors
/// When the database does not answer.
pub async fn item(pool: &PgPool, user: UserId, message: MessageId) -> sqlx::Result<Option<InboxItem>> {
    let text = format!(
        "select {ITEM}
         from inbox.inbox_items i
         left join users.users u on u.user_id = i.author_id
         where i.user_id = $1 and i.message_id = $2"
    );
    sqlx::query_as(&text).bind(Uuid::from(user)).bind(Uuid::from(message)).fetch_optional(pool).await
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

/// What one user received within positions, oldest first, at most `limit`: for a stream that is taken up again.
///
/// # Errors
/// When the database does not answer.
pub async fn missed(pool: &PgPool, user: UserId, since: Since, limit: i64) -> sqlx::Result<Vec<InboxItem>> {
    let text = format!(
        "select {ITEM}
         from inbox.inbox_items i
         left join users.users u on u.user_id = i.author_id
         where i.user_id = $1 and i.deleted_at is null and i.position > $2 and i.position <= $3
         order by i.position
         limit $4"
    );
    sqlx::query_as(&text)
        .bind(Uuid::from(user))
        .bind(since.after)
        .bind(since.until)
        .bind(limit)
        .fetch_all(pool)
        .await
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

/// A row of the counts joined with the items: one row without an item if there are none.
#[derive(FromRow)]
struct ItemAndCounts {
    #[sqlx(flatten)]
    counts: Counts,
    version: Position,
    #[sqlx(json(nullable))]
    item: Option<InboxItem>,
}

/// Items and counts in one statement, so that they are of the same moment. `items` has the user as `$1`.
fn with_counts(items: &str) -> String {
    format!(
        "select coalesce(c.unseen, 0) as unseen, coalesce(c.unread, 0) as unread, coalesce(c.total, 0) as total,
           coalesce(c.position, 0) as version, row_to_json(page) as item
         from (select $1::uuid as user_id) me
         left join inbox.inbox_counts c using (user_id)
         left join lateral ({items}) page on true
         order by page.position desc"
    )
}

fn apart(rows: Vec<ItemAndCounts>) -> (Counts, Position, Vec<InboxItem>) {
    let (counts, version) = rows.first().map_or((Counts::default(), 0), |row| (row.counts, row.version));
    (counts, version, rows.into_iter().filter_map(|row| row.item).collect())
}
