//! Clients are erased and notifications are cancelled between the freezing of an audience, the claim and the start.

use domain::value::{Channel, Role};
use serde_json::{Value, json};
use tests::notified::{count, finished};
use tests::program::Program;
use tests::{Client, World, id_of};

use crate::late_answers::{CONNECTIONS, tapped};
use crate::load::notification;
use crate::reconciliation::{acceptances, final_totals};
use crate::testbed::{CLIENTS, Testbed, company, eventually, phone};

/// Everything but the dispatcher.
const FRONT: [&str; 3] = ["serve", "--roles", "gateway,relay,projector"];
const DISPATCHER: [&str; 3] = ["serve", "--roles", "dispatcher"];
/// How many clients a company has whose campaigns are cancelled.
const CROWD: usize = 300;
/// How many campaigns are cancelled, one after the other.
const CAMPAIGNS: usize = 5;

/// A notification with a frozen audience and no claim: its dispatcher died before.
async fn frozen(testbed: &Testbed) -> (Program, Client, String) {
    let program = Program::start(&FRONT, &testbed.environment, "").await;
    let client = testbed.client(&program);
    let dies = Program::start_silent(&DISPATCHER, &testbed.environment, "claim::before_commit=return");
    let asked = ask(&client, testbed.companies[0].to_string()).await;
    dies.ended().await;
    let unclaimed: i64 =
        sqlx::query_scalar("select count(*) from send_tasks where owner is null and epoch = 0")
            .fetch_one(testbed.log.pool())
            .await
            .expect("the tasks");
    assert_eq!(unclaimed, 1, "it is frozen, and not claimed");
    (program, client, asked)
}

async fn ask(client: &Client, company: String) -> String {
    id_of(&client.post_new("/notifications", &notification(&company, Channel::Sms)).await.expect(202))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_between_freezing_and_claim_is_not_told() {
    let testbed = Testbed::start().await;
    let (program, client, asked) = frozen(&testbed).await;
    erase(&client, &testbed.companies[0].to_string(), 7).await;
    let dispatcher = Program::start_silent(&DISPATCHER, &testbed.environment, "");
    let totals = final_totals(&client, &asked).await;
    assert_eq!(
        (count(&totals, "suppressed"), count(&totals, "accepted")),
        (1, CLIENTS as i64 - 1),
        "{totals}"
    );
    let told = acceptances(&testbed, Channel::Sms);
    assert_eq!((told.len(), told.get(&phone(0, 7))), (CLIENTS - 1, None));
    dispatcher.kill().await;
    program.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_between_freezing_and_claim_is_not_sent() {
    let testbed = Testbed::start().await;
    let (program, client, asked) = frozen(&testbed).await;
    client.post(&format!("/notifications/{asked}/cancel"), &json!({})).await.expect(200);
    let dispatcher = Program::start_silent(&DISPATCHER, &testbed.environment, "");
    let totals = final_totals(&client, &asked).await;
    assert_eq!(count(&totals, "cancelled"), CLIENTS as i64, "{totals}");
    assert!(acceptances(&testbed, Channel::Sms).is_empty());
    dispatcher.kill().await;
    program.kill().await;
}

/// All connections are busy for as long as the test needs: all other members are claimed and have no start mark.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_between_claim_and_start_is_not_told() {
    let mut tap = None;
    let world = World::changed(|options| tap = Some(tapped(options, CONNECTIONS))).await;
    let tap = tap.expect("a door");
    let company = company(world.log(), 0, CLIENTS).await;
    let client = world.user("Natalia", &[Role::Notifier], &[company]).await;
    let asked = ask(&client, company.to_string()).await;
    eventually("every connection is sending", async || (tap.begun() == CONNECTIONS).then_some(())).await;
    let path = format!("/notifications/{asked}/deliveries");
    let waits = client.all(&path).await;
    let waits = waits.iter().rev().find(|delivery| delivery["state"] == "pending").expect("somebody waits");
    let (delivery, person) = (id_of(waits), waits["client"]["id"].as_str().expect("a client").to_owned());
    client.delete(&format!("/clients/{person}")).await.expect(200);
    eventually("the dispatcher knows", async || {
        let erased = sqlx::query_scalar("select exists (select from unsendable_clients)");
        let is_known: bool = erased.fetch_one(world.log().pool()).await.expect("the erased");
        is_known.then_some(())
    })
    .await;
    tap.release();
    let done = finished(&client, &asked).await;
    assert_eq!(count(&done["totals"], "suppressed"), 1, "{done}");
    assert_eq!(count(&done["totals"], "accepted"), CLIENTS as i64 - 1, "{done}");
    let suppressed = client.all(&format!("{path}?state=suppressed")).await;
    assert_eq!(suppressed.iter().map(id_of).collect::<Vec<_>>(), [delivery]);
    assert_eq!(world.simulator.counts(Channel::Sms).accepted, CLIENTS as u64 - 1);
    world.stop().await;
}

/// Counted by the provider's own number of requests. The answer does not wait for the intake, which is busy.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_answer_to_a_cancel_no_more_begin_than_were_under_way() {
    let mut tap = None;
    let world = World::changed(|options| tap = Some(tapped(options, 0))).await;
    let tap = tap.expect("a door");
    let company = company(world.log(), 0, CROWD).await;
    let client = world.user("Natalia", &[Role::Notifier], &[company]).await;
    for _ in 0..CAMPAIGNS {
        let before = tap.begun();
        let asked = ask(&client, company.to_string()).await;
        eventually("it is under way", async || (tap.begun() > before + CONNECTIONS).then_some(())).await;
        let mut intake = commands::begin(world.log().pool()).await.expect("a transaction");
        sqlx::query("lock table intake").execute(&mut *intake).await.expect("the lock");
        client.post(&format!("/notifications/{asked}/cancel"), &json!({})).await.expect(200);
        let answered = tap.begun();
        let done = finished(&client, &asked).await;
        intake.rollback().await.expect("it is given up");
        let (begun, late) = (tap.begun() - before, tap.begun() - answered);
        assert!(late <= CONNECTIONS, "{late} sends began after the cancel was answered");
        assert_eq!(parts(&done), (begun as i64, (CROWD - begun) as i64), "{done}");
        assert!(begun < CROWD, "the campaign was over too soon");
    }
    world.stop().await;
}

fn parts(done: &Value) -> (i64, i64) {
    (count(&done["totals"], "accepted"), count(&done["totals"], "cancelled"))
}

/// Erases a client of a company by its number.
async fn erase(client: &Client, company: &str, n: usize) {
    let clients = client.all(&format!("/companies/{company}/clients")).await;
    let number = format!("C-{n}");
    let person = clients.iter().find(|client| client["external_id"] == *number).expect("a client");
    client.delete(&format!("/clients/{}", id_of(person))).await.expect(200);
}
