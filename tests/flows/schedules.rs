//! The times of a notification: when it begins, the undo window before it, pauses, and its end.

use std::time::Duration;

use chrono::TimeDelta;
use dispatcher::simulator::Behaviour;
use domain::value::Channel;
use serde_json::{Value, json};
use tests::notified::{checked, count};
use tests::orders::sms_to;

use crate::notifications::{Desk, totals};

impl Desk {
    async fn act(&self, notification: &str, action: &str) -> tests::Answer {
        self.nora.post(&format!("/notifications/{notification}/{action}"), &json!({})).await
    }

    async fn reschedule(&self, notification: &str, schedule_at: impl serde::Serialize) -> tests::Answer {
        let body = json!({ "schedule_at": schedule_at });
        self.nora.post(&format!("/notifications/{notification}/reschedule"), &body).await
    }

    /// As the views show it once they have seen what others did.
    pub(crate) async fn shown(&self, notification: &str) -> Value {
        self.world.caught_up().await;
        let shown = self.nora.get(&format!("/notifications/{notification}")).await.expect(200);
        assert!(checked(&shown));
        shown
    }

    /// A notification that was asked for after this is told to everybody: whatever is due has begun by then.
    async fn told_to_all(&self, people: i64) {
        let marker = self.send(&sms_to(self.company, "Marca")).await;
        assert_eq!(totals(&self.finished(&marker).await, &["accepted"]), [people]);
    }

    fn sent(&self) -> u64 {
        self.world.simulator.counts(Channel::Sms).accepted
    }
}

fn scheduled(desk: &Desk, in_minutes: i64) -> Value {
    let mut order = sms_to(desk.company, "Corte programado");
    order["schedule_at"] = json!(desk.world.now() + TimeDelta::minutes(in_minutes));
    order
}

#[tokio::test]
async fn what_is_scheduled_goes_at_its_time_to_the_people_of_that_moment() {
    let desk = Desk::open().await;
    desk.clients(2).await;
    let order = scheduled(&desk, 60);
    let asked = desk.send(&order).await;
    let waits = desk.shown(&asked).await;
    assert_eq!((&waits["state"], &waits["begun_at"]), (&json!("scheduled"), &Value::Null), "{waits}");
    assert_eq!(
        waits["send_at"].as_str().map(|time| &time[..19]),
        order["schedule_at"].as_str().map(|t| &t[..19])
    );
    desk.client(Some("3001234567"), None).await;
    desk.world.pass(TimeDelta::minutes(59));
    desk.told_to_all(3).await;
    assert_eq!(desk.shown(&asked).await["state"], "scheduled");
    desk.world.pass(TimeDelta::minutes(1));
    let done = desk.finished(&asked).await;
    assert_eq!(totals(&done, &["total", "accepted"]), [3, 3], "{done}");
    assert!(done["begun_at"].is_string(), "{done}");
    let history = desk.nora.get(&format!("/notifications/{asked}/history")).await.expect(200);
    let kinds: Vec<_> =
        history["events"].as_array().expect("events").iter().map(|one| one["type"].clone()).collect();
    let life = [
        "NotificationRequested",
        "NotificationBegun",
        "AudienceChunkResolved",
        "AudienceClosed",
        "NotificationCompleted",
    ];
    assert_eq!(kinds, life);
    let before = history["events"][1]["position"].as_i64().expect("a position") - 1;
    let then = desk.nora.get(&format!("/notifications/{asked}/history?as_of={before}")).await.expect(200);
    assert_eq!(then["state"]["state"], "scheduled");
    desk.world.caught_up().await;
    let audit = desk.nora.all(&format!("/audit?subject={asked}&type=NotificationBegun")).await;
    assert_eq!((audit.len(), &audit[0]["actor"]), (1, &Value::Null));
    desk.world.stop().await;
}

#[tokio::test]
async fn a_cancellation_while_it_is_held_undoes_everything() {
    let desk = Desk::open().await;
    desk.clients(2).await;
    let mut order = sms_to(desk.company, "Falsa alarma");
    order["hold_seconds"] = json!(30);
    let (undone, kept) = (desk.send(&order).await, desk.send(&order).await);
    assert_eq!(desk.shown(&undone).await["state"], "scheduled");
    desk.act(&undone, "cancel").await.expect(200);
    desk.world.pass(TimeDelta::seconds(30));
    assert_eq!(totals(&desk.finished(&kept).await, &["accepted"]), [2]);
    let undone = desk.finished(&undone).await;
    assert_eq!((&undone["state"], &undone["begun_at"]), (&json!("cancelled"), &Value::Null));
    assert_eq!(totals(&undone, &["total"]), [0]);
    assert_eq!(desk.sent(), 2, "only the other has left");
    for (seconds, path) in [(-1, "/hold_seconds"), (601, "/hold_seconds")] {
        order["hold_seconds"] = json!(seconds);
        let refused = desk.nora.post_new("/notifications", &order).await.refused(422);
        assert_eq!(refused, [(path.into(), "out_of_range".into())], "{seconds}");
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn another_time_counts_until_it_has_begun() {
    let desk = Desk::open().await;
    desk.clients(1).await;
    let mut order = scheduled(&desk, 10);
    order["expires_at"] = json!(desk.world.now() + TimeDelta::hours(3));
    let asked = desk.send(&order).await;
    let later = desk.world.now() + TimeDelta::hours(1);
    let refused = |answer: tests::Answer| answer.refused(422);
    let (past, far, after_expiry) = (
        desk.world.now() - TimeDelta::seconds(1),
        desk.world.now() + TimeDelta::days(367),
        desk.world.now() + TimeDelta::hours(3),
    );
    for (time, code) in [(past, "in_the_past"), (far, "too_far"), (after_expiry, "expired")] {
        assert_eq!(refused(desk.reschedule(&asked, time).await), [("/schedule_at".into(), code.into())]);
    }
    let told = desk.reschedule(&asked, after_expiry).await.expect(422)["errors"][0]["detail"].clone();
    let minute = after_expiry.format("%Y-%m-%d %H:%M UTC");
    assert_eq!(
        told,
        format!("Vencería el {minute}, y comenzaría el {minute}. Debe vencer después de comenzar.")
    );
    desk.reschedule(&asked, later).await.expect(200);
    let again = desk.reschedule(&asked, later).await.expect(200);
    assert_eq!(again["position"], desk.world.log().reader().head().await.expect("the head"));
    desk.world.pass(TimeDelta::minutes(30));
    desk.told_to_all(1).await;
    assert_eq!(desk.shown(&asked).await["state"], "scheduled");
    desk.world.pass(TimeDelta::minutes(30));
    assert_eq!(totals(&desk.finished(&asked).await, &["accepted"]), [1]);
    let late = desk.reschedule(&asked, desk.world.now() + TimeDelta::minutes(5)).await.expect(409);
    assert_eq!(late["code"], "already_begun");
    desk.world.stop().await;
}

#[tokio::test]
async fn a_confirmation_is_of_one_time_and_of_the_audience_when_it_was_asked_for() {
    let desk = Desk::open().await;
    desk.clients(1).await;
    let mut order = scheduled(&desk, 10);
    order["confirm_token"] =
        desk.nora.post("/notifications/preview", &order).await.expect(200)["confirm_token"].clone();
    let mut other = order.clone();
    other["schedule_at"] = json!(desk.world.now() + TimeDelta::minutes(11));
    let refused = desk.nora.post_new("/notifications", &other).await.refused(422);
    assert_eq!(refused, [("/confirm_token".into(), "unconfirmed".into())]);
    let asked = desk.send(&order).await;
    desk.client(Some("3001234567"), None).await;
    desk.world.pass(TimeDelta::minutes(10));
    assert_eq!(
        totals(&desk.finished(&asked).await, &["accepted"]),
        [2],
        "also who came after the confirmation"
    );
    desk.world.stop().await;
}

#[tokio::test]
async fn what_is_paused_waits_and_goes_on_with_everybody_once() {
    const CLIENTS: i64 = 120;
    let desk = Desk::open().await;
    desk.clients(CLIENTS as usize).await;
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Slow(Duration::from_millis(300)));
    let asked = desk.send(&sms_to(desk.company, "Mantenimiento")).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{asked}/stream"), None).await;
    stream.until("totals", |told| checked(told) && count(&told["totals"], "accepted") >= 8).await;
    desk.act(&asked, "pause").await.expect(200);
    stream.until("totals", |told| checked(told) && told["state"] == "paused").await;
    let again = desk.act(&asked, "pause").await.expect(200);
    assert_eq!(again["position"], desk.world.log().reader().head().await.expect("the head"));
    // Another one is told to all meanwhile: nothing of the paused one goes first.
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
    desk.told_to_all(CLIENTS).await;
    let halted = desk.shown(&asked).await;
    let [accepted, pending] = totals(&halted, &["accepted", "pending"])[..] else { panic!("two") };
    assert!(accepted < CLIENTS && pending > 0, "{halted}");
    assert_eq!(desk.sent(), (CLIENTS + accepted) as u64);

    desk.act(&asked, "resume").await.expect(200);
    let done = desk.finished(&asked).await;
    assert_eq!(totals(&done, &["accepted"]), [CLIENTS], "{done}");
    assert_eq!(desk.sent(), 2 * CLIENTS as u64);
    desk.world.caught_up().await;
    let audit = desk.nora.all(&format!("/audit?subject={asked}")).await;
    let by_nora = |kind: &str| {
        audit.iter().any(|entry| entry["type"] == kind && entry["actor"]["id"] == desk.nora.user.to_string())
    };
    assert!(by_nora("NotificationPaused") && by_nora("NotificationResumed"), "{audit:?}");
    desk.world.stop().await;
}

#[tokio::test]
async fn what_is_paused_neither_begins_nor_outlives_its_expiry() {
    let desk = Desk::open().await;
    desk.clients(1).await;
    let mut order = scheduled(&desk, 10);
    order["expires_at"] = json!(desk.world.now() + TimeDelta::hours(3));
    let [resumed, late] = [desk.send(&order).await, desk.send(&order).await];
    for asked in [&resumed, &late] {
        desk.act(asked, "pause").await.expect(200);
    }
    desk.world.pass(TimeDelta::hours(1));
    desk.told_to_all(1).await;
    assert_eq!(desk.shown(&resumed).await["state"], "paused");
    desk.act(&resumed, "resume").await.expect(200);
    assert_eq!(totals(&desk.finished(&resumed).await, &["accepted"]), [1]);
    desk.world.pass(TimeDelta::hours(3));
    desk.act(&late, "resume").await.expect(200);
    assert_eq!(totals(&desk.finished(&late).await, &["failed"]), [1], "its time is over");
    desk.act(&late, "cancel").await.expect(200);
    assert_eq!(desk.sent(), 2);
    desk.world.stop().await;
}
