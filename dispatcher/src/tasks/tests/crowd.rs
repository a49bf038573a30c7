use domain::deliveries::{State, Totals};
use domain::notification::NotificationState;
use domain::value::{Members, NotificationId};
use uuid::Uuid;

use super::world::{World, accepted, change, mark, wants};
use crate::tasks::load::load;
use crate::tasks::settle::{Change, Marked};
use crate::tasks::{ChunkId, complete_left_over, recover, sweep};

const CHUNKS: u32 = 12;
const PEOPLE: u16 = 4;

/// Sends all that it can claim, person by person in two settlements a task, until nothing is left. One that `dies` stops
/// between the marks and the outcomes of its third task.
async fn send(world: &World, owner: Uuid, dies: bool) {
    let (mut claimer, mut worked) = (world.claimer(owner), 0);
    while world.number("select count(*) from send_tasks").await > 0 {
        for task in claimer.claim(&wants(8), world.now()).await.expect("a claim") {
            let loaded = load(world.log.reader(), task).await.expect("a chunk");
            let open = loaded.deliveries.open_among("1-4".parse().expect("members"));
            let marks: Vec<_> = open.iter().map(|member| mark(&loaded, member.number(), true)).collect();
            let marked = world.mark(owner, &marks).await;
            worked += 1;
            if dies && worked == 3 {
                return world.fence(owner).await;
            }
            let sent = open.iter().zip(&marked).filter(|(_, marked)| **marked == Marked::Started);
            let outcomes: Vec<_> = sent.map(|(member, _)| accepted(&loaded, member.number())).collect();
            let (first, second) = outcomes.split_at(outcomes.len() / 2);
            let settled = world.settle(owner, change(&loaded, first.to_vec())).await;
            let (deliveries, sequence) = (settled.deliveries, settled.sequence);
            let rest = Change { deliveries, sequence, ..change(&loaded, second.to_vec()) };
            world.settle(owner, Change { in_memory: Members::NONE, ..rest }).await;
        }
        tokio::task::yield_now().await;
    }
}

async fn keep(world: &World) {
    while world.number("select count(*) from send_tasks").await > 0 {
        recover(&world.settler).await.expect("recovered");
        sweep(&world.settler, world.now()).await.expect("swept");
        complete_left_over(&world.settler).await.expect("nothing left over");
        tokio::task::yield_now().await;
    }
}

async fn cancel(world: &World, notification: NotificationId) {
    while world.number("select count(*) from send_tasks").await > i64::from(2 * CHUNKS) - 4 {
        tokio::task::yield_now().await;
    }
    world
        .run(
            "with locked as (select notification_id from send_notifications where notification_id = $1 for no key update)
             update send_notifications n set cancelled = true from locked l where n.notification_id = l.notification_id",
            &[notification.uuid()],
        )
        .await;
    world
        .run("update send_tasks set stopped = 'cancelled' where notification_id = $1", &[notification.uuid()])
        .await;
}

/// How often each person of a notification was accepted, and what is in doubt or open.
async fn totals(world: &World, notification: NotificationId) -> Totals {
    let mut totals = Totals::default();
    for chunk in 1..=CHUNKS {
        let deliveries = world.deliveries(ChunkId { notification, chunk }).await;
        let everybody: Members = "1-4".parse().expect("members");
        assert!(everybody.iter().all(|member| deliveries.get(member).state != State::Pending), "{chunk}");
        totals += deliveries.totals();
    }
    totals
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn owners_that_die_housekeepers_and_a_cancellation_at_once_lose_and_double_nothing() {
    let world = World::new().await;
    let (kept, cancelled) = (world.notification(1).await, world.notification(2).await);
    for chunk in 1..=CHUNKS {
        world.chunk(kept, chunk, PEOPLE.into()).await;
        world.chunk(cancelled, chunk, PEOPLE.into()).await;
    }
    world.close(kept).await;
    world.close(cancelled).await;
    let owners = [world.owner().await, world.owner().await, world.owner().await];
    tokio::join!(
        send(&world, owners[0], true),
        send(&world, owners[1], false),
        send(&world, owners[2], false),
        keep(&world),
        keep(&world),
        cancel(&world, cancelled),
    );
    let everybody = i64::from(CHUNKS) * i64::from(PEOPLE);
    let (of_kept, of_cancelled) = (totals(&world, kept).await, totals(&world, cancelled).await);
    assert_eq!((of_kept.sum(), of_cancelled.sum()), (everybody, everybody));
    assert_eq!(of_kept.in_doubt + of_cancelled.in_doubt, i64::from(PEOPLE), "the task of the one that died");
    assert_eq!(of_kept.accepted + of_kept.in_doubt, everybody);
    let completed = world.aggregate(kept).await;
    assert_eq!((completed.state(), completed.totals()), (Some(NotificationState::Completed), of_kept));
    assert_eq!(world.number("select count(*) from send_starts").await, 0);
}
