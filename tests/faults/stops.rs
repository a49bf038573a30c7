//! The program is stopped by a signal: the effects of a stop are not logged as warnings.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use commands::clock;
use dispatcher::simulator::{Behaviour, Refusal, SimulatorOptions};
use domain::value::{Channel, Role};
use tests::notified::{count, finished};
use tests::program::{Program, text};
use tests::{World, id_of};

use crate::load::{Load, notification};
use crate::logs::assert_warns_of_nothing;
use crate::reconciliation::reconcile;
use crate::testbed::{CLIENTS, CONNECTIONS, Testbed, company, eventually, phone};

/// So slow that a campaign is still being sent when the stop comes.
const SLOW: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_rest_and_one_in_the_middle_of_a_campaign_warn_of_nothing() {
    let testbed = Testbed::start().await;
    let log = tempfile::NamedTempFile::new().expect("a file");
    let environment = testbed.logging_as_usual();
    let program = Program::start_logging(&["serve"], &environment, log.path()).await;
    let mut load = Load::default();
    load.add_messages(&testbed, 3);
    load.apply_until_answered(&testbed.client(&program)).await;
    program.interrupt().await;
    assert_warns_of_nothing(log.path());

    for channel in [Channel::Sms, Channel::Email] {
        testbed.simulator.set_rule(channel, "", Behaviour::Slow(SLOW));
    }
    let program = Program::start_logging(&["serve"], &environment, log.path()).await;
    load.add_notifications(&testbed, 0);
    load.apply_until_answered(&testbed.client(&program)).await;
    eventually("the campaign is under way", async || (!testbed.ledger().is_empty()).then_some(())).await;
    program.interrupt().await;
    assert!(testbed.ledger().len() < 2 * CLIENTS, "the campaign was over too soon");
    assert_warns_of_nothing(log.path());

    let program = testbed.program("").await;
    reconcile(&testbed, &testbed.client(&program), &load, 2 * CONNECTIONS).await;
    program.kill().await;
}

/// A service manager signals every process of a service at once: the servers wait for the program that needs them.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_of_all_processes_at_once_warns_of_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = tempfile::NamedTempFile::new().expect("a file");
    let arguments = ["dev", "--no-demo", "--listen", "127.0.0.1:0", "--data", text(folder.path())];
    for signal in ["INT", "TERM"] {
        let mut dev = Program::start_logging(&arguments, &HashMap::new(), log.path()).await;
        eventually("it is ready", async || {
            let answer = reqwest::get(format!("{}/readyz", dev.base)).await.expect("it answers");
            answer.status().is_success().then_some(())
        })
        .await;
        dev.signal_all(signal).await;
        dev.ends_well().await;
        assert_warns_of_nothing(log.path());
    }
}

/// The dispatcher's time stands still, so that a refusal is held as long as the test likes. It was provably not sent: its
/// person waits again, and is neither in doubt nor failed.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_releases_a_refusal_that_is_held() {
    let now = clock::now();
    let world = World::changed(|options| options.dispatcher.clock = Arc::new(move || now)).await;
    let company = company(world.log(), 0, CLIENTS).await;
    let client = world.user("Natalia", &[Role::Notifier], &[company]).await;
    let refusal = Refusal::sms(400, 21211, "Invalid 'To' Phone Number");
    world.simulator.set_rule(Channel::Sms, &phone(0, 7), Behaviour::Refuse(refusal));
    let order = notification(&company.to_string(), Channel::Sms);
    let asked = id_of(&client.post_new("/notifications", &order).await.expect(202));
    eventually("everybody else is told, and the refusal is held", async || {
        let held = sqlx::query_scalar("select exists (select from send_starts where not is_started)");
        let is_held: bool = held.fetch_one(world.log().pool()).await.expect("the start marks");
        let found = client.get(&format!("/notifications/{asked}")).await.expect(200);
        assert_eq!(count(&found["totals"], "failed"), 0, "it was not held: {found}");
        (is_held && count(&found["totals"], "accepted") == CLIENTS as i64 - 1).then_some(())
    })
    .await;
    let (database_url, nats_url) = (world.database_url.clone(), world.nats_url.clone());
    world.stop().await;

    let pool = sqlx::PgPool::connect(&database_url).await.expect("the database answers");
    let left: (i32, bool, i64) =
        sqlx::query_as("select people, owner is null, (select count(*) from send_starts) from send_tasks")
            .fetch_one(&pool)
            .await
            .expect("one task");
    assert_eq!(left, (1, true, 0), "people, whether it waits, start marks");
    let next = World::on(database_url, nats_url, SimulatorOptions::new(Arc::new(clock::now))).await;
    let client = next.user("Nadia", &[Role::Notifier], &[company]).await;
    let done = finished(&client, &asked).await;
    assert_eq!(count(&done["totals"], "accepted"), CLIENTS as i64, "{done}");
    assert_eq!(next.simulator.counts(Channel::Sms).accepted, 1, "only that person is told");
    next.stop().await;
}
