//! Deliveries over all notifications: found by any filter, and their dead letters sent again once, or discarded.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use dispatcher::simulator::{Behaviour, Refusal};
use domain::value::{Channel, Role};
use projections::Projection;
use projections::rebuild::compare as compare_view;
use reqwest::Method;
use serde_json::{Value, json};
use tests::notified::{count, finished};
use tests::orders::{client_of, email_to, sms_to};
use tests::{Answer, id_of};

use crate::notifications::{Desk, outcomes, totals};

/// A number that the simulator refuses for good.
const WRONG: &str = "+573001230001";
const RIGHT: &str = "+573015510199";

async fn sent(desk: &Desk, order: &Value) -> String {
    let notification = desk.send(order).await;
    desk.finished(&notification).await;
    notification
}

/// The addresses of a list, in its order.
async fn listed(desk: &Desk, query: &str) -> Vec<String> {
    let rows = desk.nora.all(&format!("/deliveries?{query}")).await;
    rows.iter().map(|row| row["to"].as_str().expect("an address").to_owned()).collect()
}

/// The only dead letter.
async fn dead_letter(desk: &Desk) -> Value {
    let rows = desk.nora.all("/deliveries?state=failed").await;
    let [row] = &rows[..] else { panic!("one: {rows:?}") };
    row.clone()
}

async fn retry(desk: &Desk, delivery: &Value, body: Value) -> Answer {
    desk.nora.post(&format!("/deliveries/{}/retry", id_of(delivery)), &body).await
}

async fn discard(desk: &Desk, delivery: &Value) -> Answer {
    let body = json!({"reason": "Se fue de la ciudad"});
    desk.nora.post(&format!("/deliveries/{}/discard", id_of(delivery)), &body).await
}

#[tokio::test]
async fn deliveries_of_a_notification_are_found_by_their_cause_and_by_their_client() {
    let desk = Desk::open().await;
    let office = format!("/companies/{}/clients", desk.company);
    for (code, name, phone) in [
        ("C-1", "Óscar Muñoz", WRONG),
        ("C-2", "Ferretería Núñez", "+573001230002"),
        ("C-3", "Rita Paz", RIGHT),
    ] {
        desk.nora.post(&office, &client_of(code, name, Some(phone), None)).await.expect(201);
    }
    let refused = Behaviour::Refuse(Refusal::sms(400, 21614, "'To' number is not a valid mobile number"));
    desk.world.simulator.set_rule(Channel::Sms, "3001230002", refused);
    let notification = sent(&desk, &sms_to(desk.company, "Hola")).await;
    let found = async |query: &str| {
        let rows = desk.nora.all(&format!("/notifications/{notification}/deliveries?{query}")).await;
        rows.iter().map(|row| row["to"].as_str().expect("an address").to_owned()).collect::<Vec<_>>()
    };

    let causes = desk.nora.get(&format!("/notifications/{notification}/failures")).await.expect(200);
    let causes = causes["data"].as_array().expect("causes");
    assert_eq!(causes.len(), 2, "{causes:?}");
    for cause in causes {
        let word = |name: &str| cause[name].as_str().expect("a word").to_owned();
        let query =
            ["class", "phase", "code", "observed"].map(|name| format!("{name}={}", word(name))).join("&");
        let expected = if word("code") == "21211" { WRONG } else { "+573001230002" };
        assert_eq!(found(&format!("state=failed&{query}")).await, [expected], "{query}");
        assert_eq!(found(&query).await, [expected], "without the state");
        assert_eq!(found(&format!("state=accepted&{query}")).await, [""; 0]);
    }
    assert_eq!(found("state=failed&class=permanent_address").await, [""; 0], "a cause has all of its words");

    assert_eq!(found("q=munoz+oscar").await, [WRONG]);
    assert_eq!(found("q=301+551+0199").await, [RIGHT]);
    assert_eq!(found("q=c-3&state=accepted").await, [RIGHT]);
    assert_eq!(found("q=c-3&state=failed").await, [""; 0]);
    assert_eq!(found("q=nadie").await, [""; 0]);
    assert_eq!(found("q=+").await.len(), 3, "nothing is asked for");
    let path = format!("/notifications/{notification}/deliveries?q=573&limit=2");
    let first = desk.nora.get(&path).await.expect(200);
    let next = first["next"].as_str().expect("another page");
    let second = desk.nora.get(&format!("{path}&after={next}")).await.expect(200);
    let lengths = [&first, &second].map(|page| page["data"].as_array().expect("rows").len());
    assert_eq!((lengths, &second["next"]), ([2, 1], &Value::Null));
    desk.world.stop().await;
}

#[tokio::test]
async fn deliveries_of_all_notifications_are_found_by_every_filter() {
    let desk = Desk::open().await;
    let wrong = desk.client(Some(WRONG), None).await;
    desk.client(Some(RIGHT), Some("ana@example.com")).await;
    let first = sent(&desk, &sms_to(desk.company, "Primera")).await;
    desk.world.pass(TimeDelta::hours(3));
    let between = desk.world.now();
    desk.world.pass(TimeDelta::hours(3));
    sent(&desk, &email_to(desk.company, "Segunda", "Hola")).await;

    let all = desk.nora.all("/deliveries").await;
    let seen: Vec<_> =
        all.iter().map(|row| row["notification"]["title"].as_str().expect("a title")).collect();
    assert_eq!(seen, ["Segunda", "Primera", "Primera"], "the newest first");
    let head = json!({"id": desk.company.to_string(), "name": "Vigía Andina"});
    assert_eq!((&all[1]["notification"]["id"], &all[1]["notification"]["company"]), (&json!(first), &head));
    assert_eq!((&all[0]["channel"], &all[0]["discarded"]), (&json!("email"), &json!(false)));

    assert_eq!(listed(&desk, "state=failed").await, [WRONG]);
    assert_eq!(listed(&desk, "state=failed&class=permanent_address").await, [WRONG]);
    assert_eq!(listed(&desk, "class=permanent_address").await, [WRONG]);
    assert_eq!(listed(&desk, "state=failed&class=transient").await, [""; 0]);
    assert_eq!(listed(&desk, "provider=simulador&state=failed").await, [WRONG]);
    assert_eq!(listed(&desk, "provider=otro").await, [""; 0]);
    assert_eq!(listed(&desk, "state=accepted").await, ["ana@example.com", RIGHT]);
    assert_eq!(listed(&desk, "channel=email").await, ["ana@example.com"]);
    assert_eq!(listed(&desk, &format!("client={wrong}")).await, [WRONG]);
    assert_eq!(listed(&desk, "to=%2B573015510199").await, [RIGHT]);
    assert_eq!(listed(&desk, "to=ANA@example.com&state=accepted").await, ["ana@example.com"]);
    assert_eq!(listed(&desk, "to=%2B573015510198").await, [""; 0]);
    assert_eq!(listed(&desk, &format!("company={}&state=failed", desk.company)).await, [WRONG]);
    for state in ["pending", "sending", "deferred", "in_doubt", "suppressed", "cancelled", "delivered"] {
        assert_eq!(listed(&desk, &format!("state={state}")).await, [""; 0], "{state}");
    }
    let time = between.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert_eq!(listed(&desk, &format!("from={time}")).await, ["ana@example.com"]);
    assert_eq!(listed(&desk, &format!("to_time={time}&state=failed")).await, [WRONG]);
    assert_eq!(listed(&desk, &format!("from={time}&state=failed")).await, [""; 0]);
    let counted = desk.nora.get("/deliveries/count?state=failed").await.expect(200);
    assert_eq!(counted, json!({"count": 1, "complete": true}));
    desk.world.stop().await;
}

#[tokio::test]
async fn what_waits_is_listed_by_its_state() {
    let desk = Desk::open().await;
    desk.clients(3).await;
    // So that they still wait when the list is read.
    let retry_after = Some(std::time::Duration::from_secs(600));
    let busy = dispatcher::simulator::Refusal {
        retry_after,
        ..dispatcher::simulator::Refusal::sms(429, 20429, "Too Many Requests")
    };
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Refuse(busy));
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    stream.until("totals", |told| count(&told["totals"], "deferred") == 3).await;
    assert_eq!(listed(&desk, "state=deferred").await.len(), 3);
    assert_eq!(listed(&desk, "state=deferred&class=throttled").await.len(), 3);
    desk.nora.post(&format!("/notifications/{notification}/pause"), &json!({})).await.expect(200);
    let paused = desk.send(&sms_to(desk.company, "Otra")).await;
    desk.nora.post(&format!("/notifications/{paused}/pause"), &json!({})).await.expect(200);
    let mut stream = desk.nora.stream(&format!("/notifications/{paused}/stream"), None).await;
    stream.until("totals", |told| count(&told["totals"], "total") == 3).await;
    let told = desk.nora.get(&format!("/notifications/{paused}")).await.expect(200);
    assert_eq!(listed(&desk, "state=pending").await.len() as i64, count(&told["totals"], "pending"));
    desk.world.stop().await;
}

#[tokio::test]
async fn a_walk_over_pages_gives_every_delivery_once() {
    let desk = Desk::open().await;
    desk.clients(7).await;
    for text in ["Primera", "Segunda", "Tercera"] {
        sent(&desk, &sms_to(desk.company, text)).await;
    }
    for filter in ["", "&state=accepted", "&to=%2B573015510100", "&provider=simulador"] {
        let (mut seen, mut rows, mut after) = (BTreeSet::new(), 0, String::new());
        loop {
            let page = desk.nora.get(&format!("/deliveries?limit=2{filter}{after}")).await.expect(200);
            let data = page["data"].as_array().expect("rows");
            rows += data.len();
            seen.extend(data.iter().map(id_of));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        let expected = if filter.starts_with("&to") { 3 } else { 21 };
        assert_eq!((seen.len(), rows), (expected, expected), "{filter}");
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn nobody_lists_retries_or_discards_what_is_of_another_company() {
    let desk = Desk::open().await;
    desk.client(Some(WRONG), None).await;
    sent(&desk, &sms_to(desk.company, "Hola")).await;
    let dead = dead_letter(&desk).await;
    let there = desk.world.company("Allá").await;
    let stranger = desk.world.user("Eva", &[Role::Notifier], &[there]).await;
    for query in ["", "?state=failed", "?to=%2B573001230001", &format!("?company={}", desk.company)] {
        assert_eq!(stranger.all(&format!("/deliveries{query}")).await, [Value::Null; 0], "{query}");
    }
    let path = |act: &str| format!("/deliveries/{}/{act}", id_of(&dead));
    stranger.post(&path("retry"), &json!({})).await.refused(404);
    stranger.post(&path("discard"), &json!({"reason": "No"})).await.refused(404);
    let many = json!({"ids": [id_of(&dead)], "reason": "No"});
    let refused = stranger.post("/deliveries/retry", &many).await.refused(422);
    assert_eq!(refused, [("/ids/0".to_owned(), "unknown_id".to_owned())]);
    let filter = json!({"filter": {"state": "failed"}, "reason": "No"});
    assert_eq!(stranger.post("/deliveries/retry", &filter).await.expect(202)["retried"], 0);
    let auditor = desk.world.user("Inés", &[Role::Auditor], &[desk.company]).await;
    assert_eq!(auditor.all("/deliveries?state=failed").await.len(), 1);
    auditor.post(&path("retry"), &json!({})).await.refused(403);
    auditor.post("/deliveries/retry", &filter).await.refused(403);
    assert_eq!(desk.received(Channel::Sms), BTreeMap::new());
    desk.world.stop().await;
}

#[tokio::test]
async fn a_dead_letter_is_sent_once_to_the_edited_address_and_the_client_gets_it_too() {
    let desk = Desk::open().await;
    let client = desk.client(Some(WRONG), None).await;
    let notification = sent(&desk, &sms_to(desk.company, "Hola")).await;
    let dead = dead_letter(&desk).await;
    let body = json!({"to": "301 551 0199", "update_client": true});
    let (one, two) = tokio::join!(retry(&desk, &dead, body.clone()), retry(&desk, &dead, body.clone()));
    one.expect(200);
    two.expect(200);
    let done = desk.finished(&notification).await;
    assert_eq!(totals(&done, &["total", "accepted", "failed"]), [1, 1, 0]);
    assert_eq!((&done["generation"], &done["state"]), (&json!(2), &json!("completed")));
    assert_eq!(desk.received(Channel::Sms), BTreeMap::from([(RIGHT.to_owned(), 1)]));
    let now = desk.nora.get(&format!("/deliveries/{}", id_of(&dead))).await.expect(200);
    assert_eq!((&now["to"], outcomes(&now)), (&json!(RIGHT), vec!["failed", "accepted"]));
    let contact = desk.nora.get(&format!("/clients/{client}")).await.expect(200)["contacts"][0].clone();
    assert_eq!(contact["phone"], RIGHT);
    // What was sent to the address that the client gave up is still found by the client, as is the delivery by the new one.
    assert_eq!(listed(&desk, "to=%2B573015510199").await, [RIGHT]);
    assert_eq!(desk.nora.all("/deliveries?state=failed").await, [Value::Null; 0]);
    retry(&desk, &dead, json!({})).await.expect(409);
    let entries = desk.nora.all(&format!("/audit?subject={notification}&type=DeliveriesRetried")).await;
    assert_eq!((entries.len(), &entries[0]["actor"]["name"]), (1, &json!("Nora")));
    for projection in [Projection::Notifications, Projection::Clients] {
        let differences = compare_view(desk.world.log().reader(), projection).await;
        assert_eq!(differences.expect("a comparison"), []);
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn what_was_sent_to_a_former_address_of_a_client_is_found_by_it() {
    let desk = Desk::open().await;
    let client = desk.client(Some(RIGHT), None).await;
    sent(&desk, &sms_to(desk.company, "Hola")).await;
    let other = json!({"contacts": [{"kind": "holder", "phone": "3015510198"}]});
    desk.nora.patch(&format!("/clients/{client}"), &other).await.expect(200);
    sent(&desk, &sms_to(desk.company, "Otra vez")).await;
    assert_eq!(listed(&desk, "to=%2B573015510199").await, [RIGHT]);
    assert_eq!(listed(&desk, "to=%2B573015510198").await, ["+573015510198"]);
    assert_eq!(listed(&desk, &format!("client={client}")).await.len(), 2);
    let differences = compare_view(desk.world.log().reader(), Projection::Clients).await;
    assert_eq!(differences.expect("a comparison"), []);
    desk.world.stop().await;
}

#[tokio::test]
async fn many_dead_letters_are_retried_by_a_filter_and_each_is_sent_once() {
    let desk = Desk::open().await;
    // Fewer refusals than make the provider rest.
    desk.clients(2).await;
    let broken = dispatcher::simulator::Refusal::sms(400, 21211, "Invalid");
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Refuse(broken));
    let mut asked = Vec::new();
    for text in ["Primera", "Segunda"] {
        asked.push(sent(&desk, &sms_to(desk.company, text)).await);
    }
    assert_eq!(desk.nora.get("/deliveries/count?state=failed").await.expect(200)["count"], 4);
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
    let ids: Vec<_> = desk.nora.all("/deliveries?state=failed").await.iter().map(id_of).collect();
    let some = json!({"ids": [ids[0], ids[0]], "reason": "El proveedor estuvo caído"});
    let first = desk.nora.post_once("/deliveries/retry", "una", &some).await.expect(202);
    assert_eq!((&first["retried"], &first["refused"]), (&json!(1), &json!([])));
    assert_eq!(desk.nora.post_once("/deliveries/retry", "una", &some).await.expect(202), first);
    let filter =
        json!({"filter": {"channel": "sms", "company": desk.company.to_string()}, "reason": "Caído"});
    let (one, two) = tokio::join!(
        desk.nora.post("/deliveries/retry", &filter),
        desk.nora.post("/deliveries/retry", &filter)
    );
    let retried = |answer: Answer| answer.expect(202)["retried"].as_i64().expect("a number");
    assert_eq!(retried(one) + retried(two), 3, "each by one of them");
    for notification in &asked {
        let done = finished(&desk.nora, notification).await;
        assert_eq!(totals(&done, &["accepted", "failed"]), [2, 0]);
    }
    assert_eq!(desk.received(Channel::Sms).values().copied().collect::<Vec<_>>(), [2; 2]);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_discarded_dead_letter_waits_for_nobody_and_keeps_its_cause_and_reason() {
    let desk = Desk::open().await;
    desk.client(Some(WRONG), None).await;
    let notification = sent(&desk, &sms_to(desk.company, "Hola")).await;
    let dead = dead_letter(&desk).await;
    discard(&desk, &dead).await.expect(200);
    discard(&desk, &dead).await.expect(200);
    assert_eq!(listed(&desk, "state=failed").await, [""; 0]);
    assert_eq!(listed(&desk, "discarded=true").await, [WRONG]);
    let shown = desk.nora.get(&format!("/deliveries/{}", id_of(&dead))).await.expect(200);
    assert_eq!((&shown["state"], &shown["discarded"]), (&json!("failed"), &json!(true)));
    let attempts = shown["attempts"].as_array().expect("attempts");
    let last = attempts.last().expect("an attempt");
    assert_eq!((attempts.len(), &last["class"]), (2, &json!("permanent_address")));
    assert_eq!((&last["observed"], &last["detail"]), (&json!("discarded"), &json!("Se fue de la ciudad")));
    let told = desk.nora.get(&format!("/notifications/{notification}")).await.expect(200);
    assert_eq!(totals(&told, &["total", "failed"]), [1, 1]);
    let entries = desk.nora.all("/audit?type=DeliveriesDiscarded").await;
    assert_eq!((entries.len(), &entries[0]["actor"]["name"]), (1, &json!("Nora")));
    // Nobody sends it with all that failed, but by name it may be.
    desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(200);
    desk.finished(&notification).await;
    assert_eq!(desk.received(Channel::Sms), BTreeMap::new());
    retry(&desk, &dead, json!({"to": RIGHT})).await.expect(200);
    desk.finished(&notification).await;
    assert_eq!(desk.received(Channel::Sms), BTreeMap::from([(RIGHT.to_owned(), 1)]));
    let differences = compare_view(desk.world.log().reader(), Projection::Notifications).await;
    assert_eq!(differences.expect("a comparison"), []);
    desk.world.stop().await;
}

#[tokio::test]
async fn what_was_sent_suppressed_cancelled_or_erased_is_not_sent_again() {
    let desk = Desk::open().await;
    let client = desk.client(Some(WRONG), None).await;
    desk.client(Some(RIGHT), None).await;
    let notification = sent(&desk, &sms_to(desk.company, "Hola")).await;
    let code = async |delivery: &Value, body: Value| {
        retry(&desk, delivery, body).await.expect(409)["code"].as_str().expect("a code").to_owned()
    };
    let accepted = desk.delivery(&notification, RIGHT).await;
    assert_eq!(code(&accepted, json!({})).await, "delivery_sent");
    assert_eq!(discard(&desk, &accepted).await.expect(409)["code"], "delivery_sent");
    let dead = desk.delivery(&notification, WRONG).await;
    let fixed = retry(&desk, &dead, json!({"to": "601 742 1234"})).await.refused(422);
    assert_eq!(fixed, [("/to".to_owned(), "not_mobile".to_owned())]);
    let wrong = retry(&desk, &dead, json!({"to": "ana@example.com"})).await.refused(422);
    assert_eq!(wrong[0].0, "/to");
    let suppressed = json!({
        "company_id": desk.company.to_string(), "channel": "sms", "address": WRONG, "reason": "manual",
    });
    desk.nora.post("/suppressions", &suppressed).await.expect(201);
    assert_eq!(code(&dead, json!({})).await, "address_suppressed");
    let many = json!({"ids": [id_of(&dead), id_of(&accepted)], "reason": "Prueba"});
    let refused = desk.nora.post("/deliveries/retry", &many).await.expect(202);
    let mut codes: Vec<_> =
        refused["refused"].as_array().expect("refusals").iter().map(|one| one["code"].clone()).collect();
    codes.sort_by_key(Value::to_string);
    assert_eq!(
        (&refused["retried"], codes),
        (&json!(0), vec![json!("address_suppressed"), json!("delivery_sent")])
    );
    let erase = desk.nora.request(Method::DELETE, &format!("/clients/{client}"));
    Answer::to(erase).await.expect(200);
    assert_eq!(code(&dead, json!({"to": "3015510197"})).await, "person_erased");
    assert_eq!(desk.received(Channel::Sms), BTreeMap::from([(RIGHT.to_owned(), 1)]));
    desk.world.stop().await;
}

#[tokio::test]
async fn an_edited_address_goes_with_the_person_who_is_erased() {
    let desk = Desk::open().await;
    let client = desk.client(Some(WRONG), None).await;
    let notification = sent(&desk, &sms_to(desk.company, "Hola")).await;
    retry(&desk, &dead_letter(&desk).await, json!({"to": RIGHT})).await.expect(200);
    desk.finished(&notification).await;
    let erase = desk.nora.request(Method::DELETE, &format!("/clients/{client}"));
    Answer::to(erase).await.expect(200);
    let rows = desk.nora.all("/deliveries").await;
    assert_eq!((rows.len(), &rows[0]["to"]), (1, &Value::Null));
    assert_eq!(desk.nora.all("/deliveries?to=%2B573015510199").await, [Value::Null; 0]);
    let kept: i64 = sqlx::query_scalar("select count(*) from notifications.edited_addresses")
        .fetch_one(desk.world.log().pool())
        .await
        .expect("a count");
    assert_eq!(kept, 0);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_retry_of_one_joins_a_retry_of_all_and_the_notification_completes_once_more() {
    let desk = Desk::open().await;
    desk.clients(3).await;
    let broken = dispatcher::simulator::Refusal::sms(400, 21211, "Invalid");
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Refuse(broken));
    let notification = sent(&desk, &sms_to(desk.company, "Hola")).await;
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
    let dead = desk.nora.all("/deliveries?state=failed").await;
    let all = format!("/notifications/{notification}/retry");
    let empty = json!({});
    let (one, every) = tokio::join!(retry(&desk, &dead[0], json!({})), desk.nora.post(&all, &empty));
    every.expect(200);
    assert!(matches!(one.status.as_u16(), 200 | 409), "{}", one.body);
    let done = desk.finished(&notification).await;
    assert_eq!(totals(&done, &["total", "accepted", "failed"]), [3, 3, 0]);
    assert_eq!(desk.received(Channel::Sms).values().copied().collect::<Vec<_>>(), [1; 3]);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_person_of_two_companies_sees_the_deliveries_of_both_in_one_order() {
    let desk = Desk::open().await;
    let there = desk.world.company("Allá").await;
    let both = desk.world.user("Marta", &[Role::Notifier], &[desk.company, there]).await;
    desk.client(Some(WRONG), None).await;
    let body = client_of("C-1", "De allá", Some("+573001240001"), None);
    both.post(&format!("/companies/{there}/clients"), &body).await.expect(201);
    for company in [desk.company, there, desk.company] {
        let asked = id_of(&both.post_new("/notifications", &sms_to(company, "Hola")).await.expect(202));
        finished(&both, &asked).await;
    }
    let of = async |query: &str| -> Vec<Value> {
        let rows = both.all(&format!("/deliveries?{query}")).await;
        rows.into_iter().map(|row| row["notification"]["company"]["name"].clone()).collect()
    };
    let dead = of("state=failed").await;
    assert_eq!(dead, [json!("Vigía Andina"), json!("Allá"), json!("Vigía Andina")]);
    assert_eq!(of(&format!("company={there}")).await, [json!("Allá")]);
    assert_eq!(of("").await.len(), 3);
    desk.world.stop().await;
}
