//! Suppressions: nothing is sent to a suppressed address of a company and channel, however and whenever it was suppressed.

use commands::clock;
use dispatcher::provider::{Provider, SmsProvider};
use dispatcher::simulator::{Behaviour, RECEIPT_KEY, twilio_signature};
use dispatcher::{Companies, Route};
use domain::value::{Channel, Role};
use gateway::system::SystemOptions;
use projections::Projection;
use projections::rebuild::compare as compare_view;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::notified::count;
use tests::orders::{client_of, sms_to};
use tests::{Answer, World, id_of};
use url::Url;

use crate::notifications::{Desk, totals};

const PHONE: &str = "+573015510101";

fn suppression(desk: &Desk, address: &str, reason: &str) -> Value {
    json!({
        "company_id": desk.company.to_string(), "channel": "sms", "address": address, "reason": reason,
        "note": "Lo pidió por teléfono",
    })
}

async fn suppress(desk: &Desk, address: &str) -> String {
    id_of(&desk.nora.post("/suppressions", &suppression(desk, address, "manual")).await.expect(201))
}

async fn lift(desk: &Desk, id: &str) -> Answer {
    let request = desk.nora.request(Method::DELETE, &format!("/suppressions/{id}"));
    Answer::to(request.json(&json!({"reason": "Fue un error"}))).await
}

async fn preview(desk: &Desk) -> Value {
    desk.nora.post("/notifications/preview", &sms_to(desk.company, "Hola")).await.expect(200)["audience"]
        .clone()
}

async fn reasons(desk: &Desk) -> Vec<(Value, Value)> {
    let all = desk.nora.all("/suppressions").await;
    all.into_iter().map(|row| (row["address"].clone(), row["reason"].clone())).collect()
}

#[tokio::test]
async fn an_audience_leaves_out_who_is_suppressed_until_it_is_lifted() {
    let desk = Desk::open().await;
    for phone in [PHONE, "+573015510102"] {
        desk.client(Some(phone), None).await;
    }
    let id = suppress(&desk, "301 551 0101").await;
    assert_eq!(suppress(&desk, PHONE).await, id, "asking twice is no error");
    assert_eq!(
        preview(&desk).await,
        json!({"total": 2, "reachable": 1, "excluded": {"suppressed": 1}, "duplicates": 0})
    );
    let told = desk.finished(&desk.send(&sms_to(desk.company, "Hola")).await).await;
    assert_eq!((totals(&told, &["total"]), &told["excluded"]), (vec![1], &json!({"suppressed": 1})));
    let excluded = desk.nora.request(Method::POST, "/notifications/preview/excluded");
    let file = excluded.json(&sms_to(desk.company, "Hola")).send().await.expect("an answer").text().await;
    assert!(file.expect("text").lines().nth(1).is_some_and(|line| line.contains("suppressed")));

    let listed = desk.nora.all("/suppressions").await;
    let [row] = &listed[..] else { panic!("one: {listed:?}") };
    assert_eq!(
        (&row["id"], &row["address"], &row["note"]),
        (&json!(id), &json!(PHONE), &json!("Lo pidió por teléfono"))
    );
    assert_eq!((&row["reason"], &row["author"]["name"]), (&json!("manual"), &json!("Nora")));
    lift(&desk, &id).await.expect(200);
    lift(&desk, &id).await.expect(200);
    assert_eq!(reasons(&desk).await, []);
    assert_eq!(preview(&desk).await["reachable"], 2);
    // It is of this company and this channel only.
    suppress(&desk, PHONE).await;
    let there = desk.world.company("Allá").await;
    let admin = desk.world.user("Admin", &[Role::Admin], &[]).await;
    let client = client_of("C-1", "De allá", Some(PHONE), None);
    admin.post(&format!("/companies/{there}/clients"), &client).await.expect(201);
    let elsewhere = admin.post("/notifications/preview", &sms_to(there, "Hola")).await.expect(200);
    assert_eq!(elsewhere["audience"]["reachable"], 1);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_suppression_is_found_by_its_address_and_names_no_company_where_there_is_one_only() {
    let desk = Desk::open().await;
    let mut order = suppression(&desk, PHONE, "manual");
    order.as_object_mut().expect("an object").remove("company_id");
    let id = id_of(&desk.nora.post("/suppressions", &order).await.expect(201));
    let mail = json!({"channel": "email", "address": "Ana@example.com", "reason": "opt_out"});
    desk.nora.post("/suppressions", &mail).await.expect(201);
    for written in ["3015510101", "301%20551%200101", "%2B573015510101", "+573015510101"] {
        let found = desk.nora.all(&format!("/suppressions?address={written}")).await;
        assert_eq!((found.len(), &found[0]["id"]), (1, &json!(id)), "{written}");
    }
    let found = desk.nora.all("/suppressions?address=ana@example.com&channel=email").await;
    assert_eq!((found.len(), &found[0]["reason"]), (1, &json!("opt_out")));
    assert!(desk.nora.all("/suppressions?address=3015510199").await.is_empty());
    assert_eq!(desk.nora.get("/suppressions?address=12").await.refused(400)[0].0, "/address");

    let there = desk.world.company("Allá").await;
    let admin = desk.world.user("Admin", &[Role::Admin], &[]).await;
    let missing = admin.post("/suppressions", &order).await.refused(422);
    assert_eq!(missing, [("/company_id".into(), "missing".into())]);
    let bea = desk.world.user("Bea", &[Role::Notifier], &[there]).await;
    assert!(bea.all(&format!("/suppressions?address={PHONE}")).await.is_empty(), "another company's");
    desk.world.stop().await;
}

/// The audience is frozen, and the people wait for another attempt when one of them is suppressed.
#[tokio::test]
async fn who_is_suppressed_after_the_freezing_is_not_sent_to() {
    let desk = Desk::open().await;
    desk.client(Some(PHONE), None).await;
    let mut order = sms_to(desk.company, "Hola");
    order["hold_seconds"] = json!(0);
    let busy = dispatcher::simulator::Refusal::sms(429, 20429, "Too Many Requests");
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Refuse(busy));
    let notification = desk.send(&order).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    stream.until("totals", |told| count(&told["totals"], "deferred") == 1).await;
    suppress(&desk, PHONE).await;
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
    let told = desk.finished(&notification).await;
    assert_eq!(totals(&told, &["suppressed", "accepted"]), [1, 0]);
    let delivery = &desk.deliveries(&notification).await[0];
    let last = delivery["attempts"].as_array().and_then(|all| all.last()).cloned().expect("an attempt");
    assert_eq!((&last["outcome"], &last["class"]), (&json!("suppressed"), &json!("suppressed")));
    assert_eq!(desk.world.simulator.counts(Channel::Sms).accepted, 0);
    desk.world.stop().await;
}

/// By the receipts of numbers that do not work, and by the provider that knows of the opt-out. What was refused by policy, or
/// could not be reached, may be sent to again.
#[tokio::test]
async fn hard_bounces_and_opt_outs_suppress_and_what_may_work_later_does_not() {
    let desk = Desk::in_world(crate::receipts::world().await).await;
    for phone in ["3001230005", "3001230007", "3001230008", "3001230009", "3015510101"] {
        desk.client(Some(phone), None).await;
    }
    desk.world.simulator.report_to(desk.world.base());
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    crate::receipts::once(&desk, &notification, |totals| {
        count(totals, "delivered") == 1 && count(totals, "failed") == 3 && count(totals, "suppressed") == 1
    })
    .await;
    let bounced = |number: &str| (json!(number), json!("bounce"));
    let mut expected = vec![bounced("+573001230008"), bounced("+573001230009")];
    expected.push((json!("+573001230005"), json!("opt_out")));
    expected.sort_by_key(|(number, _)| number.to_string());
    crate::receipts::suppressed(&desk, expected.len()).await;
    let mut seen = reasons(&desk).await;
    seen.sort_by_key(|(number, _)| number.to_string());
    assert_eq!(seen, expected);
    assert_eq!(preview(&desk).await["excluded"], json!({"suppressed": 3}));
    let differences = compare_view(desk.world.log().reader(), Projection::Clients).await;
    assert_eq!(differences.expect("a comparison"), []);
    desk.world.stop().await;
}

/// What a person writes to our number, as the provider brings it.
async fn answer(desk: &Desk, from: &str, body: &str) -> StatusCode {
    let parameters: Vec<(&str, String)> = [
        ("Body", body),
        ("From", from),
        ("MessageSid", "SM1"),
        ("SmsStatus", "received"),
        ("To", "+15005550006"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into();
    let address = format!("{}/api/v1/hooks/simulador", desk.world.simulator.sms_base_url());
    let address: Url = address.parse().expect("an address");
    let request = desk.world.nobody().request(Method::POST, "/hooks/simulador");
    let request = request.header("X-Twilio-Signature", twilio_signature(&address, &parameters));
    Answer::to(request.form(&parameters)).await.status
}

#[tokio::test]
async fn a_person_who_answers_baja_gets_nothing_more_and_one_who_says_something_else_does() {
    let desk = Desk::open().await;
    for phone in [PHONE, "+573015510102"] {
        desk.client(Some(phone), None).await;
    }
    assert_eq!(answer(&desk, "+573015510102", "Gracias, no hay problema").await, 200);
    assert_eq!(answer(&desk, PHONE, " Bája. ").await, 200);
    assert_eq!(answer(&desk, PHONE, "STOP").await, 200);
    crate::receipts::suppressed(&desk, 1).await;
    assert_eq!(reasons(&desk).await, [(json!(PHONE), json!("opt_out"))]);
    assert_eq!(preview(&desk).await["reachable"], 1);
    desk.world.stop().await;
}

/// Or whoever lifts the worker's suppression would lift the person's wish with it, and nothing would show it.
#[tokio::test]
async fn a_persons_own_word_replaces_the_cause_that_was_there_before() {
    let desk = Desk::open().await;
    desk.client(Some(PHONE), None).await;
    suppress(&desk, PHONE).await;
    assert_eq!(reasons(&desk).await, [(json!(PHONE), json!("manual"))]);
    assert_eq!(answer(&desk, PHONE, "BAJA").await, 200);
    let opted_out = async {
        while reasons(&desk).await != [(json!(PHONE), json!("opt_out"))] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(tests::HANG, opted_out).await.expect("the opt-out is seen");
    let id = suppress(&desk, PHONE).await;
    assert_eq!(reasons(&desk).await, [(json!(PHONE), json!("opt_out"))], "a weaker cause changes nothing");
    lift(&desk, &id).await.expect(200);
    assert_eq!(reasons(&desk).await, []);
    let differences = compare_view(desk.world.log().reader(), Projection::Clients).await;
    assert_eq!(differences.expect("a comparison"), []);
    desk.world.stop().await;
}

/// By the other dialects, whose messages from people come to an address with a key.
#[tokio::test]
async fn a_person_opts_out_by_infobip_and_by_a_described_aggregator() {
    let infobip = json!({"results": [
        {"messageId": "1", "from": "573015510101", "to": "890123", "text": "Bája.", "receivedAt": "2026-12-01T02:00:00.000+0000"},
        {"messageId": "2", "from": "573015510102", "to": "890123", "text": "¿Quién es?"},
    ], "messageCount": 2, "pendingMessageCount": 0});
    let described = json!({"from": 573_015_510_101_u64, "text": " salir "});
    for (is_infobip, body) in [(true, infobip), (false, described)] {
        let world = World::changed(|options| speak(options, is_infobip)).await;
        let desk = Desk::in_world(world).await;
        for phone in [PHONE, "+573015510102"] {
            desk.client(Some(phone), None).await;
        }
        let bring = async |key: &str| {
            let request = desk.world.nobody().request(Method::POST, &format!("/hooks/simulador?key={key}"));
            Answer::to(request.json(&body)).await.status
        };
        assert_eq!(bring("simulator-receiptx").await, 403);
        assert_eq!(reasons(&desk).await, []);
        assert_eq!(bring(RECEIPT_KEY).await, 200);
        assert_eq!(bring(RECEIPT_KEY).await, 200);
        crate::receipts::suppressed(&desk, 1).await;
        assert_eq!(reasons(&desk).await, [(json!(PHONE), json!("opt_out"))]);
        desk.world.stop().await;
    }
}

/// The simulator with another dialect.
fn speak(options: &mut SystemOptions, is_infobip: bool) {
    let simulator = options.providers.simulator.as_ref().expect("the simulator");
    let settings = if is_infobip { simulator.infobip_settings(1) } else { simulator.generic_settings(1) };
    let provider = Provider::Sms(SmsProvider::try_new(&settings).expect("good settings"));
    options.providers.routes = vec![Route { companies: Companies::All, providers: vec![provider] }];
}

#[tokio::test]
async fn an_erased_person_stays_suppressed_and_the_address_is_not_kept() {
    let desk = Desk::open().await;
    let client = desk.client(Some(PHONE), None).await;
    suppress(&desk, PHONE).await;
    let erase = desk.nora.request(Method::DELETE, &format!("/clients/{client}"));
    Answer::to(erase).await.expect(200);
    assert_eq!(reasons(&desk).await, [(Value::Null, json!("manual"))]);
    desk.client(Some(PHONE), None).await;
    assert_eq!(preview(&desk).await["excluded"], json!({"suppressed": 1}));
    desk.world.stop().await;
}

#[tokio::test]
async fn a_suppression_needs_an_address_of_its_channel_and_a_company_of_the_caller() {
    let desk = Desk::open().await;
    let mut order = suppression(&desk, "ana@example.com", "manual");
    let refused = desk.nora.post("/suppressions", &order).await.refused(422);
    assert_eq!(refused[0].0, "/address");
    order["channel"] = json!("email");
    desk.nora.post("/suppressions", &order).await.expect(201);
    order["company_id"] = json!(clock::new_id().to_string());
    assert_eq!(desk.nora.post("/suppressions", &order).await.refused(422)[0].0, "/company_id");
    desk.world.stop().await;
}
