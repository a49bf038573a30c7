//! Tasks that nobody works on and that must not be sent any more: their open members get their outcome, page by page.

use chrono::{DateTime, Utc};
use domain::deliveries::{Cause, Deliveries, Failure, MemberOutcome, Outcome};
use domain::value::{Members, first_members};
use sqlx::{FromRow, PgPool};

use super::load::deliveries;
use super::settle::{Change, SettleError, Settler};
use super::{COLUMNS, PAGE_TASKS, Task, TaskError, TaskRow, park};

/// How many expired tasks are stopped in one statement.
const EXPIRED_MAX: i64 = 500;

/// Why a task is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Cancelled,
    Expired,
}

#[derive(FromRow)]
struct StoppedRow {
    #[sqlx(flatten)]
    task: TaskRow,
    stopped: String,
}

/// Settles a page of the cancelled and expired tasks that nobody has, and stops a page of those whose time is over, paused
/// or not; returns how many there were. What an owner has is told to it.
pub(crate) async fn sweep(settler: &Settler, now: DateTime<Utc>) -> Result<usize, SettleError> {
    let expired = stop_expired(&settler.pool, now).await?;
    let stopped = stopped(&settler.pool).await?;
    let count = expired.max(stopped.len());
    let changes = changes(settler, stopped, |task, deliveries, stopped| {
        outcomes(deliveries, first_members(task.chunk_people), &stopped.outcome())
    });
    settler.commit(None, &[], &changes.await?).await?;
    Ok(count)
}

/// From then on claims do not walk over them.
async fn stop_expired(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<usize> {
    let stopped = sqlx::query(
        "with expired as materialized (
           select notification_id, chunk from send_tasks
           where expires_at <= $1 and (stopped is null or stopped = 'paused') and not is_parked and owner is null
           limit $2
           for update skip locked)
         update send_tasks t set stopped = 'expired'
         from expired e where t.notification_id = e.notification_id and t.chunk = e.chunk",
    )
    .bind(now)
    .bind(EXPIRED_MAX)
    .execute(pool)
    .await?;
    Ok(stopped.rows_affected() as usize)
}

async fn stopped(pool: &PgPool) -> sqlx::Result<Vec<(Task, Stopped)>> {
    let rows: Vec<StoppedRow> = sqlx::query_as(&format!(
        "select {COLUMNS}, t.stopped from send_tasks t
         where t.stopped in ('cancelled', 'expired') and not t.is_parked and t.owner is null
         limit $1"
    ))
    .bind(PAGE_TASKS)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.task.into(), Stopped::of(&row.stopped))).collect())
}

/// The changes of tasks that nobody has, each by what has become of its chunk. A task that cannot be read is parked.
pub(super) async fn changes<T>(
    settler: &Settler,
    tasks: Vec<(Task, T)>,
    outcomes: impl Fn(&Task, &Deliveries, T) -> Vec<MemberOutcome>,
) -> Result<Vec<Change>, SettleError> {
    let mut changes = Vec::with_capacity(tasks.len());
    for (task, about) in tasks {
        match deliveries(settler.log.reader(), task.id).await {
            Ok((deliveries, sequence)) => {
                let outcomes = outcomes(&task, &deliveries, about);
                changes.push(Change {
                    task,
                    deliveries,
                    sequence,
                    outcomes,
                    in_memory: Members::NONE,
                    aside_until: None,
                    spent: Vec::new(),
                    unmarked: Members::NONE,
                });
            }
            Err(error @ TaskError::Unreadable { .. }) => {
                park(&settler.pool, &task, &error.to_string()).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(changes)
}

/// The same end for all of these members that are open; it is the end of no attempt.
pub(super) fn outcomes(deliveries: &Deliveries, members: Members, outcome: &Outcome) -> Vec<MemberOutcome> {
    let end = |member| {
        let delivery = deliveries.get(member);
        let (generation, attempt) = (delivery.generation, delivery.attempt);
        MemberOutcome { member, generation, attempt, outcome: outcome.clone(), passed_on: Vec::new() }
    };
    deliveries.open_among(members).iter().map(end).collect()
}

impl Stopped {
    /// The table knows no others.
    fn of(word: &str) -> Self {
        if word == "expired" { Self::Expired } else { Self::Cancelled }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Cancelled => Outcome::Cancelled,
            Self::Expired => Outcome::Failed(Failure { provider: None, cause: Cause::EXPIRED, detail: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cancelled_are_cancelled_and_what_is_late_has_failed() {
        assert_eq!(Stopped::of("cancelled").outcome(), Outcome::Cancelled);
        assert!(matches!(
            Stopped::of("expired").outcome(),
            Outcome::Failed(Failure { cause: Cause::EXPIRED, .. })
        ));
    }

    #[test]
    fn everybody_who_is_open_has_the_same_end() {
        let ends = outcomes(&Deliveries::default(), first_members(3), &Outcome::Cancelled);
        let members: Vec<u16> = ends.iter().map(|end| end.member.number()).collect();
        assert_eq!(members, [1, 2, 3]);
        assert!(ends.iter().all(|end| (end.generation, end.attempt) == (1, 0)));
    }
}
