//! What is due begins once, whatever dies or is away at that moment.

use commands::clock;
use domain::value::Channel;
use tests::Client;

use crate::books::compare;
use crate::load::Load;
use crate::scene::{CONNECTIONS, Scene, eventually};

/// Long enough that everything is asked for before it is due.
const HOLD_SECONDS: u32 = 3;

/// How many notifications have begun at their time.
async fn begun(scene: &Scene) -> i64 {
    sqlx::query_scalar("select count(*) from events where event_type = 'NotificationBegun'")
        .fetch_one(scene.log.pool())
        .await
        .expect("the database answers")
}

async fn state(client: &Client, notification: &str) -> String {
    let shown = client.get(&format!("/notifications/{notification}")).await.expect(200);
    shown["state"].as_str().expect("a state").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_programs_one_begins_what_is_due() {
    let scene = Scene::set().await;
    let (first, second) = (scene.program("").await, scene.program("").await);
    let client = scene.client(&first);
    let mut load = Load::held(&scene, HOLD_SECONDS);
    load.apply_until_answered(&client).await;
    for asked in load.notifications() {
        assert_eq!(state(&client, asked.id).await, "scheduled");
    }
    compare(&scene, &client, &load, 0).await;
    assert_eq!(begun(&scene).await, 2);
    first.kill().await;
    second.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_due_while_postgresql_is_away_begins_once_when_it_is_back() {
    let scene = Scene::alone(1).await;
    let program = scene.program("").await;
    let client = scene.client(&program);
    let mut load = Load::held(&scene, HOLD_SECONDS);
    load.apply_until_answered(&client).await;
    let due_at = clock::now() + chrono::TimeDelta::seconds(HOLD_SECONDS.into());
    assert_eq!(begun(&scene).await, 0, "it is not due yet");

    scene.stack().kill_postgres().await.expect("PostgreSQL is killed");
    eventually("it is due", async || (clock::now() > due_at).then_some(())).await;
    scene.stack().start_postgres().await.expect("PostgreSQL starts");
    compare(&scene, &client, &load, 0).await;
    assert_eq!(begun(&scene).await, 2);
    assert_eq!(crate::books::times_told(&scene, Channel::Sms).len(), scene.clients);
    program.kill().await;
    scene.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_a_beginning_begins_it_once() {
    for failpoint in ["begin::before_commit=return", "begin::committed=return"] {
        let scene = Scene::set().await;
        let dies = scene.program(failpoint).await;
        let mut load = Load::held(&scene, 1);
        load.apply_until_answered(&scene.client(&dies)).await;
        dies.ended().await;
        let program = scene.program("").await;
        compare(&scene, &scene.client(&program), &load, 2 * CONNECTIONS).await;
        assert_eq!(begun(&scene).await, 2, "{failpoint}");
        program.kill().await;
    }
}
