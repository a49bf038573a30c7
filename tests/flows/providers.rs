//! The providers: their state for those who send, and pauses that hold everybody back and lose nobody.

use std::time::Duration;

use chrono::{DateTime, Utc};
use dispatcher::simulator::Behaviour;
use domain::value::{Channel, Role};
use serde_json::{Value, json};
use tests::notified::{checked, count};
use tests::orders::{email_to, sms_to};
use tests::{Client, HANG};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::notifications::{Desk, totals};

const CLIENTS: i64 = 60;

/// The provider of a channel, as a client sees it.
pub(crate) async fn provider(client: &Client, channel: &str) -> Value {
    let all = client.get("/providers").await.expect(200)["data"].clone();
    let all = all.as_array().expect("a list");
    all.iter().find(|one| one["channel"] == channel).cloned().expect("a provider of the channel")
}

/// Looks until the provider of a channel is as wanted.
async fn shown(client: &Client, channel: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let looking = async {
        loop {
            let found = provider(client, channel).await;
            if wanted(&found) {
                return found;
            }
            yield_now().await;
        }
    };
    timeout(HANG, looking).await.expect("the provider is shown as wanted")
}

/// Waits until the process has looked for pauses again: it does before each report, so before the second one from now.
async fn followed(desk: &Desk) {
    let reported_at = async || {
        sqlx::query_scalar::<_, DateTime<Utc>>("select max(reported_at) from provider_reports")
            .fetch_one(desk.world.log().pool())
            .await
            .expect("a report")
    };
    let twice = async {
        for _ in 0..2 {
            let last = reported_at().await;
            while reported_at().await == last {
                yield_now().await;
            }
        }
    };
    timeout(HANG, twice).await.expect("two reports");
}

async fn act(client: &Client, action: &str, body: Value) -> tests::Answer {
    client.post(&format!("/providers/simulador/{action}"), &body).await
}

fn pause_sms() -> Value {
    json!({"reason": "Anunció mantenimiento", "channel": "sms"})
}

#[tokio::test]
async fn a_notifier_sees_how_each_provider_is_and_how_its_last_hour_was() {
    let desk = Desk::open().await;
    desk.clients(3).await;
    desk.finished(&desk.send(&sms_to(desk.company, "Hola")).await).await;
    let found =
        shown(&desk.nora, "sms", |one| count(&one["last_hour"], "accepted") == 3 && one["processes"] == 1)
            .await;
    assert_eq!((&found["name"], &found["state"]), (&json!("simulador"), &json!("ready")), "{found}");
    assert_eq!((&found["cause"], &found["rests_until"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&found["share"], &found["paused"], &found["in_flight"]),
        (&json!(100), &Value::Null, &json!(0))
    );
    let [p50, p99] = ["p50", "p99"].map(|part| found["answer_ms"][part].as_u64().expect("milliseconds"));
    assert!(p50 <= p99 && p99 > 0, "{found}");
    let mail = provider(&desk.nora, "email").await;
    assert_eq!((&mail["answer_ms"], &mail["last_hour"]["accepted"]), (&Value::Null, &json!(0)));
    desk.world.stop().await;
}

#[tokio::test]
async fn while_the_only_provider_is_paused_everybody_waits_and_goes_on_once() {
    let desk = Desk::open().await;
    desk.clients(CLIENTS as usize).await;
    desk.client(None, Some("ana@clientes.test")).await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Slow(Duration::from_millis(400)));
    let asked = desk.send(&sms_to(desk.company, "Mantenimiento")).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{asked}/stream"), None).await;
    stream.until("totals", |told| count(&told["totals"], "accepted") >= 8).await;
    act(&admin, "pause", pause_sms()).await.expect(200);
    let again = act(&admin, "pause", pause_sms()).await.expect(200);
    assert_eq!(again["position"], desk.world.log().reader().head().await.expect("the head"));

    let paused = provider(&desk.nora, "sms").await;
    assert_eq!(paused["paused"]["reason"], "Anunció mantenimiento", "{paused}");
    assert_eq!(paused["paused"]["by"]["name"], "Ada");
    // It is obeyed within seconds: what is under way ends, and nothing more begins.
    followed(&desk).await;
    shown(&desk.nora, "sms", |one| one["in_flight"] == 0).await;
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
    let told = desk.world.simulator.counts(Channel::Sms).accepted as i64;
    // The stream may have told of all of them before the pause was asked for.
    crate::receipts::once(&desk, &asked, |totals| count(totals, "accepted") == told).await;
    let halted = desk.shown(&asked).await;
    let waiting: i64 = totals(&halted, &["pending", "sending"]).iter().sum();
    assert!(told < CLIENTS && told + waiting == CLIENTS, "nobody is deferred or has failed: {halted}");
    assert_eq!(halted["state"], "running");
    // The other channel goes on meanwhile, and a second order of the halted one waits as well.
    let second = desk.send(&sms_to(desk.company, "Otra")).await;
    let mail = desk.send(&email_to(desk.company, "Aviso", "Hola")).await;
    desk.finished(&mail).await;
    assert_eq!(desk.world.simulator.counts(Channel::Sms).accepted, told as u64);

    act(&admin, "resume", json!({"channel": "sms"})).await.expect(200);
    for notification in [&asked, &second] {
        let done = desk.finished(notification).await;
        assert!(checked(&done));
        assert_eq!(totals(&done, &["accepted"]), [CLIENTS], "{done}");
    }
    assert_eq!(desk.world.simulator.counts(Channel::Sms).accepted, 2 * CLIENTS as u64);
    desk.world.stop().await;
}

#[tokio::test]
async fn pauses_are_for_administrators_and_stand_in_the_audit_without_their_reason() {
    let desk = Desk::open().await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let auditor = desk.world.user("Aura", &[Role::Auditor], &[desk.company]).await;
    for client in [&desk.nora, &auditor] {
        act(client, "pause", pause_sms()).await.expect(403);
        act(client, "resume", json!({"channel": "sms"})).await.expect(403);
    }
    auditor.get("/providers").await.expect(403);
    let no_reason = act(&admin, "pause", json!({"channel": "sms"})).await.refused(422);
    assert_eq!(no_reason, [("/reason".into(), "missing".into())]);
    let two = act(&admin, "pause", json!({"reason": "No"})).await.refused(422);
    assert_eq!(two, [("/channel".into(), "missing".into())], "both channels have a provider of the name");
    admin.post("/providers/otro/pause", &pause_sms()).await.expect(404);

    act(&admin, "pause", pause_sms()).await.expect(200);
    act(&admin, "resume", json!({"channel": "sms"})).await.expect(200);
    act(&admin, "resume", json!({"channel": "sms"})).await.expect(200);
    desk.world.caught_up().await;
    for kind in ["ProviderPaused", "ProviderResumed"] {
        let entries = auditor.all(&format!("/audit?type={kind}")).await;
        let [entry] = &entries[..] else { panic!("one: {entries:?}") };
        assert_eq!((&entry["subject"]["type"], &entry["actor"]["name"]), (&json!("provider"), &json!("Ada")));
        assert_eq!(entry["summary"], json!({"channel": "sms", "provider": "simulador"}));
    }
    let found = provider(&admin, "sms").await;
    let changes: Vec<_> =
        found["changes"].as_array().expect("changes").iter().map(|one| one["type"].clone()).collect();
    assert_eq!(changes, ["ProviderResumed", "ProviderPaused"]);
    assert_eq!(
        (&found["paused"], &found["changes"][1]["data"]["reason"]),
        (&Value::Null, &json!("Anunció mantenimiento"))
    );
    desk.world.stop().await;
}
