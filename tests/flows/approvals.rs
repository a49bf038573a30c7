//! Two pairs of eyes: above a company's limit another person than the author decides.

use chrono::TimeDelta;
use domain::value::{Channel, Role};
use serde_json::{Value, json};
use tests::notified::finished;
use tests::orders::sms_to;
use tests::{Answer, Client};

use crate::notifications::{Desk, totals};

/// A desk whose company wants an approval for more than two people, of whom it has three.
async fn limited() -> (Desk, Client) {
    let desk = Desk::open().await;
    desk.clients(3).await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let company = format!("/companies/{}", desk.company);
    admin.patch(&company, &json!({"limits": {"approval_above": 2}})).await.expect(200);
    let limits = admin.get(&company).await.expect(200)["limits"].clone();
    assert_eq!((&limits["approval_above"], &limits["sms_per_day"]), (&json!(2), &Value::Null));
    let leo = desk.world.user("Leo", &[Role::Notifier], &[desk.company]).await;
    (desk, leo)
}

async fn act(client: &Client, notification: &str, action: &str) -> Answer {
    client.post(&format!("/notifications/{notification}/{action}"), &json!({})).await
}

async fn reject(client: &Client, notification: &str, reason: &str) -> Answer {
    client.post(&format!("/notifications/{notification}/reject"), &json!({ "reason": reason })).await
}

#[tokio::test]
async fn above_the_limit_another_person_than_the_author_approves() {
    let (desk, leo) = limited().await;
    let order = sms_to(desk.company, "Aviso a todos");
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!(preview["needs_approval"], true);
    let asked = desk.send(&order).await;
    let waits = desk.shown(&asked).await;
    let awaiting = json!({"state": "awaiting", "by": null, "at": null, "reason": null});
    assert_eq!((&waits["state"], &waits["approval"]), (&json!("awaiting_approval"), &awaiting));
    let own = act(&desk.nora, &asked, "approve").await.expect(403);
    assert_eq!(
        (&own["code"], &own["detail"]),
        (&json!("own_approval"), &json!("Debe decidir otra persona: usted es quien la solicitó."))
    );
    reject(&desk.nora, &asked, "No").await.expect(403);
    let paused = act(&leo, &asked, "pause").await.expect(409);
    assert_eq!(paused["code"], "awaiting_approval");
    let reader = desk.world.user("Rita", &[Role::Auditor], &[desk.company]).await;
    act(&reader, &asked, "approve").await.expect(403);

    act(&leo, &asked, "approve").await.expect(200);
    let done = desk.finished(&asked).await;
    assert_eq!(totals(&done, &["accepted"]), [3], "{done}");
    let approval = &done["approval"];
    assert_eq!((&approval["state"], &approval["by"]["name"]), (&json!("approved"), &json!("Leo")));
    let again = act(&leo, &asked, "approve").await.expect(200);
    assert_eq!(again["position"], desk.world.log().reader().head().await.expect("the head"));
    assert_eq!(reject(&leo, &asked, "Tarde").await.expect(409)["code"], "not_awaiting_approval");
    desk.world.caught_up().await;
    let audit = desk.nora.all(&format!("/audit?subject={asked}&type=NotificationApproved")).await;
    assert_eq!(audit[0]["actor"]["id"], leo.user.to_string());
    desk.world.stop().await;
}

#[tokio::test]
async fn what_is_rejected_is_cancelled_and_its_author_reads_why() {
    let (desk, leo) = limited().await;
    let asked = desk.send(&sms_to(desk.company, "Aviso a todos")).await;
    let refused = reject(&leo, &asked, " ").await.refused(422);
    assert_eq!(refused, [("/reason".into(), "missing".into())]);
    reject(&leo, &asked, "Es la lista de ayer").await.expect(200);
    let over = desk.shown(&asked).await;
    assert_eq!(over["state"], "cancelled");
    let approval = &over["approval"];
    assert_eq!(
        (&approval["state"], &approval["reason"]),
        (&json!("rejected"), &json!("Es la lista de ayer"))
    );
    assert_eq!(act(&leo, &asked, "approve").await.expect(409)["code"], "cancelled");
    let history = desk.nora.get(&format!("/notifications/{asked}/history")).await.expect(200);
    assert_eq!(history["events"][1]["data"]["reason"], "Es la lista de ayer");
    let audit = desk.nora.all(&format!("/audit?subject={asked}")).await;
    assert!(!json!(audit).to_string().contains("lista"), "no text of anybody stands in the audit: {audit:?}");
    let stored: String =
        sqlx::query_scalar("select payload::text from events where event_type = 'NotificationRejected'")
            .fetch_one(desk.world.log().pool())
            .await
            .expect("the event");
    assert!(!stored.contains("lista"), "it is sealed: {stored}");
    assert_eq!(desk.world.simulator.counts(Channel::Sms).accepted, 0);
    desk.world.stop().await;
}

#[tokio::test]
async fn up_to_the_limit_and_without_one_nobody_is_asked() {
    let (desk, _) = limited().await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let company = format!("/companies/{}", desk.company);
    for (limit, needs) in [(json!(3), false), (json!(2), true), (Value::Null, false)] {
        admin.patch(&company, &json!({"limits": {"approval_above": limit}})).await.expect(200);
        let order = sms_to(desk.company, "Aviso");
        let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
        assert_eq!(preview["needs_approval"], needs, "{limit}");
        let asked = desk.send(&order).await;
        assert_eq!(desk.shown(&asked).await["approval"].is_object(), needs, "{limit}");
    }
    admin.patch(&company, &json!({"name": "Otra"})).await.expect(200);
    for limits in [json!({"approval_above": -1}), json!({"approval_above": "2"}), json!({"otro": 1})] {
        admin.patch(&company, &json!({ "limits": limits })).await.expect(422);
    }
    desk.world.caught_up().await;
    let audit = desk.nora.all(&format!("/audit?subject={}&type=CompanyChanged", desk.company)).await;
    assert_eq!(audit[0]["summary"]["limits"], json!({"foreign_per_day": 50}), "the newest");
    desk.world.stop().await;
}

#[tokio::test]
async fn what_is_approved_before_its_time_waits_for_it() {
    let (desk, leo) = limited().await;
    let mut order = sms_to(desk.company, "Aviso a todos");
    order["schedule_at"] = json!(desk.world.now() + TimeDelta::minutes(10));
    let asked = desk.send(&order).await;
    act(&leo, &asked, "approve").await.expect(200);
    assert_eq!(desk.shown(&asked).await["state"], "scheduled");
    desk.world.pass(TimeDelta::minutes(10));
    assert_eq!(totals(&desk.finished(&asked).await, &["accepted"]), [3]);

    let late = desk.send(&order_in(&desk, 10)).await;
    desk.world.pass(TimeDelta::minutes(20));
    act(&leo, &late, "approve").await.expect(200);
    assert_eq!(totals(&desk.finished(&late).await, &["accepted"]), [3], "its time is past, so it begins");
    desk.world.stop().await;
}

#[tokio::test]
async fn what_nobody_approves_or_resumes_ends_at_its_expiry_and_gives_back_its_promise() {
    let (desk, leo) = limited().await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let company = format!("/companies/{}", desk.company);
    admin.patch(&company, &json!({"limits": {"sms_per_day": 6}})).await.expect(200);
    let mut order = sms_to(desk.company, "Aviso a todos");
    order["expires_at"] = json!(desk.world.now() + TimeDelta::minutes(10));
    let awaiting = desk.send(&order).await;
    admin.patch(&company, &json!({"limits": {"approval_above": null}})).await.expect(200);
    order["hold_seconds"] = json!(30);
    let paused = desk.send(&order).await;
    act(&desk.nora, &paused, "pause").await.expect(200);
    desk.nora.post_new("/notifications", &sms_to(desk.company, "Otra")).await.refused(422);

    desk.world.pass(TimeDelta::minutes(10));
    for expired in [&awaiting, &paused] {
        assert_eq!(desk.finished(expired).await["state"], "cancelled");
        desk.world.caught_up().await;
        let audit = desk.nora.all(&format!("/audit?subject={expired}&type=NotificationExpired")).await;
        assert_eq!((audit.len(), &audit[0]["actor"]), (1, &Value::Null));
    }
    assert_eq!(act(&leo, &awaiting, "approve").await.expect(409)["code"], "expired");
    assert_eq!(act(&desk.nora, &paused, "resume").await.expect(409)["code"], "expired");
    assert_eq!(desk.world.simulator.counts(Channel::Sms).accepted, 0);
    while promised(&desk).await > 0 {}
    let other = desk.send(&sms_to(desk.company, "Otra")).await;
    assert_eq!(totals(&desk.finished(&other).await, &["accepted"]), [3]);
    desk.world.stop().await;
}

/// What is promised of the limit of SMS a day.
async fn promised(desk: &Desk) -> u64 {
    let usage = desk.nora.get(&format!("/companies/{}/usage", desk.company)).await.expect(200);
    let limits = usage["limits"].as_array().expect("limits");
    let of_day = limits.iter().find(|limit| limit["name"] == "sms_per_day").expect("the limit");
    of_day["promised"].as_u64().expect("a number")
}

fn order_in(desk: &Desk, minutes: i64) -> Value {
    let mut order = sms_to(desk.company, "Aviso a todos");
    order["schedule_at"] = json!(desk.world.now() + TimeDelta::minutes(minutes));
    order
}

#[tokio::test]
async fn of_an_approval_and_a_cancellation_at_once_the_cancellation_stands_and_the_books_agree() {
    let (desk, leo) = limited().await;
    for _ in 0..10 {
        let before = desk.world.simulator.counts(Channel::Sms).accepted;
        let asked = desk.send(&sms_to(desk.company, "Aviso a todos")).await;
        let (approved, cancelled) =
            tokio::join!(act(&leo, &asked, "approve"), act(&desk.nora, &asked, "cancel"));
        cancelled.expect(200);
        let approved = approved.status.as_u16();
        assert!(approved == 200 || approved == 409, "{approved}");
        let done = finished(&desk.nora, &asked).await;
        let accepted = desk.world.simulator.counts(Channel::Sms).accepted - before;
        assert!(accepted == 3 || done["state"] == "cancelled", "{done}");
        assert_eq!(totals(&done, &["accepted"]), [accepted as i64], "{done}");
        assert!(approved == 200 || accepted == 0, "what was not approved has left: {done}");
    }
    desk.world.stop().await;
}
