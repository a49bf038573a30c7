//! What a user has received: the list, the counts, the pop-up, and what is new since a position.

mod news;

use chrono::{DateTime, Utc};
use domain::Position;
use domain::value::{MessageId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

pub use self::news::{
    Arrival, CountsNews, Missed, ReceiptNews, Room, Since, WithdrawalNews, arrivals, changed_counts, full_at,
    horizon, missed, receipts, withdrawals,
};
use super::{PageRequest, Person, users};
use crate::page::{Cursor, sized};
use crate::search;

/// How many messages the pop-up shows: at most 10,000 characters each, so it stays within a page.
pub const SUMMARY_ITEMS_MAX: i64 = 10;

/// A message in an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromRow, utoipa::ToSchema)]
pub struct InboxItem {
    /// The message.
    pub id: Uuid,
    /// The position of the event that sent it: the `up_to` of `read-all`.
    pub position: Position,
    /// The user who wrote it.
    #[sqlx(json)]
    pub author: Person,
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
    /// When the recipient first saw it.
    pub seen_at: Option<DateTime<Utc>>,
    /// When the recipient read it; none if it was marked unread later.
    pub read_at: Option<DateTime<Utc>>,
    /// When the recipient acknowledged it.
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// The numbers of messages in an inbox, without deleted ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct Counts {
    /// Messages that were never shown.
    pub unseen: i64,
    /// Messages that are not read or marked unread: the number on the badge.
    pub unread: i64,
    /// All messages.
    pub total: i64,
}

/// A page of an inbox and the counts of the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InboxPage {
    /// The messages, newest first.
    pub data: Vec<InboxItem>,
    /// The `after` of the next page; none on the last page.
    pub next: Option<String>,
    /// The counts of the whole inbox, whatever the filters.
    pub counts: Counts,
}

/// The counts and the newest messages, for a pop-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InboxSummary {
    /// The counts of the whole inbox.
    pub counts: Counts,
    /// The newest unseen ones, at most [`SUMMARY_ITEMS_MAX`].
    pub newest: Vec<InboxItem>,
}

/// Which items are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// Read ones, unread ones, those that wait for the user, or all.
    pub state: InboxState,
    /// Only this author's.
    pub author: Option<UserId>,
    /// Only those whose body, or whose author's name, has each word of this, whatever the case, the accents and the order.
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
    /// An acknowledgement is asked for and not given, or the priority is high and it was not read.
    Pending,
}

/// The columns of an [`InboxItem`] from `inbox.inbox_items i` and `users.users u`.
const ITEM: &str = "i.message_id as id, i.position,
    json_build_object('id', i.author_id, 'name', u.name) as author, i.body, i.created_at, i.priority, i.acknowledge,
    i.in_reply_to, i.seen_at, i.read_at, i.acknowledged_at";

/// What waits for the recipient. No index of its own: it is looked for from the newest on, once a visit.
const PENDING: &str =
    "and ((i.acknowledge and i.acknowledged_at is null) or (i.priority = 'high' and i.read_at is null))";

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
    // The statement contains only the given filters, so that each combination uses its own index even with a cached
    // plan.
    let state = match filter.state {
        InboxState::All => "",
        InboxState::Unread => "and i.read_at is null",
        InboxState::Read => "and i.read_at is not null",
        InboxState::Pending => PENDING,
    };
    let author = if filter.author.is_some() { "i.author_id = $4" } else { "$4::uuid is null" };
    let patterns = filter.q.as_deref().and_then(search::patterns);
    let search = if patterns.is_some() { searched() } else { "$5::text[] is null".to_owned() };
    let items = format!(
        "select {ITEM}
         from inbox.inbox_items i
         left join users.users u on u.user_id = i.author_id
         where i.user_id = $1 and i.deleted_at is null {state} and i.position < $2 and {author} and {search}
         order by i.position desc
         limit $3"
    );
    let items = sized(&items, "octet_length(body)", "position desc");
    let rows = sqlx::query_as::<_, ItemAndCounts>(&with_counts(&items))
        .bind(Uuid::from(user))
        .bind(page.before())
        .bind(page.rows())
        .bind(filter.author.map(Uuid::from))
        .bind(patterns)
        .fetch_all(pool)
        .await?;
    let (counts, items) = apart(rows);
    let page = page.page(items, |item| Cursor::at(item.position));
    Ok(InboxPage { data: page.data, next: page.next, counts })
}

/// Whether the text or the author's name has all of `$5` in it. The name is cut out only where it may decide.
fn searched() -> String {
    let name = users::NAME;
    format!("(i.search like all($5) or (u.search like all($5) and {name} like all($5)))")
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
    let (counts, newest) = apart(rows);
    Ok(InboxSummary { counts, newest })
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

/// A row of the counts joined with the items: one row without an item if there are none.
#[derive(FromRow)]
struct ItemAndCounts {
    #[sqlx(flatten)]
    counts: Counts,
    #[sqlx(json(nullable))]
    item: Option<InboxItem>,
}

/// Items and counts in one statement, so that they are of the same moment. `items` has the user as `$1`.
fn with_counts(items: &str) -> String {
    format!(
        "select coalesce(c.unseen, 0) as unseen, coalesce(c.unread, 0) as unread, coalesce(c.total, 0) as total,
           row_to_json(page) as item
         from (select $1::uuid as user_id) me
         left join inbox.inbox_counts c using (user_id)
         left join lateral ({items}) page on true
         order by page.position desc"
    )
}

fn apart(rows: Vec<ItemAndCounts>) -> (Counts, Vec<InboxItem>) {
    let counts = rows.first().map_or(Counts::default(), |row| row.counts);
    (counts, rows.into_iter().filter_map(|row| row.item).collect())
}
