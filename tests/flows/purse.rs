//! The purse of a company: limits a day and month, numbers abroad, messages to one address, prices, and who is told.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use commands::clock;
use dispatcher::provider::{Prices, SmsSettings};
use dispatcher::simulator::{Simulator, SimulatorOptions};
use domain::value::{Channel, CompanyId, Role};
use serde_json::{Value, json};
use tests::orders::{email_to, sms_to};

use tests::{Client, EventStream, World};

use crate::notifications::{Desk, totals};
use crate::sms::world;

/// How often what was sent is added up, and looked at for alerts.
const HEARTBEAT: Duration = Duration::from_millis(300);

/// A desk with so many clients, and its administrator.
async fn desk(clients: usize) -> (Desk, Client) {
    let desk = Desk::in_world(World::changed(|options| options.dispatcher.heartbeat = HEARTBEAT).await).await;
    desk.clients(clients).await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    (desk, admin)
}

async fn limit(desk: &Desk, admin: &Client, limits: Value) {
    admin.patch(&format!("/companies/{}", desk.company), &json!({ "limits": limits })).await.expect(200);
}

async fn usage(desk: &Desk) -> Value {
    desk.nora.get(&format!("/companies/{}/usage", desk.company)).await.expect(200)
}

fn limit_of(usage: &Value, name: &str) -> Value {
    let limits = usage["limits"].as_array().expect("limits");
    let found =
        limits.iter().find(|limit| limit["name"] == name).unwrap_or_else(|| panic!("{name}: {usage}"));
    json!([found["used"], found["promised"], found["limit"]])
}

async fn requested(desk: &Desk) -> i64 {
    sqlx::query_scalar("select count(*) from events where event_type = 'NotificationRequested'")
        .fetch_one(desk.world.log().pool())
        .await
        .expect("a count")
}

#[tokio::test]
async fn a_notification_that_would_pass_a_limit_is_refused_before_anything_is_frozen() {
    let (desk, admin) = desk(3).await;
    limit(&desk, &admin, json!({"sms_per_day": 5, "segments_per_month": 8})).await;
    let order = sms_to(desk.company, "Hola");
    let sent = desk.finished(&desk.send(&order).await).await;
    assert_eq!(totals(&sent, &["accepted"]), [3]);
    assert_eq!(limit_of(&usage(&desk).await, "sms_per_day"), json!([3, 0, 5]));

    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    let over = json!({"limit": "sms_per_day", "max": 5, "taken": 3, "asked": 3});
    assert_eq!(preview["over_limit"], over);
    let refused = desk.nora.post_new("/notifications", &order).await.expect(422);
    let fault = &refused["errors"][0];
    assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/company_id"), &json!("over_limit")));
    let detail =
        "Pasaría del límite de SMS por día de la empresa: 3 de 5 usados o comprometidos, y hacen falta 3.";
    assert_eq!(fault["detail"], detail);
    assert_eq!(requested(&desk).await, 1, "nothing is written");
    desk.client(None, Some("ana@example.com")).await;
    desk.finished(&desk.send(&email_to(desk.company, "Hola", "Hola")).await).await;

    limit(&desk, &admin, json!({"sms_per_day": 6})).await;
    let long = sms_to(desk.company, &"a".repeat(161));
    let preview = desk.nora.post("/notifications/preview", &long).await.expect(200);
    let over = json!({"limit": "segments_per_month", "max": 8, "taken": 3, "asked": 6});
    assert_eq!(preview["over_limit"], over);
    desk.finished(&desk.send(&order).await).await;
    let month = usage(&desk).await;
    assert_eq!(limit_of(&month, "segments_per_month"), json!([6, 0, 8]));
    assert_eq!((&month["sms"]["messages"], &month["sms"]["cost"]), (&json!(6), &Value::Null));
    assert_eq!((month["days"].as_array().expect("days").len(), &month["email"]["messages"]), (1, &json!(1)));
    desk.world.pass(TimeDelta::days(1));
    desk.nora.post("/notifications/preview", &order).await.expect(200);
    desk.world.stop().await;
}

#[tokio::test]
async fn what_is_promised_is_taken_until_its_notification_is_over() {
    let (desk, admin) = desk(3).await;
    limit(&desk, &admin, json!({"sms_per_day": 5})).await;
    let mut held = sms_to(desk.company, "Hola");
    held["hold_seconds"] = json!(30);
    let first = desk.send(&held).await;
    assert_eq!(limit_of(&usage(&desk).await, "sms_per_day"), json!([0, 3, 5]));
    desk.nora.post_new("/notifications", &held).await.refused(422);
    desk.nora.post(&format!("/notifications/{first}/cancel"), &json!({})).await.expect(200);
    assert_eq!(limit_of(&usage(&desk).await, "sms_per_day"), json!([0, 0, 5]));

    let mut tomorrow = sms_to(desk.company, "Mañana");
    tomorrow["schedule_at"] = json!(desk.world.now() + TimeDelta::days(1));
    let moved = desk.send(&tomorrow).await;
    assert_eq!(limit_of(&usage(&desk).await, "sms_per_day"), json!([0, 0, 5]), "it is of another day");
    desk.nora.post_new("/notifications", &tomorrow).await.refused(422);
    let in_two_days = json!({ "schedule_at": desk.world.now() + TimeDelta::days(2) });
    desk.nora.post(&format!("/notifications/{moved}/reschedule"), &in_two_days).await.expect(200);
    desk.send(&tomorrow).await;
    desk.send(&sms_to(desk.company, "Hoy")).await;
    desk.world.stop().await;
}

#[tokio::test]
async fn of_many_at_once_no_more_go_than_the_limit_holds() {
    let (desk, admin) = desk(3).await;
    limit(&desk, &admin, json!({"sms_per_day": 10})).await;
    let order = sms_to(desk.company, "Hola");
    let orders = (0..8).map(|_| desk.nora.post_new("/notifications", &order));
    let answers = futures::future::join_all(orders).await;
    let mut taken: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    taken.sort_unstable();
    assert_eq!(taken, [202, 202, 202, 422, 422, 422, 422, 422]);
    let key = clock::new_id().to_string();
    limit(&desk, &admin, json!({"sms_per_day": 12})).await;
    let first = desk.nora.post_once("/notifications", &key, &order).await.expect(202);
    let again = desk.nora.post_once("/notifications", &key, &order).await.expect(202);
    assert_eq!(first, again, "the limit is used, and the same key has its first answer");
    desk.world.stop().await;
}

#[tokio::test]
async fn numbers_of_other_countries_are_left_out_above_their_limit_and_never_silently() {
    let (desk, admin) = desk(1).await;
    for phone in ["+34612345678", "+18095551234"] {
        desk.client(Some(phone), None).await;
    }
    let order = sms_to(desk.company, "Hola");
    let all = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!((&all["audience"]["reachable"], &all["audience"]["excluded"]), (&json!(3), &json!({})));
    desk.finished(&desk.send(&order).await).await;
    assert_eq!(limit_of(&usage(&desk).await, "foreign_per_day"), json!([2, 0, 50]));

    limit(&desk, &admin, json!({"foreign_per_day": 3})).await;
    let few = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!(
        (&few["audience"]["reachable"], &few["audience"]["excluded"]),
        (&json!(1), &json!({"foreign": 2}))
    );
    let file = desk.nora.request(reqwest::Method::POST, "/notifications/preview/excluded").json(&order);
    let file = file.send().await.expect("an answer").text().await.expect("a file");
    assert_eq!(file.matches(";foreign").count() + file.matches(",foreign").count(), 2, "{file}");
    let mut confirmed = order.clone();
    confirmed["confirm_token"] = few["confirm_token"].clone();
    let done = desk.finished(&desk.send(&confirmed).await).await;
    assert_eq!(
        (totals(&done, &["accepted", "total"]), &done["excluded"]),
        (vec![1, 1], &json!({"foreign": 2}))
    );
    assert_eq!(limit_of(&usage(&desk).await, "foreign_per_day"), json!([2, 0, 3]));
    desk.world.stop().await;
}

#[tokio::test]
async fn a_notification_to_foreign_numbers_alone_is_refused_by_their_limit() {
    let (desk, admin) = desk(0).await;
    desk.client(Some("+12125551234"), None).await;
    limit(&desk, &admin, json!({"foreign_per_day": 0})).await;
    let order = sms_to(desk.company, "Hola");
    let refused = desk.nora.post_new("/notifications", &order).await.refused(422);
    assert_eq!(refused, [("/company_id".into(), "over_limit".into())]);
    limit(&desk, &admin, json!({"foreign_per_day": null})).await;
    desk.finished(&desk.send(&order).await).await;
    desk.world.stop().await;
}

/// The next message of the system to somebody.
async fn notice(inbox: &mut EventStream) -> String {
    inbox.next_of("message").await.data["body"].as_str().expect("a body").to_owned()
}

#[tokio::test]
async fn the_people_of_a_company_are_told_of_each_part_of_a_limit_once() {
    let (desk, admin) = desk(4).await;
    let stranger = desk.world.user("Otro", &[Role::Notifier], &[]).await;
    limit(&desk, &admin, json!({"sms_per_day": 10})).await;
    let (mut inbox, mut of_admin) =
        (desk.nora.stream("/inbox/stream", None).await, admin.stream("/inbox/stream", None).await);
    let order = sms_to(desk.company, "Hola");
    for _ in 0..2 {
        desk.finished(&desk.send(&order).await).await;
    }
    let told = "Vigía Andina ha usado el 80 % de su límite de SMS por día: 8 de 10.";
    assert_eq!((notice(&mut inbox).await, notice(&mut of_admin).await), (told.to_owned(), told.to_owned()));
    limit(&desk, &admin, json!({"sms_per_day": 12})).await;
    desk.finished(&desk.send(&order).await).await;
    let told = "Vigía Andina ha usado el 100 % de su límite de SMS por día: 12 de 12. Las notificaciones que lo pasen se rechazan.";
    assert_eq!(notice(&mut inbox).await, told);
    assert_eq!(stranger.all("/inbox").await.len(), 0);
    assert_eq!(desk.nora.all("/inbox").await.len(), 2);
    limit(&desk, &admin, json!({"sms_per_day": 16})).await;
    desk.finished(&desk.send(&order).await).await;
    assert!(notice(&mut inbox).await.ends_with("16 de 16. Las notificaciones que lo pasen se rechazan."));
    desk.world.stop().await;
}

#[tokio::test]
async fn what_passes_a_limit_when_its_time_comes_waits_and_goes_on_when_it_is_resumed() {
    let (desk, admin) = desk(3).await;
    limit(&desk, &admin, json!({"sms_per_day": 4})).await;
    let mut later = sms_to(desk.company, "Más tarde");
    later["schedule_at"] = json!(desk.world.now() + TimeDelta::minutes(10));
    let asked = desk.send(&later).await;
    limit(&desk, &admin, json!({"sms_per_day": 2})).await;
    let mut inbox = desk.nora.stream("/inbox/stream", None).await;
    desk.world.pass(TimeDelta::minutes(10));
    let told = notice(&mut inbox).await;
    assert!(told.starts_with("La notificación «Más tarde» de Vigía Andina, solicitada el "), "{told}");
    let paused = desk.shown(&asked).await;
    let over = json!({"limit": "sms_per_day", "max": 2, "taken": 0, "asked": 3});
    assert_eq!((&paused["state"], &paused["over_limit"]), (&json!("paused"), &over));
    assert_eq!(desk.world.simulator.counts(Channel::Sms).accepted, 0);

    let resume = format!("/notifications/{asked}/resume");
    desk.nora.post(&resume, &json!({})).await.expect(200);
    notice(&mut inbox).await;
    assert_eq!(desk.shown(&asked).await["state"], "paused", "the limit is still too low");
    limit(&desk, &admin, json!({"sms_per_day": 3})).await;
    desk.nora.post(&resume, &json!({})).await.expect(200);
    let done = desk.finished(&asked).await;
    assert_eq!((totals(&done, &["accepted"]), &done["over_limit"]), (vec![3], &Value::Null));
    desk.world.stop().await;
}

#[tokio::test]
async fn a_limit_that_is_set_after_the_request_counts_when_it_begins() {
    let (desk, admin) = desk(3).await;
    limit(&desk, &admin, json!({"foreign_per_day": null})).await;
    let held = held(&desk.company, &"a".repeat(161));
    let (few, long) = (desk.send(&held).await, desk.send(&held).await);
    limit(&desk, &admin, json!({"segments_per_day": 8})).await;
    let mut inbox = desk.nora.stream("/inbox/stream", None).await;
    desk.world.pass(TimeDelta::seconds(60));
    notice(&mut inbox).await;
    let (first, second) = (desk.shown(&few).await, desk.shown(&long).await);
    let (paused, sent) = if first["state"] == "paused" { (first, long) } else { (second, few) };
    let over = json!({"limit": "segments_per_day", "max": 8, "taken": 6, "asked": 6});
    assert_eq!((&paused["state"], &paused["over_limit"]), (&json!("paused"), &over));
    assert_eq!(totals(&desk.finished(&sent).await, &["accepted"]), [3]);
    desk.world.stop().await;
}

#[tokio::test]
async fn foreign_numbers_that_come_after_the_request_are_left_out_above_their_limit() {
    let (desk, admin) = desk(1).await;
    limit(&desk, &admin, json!({"foreign_per_day": 1})).await;
    let asked = desk.send(&held(&desk.company, "Hola")).await;
    for phone in ["+34612345678", "+18095551234"] {
        desk.client(Some(phone), None).await;
    }
    desk.world.caught_up().await;
    desk.world.pass(TimeDelta::seconds(60));
    let done = desk.finished(&asked).await;
    assert_eq!((totals(&done, &["accepted"]), &done["excluded"]), (vec![1], &json!({"foreign": 2})));
    desk.world.stop().await;
}

#[tokio::test]
async fn an_audience_of_foreign_numbers_alone_waits_if_their_limit_is_lowered() {
    let (desk, admin) = desk(0).await;
    desk.client(Some("+12125551234"), None).await;
    let asked = desk.send(&held(&desk.company, "Hola")).await;
    limit(&desk, &admin, json!({"foreign_per_day": 0})).await;
    let mut inbox = desk.nora.stream("/inbox/stream", None).await;
    desk.world.pass(TimeDelta::seconds(60));
    notice(&mut inbox).await;
    let paused = desk.shown(&asked).await;
    let over = json!({"limit": "foreign_per_day", "max": 0, "taken": 0, "asked": 1});
    assert_eq!((&paused["state"], &paused["over_limit"]), (&json!("paused"), &over));
    limit(&desk, &admin, json!({"foreign_per_day": 1})).await;
    desk.nora.post(&format!("/notifications/{asked}/resume"), &json!({})).await.expect(200);
    assert_eq!(totals(&desk.finished(&asked).await, &["accepted"]), [1]);
    desk.world.stop().await;
}

/// An SMS that begins in a minute.
fn held(company: &CompanyId, body: &str) -> Value {
    let mut order = sms_to(*company, body);
    order["hold_seconds"] = json!(60);
    order
}

#[tokio::test]
async fn one_address_gets_no_more_an_hour_than_the_limit_but_every_alarm() {
    let (desk, admin) = desk(2).await;
    limit(&desk, &admin, json!({"per_recipient_per_hour": 2})).await;
    desk.world.caught_up().await;
    let order = sms_to(desk.company, "Hola");
    for _ in 0..2 {
        assert_eq!(totals(&desk.finished(&desk.send(&order).await).await, &["accepted"]), [2]);
    }
    let third = desk.send(&order).await;
    assert_eq!(totals(&desk.finished(&third).await, &["accepted", "suppressed"]), [0, 2]);
    let causes = desk.nora.get(&format!("/notifications/{third}/failures")).await.expect(200);
    assert_eq!((&causes["data"][0]["class"], &causes["data"][0]["count"]), (&json!("too_often"), &json!(2)));
    let mut alarm = order.clone();
    alarm["category"] = json!("operational");
    assert_eq!(totals(&desk.finished(&desk.send(&alarm).await).await, &["accepted"]), [2]);
    desk.world.pass(TimeDelta::minutes(61));
    assert_eq!(totals(&desk.finished(&desk.send(&order).await).await, &["accepted"]), [2]);
    desk.world.stop().await;
}

#[tokio::test]
async fn an_sms_has_its_price_in_the_preview_the_notification_and_the_usage() {
    let simulator = Simulator::start(SimulatorOptions::new(Arc::new(clock::now))).await.expect("it starts");
    let prices = [("57", 9_000), ("1809", 45_000)].map(|(digits, micros)| (digits.to_owned(), micros)).into();
    let prices = Prices::try_new(prices).expect("prices");
    let settings = SmsSettings { prices, ..simulator.twilio_settings(2) };
    let desk = Desk::in_world(world(simulator, &[settings]).await).await;
    desk.client(Some("3015510101"), None).await;
    desk.client(Some("+18095551234"), None).await;
    let order = sms_to(desk.company, &"a".repeat(161));
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!(preview["sms"]["cost"], json!({"amount": 108_000, "currency": "USD"}));
    let sent = desk.send(&order).await;
    let cost = json!({"amount": 108_000, "currency": "USD", "unpriced": 0});
    assert_eq!(desk.finished(&sent).await["cost"], cost);
    assert_eq!(usage(&desk).await["sms"]["cost"], cost);

    desk.client(Some("+34612345678"), None).await;
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!(preview["sms"]["cost"], Value::Null, "of one number it is not known");
    let sent = desk.send(&order).await;
    let cost = json!({"amount": 108_000, "currency": "USD", "unpriced": 1});
    assert_eq!(desk.finished(&sent).await["cost"], cost);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_month_is_named_by_its_year_and_number() {
    let (desk, _) = desk(0).await;
    let path = format!("/companies/{}/usage", desk.company);
    let past = desk.nora.get(&format!("{path}?month=2024-02")).await.expect(200);
    assert_eq!((&past["month"], &past["limits"], &past["days"]), (&json!("2024-02"), &json!([]), &json!([])));
    for month in ["2024-13", "2024-2", "febrero", "2024-02-01", "02-2024"] {
        let refused = desk.nora.get(&format!("{path}?month={month}")).await.refused(400);
        assert_eq!(refused, [("/month".into(), "invalid_time".into())], "{month}");
    }
    desk.world.stop().await;
}
