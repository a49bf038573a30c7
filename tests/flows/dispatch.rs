//! What the dispatcher and its providers do to a campaign when something goes wrong or is called off on the way.

use std::sync::Arc;

use chrono::TimeDelta;
use commands::clock;
use dispatcher::provider::breaker::DOUBT_AFTER;
use dispatcher::provider::streak::STREAK;
use dispatcher::provider::{Provider, SmsProvider, SmsSettings};
use dispatcher::simulator::{Behaviour, Refusal, Simulator, SimulatorOptions};
use dispatcher::{Companies, Route};
use domain::value::{Channel, NotificationId, Role};
use gateway::system::Providers;
use serde_json::{Value, json};
use tests::notified::{checked, count, finished};
use tests::orders::sms_to;
use tests::world::SIMULATOR_CONNECTIONS;
use tests::{World, id_of, servers};
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
    let providers = Providers { routes, simulator: Some(Arc::new(simulator)) };
    let nats_url = servers::shared().await.nats_url().expect("a broker").to_owned();
    World::with(servers::database().await, nats_url, providers).await
}

#[tokio::test]
async fn an_audience_that_cannot_be_resolved_holds_up_nobody_else() {
    let desk = Desk::open().await;
    desk.client(Some("3001234567"), None).await;
    // More urgent than any other, and without a request that could be read.
    sqlx::query(
        "with unreadable as (
           insert into send_notifications (notification_id, company_id, channel, recipient_kind, lane)
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

/// A notification that has been sent to everybody.
async fn over(desk: &Desk) -> NotificationId {
    let notification = desk.send(&sms_to(desk.company, "Falsa alarma")).await;
    desk.finished(&notification).await;
    notification.parse::<Uuid>().expect("an id").into()
}
