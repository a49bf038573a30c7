//! Two pairs of eyes: above a company's limit another person than the author decides.

use chrono::TimeDelta;
use domain::value::{Channel, Role};
use serde_json::{Value, json};
use tests::notified::finished;
use tests::orders::sms_to;
use tests::{Answer, Client, EventStream};
use uuid::Uuid;

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
    let awaiting =
        json!({"state": "awaiting", "by": null, "at": null, "reason": null, "people": 3, "above": 2});
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
    let audit = desk.nora.all(&format!("/audit?subject={asked}&type=NotificationRejected")).await;
    assert_eq!(audit[0]["summary"], json!({"reason": "Es la lista de ayer"}));
    let kept: bool =
        sqlx::query_scalar("select exists (select from audit.audit_entries where summary like '%lista%')")
            .fetch_one(desk.world.log().pool())
            .await
            .expect("the view");
    assert!(!kept, "no text of anybody stands in the audit itself");
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

/// The messages of the system to a person, oldest first.
async fn told(client: &Client) -> Vec<String> {
    let inbox = client.all("/inbox").await;
    let of_system = inbox.iter().rev().filter(|item| item["author"]["id"] == Uuid::nil().to_string());
    of_system.map(|item| item["body"].as_str().expect("a text").to_owned()).collect()
}

/// The next message that arrives while a person looks.
async fn next_told(inbox: &mut EventStream) -> String {
    inbox.next_of("message").await.data["body"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn who_may_approve_is_told_of_what_waits_and_its_author_of_the_decision() {
    let (desk, leo) = limited().await;
    let operator = desk.world.user("Omar", &[Role::Operator], &[desk.company]).await;
    let admin = desk.world.user("Admin", &[Role::Admin], &[]).await;
    let (mut of_leo, mut of_nora) =
        (leo.stream("/inbox/stream", None).await, desk.nora.stream("/inbox/stream", None).await);
    let asked = desk.send(&sms_to(desk.company, "Corte  de energía a las 8")).await;
    let text = next_told(&mut of_leo).await;
    assert!(
        text.starts_with("Espera aprobación la notificación «Corte de energía a las 8» de Vigía Andina"),
        "{text}"
    );
    assert!(text.contains("Nora solicitó el") && text.contains("La recibirían 3 personas"), "{text}");
    act(&leo, &asked, "approve").await.expect(200);
    let text = next_told(&mut of_nora).await;
    assert!(text.starts_with("Leo aprobó la notificación «Corte de energía a las 8»"), "{text}");
    desk.finished(&asked).await;

    let refused = desk.send(&sms_to(desk.company, "Otra")).await;
    next_told(&mut of_leo).await;
    reject(&leo, &refused, "Es la lista de ayer").await.expect(200);
    let text = next_told(&mut of_nora).await;
    assert!(text.ends_with("No se enviará nada. Motivo: Es la lista de ayer"), "{text}");
    desk.world.caught_up().await;
    assert_eq!((told(&desk.nora).await.len(), told(&leo).await.len()), (2, 2));
    assert_eq!((told(&admin).await.len(), told(&operator).await.len()), (2, 0));
    desk.world.stop().await;
}

#[tokio::test]
async fn an_author_whom_nobody_can_approve_is_told_so() {
    let (desk, leo) = limited().await;
    let admins = desk.world.log().pool();
    sqlx::query("update users.users set active = false where user_id <> $1")
        .bind(desk.nora.user.uuid())
        .execute(admins)
        .await
        .expect("they are gone");
    let mut inbox = desk.nora.stream("/inbox/stream", None).await;
    desk.send(&sms_to(desk.company, "Aviso a todos")).await;
    assert!(next_told(&mut inbox).await.contains("Ninguna otra persona puede aprobarla"));
    drop(leo);
    desk.world.stop().await;
}

#[tokio::test]
async fn what_reaches_more_people_than_the_limit_when_its_time_has_come_waits_for_an_approval() {
    let (desk, leo) = limited().await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let company = format!("/companies/{}", desk.company);
    admin.patch(&company, &json!({"limits": {"approval_above": 3}})).await.expect(200);
    let asked = desk.send(&order_in(&desk, 10)).await;
    assert_eq!(desk.shown(&asked).await["approval"], Value::Null, "three people need none");
    let (mut of_leo, mut of_nora) =
        (leo.stream("/inbox/stream", None).await, desk.nora.stream("/inbox/stream", None).await);
    for phone in ["3015519001", "3015519002"] {
        desk.client(Some(phone), None).await;
    }
    desk.world.pass(TimeDelta::minutes(10));
    for inbox in [&mut of_leo, &mut of_nora] {
        let text = next_told(inbox).await;
        assert!(text.contains("no ha salido") && text.contains("Ahora la recibirían 5 personas"), "{text}");
    }
    let waits = desk.shown(&asked).await;
    assert_eq!((&waits["state"], &waits["begun_at"]), (&json!("awaiting_approval"), &Value::Null));
    assert_eq!((&waits["approval"]["people"], &waits["approval"]["above"]), (&json!(5), &json!(3)));
    assert_eq!(desk.world.simulator.counts(Channel::Sms).accepted, 0);

    // Once more many more people: the first yes was not for them.
    for phone in ["3015519003", "3015519004"] {
        desk.client(Some(phone), None).await;
    }
    act(&leo, &asked, "approve").await.expect(200);
    assert!(next_told(&mut of_leo).await.contains("Ahora la recibirían 7 personas"));
    assert_eq!(desk.shown(&asked).await["state"], "awaiting_approval");
    act(&leo, &asked, "approve").await.expect(200);
    assert_eq!(totals(&desk.finished(&asked).await, &["accepted"]), [7]);
    desk.world.stop().await;
}

#[tokio::test]
async fn who_approves_sees_whom_it_reaches_with_which_text_and_what_it_costs() {
    let (desk, leo) = limited().await;
    desk.client(None, Some("sin.telefono@example.com")).await;
    let mut order = order_in(&desk, 10);
    order["filter"] = json!({"locale": "es", "external_ids": ["P-0", "P-1", "P-2", "Z-9"]});
    let asked = desk.send(&order).await;
    let waits = desk.shown(&asked).await;
    let filter = json!({"locale": "es", "time_zone": null, "clients": 3, "unknown": 1});
    assert_eq!((&waits["filter"], &waits["author"]["name"]), (&filter, &json!("Nora")));
    let path = format!("/notifications/{asked}/preview");
    let preview = leo.get(&path).await.expect(200);
    let audience = json!({"total": 4, "reachable": 3, "excluded": {"unknown": 1}, "duplicates": 0});
    assert_eq!((&preview["audience"], &preview["needs_approval"]), (&audience, &json!(true)));
    assert_eq!((&preview["sms"]["segments_total"], &preview["confirm_token"]), (&json!(3), &Value::Null));
    let sample = &preview["samples"][0];
    assert_eq!((&sample["body"], &sample["segments"]), (&json!("Aviso a todos"), &json!(1)));
    let asked_again = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!(asked_again["samples"], preview["samples"], "what was written, as its author saw it");

    act(&leo, &asked, "approve").await.expect(200);
    leo.get(&path).await.expect(200);
    act(&leo, &asked, "cancel").await.expect(200);
    desk.world.caught_up().await;
    assert_eq!(leo.get(&path).await.expect(409)["code"], "cancelled");
    desk.world.stop().await;
}
