//! Doubts without a person: providers are asked what became of a message, nothing is guessed, and the stated policy sends alarms
//! again.

use std::time::Duration;

use chrono::TimeDelta;
use dispatcher::DoubtOptions;
use dispatcher::provider::{Provider, SmsProvider, SmsSettings};
use dispatcher::simulator::{Behaviour, Outcome, Simulator};
use dispatcher::{Companies, Route};
use domain::value::Channel;
use gateway::system::SystemOptions;
use projections::Projection;
use projections::rebuild::compare as compare_view;
use serde_json::{Value, json};
use tests::orders::sms_to;
use tests::{HANG, World, id_of};

use crate::notifications::{Desk, outcomes, totals};
use crate::receipts::once;

const PHONE: &str = "3001234567";
const TEXT: &str = "Corte de energía";
/// Doubts are looked for so often that a test need not wait.
const LOOK: Duration = Duration::from_millis(50);
/// Older than a doubt is when its provider is asked.
const LATER: TimeDelta = TimeDelta::minutes(3);

type Settings = fn(&Simulator, u32) -> SmsSettings;

/// Every dialect that can be asked.
const DIALECTS: [Settings; 3] =
    [Simulator::twilio_settings, Simulator::infobip_settings, Simulator::generic_settings];

/// A desk whose only provider speaks a dialect.
async fn desk(settings: Settings, resend_after: Option<TimeDelta>) -> Desk {
    let world = World::changed(|options| {
        options.dispatcher.doubts =
            DoubtOptions { look: LOOK, resend_operational_after: resend_after, ..DoubtOptions::default() };
        speak(options, settings);
    });
    let desk = Desk::in_world(world.await).await;
    desk.client(Some(PHONE), None).await;
    desk
}

fn speak(options: &mut SystemOptions, settings: Settings) {
    let simulator = options.providers.simulator.clone().expect("the simulator");
    let provider = SmsProvider::try_new(&settings(&simulator, 4)).expect("the simulator's settings");
    options.providers.routes =
        vec![Route { companies: Companies::All, providers: vec![Provider::Sms(provider)] }];
}

/// A notification that is in doubt because of this behaviour of the provider.
async fn doubted(desk: &Desk, behaviour: Behaviour, category: &str) -> String {
    desk.world.simulator.set_rule(Channel::Sms, PHONE, behaviour);
    let mut order = sms_to(desk.company, TEXT);
    order["category"] = json!(category);
    let notification = desk.send(&order).await;
    let told = desk.finished(&notification).await;
    assert_eq!(totals(&told, &["total", "in_doubt"]), [1, 1]);
    desk.world.simulator.set_rule(Channel::Sms, PHONE, Behaviour::Accept);
    notification
}

/// How often a provider was asked with this outcome.
async fn asked(world: &World, outcome: &str) -> f64 {
    let text = reqwest::get(format!("{}/metrics", world.base())).await.expect("an answer").text().await;
    let name = format!("mensajeria_doubts_asked_total{{outcome=\"{outcome}\"}} ");
    let text = text.expect("text");
    text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or_default()
}

/// Waits until providers were asked this often more with this outcome than before.
async fn until_asked(world: &World, outcome: &str, times: f64) {
    let looking = async {
        while asked(world, outcome).await < times {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(HANG, looking).await.expect("the provider is asked");
}

async fn delivery(desk: &Desk, notification: &str) -> Value {
    desk.deliveries(notification).await.pop().expect("a delivery")
}

fn accepted(desk: &Desk) -> usize {
    let arrivals = desk.arrivals(Channel::Sms);
    arrivals.iter().filter(|one| matches!(one.outcome, Outcome::Accepted | Outcome::AcceptedThenCut)).count()
}

#[tokio::test]
async fn a_message_that_the_provider_has_ends_its_doubt() {
    for settings in DIALECTS {
        let desk = desk(settings, None).await;
        let notification = doubted(&desk, Behaviour::AcceptThenCut, "service").await;
        desk.world.pass(LATER);
        let told = once(&desk, &notification, |totals| totals["accepted"] == 1).await;
        assert_eq!((&told["state"], totals(&told, &["in_doubt"])), (&json!("completed"), vec![0]));
        let shown = delivery(&desk, &notification).await;
        assert_eq!(outcomes(&shown), ["in_doubt", "accepted"]);
        assert!(shown["attempts"][1]["reference"].as_str().is_some_and(|reference| !reference.is_empty()));
        assert_eq!(accepted(&desk), 1, "nobody is told twice");
        desk.world.caught_up().await;
        let differences = compare_view(desk.world.log().reader(), Projection::Notifications).await;
        assert_eq!(differences.expect("a comparison"), []);
        desk.world.stop().await;
    }
}

#[tokio::test]
async fn a_message_that_the_provider_does_not_have_stays_in_doubt() {
    for settings in DIALECTS {
        let desk = desk(settings, None).await;
        let before = asked(&desk.world, "absent").await;
        let notification = doubted(&desk, Behaviour::CutUnaccepted, "operational").await;
        desk.world.pass(LATER);
        until_asked(&desk.world, "absent", before + 1.0).await;
        assert_eq!(delivery(&desk, &notification).await["state"], "in_doubt");
        assert_eq!(accepted(&desk), 0, "without a stated policy nothing is sent again");
        desk.world.stop().await;
    }
}

/// Two messages with one text to one number: the one that is known to be another's is not taken for that in doubt.
#[tokio::test]
async fn the_message_of_another_delivery_ends_no_doubt() {
    let desk = desk(Simulator::twilio_settings, None).await;
    let known = desk.send(&sms_to(desk.company, TEXT)).await;
    desk.finished(&known).await;
    let notification = doubted(&desk, Behaviour::CutUnaccepted, "service").await;
    let before = asked(&desk.world, "absent").await;
    desk.world.pass(LATER);
    until_asked(&desk.world, "absent", before + 1.0).await;
    assert_eq!(delivery(&desk, &notification).await["state"], "in_doubt");
    desk.world.stop().await;
}

/// Of two doubts with one text to one number nobody can say whose the provider's message is.
#[tokio::test]
async fn a_message_that_may_be_that_of_two_deliveries_ends_neither_doubt() {
    let desk = desk(Simulator::twilio_settings, None).await;
    let before = asked(&desk.world, "ambiguous").await;
    let first = doubted(&desk, Behaviour::AcceptThenCut, "service").await;
    let second = doubted(&desk, Behaviour::CutUnaccepted, "service").await;
    desk.world.pass(LATER);
    until_asked(&desk.world, "ambiguous", before + 2.0).await;
    for notification in [first, second] {
        assert_eq!(delivery(&desk, &notification).await["state"], "in_doubt");
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn the_stated_policy_sends_an_alarm_again_once_and_nothing_else() {
    let desk = desk(Simulator::twilio_settings, Some(TimeDelta::seconds(60))).await;
    let service = doubted(&desk, Behaviour::CutUnaccepted, "service").await;
    let alarm = doubted(&desk, Behaviour::CutUnaccepted, "operational").await;
    desk.world.pass(LATER);
    let told = once(&desk, &alarm, |totals| totals["accepted"] == 1).await;
    assert_eq!(totals(&told, &["total", "in_doubt", "failed"]), [1, 0, 0]);
    let shown = delivery(&desk, &alarm).await;
    assert_eq!(outcomes(&shown), ["in_doubt", "failed", "accepted"]);
    assert_eq!(shown["attempts"][1]["observed"], "resent_by_policy");
    let entries = desk.nora.all(&format!("/audit?subject={}", id_of(&shown))).await;
    let resolved = entries.iter().find(|entry| entry["type"] == "DoubtsResolved").expect("an entry");
    assert_eq!((&resolved["actor"], &resolved["summary"]["by"]), (&Value::Null, &json!("policy")));

    desk.world.pass(TimeDelta::hours(1));
    let before = asked(&desk.world, "absent").await;
    until_asked(&desk.world, "absent", before + 1.0).await;
    assert_eq!(delivery(&desk, &service).await["state"], "in_doubt", "others are for a person");
    assert_eq!(accepted(&desk), 1);
    desk.world.stop().await;
}

/// The second doubt of an alarm is for a person.
#[tokio::test]
async fn an_alarm_that_is_in_doubt_again_is_not_sent_a_third_time() {
    let desk = desk(Simulator::twilio_settings, Some(TimeDelta::seconds(60))).await;
    let alarm = doubted(&desk, Behaviour::CutUnaccepted, "operational").await;
    desk.world.simulator.set_rule(Channel::Sms, PHONE, Behaviour::CutUnaccepted);
    desk.world.pass(LATER);
    let again = async {
        while desk.arrivals(Channel::Sms).len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(HANG, again).await.expect("it is sent again");
    once(&desk, &alarm, |totals| totals["in_doubt"] == 1).await;
    let before = asked(&desk.world, "absent").await;
    desk.world.pass(LATER);
    until_asked(&desk.world, "absent", before + 2.0).await;
    assert_eq!(delivery(&desk, &alarm).await["generation"], 2);
    assert_eq!(desk.arrivals(Channel::Sms).len(), 2);
    desk.world.stop().await;
}
