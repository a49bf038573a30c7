//! Receipts among faults: before their outcome, after a doubt, and around a kill. None is lost, and none is told twice.

use std::collections::BTreeSet;

use dispatcher::simulator::Behaviour;
use domain::value::{Channel, Role};
use projections::Projection;
use projections::rebuild::compare as compare_view;
use serde_json::Value;
use tests::notified::{checked, count};
use tests::program::Program;
use tests::{Client, World, id_of};

use crate::late_answers::{CONNECTIONS, tapped};
use crate::load::notification;
use crate::testbed::{Testbed, company, eventually, phone};

/// How many clients the company has whose provider does not answer.
const FEW: i64 = 30;
/// How many clients have a campaign that its programs die of: more than a chunk, and as many as a debug build tells in a minute.
const MANY: usize = 700;
/// The steps at which those programs die, one after the other.
const DEATHS: [&str; 5] = [
    "send::done=60*off->return",
    "settle::before_commit=6*off->return",
    "receipts::before_commit=1*off->return",
    "settle::committed=6*off->return",
    "receipts::committed=1*off->return",
];

async fn found(client: &Client, asked: &str) -> Value {
    let found = client.get(&format!("/notifications/{asked}")).await.expect(200);
    assert!(checked(&found));
    found
}

async fn all_delivered(client: &Client, asked: &str, people: i64) {
    eventually("everybody has it", async || {
        let found = found(client, asked).await;
        (found["state"] == "completed" && count(&found["totals"], "delivered") == people).then_some(())
    })
    .await;
}

async fn waiting(pool: &sqlx::PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from waiting_receipts").fetch_one(pool).await.expect("a number")
}

/// The provider has accepted and reports, but its answer to the send is held back: the report waits for the outcome.
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_before_its_outcome_waits_and_is_recorded_after_it() {
    let mut tap = None;
    let world = World::changed(|options| tap = Some(tapped(options, CONNECTIONS))).await;
    let tap = tap.expect("a door");
    world.simulator.report_to(world.base());
    let company = company(world.log(), 0, FEW as usize).await;
    let client = world.user("Natalia", &[Role::Notifier], &[company]).await;
    let order = notification(&company.to_string(), Channel::Sms);
    let asked = id_of(&client.post_new("/notifications", &order).await.expect(202));
    eventually("the receipts of those that are in flight wait", async || {
        (waiting(world.log().pool()).await == CONNECTIONS as i64).then_some(())
    })
    .await;
    assert_eq!(count(&found(&client, &asked).await["totals"], "delivered"), 0);
    tap.release();
    all_delivered(&client, &asked, FEW).await;
    assert_eq!(waiting(world.log().pool()).await, 0);
    assert_eq!(world.simulator.counts(Channel::Sms).accepted, FEW as u64, "nobody is told twice");
    let differences = compare_view(world.log().reader(), Projection::Notifications).await;
    assert_eq!(differences.expect("a comparison"), []);
    world.stop().await;
}

/// Connections are cut after the provider has accepted. What is in doubt is ended by receipts. They are few: a provider that cuts
/// every connection rests.
#[tokio::test(flavor = "multi_thread")]
async fn receipts_end_the_doubts_that_cut_connections_leave() {
    let world = World::start().await;
    let cut = [3, 11, 19];
    for place in cut {
        world.simulator.set_rule(Channel::Sms, &phone(0, place), Behaviour::AcceptThenCut);
    }
    let company = company(world.log(), 0, FEW as usize).await;
    let client = world.user("Natalia", &[Role::Notifier], &[company]).await;
    let order = notification(&company.to_string(), Channel::Sms);
    world.simulator.report_to(world.base());
    let asked = id_of(&client.post_new("/notifications", &order).await.expect(202));
    all_delivered(&client, &asked, FEW).await;
    let deliveries = client.all(&format!("/notifications/{asked}/deliveries")).await;
    let doubted = deliveries.iter().filter(|delivery| delivery["attempts"][0]["outcome"] == "in_doubt");
    assert_eq!(doubted.count(), cut.len());
    assert_eq!(world.simulator.counts(Channel::Sms).accepted, FEW as u64, "nobody is told twice");
    world.stop().await;
}

/// The program dies at a step of sending or of recording receipts.
async fn dies_at(failpoints: &str) {
    let testbed = Testbed::start().await;
    let asked = dies_with_a_campaign_at(&testbed, failpoints).await;
    nothing_is_in_doubt_that_the_provider_has(testbed, &asked).await;
}

/// Returns the id of the campaign.
async fn dies_with_a_campaign_at(testbed: &Testbed, failpoints: &str) -> String {
    let program = testbed.program(failpoints).await;
    testbed.simulator.report_to(program.base.clone());
    let client = testbed.client(&program);
    let order = notification(&testbed.companies[0].to_string(), Channel::Sms);
    let asked = id_of(&client.post_new("/notifications", &order).await.expect(202));
    tokio::time::timeout(tests::HANG, program.ended()).await.expect("the failpoint is reached");
    asked
}

/// A program that goes on with a campaign, and dies of it.
async fn dies_again_at(testbed: &Testbed, failpoints: &str) {
    let fenced = sqlx::query("update send_owners set is_fenced = true where not is_fenced");
    fenced.execute(testbed.log.pool()).await.expect("the dead are fenced");
    // One that finds work at its start may die before it listens.
    let Ok(program) = Program::try_start(&["serve"], &testbed.environment, failpoints).await else { return };
    testbed.simulator.report_to(program.base.clone());
    tokio::time::timeout(tests::HANG, program.ended()).await.expect("the failpoint is reached");
}

/// The next program has another port, and its provider goes on reporting until it is heard.
async fn nothing_is_in_doubt_that_the_provider_has(testbed: Testbed, asked: &str) {
    let program = testbed.program("").await;
    testbed.simulator.report_to(program.base.clone());
    let client = testbed.client(&program);
    // Who was marked and never reached the provider stays in doubt: there is nothing to report.
    eventually("all that the provider has is delivered", async || {
        let (totals, told) = (found(&client, asked).await, testbed.ledger().len() as i64);
        let parts = ["delivered", "in_doubt"].map(|part| count(&totals["totals"], part));
        (totals["state"] == "completed" && parts == [told, testbed.clients as i64 - told]).then_some(())
    })
    .await;
    assert_eq!(waiting(testbed.log.pool()).await, 0);
    let told: BTreeSet<String> = testbed.ledger().into_iter().map(|entry| entry.delivery_id).collect();
    assert_eq!(told.len(), testbed.ledger().len(), "nobody is told twice");
    testbed.caught_up().await;
    let differences = compare_view(testbed.log.reader(), Projection::Notifications).await;
    assert_eq!(differences.expect("a comparison"), []);
    program.kill().await;
    testbed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_before_receipts_are_committed_loses_none() {
    dies_at("receipts::before_commit=return").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_receipts_are_committed_and_before_their_answer_tells_none_twice() {
    dies_at("receipts::committed=return").await;
}

/// What was in flight is in doubt after the kill, until the receipts are in.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_campaign_leaves_no_doubt_about_what_the_provider_has() {
    dies_at("settle::before_commit=2*off->return").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_every_step_of_a_campaign_with_receipts_leave_no_doubt_about_what_the_provider_has() {
    let testbed = Testbed::with_clients(MANY).await;
    let [first, later @ ..] = DEATHS;
    let asked = dies_with_a_campaign_at(&testbed, first).await;
    for failpoint in later {
        let told = testbed.ledger().len();
        assert!(told < MANY, "the campaign was over before {failpoint}");
        dies_again_at(&testbed, failpoint).await;
    }
    nothing_is_in_doubt_that_the_provider_has(testbed, &asked).await;
}
