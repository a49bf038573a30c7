//! Claims of due tasks: lanes in order, companies of a lane in equal parts, never a task that another owner has.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::value::{Channel, CompanyId};
use sqlx::PgPool;
use uuid::Uuid;

use super::share::{Candidate, Share, fair_shares};
use super::{COLUMNS, LANES, Task, TaskRow, tasks};
use crate::route::Companies;

/// How many companies of a lane one claim serves at most; the others have their turn in the next ones.
pub(super) const COMPANIES_MAX: usize = 64;
/// How many tasks one claim takes of a lane at most.
pub(super) const TASKS_MAX: usize = 64;
/// How many companies a claim looks at in a lane for those whose turn it is.
const LOOKED_AT_MAX: usize = 256;
/// The condition for a task `t` to wait for an owner.
const WAITS: &str = "t.stopped is null and not t.is_parked and t.owner is null";

/// What an owner wants to have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wants {
    /// For how many people there is room, by lane.
    pub(crate) room: [usize; LANES.len()],
    /// Companies that have enough of a lane in memory.
    pub(crate) satisfied: HashSet<(i16, CompanyId)>,
}

impl Wants {
    /// Leaves nothing but the first lane.
    pub(crate) fn only_alarms(&mut self) {
        self.room[1..].fill(0);
    }
}

/// Claims due tasks of one channel for one owner. Remembers whose turn it is.
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

    /// Tasks that are due, in the order in which they are to be worked on. Each is committed as claimed; after an error some
    /// may be too, and [`Self::claimed`] finds them.
    pub(crate) async fn claim(&mut self, wants: &Wants, now: DateTime<Utc>) -> sqlx::Result<Vec<Task>> {
        let mut claimed = Vec::new();
        for (lane, room) in LANES.into_iter().zip(wants.room).filter(|(_, room)| *room > 0) {
            claimed.append(&mut self.claim_lane(lane, room, wants, now).await?);
        }
        fail::fail_point!("claim::committed", |_| std::process::abort());
        Ok(claimed)
    }

    async fn claim_lane(
        &mut self,
        lane: i16,
        room: usize,
        wants: &Wants,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Vec<Task>> {
        let place = usize::from(lane.unsigned_abs());
        let mut candidates = self.candidates(lane, self.served_last[place], now).await?;
        candidates.retain(|candidate| {
            self.route.include(candidate.company)
                && !wants.satisfied.contains(&(lane, candidate.company.into()))
        });
        let shares = fair_shares(room, candidates, self.served_last[place]);
        let Some(last) = shares.last() else { return Ok(Vec::new()) };
        self.served_last[place] = Some(last.company);
        self.take(lane, &shares, now).await
    }

    /// The companies that have something due in a lane. Only when there are very many does a claim look at those after the
    /// last one.
    async fn candidates(
        &self,
        lane: i16,
        served_last: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Vec<Candidate>> {
        if let Companies::Only(companies) = &self.route {
            let companies = companies.iter().map(|company| company.uuid()).collect();
            return self.candidates_of(lane, companies, now).await;
        }
        let mut companies = self.companies_after(lane, Uuid::nil()).await?;
        if let Some(last) = served_last.filter(|_| companies.len() >= LOOKED_AT_MAX) {
            let next = self.companies_after(lane, last).await?;
            companies = if next.is_empty() { companies } else { next };
        }
        if companies.is_empty() {
            return Ok(Vec::new());
        }
        self.candidates_of(lane, companies, now).await
    }

    /// Found by jumping through the index, not by reading it.
    async fn companies_after(&self, lane: i16, after: Uuid) -> sqlx::Result<Vec<Uuid>> {
        sqlx::query_scalar(
            "with recursive company as (
               select (select company_id from send_tasks
                       where channel = $1 and lane = $2 and company_id > $3 and stopped is null and not is_parked
                       order by company_id limit 1) as id,
                      1 as number
               union all
               select (select company_id from send_tasks
                       where channel = $1 and lane = $2 and company_id > company.id and stopped is null and not is_parked
                       order by company_id limit 1),
                      number + 1
               from company
               where company.id is not null and number < $4)
             select id from company where id is not null",
        )
        .bind(self.channel.as_str())
        .bind(lane)
        .bind(after)
        .bind(LOOKED_AT_MAX as i32)
        .fetch_all(&self.pool)
        .await
    }

    /// What each company would be asked for first.
    async fn candidates_of(
        &self,
        lane: i16,
        companies: Vec<Uuid>,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Vec<Candidate>> {
        let text = format!(
            "select asked.company_id, first.people
             from unnest($3::uuid[]) as asked (company_id),
                  lateral (
                    select people from send_tasks t
                    where t.channel = $1 and t.lane = $2 and t.company_id = asked.company_id
                      and {WAITS} and t.due_at <= $4 and (t.expires_at is null or t.expires_at > $4)
                    order by t.due_at limit 1) first"
        );
        let rows: Vec<(Uuid, i32)> = sqlx::query_as(&text)
            .bind(self.channel.as_str())
            .bind(lane)
            .bind(companies)
            .bind(now)
            .fetch_all(&self.pool)
            .await?;
        let candidate =
            |(company, people): (Uuid, i32)| Candidate { company, people: people.max(1) as usize };
        Ok(rows.into_iter().map(candidate).collect())
    }

    /// One statement, one commit. Of a company as many tasks as its share needs, one at least. An owner that was fenced
    /// meanwhile gets nothing: its tasks are being taken back.
    async fn take(&self, lane: i16, shares: &[Share], now: DateTime<Utc>) -> sqlx::Result<Vec<Task>> {
        let text = format!(
            "with me as materialized (
               select owner from send_owners where owner = $1 and not is_fenced for key share),
             due as materialized (
               select next.*, share.people as share
               from me, unnest($4::uuid[], $5::bigint[], $6::bigint[]) as share (company_id, people, tasks),
                    lateral (
                      select notification_id, chunk, company_id, due_at, people
                      from send_tasks t
                      where t.channel = $2 and t.lane = $3 and t.company_id = share.company_id
                        and {WAITS} and t.due_at <= $7 and (t.expires_at is null or t.expires_at > $7)
                      order by t.due_at
                      limit share.tasks
                      for update of t skip locked) next),
             fitting as (
               select notification_id, chunk
               from (select due.*, sum(people) over (partition by company_id order by due_at, notification_id, chunk
                                                     rows unbounded preceding) - people as before
                     from due) summed
               where before < share)
             update send_tasks t
             set epoch = t.epoch + 1, owner = $1
             from fitting
             where t.notification_id = fitting.notification_id and t.chunk = fitting.chunk
             returning {COLUMNS}"
        );
        fail::fail_point!("claim::before_commit", |_| std::process::abort());
        let rows: Vec<TaskRow> = sqlx::query_as(&text)
            .bind(self.owner)
            .bind(self.channel.as_str())
            .bind(lane)
            .bind(shares.iter().map(|share| share.company).collect::<Vec<_>>())
            .bind(shares.iter().map(|share| share.people as i64).collect::<Vec<_>>())
            .bind(shares.iter().map(|share| share.tasks as i64).collect::<Vec<_>>())
            .bind(now)
            .fetch_all(&self.pool)
            .await?;
        // An answer that is lost on its way.
        fail::fail_point!("claim::taken", |_| Err(sqlx::Error::WorkerCrashed));
        let mut claimed = tasks(rows);
        claimed.sort_by_key(|task| (task.due_at, task.id));
        Ok(claimed)
    }

    /// All tasks that the owner has, those of a claim whose answer was lost included.
    pub(crate) async fn claimed(&self) -> sqlx::Result<Vec<Task>> {
        // Waits for a claim that the database still works on, which shares a lock on this row.
        sqlx::query("select from send_owners where owner = $1 for update")
            .bind(self.owner)
            .execute(&self.pool)
            .await?;
        let text = format!(
            "select {COLUMNS} from send_tasks t where t.owner = $1 and not t.is_parked and t.channel = $2"
        );
        let rows: Vec<TaskRow> =
            sqlx::query_as(&text).bind(self.owner).bind(self.channel.as_str()).fetch_all(&self.pool).await?;
        let mut claimed = tasks(rows);
        claimed.retain(|task| self.route.include(task.company.uuid()));
        Ok(claimed)
    }

    /// When the next task of the channel will be due, if one waits.
    pub(crate) async fn next_due(&self, now: DateTime<Utc>) -> sqlx::Result<Option<DateTime<Utc>>> {
        let (mut lanes, mut companies) = (Vec::new(), Vec::new());
        for lane in LANES {
            let of_lane = match &self.route {
                Companies::Only(companies) => companies.iter().map(|company| company.uuid()).collect(),
                _ => self.companies_after(lane, Uuid::nil()).await?,
            };
            let of_lane = of_lane.into_iter().filter(|company| self.route.include(*company));
            companies.extend(of_lane);
            lanes.resize(companies.len(), lane);
        }
        let text = format!(
            "select min(next.due_at)
             from unnest($2::smallint[], $3::uuid[]) as asked (lane, company_id),
                  lateral (
                    select due_at from send_tasks t
                    where t.channel = $1 and t.lane = asked.lane and t.company_id = asked.company_id
                      and {WAITS} and t.due_at > $4
                    order by t.due_at limit 1) next"
        );
        sqlx::query_scalar(&text)
            .bind(self.channel.as_str())
            .bind(lanes)
            .bind(companies)
            .bind(now)
            .fetch_one(&self.pool)
            .await
    }
}
