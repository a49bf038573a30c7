//! Doubts: a person who has looked into one ends it, once, and only as the person may.

use dispatcher::simulator::Behaviour;
use domain::value::{Channel, Role};
use futures::future::join_all;
use projections::Projection;
use projections::rebuild::compare as compare_view;
use serde_json::{Value, json};
use tests::id_of;
use tests::orders::sms_to;

use crate::notifications::{Desk, outcomes, totals};
use crate::receipts::once;

const PHONE: &str = "3001234567";

/// A desk whose provider has taken one message, and has not said so. From now on it says what it does.
pub(crate) async fn in_doubt() -> (Desk, String, String) {
    let desk = Desk::open().await;
    let (notification, delivery) = doubted(&desk).await;
    (desk, notification, delivery)
}

/// The notification and the delivery in doubt.
async fn doubted(desk: &Desk) -> (String, String) {
    desk.world.simulator.set_rule(Channel::Sms, PHONE, Behaviour::AcceptThenCut);
    desk.client(Some(PHONE), None).await;
    let notification = desk.send(&sms_to(desk.company, "Corte de energía")).await;
    let told = desk.finished(&notification).await;
    assert_eq!(totals(&told, &["total", "in_doubt"]), [1, 1]);
    desk.world.simulator.set_rule(Channel::Sms, PHONE, Behaviour::Accept);
    let delivery = id_of(&desk.deliveries(&notification).await[0]);
    (notification, delivery)
}

fn decision(outcome: &str) -> Value {
    json!({ "outcome": outcome, "reason": "Lo dice el panel del operador" })
}

async fn resolve(desk: &Desk, delivery: &str, outcome: &str) -> tests::Answer {
    desk.nora.post(&format!("/deliveries/{delivery}/resolve"), &decision(outcome)).await
}

async fn is_rebuilt_the_same(desk: &Desk) {
    desk.world.caught_up().await;
    let differences = compare_view(desk.world.log().reader(), Projection::Notifications).await;
    assert_eq!(differences.expect("a comparison"), []);
}

#[tokio::test]
async fn a_person_ends_a_doubt_as_accepted_delivered_or_given_up() {
    for (outcome, state, part) in [
        ("accepted", "accepted", "accepted"),
        ("delivered", "delivered", "delivered"),
        ("discard", "failed", "failed"),
    ] {
        let (desk, notification, delivery) = in_doubt().await;
        resolve(&desk, &delivery, outcome).await.expect(200);
        let told = desk.nora.get(&format!("/notifications/{notification}")).await.expect(200);
        assert_eq!((&told["state"], totals(&told, &["in_doubt", part])), (&json!("completed"), vec![0, 1]));
        let shown = desk.nora.get(&format!("/deliveries/{delivery}")).await.expect(200);
        assert_eq!((&shown["state"], outcomes(&shown)), (&json!(state), vec!["in_doubt", state]));
        assert_eq!(shown["attempts"][1]["detail"], "Lo dice el panel del operador");

        let again = resolve(&desk, &delivery, outcome).await.expect(200);
        assert!(again["position"].is_i64(), "asking twice is no error");
        let other = if outcome == "accepted" { "resend" } else { "accepted" };
        let refused = resolve(&desk, &delivery, other).await.expect(409);
        assert_eq!(refused["code"], "not_in_doubt", "{refused}");

        // Nothing is sent again, not by a retry of the failed either.
        desk.nora.post(&format!("/notifications/{notification}/retry"), &json!({})).await.expect(200);
        desk.finished(&notification).await;
        assert_eq!(desk.arrivals(Channel::Sms).len(), 1);
        is_rebuilt_the_same(&desk).await;
        desk.world.stop().await;
    }
}

#[tokio::test]
async fn what_is_found_unsent_is_sent_once_in_a_new_generation_however_often_that_is_asked() {
    let (desk, notification, delivery) = in_doubt().await;
    let orders = (0..6).map(|_| resolve(&desk, &delivery, "resend"));
    for answer in join_all(orders).await {
        answer.expect(200);
    }
    let told = once(&desk, &notification, |totals| totals["accepted"] == 1).await;
    assert_eq!(totals(&told, &["total", "in_doubt", "failed"]), [1, 0, 0]);
    let told = desk.finished(&notification).await;
    assert_eq!(told["state"], "completed");
    let shown = desk.nora.get(&format!("/deliveries/{delivery}")).await.expect(200);
    assert_eq!(outcomes(&shown), ["in_doubt", "failed", "accepted"]);
    assert_eq!(shown["attempts"][1]["observed"], "found_unsent");
    assert_eq!(shown["attempts"][2]["generation"], 2);
    resolve(&desk, &delivery, "resend").await.expect(200);
    desk.finished(&notification).await;
    assert_eq!(desk.arrivals(Channel::Sms).len(), 2, "the one in doubt, and one more");
    is_rebuilt_the_same(&desk).await;

    let entries = desk.nora.all(&format!("/audit?subject={delivery}")).await;
    let resolved = entries.iter().find(|entry| entry["type"] == "DoubtsResolved").expect("an entry");
    assert_eq!(resolved["actor"]["name"], "Nora");
    assert_eq!(resolved["summary"]["resolution"], "resend");
    desk.world.stop().await;
}

#[tokio::test]
async fn a_doubt_of_a_cancelled_notification_can_be_ended_and_not_sent_again() {
    let desk = Desk::open().await;
    desk.world.simulator.set_rule(Channel::Sms, PHONE, Behaviour::AcceptThenCut);
    desk.world.simulator.set_rule(
        Channel::Sms,
        "7654321",
        Behaviour::RefuseFirst {
            times: 1,
            refusal: dispatcher::simulator::Refusal {
                retry_after: Some(std::time::Duration::from_secs(600)),
                ..dispatcher::simulator::Refusal::sms(429, 20429, "Too Many Requests")
            },
        },
    );
    for phone in [PHONE, "3007654321"] {
        desk.client(Some(phone), None).await;
    }
    let notification = desk.send(&sms_to(desk.company, "Corte de energía")).await;
    once(&desk, &notification, |totals| totals["in_doubt"] == 1 && totals["deferred"] == 1).await;
    desk.nora.post(&format!("/notifications/{notification}/cancel"), &json!({})).await.expect(200);
    let delivery = id_of(&desk.delivery(&notification, "+573001234567").await);
    let refused = resolve(&desk, &delivery, "resend").await.expect(409);
    assert_eq!(refused["code"], "cancelled", "{refused}");
    resolve(&desk, &delivery, "delivered").await.expect(200);
    let told = desk.finished(&notification).await;
    assert_eq!(totals(&told, &["in_doubt", "delivered", "cancelled"]), [0, 1, 1]);
    desk.world.stop().await;
}

#[tokio::test]
async fn only_notifiers_of_the_company_end_a_doubt_and_only_one_that_is_there_with_a_reason() {
    let (desk, notification, delivery) = in_doubt().await;
    let path = format!("/deliveries/{delivery}/resolve");
    let auditor = desk.world.user("Aura", &[Role::Auditor], &[desk.company]).await;
    auditor.post(&path, &decision("accepted")).await.expect(403);
    let elsewhere = desk.world.company("Otra").await;
    let stranger = desk.world.user("Otto", &[Role::Notifier], &[elsewhere]).await;
    stranger.post(&path, &decision("accepted")).await.expect(404);
    desk.world.nobody().post(&path, &decision("accepted")).await.expect(401);
    let codes = async |body: Value| {
        let faults = desk.nora.post(&path, &body).await.refused(422);
        faults.into_iter().map(|(pointer, code)| format!("{pointer} {code}")).collect::<Vec<_>>()
    };
    assert_eq!(codes(json!({})).await, ["/outcome missing", "/reason missing"]);
    assert_eq!(codes(json!({"outcome": "lost", "reason": "x"})).await, ["/outcome not_allowed"]);
    assert_eq!(codes(json!({"outcome": "accepted", "reason": " "})).await, ["/reason missing"]);

    // An ordinal that nobody has, and a delivery that was never in doubt.
    let last = u128::from_str_radix(&delivery.replace('-', ""), 16).expect("an id") + 7;
    let nobody = uuid::Uuid::from_u128(last);
    desk.nora.post(&format!("/deliveries/{nobody}/resolve"), &decision("accepted")).await.expect(404);
    let told = desk.nora.get(&format!("/notifications/{notification}")).await.expect(200);
    assert_eq!(totals(&told, &["in_doubt"]), [1], "nothing was changed by all that");
    desk.world.stop().await;
}
