//! What the intake writes, on a real PostgreSQL.

use chrono::TimeDelta;
use commands::{CommandContext, notifications};
use domain::notification::Beginning;
use domain::value::{Channel, NotificationId, RecipientKind};
use uuid::Uuid;

use super::batch::{Batch, OpenAudience, Requested};
use super::store::{StoreError, position, store};
use crate::tasks::tests::world::World;

fn asked(notification: NotificationId) -> Batch {
    let requested = Requested {
        notification,
        company: Uuid::from_u128(1).into(),
        channel: Channel::Email,
        recipient_kind: RecipientKind::Everyone,
        lane: 1,
        expires_at: None,
        excludes_foreign: false,
    };
    let audience = OpenAudience {
        notification: notification.uuid(),
        generation: 1,
        position: 1,
        beginning: Beginning::Begun,
    };
    Batch { requested: vec![requested], audiences: vec![audience], ..Batch::default() }
}

#[tokio::test]
async fn a_batch_is_taken_in_once_and_a_rewind_changes_nothing() {
    let world = World::new().await;
    let batch = asked(Uuid::from_u128(7).into());
    store(&world.pool, &batch, 0, 1).await.expect("taken in");
    assert!(matches!(store(&world.pool, &batch, 0, 1).await, Err(StoreError::Overtaken)));
    world.run("update audiences set closed = true, chunks = 3", &[]).await;
    world.run("update intake set position = 0", &[]).await;
    store(&world.pool, &batch, 0, 1).await.expect("taken in again");
    assert_eq!(position(&world.pool).await.expect("a position"), 1);
    assert_eq!(world.number("select count(*) from audiences where closed and chunks = 3").await, 1);
}

#[tokio::test]
async fn a_retry_raises_the_generation_and_never_lowers_it() {
    let world = World::new().await;
    let notification = Uuid::from_u128(7);
    store(&world.pool, &asked(notification.into()), 0, 1).await.expect("taken in");
    for (generation, at) in [(3, 1), (2, 2)] {
        let audiences =
            vec![OpenAudience { notification, generation, position: at, beginning: Beginning::Begun }];
        store(&world.pool, &Batch { audiences, ..Batch::default() }, at, at + 1).await.expect("taken in");
    }
    assert_eq!(world.number("select generation::bigint from send_notifications").await, 3);
    assert_eq!(world.number("select count(*) from audiences").await, 3);
}

#[tokio::test]
async fn a_cancellation_stops_all_tasks_of_its_notification_and_no_other() {
    let world = World::new().await;
    let (one, other) = (world.notification(1).await, world.notification(1).await);
    for notification in [one, other] {
        for chunk in 1..=2 {
            world.chunk(notification, chunk, 1).await;
        }
    }
    let context = CommandContext::of_system();
    notifications::cancel(&world.log, one, &context).await.expect("a cancellation");
    let batch = Batch { controlled: vec![one.uuid()], ..Batch::default() };
    store(&world.pool, &batch, 0, 1).await.expect("taken in");
    assert_eq!(world.number("select count(*) from send_tasks where stopped = 'cancelled'").await, 2);
    assert_eq!(world.number("select count(*) from send_notifications where cancelled").await, 1);
}

#[tokio::test]
async fn what_was_paused_before_its_request_was_taken_in_is_paused() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    notifications::pause(&world.log, notification, &CommandContext::of_system()).await.expect("a pause");
    world.run("delete from send_notifications", &[]).await;
    store(&world.pool, &asked(notification), 0, 1).await.expect("taken in");
    assert_eq!(world.number("select count(*) from send_notifications where paused").await, 1);
}

#[tokio::test]
async fn what_has_a_time_waits_for_it_and_what_needs_an_approval_waits_for_that() {
    let world = World::new().await;
    let time = world.now() + TimeDelta::seconds(60);
    for (number, beginning) in
        [(1, Beginning::At(time)), (2, Beginning::Waits { expires_at: None }), (3, Beginning::Begun)]
    {
        let mut batch = asked(Uuid::from_u128(number).into());
        batch.audiences[0].beginning = beginning;
        store(&world.pool, &batch, number as i64 - 1, number as i64).await.expect("taken in");
    }
    let due = "select count(*) from audiences where extract(epoch from due_at) = 1060";
    assert_eq!(world.number(due).await, 1);
    assert_eq!(world.number("select count(*) from audiences where due_at = 'infinity'").await, 1);
    assert_eq!(world.number("select count(*) from audiences where due_at is null").await, 1);
}

#[tokio::test]
async fn an_erasure_is_remembered_for_ever_and_looked_for_from_its_last_position() {
    let world = World::new().await;
    let client = Uuid::from_u128(5);
    let batch = Batch { erased: vec![(client, 4), (client, 9)], ..Batch::default() };
    store(&world.pool, &batch, 0, 9).await.expect("taken in");
    assert_eq!(world.number("select position from send_erasures").await, 9);
    assert_eq!(world.number("select count(*) from unsendable_clients").await, 1);
}
