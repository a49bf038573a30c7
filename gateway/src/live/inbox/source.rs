//! The source of inbox changes: the projection's tables.

use std::future::Future;
use std::time::Duration;

use commands::log::Reader;
use domain::Position;
use domain::value::{MessageId, UserId};
use projections::Projection;
use projections::queries::inbox::{
    self, Arrival, Counts, CountsNews, InboxItem, Missed, ReceiptNews, Room, Since, WithdrawalNews,
};

use super::super::frame::StreamEvent;

/// How long a stream waits for the tables to reach the position that the hub has sent.
const WAIT: Duration = Duration::from_secs(2);

/// What a hub and its streams query. PostgreSQL implements it; tests have an implementation in memory.
pub(crate) trait InboxSource: Send + Sync + 'static {
    /// The position of the tables.
    fn position(&self) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// The position of the tables once they have reached `position`, or after a timeout.
    fn position_at(&self, position: Position) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// The head of the log.
    fn head(&self) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// Receipts and withdrawals up to this position have been deleted.
    fn horizon(&self) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// The last position that a page with this room may include; the end of `since` if everything fits.
    fn end_of(&self, since: Since, room: Room) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// The new messages of these inboxes; of at most `limit` messages.
    fn arrivals(
        &self,
        users: &[UserId],
        since: Since,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<Vec<Arrival>>> + Send;
    /// The messages that one user received, oldest first, at most `limit` and a page's size.
    fn missed(
        &self,
        user: UserId,
        since: Since,
        limit: usize,
    ) -> impl Future<Output = sqlx::Result<Missed>> + Send;
    /// The receipts of these authors' messages, oldest first, at most `limit`.
    fn receipts(
        &self,
        authors: &[UserId],
        since: Since,
        after_row: Option<(MessageId, UserId)>,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<Vec<ReceiptNews>>> + Send;
    /// The messages withdrawn from these inboxes, oldest first, at most `limit`.
    fn withdrawals(
        &self,
        users: &[UserId],
        since: Since,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<Vec<WithdrawalNews>>> + Send;
    /// The counts of an inbox.
    fn counts(&self, user: UserId) -> impl Future<Output = sqlx::Result<Counts>> + Send;
    /// The counts of those inboxes that changed after a position.
    fn changed_counts(
        &self,
        users: &[UserId],
        after: Position,
    ) -> impl Future<Output = sqlx::Result<Vec<CountsNews>>> + Send;
}

/// The `inbox` projection in PostgreSQL.
pub(crate) struct PostgresInbox {
    log: Reader,
}

impl PostgresInbox {
    pub(crate) const fn new(log: Reader) -> Self {
        Self { log }
    }
}

impl InboxSource for PostgresInbox {
    async fn position(&self) -> sqlx::Result<Position> {
        sqlx::query_scalar("select position from inbox.checkpoint").fetch_one(self.log.pool()).await
    }

    async fn position_at(&self, position: Position) -> sqlx::Result<Position> {
        // After a timeout the stream sends less at first, but nothing twice.
        let _ = projections::wait_for(self.log.pool(), &[Projection::Inbox], position, WAIT).await;
        self.position().await
    }

    async fn head(&self) -> sqlx::Result<Position> {
        self.log.head().await
    }

    async fn horizon(&self) -> sqlx::Result<Position> {
        inbox::horizon(self.log.pool()).await
    }

    async fn end_of(&self, since: Since, room: Room) -> sqlx::Result<Position> {
        Ok(inbox::full_at(self.log.pool(), since, room).await?.unwrap_or(since.until))
    }

    async fn arrivals(&self, users: &[UserId], since: Since, limit: i64) -> sqlx::Result<Vec<Arrival>> {
        inbox::arrivals(self.log.pool(), users, since, limit).await
    }

    async fn missed(&self, user: UserId, since: Since, limit: usize) -> sqlx::Result<Missed> {
        inbox::missed(self.log.pool(), user, since, limit).await
    }

    async fn receipts(
        &self,
        authors: &[UserId],
        since: Since,
        after_row: Option<(MessageId, UserId)>,
        limit: i64,
    ) -> sqlx::Result<Vec<ReceiptNews>> {
        inbox::receipts(self.log.pool(), authors, since, after_row, limit).await
    }

    async fn withdrawals(
        &self,
        users: &[UserId],
        since: Since,
        limit: i64,
    ) -> sqlx::Result<Vec<WithdrawalNews>> {
        inbox::withdrawals(self.log.pool(), users, since, limit).await
    }

    async fn counts(&self, user: UserId) -> sqlx::Result<Counts> {
        inbox::counts(self.log.pool(), user).await
    }

    async fn changed_counts(&self, users: &[UserId], after: Position) -> sqlx::Result<Vec<CountsNews>> {
        inbox::changed_counts(self.log.pool(), users, after).await
    }
}

/// The event of a message for its recipient.
pub(super) fn message_event(item: &InboxItem) -> StreamEvent {
    StreamEvent::new("message", item.position, item)
}

/// The event of a receipt for the message's author.
pub(super) fn receipt_event(receipt: &ReceiptNews) -> StreamEvent {
    StreamEvent::new("receipt", receipt.position, receipt)
}

/// The event of a withdrawal for the message's recipient.
pub(super) fn withdrawal_event(withdrawal: &WithdrawalNews) -> StreamEvent {
    StreamEvent::new("withdrawn", withdrawal.position, withdrawal)
}

/// The event of the counts. Counts are absolute: they replace all earlier ones.
pub(super) fn counts_event(position: Position, counts: &Counts) -> StreamEvent {
    StreamEvent::new("counts", position, counts)
}

/// The reader must read the lists again, and resumes after `position`.
pub(super) fn reset_event(position: Position) -> StreamEvent {
    StreamEvent::new("reset", position, &())
}

/// How many receipts one query reads.
const RECEIPTS_PAGE: i64 = 500;

/// All receipts of a range of positions, page by page, at most `limit` of them. Fewer than `limit` means that there are
/// no more.
pub(super) async fn all_receipts(
    source: &impl InboxSource,
    authors: &[UserId],
    since: Since,
    limit: usize,
) -> sqlx::Result<Vec<ReceiptNews>> {
    let mut all: Vec<ReceiptNews> = Vec::new();
    while all.len() < limit {
        let page = match all.last() {
            None => source.receipts(authors, since, None, RECEIPTS_PAGE).await?,
            Some(last) => {
                let row = (last.message_id.into(), last.user_id.into());
                let since = Since { after: last.position, ..since };
                source.receipts(authors, since, Some(row), RECEIPTS_PAGE).await?
            }
        };
        let is_last = (page.len() as i64) < RECEIPTS_PAGE;
        all.extend(page);
        if is_last {
            break;
        }
    }
    Ok(all)
}
