//! What the queue and its providers do to a campaign when something goes wrong or is called off on the way.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use commands::log::{Draft, Lane};
use commands::{begin, clock};
use dispatcher::provider::breaker::DOUBT_AFTER;
use dispatcher::provider::streak::STREAK;
use dispatcher::provider::{Provider, SmsProvider, SmsSettings};
use dispatcher::simulator::{Behaviour, Refusal, Simulator, SimulatorOptions};
use dispatcher::{Companies, Route};
use domain::Event;
use domain::delivery::DeliveryEvent;
use domain::notification::{AUDIENCE, Addressee, AudienceEvent, Recipient, audience_stream};
use domain::personal::Personal;
use domain::value::{Channel, ContactKind, DeliveryId, NotificationId, Role};
use gateway::system::Outside;
use serde_json::{Value, json};
use sqlx::{PgPool, Postgres, Transaction};
use tests::notified::{checked, count, finished};
use tests::orders::sms_to;
use tests::world::SIMULATOR_CONNECTIONS;
use tests::{World, id_of, servers};
use tokio::task::yield_now;
use uuid::Uuid;

use crate::notifications::{Desk, outcomes};

/// Longer than any provider rests.
const REST_OVER: TimeDelta = TimeDelta::minutes(2);

#[tokio::test]
async fn a_provider_whose_answers_say_nothing_costs_a_campaign_a_few_doubts_and_no_more() {
    const CLIENTS: i64 = 200;
    let desk = Desk::open().await;
    desk.clients(CLIENTS as usize).await;
    let gone = Behaviour::Refuse(Refusal::sms(503, 20500, "Service Unavailable"));
    desk.world.simulator.set_rule(Channel::Sms, "", gone);
    let notification = desk.send(&sms_to(desk.company, "Corte de energía")).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    let is_left_alone = |told: &Value| {
        let of = |part: &str| count(&told["totals"], part);
        checked(told) && of("in_doubt") >= i64::from(DOUBT_AFTER) && of("in_doubt") + of("pending") == CLIENTS
    };
    stream.until("totals", is_left_alone).await;

    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
    desk.world.pass(REST_OVER);
    let done = desk.finished(&notification).await;
    let in_doubt = count(&done["totals"], "in_doubt");
    assert!(in_doubt <= i64::from(DOUBT_AFTER + SIMULATOR_CONNECTIONS), "{done}");
    assert_eq!(count(&done["totals"], "accepted"), CLIENTS - in_doubt, "{done}");
    desk.world.stop().await;
}

#[tokio::test]
async fn a_provider_that_refuses_the_sender_costs_a_campaign_time_and_nobody_their_message() {
    const CLIENTS: i64 = 200;
    let desk = Desk::open().await;
    desk.clients(CLIENTS as usize).await;
    let blocked = Behaviour::Refuse(Refusal::sms(400, 30007, "Message filtered"));
    desk.world.simulator.set_rule(Channel::Sms, "", blocked);
    let notification = desk.send(&sms_to(desk.company, "Corte de energía")).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    let is_left_alone = |told: &Value| {
        let of = |part: &str| count(&told["totals"], part);
        checked(told) && of("deferred") >= STREAK as i64 && of("deferred") + of("pending") == CLIENTS
    };
    stream.until("totals", is_left_alone).await;

    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
    desk.world.pass(REST_OVER);
    let done = desk.finished(&notification).await;
    assert_eq!(count(&done["totals"], "accepted"), CLIENTS, "{done}");
    let tried = desk.deliveries(&notification).await;
    let refused = tried.iter().filter(|delivery| outcomes(delivery) != ["accepted"]).count();
    let bound = STREAK + SIMULATOR_CONNECTIONS as usize;
    assert!((STREAK..=bound).contains(&refused), "{refused}: what waited has no attempt of the rest");
    let shown = tried.iter().find(|delivery| outcomes(delivery) == ["deferred", "accepted"]).expect("one");
    assert_eq!(shown["attempts"][0]["class"], "policy_reputation");
    desk.world.stop().await;
}

#[tokio::test]
async fn what_expires_while_it_waits_for_its_turn_is_not_sent() {
    const CLIENTS: i64 = 6;
    let desk = Desk::in_world(world_with_one_sms_a_second(SIMULATOR_CONNECTIONS).await).await;
    desk.clients(CLIENTS as usize).await;
    let mut order = sms_to(desk.company, "Corte de energía a las 8");
    order["expires_at"] = json!(desk.world.now() + TimeDelta::hours(1));
    let notification = desk.send(&order).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    stream.until("totals", |told| checked(told) && count(&told["totals"], "accepted") > 0).await;

    // All were claimed at once, and wait for the provider's limit.
    desk.world.pass(TimeDelta::hours(2));
    let done = desk.finished(&notification).await;
    let (accepted, failed) = (count(&done["totals"], "accepted"), count(&done["totals"], "failed"));
    assert!(failed > 0 && accepted + failed == CLIENTS, "{done}");
    assert_eq!(desk.world.simulator.counts(Channel::Sms).accepted, accepted as u64);
    for delivery in desk.deliveries(&notification).await.iter().filter(|one| one["state"] == "failed") {
        assert_eq!(
            (outcomes(delivery), &delivery["attempts"][0]["class"]),
            (vec!["failed"], &json!("expired"))
        );
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn neither_an_alarm_nor_another_company_waits_for_the_end_of_a_campaign() {
    // Alone, the campaign would keep the provider for a minute and a half.
    const CLIENTS: i64 = 90;
    let desk = Desk::in_world(world_with_one_sms_a_second(1).await).await;
    desk.clients(CLIENTS as usize).await;
    let other = desk.world.company("Rastreo Austral").await;
    let bea = desk.world.user("Bea", &[Role::Notifier], &[desk.company, other]).await;
    for (company, kind, phone) in
        [(desk.company, "emergency_contact", "3015512345"), (other, "holder", "3015554321")]
    {
        let contact = json!({"kind": kind, "name": "Íñigo Muñoz", "phone": phone});
        let client = json!({"name": "Íñigo Muñoz", "contacts": [contact]});
        bea.post(&format!("/companies/{company}/clients"), &client).await.expect(201);
    }
    let order = |company, category, recipients| {
        let mut order = sms_to(company, "Prueba");
        (order["category"], order["recipient_kind"]) = (json!(category), json!(recipients));
        order
    };

    let campaign = desk.send(&order(desk.company, "commercial", "holder")).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{campaign}/stream"), None).await;
    stream.until("totals", |told| checked(told) && count(&told["totals"], "accepted") > 0).await;
    let alarm = order(desk.company, "operational", "emergency_contact");
    for order in [alarm, order(other, "commercial", "holder")] {
        let sent = id_of(&bea.post_new("/notifications", &order).await.expect(202));
        assert_eq!(count(&finished(&bea, &sent).await["totals"], "accepted"), 1, "{order}");
    }
    let campaign = desk.nora.get(&format!("/notifications/{campaign}")).await.expect(200);
    assert!(checked(&campaign) && count(&campaign["totals"], "accepted") < CLIENTS / 2, "{campaign}");
    desk.world.stop().await;
}

async fn world_with_one_sms_a_second(connections: u32) -> World {
    let simulator = Simulator::start(SimulatorOptions::new(Arc::new(clock::now))).await.expect("it starts");
    let settings = SmsSettings { rate_per_second: 1, ..simulator.twilio_settings(connections) };
    let provider = SmsProvider::try_new(&settings).expect("the settings can be used");
    let routes = vec![Route { companies: Companies::All, providers: vec![Provider::Sms(provider)] }];
    let outside = Outside { routes, simulator: Some(Arc::new(simulator)) };
    let nats_url = servers::shared().await.nats_url().expect("a broker").to_owned();
    World::with(servers::database().await, nats_url, outside).await
}

#[tokio::test]
async fn an_audience_that_cannot_be_resolved_holds_up_nobody_else() {
    let desk = Desk::open().await;
    desk.client(Some("3001234567"), None).await;
    // More urgent than any other, and without a request that could be read.
    sqlx::query(
        "with unreadable as (
           insert into queued_notifications (notification_id, company_id, channel, recipient_kind, lane)
           values (gen_random_uuid(), $1, 'sms', 'everyone', 0)
           returning notification_id)
         insert into audiences (notification_id, generation, position) select notification_id, 1, 0 from unreadable",
    )
    .bind(desk.company.uuid())
    .execute(desk.world.log().pool())
    .await
    .expect("an audience");
    over(&desk).await;
    desk.world.stop().await;
}

/// The housekeeper looks whether a cancellation has a row left while the intake is about to commit one.
#[tokio::test]
async fn what_is_queued_while_its_cancellation_ends_is_not_sent() {
    let desk = Desk::open().await;
    let clients = [desk.client(Some("3001234567"), None).await, desk.client(Some("3001234568"), None).await]
        .map(|client| client.parse::<Uuid>().expect("an id"));
    let notification = over(&desk).await;
    let pool = desk.world.log().pool();
    let intake_waits_for = erasure_under_way(pool, clients[1]).await;
    cancelled(pool, notification).await;
    let deliveries = append_chunk(&desk, notification, &clients).await;
    while !is_held_up(pool, "insert into withdrawals%").await {
        yield_now().await;
    }
    while !is_held_up(pool, "%from withdrawals%").await && is_being_cancelled(pool, notification).await {
        yield_now().await;
    }
    intake_waits_for.commit().await.expect("the intake goes on");
    assert!(matches!(outcome(&desk, deliveries[0]).await, DeliveryEvent::DeliveryCancelled { .. }));
    desk.world.stop().await;
}

/// The same, with the housekeeper alone.
#[tokio::test]
async fn a_cancellation_does_not_end_while_a_row_of_it_is_being_queued() {
    let desk = Desk::open().await;
    let client = desk.client(Some("3001234567"), None).await;
    let notification = over(&desk).await;
    let pool = desk.world.log().pool();
    let again = "update withdrawals set reason = reason where subject = $1";
    let mut queuing = cancellation_held_by(pool, notification, again).await;
    let delivery = DeliveryId::from(clock::new_id());
    sqlx::query(
        "insert into send_queue (delivery_id, generation, notification_id, company_id, client_id, channel, lane,
                                 address, name, due_at)
         values ($1, 1, $2, $3, $4::uuid, 'sms', 1, '+573001234567', 'Ana', now())",
    )
    .bind(delivery.uuid())
    .bind(notification.uuid())
    .bind(desk.company.uuid())
    .bind(client)
    .execute(&mut *queuing)
    .await
    .expect("a row");
    while !is_held_up(pool, "%from withdrawals%").await {
        yield_now().await;
    }
    queuing.commit().await.expect("the row is queued");
    assert!(matches!(outcome(&desk, delivery).await, DeliveryEvent::DeliveryCancelled { .. }));
    desk.world.stop().await;
}

/// A notification that has been sent to everybody.
async fn over(desk: &Desk) -> NotificationId {
    let notification = desk.send(&sms_to(desk.company, "Falsa alarma")).await;
    desk.finished(&notification).await;
    notification.parse::<Uuid>().expect("an id").into()
}

/// A cancellation that is asked for, in the hands of a transaction that has changed it so.
async fn cancellation_held_by(
    pool: &PgPool,
    notification: NotificationId,
    change: &str,
) -> Transaction<'static, Postgres> {
    loop {
        sqlx::query(
            "insert into withdrawals (reason, subject) values ('cancelled', $1) on conflict do nothing",
        )
        .bind(notification.uuid())
        .execute(pool)
        .await
        .expect("it is asked for");
        let mut tx = begin(pool).await.expect("a transaction");
        let held = sqlx::query(change).bind(notification.uuid()).execute(&mut *tx).await.expect("it is held");
        // The housekeeper may have been faster.
        if held.rows_affected() == 1 {
            return tx;
        }
    }
}

/// Marks a notification as the intake does when it is cancelled.
async fn cancelled(pool: &PgPool, notification: NotificationId) {
    sqlx::query(
        "with cancelled as (
           update queued_notifications set cancelled = true where notification_id = $1 returning notification_id)
         insert into withdrawals (reason, subject) select 'cancelled', notification_id from cancelled",
    )
    .bind(notification.uuid())
    .execute(pool)
    .await
    .expect("it is cancelled");
}

async fn is_being_cancelled(pool: &PgPool, notification: NotificationId) -> bool {
    sqlx::query_scalar("select exists (select from withdrawals where subject = $1)")
        .bind(notification.uuid())
        .fetch_one(pool)
        .await
        .expect("the withdrawals")
}

/// The erasure of a client that has not committed yet: whoever queues something for the client waits for it.
async fn erasure_under_way(pool: &PgPool, client: Uuid) -> Transaction<'static, Postgres> {
    sqlx::query("insert into unsendable_clients (client_id) values ($1)")
        .bind(client)
        .execute(pool)
        .await
        .expect("the client is erased");
    let mut tx = begin(pool).await.expect("a transaction");
    sqlx::query("insert into withdrawals (reason, subject) values ('erased', $1)")
        .bind(client)
        .execute(&mut *tx)
        .await
        .expect("the client's rows are withdrawn");
    tx
}

/// One more chunk of a notification's audience, with a delivery to each of some clients.
async fn append_chunk(desk: &Desk, notification: NotificationId, clients: &[Uuid]) -> Vec<DeliveryId> {
    let recipients: Vec<Recipient> = clients.iter().map(|client| recipient(*client)).collect();
    let deliveries = recipients.iter().map(|recipient| recipient.delivery).collect();
    let chunk = AudienceEvent::AudienceChunkResolved {
        notification,
        company: desk.company,
        channel: Channel::Sms,
        generation: 1,
        recipients,
        cursor: String::new(),
    };
    let stream = audience_stream(notification, 1);
    let draft = Draft::of(AUDIENCE, stream, 2, &chunk, HashMap::new()).expect("JSON");
    desk.world.log().append(vec![draft], None, Lane::Bulk).await.expect("it is appended");
    deliveries
}

fn recipient(client: Uuid) -> Recipient {
    let addressee =
        Addressee { client_name: "Ana".into(), contact_name: "Ana".into(), address: "+573001234569".into() };
    Recipient {
        delivery: DeliveryId::from(clock::new_id()),
        client: client.into(),
        kind: ContactKind::Holder,
        addressee: Personal::new(client, addressee),
    }
}

/// Whether a statement like this one waits for somebody's lock.
async fn is_held_up(pool: &PgPool, statement: &str) -> bool {
    sqlx::query_scalar(
        "select exists (
           select from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and query like $1)",
    )
    .bind(statement)
    .fetch_one(pool)
    .await
    .expect("the activity")
}

/// What becomes of a delivery, as soon as something has.
async fn outcome(desk: &Desk, delivery: DeliveryId) -> DeliveryEvent {
    let log = desk.world.log();
    loop {
        let stored = log.read_stream("delivery", &delivery.to_string(), 0, 1).await.expect("the stream");
        let opened = log.open_events(stored).await.expect("it opens");
        if let Some(Ok(Event::Delivery(event))) = opened.into_iter().next().map(|recorded| recorded.event) {
            return event;
        }
        yield_now().await;
    }
}
