//! The doubts of a kill without receipts: the provider is asked, by two dispatchers at once, and each doubt ends once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use commands::clock;
use dispatcher::provider::{Provider, SmsProvider, SmsSettings};
use dispatcher::{Companies, Dispatcher, DispatcherOptions, Route};
use domain::value::Channel;
use projections::Projection;
use projections::rebuild::compare as compare_view;
use serde_json::Value;
use tests::id_of;
use tests::notified::{checked, count};
use tokio_util::sync::CancellationToken;

use crate::load::notification;
use crate::testbed::{CLIENTS, CONNECTIONS, Testbed, eventually};

/// How far the clock of those who ask is ahead: their doubts are old enough.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// How often they look.
const LOOK: Duration = Duration::from_millis(50);

/// A dispatcher that asks about doubts at once.
fn asker(testbed: &Testbed, cancel: &CancellationToken) -> Dispatcher {
    let settings =
        SmsSettings { name: "sms".to_owned(), ..testbed.simulator.twilio_settings(CONNECTIONS as u32) };
    let provider = Provider::Sms(SmsProvider::try_new(&settings).expect("the settings"));
    let route = Route { companies: Companies::All, providers: vec![provider] };
    let mut options = DispatcherOptions::new(Arc::new(|| clock::now() + AHEAD), Arc::new(|| 0.5));
    options.doubts.look = LOOK;
    Dispatcher::start(testbed.log.clone(), None, vec![route], options, cancel.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_has_of_a_kill_is_found_by_two_and_recorded_once() {
    let testbed = Testbed::start().await;
    let program = testbed.program("settle::before_commit=2*off->return").await;
    let client = testbed.client(&program);
    let order = notification(&testbed.companies[0].to_string(), Channel::Sms);
    let asked = id_of(&client.post_new("/notifications", &order).await.expect(202));
    tokio::time::timeout(tests::HANG, program.ended()).await.expect("the failpoint is reached");
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let totals = async || {
        let found = client.get(&format!("/notifications/{asked}")).await.expect(200);
        checked(&found).then(|| (found["state"].clone(), found["totals"].clone()))
    };
    let doubted = eventually("what was in flight is in doubt", async || {
        let (state, totals) = totals().await?;
        (state == "completed").then(|| count(&totals, "in_doubt"))
    })
    .await;
    assert!(doubted > 0, "the kill left doubts");

    let cancel = CancellationToken::new();
    let askers = [asker(&testbed, &cancel), asker(&testbed, &cancel)];
    // Who was marked and never reached the provider stays in doubt.
    let told = testbed.ledger().len() as i64;
    eventually("all that the provider has is accepted", async || {
        let (_, totals) = totals().await?;
        let parts = ["accepted", "in_doubt"].map(|part| count(&totals, part));
        (parts == [told, CLIENTS as i64 - told]).then_some(())
    })
    .await;
    cancel.cancel();
    for asker in askers {
        asker.stopped().await;
    }
    assert_eq!(testbed.ledger().len() as i64, told, "nobody is told twice");
    let mut histories = BTreeMap::<Vec<String>, i64>::new();
    for delivery in client.all(&format!("/notifications/{asked}/deliveries")).await {
        *histories.entry(outcomes(&delivery)).or_default() += 1;
    }
    let ended = histories.remove(&vec!["in_doubt".to_owned(), "accepted".to_owned()]).unwrap_or_default();
    assert_eq!(ended, doubted - (CLIENTS as i64 - told), "{histories:?}");
    assert!(histories.keys().all(|outcomes| outcomes.len() == 1), "{histories:?}");
    testbed.caught_up().await;
    let differences = compare_view(testbed.log.reader(), Projection::Notifications).await;
    assert_eq!(differences.expect("a comparison"), []);
    program.kill().await;
    testbed.stop().await;
}

fn outcomes(delivery: &Value) -> Vec<String> {
    let attempts = delivery["attempts"].as_array().expect("attempts");
    attempts.iter().map(|one| one["outcome"].as_str().unwrap_or_default().to_owned()).collect()
}
