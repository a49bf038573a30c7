//! What is due begins once, whatever dies or is away at that moment.

use commands::clock;
use domain::value::Channel;
use tests::Client;

use crate::load::Load;
use crate::reconciliation::reconcile;
use crate::testbed::{CONNECTIONS, Testbed, eventually};

/// Long enough that everything is asked for before it is due.
const HOLD_SECONDS: u32 = 3;

/// How many notifications have begun at their time.
async fn begun(testbed: &Testbed) -> i64 {
    sqlx::query_scalar("select count(*) from events where event_type = 'NotificationBegun'")
        .fetch_one(testbed.log.pool())
        .await
        .expect("the database answers")
}

async fn state(client: &Client, notification: &str) -> String {
    let shown = client.get(&format!("/notifications/{notification}")).await.expect(200);
    shown["state"].as_str().expect("a state").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_programs_one_begins_what_is_due() {
    let testbed = Testbed::start().await;
    let (first, second) = (testbed.program("").await, testbed.program("").await);
    let client = testbed.client(&first);
    let mut load = Load::held(&testbed, HOLD_SECONDS);
    load.apply_until_answered(&client).await;
    for asked in load.notifications() {
        assert_eq!(state(&client, asked.id).await, "scheduled");
    }
    reconcile(&testbed, &client, &load, 0).await;
    assert_eq!(begun(&testbed).await, 2);
    first.kill().await;
    second.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_due_while_postgresql_is_away_begins_once_when_it_is_back() {
    let testbed = Testbed::on_own_servers(1).await;
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let mut load = Load::held(&testbed, HOLD_SECONDS);
    load.apply_until_answered(&client).await;
    let due_at = clock::now() + chrono::TimeDelta::seconds(HOLD_SECONDS.into());
    assert_eq!(begun(&testbed).await, 0, "it is not due yet");

    testbed.stack().kill_postgres().await.expect("PostgreSQL is killed");
    eventually("it is due", async || (clock::now() > due_at).then_some(())).await;
    testbed.stack().start_postgres().await.expect("PostgreSQL starts");
    reconcile(&testbed, &client, &load, 0).await;
    assert_eq!(begun(&testbed).await, 2);
    assert_eq!(crate::reconciliation::acceptances(&testbed, Channel::Sms).len(), testbed.clients);
    program.kill().await;
    testbed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_a_beginning_begins_it_once() {
    for failpoint in ["begin::before_commit=return", "begin::committed=return"] {
        let testbed = Testbed::start().await;
        let dies = testbed.program(failpoint).await;
        let mut load = Load::held(&testbed, 1);
        load.apply_until_answered(&testbed.client(&dies)).await;
        dies.ended().await;
        let program = testbed.program("").await;
        reconcile(&testbed, &testbed.client(&program), &load, 2 * CONNECTIONS).await;
        assert_eq!(begun(&testbed).await, 2, "{failpoint}");
        program.kill().await;
    }
}
