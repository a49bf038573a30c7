//! Taking due rows in hand: lanes in order, companies of a lane in equal parts, never a row that another has.

use chrono::{DateTime, Utc};
use domain::value::Channel;
use sqlx::PgPool;
use uuid::Uuid;

use super::share::fair_shares;
use super::{BATCH_ROWS_MAX, COLUMNS, LANES, QueueRow};
use crate::route::Companies;

/// How many companies one claim looks at in a lane; the others have their turn in the next ones.
const COMPANIES_MAX: usize = 200;
/// How often one lane is asked again in one claim, when companies had less than their share.
const ROUNDS_MAX: usize = 4;

/// Claims due rows of one channel for one owner. Remembers whose turn it is.
pub(crate) struct Claimer {
    pool: PgPool,
    owner: Uuid,
    channel: Channel,
    route: Companies,
    served_last: [Option<Uuid>; LANES.len()],
}

impl Claimer {
    pub(crate) const fn new(pool: PgPool, owner: Uuid, channel: Channel, route: Companies) -> Self {
        Self { pool, owner, channel, route, served_last: [None; LANES.len()] }
    }

    /// Up to `room` rows that are due, in the order in which they are to be sent. Each is committed as claimed; after an
    /// error some may be too, and [`Self::claimed`] finds them.
    pub(crate) async fn claim(&mut self, room: usize, now: DateTime<Utc>) -> sqlx::Result<Vec<QueueRow>> {
        let mut claimed = Vec::new();
        for lane in LANES {
            let left = room.min(BATCH_ROWS_MAX).saturating_sub(claimed.len());
            if left == 0 {
                break;
            }
            claimed.append(&mut self.claim_lane(lane, left, now).await?);
        }
        claimed.sort_by_key(|row| (row.lane, row.due_at));
        fail::fail_point!("claim::committed", |_| std::process::abort());
        Ok(claimed)
    }

    async fn claim_lane(
        &mut self,
        lane: i16,
        room: usize,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Vec<QueueRow>> {
        let place = usize::from(lane.unsigned_abs());
        let mut companies = self.companies(lane, self.served_last[place]).await?;
        let mut claimed = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let shares = fair_shares(room - claimed.len(), &companies, self.served_last[place]);
            let Some((last, _)) = shares.last() else { break };
            self.served_last[place] = Some(*last);
            let mut rows = self.take(lane, &shares, now).await?;
            companies = with_more(&shares, &rows);
            claimed.append(&mut rows);
        }
        Ok(claimed)
    }

    /// The companies of the route that may have rows in a lane. Only when there are very many does a claim look at those
    /// after the last one.
    async fn companies(&self, lane: i16, served_last: Option<Uuid>) -> sqlx::Result<Vec<Uuid>> {
        if let Companies::Only(companies) = &self.route {
            return Ok(companies.iter().map(|company| company.uuid()).collect());
        }
        let mut companies = self.companies_after(lane, Uuid::nil()).await?;
        if let Some(last) = served_last.filter(|_| companies.len() >= COMPANIES_MAX) {
            let next = self.companies_after(lane, last).await?;
            companies = if next.is_empty() { companies } else { next };
        }
        companies.retain(|company| self.route.include(*company));
        Ok(companies)
    }

    /// Found by jumping through the index, not by reading it.
    async fn companies_after(&self, lane: i16, after: Uuid) -> sqlx::Result<Vec<Uuid>> {
        sqlx::query_scalar(
            "with recursive company as (
               select (select company_id from send_queue
                       where channel = $1 and lane = $2 and company_id > $3 order by company_id limit 1) as id,
                      1 as number
               union all
               select (select company_id from send_queue
                       where channel = $1 and lane = $2 and company_id > company.id order by company_id limit 1),
                      number + 1
               from company
               where company.id is not null and number < $4)
             select id from company where id is not null",
        )
        .bind(self.channel.as_str())
        .bind(lane)
        .bind(after)
        .bind(COMPANIES_MAX as i32)
        .fetch_all(&self.pool)
        .await
    }

    /// One statement, one commit. An owner that was condemned meanwhile gets nothing: its rows are being taken back.
    async fn take(
        &self,
        lane: i16,
        shares: &[(Uuid, usize)],
        now: DateTime<Utc>,
    ) -> sqlx::Result<Vec<QueueRow>> {
        let companies: Vec<Uuid> = shares.iter().map(|(company, _)| *company).collect();
        let takes: Vec<i64> = shares.iter().map(|(_, take)| i64::try_from(*take).unwrap_or(0)).collect();
        let text = format!(
            "with me as (
               select owner from send_owners where owner = $1 and not condemned for key share),
             due as (
               select next.delivery_id, next.generation
               from me, unnest($4::uuid[], $5::bigint[]) as share (company_id, take),
                    lateral (
                      select delivery_id, generation
                      from send_queue w
                      where w.channel = $2 and w.lane = $3 and w.company_id = share.company_id
                        and w.due_at <= $6 and w.state = 'waiting'
                        and (w.expires_at is null or w.expires_at > $6)
                        and not exists (select from withdrawals where reason = 'cancelled' and subject = w.notification_id)
                        and not exists (select from withdrawals where reason = 'erased' and subject = w.client_id)
                      order by w.due_at
                      limit share.take
                      for update of w skip locked) next)
             update send_queue q
             set state = 'claimed', epoch = q.epoch + 1, owner = $1, provider = null
             from due
             where q.delivery_id = due.delivery_id and q.generation = due.generation
             returning {COLUMNS}"
        );
        fail::fail_point!("claim::before_commit", |_| std::process::abort());
        let rows = sqlx::query_as(&text)
            .bind(self.owner)
            .bind(self.channel.as_str())
            .bind(lane)
            .bind(companies)
            .bind(takes)
            .bind(now)
            .fetch_all(&self.pool)
            .await?;
        // An answer that is lost on its way.
        fail::fail_point!("claim::taken", |_| Err(sqlx::Error::WorkerCrashed));
        Ok(rows)
    }

    /// All rows that the owner has claimed this way and not yet started, those of a claim whose answer was lost included; no
    /// more than its desks hold and one claim. Reads the channel's whole queue, for no index names the owner.
    pub(crate) async fn claimed(&self) -> sqlx::Result<Vec<QueueRow>> {
        // Waits for a claim that the database still works on, which shares a lock on this row.
        sqlx::query("select from send_owners where owner = $1 for update")
            .bind(self.owner)
            .execute(&self.pool)
            .await?;
        let text = format!(
            "select {COLUMNS} from send_queue q where q.owner = $1 and q.channel = $2 and q.state = 'claimed'"
        );
        let mut rows: Vec<QueueRow> =
            sqlx::query_as(&text).bind(self.owner).bind(self.channel.as_str()).fetch_all(&self.pool).await?;
        rows.retain(|row| self.route.include(row.company_id));
        Ok(rows)
    }

    /// When the next row of the channel will be due, if one waits.
    pub(crate) async fn next_due(&self, now: DateTime<Utc>) -> sqlx::Result<Option<DateTime<Utc>>> {
        let (mut lanes, mut companies) = (Vec::new(), Vec::new());
        for lane in LANES {
            let of_lane = self.companies(lane, None).await?;
            lanes.extend(std::iter::repeat_n(lane, of_lane.len()));
            companies.extend(of_lane);
        }
        sqlx::query_scalar(
            "select min(next.due_at)
             from unnest($2::smallint[], $3::uuid[]) as w (lane, company_id),
                  lateral (
                    select due_at from send_queue q
                    where q.channel = $1 and q.lane = w.lane and q.company_id = w.company_id and q.due_at > $4
                    order by q.due_at limit 1) next",
        )
        .bind(self.channel.as_str())
        .bind(lanes)
        .bind(companies)
        .bind(now)
        .fetch_one(&self.pool)
        .await
    }
}

/// The companies that gave their whole share, and so may have more.
fn with_more(shares: &[(Uuid, usize)], rows: &[QueueRow]) -> Vec<Uuid> {
    let given = |company: Uuid| rows.iter().filter(|row| row.company_id == company).count();
    shares.iter().filter(|(company, share)| given(*company) >= *share).map(|(company, _)| *company).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::row;

    #[test]
    fn only_a_company_that_gave_its_whole_share_is_asked_again() {
        let (full, empty) = (Uuid::from_u128(200), Uuid::from_u128(201));
        let rows = [row(1), row(2)];
        assert_eq!(with_more(&[(full, 2), (empty, 2)], &rows), [full]);
    }
}
