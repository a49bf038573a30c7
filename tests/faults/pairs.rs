//! Two programs on one database: one leader for each part, nothing is sent twice, and when one dies the other
//! continues.

use std::time::Duration;

use dispatcher::simulator::Behaviour;
use domain::value::Channel;
use futures::future::join_all;
use serde_json::Value;
use tests::orders::message_to;
use tests::{Client, id_of};

use crate::leaders::led_among;
use crate::load::Load;
use crate::reconciliation::reconcile;
use crate::testbed::{CONNECTIONS, Testbed, eventually};

/// So slow that a campaign is still being sent when one of the two dies.
const SLOW: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn of_two_programs_one_leads_and_the_other_goes_on_when_it_dies() {
    let testbed = Testbed::with_companies(2).await;
    for channel in [Channel::Sms, Channel::Email] {
        testbed.simulator.set_rule(channel, "", Behaviour::Slow(SLOW));
    }
    let (first, second) = (testbed.program("").await, testbed.program("").await);
    let (here, there) = (testbed.client(&first), testbed.client(&second));
    led_among(&testbed, 2).await;

    let mut load = Load::of(&testbed, 10);
    load.apply_until_answered(&here).await;
    load.add_notifications(&testbed, 1);
    load.add_messages(&testbed, 10);
    load.apply_until_answered(&there).await;
    load.assert_answers_stand(&there).await;

    let mut stream = there.stream("/inbox/stream", None).await;
    first.kill().await;
    led_among(&testbed, 1).await;
    load.add_messages(&testbed, 1);
    load.apply_until_answered(&there).await;
    stream.until("message", |item| load.messages().any(|id| item["id"] == id)).await;
    reconcile(&testbed, &there, &load, 2 * CONNECTIONS).await;
    second.kill().await;
}

/// The same key several times at once to two programs, then after both died.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_has_one_answer_at_once_everywhere_and_after_a_crash() {
    let testbed = Testbed::start().await;
    let (first, second) = (testbed.program("").await, testbed.program("").await);
    let clients = [testbed.client(&first), testbed.client(&second)];
    let body = message_to(&[testbed.reader], "una sola vez");
    let asking = clients.iter().cycle().take(6).map(|client| answer_of(client, &body));
    let mut answers: Vec<String> = join_all(asking).await;
    first.kill().await;
    second.kill().await;
    let third = testbed.program("").await;
    answers.push(answer_of(&testbed.client(&third), &body).await);
    answers.dedup();
    assert_eq!(answers.len(), 1, "one key, several messages: {answers:?}");
    third.kill().await;
}

/// RequestedNotification again while the answer is that nothing can be said at the moment.
async fn answer_of(client: &Client, body: &Value) -> String {
    eventually("the key is answered", async || {
        let answer = client.post_once("/messages", "una", body).await;
        (![409, 503].contains(&answer.status.as_u16())).then(|| id_of(&answer.expect(201)))
    })
    .await
}
