//! A retry obeys what a request obeys: the limits of the company, its approvals, and one message to an address.

use dispatcher::simulator::{Behaviour, Refusal};
use domain::value::{Channel, Role};
use serde_json::{Value, json};
use tests::orders::{email_to, sms_to};
use tests::{Answer, Client, id_of};

use crate::notifications::{Desk, totals};

/// A number that the simulator refuses for good.
const WRONG: &str = "+573001230001";
const ABROAD: &str = "+18095551234";

fn refuse_sms(desk: &Desk) {
    let broken = Refusal::sms(400, 21211, "Invalid");
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Refuse(broken));
}

fn accept_sms(desk: &Desk) {
    desk.world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
}

/// A desk and its administrator.
async fn open() -> (Desk, Client) {
    let desk = Desk::open().await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    (desk, admin)
}

async fn limit(desk: &Desk, admin: &Client, limits: Value) {
    admin.patch(&format!("/companies/{}", desk.company), &json!({ "limits": limits })).await.expect(200);
}

/// What is used and what is promised of a limit.
async fn taken(desk: &Desk, name: &str) -> Value {
    let usage = desk.nora.get(&format!("/companies/{}/usage", desk.company)).await.expect(200);
    let limits = usage["limits"].as_array().expect("limits");
    let found = limits.iter().find(|limit| limit["name"] == name).expect("the limit");
    json!([found["used"], found["promised"]])
}

async fn failed(desk: &Desk, order: &Value) -> String {
    let notification = desk.send(order).await;
    desk.finished(&notification).await;
    notification
}

async fn retry(client: &Client, delivery: &Value, body: Value) -> Answer {
    client.post(&format!("/deliveries/{}/retry", id_of(delivery)), &body).await
}

fn over_limit() -> Vec<(String, String)> {
    vec![("/company_id".to_owned(), "over_limit".to_owned())]
}

#[tokio::test]
async fn a_retry_to_another_country_is_refused_by_its_limit_and_counted_when_allowed() {
    let (desk, admin) = open().await;
    limit(&desk, &admin, json!({"foreign_per_day": 0})).await;
    desk.client(Some(WRONG), None).await;
    let notification = failed(&desk, &sms_to(desk.company, "Hola")).await;
    let dead = desk.delivery(&notification, WRONG).await;
    let refused = retry(&desk.nora, &dead, json!({"to": ABROAD})).await.expect(422);
    let fault = &refused["errors"][0];
    assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/company_id"), &json!("over_limit")));
    assert!(desk.received(Channel::Sms).is_empty(), "nothing is sent");

    limit(&desk, &admin, json!({"foreign_per_day": 1})).await;
    refuse_sms(&desk);
    retry(&desk.nora, &dead, json!({"to": ABROAD})).await.expect(200);
    desk.finished(&notification).await;
    assert_eq!(taken(&desk, "foreign_per_day").await, json!([0, 0]), "it failed");
    limit(&desk, &admin, json!({"foreign_per_day": 0})).await;
    accept_sms(&desk);
    assert_eq!(retry(&desk.nora, &dead, json!({})).await.refused(422), over_limit(), "the number stays");
    let many = json!({"ids": [id_of(&dead)], "reason": "Otra vez"});
    let answer = desk.nora.post("/deliveries/retry", &many).await.expect(202);
    assert_eq!((&answer["retried"], &answer["refused"][0]["code"]), (&json!(0), &json!("over_limit")));
    let all = desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await;
    assert_eq!(all.refused(422), over_limit());

    limit(&desk, &admin, json!({"foreign_per_day": 1})).await;
    retry(&desk.nora, &dead, json!({})).await.expect(200);
    desk.finished(&notification).await;
    assert_eq!(taken(&desk, "foreign_per_day").await, json!([1, 0]));
    assert_eq!(desk.received(Channel::Sms).get(ABROAD), Some(&1));
    desk.world.stop().await;
}

#[tokio::test]
async fn a_retry_of_all_takes_what_is_left_of_the_limits_once_or_nothing() {
    let (desk, admin) = open().await;
    desk.clients(2).await;
    refuse_sms(&desk);
    let notification = failed(&desk, &sms_to(desk.company, &"a".repeat(161))).await;
    accept_sms(&desk);
    let path = format!("/notifications/{notification}/retry");
    limit(&desk, &admin, json!({"sms_per_day": 1})).await;
    assert_eq!(desk.nora.post(&path, &json!({})).await.refused(422), over_limit());
    limit(&desk, &admin, json!({"sms_per_day": 2, "segments_per_month": 3})).await;
    assert_eq!(desk.nora.post(&path, &json!({})).await.refused(422), over_limit());
    limit(&desk, &admin, json!({"segments_per_month": 4})).await;
    let empty = json!({});
    let (one, two) = tokio::join!(desk.nora.post(&path, &empty), desk.nora.post(&path, &empty));
    let statuses = [one.status.as_u16(), two.status.as_u16()];
    assert!(statuses.contains(&200), "{statuses:?}");
    let done = desk.finished(&notification).await;
    assert_eq!(totals(&done, &["accepted", "failed"]), [2, 0]);
    assert_eq!(taken(&desk, "sms_per_day").await, json!([2, 0]));
    assert_eq!(taken(&desk, "segments_per_month").await, json!([4, 0]));
    assert_eq!(desk.received(Channel::Sms).values().copied().collect::<Vec<_>>(), [1; 2]);
    desk.world.stop().await;
}

#[tokio::test]
async fn of_two_retries_at_once_no_more_go_than_the_limit_holds() {
    let (desk, admin) = open().await;
    desk.clients(2).await;
    refuse_sms(&desk);
    for text in ["Primera", "Segunda"] {
        failed(&desk, &sms_to(desk.company, text)).await;
    }
    accept_sms(&desk);
    limit(&desk, &admin, json!({"sms_per_day": 3})).await;
    let dead = desk.nora.all("/deliveries?state=failed").await;
    let retries = dead.iter().map(|delivery| retry(&desk.nora, delivery, json!({})));
    let answers = futures::future::join_all(retries).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(
        statuses,
        [200, 200, 200, 422],
        "{:?}",
        answers.iter().map(|answer| &answer.body).collect::<Vec<_>>()
    );
    desk.world.stop().await;
}

#[tokio::test]
async fn a_retry_of_more_people_than_need_an_approval_is_refused_unless_the_notification_has_one() {
    let (desk, admin) = open().await;
    desk.clients(2).await;
    refuse_sms(&desk);
    let notification = failed(&desk, &sms_to(desk.company, "Hola")).await;
    accept_sms(&desk);
    limit(&desk, &admin, json!({"approval_above": 1})).await;
    let refused =
        desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(409);
    assert_eq!(refused["code"], "retry_needs_approval");
    let ids: Vec<_> = desk.nora.all("/deliveries?state=failed").await.iter().map(id_of).collect();
    let many = json!({"ids": ids, "reason": "Otra vez"});
    let answer = desk.nora.post("/deliveries/retry", &many).await.expect(202);
    let codes: Vec<_> =
        answer["refused"].as_array().expect("refusals").iter().map(|one| &one["code"]).collect();
    assert_eq!((&answer["retried"], codes), (&json!(0), vec![&json!("retry_needs_approval"); 2]));
    assert!(desk.received(Channel::Sms).is_empty());
    limit(&desk, &admin, json!({"approval_above": 2})).await;
    desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(200);
    assert_eq!(totals(&desk.finished(&notification).await, &["accepted"]), [2]);
    desk.world.stop().await;
}

#[tokio::test]
async fn no_two_deliveries_of_a_notification_go_to_one_address() {
    let desk = Desk::open().await;
    desk.client(None, Some("ya@example.com")).await;
    for wrong in ["rebota1@example.com", "rebota2@example.com"] {
        desk.client(None, Some(wrong)).await;
    }
    let notification = failed(&desk, &email_to(desk.company, "Aviso", "Hola")).await;
    let one = desk.delivery(&notification, "rebota1@example.com").await;
    let two = desk.delivery(&notification, "rebota2@example.com").await;
    for taken in ["ya@example.com", "YA@example.com", "rebota2@example.com"] {
        let refused = retry(&desk.nora, &one, json!({"to": taken})).await.expect(409);
        assert_eq!(refused["code"], "already_addressed", "{taken}");
    }
    let body = json!({"to": "nueva@example.com"});
    let (first, second) =
        tokio::join!(retry(&desk.nora, &one, body.clone()), retry(&desk.nora, &two, body.clone()));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", first.body, second.body);
    desk.finished(&notification).await;
    let received = desk.received(Channel::Email);
    assert_eq!((received.get("ya@example.com"), received.get("nueva@example.com")), (Some(&1), Some(&1)));
    desk.world.stop().await;
}
