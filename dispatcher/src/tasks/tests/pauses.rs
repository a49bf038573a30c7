use commands::{CommandContext, notifications};
use domain::deliveries::{Outcome, State};
use domain::value::{Members, NotificationId};

use super::world::{World, accepted, change, failure, mark, outcome};
use crate::tasks::settle::{Change, Marked, Next};
use crate::tasks::stops::{self, Stop, Stopped};
use crate::tasks::{follow_notification, suppress_erased, sweep};

async fn pause(world: &World, notification: NotificationId) {
    notifications::pause(&world.log, notification, &CommandContext::of_system()).await.expect("a pause");
    follow_notification(&world.pool, notification).await.expect("it is followed");
}

async fn resume(world: &World, notification: NotificationId) {
    notifications::resume(&world.log, notification, &CommandContext::of_system()).await.expect("it goes on");
    follow_notification(&world.pool, notification).await.expect("it is followed");
}

#[tokio::test]
async fn what_is_paused_is_claimed_by_nobody_until_it_is_resumed() {
    let world = World::new().await;
    let (notification, other) = (world.notification(1).await, world.notification(2).await);
    world.chunk(notification, 1, 2).await;
    let free = world.chunk(other, 1, 2).await;
    pause(&world, notification).await;
    let owner = world.owner().await;
    let claimed = world.claim(owner).await;
    assert_eq!(claimed.iter().map(|task| task.id).collect::<Vec<_>>(), [free]);
    resume(&world, notification).await;
    assert_eq!(world.claim(owner).await.len(), 1);
}

#[tokio::test]
async fn a_claimed_task_is_refused_its_marks_and_given_back_with_its_people_open() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 3).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    assert_eq!(world.mark(owner, &[mark(&loaded, 1, true)]).await, [Marked::Started]);
    pause(&world, notification).await;
    assert_eq!(world.mark(owner, &[mark(&loaded, 2, true)]).await, [Marked::Paused]);
    let stop = Stop { task: id, members: None, why: Stopped::Paused };
    assert_eq!(stops::of_owner(&world.pool, owner).await.expect("stops"), [stop]);

    // Who was being sent to has the outcome, and the task waits for the others.
    let end = Change { in_memory: Members::NONE, ..change(&loaded, vec![accepted(&loaded, 1)]) };
    assert_eq!(world.settle(owner, end).await.next, Next::Requeued);
    assert!(world.claim(owner).await.is_empty());
    resume(&world, notification).await;
    let again = world.load_one(owner).await;
    assert_eq!((again.task.people, world.state(id, 2).await), (2, State::Pending));
}

#[tokio::test]
async fn a_pause_that_is_followed_late_does_not_outlive_its_end() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 1).await;
    let context = CommandContext::of_system();
    notifications::pause(&world.log, notification, &context).await.expect("a pause");
    resume(&world, notification).await;
    // The intake reads the pause, and the end of it is in the log.
    follow_notification(&world.pool, notification).await.expect("it is followed");
    assert_eq!(world.number("select count(*) from send_tasks where stopped is null").await, 1);
    pause(&world, notification).await;
    // The intake reads the end of the first pause, and the second one is in the log.
    follow_notification(&world.pool, notification).await.expect("it is followed");
    assert_eq!(world.number("select count(*) from send_tasks where stopped = 'paused'").await, 1);
}

#[tokio::test]
async fn what_is_paused_expires_is_cancelled_and_erased_all_the_same() {
    let world = World::new().await;
    let (late, cancelled) = (world.notification(1).await, world.notification(1).await);
    let ids = [world.chunk(late, 1, 1).await, world.chunk(cancelled, 1, 1).await];
    world
        .run(
            "update send_tasks set expires_at = due_at + interval '60 s' where notification_id = $1",
            &[late.uuid()],
        )
        .await;
    pause(&world, late).await;
    pause(&world, cancelled).await;
    assert_eq!(sweep(&world.settler, world.now()).await.expect("nothing to sweep"), 0);
    notifications::cancel(&world.log, cancelled, &CommandContext::of_system()).await.expect("a cancellation");
    follow_notification(&world.pool, cancelled).await.expect("it is followed");
    world.wait(60);
    while sweep(&world.settler, world.now()).await.expect("swept") > 0 {}
    assert_eq!(world.state(ids[0], 1).await, State::Failed);
    assert_eq!(world.state(ids[1], 1).await, State::Cancelled);
    resume(&world, late).await;
    assert_eq!(world.number("select count(*) from send_tasks").await, 0, "what is over does not come back");

    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 2).await;
    let erased = super::world::client(1, 2).uuid();
    let place = "insert into notifications.recipients values ($1, 2, $2, null)";
    world.run(place, &[notification.uuid(), erased]).await;
    pause(&world, notification).await;
    world.run("insert into send_erasures values ($1, 1)", &[erased]).await;
    suppress_erased(&world.settler).await.expect("suppressed");
    assert_eq!((world.state(id, 1).await, world.state(id, 2).await), (State::Pending, State::Suppressed));
}

#[tokio::test]
async fn what_a_dead_owner_had_of_a_paused_notification_waits_for_its_end_too() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 2).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    world.mark(owner, &[mark(&loaded, 1, true)]).await;
    pause(&world, notification).await;
    world.fence(owner).await;
    crate::tasks::recover(&world.settler).await.expect("it is taken back");
    assert!(matches!(world.state(id, 1).await, State::InDoubt));
    let other = world.owner().await;
    assert!(world.claim(other).await.is_empty());
    resume(&world, notification).await;
    let again = world.load_one(other).await;
    let failed = outcome(&again, 2, Outcome::Failed(failure()));
    assert_eq!(world.settle(other, change(&again, vec![failed])).await.next, Next::Finished);
}
