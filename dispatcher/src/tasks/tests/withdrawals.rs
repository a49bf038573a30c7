use commands::CommandContext;
use commands::suppressions::{add, remove};
use domain::deliveries::{State, Totals};
use domain::notification::NotificationState;
use domain::suppression::SuppressionCause;
use domain::value::{Members, StatedReason};
use serde_json::json;
use uuid::Uuid;

use super::world::{World, accepted, change, client, mark};
use crate::tasks::StartMark;
use crate::tasks::marks;
use crate::tasks::settle::{Change, Marked};
use crate::tasks::stops::{self, Stop, Stopped};
use crate::tasks::{recover, stop_erased, suppress_erased, sweep};

#[tokio::test]
async fn a_cancelled_campaign_is_cancelled_for_everybody_who_is_open() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let ids = [world.chunk(notification, 1, 2).await, world.chunk(notification, 2, 2).await];
    let owner = world.owner().await;
    let held = world.claimer(owner).claim(&super::world::wants(1), world.now()).await.expect("a claim");
    assert_eq!(held.len(), 1);
    world.run("update send_tasks set stopped = 'cancelled'", &[]).await;
    while sweep(&world.settler, world.now()).await.expect("swept") > 0 {}
    let other = ids.into_iter().find(|id| *id != held[0].id).expect("the other");
    assert_eq!(world.state(other, 1).await, State::Cancelled);
    assert_eq!(world.state(held[0].id, 1).await, State::Pending, "its owner withdraws it");
    let stop = Stop { task: held[0].id, members: None, why: Stopped::Cancelled };
    assert_eq!(stops::of_owner(&world.pool, owner).await.expect("stops"), [stop]);
    assert_eq!(world.number("select count(*) from send_tasks").await, 1);
}

#[tokio::test]
async fn what_is_late_has_failed_and_the_notification_is_completed() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 2).await;
    world.close(notification).await;
    world.run("update send_tasks set expires_at = due_at + interval '60 s'", &[]).await;
    assert_eq!(sweep(&world.settler, world.now()).await.expect("nothing is late"), 0);
    world.wait(60);
    while sweep(&world.settler, world.now()).await.expect("swept") > 0 {}
    assert_eq!(world.state(id, 1).await, State::Failed);
    let completed = world.aggregate(notification).await;
    assert_eq!(completed.state(), Some(NotificationState::Completed));
    assert_eq!(completed.totals(), Totals { failed: 2, ..Totals::default() });
}

#[tokio::test]
async fn who_is_erased_is_suppressed_in_what_waits_and_told_to_owners() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 2).await;
    let erased = client(1, 2).uuid();
    world
        .run("insert into notifications.recipients values ($1, 2, $2, null)", &[notification.uuid(), erased])
        .await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    world.run("insert into send_erasures values ($1, 1)", &[erased]).await;
    let members: Members = "2".parse().expect("members");
    let stop = Stop { task: id, members: Some(members), why: Stopped::Erased };
    assert_eq!(stops::of_owner(&world.pool, owner).await.expect("stops"), [stop]);
    suppress_erased(&world.settler).await.expect("looked");
    assert_eq!(world.state(id, 2).await, State::Pending, "its owner does it");
    world
        .settle(owner, Change { in_memory: Members::NONE, ..change(&loaded, vec![accepted(&loaded, 1)]) })
        .await;
    suppress_erased(&world.settler).await.expect("suppressed");
    assert_eq!(world.state(id, 2).await, State::Suppressed);
    suppress_erased(&world.settler).await.expect("forgotten");
    assert_eq!(world.number("select count(*) from send_erasures").await, 0);
    assert_eq!(world.number("select count(*) from send_tasks").await, 0);
}

#[tokio::test]
async fn an_erasure_waits_until_the_view_has_reached_it() {
    let world = World::new().await;
    world.run("update notifications.checkpoint set position = 6", &[]).await;
    world.run("insert into send_erasures values ($1, 7)", &[client(1, 1).uuid()]).await;
    suppress_erased(&world.settler).await.expect("looked");
    assert_eq!(world.number("select count(*) from send_erasures").await, 1);
    world.run("update notifications.checkpoint set position = 7", &[]).await;
    suppress_erased(&world.settler).await.expect("looked");
    assert_eq!(world.number("select count(*) from send_erasures").await, 0);
}

/// A mark that did not see the erasure is committed before its caller is answered, and one that comes after the answer is
/// refused.
#[tokio::test]
async fn an_erasure_is_answered_after_the_marks_that_did_not_see_it() {
    let world = World::new().await;
    let notification = world.notification(1).await;
    let id = world.chunk(notification, 1, 2).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    let mut tx = commands::begin(&world.pool).await.expect("a transaction");
    let known = world.settler.suppressed();
    let first = [mark(&loaded, 1, true)];
    let marked = marks::mark(&mut tx, &world.log, &known, owner, &first, (world.clock())()).await;
    assert_eq!(marked.expect("a mark"), [Marked::Started]);
    let erasing = tokio::spawn({
        let pool = world.pool.clone();
        async move { stop_erased(&pool, client(1, 1)).await }
    });
    while world.number(WAITING).await == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!erasing.is_finished(), "the erasure was answered before the mark was committed");
    tx.commit().await.expect("the mark");
    erasing.await.expect("no panic").expect("the erasure");

    stop_erased(&world.pool, client(1, 2)).await.expect("the erasure");
    assert_eq!(world.mark(owner, &[mark(&loaded, 2, true)]).await, [Marked::Erased]);
    world.fence(owner).await;
    assert_eq!(recover(&world.settler).await.expect("recovered"), 1);
    assert!(matches!(world.state(id, 1).await, State::InDoubt));
    assert_eq!(world.state(id, 2).await, State::Pending, "the refused mark starts nobody");
}

/// Sessions that wait for the lock of a row.
const WAITING: &str = "select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and wait_event in ('transactionid', 'tuple')";

/// An owner with a task for three people, and the start marks of all of them.
async fn three_marks(world: &World) -> (Uuid, [StartMark; 3]) {
    let notification = world.notification(1).await;
    world.chunk(notification, 1, 3).await;
    let owner = world.owner().await;
    let loaded = world.load_one(owner).await;
    (owner, [1, 2, 3].map(|number| mark(&loaded, number, true)))
}

#[tokio::test]
async fn nobody_is_begun_with_whose_address_is_suppressed() {
    let world = World::new().await;
    let (owner, marks) = three_marks(&world).await;
    let (cause, context) = (SuppressionCause::OptOut, CommandContext::of_system());
    add(&world.log, &marks[1].to, cause, None, &context, &json!({})).await.expect("a suppression");
    let expected = [Marked::Started, Marked::Suppressed, Marked::Started];
    assert_eq!(world.mark(owner, &marks).await, expected);
}

#[tokio::test]
async fn what_is_remembered_of_suppressed_addresses_lets_none_through_that_came_since() {
    let world = World::new().await;
    let (owner, marks) = three_marks(&world).await;
    let (cause, context) = (SuppressionCause::OptOut, CommandContext::of_system());
    let known = world.settler.suppressed();
    for (to, is_read) in [(&marks[0].to, true), (&marks[1].to, false)] {
        add(&world.log, to, cause, None, &context, &json!({})).await.expect("a suppression");
        if is_read {
            known.read(&world.pool).await.expect("the addresses");
        }
    }
    let expected = [Marked::Suppressed, Marked::Suppressed, Marked::Started];
    assert_eq!(world.mark(owner, &marks).await, expected);

    known.read(&world.pool).await.expect("the addresses");
    let indexes: Vec<_> = marks.iter().map(|mark| mark.to.index(&world.log)).collect();
    assert_eq!(known.sift(&indexes).suspects, [0, 1], "only these are looked for");
    let reason = StatedReason::try_from("asked for it".to_owned()).expect("a reason");
    let (company, id) = (marks[0].to.company, marks[0].to.id(&world.log));
    remove(&world.log, company, id, reason, &context).await.expect("a lifted suppression");
    assert_eq!(world.mark(owner, &marks[..2]).await, [Marked::Started, Marked::Suppressed]);
}
