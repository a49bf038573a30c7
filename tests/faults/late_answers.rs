//! An owner is fenced while providers have not answered: it begins no more sends, and late answers are recorded.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use dispatcher::provider::{Provider, SmsApi, SmsProvider, SmsSettings, TwilioSettings};
use dispatcher::simulator::Simulator;
use dispatcher::{Companies, Route};
use domain::value::{Channel, Role};
use gateway::system::SystemOptions;
use projections::Projection;
use projections::rebuild::compare as compare_view;
use serde_json::Value;
use tests::notified::{checked, count};
use tests::tap::Tap;
use tests::{Client, World, id_of};

use crate::load::notification;
use crate::testbed::{company, eventually};

/// How many connections lead to the provider.
pub(crate) const CONNECTIONS: usize = 4;
/// How many clients the company has.
const CLIENTS: i64 = 30;
/// Often enough that a fence is soon noticed, and rarely enough that a slow machine causes none.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Routes SMS through a proxy that holds back the answers of its first connections.
pub(crate) fn tapped(options: &mut SystemOptions, held: usize) -> Tap {
    let simulator = options.providers.simulator.clone().expect("the simulator");
    let tap = Tap::before(&simulator.sms_base_url(), held);
    let provider = Provider::Sms(SmsProvider::try_new(&settings(&simulator, &tap)).expect("the settings"));
    options.providers.routes = vec![Route { companies: Companies::All, providers: vec![provider] }];
    options.dispatcher.heartbeat = HEARTBEAT;
    tap
}

fn settings(simulator: &Arc<Simulator>, tap: &Tap) -> SmsSettings {
    let api = SmsApi::Twilio(TwilioSettings { base_url: tap.url(), ..simulator.twilio_account() });
    SmsSettings { api, ..simulator.twilio_settings(CONNECTIONS as u32) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_an_hour_after_its_owner_was_fenced_ends_the_doubt() {
    let mut tap = None;
    let world = World::changed(|options| tap = Some(tapped(options, CONNECTIONS))).await;
    let tap = tap.expect("a door");
    let company = company(world.log(), 0, CLIENTS as usize).await;
    let client = world.user("Natalia", &[Role::Notifier], &[company]).await;
    let order = notification(&company.to_string(), Channel::Sms);
    let asked = id_of(&client.post_new("/notifications", &order).await.expect(202));
    eventually("every connection is sending", async || (tap.begun() == CONNECTIONS).then_some(())).await;

    // As another dispatcher does when it sees no beats.
    let fenced = sqlx::query("update send_owners set is_fenced = true").execute(world.log().pool()).await;
    assert_eq!(fenced.expect("the fence").rows_affected(), 1);
    let in_flight = CONNECTIONS as i64;
    let done = eventually("all others are told", async || {
        let found = found(&client, &asked).await;
        (found["state"] == "completed").then_some(found)
    });
    let done = done.await;
    assert_eq!(parts(&done), (CLIENTS - in_flight, in_flight), "{done}");

    world.pass(TimeDelta::hours(1));
    tap.release();
    let done = eventually("nobody is in doubt any more", async || {
        let found = found(&client, &asked).await;
        (count(&found["totals"], "in_doubt") == 0).then_some(found)
    });
    let done = done.await;
    assert_eq!((&done["state"], parts(&done)), (&"completed".into(), (CLIENTS, 0)), "{done}");
    let causes = client.get(&format!("/notifications/{asked}/failures")).await.expect(200);
    assert_eq!(causes["data"], serde_json::json!([]), "{causes}");
    let deliveries = client.all(&format!("/notifications/{asked}/deliveries")).await;
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "accepted"), "{deliveries:?}");
    let doubted = deliveries.iter().filter(|delivery| outcomes(delivery) == ["in_doubt", "accepted"]).count();
    assert_eq!(doubted, CONNECTIONS, "what was in doubt is still told");
    assert_eq!(world.simulator.counts(Channel::Sms).accepted, CLIENTS as u64, "nobody is told twice");
    let differences = compare_view(world.log().reader(), Projection::Notifications).await;
    assert_eq!(differences.expect("a comparison"), []);
    world.stop().await;
}

async fn found(client: &Client, asked: &str) -> Value {
    let found = client.get(&format!("/notifications/{asked}")).await.expect(200);
    assert!(checked(&found));
    found
}

fn parts(found: &Value) -> (i64, i64) {
    (count(&found["totals"], "accepted"), count(&found["totals"], "in_doubt"))
}

fn outcomes(delivery: &Value) -> Vec<&str> {
    let attempts = delivery["attempts"].as_array().expect("attempts");
    attempts.iter().map(|attempt| attempt["outcome"].as_str().expect("an outcome")).collect()
}
