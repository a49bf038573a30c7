//! What an SMS says and takes: without accents on request, always for networks and providers without Unicode, and never
//! more parts than allowed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use commands::clock;
use dispatcher::provider::{Provider, SmsApi, SmsProvider, SmsSettings, TwilioSettings};
use dispatcher::simulator::{Simulator, SimulatorOptions};
use dispatcher::{Companies, Route};
use domain::value::Channel;
use gateway::system::Providers;
use serde_json::{Value, json};
use tests::notified::count;
use tests::orders::{email_to, sms_to};
use tests::{World, servers};

use crate::notifications::Desk;
use crate::receipts::once;

const TEXT: &str = "Mañana habrá revisión 😀";

async fn preview(desk: &Desk, order: &Value) -> Value {
    desk.nora.post("/notifications/preview", order).await.expect(200)
}

/// The text that each number got.
fn texts(desk: &Desk) -> BTreeMap<String, String> {
    let page = desk.world.simulator.arrivals(Some(Channel::Sms), None, 200);
    page.data.into_iter().map(|arrival| (arrival.to, arrival.body.unwrap_or_default())).collect()
}

#[tokio::test]
async fn what_the_preview_shows_is_what_each_network_gets() {
    let desk = Desk::open().await;
    for phone in ["3015510101", "+525512345678"] {
        desk.client(Some(phone), None).await;
    }
    let mut order = sms_to(desk.company, TEXT);
    let verbatim = preview(&desk, &order).await;
    assert_eq!(
        verbatim["sms"],
        json!({
            "encoding": "ucs2", "segments_min": 1, "segments_typical": 1, "segments_max": 1, "segments_total": 2,
            "forcing_characters": ["á", "ó", "😀"], "without_unicode": 1, "lost_characters": ["😀"], "cost": null,
        })
    );
    order["transliterate"] = json!(true);
    let cheap = preview(&desk, &order).await;
    assert_eq!(cheap["sms"]["forcing_characters"], json!(["😀"]));
    let shown: BTreeMap<String, String> = cheap["samples"]
        .as_array()
        .expect("samples")
        .iter()
        .map(|sample| {
            assert_eq!(
                (&sample["segments"], &sample["client"]["name"]),
                (&json!(1), &json!("Ferretería Núñez"))
            );
            let text = |name: &str| sample[name].as_str().expect("a text").to_owned();
            (text("to"), text("body"))
        })
        .collect();
    let expected =
        [("+573015510101", "Mañana habra revision 😀"), ("+525512345678", "Mañana habra revision ?")];
    assert_eq!(shown, expected.map(|(to, text)| (to.to_owned(), text.to_owned())).into());
    let notification = desk.send(&order).await;
    desk.finished(&notification).await;
    assert_eq!(texts(&desk), shown);
    desk.world.stop().await;
}

#[tokio::test]
async fn an_sms_of_more_parts_than_allowed_is_refused_with_its_number() {
    let desk = Desk::open().await;
    desk.client(Some("3015510101"), None).await;
    let mut order = sms_to(desk.company, &"í".repeat(71));
    order["segments_max"] = json!(1);
    let refused = desk.nora.post_new("/notifications", &order).await.expect(422);
    let fault = &refused["errors"][0];
    assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/segments_max"), &json!("too_many_segments")));
    let detail = "El SMS más largo ocupa 2 segmentos, y el máximo indicado es 1.";
    assert_eq!(fault["detail"], detail);
    order["transliterate"] = json!(true);
    desk.finished(&desk.send(&order).await).await;

    for (field, value, code) in [
        ("segments_max", json!(0), "out_of_range"),
        ("segments_max", json!(256), "out_of_range"),
        ("transliterate", json!("sí"), "wrong_type"),
    ] {
        let mut wrong = sms_to(desk.company, "Hola");
        wrong[field] = value;
        let refused = desk.nora.post("/notifications/preview", &wrong).await.refused(422);
        assert_eq!(refused, [(format!("/{field}"), code.to_owned())]);
    }
    let mut email = email_to(desk.company, "Hola", "Hola");
    email["transliterate"] = json!(false);
    let refused = desk.nora.post("/notifications/preview", &email).await.refused(422);
    assert_eq!(refused, [("/transliterate".into(), "not_allowed_here".into())]);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_provider_without_unicode_is_given_none_and_the_parts_are_its_own() {
    let simulator = Simulator::start(SimulatorOptions::new(Arc::new(clock::now))).await.expect("it starts");
    let settings = SmsSettings { unicode: false, ..simulator.twilio_settings(2) };
    let desk = Desk::in_world(world(simulator, &[settings]).await).await;
    desk.client(Some("3015510101"), None).await;

    // In Unicode one part, in the alphabet of GSM two: each character becomes three.
    let mut order = sms_to(desk.company, &"…".repeat(70));
    let previewed = preview(&desk, &order).await;
    let sms = &previewed["sms"];
    assert_eq!((&sms["encoding"], &sms["segments_max"]), (&json!("gsm7"), &json!(2)));
    assert_eq!(previewed["samples"][0]["body"], "...".repeat(70));
    order["segments_max"] = json!(1);
    let refused = desk.nora.post_new("/notifications", &order).await.refused(422);
    assert_eq!(refused, [("/segments_max".into(), "too_many_segments".into())]);
    order["segments_max"] = json!(2);
    desk.finished(&desk.send(&order).await).await;
    assert_eq!(texts(&desk)["+573015510101"], "...".repeat(70));
    desk.world.stop().await;
}

#[tokio::test]
async fn a_notification_goes_out_and_is_reported_in_every_dialect() {
    let kinds: [(fn(&Simulator, u32) -> SmsSettings, &str); 2] =
        [(Simulator::infobip_settings, "EC_UNKNOWN_SUBSCRIBER"), (Simulator::generic_settings, "101")];
    for (kind, code) in kinds {
        let at_once =
            SimulatorOptions { receipt_delay: Duration::ZERO, ..SimulatorOptions::new(Arc::new(clock::now)) };
        let simulator = Simulator::start(at_once).await.expect("it starts");
        let settings = kind(&simulator, 2);
        let desk = Desk::in_world(world(simulator, &[settings]).await).await;
        desk.world.simulator.report_to(desk.world.base());
        // Delivered, refused, and accepted but not delivered.
        for phone in ["3015510101", "3015510001", "3015510008"] {
            desk.client(Some(phone), None).await;
        }
        let notification = desk.send(&sms_to(desk.company, "«Señal» & {to}")).await;
        once(&desk, &notification, |totals| count(totals, "delivered") == 1 && count(totals, "failed") == 2)
            .await;
        assert_eq!(texts(&desk)["+573015510101"], "«Señal» & {to}");
        let deliveries = desk.deliveries(&notification).await;
        let bounced = deliveries.iter().find(|delivery| delivery["to"] == "+573015510008");
        let attempts = bounced.and_then(|delivery| delivery["attempts"].as_array()).expect("attempts");
        assert_eq!(attempts.last().expect("an attempt")["code"], code);
        desk.world.stop().await;
    }
}

/// The provider that the preview counted for is away, and the other would take two parts.
#[tokio::test]
async fn a_provider_of_more_parts_than_allowed_does_not_get_the_sms() {
    let simulator = Simulator::start(SimulatorOptions::new(Arc::new(clock::now))).await.expect("it starts");
    let nowhere = TwilioSettings { base_url: "http://127.0.0.1:1".to_owned(), ..simulator.twilio_account() };
    let settings = [
        SmsSettings {
            name: "primero".to_owned(),
            api: SmsApi::Twilio(nowhere),
            ..simulator.twilio_settings(2)
        },
        SmsSettings { unicode: false, ..simulator.twilio_settings(2) },
    ];
    let desk = Desk::in_world(world(simulator, &settings).await).await;
    desk.client(Some("3015510101"), None).await;
    let mut order = sms_to(desk.company, &"…".repeat(70));
    order["segments_max"] = json!(1);
    let notification = desk.send(&order).await;
    desk.finished(&notification).await;
    let delivery = &desk.deliveries(&notification).await[0];
    let last = delivery["attempts"].as_array().and_then(|all| all.last()).expect("an attempt");
    assert_eq!((&delivery["state"], &last["observed"]), (&json!("failed"), &json!("too_many_segments")));
    assert!(texts(&desk).is_empty());
    desk.world.stop().await;
}

pub(crate) async fn world(simulator: Simulator, settings: &[SmsSettings]) -> World {
    let providers = settings
        .iter()
        .map(|settings| Provider::Sms(SmsProvider::try_new(settings).expect("the settings can be used")))
        .collect();
    let routes = vec![Route { companies: Companies::All, providers }];
    let providers = Providers { routes, simulator: Some(Arc::new(simulator)) };
    let nats_url = servers::shared().await.nats_url().expect("a broker").to_owned();
    World::with(servers::database().await, nats_url, providers).await
}
