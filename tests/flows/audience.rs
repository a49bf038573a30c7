//! Who a notification goes to, and who is left out: filters, lists, the file of the excluded, and a confirmation that is
//! about people and not about their number.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::value::Role;
use serde_json::{Value, json};
use tests::id_of;
use tests::orders::{client_of, email_to, sms_to};

use crate::import::{counts, import};
use crate::notifications::{Desk, totals};

/// A client with one contact, in a language and a time zone.
async fn client(desk: &Desk, external_id: &str, locale: &str, time_zone: &str, phone: Value) -> String {
    let contact = json!({"kind": "holder", "name": format!("=Íñigo {external_id}"), "phone": phone});
    let body = json!({
        "name": format!("Cliente, {external_id}"), "external_id": external_id, "contacts": [contact],
        "locale": locale, "time_zone": time_zone,
    });
    id_of(&desk.nora.post(&format!("/companies/{}/clients", desk.company), &body).await.expect(201))
}

async fn people(desk: &Desk) {
    for (external_id, locale, time_zone, phone) in [
        ("A-1", "es-CO", "America/Bogota", json!("3015510101")),
        ("A-2", "es-CO", "America/Bogota", json!("6012345678")),
        ("A-3", "es-CL", "America/Santiago", json!("+56961234567")),
        ("A-4", "en-US", "America/Bogota", json!("3015510104")),
        ("A-5", "es-CO", "America/Bogota", Value::Null),
    ] {
        client(desk, external_id, locale, time_zone, phone).await;
    }
}

async fn preview(desk: &Desk, order: &Value) -> Value {
    desk.nora.post("/notifications/preview", order).await.expect(200)
}

fn filtered(desk: &Desk, filter: Value) -> Value {
    let mut order = sms_to(desk.company, "Corte a las 8");
    order["filter"] = filter;
    order
}

fn addresses(rows: &[Value]) -> BTreeSet<&str> {
    rows.iter().map(|row| row["to"].as_str().expect("an address")).collect()
}

/// The file of the excluded.
async fn excluded_file(desk: &Desk, order: &Value) -> Vec<u8> {
    let request = desk.nora.request(reqwest::Method::POST, "/notifications/preview/excluded").json(order);
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    response.bytes().await.expect("the file").to_vec()
}

/// Its lines without its header.
async fn excluded(desk: &Desk, order: &Value) -> Vec<String> {
    let bytes = excluded_file(desk, order).await;
    let text = std::str::from_utf8(&bytes).expect("UTF-8");
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let (header, lines) = text.split_once("\r\n").expect("a header");
    assert_eq!(header, "external_id,name,kind,contact_name,phone,email,reason");
    lines.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_filter_decides_who_is_previewed_told_and_left_out() {
    let desk = Desk::open().await;
    people(&desk).await;
    let everybody = preview(&desk, &sms_to(desk.company, "Corte a las 8")).await;
    let audience =
        json!({"total": 5, "reachable": 3, "excluded": {"no_phone": 1, "not_mobile": 1}, "duplicates": 0});
    assert_eq!(everybody["audience"], audience);

    let order = filtered(&desk, json!({"locale": "es-co", "time_zone": "America/Bogota"}));
    let colombia = preview(&desk, &order).await;
    let audience =
        json!({"total": 3, "reachable": 1, "excluded": {"no_phone": 1, "not_mobile": 1}, "duplicates": 0});
    assert_eq!(colombia["audience"], audience);
    let spanish = preview(&desk, &filtered(&desk, json!({"locale": "es"}))).await;
    assert_eq!((&spanish["audience"]["total"], &spanish["audience"]["reachable"]), (&json!(4), &json!(2)));
    assert_eq!(preview(&desk, &filtered(&desk, json!({"locale": "es-PE"}))).await["audience"]["total"], 0);
    let listed = filtered(&desk, json!({"external_ids": ["A-3", " A-2", "A-3", "Z-9"], "locale": null}));
    let previewed = preview(&desk, &listed).await;
    let audience =
        json!({"total": 3, "reachable": 1, "excluded": {"not_mobile": 1, "unknown": 1}, "duplicates": 0});
    assert_eq!(previewed["audience"], audience);
    let told = addresses(previewed["samples"].as_array().expect("samples")).len();
    assert_eq!((told, &previewed["samples"][0]["to"]), (1, &json!("+56961234567")));

    for (order, to) in [(order, "+573015510101"), (listed, "+56961234567")] {
        let notification = desk.send(&order).await;
        let done = desk.finished(&notification).await;
        assert_eq!(totals(&done, &["total", "accepted"]), [1, 1]);
        assert_eq!(addresses(&desk.deliveries(&notification).await), [to].into());
        assert_eq!(done["excluded"], preview(&desk, &order).await["audience"]["excluded"]);
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn a_list_of_nobody_or_of_too_many_is_refused() {
    let desk = Desk::open().await;
    people(&desk).await;
    let other = desk.world.company("Rastreo Austral").await;
    let bea = desk.world.user("Bea", &[Role::Notifier], &[other]).await;
    let unknown = filtered(&desk, json!({"external_ids": ["Z-9"]}));
    let refused = desk.nora.post_new("/notifications", &unknown).await.refused(422);
    assert_eq!(refused, [("/filter".into(), "no_recipients".into())]);
    assert_eq!(preview(&desk, &unknown).await["confirm_token"], Value::Null);
    // An external id is its company's.
    let mut foreign = filtered(&desk, json!({"external_ids": ["A-1"]}));
    foreign["company_id"] = json!(other);
    let previewed = bea.post("/notifications/preview", &foreign).await.expect(200);
    assert_eq!(previewed["audience"]["excluded"], json!({"unknown": 1}));

    let many: Vec<String> = (0..10_001).map(|number| format!("A-{number}")).collect();
    let too_many = filtered(&desk, json!({"external_ids": many}));
    let refused = desk.nora.post("/notifications/preview", &too_many).await.refused(422);
    assert_eq!(refused, [("/filter/external_ids".into(), "too_many_external_ids".into())]);
    let most = filtered(&desk, json!({"external_ids": &many[..10_000]}));
    assert_eq!(preview(&desk, &most).await["audience"]["excluded"]["unknown"], 9_995);
    assert_eq!(totals(&desk.finished(&desk.send(&most).await).await, &["total"]), [3]);
    let wrong = filtered(&desk, json!({"locale": "xx", "time_zone": "Bogota", "city": "Cali"}));
    let refused = desk.nora.post("/notifications/preview", &wrong).await.refused(422);
    let fields: Vec<&str> = refused.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(fields, ["/filter/city", "/filter/locale", "/filter/time_zone"]);
    desk.world.stop().await;
}

/// By another person's write, which nothing but the log's end tells the sender's request of.
#[tokio::test]
async fn a_client_whom_somebody_else_has_just_added_changes_the_audience() {
    let desk = Desk::open().await;
    people(&desk).await;
    let bea = desk.world.user("Bea", &[Role::Notifier], &[desk.company]).await;
    let mut order = filtered(&desk, json!({}));
    order["confirm_token"] = preview(&desk, &order).await["confirm_token"].clone();
    let new = client_of("A-77", "Sol", Some("3015510177"), None);
    bea.post(&format!("/companies/{}/clients", desk.company), &new).await.expect(201);
    let refused = desk.nora.post_new("/notifications", &order).await.expect(409);
    assert_eq!(refused["code"], "audience_changed");
    desk.world.stop().await;
}

#[tokio::test]
async fn a_client_of_a_list_who_is_erased_is_no_client_any_more() {
    let desk = Desk::open().await;
    people(&desk).await;
    let gone = client(&desk, "A-6", "es-CO", "America/Bogota", json!("3015510106")).await;
    let mut order = filtered(&desk, json!({"external_ids": ["A-1", "A-6"]}));
    order["confirm_token"] = preview(&desk, &order).await["confirm_token"].clone();
    desk.nora.delete(&format!("/clients/{gone}")).await.expect(200);
    let refused = desk.nora.post_new("/notifications", &order).await.expect(409);
    let detail = "La audiencia cambió (+0, −1): ahora son 1. Revise y confirme otra vez.";
    assert_eq!((&refused["code"], &refused["detail"]), (&json!("audience_changed"), &json!(detail)));
    assert_eq!(preview(&desk, &order).await["audience"]["excluded"], json!({"unknown": 1}));
    desk.world.stop().await;
}

#[tokio::test]
async fn the_excluded_come_as_a_file_that_no_spreadsheet_runs() {
    let desk = Desk::open().await;
    people(&desk).await;
    // The same landline again: one address, one line.
    client(&desk, "A-7", "es-CO", "America/Bogota", json!("6012345678")).await;
    let mut order = sms_to(desk.company, "Corte");
    let lines = excluded(&desk, &order).await;
    assert_eq!(
        lines,
        [
            r#"A-2,"Cliente, A-2",holder,"'=Íñigo A-2","'+576012345678",,not_mobile"#,
            r#"A-5,"Cliente, A-5",holder,"'=Íñigo A-5",,,no_phone"#,
        ]
    );
    order["filter"] = json!({"external_ids": ["A-1", "=Z", "A-7"]});
    let lines = excluded(&desk, &order).await;
    assert_eq!(
        lines,
        [r#""'=Z",,,,,,unknown"#, r#"A-7,"Cliente, A-7",holder,"'=Íñigo A-7","'+576012345678",,not_mobile"#,]
    );
    assert_eq!(excluded(&desk, &email_to(desk.company, "Corte", "Hoy")).await.len(), 6);
    let oscar = desk.world.user("Óscar", &[Role::Auditor], &[desk.company]).await;
    oscar.post("/notifications/preview/excluded", &order).await.expect(403);
    desk.world.stop().await;
}

#[tokio::test]
async fn the_file_of_the_excluded_imported_again_changes_nothing_but_what_was_corrected() {
    let desk = Desk::open().await;
    people(&desk).await;
    let file = excluded_file(&desk, &sms_to(desk.company, "Corte")).await;
    let report = import(&desk.nora, desk.company, &file, "", "text/csv").await.expect(200);
    assert_eq!(counts(&report), [2, 0, 0, 2, 0], "{report}");
    let corrected = String::from_utf8(file).expect("UTF-8").replace("'+576012345678", "3015510102");
    let report = import(&desk.nora, desk.company, corrected.as_bytes(), "", "text/csv").await.expect(200);
    assert_eq!(counts(&report), [2, 0, 1, 1, 0], "{report}");
    let clients = desk.nora.all(&format!("/companies/{}/clients?q=A-2", desk.company)).await;
    let contact = &clients[0]["contacts"][0];
    assert_eq!((&contact["name"], &contact["phone"]), (&json!("=Íñigo A-2"), &json!("+573015510102")));
    assert_eq!(clients[0]["columns"], json!({}), "the reason is no column of the company's own");
    desk.world.stop().await;
}

#[tokio::test]
async fn more_excluded_than_a_page_are_all_in_the_file() {
    const CLIENTS: usize = 1_001;
    let desk = Desk::open().await;
    desk.clients(CLIENTS).await;
    let lines = excluded(&desk, &email_to(desk.company, "Corte", "Hoy")).await;
    assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), CLIENTS);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_confirmation_is_about_people_and_lives_fifteen_minutes() {
    let desk = Desk::open().await;
    people(&desk).await;
    let leaving = client(&desk, "B-1", "es-CO", "America/Bogota", json!("3015510111")).await;
    let mut order = sms_to(desk.company, "Corte a las 8");
    let confirmed = preview(&desk, &order).await["confirm_token"].clone();
    order["confirm_token"] = confirmed.clone();
    desk.nora.delete(&format!("/clients/{leaving}")).await.expect(200);
    client(&desk, "B-2", "es-CO", "America/Bogota", json!("3015510112")).await;
    // As many as before, and not the same.
    let refused = desk.nora.post_new("/notifications", &order).await.expect(409);
    assert_eq!(refused["code"], "audience_changed");
    let detail = "La audiencia cambió (+1, −1): ahora son 4. Revise y confirme otra vez.";
    assert_eq!(refused["detail"], detail);

    order["confirm_token"] = preview(&desk, &order).await["confirm_token"].clone();
    desk.world.pass(TimeDelta::minutes(15));
    let refused = desk.nora.post_new("/notifications", &order).await.expect(409);
    assert_eq!(refused["code"], "confirmation_expired");
    order["confirm_token"] = preview(&desk, &order).await["confirm_token"].clone();
    desk.world.pass(TimeDelta::minutes(14));
    desk.send(&order).await;
    desk.world.stop().await;
}
