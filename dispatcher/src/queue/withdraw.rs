//! Rows that must not be sent any more: of a cancelled notification, of an erased person, or past their time.

use chrono::{DateTime, Utc};
use commands::begin;
use domain::delivery::{Failure, FailureClass, Outcome, SuppressionReason};
use sqlx::PgPool;
use uuid::Uuid;

use super::settle::{Decision, SettleError, Settlement, Settler};
use super::{BATCH_ROWS_MAX, COLUMNS, QueueRow, RowState};

/// How many withdrawals are looked at in one round.
const WITHDRAWALS_MAX: i64 = 1_000;

/// Why rows are withdrawn, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Withdrawal {
    Cancelled(Uuid),
    Erased(Uuid),
}

impl Withdrawal {
    fn of(reason: &str, subject: Uuid) -> Self {
        if reason == "erased" { Self::Erased(subject) } else { Self::Cancelled(subject) }
    }

    const fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Cancelled(notification) => ("cancelled", notification),
            Self::Erased(client) => ("erased", client),
        }
    }

    const fn outcome(self) -> Outcome {
        match self {
            Self::Cancelled(_) => Outcome::Cancelled,
            Self::Erased(_) => Outcome::Suppressed { reason: SuppressionReason::Erased, provider: None },
        }
    }
}

/// Settles a page of every withdrawal that is asked for; returns how many rows were settled. A withdrawal goes only when
/// none of its rows is left, those in hand included: they may come back to wait.
pub(crate) async fn withdraw(pool: &PgPool, settler: &Settler) -> Result<usize, SettleError> {
    let asked: Vec<(String, Uuid)> = sqlx::query_as("select reason, subject from withdrawals limit $1")
        .bind(WITHDRAWALS_MAX)
        .fetch_all(pool)
        .await?;
    let mut settled = 0;
    for (reason, subject) in asked {
        settled += withdraw_page(pool, settler, Withdrawal::of(&reason, subject)).await?;
    }
    Ok(settled)
}

async fn withdraw_page(
    pool: &PgPool,
    settler: &Settler,
    withdrawal: Withdrawal,
) -> Result<usize, SettleError> {
    let rows = waiting_rows(pool, withdrawal).await?;
    if rows.is_empty() {
        finish(pool, withdrawal).await?;
        return Ok(0);
    }
    settle_waiting(settler, rows, &withdrawal.outcome()).await
}

async fn settle_waiting(
    settler: &Settler,
    rows: Vec<QueueRow>,
    outcome: &Outcome,
) -> Result<usize, SettleError> {
    let settlement = |row| Settlement {
        row,
        state: Some(RowState::Waiting),
        decision: Decision::Outcome(outcome.clone()),
    };
    let settlements: Vec<_> = rows.into_iter().map(settlement).collect();
    settler.settle_all(&settlements).await
}

async fn waiting_rows(pool: &PgPool, withdrawal: Withdrawal) -> sqlx::Result<Vec<QueueRow>> {
    let (column, subject) = match withdrawal {
        Withdrawal::Cancelled(notification) => ("notification_id", notification),
        Withdrawal::Erased(client) => ("client_id", client),
    };
    sqlx::query_as(&format!(
        "select {COLUMNS} from send_queue q where q.{column} = $1 and q.state = 'waiting' limit $2"
    ))
    .bind(subject)
    .bind(BATCH_ROWS_MAX as i64)
    .fetch_all(pool)
    .await
}

/// Takes a withdrawal away unless a row of it is there. Under its lock no intake can add one; and the statement after the
/// lock sees what the intake had added before.
async fn finish(pool: &PgPool, withdrawal: Withdrawal) -> sqlx::Result<()> {
    let (reason, subject) = withdrawal.parts();
    let mut tx = begin(pool).await?;
    sqlx::query("select from withdrawals where reason = $1 and subject = $2 for update")
        .bind(reason)
        .bind(subject)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "delete from withdrawals w
         where w.reason = $1 and w.subject = $2
           and not exists (select from send_queue q where $1 = 'cancelled' and q.notification_id = $2)
           and not exists (select from send_queue q where $1 = 'erased' and q.client_id = $2)",
    )
    .bind(reason)
    .bind(subject)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Fails a page of waiting rows whose time is over; returns how many.
pub(crate) async fn expire(
    pool: &PgPool,
    settler: &Settler,
    now: DateTime<Utc>,
) -> Result<usize, SettleError> {
    let rows: Vec<QueueRow> = sqlx::query_as(&format!(
        "select {COLUMNS} from send_queue q where q.expires_at <= $1 and q.state = 'waiting' limit $2"
    ))
    .bind(now)
    .bind(BATCH_ROWS_MAX as i64)
    .fetch_all(pool)
    .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let expired = Failure {
        provider: None,
        class: FailureClass::Expired,
        code: "expired".to_owned(),
        text: "the time to send it was over".to_owned(),
    };
    settle_waiting(settler, rows, &Outcome::Failed(expired)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_withdrawal_is_read_back_as_it_was_written() {
        for withdrawal in [Withdrawal::Cancelled(Uuid::from_u128(1)), Withdrawal::Erased(Uuid::from_u128(2))]
        {
            let (reason, subject) = withdrawal.parts();
            assert_eq!(Withdrawal::of(reason, subject), withdrawal);
        }
    }

    #[test]
    fn the_cancelled_are_cancelled_and_the_erased_suppressed() {
        assert_eq!(Withdrawal::Cancelled(Uuid::nil()).outcome(), Outcome::Cancelled);
        let erased = Outcome::Suppressed { reason: SuppressionReason::Erased, provider: None };
        assert_eq!(Withdrawal::Erased(Uuid::nil()).outcome(), erased);
    }
}
