//! Taking back what dead owners had: who was started and has no outcome is in doubt, and the task goes back.

use std::collections::HashMap;

use domain::deliveries::{Deliveries, Evidence, MemberOutcome, Observation, Outcome};
use domain::rendering::render;
use domain::value::Member;
use sqlx::PgPool;

use super::load::recipients;
use super::marks::{StartRow, Started, started};
use super::settle::{Change, SettleError, Settler, Spent};
use super::sweep::changes;
use super::{COLUMNS, ChunkId, PAGE_TASKS, Task, TaskRow, tasks};
use crate::request::RequestError;

/// Takes back a page of the tasks that have no living owner: it is fenced, or nobody knows it. Returns how many there
/// were. It may be repeated after a crash anywhere: the outcomes, the marks and the task change in one transaction.
pub(crate) async fn recover(settler: &Settler) -> Result<usize, SettleError> {
    let tasks = orphans(&settler.pool).await?;
    // In a statement after that which fenced the owner: no mark of it can be committed any more.
    let mut marks = marks(&settler.pool, &tasks).await?;
    let count = tasks.len();
    let with_marks = tasks.into_iter().map(|task| {
        let started = marks.remove(&task.id).map(|rows| started(&rows)).unwrap_or_default();
        (task, started)
    });
    let doubts = |_: &Task, deliveries: &Deliveries, started| in_doubt(deliveries, started);
    let mut changes = changes(settler, with_marks.collect(), doubts).await?;
    for change in &mut changes {
        change.spent = spent_in_doubt(settler, change).await?;
    }
    settler.commit(None, &[], &changes).await?;
    Ok(count)
}

async fn orphans(pool: &PgPool) -> sqlx::Result<Vec<Task>> {
    let rows: Vec<TaskRow> = sqlx::query_as(&format!(
        "select {COLUMNS} from send_tasks t
         where t.owner is not null and not t.is_parked
           and not exists (select from send_owners o where o.owner = t.owner and not o.is_fenced)
         limit $1"
    ))
    .bind(PAGE_TASKS)
    .fetch_all(pool)
    .await?;
    Ok(tasks(rows))
}

/// What messages in doubt have taken, as if their provider had them. Its price is not known here.
async fn spent_in_doubt(settler: &Settler, change: &Change) -> Result<Vec<(Member, Spent)>, SettleError> {
    let Some(generation) = change.outcomes.first().map(|outcome| outcome.generation) else {
        return Ok(Vec::new());
    };
    let request = match settler.requests.get((change.task.id.notification, generation)).await {
        Ok(request) => request,
        Err(RequestError::Database(error)) => return Err(error.into()),
        Err(_) => return Ok(Vec::new()),
    };
    let Some(Ok(text)) = &request.text else { return Ok(Vec::new()) };
    let recipients = recipients(settler.log.reader(), change.task.id).await?;
    let spent = |outcome: &MemberOutcome| {
        let recipient = recipients.get(outcome.member.index())?;
        let rendered = render(text, recipient.addressee.get()?).ok()?;
        let is_foreign = change.deliveries.is_foreign(outcome.member).unwrap_or(recipient.is_foreign);
        Some((outcome.member, Spent::of(text, &rendered, is_foreign, None)))
    };
    Ok(change.outcomes.iter().filter_map(spent).collect())
}

/// The marks of these tasks in their present epoch, in their order.
async fn marks(pool: &PgPool, tasks: &[Task]) -> sqlx::Result<HashMap<ChunkId, Vec<StartRow>>> {
    let rows: Vec<StartRow> = sqlx::query_as(
        "select s.notification_id, s.chunk, s.generation, s.attempt, s.members, s.provider, s.is_started
         from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as asked (notification_id, chunk, epoch)
         join send_starts s
           on s.notification_id = asked.notification_id and s.chunk = asked.chunk::integer and s.epoch = asked.epoch
         order by s.id",
    )
    .bind(tasks.iter().map(|task| task.id.notification.uuid()).collect::<Vec<_>>())
    .bind(tasks.iter().map(|task| i64::from(task.id.chunk)).collect::<Vec<_>>())
    .bind(tasks.iter().map(|task| task.epoch).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    let mut marks = HashMap::<ChunkId, Vec<StartRow>>::new();
    for row in rows {
        let id = ChunkId { notification: row.notification_id.into(), chunk: row.chunk.unsigned_abs() };
        marks.entry(id).or_default().push(row);
    }
    Ok(marks)
}

/// The members that were started in an attempt without a recorded outcome: the provider may have the message.
fn in_doubt(
    deliveries: &Deliveries,
    started: impl IntoIterator<Item = (Member, Started)>,
) -> Vec<MemberOutcome> {
    let outcome = |(member, Started { generation, attempt, provider }): (Member, Started)| {
        let delivery = deliveries.get(member);
        let is_unknown =
            delivery.is_open() && delivery.generation == generation && delivery.attempt < attempt;
        let evidence = Evidence::observed(None, Observation::LeaseLost);
        let outcome = Outcome::InDoubt { provider, evidence, detail: None };
        is_unknown.then_some(MemberOutcome { member, generation, attempt, outcome, passed_on: Vec::new() })
    };
    started.into_iter().filter_map(outcome).collect()
}

#[cfg(test)]
mod tests {
    use cqrs_es::Aggregate;
    use domain::deliveries::{Action, DeliveriesCommand};
    use uuid::Uuid;

    use super::*;

    fn member(number: u16) -> Member {
        Member::try_new(number).expect("a member")
    }

    fn mark(number: u16, generation: u32, attempt: u32) -> (Member, Started) {
        (member(number), Started { generation, attempt, provider: "uno".into() })
    }

    fn doubted(deliveries: &Deliveries, marks: &[(Member, Started)]) -> Vec<u16> {
        in_doubt(deliveries, marks.to_vec()).iter().map(|outcome| outcome.member.number()).collect()
    }

    fn decided(mut deliveries: Deliveries, action: Action) -> Deliveries {
        let (notification, company) = (Uuid::nil().into(), Uuid::nil().into());
        let decided = deliveries.decide_each(DeliveriesCommand { notification, company, action });
        deliveries.apply(decided.event.expect("an event"));
        deliveries
    }

    fn failed(number: u16) -> Deliveries {
        let outcome = Outcome::Failed(domain::deliveries::Failure {
            provider: Some("uno".into()),
            cause: domain::deliveries::Cause::EXPIRED,
            detail: None,
        });
        let outcome = MemberOutcome {
            member: member(number),
            generation: 1,
            attempt: 1,
            outcome,
            passed_on: Vec::new(),
        };
        decided(Deliveries::default(), Action::RecordOutcomes(vec![outcome]))
    }

    #[test]
    fn who_was_started_without_an_outcome_is_in_doubt_with_the_provider() {
        let found = in_doubt(&Deliveries::default(), [mark(1, 1, 1)]);
        let evidence = Evidence::observed(None, Observation::LeaseLost);
        let outcome = Outcome::InDoubt { provider: "uno".into(), evidence, detail: None };
        assert_eq!(
            found,
            [MemberOutcome { member: member(1), generation: 1, attempt: 1, outcome, passed_on: Vec::new() }]
        );
    }

    #[test]
    fn an_attempt_whose_end_is_recorded_is_not_in_doubt() {
        assert_eq!(doubted(&failed(1), &[mark(1, 1, 1), mark(2, 1, 1)]), [2]);
    }

    #[test]
    fn a_mark_of_an_earlier_generation_says_nothing_of_this_one() {
        let reopened = decided(failed(1), Action::Reopen { generation: 2, members: member(1).into() });
        assert!(doubted(&reopened, &[mark(1, 1, 3)]).is_empty());
        assert_eq!(doubted(&reopened, &[mark(1, 2, 1)]), [1]);
    }
}
