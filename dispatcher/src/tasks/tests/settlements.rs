use chrono::TimeDelta;
use domain::deliveries::{Action, DELIVERIES, DeliveriesCommand, Outcome, State, Totals, deliveries_stream};
use domain::notification::NotificationState;
use domain::value::Members;

use super::world::{World, accepted, change, failure, mark, member, outcome};
use crate::tasks::complete_left_over;
use crate::tasks::settle::{Change, Marked, Next};

#[tokio::test]
async fn a_chunk_is_marked_settled_and_its_notification_completed() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 3).await;
    world.close(notification).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    assert_eq!((loaded.recipients.len(), loaded.sequence), (3, 0));
    let marks = [mark(&loaded, 1, true), mark(&loaded, 2, true), mark(&loaded, 3, true)];
    assert_eq!(world.mark(owner, &marks).await, [Marked::Started; 3]);
    let settled = world.settle(owner, change(&loaded, vec![accepted(&loaded, 1)])).await;
    assert_eq!((settled.next, settled.sequence), (Next::Kept, 1));
    assert_eq!(world.aggregate(notification).await.state(), Some(NotificationState::Running));
    let rest = Change {
        deliveries: settled.deliveries,
        sequence: settled.sequence,
        ..change(&loaded, vec![accepted(&loaded, 2), outcome(&loaded, 3, Outcome::Failed(failure()))])
    };
    let settled = world.settle(owner, Change { in_memory: Members::NONE, ..rest }).await;
    assert_eq!(settled.next, Next::Finished);
    let completed = world.aggregate(notification).await;
    assert_eq!(completed.state(), Some(NotificationState::Completed));
    assert_eq!(completed.totals(), Totals { accepted: 2, failed: 1, ..Totals::default() });
    for table in ["send_tasks", "send_starts", "send_totals"] {
        assert_eq!(world.number(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    assert!(matches!(world.state(id, 2).await, State::Accepted));
}

#[tokio::test]
async fn a_task_with_only_deferred_people_waits_for_them() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 2).await;
    world.close(notification).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    let until = world.now() + TimeDelta::seconds(60);
    let deferred = Outcome::Deferred { since: world.now(), until, failure: failure() };
    let outcomes = vec![accepted(&loaded, 1), outcome(&loaded, 2, deferred)];
    world.mark(owner, &[mark(&loaded, 1, true), mark(&loaded, 2, true)]).await;
    assert_eq!(world.settle(owner, change(&loaded, outcomes)).await.next, Next::Requeued);
    assert_eq!(world.number("select count(*) from send_starts").await, 0);
    assert!(world.claim(owner).await.is_empty(), "not yet");
    world.wait(60);
    let again = world.load_one(owner).await;
    assert_eq!((again.task.people, again.task.is_fresh(), again.sequence), (1, false, 1));
    assert_eq!(again.deliveries.get(member(2)).attempt, 1);
    assert_eq!(world.settle(owner, change(&again, vec![accepted(&again, 2)])).await.next, Next::Finished);
    let totals = Totals { accepted: 2, ..Totals::default() };
    assert_eq!(world.aggregate(notification).await.totals(), totals);
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_repeated_without_a_second_event() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 1).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    let asked = change(&loaded, vec![accepted(&loaded, 1)]);
    assert_eq!(world.settle(owner, asked.clone()).await.next, Next::Finished);
    let again = world.settle(owner, asked).await;
    assert_eq!((again.next, again.sequence), (Next::Lost, 1));
    assert_eq!(world.number("select count(*) from events where aggregate_type = 'deliveries'").await, 1);
    assert_eq!(world.number("select sum(accepted)::bigint from send_totals").await, 1);
}

#[tokio::test]
async fn an_owner_that_ends_a_task_finds_the_members_that_a_retry_has_reopened() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 2).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    let first =
        world.settle(owner, change(&loaded, vec![outcome(&loaded, 1, Outcome::Failed(failure()))])).await;
    let reopen = Action::Reopen { generation: 2, members: member(1).into() };
    let (company, stream) = (loaded.task.company, deliveries_stream(notification, 1));
    let decided = first.deliveries.decide_each(DeliveriesCommand { notification, company, action: reopen });
    world.append(DELIVERIES, &stream, 2, &decided.event.expect("reopened")).await;
    let last = Change {
        deliveries: first.deliveries,
        sequence: first.sequence,
        in_memory: Members::NONE,
        ..change(&loaded, vec![accepted(&loaded, 2)])
    };
    let settled = world.settle(owner, last).await;
    assert_eq!(settled.next, Next::Requeued, "somebody is open again");
    assert_eq!(settled.deliveries.get(member(1)).generation, 2);
    assert!(matches!(world.state(id, 2).await, State::Accepted));
}

#[tokio::test]
async fn a_task_that_is_let_go_without_an_event_is_fenced_by_the_stream_too() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 1).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    let settled =
        world.settle(owner, change(&loaded, vec![outcome(&loaded, 1, Outcome::Failed(failure()))])).await;
    assert_eq!(settled.next, Next::Finished);
    // The task is back by a retry that this owner has not heard of.
    world
        .run(
            "insert into send_tasks (notification_id, chunk, company_id, channel, lane, people, chunk_people, due_at, epoch)
             select notification_id, 1, company_id, 'email', 1, 1, 1, 'epoch', 1 from send_notifications",
            &[],
        )
        .await;
    let again = world.load_one(owner).await;
    let action = Action::Reopen { generation: 2, members: member(1).into() };
    let (company, stream) = (again.task.company, deliveries_stream(notification, 1));
    let decided = again.deliveries.decide_each(DeliveriesCommand { notification, company, action });
    world.append(DELIVERIES, &stream, 2, &decided.event.expect("reopened")).await;
    let nothing = Change { in_memory: Members::NONE, ..change(&again, vec![]) };
    assert_eq!(world.settle(owner, nothing).await.next, Next::Requeued);
    assert_eq!(world.state(id, 1).await, State::Pending);
    assert_eq!(world.number("select count(*) from send_tasks").await, 1);
}

#[tokio::test]
async fn what_nobody_has_completed_is_completed_by_the_net() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    world.close(notification).await;
    complete_left_over(&world.settler).await.expect("completed");
    complete_left_over(&world.settler).await.expect("nothing to do");
    assert_eq!(world.aggregate(notification).await.state(), Some(NotificationState::Completed));
}
