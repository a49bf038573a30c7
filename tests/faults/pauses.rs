//! A pause holds through crashes, and after its answer no send begins that was not under way.

use std::time::Duration;

use dispatcher::simulator::Behaviour;
use domain::value::{Channel, Role};
use serde_json::json;
use tests::notified::{count, finished};
use tests::program::Program;
use tests::{Client, World, id_of};

use crate::late_answers::{CONNECTIONS as DOORS, tapped};
use crate::load::{Load, notification};
use crate::reconciliation::reconcile;
use crate::testbed::{CLIENTS, CONNECTIONS, Testbed, company, eventually};

/// How many clients a company has whose campaigns are paused.
const CROWD: usize = 300;
/// How many campaigns are paused, one after the other.
const CAMPAIGNS: usize = 3;
/// So slow that a campaign is still under way when it is paused.
const SLOW: Duration = Duration::from_millis(100);

/// By the provider's own count of the requests that reach it, while the intake is busy.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_answer_to_a_pause_no_more_begin_than_were_under_way() {
    let mut tap = None;
    let world = World::changed(|options| tap = Some(tapped(options, 0))).await;
    let tap = tap.expect("a door");
    let company = company(world.log(), 0, CROWD).await;
    let client = world.user("Natalia", &[Role::Notifier], &[company]).await;
    for _ in 0..CAMPAIGNS {
        let before = tap.begun();
        let order = notification(&company.to_string(), Channel::Sms);
        let asked = id_of(&client.post_new("/notifications", &order).await.expect(202));
        eventually("it is under way", async || (tap.begun() > before + DOORS).then_some(())).await;
        let mut intake = commands::begin(world.log().pool()).await.expect("a transaction");
        sqlx::query("lock table intake").execute(&mut *intake).await.expect("the lock");
        act(&client, &asked, "pause").await;
        let answered = tap.begun();
        eventually("everybody else is given back", async || {
            let owned = "select exists (select from send_tasks where owner is not null)";
            let owned: bool =
                sqlx::query_scalar(owned).fetch_one(world.log().pool()).await.expect("the tasks");
            (!owned).then_some(())
        })
        .await;
        let late = tap.begun() - answered;
        intake.rollback().await.expect("it is given up");
        assert!(late <= DOORS, "{late} sends began after the pause was answered");
        assert!(tap.begun() - before < CROWD, "the campaign was over too soon");
        act(&client, &asked, "resume").await;
        let done = finished(&client, &asked).await;
        assert_eq!(count(&done["totals"], "accepted"), CROWD as i64, "{done}");
        assert_eq!(tap.begun() - before, CROWD, "each is told once");
    }
    world.stop().await;
}

async fn act(client: &Client, notification: &str, action: &str) {
    client.post(&format!("/notifications/{notification}/{action}"), &json!({})).await.expect(200);
}

/// Asks a program that dies before it answers.
async fn asked_in_vain(client: &Client, notification: &str, action: &str, program: Program) {
    let path = format!("/notifications/{notification}/{action}");
    let asking = client.request(reqwest::Method::POST, &path).json(&json!({})).send();
    let (answer, _) = tokio::join!(asking, program.ended());
    assert!(answer.is_err(), "it died before it could answer");
}

async fn stopped(testbed: &Testbed) -> (i64, i64) {
    sqlx::query_as(
        "select count(*) filter (where stopped = 'paused' and owner is null), count(*) from send_tasks",
    )
    .fetch_one(testbed.log.pool())
    .await
    .expect("the tasks")
}

/// The event is committed, so the pause holds although its request was never answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_around_a_pause_and_around_its_end_loses_nobody_and_tells_nobody_twice() {
    for step in ["before_commit", "committed"] {
        let failpoint = format!("follow::{step}=return");
        let testbed = Testbed::start().await;
        testbed.simulator.set_rule(Channel::Sms, "", Behaviour::Slow(SLOW));
        let mut load = Load::default();
        load.add_notification(&testbed, 0, Channel::Sms);
        let program = testbed.program(&failpoint).await;
        let client = testbed.client(&program);
        load.apply_until_answered(&client).await;
        let asked = load.notifications().next().expect("a notification").id.to_owned();
        eventually("it is under way", async || (!testbed.ledger().is_empty()).then_some(())).await;
        asked_in_vain(&client, &asked, "pause", program).await;

        let program = testbed.program(&failpoint).await;
        let client = testbed.client(&program);
        eventually("the pause holds", async || (stopped(&testbed).await == (1, 1)).then_some(())).await;
        let told = testbed.ledger().len();
        assert!(told < CLIENTS, "the campaign was over too soon");
        let shown = client.get(&format!("/notifications/{asked}")).await.expect(200);
        assert_eq!(shown["state"], "paused", "{shown}");
        assert_eq!(testbed.ledger().len(), told, "nothing is sent while it is paused");
        asked_in_vain(&client, &asked, "resume", program).await;

        let program = testbed.program("").await;
        reconcile(&testbed, &testbed.client(&program), &load, CONNECTIONS).await;
        program.kill().await;
    }
}
