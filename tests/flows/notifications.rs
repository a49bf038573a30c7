//! Notifications to clients: from the preview to every recipient's last outcome, and not one message more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use commands::clock;
use dispatcher::simulator::{Arrival, Behaviour, Outcome, Refusal, SimulatorOptions};
use domain::value::{Channel, CompanyId, Role};
use serde_json::{Value, json};
use tests::notified::{checked, count, finished};
use tests::orders::{client_of, email_to, sms_to};
use tests::{Client, World, id_of};

/// What a provider says that is too busy; without `Retry-After` the system's own waits count.
const BUSY: Refusal = Refusal::sms(429, 20429, "Too Many Requests");

/// A company, and somebody who may notify its clients.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) company: CompanyId,
    pub(crate) nora: Client,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::in_world(World::start().await).await
    }

    pub(crate) async fn in_world(world: World) -> Self {
        let company = world.company("Vigía Andina").await;
        let nora = world.user("Nora", &[Role::Notifier, Role::Auditor], &[company]).await;
        Self { world, company, nora }
    }

    pub(crate) async fn client(&self, phone: Option<&str>, email: Option<&str>) -> String {
        let body = client_of(&clock::new_id().to_string(), "Ferretería Núñez", phone, email);
        id_of(&self.nora.post(&format!("/companies/{}/clients", self.company), &body).await.expect(201))
    }

    /// So many clients with numbers that no rule of the simulator matches.
    pub(crate) async fn clients(&self, number: usize) {
        let mut file = String::from("external_id,name,kind,contact_name,phone,email\n");
        for client in 0..number {
            file.push_str(&format!("P-{client},Cliente {client},holder,,30155{:05},\n", 10_100 + client));
        }
        let path = format!("/companies/{}/clients/import", self.company);
        let request =
            self.nora.request(reqwest::Method::POST, &path).header("Content-Type", "text/csv").body(file);
        assert_eq!(tests::Answer::to(request).await.expect(200)["created"], number);
    }

    pub(crate) async fn send(&self, order: &Value) -> String {
        id_of(&self.nora.post_new("/notifications", order).await.expect(202))
    }

    pub(crate) async fn finished(&self, notification: &str) -> Value {
        finished(&self.nora, notification).await
    }

    pub(crate) async fn deliveries(&self, notification: &str) -> Vec<Value> {
        self.nora.all(&format!("/notifications/{notification}/deliveries")).await
    }

    /// The delivery to an address.
    pub(crate) async fn delivery(&self, notification: &str, to: &str) -> Value {
        let all = self.deliveries(notification).await;
        all.into_iter().find(|delivery| delivery["to"] == to).unwrap_or_else(|| panic!("a delivery to {to}"))
    }

    /// How many messages each address was sent.
    pub(crate) fn received(&self, channel: Channel) -> BTreeMap<String, usize> {
        let mut received = BTreeMap::new();
        for arrival in self.arrivals(channel) {
            if matches!(arrival.outcome, Outcome::Accepted | Outcome::AcceptedThenCut) {
                *received.entry(arrival.to).or_default() += 1;
            }
        }
        received
    }

    pub(crate) fn arrivals(&self, channel: Channel) -> Vec<Arrival> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = self.world.simulator.arrivals(Some(channel), before, 200);
            all.extend(page.data);
            before = page.next;
            if before.is_none() {
                return all;
            }
        }
    }
}

/// The outcomes of a delivery's attempts, oldest first.
pub(crate) fn outcomes(delivery: &Value) -> Vec<&str> {
    delivery["attempts"]
        .as_array()
        .expect("attempts")
        .iter()
        .map(|one| one["outcome"].as_str().expect("an outcome"))
        .collect()
}

pub(crate) fn totals(told: &Value, parts: &[&str]) -> Vec<i64> {
    parts.iter().map(|part| count(&told["totals"], part)).collect()
}

#[tokio::test]
async fn an_sms_is_previewed_confirmed_sent_tried_again_and_accounted_for() {
    let desk = Desk::open().await;
    desk.clients(10).await;
    for phone in ["3001230002", "3001230001"] {
        desk.client(Some(phone), None).await;
    }
    desk.client(None, Some("sin.telefono@example.com")).await;
    desk.client(Some("+57 301 551 0100"), None).await;
    desk.world.simulator.set_rule(
        Channel::Sms,
        "3001230002",
        Behaviour::RefuseFirst { times: 2, refusal: BUSY },
    );

    let mut order = sms_to(desk.company, "Mañana habrá corte de energía en su sector");
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    let audience = json!({"total": 13, "reachable": 12, "excluded": {"no_phone": 1}, "duplicates": 1});
    assert_eq!(preview["audience"], audience);
    let sms = json!({"encoding": "ucs2", "segments_min": 1, "segments_typical": 1, "segments_max": 1, "segments_total": 12, "forcing_characters": ["á", "í"], "without_unicode": 0, "lost_characters": [], "cost": null});
    assert_eq!(preview["sms"], sms);
    order["confirm_token"] = preview["confirm_token"].clone();
    let notification = desk.send(&order).await;
    let done = desk.finished(&notification).await;
    assert_eq!(done["state"], "completed");
    assert_eq!(totals(&done, &["total", "accepted", "failed"]), [12, 11, 1]);
    assert_eq!(done["excluded"], json!({"no_phone": 1}));

    let busy = desk.delivery(&notification, "+573001230002").await;
    assert_eq!(
        (&busy["state"], outcomes(&busy)),
        (&json!("accepted"), vec!["deferred", "deferred", "accepted"])
    );
    let attempt = &busy["attempts"][0];
    assert_eq!(
        (&attempt["provider"], &attempt["code"], &attempt["class"]),
        (&json!("simulador"), &json!("20429"), &json!("throttled"))
    );
    assert!(busy["attempts"][2]["reference"].as_str().is_some_and(|reference| reference.starts_with("SM")));
    let failed = desk.nora.all(&format!("/notifications/{notification}/deliveries?state=failed")).await;
    assert_eq!((failed.len(), outcomes(&failed[0])), (1, vec!["failed"]));
    assert_eq!(
        (&failed[0]["to"], &failed[0]["attempts"][0]["code"]),
        (&json!("+573001230001"), &json!("21211"))
    );
    let one = desk.nora.get(&format!("/deliveries/{}", id_of(&busy))).await.expect(200);
    assert_eq!(one["attempts"], busy["attempts"]);
    let causes = desk.nora.get(&format!("/notifications/{notification}/failures")).await.expect(200);
    let cause = json!([{"outcome": "failed", "class": "permanent_address", "phase": "http", "code": "21211",
                        "observed": "", "count": 1}]);
    assert_eq!(causes["data"], cause);

    let received = desk.received(Channel::Sms);
    assert_eq!((received.len(), received.values().all(|times| *times == 1)), (11, true), "{received:?}");
    assert!(desk.arrivals(Channel::Sms).iter().all(|one| one.body.as_deref() == order["body"].as_str()));
    desk.world.stop().await;
}

#[tokio::test]
async fn an_email_is_sent_and_what_bounced_or_broke_off_is_told_apart() {
    let options =
        SimulatorOptions { slow: Duration::from_millis(100), ..SimulatorOptions::new(Arc::new(clock::now)) };
    let desk = Desk::in_world(World::start_with(options).await).await;
    let addresses = [
        "ana@example.com",
        "lento@example.com",
        "ocupado@example.com",
        "rebota@example.com",
        "spam@example.com",
        "corta@example.com",
        "pierde@example.com",
    ];
    for address in addresses {
        desk.client(None, Some(address)).await;
    }
    let text = "Estimado cliente:\n\n.Mañana, a las 8, «corte» de energía.\n— Vigía Andina 😀";
    let order = email_to(desk.company, "Corte de energía en su sector: ñandú 😀", text);
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!((&preview["audience"]["reachable"], &preview["sms"]), (&json!(7), &Value::Null));
    let notification = desk.send(&order).await;
    let done = desk.finished(&notification).await;
    assert_eq!(done["state"], "completed");
    assert_eq!(totals(&done, &["total", "accepted", "failed", "in_doubt"]), [7, 3, 2, 2]);

    for (address, expected) in [
        ("lento@example.com", &["accepted"][..]),
        ("ocupado@example.com", &["deferred", "accepted"]),
        ("rebota@example.com", &["failed"]),
        ("corta@example.com", &["in_doubt"]),
        ("pierde@example.com", &["in_doubt"]),
    ] {
        assert_eq!(outcomes(&desk.delivery(&notification, address).await), expected, "{address}");
    }
    let bounced = &desk.delivery(&notification, "rebota@example.com").await["attempts"][0];
    assert_eq!((&bounced["code"], &bounced["class"]), (&json!("550 5.1.1"), &json!("permanent_address")));
    assert!(
        bounced["detail"].as_str().is_some_and(|detail| detail.contains("Mailbox does not exist")),
        "{bounced}"
    );

    let arrived = desk.arrivals(Channel::Email);
    let accepted: Vec<&Arrival> = arrived.iter().filter(|one| one.outcome == Outcome::Accepted).collect();
    assert!(accepted.iter().all(|mail| mail.subject.as_deref() == order["subject"].as_str()));
    assert!(accepted.iter().all(|mail| mail.body.as_deref() == Some(text)), "{accepted:?}");
    assert!(desk.received(Channel::Email).values().all(|times| *times == 1));
    desk.world.stop().await;
}

#[tokio::test]
async fn a_retry_sends_to_those_it_failed_for_and_to_nobody_else() {
    let desk = Desk::open().await;
    desk.clients(5).await;
    for phone in ["3001110001", "3002220001"] {
        desk.client(Some(phone), None).await;
    }
    let notification = desk.send(&sms_to(desk.company, "Revisión de su alarma")).await;
    let first = desk.finished(&notification).await;
    assert_eq!((totals(&first, &["accepted", "failed"]), &first["generation"]), (vec![5, 2], &json!(1)));

    desk.world.simulator.set_rule(Channel::Sms, "3001110001", Behaviour::Accept);
    desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(200);
    let second = desk.finished(&notification).await;
    assert_eq!(
        (totals(&second, &["total", "accepted", "failed"]), &second["generation"]),
        (vec![7, 6, 1], &json!(2))
    );
    let mended = desk.delivery(&notification, "+573001110001").await;
    assert_eq!(outcomes(&mended), ["failed", "accepted"]);
    assert_eq!(mended["attempts"][1]["generation"], 2);
    let received = desk.received(Channel::Sms);
    assert_eq!((received.len(), received.values().sum::<usize>()), (6, 6), "{received:?}");

    desk.world.simulator.set_rule(Channel::Sms, "3002220001", Behaviour::Accept);
    let path = format!("/notifications/{notification}/retry");
    desk.nora.post(&path, &json!({})).await.expect(200);
    let third = desk.finished(&notification).await;
    assert_eq!((totals(&third, &["total", "accepted"]), &third["generation"]), (vec![7, 7], &json!(3)));
    let again = desk.nora.post(&path, &json!({})).await.expect(200);
    assert_eq!(again["position"], desk.world.log().reader().head().await.expect("the head"));
    assert_eq!(desk.finished(&notification).await, third, "a retry with nothing failed changes nothing");
    assert_eq!(desk.received(Channel::Sms).values().sum::<usize>(), 7);
    desk.world.stop().await;
}

#[tokio::test]
async fn who_asked_for_no_more_messages_is_left_alone_by_a_retry_too() {
    let desk = Desk::open().await;
    for phone in ["3001110005", "3002220001"] {
        desk.client(Some(phone), None).await;
    }
    let notification = desk.send(&sms_to(desk.company, "Revisión de su alarma")).await;
    let done = desk.finished(&notification).await;
    assert_eq!(totals(&done, &["total", "failed", "suppressed"]), [2, 1, 1]);
    let left_alone = desk.delivery(&notification, "+573001110005").await;
    let attempt = &left_alone["attempts"][0];
    assert_eq!(
        (&left_alone["state"], &attempt["class"], &attempt["provider"]),
        (&json!("suppressed"), &json!("opted_out"), &json!("simulador"))
    );

    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
    desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(200);
    let done = desk.finished(&notification).await;
    assert_eq!(totals(&done, &["accepted", "failed", "suppressed"]), [1, 0, 1]);
    assert_eq!(desk.received(Channel::Sms).into_keys().collect::<Vec<_>>(), ["+573002220001"]);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_cancelled_notification_sends_nothing_more_and_still_adds_up() {
    const CLIENTS: i64 = 120;
    let desk = Desk::open().await;
    desk.clients(CLIENTS as usize).await;
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Slow(Duration::from_secs(1)));
    let notification = desk.send(&sms_to(desk.company, "Falsa alarma")).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    stream.until("totals", |told| checked(told) && count(&told["totals"], "accepted") >= 8).await;
    let path = format!("/notifications/{notification}/cancel");
    desk.nora.post(&path, &json!({})).await.expect(200);
    let done = desk.finished(&notification).await;
    assert_eq!(done["state"], "cancelled");
    let [total, accepted, cancelled] = totals(&done, &["total", "accepted", "cancelled"])[..] else {
        panic!("three")
    };
    assert_eq!((total, accepted + cancelled), (CLIENTS, CLIENTS), "{done}");
    assert!(accepted >= 8 && cancelled > 0, "{done}");
    assert_eq!(desk.world.simulator.counts(Channel::Sms).accepted, accepted as u64);
    let queued: i64 = sqlx::query_scalar("select count(*) from send_tasks")
        .fetch_one(desk.world.log().pool())
        .await
        .expect("a count");
    assert_eq!(queued, 0, "nothing is left that could be sent");

    let again = desk.nora.post(&path, &json!({})).await.expect(200);
    assert_eq!(again["position"], desk.world.log().reader().head().await.expect("the head"));
    let retried =
        desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(409);
    assert_eq!(retried["code"], "cancelled");
    assert_eq!(desk.finished(&notification).await["totals"], done["totals"]);
    desk.world.stop().await;
}

#[tokio::test]
async fn what_waits_is_sent_when_its_time_comes_and_never_after_it_expired() {
    let busy_for_an_hour = Refusal { retry_after: Some(Duration::from_secs(3_600)), ..BUSY };
    let desk = Desk::open().await;
    desk.client(Some("3001234567"), None).await;
    desk.world.simulator.set_rule(
        Channel::Sms,
        "",
        Behaviour::RefuseFirst { times: 1, refusal: busy_for_an_hour },
    );
    let waits = desk.send(&sms_to(desk.company, "Espera una hora")).await;
    deferred(&desk, &waits).await;
    desk.world.pass(TimeDelta::minutes(90));
    assert_eq!(totals(&desk.finished(&waits).await, &["total", "accepted"]), [1, 1]);

    desk.world.simulator.set_rule(
        Channel::Sms,
        "",
        Behaviour::RefuseFirst { times: 1_000, refusal: busy_for_an_hour },
    );
    let mut order = sms_to(desk.company, "Solo hoy");
    order["expires_at"] = json!(desk.world.now() + TimeDelta::hours(3));
    let expires = desk.send(&order).await;
    deferred(&desk, &expires).await;
    desk.world.pass(TimeDelta::hours(4));
    assert_eq!(totals(&desk.finished(&expires).await, &["total", "failed"]), [1, 1]);
    let delivery = &desk.deliveries(&expires).await[0];
    assert_eq!(
        delivery["attempts"].as_array().and_then(|all| all.last()).map(|last| last["class"].clone()),
        Some(json!("expired"))
    );
    assert_eq!(desk.received(Channel::Sms).values().sum::<usize>(), 1);
    let late = desk.nora.post(&format!("/notifications/{expires}/retry"), &json!({})).await.expect(409);
    assert_eq!(
        (&late["code"], &late["detail"]),
        (&json!("expired"), &json!("La fecha de vencimiento ya pasó."))
    );

    order["expires_at"] = json!(desk.world.now() - TimeDelta::seconds(1));
    let refused = desk.nora.post_new("/notifications", &order).await.refused(422);
    assert_eq!(refused, [("/expires_at".into(), "expired".into())]);
    desk.world.stop().await;
}

pub(crate) async fn deferred(desk: &Desk, notification: &str) {
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    stream.until("totals", |told| checked(told) && count(&told["totals"], "deferred") == 1).await;
}

#[tokio::test]
async fn a_send_is_held_to_the_audience_that_was_confirmed() {
    let desk = Desk::open().await;
    let mut order = sms_to(desk.company, "Hola");
    assert_eq!(
        desk.nora.post_new("/notifications", &order).await.refused(422),
        [("/recipient_kind".into(), "no_recipients".into())]
    );
    let none = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!((&none["audience"]["reachable"], &none["confirm_token"]), (&json!(0), &Value::Null));

    desk.client(Some("3001234567"), None).await;
    order["confirm_token"] =
        desk.nora.post("/notifications/preview", &order).await.expect(200)["confirm_token"].clone();
    desk.client(Some("3001234568"), None).await;
    let changed = desk.nora.post_new("/notifications", &order).await.expect(409);
    assert_eq!(
        (&changed["code"], &changed["detail"]),
        (
            &json!("audience_changed"),
            &json!("La audiencia cambió (+1, −0): ahora son 2. Revise y confirme otra vez.")
        )
    );
    let mut other = order.clone();
    other["body"] = json!("Hola otra vez");
    assert_eq!(
        desk.nora.post_new("/notifications", &other).await.refused(422),
        [("/confirm_token".into(), "unconfirmed".into())]
    );
    assert!(desk.nora.all("/notifications").await.is_empty());
    order["confirm_token"] =
        desk.nora.post("/notifications/preview", &order).await.expect(200)["confirm_token"].clone();
    let notification = desk.send(&order).await;
    assert_eq!(totals(&desk.finished(&notification).await, &["total"]), [2]);
    desk.world.stop().await;
}

#[tokio::test]
async fn each_kind_of_recipient_reaches_its_own_contacts() {
    let desk = Desk::open().await;
    let contact = |kind: &str, phone: &str| json!({"kind": kind, "name": "Ana", "phone": phone});
    let body = json!({"name": "Conjunto El Roble", "contacts": [
        contact("holder", "3001230010"), contact("emergency_contact", "3001230020"), contact("authorized_user", "3001230030"),
    ]});
    desk.nora.post(&format!("/companies/{}/clients", desk.company), &body).await.expect(201);
    for (kind, expected) in [
        ("holder", &["+573001230010"][..]),
        ("emergency_contact", &["+573001230020"]),
        ("authorized_user", &["+573001230030"]),
        ("everyone", &["+573001230010", "+573001230020", "+573001230030"]),
    ] {
        let mut order = sms_to(desk.company, kind);
        order["recipient_kind"] = json!(kind);
        let notification = desk.send(&order).await;
        desk.finished(&notification).await;
        let mut to: Vec<_> = desk
            .deliveries(&notification)
            .await
            .iter()
            .map(|one| one["to"].as_str().expect("a number").to_owned())
            .collect();
        to.sort();
        assert_eq!(to, expected, "{kind}");
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn a_landline_gets_no_sms_and_its_client_still_gets_the_email() {
    let desk = Desk::open().await;
    desk.client(Some("3001230011"), None).await;
    desk.client(Some("601 742 1234"), Some("oficina@example.com")).await;
    desk.client(Some("(601) 742-1234"), None).await;
    let sms = sms_to(desk.company, "Aviso");
    let preview = desk.nora.post("/notifications/preview", &sms).await.expect(200);
    let audience = json!({"total": 2, "reachable": 1, "excluded": {"not_mobile": 1}, "duplicates": 1});
    assert_eq!(preview["audience"], audience);
    let notification = desk.send(&sms).await;
    let done = desk.finished(&notification).await;
    assert_eq!((&done["totals"]["total"], &done["excluded"]), (&json!(1), &json!({"not_mobile": 1})));
    assert_eq!(desk.received(Channel::Sms), BTreeMap::from([("+573001230011".to_owned(), 1)]));

    let email = email_to(desk.company, "Aviso", "Hola");
    let audience = desk.nora.post("/notifications/preview", &email).await.expect(200)["audience"].clone();
    assert_eq!((&audience["reachable"], &audience["excluded"]), (&json!(1), &json!({"no_email": 2})));
    desk.world.stop().await;
}

#[tokio::test]
async fn a_client_whose_number_has_two_readings_is_refused_with_both() {
    let desk = Desk::open().await;
    let body = client_of("C-1", "Ferretería Núñez", Some("003211234567"), None);
    let path = format!("/companies/{}/clients", desk.company);
    let problem = desk.nora.post(&path, &body).await.expect(422);
    let error = &problem["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/contacts/0/phone"), &json!("invalid_phone")));
    let detail = error["detail"].as_str().expect("a detail");
    assert!(detail.contains("+573211234567") && detail.contains("+3211234567"), "{detail}");
    desk.world.stop().await;
}

#[tokio::test]
async fn who_did_what_is_told_by_history_and_audit_without_anybodys_data() {
    let desk = Desk::open().await;
    desk.client(Some("3001234567"), None).await;
    desk.client(Some("3009990001"), None).await;
    let asked =
        desk.nora.post_new("/notifications", &sms_to(desk.company, "Texto reservado")).await.expect(202);
    let notification = id_of(&asked);
    let done = desk.finished(&notification).await;
    let kinds = |history: &Value| -> Vec<String> {
        history["events"]
            .as_array()
            .expect("events")
            .iter()
            .map(|event| event["type"].as_str().expect("a type").to_owned())
            .collect()
    };
    let history = desk.nora.get(&format!("/notifications/{notification}/history")).await.expect(200);
    let life = ["NotificationRequested", "AudienceChunkResolved", "AudienceClosed", "NotificationCompleted"];
    assert_eq!(kinds(&history), life);
    let stood = &history["state"];
    assert_eq!((&stood["state"], &stood["totals"]), (&json!("completed"), &done["totals"]));
    assert_eq!(history["events"][0]["actor"], json!({"id": desk.nora.user.to_string(), "name": "Nora"}));
    let then = desk
        .nora
        .get(&format!("/notifications/{notification}/history?as_of={}", asked["position"]))
        .await
        .expect(200);
    assert_eq!(
        (kinds(&then), &then["state"]["state"]),
        (vec!["NotificationRequested".to_owned()], &json!("resolving"))
    );

    desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(200);
    let again = desk.finished(&notification).await;
    assert!(again["position"].as_i64() > done["position"].as_i64());
    let before = desk
        .nora
        .get(&format!("/notifications/{notification}/history?as_of={}", done["position"]))
        .await
        .expect(200);
    assert_eq!((&before["state"]["generation"], &before["state"]["totals"]), (&json!(1), &done["totals"]));
    let now = clock::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let by_time =
        desk.nora.get(&format!("/notifications/{notification}/history?as_of={now}")).await.expect(200);
    assert_eq!(
        (&by_time["state"]["state"], &by_time["state"]["totals"]),
        (&json!("completed"), &again["totals"])
    );
    let entries = desk.nora.all(&format!("/audit?company={}", desk.company)).await;
    let of = |kind: &str| entries.iter().filter(|entry| entry["type"] == kind).collect::<Vec<_>>();
    for (kind, times, result) in [
        ("ClientRegistered", 2, "done"),
        ("NotificationRequested", 1, "done"),
        ("NotificationRetried", 1, "done"),
        ("AudienceClosed", 2, "done"),
        ("NotificationCompleted", 2, "done"),
        ("DeliveriesReopened", 1, "done"),
    ] {
        let found = of(kind);
        assert_eq!((found.len(), &found[0]["result"]), (times, &json!(result)), "{kind}");
        assert!(found.iter().all(|entry| entry["company_id"] == desk.company.to_string()), "{kind}");
    }
    assert_eq!(of("NotificationRequested")[0]["actor"]["id"], desk.nora.user.to_string());
    assert_eq!(of("NotificationRequested")[0]["channel"], "sms");
    // However the id is written.
    let shouted = notification.to_string().to_uppercase();
    let own = desk.nora.all(&format!("/audit?subject={shouted}&type=NotificationRetried")).await;
    assert_eq!(own.len(), 1);
    // What follows from a retry is carried on from who asked for it, not from the first request.
    let causes: Vec<String> = sqlx::query_scalar(
        "select b.event_type
         from events e join events b on b.event_id::text = e.metadata ->> 'causation_id'
                                    and b.metadata ->> 'correlation_id' = e.metadata ->> 'correlation_id'
         where (e.aggregate_type = 'audience' or e.event_type in ('AudienceClosed', 'DeliveriesReopened', 'NotificationCompleted'))
           and b.aggregate_id = $1
         order by b.position",
    )
    .bind(&notification)
    .fetch_all(desk.world.log().pool())
    .await
    .expect("the database answers");
    let (asked, retried) = ("NotificationRequested", "NotificationRetried");
    assert_eq!(causes, [asked, asked, asked, retried, retried, retried]);
    let text = json!(entries).to_string();
    for secret in ["Núñez", "3001234567", "Texto reservado"] {
        assert!(!text.contains(secret), "{secret} stands in the audit");
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn the_longest_email_of_the_widest_characters_arrives_as_it_was_written() {
    let desk = Desk::open().await;
    desk.client(None, Some("ana@example.com")).await;
    let widest = |length| email_to(desk.company, &"😀".repeat(200), &"😀".repeat(length));
    desk.nora.post("/notifications/preview", &widest(100_000)).await.expect(200);
    let notification = desk.send(&widest(100_000)).await;
    assert_eq!(totals(&desk.finished(&notification).await, &["total", "accepted"]), [1, 1]);
    let shown = desk.nora.get(&format!("/notifications/{notification}")).await.expect(200);
    assert_eq!(shown["body"], widest(100_000)["body"]);
    let too_long = desk.nora.post_new("/notifications", &widest(100_001)).await.refused(422);
    assert_eq!(too_long, [("/body".to_owned(), "too_long".to_owned())]);
    desk.world.stop().await;
}
