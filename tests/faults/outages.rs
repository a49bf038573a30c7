//! PostgreSQL or NATS is unavailable, or JetStream's storage is lost: independent work continues, and the rest is
//! finished afterwards.

use std::time::Duration;

use dispatcher::simulator::Behaviour;
use domain::value::Channel;
use tests::{Answer, Client, EventStream};

use crate::load::Load;
use crate::reconciliation::{final_totals, mirrored, reconcile, reconcile_without_stream};
use crate::testbed::{CLIENTS, CONNECTIONS, Testbed, eventually};

/// So slow that a campaign is still being sent when the fault comes.
const SLOW: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn while_postgresql_is_away_requests_are_refused_kindly_and_everything_is_finished_afterwards() {
    let testbed = Testbed::on_own_servers(1).await;
    slow(&testbed);
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let mut load = Load::of(&testbed, 10);
    load.apply_until_answered(&client).await;
    under_way(&testbed).await;

    testbed.stack().kill_postgres().await.expect("PostgreSQL is killed");
    load.add_messages(&testbed, 3);
    for answer in load.refusals(&client).await {
        refused_kindly(&answer);
    }
    assert_eq!(status_of(&client, "/livez").await, 200, "it lives");
    assert_eq!(status_of(&client, "/readyz").await, 503, "it is not ready");

    testbed.stack().start_postgres().await.expect("PostgreSQL starts");
    eventually("the program is ready again", async || {
        (status_of(&client, "/readyz").await == 200).then_some(())
    })
    .await;
    load.apply_until_answered(&client).await;
    reconcile(&testbed, &client, &load, 2 * CONNECTIONS).await;
    program.kill().await;
    testbed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nats_is_away_inboxes_and_campaigns_go_on_and_the_mirror_catches_up() {
    let testbed = Testbed::on_own_servers(2).await;
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let mut load = Load::of(&testbed, 0);
    load.apply_until_answered(&client).await;
    let mut stream = client.stream("/inbox/stream", None).await;
    message_arrives(&testbed, &client, &mut stream, &mut load).await;

    testbed.stack().kill_nats().await.expect("NATS is killed");
    for _ in 0..3 {
        message_arrives(&testbed, &client, &mut stream, &mut load).await;
    }
    load.add_notifications(&testbed, 1);
    load.apply_until_answered(&client).await;
    assert_eq!(reconcile_without_stream(&testbed, &client, &load).await, 0, "nobody is in doubt");
    assert_eq!(status_of(&client, "/readyz").await, 200, "it is ready without NATS");

    testbed.stack().start_nats().await.expect("NATS starts");
    message_arrives(&testbed, &client, &mut stream, &mut load).await;
    reconcile(&testbed, &client, &load, 0).await;
    program.kill().await;
    testbed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jetstream_wiped_while_it_runs_takes_nothing_from_anybody() {
    let testbed = Testbed::on_own_servers(2).await;
    slow(&testbed);
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let mut load = Load::of(&testbed, 5);
    load.apply_until_answered(&client).await;
    let mut stream = client.stream("/inbox/stream", None).await;
    under_way(&testbed).await;

    testbed.stack().wipe_jetstream().expect("the files go");
    load.add_notifications(&testbed, 1);
    load.apply_until_answered(&client).await;
    message_arrives(&testbed, &client, &mut stream, &mut load).await;
    assert_eq!(reconcile_without_stream(&testbed, &client, &load).await, 0, "nobody is in doubt");

    // What the server still had in memory is lost.
    testbed.stack().kill_nats().await.expect("NATS is killed");
    testbed.stack().start_nats().await.expect("NATS starts");
    message_arrives(&testbed, &client, &mut stream, &mut load).await;
    mirrored(&testbed).await;
    reconcile(&testbed, &client, &load, 0).await;
    program.kill().await;
    testbed.stop().await;
}

/// A program that starts without NATS serves requests, but cannot mirror the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_starts_without_nats() {
    let testbed = Testbed::on_own_servers(1).await;
    testbed.stack().stop_nats().await.expect("NATS stops");
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let mut load = Load::of(&testbed, 3);
    load.apply_until_answered(&client).await;
    for asked in load.notifications() {
        assert_eq!(final_totals(&client, asked.id).await["accepted"], CLIENTS);
    }
    testbed.stack().start_nats().await.expect("NATS starts");
    reconcile(&testbed, &client, &load, 0).await;
    program.kill().await;
    testbed.stop().await;
}

/// Writes a message and waits until it is in the live stream.
async fn message_arrives(testbed: &Testbed, client: &Client, stream: &mut EventStream, load: &mut Load) {
    let before: Vec<String> = load.messages().map(str::to_owned).collect();
    load.add_messages(testbed, 1);
    load.apply_until_answered(client).await;
    let new =
        load.messages().find(|id| !before.iter().any(|known| known == id)).expect("a new message").to_owned();
    stream.until("message", |item| item["id"] == new.as_str()).await;
}

fn slow(testbed: &Testbed) {
    for channel in [Channel::Sms, Channel::Email] {
        testbed.simulator.set_rule(channel, "", Behaviour::Slow(SLOW));
    }
}

async fn under_way(testbed: &Testbed) {
    eventually("the campaign is under way", async || (!testbed.ledger().is_empty()).then_some(())).await;
    assert!(testbed.ledger().len() < 2 * CLIENTS, "the campaign is over too soon");
}

fn refused_kindly(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(
        answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0),
        "{:?}",
        answer.headers
    );
    assert!(answer.header("content-type").starts_with("application/problem+json"), "{:?}", answer.headers);
}

async fn status_of(client: &Client, path: &str) -> u16 {
    let answer = reqwest::get(format!("{}{path}", client.base())).await.expect("the program answers");
    answer.status().as_u16()
}
