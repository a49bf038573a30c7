//! A report is about the attempt and the provider that its message was given to: one on a message that was refused says
//! nothing of the message that was accepted after it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use commands::clock;
use dispatcher::provider::{Provider, SmsProvider, SmsSettings};
use dispatcher::simulator::{Behaviour, Refusal, Simulator, SimulatorOptions, twilio_signature};
use dispatcher::{Companies, Route};
use domain::value::Channel;
use gateway::system::Providers;
use projections::Projection;
use projections::rebuild::compare as compare_view;
use serde_json::{Value, json};
use tests::notified::count;
use tests::orders::sms_to;
use tests::{World, id_of, servers};

use crate::notifications::{Desk, deferred, outcomes, totals};
use crate::receipts::{Callback, metric, once, waiting};

const PHONE: &str = "3015510101";
const HOUR: Duration = Duration::from_secs(3_600);
/// What a provider says that has too much to do.
const BUSY: Refusal = Refusal::sms(429, 20429, "Too Many Requests");
/// A code of reports: the number is unknown to its operator.
const UNKNOWN_NUMBER: &str = "30005";
const CONNECTIONS: u32 = 4;
/// The ends of numbers whose first message is refused: few among many, so that the provider does not rest.
const REFUSED: [&str; 3] = ["10103", "10110", "10117"];

fn undelivered(delivery: &str, attempt: u32) -> Callback<'_> {
    Callback::of_attempt(delivery, 1, attempt, "undelivered").with_code(UNKNOWN_NUMBER)
}

/// A company with one client, whose first message the provider refuses.
async fn refused_once(refusal: Refusal) -> Desk {
    let desk = Desk::open().await;
    desk.client(Some(PHONE), None).await;
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::RefuseFirst { times: 1, refusal });
    desk
}

async fn only_delivery(desk: &Desk, notification: &str) -> Value {
    desk.deliveries(notification).await.swap_remove(0)
}

async fn agree(world: &World) {
    let differences = compare_view(world.log().reader(), Projection::Notifications).await;
    assert_eq!(differences.expect("a comparison"), []);
}

#[tokio::test]
async fn a_late_report_on_a_refused_attempt_changes_nothing_of_the_accepted_one() {
    let desk = refused_once(BUSY).await;
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    assert_eq!(totals(&desk.finished(&notification).await, &["accepted"]), [1]);
    let delivery = only_delivery(&desk, &notification).await;
    assert_eq!(outcomes(&delivery), ["deferred", "accepted"]);
    let (world, id) = (&desk.world, id_of(&delivery));
    let (head, before) =
        (world.log().reader().head().await.expect("the head"), metric(world, "other_attempt").await);
    let late = undelivered(&id, 1);
    for _ in 0..2 {
        assert_eq!(late.post(world).await, 200);
    }
    assert!(metric(world, "other_attempt").await >= before + 2.0);

    let forged = undelivered(&id, 2);
    let signature = twilio_signature(&late.address(world), &late.parameters());
    forged.post_signed(world, &signature).await.refused(403);
    assert_eq!(world.log().reader().head().await.expect("the head"), head, "nothing is written");
    assert_eq!(
        (waiting(world).await, &only_delivery(&desk, &notification).await["state"]),
        (0, &json!("accepted"))
    );
    assert_eq!(Callback::of_attempt(&id, 1, 2, "delivered").post(world).await, 200);
    once(&desk, &notification, |totals| count(totals, "delivered") == 1).await;
    assert_eq!(late.post(world).await, 200);
    assert_eq!(only_delivery(&desk, &notification).await["state"], "delivered");
    agree(world).await;
    desk.world.stop().await;
}

/// The first attempt is refused for an hour. The reports on both attempts are there before the second is made.
#[tokio::test]
async fn a_report_that_comes_before_its_attempt_waits_for_it_and_outlives_one_on_the_attempt_before() {
    let desk = refused_once(Refusal { retry_after: Some(HOUR), ..BUSY }).await;
    let world = &desk.world;
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    deferred(&desk, &notification).await;
    let id = id_of(&only_delivery(&desk, &notification).await);
    for report in [undelivered(&id, 1), Callback::of_attempt(&id, 1, 2, "delivered"), undelivered(&id, 1)] {
        assert_eq!(report.post(world).await, 200);
    }
    assert_eq!(waiting(world).await, 1, "that on the second");
    assert_eq!(only_delivery(&desk, &notification).await["state"], "deferred");

    world.pass(TimeDelta::minutes(90));
    let told = once(&desk, &notification, |totals| count(totals, "delivered") == 1).await;
    assert_eq!(totals(&told, &["failed", "in_doubt"]), [0, 0]);
    assert_eq!(waiting(world).await, 0);
    assert_eq!(outcomes(&only_delivery(&desk, &notification).await), ["deferred", "accepted", "delivered"]);
    assert_eq!(desk.nora.all("/suppressions").await, Vec::<Value>::new(), "the number is a good one");
    agree(world).await;
    desk.world.stop().await;
}

/// Each provider has a server of its own; the first refuses everybody.
async fn two_providers() -> (Desk, Simulator) {
    let options = || SimulatorOptions::new(Arc::new(clock::now));
    let (first, second) = (simulator(options()).await, simulator(options()).await);
    first.set_rule(Channel::Sms, "", Behaviour::Refuse(BUSY));
    let providers = [(&first, "primero"), (&second, "segundo")].map(|(simulator, name)| {
        let settings = simulator.twilio_settings(CONNECTIONS);
        let status_callback = settings.status_callback.as_ref().map(|url| url.replace("simulador", name));
        let settings = SmsSettings { name: name.into(), status_callback, ..settings };
        Provider::Sms(SmsProvider::try_new(&settings).expect("good settings"))
    });
    let routes = vec![Route { companies: Companies::All, providers: providers.into() }];
    let providers = Providers { routes, simulator: Some(Arc::new(second)) };
    let nats_url = servers::shared().await.nats_url().expect("a broker").to_owned();
    let world = World::with(servers::database().await, nats_url, providers).await;
    (Desk::in_world(world).await, first)
}

async fn simulator(options: SimulatorOptions) -> Simulator {
    Simulator::start(options).await.expect("a simulator")
}

#[tokio::test]
async fn a_report_of_a_provider_that_passed_the_attempt_on_changes_nothing() {
    let (desk, first) = two_providers().await;
    desk.client(Some(PHONE), None).await;
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    assert_eq!(totals(&desk.finished(&notification).await, &["accepted"]), [1]);
    assert!(first.counts(Channel::Sms).refused > 0, "the first provider was asked");
    let delivery = only_delivery(&desk, &notification).await;
    let attempts = delivery["attempts"].as_array().expect("attempts");
    let last = attempts.last().expect("an attempt");
    assert_eq!((&last["provider"], &last["number"]), (&json!("segundo"), &json!(1)), "{attempts:?}");
    let (world, id) = (&desk.world, id_of(&delivery));
    let before = metric(world, "other_attempt").await;
    assert_eq!(undelivered(&id, 1).through("/hooks/primero", &first.sms_base_url()).post(world).await, 200);
    assert!(metric(world, "other_attempt").await > before);
    assert_eq!(only_delivery(&desk, &notification).await["state"], "accepted");
    let delivered = Callback::of_attempt(&id, 1, 1, "delivered");
    let delivered = delivered.through("/hooks/segundo", &world.simulator.sms_base_url());
    assert_eq!(delivered.post(world).await, 200);
    once(&desk, &notification, |totals| count(totals, "delivered") == 1).await;
    desk.world.stop().await;
}

#[tokio::test]
async fn a_provider_that_left_the_message_to_another_is_told_before_it_until_the_person_is_erased() {
    let (desk, first) = two_providers().await;
    let world = &desk.world;
    desk.client(Some(PHONE), None).await;
    let notification = desk.send(&sms_to(desk.company, "Hola")).await;
    assert_eq!(totals(&desk.finished(&notification).await, &["accepted", "failed", "deferred"]), [1, 0, 0]);
    let delivery = only_delivery(&desk, &notification).await;
    assert_eq!(outcomes(&delivery), ["passed_on", "accepted"]);
    let [refused, accepted] = [0, 1].map(|place| &delivery["attempts"][place]);
    assert_eq!((&refused["provider"], &accepted["provider"]), (&json!("primero"), &json!("segundo")));
    assert_eq!((&refused["number"], &accepted["number"]), (&json!(1), &json!(1)), "one attempt went round");
    assert_eq!((&refused["class"], &refused["phase"]), (&json!("throttled"), &json!("http")), "{refused}");
    assert!(refused["code"].as_str().is_some_and(|code| code.contains("20429")), "{refused}");
    assert!(refused["detail"].as_str().is_some_and(|words| words.contains("Too Many Requests")), "{refused}");
    assert_eq!(refused["reference"], Value::Null);
    let at =
        |attempt: &Value| attempt["at"].as_str().expect("a time").parse::<DateTime<Utc>>().expect("a time");
    assert!(at(refused) <= at(accepted));
    assert_eq!(first.counts(Channel::Sms).accepted, 0);
    agree(world).await;

    let client = delivery["client"]["id"].as_str().expect("a client");
    desk.nora.delete(&format!("/clients/{client}")).await.expect(200);
    let erased = only_delivery(&desk, &notification).await;
    assert_eq!(outcomes(&erased), ["passed_on", "accepted"]);
    assert_eq!(erased["attempts"][0]["detail"], Value::Null, "the provider's text may name the number");
    agree(world).await;
    desk.world.stop().await;
}

/// The simulated APIs report on what they refused, to the address that the refused message had, at any moment of the next
/// attempt.
#[tokio::test]
async fn in_every_dialect_nobody_fails_by_the_reports_on_refused_messages() {
    for api in ["twilio", "infobip", "generic"] {
        let options =
            SimulatorOptions { receipt_delay: Duration::ZERO, ..SimulatorOptions::new(Arc::new(clock::now)) };
        let simulator = simulator(options).await;
        let settings = match api {
            "twilio" => simulator.twilio_settings(CONNECTIONS),
            "infobip" => simulator.infobip_settings(CONNECTIONS),
            _ => simulator.generic_settings(CONNECTIONS),
        };
        let provider = Provider::Sms(SmsProvider::try_new(&settings).expect("good settings"));
        let routes = vec![Route { companies: Companies::All, providers: vec![provider] }];
        let providers = Providers { routes, simulator: Some(Arc::new(simulator)) };
        let nats_url = servers::shared().await.nats_url().expect("a broker").to_owned();
        let world = World::with(servers::database().await, nats_url, providers).await;
        let desk = Desk::in_world(world).await;
        desk.clients(20).await;
        let reported = Behaviour::RefuseThenReport { times: 1, refusal: BUSY, code: 30005 };
        for ending in REFUSED {
            desk.world.simulator.set_rule(Channel::Sms, ending, reported);
        }
        desk.world.simulator.report_to(desk.world.base());
        let notification = desk.send(&sms_to(desk.company, "Hola")).await;
        let told = once(&desk, &notification, |totals| count(totals, "delivered") == 20).await;
        assert_eq!(totals(&told, &["total", "failed", "in_doubt"]), [20, 0, 0], "{api}");
        let counts = desk.world.simulator.counts(Channel::Sms);
        assert_eq!((counts.accepted, counts.refused), (20, REFUSED.len() as u64), "{api}");
        assert_eq!(desk.nora.all("/suppressions").await, Vec::<Value>::new(), "{api}");
        agree(&desk.world).await;
        desk.world.stop().await;
    }
}
