//! Pauses outlive the program, and a slow provider gives up its traffic step by step and gets it back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use commands::clock;
use dispatcher::provider::{Provider, SmsProvider, SmsSettings};
use dispatcher::simulator::{Behaviour, Simulator, SimulatorOptions};
use dispatcher::{Companies, Route};
use domain::value::{Channel, ProviderId, Role};
use gateway::system::Providers;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::Client;
use tests::notified::{count, finished};

use crate::company_fixture::{CompanyFixture, acceptances_in};
use crate::load::{Load, notification};
use crate::reconciliation::reconcile;
use crate::testbed::{CLIENTS as FEW, CONNECTIONS as FEW_CONNECTIONS, Testbed, eventually};

const CLIENTS: usize = 60;
const CONNECTIONS: u32 = 20;
/// So long that it counts as slow whatever is usual on a busy machine. For a part of it the provider counts as stalled, and what
/// waits goes by the other one.
const SLOW: Duration = Duration::from_secs(7);
/// So slow that a campaign is still under way when its provider is paused.
const A_LITTLE_SLOW: Duration = Duration::from_millis(100);
/// Longer than the window in which sends count.
const PAST_THE_WINDOW: TimeDelta = TimeDelta::seconds(61);
/// Longer than a share stays at least, and so short that the last campaign still counts.
const LATER: TimeDelta = TimeDelta::seconds(31);
/// How many campaigns are asked for until the share is as wanted.
const CAMPAIGNS_MAX: usize = 40;

/// The system between two providers of SMS, of which the first one may be slow.
struct Town {
    fixture: CompanyFixture,
    admin: Client,
    slow: Simulator,
    folder: TempDir,
    campaigns: usize,
}

impl Town {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (slow, good) = (simulator(&folder, "lento").await, simulator(&folder, "bueno").await);
        let providers = [(&slow, "lento"), (&good, "bueno")].map(|(simulator, name)| {
            let settings = SmsSettings { name: name.into(), ..simulator.twilio_settings(CONNECTIONS) };
            Provider::Sms(SmsProvider::try_new(&settings).expect("good settings"))
        });
        let routes = vec![Route { companies: Companies::All, providers: providers.into() }];
        let providers = Providers { routes, simulator: Some(Arc::new(good)) };
        let fixture = CompanyFixture::start(providers, CLIENTS).await;
        let admin = fixture.world.user("Ada", &[Role::Admin], &[]).await;
        Self { fixture, admin, slow, folder, campaigns: 0 }
    }

    /// A campaign that everybody is told of.
    async fn campaign(&mut self) {
        // Alarms go to the provider that is not slow, whatever the shares.
        let mut order = notification(&self.fixture.company, Channel::Sms);
        order["category"] = "service".into();
        let asked = self.fixture.ask(&order).await;
        let done = finished(&self.fixture.client, &asked).await;
        assert_eq!(count(&done["totals"], "accepted"), CLIENTS as i64, "{done}");
        self.campaigns += 1;
    }

    async fn provider(&self) -> Value {
        provider(&self.admin, "lento").await
    }

    async fn share(&self) -> i64 {
        self.provider().await["share"].as_i64().expect("a share")
    }

    /// Campaigns, with time between them, until the share is as wanted.
    async fn campaigns_until(&mut self, pause: TimeDelta, wanted: impl Fn(i64) -> bool) {
        for _ in 0..CAMPAIGNS_MAX {
            if wanted(self.share().await) {
                return;
            }
            self.fixture.world.pass(pause);
            self.campaign().await;
        }
        panic!("the share is {} after {CAMPAIGNS_MAX} campaigns", self.share().await);
    }

    fn ledgers(&self) -> [PathBuf; 2] {
        ["lento", "bueno"].map(|name| self.folder.path().join(name))
    }

    fn told_by(&self, name: &str) -> usize {
        acceptances_in([self.folder.path().join(name)], Channel::Sms).values().sum()
    }
}

async fn simulator(folder: &TempDir, name: &str) -> Simulator {
    let ledger = Some(folder.path().join(name));
    let options = SimulatorOptions { ledger, ..SimulatorOptions::new(Arc::new(clock::now)) };
    Simulator::start(options).await.expect("the simulator starts")
}

async fn provider(client: &Client, name: &str) -> Value {
    let all = client.get("/providers").await.expect(200)["data"].clone();
    let all = all.as_array().expect("a list");
    all.iter().find(|one| one["name"] == name).cloned().expect("the provider")
}

/// The steps of the share, oldest first, as the audit has them.
async fn steps(client: &Client) -> Vec<(i64, i64, String)> {
    let moved = client.all("/audit?type=TrafficMoved").await;
    let step = |entry: &Value| {
        assert!(entry["actor"].is_null(), "the system moves traffic: {entry}");
        let summary = &entry["summary"];
        assert_eq!((&summary["provider"], &summary["channel"]), (&json!("lento"), &json!("sms")));
        let [before, after] = ["share_before", "share"].map(|part| summary[part].as_i64().expect("a share"));
        (before, after, summary["cause"].as_str().expect("a cause").to_owned())
    };
    moved.iter().rev().map(step).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_provider_gives_up_its_traffic_in_steps_and_gets_it_back_and_everybody_is_told_once() {
    let mut town = Town::start().await;
    town.campaign().await;
    assert_eq!(town.told_by("lento"), CLIENTS, "the first provider takes everything while it is fast");
    eventually("it is known what is usual", async || {
        (count(&town.provider().await["last_hour"], "accepted") == CLIENTS as i64).then_some(())
    })
    .await;
    town.fixture.world.pass(PAST_THE_WINDOW);

    town.slow.set_rule(Channel::Sms, "", Behaviour::Slow(SLOW));
    town.campaigns_until(TimeDelta::zero(), |share| share <= 50).await;
    // While a campaign waited for it, nothing was heard of it.
    let shown = eventually("it works, slowly", async || {
        let shown = town.provider().await;
        (shown["state"] == "ready").then_some(shown)
    })
    .await;
    assert_eq!(shown["paused"], Value::Null);
    let last = &shown["changes"][0];
    assert_eq!((&last["type"], &last["data"]["cause"]), (&json!("TrafficMoved"), &json!("slow_answers")));
    town.campaign().await;
    assert!(
        town.told_by("bueno") > 0,
        "the steps may have been taken within one campaign, and count for the next"
    );

    town.slow.set_rule(Channel::Sms, "", Behaviour::Accept);
    town.campaigns_until(LATER, |share| share == 100).await;
    town.fixture.world.caught_up().await;
    let steps = steps(&town.admin).await;
    let (first, last) = (steps.first().expect("a step"), steps.last().expect("a step"));
    assert_eq!((first.0, last.1), (100, 100), "{steps:?}");
    assert!(steps.windows(2).all(|pair| pair[0].1 == pair[1].0), "each step is recorded once: {steps:?}");
    for (before, after, cause) in &steps {
        let expected: &[&str] = if after < before { &["slow_answers"] } else { &["recovered", "untried"] };
        assert!(expected.contains(&cause.as_str()), "{steps:?}");
    }

    let told = acceptances_in(town.ledgers(), Channel::Sms);
    assert_eq!(told.len(), CLIENTS);
    assert!(told.values().all(|times| *times == town.campaigns), "{told:?}");
    let ledgers = town.ledgers();
    town.fixture.close(ledgers).await;
}

impl Town {
    /// So many acceptances of the first provider in the slot of a moment, and receipts of them in time.
    async fn accepted_before(&self, moment: DateTime<Utc>, accepted: i64, in_time: i64) {
        let slot = moment.duration_trunc(TimeDelta::seconds(5)).expect("a slot");
        sqlx::query(
            "insert into provider_figures (provider_id, slot, accepted, in_time) values ($1, $2, $3, $4)",
        )
        .bind(ProviderId::of(Channel::Sms, "lento").uuid())
        .bind(slot)
        .bind(accepted)
        .bind(in_time)
        .execute(self.fixture.world.log().pool())
        .await
        .expect("the figures");
    }

    /// The last step, once the share is as wanted.
    async fn moved_to(&self, share: i64) -> Value {
        let moved = async || {
            let shown = self.provider().await;
            (shown["share"] == share).then(|| shown["changes"][0].clone())
        };
        eventually("the share is moved", moved).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_whose_receipts_are_late_gives_up_traffic_and_gets_it_back_by_receipts_alone() {
    let mut town = Town::start().await;
    town.campaign().await;
    let now = town.fixture.world.now();
    town.accepted_before(now - TimeDelta::minutes(40), 200, 190).await;
    town.accepted_before(now - TimeDelta::minutes(10), 100, 60).await;
    let step = town.moved_to(75).await;
    let data = &step["data"];
    assert_eq!(
        (&data["cause"], &data["bad"], &data["of"]),
        (&json!("late_receipts"), &json!(40), &json!(100))
    );
    assert_eq!(data["late_above_percent"], 30, "{step}");

    let moved_at = town.fixture.world.now();
    town.fixture.world.pass(TimeDelta::minutes(6));
    town.accepted_before(moved_at + TimeDelta::minutes(1), 20, 20).await;
    let step = town.moved_to(100).await;
    assert_eq!((&step["data"]["cause"], &step["data"]["of"]), (&json!("recovered"), &json!(20)));
    let ledgers = town.ledgers();
    town.fixture.close(ledgers).await;
}

async fn act(client: &Client, action: &str, body: Value) -> tests::Answer {
    client.post(&format!("/providers/sms/{action}"), &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_and_a_restart_keep_a_pause_and_lose_nobody() {
    let testbed = Testbed::start().await;
    testbed.simulator.set_rule(Channel::Sms, "", Behaviour::Slow(A_LITTLE_SLOW));
    let mut load = Load::default();
    load.add_notification(&testbed, 0, Channel::Sms);
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    load.apply_until_answered(&client).await;
    eventually("it is under way", async || (!testbed.ledger().is_empty()).then_some(())).await;
    act(&client, "pause", json!({"reason": "Anunció mantenimiento"})).await.expect(200);
    program.kill().await;

    let program = testbed.program("").await;
    let client = testbed.client(&program);
    // A report comes after the switches are read, and a notification by the other channel after that.
    eventually("it reports", async || (provider(&client, "sms").await["processes"] == 1).then_some(())).await;
    let by_sms = || testbed.ledger().iter().filter(|entry| entry.channel == Channel::Sms).count();
    let told = by_sms();
    assert!(told < FEW, "the campaign was over too soon");
    load.add_notification(&testbed, 0, Channel::Email);
    load.apply_until_answered(&client).await;
    let mail =
        load.notifications().find(|asked| asked.channel == Channel::Email).expect("a mail").id.to_owned();
    finished(&client, &mail).await;
    let shown = provider(&client, "sms").await;
    assert_eq!(shown["paused"]["reason"], "Anunció mantenimiento", "{shown}");
    assert_eq!(by_sms(), told, "nothing is sent while it is paused");
    act(&client, "resume", json!({})).await.expect(200);
    reconcile(&testbed, &client, &load, FEW_CONNECTIONS).await;
    program.kill().await;
}

/// The event and the row that processes follow are committed together.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_before_a_pause_is_committed_leaves_none() {
    let testbed = Testbed::start().await;
    let program = testbed.program("provider::before_commit=return").await;
    let client = testbed.client(&program);
    let pause = client.request(reqwest::Method::POST, "/providers/sms/pause");
    let pausing = pause.json(&json!({"reason": "Anunció mantenimiento"})).send();
    let (answer, _) = tokio::join!(pausing, program.ended());
    assert!(answer.is_err(), "it died before it could answer");

    let program = testbed.program("").await;
    let client = testbed.client(&program);
    assert!(provider(&client, "sms").await["paused"].is_null());
    let mut load = Load::default();
    load.add_notification(&testbed, 0, Channel::Sms);
    load.apply_until_answered(&client).await;
    reconcile(&testbed, &client, &load, 0).await;
    program.kill().await;
}
