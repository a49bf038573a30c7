use domain::deliveries::{
    Cause, Evidence, Failure, FailureClass, MemberOutcome, Observation, Outcome, Phase, State, Totals,
};
use domain::notification::NotificationState;
use domain::value::Members;

use super::world::{World, accepted, change, client, mark};
use crate::tasks::settle::{Change, Marked, Next};
use crate::tasks::{recover, sending_among};

#[tokio::test]
async fn a_dead_owners_started_people_are_in_doubt_and_the_others_go_back() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 3).await;
    world.close(notification).await;
    let dead = world.owner().await;
    let loaded = world.load_one(dead).await;
    world.mark(dead, &[mark(&loaded, 1, true), mark(&loaded, 2, true), mark(&loaded, 2, false)]).await;
    let sending = sending_among(&world.pool, notification, &[1, 2, 3]).await.expect("sending");
    assert_eq!(sending, [1], "the second was taken back");
    world.fence(dead).await;
    assert_eq!(world.mark(dead, &[mark(&loaded, 3, true)]).await, [Marked::Lost]);
    assert_eq!(recover(&world.settler).await.expect("recovered"), 1);
    assert_eq!(recover(&world.settler).await.expect("nothing left"), 0);
    assert_eq!(world.state(id, 1).await, State::InDoubt);
    assert_eq!(world.state(id, 2).await, State::Pending);
    let text: String =
        sqlx::query_scalar("select payload::text from events where aggregate_type = 'deliveries'")
            .fetch_one(&world.pool)
            .await
            .expect("an event");
    assert!(text.contains("lease_lost") && text.contains(r#""provider":"uno""#), "{text}");
    assert_eq!(Evidence::observed(None, Observation::LeaseLost).phase, None);

    // The others are sent by somebody else, and what the dead one knew ends the doubt.
    let next = world.owner().await;
    let again = world.load_one(next).await;
    assert_eq!((again.task.people, again.task.epoch), (2, 3));
    let late = Change { in_memory: Members::NONE, ..change(&loaded, vec![accepted(&loaded, 1)]) };
    assert_eq!(world.settle(dead, late).await.next, Next::Lost);
    assert!(matches!(world.state(id, 1).await, State::Accepted));
    let rest = change(&again, vec![accepted(&again, 2), accepted(&again, 3)]);
    let settled = world.settle(next, Change { in_memory: Members::NONE, ..rest }).await;
    assert_eq!(settled.next, Next::Finished);
    let completed = world.aggregate(notification).await;
    assert_eq!(completed.state(), Some(NotificationState::Completed));
    assert_eq!(completed.totals(), Totals { accepted: 3, ..Totals::default() });
}

#[tokio::test]
async fn a_task_of_an_owner_whom_nobody_knows_is_taken_back() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 1).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    world.run("delete from send_owners where owner = $1", &[owner]).await;
    assert_eq!(world.mark(owner, &[mark(&loaded, 1, true)]).await, [Marked::Lost]);
    assert_eq!(recover(&world.settler).await.expect("recovered"), 1);
    let next = world.owner().await;
    assert_eq!(world.claim(next).await.len(), 1);
}

#[tokio::test]
async fn an_old_owner_marks_nothing_of_a_task_that_another_has() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 1).await;
    let (old, new) = (world.owner().await, world.owner().await);
    let loaded = world.load_one(old).await;
    let let_go = Change { in_memory: Members::NONE, ..change(&loaded, vec![]) };
    assert_eq!(world.settle(old, let_go).await.next, Next::Requeued);
    let again = world.load_one(new).await;
    assert_eq!(world.mark(old, &[mark(&loaded, 1, true)]).await, [Marked::Lost]);
    assert_eq!(world.mark(new, &[mark(&again, 1, true)]).await, [Marked::Started]);
}

#[tokio::test]
async fn who_is_erased_or_cancelled_is_not_started_and_can_be_taken_back() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 3).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    world.run("insert into unsendable_clients values ($1)", &[client(1, 2).uuid()]).await;
    let marked = world.mark(owner, &[mark(&loaded, 1, true), mark(&loaded, 2, true)]).await;
    assert_eq!(marked, [Marked::Started, Marked::Erased]);
    world.run("update send_tasks set stopped = 'cancelled'", &[]).await;
    let marked = world.mark(owner, &[mark(&loaded, 3, true), mark(&loaded, 1, false)]).await;
    assert_eq!(marked, [Marked::Stopped, Marked::Started]);
    let sending = sending_among(&world.pool, notification, &[1, 2, 3]).await.expect("sending");
    assert!(sending.is_empty(), "{sending:?}");
}

#[tokio::test]
async fn a_chunk_that_cannot_be_read_is_parked_and_holds_nobody_up() {
    let world = World::new().await;
    let (bad, good) = (world.notification(1).await, world.notification(2).await);
    let id = world.chunk(bad, 1, 1).await;
    world.chunk(good, 1, 1).await;
    let owner = world.owner().await;
    assert_eq!(world.claim(owner).await.len(), 2);
    sqlx::query(
        "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         values ('deliveries', $1, 1, 'FromTheFuture', '9', '{}', '{}')",
    )
    .bind(domain::deliveries::deliveries_stream(bad, id.chunk))
    .execute(world.log.pool())
    .await
    .expect("an event");
    world.fence(owner).await;
    while recover(&world.settler).await.expect("recovered") > 0 {}
    assert_eq!(world.number("select count(*) from send_tasks where is_parked").await, 1);
    let next = world.owner().await;
    let claimed = world.claim(next).await;
    assert_eq!(claimed.iter().map(|task| task.id.notification).collect::<Vec<_>>(), [good]);
}

/// The new owner may be sending to the person at this moment: the acceptance must not find the delivery ended.
#[tokio::test]
async fn an_old_owner_ends_nobody_whom_it_has_not_sent_to() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 2).await;
    let (old, new) = (world.owner().await, world.owner().await);
    let loaded = world.load_one(old).await;
    world.fence(old).await;
    assert_eq!(recover(&world.settler).await.expect("recovered"), 1, "nobody was started: no event");
    let again = world.load_one(new).await;
    assert_eq!(world.mark(new, &[mark(&again, 1, true)]).await, [Marked::Started]);

    let cancelled = MemberOutcome { attempt: 0, outcome: Outcome::Cancelled, ..accepted(&loaded, 1) };
    let late = change(&loaded, vec![cancelled, accepted(&loaded, 2)]);
    assert_eq!(world.settle(old, late).await.next, Next::Lost);
    assert_eq!(world.state(id, 1).await, State::Pending, "only its owner may say so");
    assert!(matches!(world.state(id, 2).await, State::Accepted), "what was sent is the truth");

    // A refusal that was held in memory: its mark was taken back, so the next owner sends to this person.
    let evidence = Evidence::answered(Phase::Rcpt, "550");
    let cause = Cause { class: FailureClass::PermanentAddress, evidence };
    let failed = Outcome::Failed(Failure { provider: Some("uno".into()), cause, detail: None });
    let refused = MemberOutcome { outcome: failed, ..accepted(&loaded, 1) };
    let unmarked = refused.member.into();
    let held = Change { unmarked, ..change(&loaded, vec![refused]) };
    assert_eq!(world.settle(old, held).await.next, Next::Lost);
    assert_eq!(world.state(id, 1).await, State::Pending, "only its owner may say so");
    world.settle(new, change(&again, vec![accepted(&again, 1)])).await;
    assert!(matches!(world.state(id, 1).await, State::Accepted));
}
