//! What a retry takes of the purse: what is sent again is promised again.

use domain::company::{Amount, CompanyLimits, OverLimit, Purse};
use domain::value::NotificationId;
use sqlx::PgConnection;

use super::{Moment, Without, lock, taken};

/// What a retry takes of its company's purse.
#[derive(Debug, Clone)]
pub struct Retaken {
    /// The limits of the company.
    pub limits: CompanyLimits,
    /// Whose purse, and when.
    pub of: Moment,
    /// What is sent again.
    pub amount: Amount,
}

/// Whom a retry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// People who are reopened in the same transaction.
    Named,
    /// All for whom it failed, who are reopened chunk by chunk.
    AllFailed,
}

impl Retaken {
    /// The limit that it would pass by now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn over_limit(&self, connection: &mut PgConnection) -> sqlx::Result<Option<OverLimit>> {
        let taken = taken(connection, &self.of, Without::Nobody).await?;
        Ok(Purse { limits: self.limits.clone(), taken }.passed_by(self.of.channel, self.amount))
    }

    /// Promises it to the notification, beside what is left of what it was promised before; false if another has taken of it
    /// meanwhile, so that it is to be decided again. Before anybody is reopened: those who have ended count.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(
        &self,
        tx: &mut PgConnection,
        notification: NotificationId,
        generation: u32,
        whose: Whose,
    ) -> sqlx::Result<bool> {
        lock(tx, self.of.company).await?;
        if self.over_limit(tx).await?.is_some() {
            return Ok(false);
        }
        // The notification is locked before its promise, as in every other statement that changes a promise.
        sqlx::query("select from send_notifications where notification_id = $1 for no key update")
            .bind(notification.uuid())
            .execute(&mut *tx)
            .await?;
        promise_again(tx, notification, (generation, whose), self).await?;
        Ok(true)
    }
}

/// The new promise is what was left of the old one and what is sent again. The people of the retry are counted as ended in the
/// totals until they are reopened, so `ended_before` leaves them out.
async fn promise_again(
    tx: &mut PgConnection,
    notification: NotificationId,
    (generation, whose): (u32, Whose),
    Retaken { of, amount, .. }: &Retaken,
) -> sqlx::Result<()> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    sqlx::query(
        "with ended as (
           select coalesce(sum(accepted + delivered + failed + suppressed + in_doubt + cancelled), 0)::bigint as people
           from send_totals where notification_id = $1),
         before as (
           select p.messages, p.segments, p.foreign_messages,
                  greatest(p.messages - (e.people - p.ended_before), 0) as rest
           from ended e, send_promises p join send_notifications n using (notification_id)
           where notification_id = $1 and p.messages > 0 and n.completed_generation < greatest(n.generation, p.generation)),
         rest as (
           select e.people as ended, coalesce(b.rest, 0) as people,
                  coalesce((b.segments * b.rest + b.messages - 1) / b.messages, 0) as segments,
                  coalesce((b.foreign_messages * b.rest + b.messages - 1) / b.messages, 0) as foreign_messages
           from ended e left join before b on true)
         insert into send_promises as p (notification_id, company_id, channel, begins_at, messages, segments,
                                         foreign_messages, ended_before, generation, retried, retried_generation)
         select $1, $2, $3, $4, people + $6, segments + $7, foreign_messages + $8, ended - $6, $5,
                case when $9 then $6 else 0 end, case when $9 then $5 else 0 end
         from rest
         on conflict (notification_id) do update
         set begins_at = excluded.begins_at, messages = excluded.messages, segments = excluded.segments,
             foreign_messages = excluded.foreign_messages, ended_before = excluded.ended_before,
             generation = excluded.generation,
             retried = case when $9 then excluded.retried else p.retried end,
             retried_generation = case when $9 then excluded.retried_generation else p.retried_generation end",
    )
    .bind(notification.uuid())
    .bind(of.company.uuid())
    .bind(of.channel.as_str())
    .bind(of.begins_at)
    .bind(i32::try_from(generation).unwrap_or(i32::MAX))
    .bind(number(amount.messages))
    .bind(number(amount.segments))
    .bind(number(amount.foreign))
    .bind(whose == Whose::AllFailed)
    .execute(tx)
    .await?;
    Ok(())
}
