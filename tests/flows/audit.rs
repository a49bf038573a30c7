//! The audit: deeds by default, and what became of each delivery for whom that is asked.

use domain::value::Role;
use serde_json::{Value, json};
use tests::id_of;
use tests::orders::sms_to;
use uuid::Uuid;

use crate::notifications::Desk;

/// The types of entries, each once, in the order of the alphabet.
fn kinds(entries: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<_> = entries.iter().map(|entry| entry["type"].as_str().expect("a type")).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn a_delivery_stands_for_the_events_about_many_that_name_it() {
    let desk = Desk::open().await;
    desk.client(Some("3001234567"), None).await;
    desk.client(Some("3009990001"), None).await;
    let notification = desk.send(&sms_to(desk.company, "Aviso")).await;
    desk.finished(&notification).await;
    let delivery = id_of(&desk.deliveries(&notification).await[0]);
    let entries = desk.nora.all(&format!("/audit?subject={delivery}")).await;
    assert_eq!(kinds(&entries), ["AudienceChunkResolved", "OutcomesRecorded"]);
    let is_about_it = |entry: &Value| entry["subject"] == json!({"type": "notification", "id": notification});
    assert!(entries.iter().all(is_about_it), "{entries:?}");
    let outcomes =
        &entries.iter().find(|entry| entry["type"] == "OutcomesRecorded").expect("outcomes")["summary"];
    assert!(outcomes["outcomes"][0]["n"].as_i64() >= Some(1), "{outcomes}");
    // Neither is a deed: the consequences of a deed must not push it off the screen.
    let deeds = desk.nora.all(&format!("/audit?subject={delivery}&hide=receipts")).await;
    assert_eq!(kinds(&deeds), Vec::<&str>::new());

    let stranger = desk.world.company("Otra").await;
    let eva = desk.world.user("Eva", &[Role::Auditor], &[stranger]).await;
    assert_eq!(eva.all(&format!("/audit?subject={delivery}")).await, Vec::<Value>::new());
    let nobody = Uuid::from_u128(0x0192_e4a0_7b1c_8def_8123_4567_8000_0001);
    assert_eq!(desk.nora.all(&format!("/audit?subject={nobody}")).await, Vec::<Value>::new());
    desk.world.stop().await;
}

#[tokio::test]
async fn glances_and_outcomes_are_hidden_from_whom_asks_for_deeds() {
    let desk = Desk::open().await;
    desk.client(Some("3001234567"), None).await;
    let notification = desk.send(&sms_to(desk.company, "Aviso")).await;
    desk.finished(&notification).await;
    let ana = desk.world.user("Ana", &[Role::Operator], &[desk.company]).await;
    let message = json!({"recipients": [desk.nora.user], "body": "Hola"});
    let message = id_of(&ana.post_new("/messages", &message).await.expect(201));
    desk.nora.post(&format!("/inbox/{message}/read"), &json!({})).await.expect(200);

    let all = desk.nora.all("/audit").await;
    let deeds = desk.nora.all("/audit?hide=receipts").await;
    let (all, deeds) = (kinds(&all), kinds(&deeds));
    for kind in ["MessageRead", "OutcomesRecorded"] {
        assert!(all.contains(&kind) && !deeds.contains(&kind), "{kind}: {deeds:?}");
    }
    for kind in ["MessageSent", "NotificationRequested", "NotificationCompleted"] {
        assert!(deeds.contains(&kind), "{kind}: {deeds:?}");
    }
    desk.world.stop().await;
}
