//! Where news of inboxes come from: the projection's tables.

use std::future::Future;
use std::time::Duration;

use commands::log::Reader;
use domain::Position;
use domain::value::{MessageId, UserId};
use projections::Projection;
use projections::queries::inbox::{
    self, Arrival, Counts, CountsNews, InboxItem, Missed, ReceiptNews, Room, Since, WithdrawalNews,
};

use super::super::frame::News;

/// How long a stream waits for the tables to show what the hub has told of already.
const WAIT: Duration = Duration::from_secs(2);

/// What a hub and its streams ask for; apart from PostgreSQL only tests answer it.
pub(crate) trait NewsSource: Send + Sync + 'static {
    /// How far the tables are.
    fn position(&self) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// How far the tables are once they have come to `position`, or some time is over.
    fn position_at(&self, position: Position) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// How far the log is.
    fn head(&self) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// Positions up to this one have no receipts and withdrawals any more.
    fn horizon(&self) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// Where there is no room for more messages within positions; their end if all fit.
    fn end_of(&self, since: Since, room: Room) -> impl Future<Output = sqlx::Result<Position>> + Send;
    /// What came into these inboxes; of at most `limit` messages.
    fn arrivals(
        &self,
        users: &[UserId],
        since: Since,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<Vec<Arrival>>> + Send;
    /// What one user received, oldest first, at most `limit` and as much as a page holds.
    fn missed(
        &self,
        user: UserId,
        since: Since,
        limit: usize,
    ) -> impl Future<Output = sqlx::Result<Missed>> + Send;
    /// What was done with these authors' messages, oldest first, at most `limit`.
    fn receipts(
        &self,
        authors: &[UserId],
        since: Since,
        after_row: Option<(MessageId, UserId)>,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<Vec<ReceiptNews>>> + Send;
    /// What left these inboxes because it was withdrawn, oldest first, at most `limit`.
    fn withdrawals(
        &self,
        users: &[UserId],
        since: Since,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<Vec<WithdrawalNews>>> + Send;
    /// The counts of an inbox.
    fn counts(&self, user: UserId) -> impl Future<Output = sqlx::Result<Counts>> + Send;
    /// The counts of those of these inboxes that changed after a position.
    fn changed_counts(
        &self,
        users: &[UserId],
        after: Position,
    ) -> impl Future<Output = sqlx::Result<Vec<CountsNews>>> + Send;
}

/// The projection `inbox`.
pub(crate) struct PostgresNews {
    log: Reader,
}

impl PostgresNews {
    pub(crate) const fn new(log: Reader) -> Self {
        Self { log }
    }
}

impl NewsSource for PostgresNews {
    async fn position(&self) -> sqlx::Result<Position> {
        sqlx::query_scalar("select position from inbox.checkpoint").fetch_one(self.log.pool()).await
    }

    async fn position_at(&self, position: Position) -> sqlx::Result<Position> {
        // A stream that is behind all the same only tells less at first, never twice.
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

/// A message as its recipient is told of it.
pub(super) fn of_message(item: &InboxItem) -> News {
    News::new("message", item.position, item)
}

/// A receipt as the message's author is told of it.
pub(super) fn of_receipt(receipt: &ReceiptNews) -> News {
    News::new("receipt", receipt.position, receipt)
}

/// A withdrawal as the message's recipient is told of it.
pub(super) fn of_withdrawal(withdrawal: &WithdrawalNews) -> News {
    News::new("withdrawn", withdrawal.position, withdrawal)
}

/// Counts are absolute: whatever was told before, this is how it stands.
pub(super) fn of_counts(position: Position, counts: &Counts) -> News {
    News::new("counts", position, counts)
}

/// The reader must read the lists again, and goes on after `position`.
pub(super) fn reset(position: Position) -> News {
    News::new("reset", position, &())
}

/// How many receipts are read at a time.
const RECEIPTS_PAGE: i64 = 500;

/// All receipts within positions, page by page, at most `limit` of them. Fewer than `limit`: there are no more.
pub(super) async fn all_receipts(
    source: &impl NewsSource,
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
