//! Receipts: what a provider reports later is shown, once, whatever the order, and only if the provider has signed it.

use std::sync::Arc;
use std::time::Duration;

use commands::clock;
use dispatcher::simulator::{Behaviour, SimulatorOptions, twilio_signature};
use domain::value::Channel;
use futures::future::join_all;
use projections::Projection;
use projections::rebuild::compare as compare_view;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::Row;
use tests::notified::{checked, count};
use tests::orders::sms_to;
use tests::{Answer, World};
use url::Url;

use crate::notifications::{Desk, outcomes, totals};

const HOOK: &str = "/hooks/simulador";

/// A callback as the simulated Twilio makes it.
pub(crate) struct Callback<'a> {
    sid: &'a str,
    status: &'a str,
    code: Option<&'a str>,
    /// The query of its address.
    query: String,
    /// Where it comes to, and the address that its server's settings name instead of the world's simulator, if any.
    hook: String,
    server: Option<String>,
}

impl<'a> Callback<'a> {
    fn of(delivery: &str, generation: u32, status: &'a str) -> Self {
        Self::of_attempt(delivery, generation, 1, status)
    }

    pub(crate) fn of_attempt(delivery: &str, generation: u32, attempt: u32, status: &'a str) -> Self {
        let query = format!("delivery={delivery}&generation={generation}&attempt={attempt}");
        Self { sid: "SM1", status, code: None, query, hook: HOOK.to_owned(), server: None }
    }

    /// The same with the code of a failure.
    pub(crate) fn with_code(self, code: &'a str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same of a provider of another name, whose server is at this URL.
    pub(crate) fn through(self, hook: &str, server: &str) -> Self {
        Self { hook: hook.to_owned(), server: Some(server.to_owned()), ..self }
    }

    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let code = self.code.map(|code| ("ErrorCode", code.to_owned()));
        let rest = [("MessageSid", self.sid.to_owned()), ("MessageStatus", self.status.to_owned())];
        code.into_iter().chain(rest).collect()
    }

    /// The address that the simulator's settings name, which is signed.
    pub(crate) fn address(&self, world: &World) -> Url {
        let server = self.server.clone().unwrap_or_else(|| world.simulator.sms_base_url());
        let address = format!("{server}/api/v1{}", self.hook);
        let mut address: Url = address.parse().expect("an address");
        address.set_query(Some(self.query.as_str()).filter(|query| !query.is_empty()));
        address
    }

    pub(crate) async fn post(&self, world: &World) -> StatusCode {
        let signature = twilio_signature(&self.address(world), &self.parameters());
        self.post_signed(world, &signature).await.status
    }

    pub(crate) async fn post_signed(&self, world: &World, signature: &str) -> Answer {
        let request = world.nobody().request(Method::POST, &format!("{}?{}", self.hook, self.query));
        Answer::to(request.header("X-Twilio-Signature", signature).form(&self.parameters())).await
    }
}

pub(crate) async fn world() -> World {
    let at_once =
        SimulatorOptions { receipt_delay: Duration::ZERO, ..SimulatorOptions::new(Arc::new(clock::now)) };
    World::start_with(at_once).await
}

/// The notification once its totals are as a test wants them.
pub(crate) async fn once(desk: &Desk, notification: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    stream.until("totals", |told| checked(told) && is_so(&told["totals"])).await;
    desk.nora.get(&format!("/notifications/{notification}")).await.expect(200)
}

/// Waits until so many addresses are suppressed.
pub(crate) async fn suppressed(desk: &Desk, addresses: usize) {
    let looking = async {
        while desk.nora.all("/suppressions").await.len() != addresses {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(tests::HANG, looking).await.expect("they are suppressed");
}

/// How many people the events of a kind name in all.
async fn people_in_receipts(world: &World) -> i64 {
    let rows =
        sqlx::query("select payload::text as payload from events where event_type = 'ReceiptsRecorded'");
    let rows = rows.fetch_all(world.log().pool()).await.expect("the events");
    let people = |text: &str| {
        let event: Value = serde_json::from_str(text).expect("JSON");
        let groups = event["ReceiptsRecorded"]["receipts"].as_array().expect("groups").clone();
        groups.iter().map(|group| group["at"].as_array().expect("a time for each").len() as i64).sum::<i64>()
    };
    rows.iter().map(|row| people(row.get("payload"))).sum()
}

/// How many receipts the figures of all providers count.
async fn receipts_in_time(world: &World) -> i64 {
    let counted = sqlx::query_scalar("select coalesce(sum(in_time), 0)::bigint from provider_figures");
    counted.fetch_one(world.log().pool()).await.expect("a number")
}

pub(crate) async fn waiting(world: &World) -> i64 {
    let waiting = sqlx::query_scalar("select count(*) from waiting_receipts").fetch_one(world.log().pool());
    waiting.await.expect("a number")
}

pub(crate) async fn metric(world: &World, outcome: &str) -> f64 {
    let text = reqwest::get(format!("{}/metrics", world.base())).await.expect("an answer").text().await;
    let name = format!("mensajeria_receipts_total{{outcome=\"{outcome}\"}} ");
    let text = text.expect("text");
    text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or_default()
}

#[tokio::test]
async fn what_the_provider_reports_is_shown_and_what_did_not_arrive_can_be_sent_again() {
    let desk = Desk::in_world(world().await).await;
    let simulator = &desk.world.simulator;
    desk.clients(20).await;
    for phone in ["3001230007", "3001230008", "3001230009"] {
        desk.client(Some(phone), None).await;
    }
    simulator.report_to(desk.world.base());
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    let told =
        once(&desk, &notification, |totals| count(totals, "delivered") == 20 && count(totals, "failed") == 3)
            .await;
    assert_eq!(totals(&told, &["total", "accepted", "in_doubt"]), [23, 0, 0]);

    let codes = async |notification: &str| {
        let mut codes = Vec::new();
        for delivery in desk.deliveries(notification).await {
            let last =
                delivery["attempts"].as_array().and_then(|all| all.last()).cloned().expect("an attempt");
            let seen = outcomes(&delivery).last().map(|outcome| (*outcome).to_owned());
            codes.push((delivery["to"].as_str().map(str::to_owned), seen, last["code"].clone()));
        }
        codes
    };
    let shown = codes(&notification).await;
    for (to, code) in [("0007", "30003"), ("0008", "30005"), ("0009", "30006")] {
        let is_so = shown.iter().any(|(number, outcome, its)| {
            number.as_ref().is_some_and(|number| number.ends_with(to))
                && outcome.as_deref() == Some("failed")
                && *its == json!(code)
        });
        assert!(is_so, "{to}: {shown:?}");
    }

    // The completion did not know of it. In the new generation only those are sent to whose number may work later.
    suppressed(&desk, 2).await;
    simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
    desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(200);
    let told = once(&desk, &notification, |totals| {
        count(totals, "delivered") == 21 && count(totals, "suppressed") == 2
    })
    .await;
    assert_eq!((&told["generation"], &told["state"]), (&json!(2), &json!("completed")));
    assert_eq!(simulator.counts(Channel::Sms).accepted, 24, "nobody else is sent to again");
    desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(200);
    let told = desk.nora.get(&format!("/notifications/{notification}")).await.expect(200);
    assert_eq!(told["generation"], 2, "all have it");
    let differences = compare_view(desk.world.log().reader(), Projection::Notifications).await;
    assert_eq!(differences.expect("a comparison"), []);
    assert_eq!(waiting(&desk.world).await, 0);
    desk.world.stop().await;
}

#[tokio::test]
async fn what_the_provider_has_not_signed_is_refused_and_nothing_is_written() {
    let desk = Desk::open().await;
    desk.client(Some("3015510101"), None).await;
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    desk.finished(&notification).await;
    let delivery = tests::id_of(&desk.deliveries(&notification).await[0]);
    let (world, head) = (&desk.world, desk.world.log().reader().head().await.expect("the head"));
    let before = metric(world, "forged").await;
    let callback = Callback::of(&delivery, 1, "delivered");
    let signature = twilio_signature(&callback.address(world), &callback.parameters());
    let other = Callback { status: "undelivered", ..Callback::of(&delivery, 1, "") };
    for (callback, signature) in [(&callback, ""), (&callback, "AAAA"), (&other, &signature)] {
        callback.post_signed(world, signature).await.refused(403);
    }
    let unsigned = world.nobody().request(Method::POST, HOOK).form(&callback.parameters());
    Answer::to(unsigned).await.refused(403);
    assert!(metric(world, "forged").await >= before + 4.0);
    let unknown = desk.nora.request(Method::POST, "/hooks/nadie").form(&callback.parameters());
    Answer::to(unknown).await.refused(404);
    let large = world.nobody().request(Method::POST, HOOK).body("x".repeat(16 * 1024 + 1));
    Answer::to(large).await.refused(413);
    assert_eq!(world.log().reader().head().await.expect("the head"), head);
    assert_eq!(waiting(world).await, 0);
    assert_eq!(callback.post(world).await, 200, "signed, it is believed");
    once(&desk, &notification, |totals| count(totals, "delivered") == 1).await;
    desk.world.stop().await;
}

#[tokio::test]
async fn ten_times_the_same_receipt_in_any_order_is_one() {
    let desk = Desk::open().await;
    desk.clients(30).await;
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    desk.finished(&notification).await;
    let deliveries: Vec<String> = desk.deliveries(&notification).await.iter().map(tests::id_of).collect();
    let mut callbacks = Vec::new();
    for round in 0..10 {
        for (place, delivery) in deliveries.iter().enumerate() {
            // An earlier status that comes late, among the final ones.
            let status = if (round + place) % 3 == 0 { "sent" } else { "delivered" };
            callbacks.push((clock::new_id(), Callback::of(delivery, 1, status)));
            callbacks.push((clock::new_id(), Callback::of(delivery, 1, "delivered")));
        }
    }
    // The last bits of an id are random.
    callbacks.sort_by_key(|(id, _)| id.as_u128().reverse_bits());
    let world = &desk.world;
    for statuses in callbacks.chunks(100) {
        let answers = join_all(statuses.iter().map(|(_, callback)| callback.post(world))).await;
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    }
    let told = once(&desk, &notification, |totals| count(totals, "delivered") == 30).await;
    assert_eq!(totals(&told, &["total", "accepted", "failed"]), [30, 0, 0]);
    assert_eq!(people_in_receipts(world).await, 30);
    assert_eq!(receipts_in_time(world).await, 30, "each counts once for its provider");
    let late = Callback { code: Some("30003"), ..Callback::of(&deliveries[0], 1, "undelivered") };
    assert_eq!(late.post(world).await, 200, "what contradicts changes nothing");
    assert_eq!(people_in_receipts(world).await, 30);
    let differences = compare_view(world.log().reader(), Projection::Notifications).await;
    assert_eq!(differences.expect("a comparison"), []);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_report_by_a_reference_that_two_deliveries_share_is_recorded_of_neither() {
    let desk = Desk::open().await;
    desk.clients(2).await;
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    desk.finished(&notification).await;
    let world = &desk.world;
    let shared = sqlx::query("update notifications.outcomes set reference = 'OK' where state = 'accepted'");
    assert_eq!(shared.execute(world.log().pool()).await.expect("the view").rows_affected(), 2);
    let before = metric(world, "unknown").await;
    let report = Callback { sid: "OK", query: String::new(), ..Callback::of("", 1, "delivered") };
    assert_eq!(report.post(world).await, 200);
    assert!(metric(world, "unknown").await > before);
    assert_eq!(
        desk.deliveries(&notification).await.iter().filter(|one| one["state"] == "accepted").count(),
        2
    );
    desk.world.stop().await;
}

#[tokio::test]
async fn a_receipt_is_found_by_our_id_else_by_the_providers_reference_and_one_of_nobody_is_counted() {
    let desk = Desk::open().await;
    desk.clients(2).await;
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    desk.finished(&notification).await;
    let world = &desk.world;
    let all = desk.deliveries(&notification).await;
    let sid = all[0]["attempts"][0]["reference"].as_str().expect("a reference").to_owned();
    let by_reference = Callback { sid: &sid, query: String::new(), ..Callback::of("", 1, "delivered") };
    assert_eq!(by_reference.post(world).await, 200);
    once(&desk, &notification, |totals| count(totals, "delivered") == 1).await;
    let first = desk.nora.get(&format!("/deliveries/{}", tests::id_of(&all[0]))).await.expect(200);
    assert_eq!(first["state"], "delivered");

    let (head, before) =
        (world.log().reader().head().await.expect("the head"), metric(world, "unknown").await);
    let nobodys = "01890000-0000-8000-8000-000000000001";
    // A member that the chunk does not have, a delivery of no notification, an id of something else.
    let second = tests::id_of(&all[1]);
    let beyond = format!("{}{:04x}", &second[..second.len() - 4], 400);
    for delivery in [nobodys, &beyond, &notification] {
        assert_eq!(Callback::of(delivery, 1, "delivered").post(world).await, 200, "{delivery}");
    }
    assert_eq!(Callback::of(&second, 7, "delivered").post(world).await, 200, "a generation that never began");
    assert!(metric(world, "unknown").await >= before + 4.0);
    assert_eq!(world.log().reader().head().await.expect("the head"), head);
    assert_eq!(waiting(world).await, 0);
    desk.world.stop().await;
}
