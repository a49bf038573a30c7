//! The reconciliation after a fault: requests, events, attempts and the providers' ledger are compared.

use std::collections::{BTreeMap, BTreeSet};

use domain::value::Channel;
use serde_json::Value;
use tests::ledger::Ledger;
use tests::notified::{checked, count, is_over};
use tests::outcomes::outcomes_of;
use tests::{Client, id_of};

use crate::load::{Load, RequestedNotification};
use crate::testbed::{Testbed, eventually};
use crate::traces::assert_allowed;

/// Reconciles everything: nothing is lost, nobody gets a message twice, no more is in doubt than was in flight, the
/// same key has the same answer, the views agree with the log, the model allows every step, and the stream mirrors the
/// log.
pub(crate) async fn reconcile(testbed: &Testbed, client: &Client, load: &Load, in_flight_max: usize) {
    load.assert_answers_stand(client).await;
    let in_doubt = reconcile_without_stream(testbed, client, load).await;
    assert!(
        in_doubt <= in_flight_max,
        "{in_doubt} are in doubt, and only {in_flight_max} can have been in flight"
    );
    mirrored(testbed).await;
}

/// The same without the stream. Returns how many deliveries are in doubt.
pub(crate) async fn reconcile_without_stream(testbed: &Testbed, client: &Client, load: &Load) -> usize {
    let mut in_doubt = 0;
    for asked in load.notifications() {
        let totals = final_totals(client, asked.id).await;
        in_doubt += deliveries_match_the_ledger(testbed, client, asked, &totals).await;
        usage_is_what_was_sent(testbed, asked, &totals).await;
    }
    testbed.caught_up().await;
    nothing_is_left_to_send(testbed).await;
    for asked in load.notifications() {
        attempts_are_the_events(testbed, client, asked.id).await;
    }
    let chunks = assert_allowed(&testbed.log, &testbed.ledger()).await;
    assert!(chunks >= load.notifications().count(), "a notification has no trace");
    nobody_unknown_got_a_message(testbed, load);
    messages_are_there_once(testbed, client, load).await;
    positions_are_dense(testbed).await;
    in_doubt
}

/// Waits until a notification is over. Returns its totals, which are the sum of their parts.
pub(crate) async fn final_totals(client: &Client, notification: &str) -> Value {
    let path = format!("/notifications/{notification}");
    let found = eventually("the notification came to rest", async || {
        let answer = client.get(&path).await;
        (answer.status == 200 && checked(&answer.body) && is_over(&answer.body)).then_some(answer.body)
    });
    found.await["totals"].clone()
}

/// Every accepted delivery is in the ledger once, every one in doubt at most once, and there is no other state.
async fn deliveries_match_the_ledger(
    testbed: &Testbed,
    client: &Client,
    asked: RequestedNotification<'_>,
    totals: &Value,
) -> usize {
    let deliveries = client.all(&format!("/notifications/{}/deliveries", asked.id)).await;
    assert_eq!(count(totals, "total"), testbed.clients as i64, "{totals}");
    assert_eq!(deliveries.len(), testbed.clients, "a delivery is missing");
    let told = acceptances(testbed, asked.channel);
    for delivery in &deliveries {
        let to = delivery["to"].as_str().expect("an address");
        let times = told.get(to).copied().unwrap_or(0);
        match delivery["state"].as_str() {
            Some("accepted") => assert_eq!(times, 1, "accepted, and told {times} times: {delivery}"),
            Some("in_doubt") => assert!(times <= 1, "in doubt, and told {times} times: {delivery}"),
            _ => panic!("neither accepted nor in doubt: {delivery}"),
        }
    }
    let in_state = |state: &str| deliveries.iter().filter(|delivery| delivery["state"] == state).count();
    assert_eq!(in_state("accepted") as i64, count(totals, "accepted"), "{totals}");
    assert_eq!(in_state("in_doubt") as i64, count(totals, "in_doubt"), "{totals}");
    in_state("in_doubt")
}

/// The purse of the company has counted every message that a provider has or may have, once.
async fn usage_is_what_was_sent(testbed: &Testbed, asked: RequestedNotification<'_>, totals: &Value) {
    let notification = asked.id.parse().expect("an id");
    let sum = commands::purse::of_notification(testbed.log.pool(), notification).await.expect("the usage");
    assert_eq!(sum.messages, count(totals, "accepted") + count(totals, "in_doubt"), "{totals}");
    let parts = if asked.channel == Channel::Sms { sum.messages } else { 0 };
    assert_eq!(sum.segments, parts, "each SMS has one part");
}

/// How often the providers accepted a message for each address.
pub(crate) fn acceptances(testbed: &Testbed, channel: Channel) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for entry in testbed.ledger().into_iter().filter(|entry| entry.channel == channel) {
        *times.entry(entry.to).or_default() += 1;
    }
    times
}

fn nobody_unknown_got_a_message(testbed: &Testbed, load: &Load) {
    let told = [Channel::Sms, Channel::Email]
        .map(|channel| acceptances(testbed, channel).len())
        .iter()
        .sum::<usize>();
    assert!(
        told <= testbed.clients * load.notifications().count(),
        "somebody was told whom nobody asked to tell"
    );
}

async fn nothing_is_left_to_send(testbed: &Testbed) {
    let left: i64 = number(testbed, "select count(*) from send_tasks").await;
    assert_eq!(left, 0, "a task is left of what is over");
}

/// The screens show as many attempts of each delivery as the log has.
async fn attempts_are_the_events(testbed: &Testbed, client: &Client, notification: &str) {
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for (delivery, _) in outcomes_of(&testbed.log, notification.parse().expect("an id")).await {
        *told.entry(delivery.to_string()).or_default() += 1;
    }
    let deliveries = client.all(&format!("/notifications/{notification}/deliveries")).await;
    let shown: BTreeMap<String, usize> = deliveries
        .iter()
        .map(|delivery| (id_of(delivery), outcomes_shown(delivery)))
        .filter(|(_, attempts)| *attempts > 0)
        .collect();
    assert_eq!(shown, told, "attempts on screen are not those of the log");
}

/// A refusal that left the message to another provider is shown, and is the outcome of no attempt.
fn outcomes_shown(delivery: &Value) -> usize {
    let attempts = delivery["attempts"].as_array().expect("attempts");
    attempts.iter().filter(|attempt| attempt["outcome"] != "passed_on").count()
}

async fn messages_are_there_once(testbed: &Testbed, client: &Client, load: &Load) {
    let sent: Vec<String> =
        sqlx::query_scalar("select aggregate_id from events where event_type = 'MessageSent'")
            .fetch_all(testbed.log.pool())
            .await
            .expect("the events");
    let expected: BTreeSet<&str> = load.messages().collect();
    assert_eq!(expected.len(), load.messages().count(), "two requests have one answer");
    assert_eq!(sent.len(), expected.len(), "a message was lost or doubled");
    assert_eq!(sent.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    let unread = client.get("/me").await.expect(200)["counts"]["unread"].clone();
    assert_eq!(unread, expected.len(), "the count of unread messages is wrong");
}

async fn positions_are_dense(testbed: &Testbed) {
    let gaps = number(testbed, "select coalesce(max(position), 0) - count(*) from events").await;
    assert_eq!(gaps, 0, "positions have a gap");
}

/// Every message of the stream is the event of its sequence, up to the head.
pub(crate) async fn mirrored(testbed: &Testbed) {
    let ledger = Ledger::on(testbed.database_url.clone(), testbed.nats_url.clone()).await;
    ledger.relayed().await;
    ledger.assert_mirrored().await;
}

async fn number(testbed: &Testbed, query: &str) -> i64 {
    sqlx::query_scalar(query).fetch_one(testbed.log.pool()).await.expect("the database answers")
}
