//! Unreadable events: their aggregate is parked, an operator is alerted, and everything else continues.

use std::collections::HashMap;

use commands::clock;
use commands::log::{Draft, Lane};
use domain::message::MessageEvent;
use domain::value::Channel;
use serde_json::{Value, json};
use tests::orders::message_to;
use tests::program::Program;
use tests::{Client, id_of};

use crate::load::{Load, notification};
use crate::reconciliation::{final_totals, mirrored, reconcile};
use crate::testbed::{CLIENTS, Testbed, eventually, projection, rebuilt};

/// Inserts an event as only the owner of the database can.
async fn insert(
    testbed: &Testbed,
    (kind, id, sequence): (&str, &str, i64),
    event_type: &str,
    payload: &str,
    metadata: &str,
) {
    sqlx::query(
        "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         values ($1, $2, $3, $4, '1', $5::json, $6::json)",
    )
    .bind(kind)
    .bind(id)
    .bind(sequence)
    .bind(event_type)
    .bind(payload)
    .bind(metadata)
    .execute(testbed.log.pool())
    .await
    .expect("the event is inserted");
}

/// Copies an event into another stream, for which its ciphertext was not sealed.
async fn forge(testbed: &Testbed, from: &str, to: &str) {
    sqlx::query(
        "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         select aggregate_type, $2, sequence, event_type, event_version, payload, metadata
         from events where aggregate_id = $1 and sequence = 1",
    )
    .bind(from)
    .bind(to)
    .execute(testbed.log.pool())
    .await
    .expect("the event is inserted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_parks_its_aggregate_and_the_rest_flows() {
    let testbed = Testbed::start().await;
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    assert_eq!(parked(&client, "inbox").await, 0, "nothing is parked at first");
    let known = write(&testbed, &client, "antes").await;

    let [nonsense, forged] = std::array::from_fn(|_| clock::new_id().to_string());
    insert(&testbed, ("message", &known, 2), "MessageExploded", "{}", "{}").await;
    insert(&testbed, ("message", &nonsense, 1), "MessageSent", r#"{"MessageSent": {"body": 5}}"#, "{}").await;
    forge(&testbed, &known, &forged).await;
    // A later event of a parked stream is readable, but must not be shown without the earlier ones.
    let withdrawn = MessageEvent::MessageWithdrawn { withdrawn_at: clock::now() };
    let later = Draft::of("message", known.clone(), 3, &withdrawn, HashMap::new()).expect("JSON");
    testbed.log.writer().append(vec![later], None, Lane::Bulk).await.expect("the event is appended");

    the_rest_flows(&testbed, &client).await;
    assert_eq!(parked(&client, "inbox").await, 4, "the poison and the later event are parked");
    let expected = [(&known, 2), (&known, 3), (&nonsense, 1), (&forged, 1)];
    let mut expected: Vec<_> = expected.map(|(id, sequence)| (id.clone(), sequence)).into();
    expected.sort();
    assert_eq!(parked_events(&testbed, "inbox").await, expected);
    assert_eq!(metric(&client, "mensajeria_projection_parked_events{projection=\"inbox\"}").await, 4.0);
    assert!(ids(&client.all("/inbox").await).contains(&known), "what was projected before stays");
    mirrored(&testbed).await;
    program.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_parked_already_stops_no_view() {
    let testbed = Testbed::start().await;
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let known = write(&testbed, &client, "antes").await;
    testbed.caught_up().await;
    sqlx::query(
        "insert into inbox.parked (position, aggregate_type, aggregate_id, event_type, reason)
         select max(position) + 1, 'message', $1, 'MessageExploded', 'as before' from events",
    )
    .bind(&known)
    .execute(testbed.log.pool())
    .await
    .expect("it is parked");
    insert(&testbed, ("message", &known, 2), "MessageExploded", "{}", "{}").await;
    the_rest_flows(&testbed, &client).await;
    assert_eq!(parked_events(&testbed, "inbox").await, [(known, 2)]);
    program.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_intake_survives_poison_and_says_so() {
    let testbed = Testbed::start().await;
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let [notification, chunks, request] = std::array::from_fn(|_| clock::new_id().to_string());
    insert(&testbed, ("notification", &notification, 1), "NotificationExploded", "{}", "{}").await;
    insert(&testbed, ("audience", &format!("{chunks}:1"), 1), "AudienceChunkResolved", "[7]", "{}").await;
    insert(
        &testbed,
        ("notification", &request, 1),
        "NotificationRequested",
        "1e999",
        r#"{"actor": null, "n": 1}"#,
    )
    .await;

    // A retry is readable, but cannot be applied without its request.
    let retried = r#"{"NotificationRetried": {"generation": 2}}"#;
    insert(&testbed, ("notification", &request, 2), "NotificationRetried", retried, "{}").await;

    the_rest_flows(&testbed, &client).await;
    assert!(
        metric(&client, "mensajeria_intake_poison_total").await >= 2.0,
        "the intake tells of what it cannot read"
    );
    assert_eq!(parked(&client, "notifications").await, 4);
    assert_eq!(parked_by_the_intake(&testbed).await, 3, "chunks are the resolver's own");
    audited_as_unreadable(&client, &notification).await;
    audited_as_unreadable(&client, &format!("{chunks}:1")).await;
    program.kill().await;

    // The next program tries them again, and parks what it cannot read either.
    let program = testbed.program("").await;
    the_rest_flows(&testbed, &testbed.client(&program)).await;
    assert_eq!(parked_by_the_intake(&testbed).await, 3);
    program.kill().await;
}

/// Whether or not the id is one that this program could have written.
async fn audited_as_unreadable(client: &Client, id: &str) {
    let entries = client.all(&format!("/audit?subject={id}")).await;
    let found: Vec<_> = entries.iter().map(|entry| (&entry["subject"]["id"], &entry["result"])).collect();
    assert_eq!(found, [(&json!(id), &json!("unreadable"))]);
}

async fn parked_by_the_intake(testbed: &Testbed) -> i64 {
    sqlx::query_scalar("select count(*) from intake_parked")
        .fetch_one(testbed.log.pool())
        .await
        .expect("a count")
}

/// A rebuild meets the same unreadable events and parks the same ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_survives_poison() {
    let testbed = Testbed::start().await;
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let known = write(&testbed, &client, "antes").await;
    insert(&testbed, ("message", &known, 2), "MessageExploded", "{}", "{}").await;
    testbed.caught_up().await;
    client.post("/projections/inbox/rebuild", &json!({})).await.expect(202);
    rebuilt(&client, "inbox").await;
    assert_eq!(parked_events(&testbed, "inbox").await, [(known, 2)]);
    the_rest_flows(&testbed, &client).await;
    program.kill().await;
}

/// Writes a message that arrives, and notifies everybody on both channels.
async fn the_rest_flows(testbed: &Testbed, client: &Client) {
    let after = write(testbed, client, "después").await;
    assert!(ids(&client.all("/inbox").await).contains(&after), "a message arrives");
    for channel in [Channel::Sms, Channel::Email] {
        let order = notification(&testbed.companies[0].to_string(), channel);
        let asked = client.post_new("/notifications", &order).await.expect(202);
        assert_eq!(final_totals(client, &id_of(&asked)).await["accepted"], CLIENTS);
    }
    testbed.caught_up().await;
}

async fn write(testbed: &Testbed, client: &Client, text: &str) -> String {
    id_of(&client.post_new("/messages", &message_to(&[testbed.reader], text)).await.expect(201))
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(id_of).collect()
}

async fn parked(client: &Client, name: &str) -> i64 {
    projection(client, name).await["parked"].as_i64().expect("a number")
}

async fn parked_events(testbed: &Testbed, schema: &str) -> Vec<(String, i64)> {
    let query = format!(
        "select e.aggregate_id, e.sequence from {schema}.parked join events e using (position) order by 1, 2"
    );
    sqlx::query_as(&query).fetch_all(testbed.log.pool()).await.expect("the parked events")
}

/// The sum of a metric over all labels beyond the given ones.
async fn metric(client: &Client, name: &str) -> f64 {
    let text = reqwest::get(format!("{}/metrics", client.base()))
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    let rows = text.lines().filter(|line| line.starts_with(name));
    rows.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

/// Gives the chunk of a notification's audience another version, as nobody but the owner of the database could.
async fn give_version(testbed: &Testbed, notification: &str, version: &str) {
    let mut connection = testbed.log.pool().acquire().await.expect("a connection");
    let triggers = async |connection: &mut sqlx::PgConnection, what: &str| {
        let text = format!("alter table events {what} trigger events_are_append_only");
        sqlx::query(&text).execute(connection).await.expect("the trigger")
    };
    triggers(&mut connection, "disable").await;
    let changed = sqlx::query(
        "update events set event_version = $2 where aggregate_type = 'audience' and aggregate_id = $1 and sequence = 1",
    )
    .bind(notification)
    .bind(version)
    .execute(&mut *connection)
    .await;
    assert_eq!(changed.expect("the event").rows_affected(), 1);
    triggers(&mut connection, "enable").await;
}

/// A newer version froze the chunk, and this version finds its task.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_cannot_be_read_is_parked_and_sent_by_a_program_that_can() {
    let testbed = Testbed::with_companies(2).await;
    let front =
        Program::start(&["serve", "--roles", "gateway,relay,projector"], &testbed.environment, "").await;
    let dispatcher = ["serve", "--roles", "dispatcher"];
    let dies = Program::start_silent(&dispatcher, &testbed.environment, "claim::before_commit=return");
    let mut load = Load::default();
    load.add_notifications(&testbed, 0);
    load.apply_until_answered(&testbed.client(&front)).await;
    dies.ended().await;
    testbed.caught_up().await;
    front.kill().await;
    let query = "select notification_id::text from send_tasks order by 1 limit 1";
    let unreadable: String = sqlx::query_scalar(query).fetch_one(testbed.log.pool()).await.expect("a task");
    give_version(&testbed, &unreadable, "2").await;

    let program = testbed.program("").await;
    let client = testbed.client(&program);
    load.add_notifications(&testbed, 1);
    load.apply_until_answered(&client).await;
    for asked in load.notifications().filter(|asked| asked.id != unreadable) {
        assert_eq!(final_totals(&client, asked.id).await["accepted"], CLIENTS, "the rest flows");
    }
    eventually("it is parked, and somebody is told", async || {
        (metric(&client, "mensajeria_tasks_parked_total").await == 1.0).then_some(())
    })
    .await;
    let waits = client.get(&format!("/notifications/{unreadable}")).await.expect(200);
    assert_eq!(
        (&waits["state"], &waits["totals"]["pending"]),
        (&json!("running"), &json!(CLIENTS)),
        "{waits}"
    );
    program.kill().await;

    give_version(&testbed, &unreadable, "1").await;
    let program = testbed.program("").await;
    reconcile(&testbed, &testbed.client(&program), &load, 0).await;
    program.kill().await;
}
