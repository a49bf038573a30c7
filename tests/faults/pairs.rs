//! Two programs at once on one database: one leader each, no double sends, and when one dies the other goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use dispatcher::simulator::Behaviour;
use domain::value::Channel;
use futures::future::join_all;
use tests::id_of;
use tests::orders::message_to;

use crate::books::compare;
use crate::load::Load;
use crate::scene::{CONNECTIONS, Scene, eventually};

/// So slow that a campaign is still under way when one of the two dies.
const SLOW: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn of_two_programs_one_leads_and_the_other_goes_on_when_it_dies() {
    let scene = Scene::set_with(2).await;
    for channel in [Channel::Sms, Channel::Email] {
        scene.simulator.set_rule(channel, "", Behaviour::Slow(SLOW));
    }
    let (first, second) = (scene.program("").await, scene.program("").await);
    let (here, there) = (scene.client(&first), scene.client(&second));
    eventually("each part has a leader and one who waits", async || {
        let leaders = leaders(&scene).await;
        (leaders.len() >= PARTS && leaders.values().all(|part| *part == (2, 1))).then_some(())
    })
    .await;

    let mut load = Load::of(&scene, 10);
    load.apply_until_answered(&here).await;
    load.add_notifications(&scene, 1);
    load.add_messages(&scene, 10);
    load.apply_until_answered(&there).await;
    load.assert_answers_stand(&there).await;

    let mut stream = there.stream("/inbox/stream", None).await;
    first.kill().await;
    eventually("the other leads everything", async || {
        let leaders = leaders(&scene).await;
        (leaders.len() >= PARTS && leaders.values().all(|part| *part == (1, 1))).then_some(())
    })
    .await;
    load.add_messages(&scene, 1);
    load.apply_until_answered(&there).await;
    stream.until("message", |item| load.messages().any(|id| item["id"] == id)).await;
    compare(&scene, &there, &load, 2 * CONNECTIONS).await;
    second.kill().await;
}

/// The same key several times at once, of two programs, then after both died.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_has_one_answer_at_once_everywhere_and_after_a_crash() {
    let scene = Scene::set().await;
    let (first, second) = (scene.program("").await, scene.program("").await);
    let clients = [scene.client(&first), scene.client(&second)];
    let body = message_to(&[scene.reader], "una sola vez");
    let asking = clients.iter().cycle().take(6).map(|client| client.post_once("/messages", "una", &body));
    let mut answers: Vec<String> = join_all(asking).await.into_iter().map(|answer| id_of(&answer.expect(201))).collect();
    first.kill().await;
    second.kill().await;
    let third = scene.program("").await;
    answers.push(id_of(&scene.client(&third).post_once("/messages", "una", &body).await.expect(201)));
    answers.dedup();
    assert_eq!(answers.len(), 1, "one key, several messages: {answers:?}");
    third.kill().await;
}

/// The relay, the intake, and five projections.
const PARTS: usize = 7;

/// For each part that has one leader: how many are there for it, and how many of them lead.
async fn leaders(scene: &Scene) -> BTreeMap<String, (i64, i64)> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select a.application_name, count(distinct a.pid), count(l.pid)
         from pg_stat_activity a
         left join pg_locks l on l.pid = a.pid and l.locktype = 'advisory' and l.granted
         where a.datname = current_database() and a.application_name like 'mensajeria leader %'
         group by a.application_name",
    )
    .fetch_all(scene.log.pool())
    .await
    .expect("the activity");
    rows.into_iter().map(|(name, present, leading)| (name, (present, leading))).collect()
}
