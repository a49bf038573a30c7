//! A dispatcher freezes for longer than its lease and resumes: others finish its work, and it sends nothing twice.

use std::collections::BTreeMap;
use std::time::Duration;

use dispatcher::simulator::Behaviour;
use domain::deliveries::{Deliveries, deliveries_stream};
use domain::value::{Channel, Members};
use tests::HANG;
use tests::program::Program;
use tokio::time::timeout;
use uuid::Uuid;

use crate::leaders::led_among;
use crate::load::Load;
use crate::reconciliation::{final_totals, reconcile};
use crate::testbed::{CONNECTIONS, Testbed, eventually};

/// So slow that the frozen dispatcher has sends in flight.
const SLOW: Duration = Duration::from_millis(300);
/// How many messages are written while a process is frozen.
const MESSAGES: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_dispatcher_that_wakes_sends_nothing_twice() {
    let testbed = Testbed::with_companies(2).await;
    for channel in [Channel::Sms, Channel::Email] {
        testbed.simulator.set_rule(channel, "", Behaviour::Slow(SLOW));
    }
    // It is the only dispatcher at first, so that it claims the campaign.
    let (front, dispatcher) =
        (["serve", "--roles", "gateway,relay,projector"], ["serve", "--roles", "dispatcher"]);
    let program = Program::start(&front, &testbed.environment, "").await;
    let client = testbed.client(&program);
    let frozen = Program::start_silent(&dispatcher, &testbed.environment, "");
    let owner = owners(&testbed, 1).await[0];

    let mut load = Load::of(&testbed, MESSAGES);
    load.apply_until_answered(&client).await;
    eventually("it is sending", async || (started(&testbed, owner).await > 0).then_some(())).await;
    frozen.signal("STOP").await;
    let in_flight = started(&testbed, owner).await;
    assert!((1..=2 * CONNECTIONS).contains(&in_flight), "{in_flight} sends were in flight");

    // The other dispatcher takes over what was not started, and records what is in doubt.
    let other = Program::start_silent(&dispatcher, &testbed.environment, "");
    for asked in load.notifications() {
        final_totals(&client, asked.id).await;
    }
    assert_eq!(started(&testbed, owner).await, 0, "what the frozen one had is settled");
    frozen.signal("CONT").await;
    eventually("it has begun anew", async || {
        let owners = present(&testbed).await;
        (owners.len() == 2 && !owners.contains(&owner)).then_some(())
    })
    .await;

    // After it resumes it works again. What it began before it froze changes nothing.
    load.add_notifications(&testbed, 1);
    load.apply_until_answered(&client).await;
    reconcile(&testbed, &client, &load, in_flight).await;
    other.kill().await;
    frozen.kill().await;
    program.kill().await;
}

/// A process frozen between its append and its commit holds the lock of the log, which every writer needs.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_freezes_inside_its_commit_does_not_hold_up_the_others() {
    let testbed = Testbed::start().await;
    // It is the only dispatcher at first, so that it resolves the campaign.
    let front = ["serve", "--roles", "gateway,relay,projector"];
    let program = Program::start(&front, &testbed.environment, "").await;
    let client = testbed.client(&program);
    let pause = "resolve::before_commit=pause";
    let frozen = Program::start_silent(&["serve", "--roles", "dispatcher"], &testbed.environment, pause);
    owners(&testbed, 1).await;

    let mut load = Load::of(&testbed, 0);
    load.apply_until_answered(&client).await;
    eventually("it stands in the middle of its commit", async || {
        holds_the_ledger(&testbed).await.then_some(())
    })
    .await;
    frozen.signal("STOP").await;
    load.add_messages(&testbed, MESSAGES);
    load.apply_until_answered(&client).await;
    frozen.signal("CONT").await;
    frozen.kill().await;
    let successor = Program::start_silent(&["serve", "--roles", "dispatcher"], &testbed.environment, "");
    reconcile(&testbed, &client, &load, 2 * CONNECTIONS).await;
    successor.kill().await;
    program.kill().await;
}

/// A frozen process keeps its connections open. If these were enough to lead, the whole system would stop.
#[tokio::test(flavor = "multi_thread")]
async fn when_the_leader_freezes_another_leads_and_nothing_is_doubled_when_it_wakes() {
    let testbed = Testbed::start().await;
    let leader = testbed.program("").await;
    led_among(&testbed, 1).await;
    let other = testbed.program("").await;
    led_among(&testbed, 2).await;
    let client = testbed.client(&other);

    leader.signal("STOP").await;
    let mut load = Load::of(&testbed, MESSAGES);
    load.apply_until_answered(&client).await;
    timeout(HANG, testbed.caught_up()).await.expect("the views move under another leader");
    leader.signal("CONT").await;
    led_among(&testbed, 2).await;
    load.add_messages(&testbed, MESSAGES);
    load.apply_until_answered(&client).await;
    reconcile(&testbed, &client, &load, 2 * CONNECTIONS).await;
    leader.kill().await;
    other.kill().await;
}

/// Waits until so many dispatchers run.
async fn owners(testbed: &Testbed, count: usize) -> Vec<Uuid> {
    eventually("the dispatchers are at work", async || {
        let owners = present(testbed).await;
        (owners.len() == count).then_some(owners)
    })
    .await
}

async fn present(testbed: &Testbed) -> Vec<Uuid> {
    sqlx::query_scalar("select owner from send_owners where not is_fenced")
        .fetch_all(testbed.log.pool())
        .await
        .expect("the owners")
}

/// How many sends of an owner may have reached a provider: started, and without an outcome.
async fn started(testbed: &Testbed, owner: Uuid) -> usize {
    let marks: Vec<(Uuid, i32, i32, String, bool)> = sqlx::query_as(
        "select s.notification_id, s.chunk, s.attempt, s.members, s.is_started
         from send_starts s join send_tasks t using (notification_id, chunk, epoch)
         where t.owner = $1 order by s.id",
    )
    .bind(owner)
    .fetch_all(testbed.log.pool())
    .await
    .expect("the start marks");
    let mut started = BTreeMap::new();
    for (notification, chunk, attempt, members, is_started) in marks {
        for member in members.parse::<Members>().expect("members").iter() {
            started.insert(
                (notification, chunk.unsigned_abs(), member),
                is_started.then_some(attempt.unsigned_abs()),
            );
        }
    }
    let mut in_flight = 0;
    for ((notification, chunk, member), attempt) in started {
        let stream = deliveries_stream(notification.into(), chunk);
        let deliveries =
            testbed.log.reader().load::<Deliveries>(&stream).await.expect("the deliveries").state;
        in_flight += usize::from(attempt.is_some_and(|attempt| deliveries.get(member).attempt < attempt));
    }
    in_flight
}

/// Whether a transaction that holds the log's lock waits for its program.
async fn holds_the_ledger(testbed: &Testbed) -> bool {
    sqlx::query_scalar(
        "select exists (
           select from pg_locks l join pg_stat_activity a using (pid)
           where l.locktype = 'advisory' and l.granted and a.state = 'idle in transaction'
             and a.datname = current_database() and (l.classid::bigint << 32) | l.objid::bigint = 7305808883231126889
             and clock_timestamp() - a.state_change > interval '1 second')",
    )
    .fetch_one(testbed.log.pool())
    .await
    .expect("the locks")
}
