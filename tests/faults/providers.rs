//! Providers are unavailable, busy, or cut their answers: a safe send is repeated, a doubtful one is not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use commands::clock;
use dispatcher::provider::{
    EmailProvider, Provider, SmsApi, SmsProvider, SmsSettings, SmtpSettings, TwilioSettings,
};
use dispatcher::simulator::{Behaviour, Refusal, Simulator, SimulatorOptions};
use dispatcher::{Companies, Route};
use domain::value::{Channel, Role};
use gateway::system::Providers;
use serde_json::Value;
use tempfile::TempDir;
use tests::id_of;
use tests::notified::{count, finished, is_over};

use crate::company_fixture::{CompanyFixture, acceptances_in, address};
use crate::gate::Gate;
use crate::load::notification;
use crate::testbed::{CLIENTS, company, eventually};

/// How many connections lead to each provider.
const CONNECTIONS: u32 = 4;
/// Longer than a provider rests after it could not be reached.
const REST_OVER: TimeDelta = TimeDelta::seconds(60);
/// How often each address is busy before it accepts.
const BUSY_TIMES: u32 = 2;
const CHANNELS: [Channel; 2] = [Channel::Sms, Channel::Email];

/// The whole system, with gates in front of its providers and their ledger behind them.
struct Town {
    fixture: CompanyFixture,
    smtp: Gate,
    sms: Gate,
    folder: TempDir,
}

impl Town {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SimulatorOptions {
            ledger: Some(ledger_path(&folder)),
            ..SimulatorOptions::new(Arc::new(clock::now))
        };
        let simulator = Simulator::start(options).await.expect("the simulator starts");
        let (smtp, sms) = (gate(&simulator.smtp_url()), gate(&simulator.sms_base_url()));
        let providers = providers(simulator, &smtp, &sms);
        Self { fixture: CompanyFixture::start(providers, CLIENTS).await, smtp, sms, folder }
    }

    async fn deliveries(&self, notification: &str, state: &str) -> Vec<Value> {
        self.fixture.client.all(&format!("/notifications/{notification}/deliveries?state={state}")).await
    }

    /// How often the providers accepted a message for each address of a channel.
    fn told(&self, channel: Channel) -> BTreeMap<String, usize> {
        acceptances_in([ledger_path(&self.folder)], channel)
    }

    fn assert_everybody_told_once(&self, channel: Channel) {
        let told = self.told(channel);
        assert_eq!(told.len(), CLIENTS);
        assert!(told.values().all(|times| *times == 1), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_nobody_waits_and_is_sent_once_the_provider_is_back() {
    let mut town = Town::start().await;
    town.smtp.shut().await;
    town.sms.shut().await;
    for channel in CHANNELS {
        let notification = town.fixture.notify(channel).await;
        let waiting = eventually("somebody was tried in vain", async || {
            let totals = town.fixture.totals(&notification).await;
            (count(&totals, "deferred") > 0).then_some(totals)
        });
        let waiting = waiting.await;
        assert_eq!(count(&waiting, "failed") + count(&waiting, "in_doubt") + count(&waiting, "accepted"), 0);
        assert!(town.told(channel).is_empty());
        match channel {
            Channel::Sms => town.sms.open(),
            Channel::Email => town.smtp.open(),
        }
        all_accepted(&town, &notification, channel).await;
        let tried_twice = town.deliveries(&notification, "accepted").await;
        let tried_twice = tried_twice.iter().filter(|delivery| outcomes(delivery) != ["accepted"]).count();
        assert!(
            (1..CLIENTS).contains(&tried_twice),
            "{tried_twice} were tried in vain: the provider was not left alone"
        );
    }
    town.fixture.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_busy_is_told_later() {
    let town = Town::start().await;
    let sms = Refusal {
        retry_after: Some(Duration::from_secs(5)),
        ..Refusal::sms(429, 20429, "Too Many Requests")
    };
    let refusals = [(Channel::Sms, sms), (Channel::Email, Refusal::mail(451, "4.3.2 Server is busy"))];
    for (channel, refusal) in refusals {
        let busy = Behaviour::RefuseFirst { times: BUSY_TIMES, refusal };
        town.fixture.world.simulator.set_rule(channel, "", busy);
        let notification = town.fixture.notify(channel).await;
        all_accepted(&town, &notification, channel).await;
        for delivery in town.deliveries(&notification, "accepted").await {
            assert_eq!(outcomes(&delivery), ["deferred", "deferred", "accepted"], "{delivery}");
        }
    }
    town.fixture.world.stop().await;
}

/// Time passes until everybody has the message, each once.
async fn all_accepted(town: &Town, notification: &str, channel: Channel) {
    eventually("everybody was told", async || {
        town.fixture.world.pass(REST_OVER);
        let totals = town.fixture.totals(notification).await;
        (count(&totals, "accepted") == CLIENTS as i64).then_some(())
    })
    .await;
    town.assert_everybody_told_once(channel);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_answer_leaves_doubt_that_is_shown_and_never_sent_again_by_itself() {
    let town = Town::start().await;
    for channel in CHANNELS {
        let [cut, lost] = [3, 5].map(|n| address(channel, n));
        town.fixture.world.simulator.set_rule(channel, &cut, Behaviour::AcceptThenCut);
        town.fixture.world.simulator.set_rule(channel, &lost, Behaviour::CutUnaccepted);
        let notification = town.fixture.notify(channel).await;
        let found = finished(&town.fixture.client, &notification).await;
        assert_eq!(
            (found["totals"]["accepted"].clone(), found["totals"]["in_doubt"].clone()),
            (58.into(), 2.into())
        );
        assert_shown_in_doubt(&town, &notification, &[&cut, &lost]).await;

        // Neither time nor a retry of the failed resolves a doubt by a guess.
        town.fixture.world.pass(TimeDelta::days(3));
        town.fixture
            .client
            .post(&format!("/notifications/{notification}/retry"), &serde_json::json!({}))
            .await
            .expect(200);
        barrier(&town, channel).await;
        let found = town.fixture.client.get(&format!("/notifications/{notification}")).await.expect(200);
        assert!(is_over(&found) && found["totals"]["in_doubt"] == 2, "{found}");
        assert_shown_in_doubt(&town, &notification, &[&cut, &lost]).await;
        let told = town.told(channel);
        assert_eq!((told.get(&cut), told.get(&lost)), (Some(&1), None));
        let told_once = (0..CLIENTS).filter(|n| told.get(&address(channel, *n)) == Some(&1)).count();
        assert_eq!(told_once, CLIENTS - 1);
    }
    town.fixture.world.stop().await;
}

/// A later notification of another company, until it is finished: everything that was due before has been sent by then.
async fn barrier(town: &Town, channel: Channel) {
    let place = 1 + channel as usize;
    let other = company(town.fixture.world.log(), place, CLIENTS).await;
    let client = town.fixture.world.user("Nadia", &[Role::Notifier], &[other]).await;
    let later =
        client.post_new("/notifications", &notification(&other.to_string(), channel)).await.expect(202);
    finished(&client, &id_of(&later)).await;
}

async fn assert_shown_in_doubt(town: &Town, notification: &str, expected: &[&str]) {
    let in_doubt = town.deliveries(notification, "in_doubt").await;
    let mut shown: Vec<_> =
        in_doubt.iter().map(|delivery| delivery["to"].as_str().expect("an address")).collect();
    shown.sort_unstable();
    assert_eq!(shown, expected);
    for delivery in &in_doubt {
        assert_eq!(outcomes(delivery), ["in_doubt"], "{delivery}");
        assert!(delivery["attempts"][0]["observed"].is_string(), "{delivery}");
    }
}

fn outcomes(delivery: &Value) -> Vec<&str> {
    let attempts = delivery["attempts"].as_array().expect("attempts");
    attempts.iter().map(|attempt| attempt["outcome"].as_str().expect("an outcome")).collect()
}

fn ledger_path(folder: &TempDir) -> PathBuf {
    folder.path().join("ledger")
}

fn gate(url: &str) -> Gate {
    let (_, address) = url.split_once("://").expect("a URL");
    Gate::before(address.parse::<SocketAddr>().expect("an address"))
}

fn providers(simulator: Simulator, smtp: &Gate, sms: &Gate) -> Providers {
    let email =
        SmtpSettings { url: format!("smtp://{}", smtp.address()), ..simulator.smtp_settings(CONNECTIONS) };
    let base_url = format!("http://{}", sms.address());
    let sms = SmsSettings {
        api: SmsApi::Twilio(TwilioSettings { base_url, ..simulator.twilio_account() }),
        ..simulator.twilio_settings(CONNECTIONS)
    };
    let providers = vec![
        Provider::Email(EmailProvider::try_new(&email).expect("the settings can be used")),
        Provider::Sms(SmsProvider::try_new(&sms).expect("the settings can be used")),
    ];
    Providers {
        routes: vec![Route { companies: Companies::All, providers }],
        simulator: Some(Arc::new(simulator)),
    }
}
