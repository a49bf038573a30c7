//! Templates: from the first version to what each client reads, and nothing of a client's own is ever evaluated.

use chrono::TimeDelta;
use dispatcher::simulator::Arrival;
use domain::value::{Channel, Role};
use serde_json::{Value, json};
use tests::world::email_of;
use tests::{Client, id_of};

use crate::notifications::{Desk, totals};

/// A name as somebody with bad intentions writes it.
const HOSTILE: &str = "{{ empresa.nombre }}{% for x in range(9) %}<b onclick=\"x\">&'";

fn sms(desk: &Desk, body: &str, variables: Value) -> Value {
    json!({
        "name": "Cobro", "channel": "sms", "category": "collection", "company_id": desk.company.to_string(),
        "body": body, "variables": variables,
    })
}

fn email(desk: &Desk) -> Value {
    json!({
        "name": "Corte", "channel": "email", "category": "service", "company_id": desk.company.to_string(),
        "subject": "{{ cliente.nombre }}: corte el {{ dia }}",
        "html": "<p>Hola, {{ contacto.nombre }}.</p><p>Habrá un corte el <b>{{ dia }}</b>. {{ fecha }}</p>",
        "variables": [{"name": "dia", "sample": "lunes"}, {"name": "nota", "default": "sin nota"}],
    })
}

async fn create(client: &Client, template: &Value) -> String {
    id_of(&client.post("/templates", template).await.expect(201))
}

fn order(desk: &Desk, template: &str, variables: Value) -> Value {
    json!({
        "company_id": desk.company.to_string(), "recipient_kind": "everyone", "template_id": template,
        "variables": variables,
    })
}

/// A client with a name, on one of the channels.
async fn person(desk: &Desk, name: &str, phone: Option<&str>, email: Option<&str>) -> String {
    let body = json!({
        "name": name, "external_id": format!("P-{}", phone.or(email).unwrap_or_default()), "locale": "es",
        "time_zone": "America/Bogota",
        "contacts": [{"kind": "holder", "name": name, "phone": phone, "email": email}],
    });
    id_of(&desk.nora.post(&format!("/companies/{}/clients", desk.company), &body).await.expect(201))
}

fn arrival_to(arrivals: Vec<Arrival>, to: &str) -> Arrival {
    arrivals.into_iter().find(|arrival| arrival.to == to).unwrap_or_else(|| panic!("a message to {to}"))
}

#[tokio::test]
async fn every_client_reads_their_own_text_and_it_can_be_shown_to_the_letter_for_ever() {
    let desk = Desk::open().await;
    person(&desk, HOSTILE, None, Some("mala@example.com")).await;
    let luz = person(&desk, "Luz Núñez", None, Some("luz@example.com")).await;
    let template = create(&desk.nora, &email(&desk)).await;

    let order = order(&desk, &template, json!({"dia": "martes"}));
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!(preview["audience"]["reachable"], 2);
    assert!(preview["samples"][0]["html"].as_str().is_some_and(|html| html.contains("<b>martes</b>")));
    let mut order = order;
    order["confirm_token"] = preview["confirm_token"].clone();
    let notification = desk.send(&order).await;
    let done = desk.finished(&notification).await;
    assert_eq!(totals(&done, &["total", "accepted"]), [2, 2]);
    assert_eq!((&done["template_id"], &done["template_version"]), (&json!(template), &json!(1)));
    assert_eq!((&done["category"], &done["channel"]), (&json!("service"), &json!("email")));

    let mail = arrival_to(desk.arrivals(Channel::Email), "luz@example.com");
    assert_eq!(mail.subject.as_deref(), Some("Luz Núñez: corte el martes"));
    let body = mail.body.expect("a text");
    assert!(body.starts_with("Hola, Luz Núñez.\n\nHabrá un corte el martes. "), "{body}");
    assert!(body.ends_with(&format!(" de {}", desk.world.now().format("%Y"))), "{body}");
    let html = mail.html.expect("HTML");
    assert!(html.contains("<p>Hola, Luz Núñez.</p>") && html.contains("Vigía Andina"), "{html}");

    let hostile = arrival_to(desk.arrivals(Channel::Email), "mala@example.com");
    assert_eq!(hostile.subject, Some(format!("{HOSTILE}: corte el martes")));
    assert!(hostile.body.expect("a text").starts_with(&format!("Hola, {HOSTILE}.")));
    let hostile = hostile.html.expect("HTML");
    assert!(
        hostile.contains("{{ empresa.nombre }}{% for x in range(9) %}&lt;b onclick=&quot;x&quot;&gt;&amp;")
    );
    assert!(!hostile.contains("<b onclick"));

    // Neither a new version nor a new name changes what was sent.
    let mut changed = email(&desk);
    changed["html"] = "<p>Otra cosa</p>".into();
    desk.nora.post(&format!("/templates/{template}/versions"), &changed).await.expect(201);
    let renamed = json!({"name": "Otro Nombre"});
    desk.nora.patch(&format!("/clients/{luz}"), &renamed).await.expect(200);
    let delivery = id_of(&desk.delivery(&notification, "luz@example.com").await);
    let shown = desk.nora.get(&format!("/deliveries/{delivery}")).await.expect(200);
    let expected = json!({"subject": "Luz Núñez: corte el martes", "body": body, "html": html});
    assert_eq!(shown["content"], expected);

    // Erasure aside.
    desk.nora.delete(&format!("/clients/{luz}")).await.expect(200);
    let erased = desk.nora.get(&format!("/deliveries/{delivery}")).await.expect(200);
    assert_eq!(erased["content"], Value::Null);
}

/// Imports a file of clients and gives the report.
async fn import(desk: &Desk, file: String) -> Value {
    let path = format!("/companies/{}/clients/import", desk.company);
    let request =
        desk.nora.request(reqwest::Method::POST, &path).header("Content-Type", "text/csv").body(file);
    tests::Answer::to(request).await.expect(200)
}

const COLUMNS: &str = "external_id,name,kind,contact_name,phone,email";

#[tokio::test]
async fn the_columns_of_a_companys_file_are_filled_in_for_each_client_and_never_evaluated() {
    let desk = Desk::open().await;
    let unknown =
        desk.nora.post("/templates", &sms(&desk, "Debe {{ cliente.saldo_vencido }}", json!([]))).await;
    assert_eq!(unknown.refused(422), [("/body".to_owned(), "unknown_variable".to_owned())]);
    let file = format!(
        "{COLUMNS},Saldo vencido,Día\n1,Luz,holder,,3015510104,,$ 5.000,lunes\n2,Eva,holder,,3015510105,,{{{{ fecha }}}},\n\
         3,Ana,holder,,3015510106,,,martes\n"
    );
    let report = import(&desk, file.clone()).await;
    assert_eq!((&report["created"], &report["errors"]), (&json!(3), &json!([])));
    assert_eq!(import(&desk, file).await["unchanged"], 3);
    let company = desk.nora.get(&format!("/companies/{}", desk.company)).await.expect(200);
    assert_eq!(company["columns"], json!(["dia", "saldo_vencido"]));

    let body = "{{ cliente.nombre }} debe {{ cliente.saldo_vencido }}, {{ cliente.dia|default('pronto') }}";
    let template = create(&desk.nora, &sms(&desk, body, json!([]))).await;
    let order = order(&desk, &template, json!({}));
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!(preview["texts"], json!({"counted": 3, "unsendable": 1}));
    assert_eq!(preview["samples"].as_array().map(Vec::len), Some(2));
    let notification = desk.send(&order).await;
    assert_eq!(totals(&desk.finished(&notification).await, &["total", "accepted", "failed"]), [3, 2, 1]);
    let text = |to: &str| arrival_to(desk.arrivals(Channel::Sms), to).body.expect("a text");
    assert_eq!(text("+573015510104"), "Luz debe $ 5.000, lunes");
    assert_eq!(text("+573015510105"), "Eva debe {{ fecha }}, pronto");
    let failed = desk.delivery(&notification, "+573015510106").await;
    let attempt = &failed["attempts"][0];
    assert_eq!(
        (&attempt["class"], &attempt["observed"]),
        (&json!("permanent_content"), &json!("column_missing"))
    );

    // What was sent stays, and an empty cell takes a text away. A column that the file does not have stays.
    let changed =
        format!("{COLUMNS},saldo vencido\n1,Luz,holder,,3015510104,,\n2,Eva,holder,,3015510105,,7\n");
    assert_eq!(import(&desk, changed).await["updated"], 2);
    let delivery = id_of(&desk.delivery(&notification, "+573015510104").await);
    let shown = desk.nora.get(&format!("/deliveries/{delivery}")).await.expect(200);
    assert_eq!(shown["content"]["body"], "Luz debe $ 5.000, lunes");
    let clients = desk.nora.all(&format!("/companies/{}/clients", desk.company)).await;
    let columns = |code: &str| {
        let of_code = |client: &&Value| client["external_id"] == code;
        clients.iter().find(of_code).expect("a client")["columns"].clone()
    };
    assert_eq!(columns("1"), json!({"dia": "lunes"}));
    assert_eq!(columns("2"), json!({"saldo_vencido": "7"}));

    // An erasure takes them away from what is shown.
    let luz = id_of(clients.iter().find(|client| client["external_id"] == "1").expect("a client"));
    desk.nora.delete(&format!("/clients/{luz}")).await.expect(200);
    let erased = desk.nora.get(&format!("/deliveries/{delivery}")).await.expect(200);
    assert_eq!(erased["content"], Value::Null);
    desk.world.stop().await;
}

#[tokio::test]
async fn own_columns_are_bounded_and_a_preview_for_a_client_without_one_says_so() {
    let desk = Desk::open().await;
    let path = format!("/companies/{}/clients", desk.company);
    let with = |columns: Value| json!({"name": "Luz", "columns": columns});
    let many =
        |count: usize| (0..count).map(|n| (format!("c{n}"), json!("x"))).collect::<serde_json::Map<_, _>>();
    let luz = id_of(&desk.nora.post(&path, &with(many(20).into())).await.expect(201));
    let refused = async |columns: Value| desk.nora.post(&path, &with(columns)).await.refused(422);
    let fault = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    assert_eq!(refused(many(21).into()).await, fault("/columns", "too_many_columns"));
    assert_eq!(refused(json!({"saldo": "x".repeat(201)})).await, fault("/columns/saldo", "too_long"));
    assert_eq!(refused(json!({"Saldo": "x"})).await, fault("/columns/Saldo", "invalid_column_name"));
    assert_eq!(refused(json!({"nombre": "x"})).await, fault("/columns/nombre", "invalid_column_name"));
    let client = format!("/clients/{luz}");
    desk.nora.patch(&client, &json!({"columns": {"c1": "y"}})).await.expect(200);
    assert_eq!(desk.nora.get(&client).await.expect(200)["columns"], json!({"c1": "y"}));

    let template = create(&desk.nora, &sms(&desk, "{{ cliente.c2 }}", json!([]))).await;
    let render = format!("/templates/{template}/render");
    assert_eq!(desk.nora.post(&render, &json!({})).await.expect(200)["body"], "«c2»");
    let lacks = desk.nora.post(&render, &json!({ "client_id": luz })).await.refused(422);
    assert_eq!(lacks, fault("/client_id", "missing_column"));
    let header = (0..21).map(|n| format!(",c{n}")).collect::<String>();
    let request = desk.nora.request(reqwest::Method::POST, &format!("{path}/import"));
    let request = request.header("Content-Type", "text/csv").body(format!("{COLUMNS}{header}\n"));
    assert_eq!(tests::Answer::to(request).await.expect(422)["code"], "too_many_columns");
    desk.world.stop().await;
}

#[tokio::test]
async fn a_template_for_every_company_is_refused_where_no_client_has_its_column() {
    let desk = Desk::open().await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let other = desk.world.company("Otra").await;
    let client = json!({
        "name": "Luz", "columns": {"saldo": "5"},
        "contacts": [{"kind": "holder", "name": "Luz", "phone": "+573015510107"}],
    });
    admin.post(&format!("/companies/{other}/clients"), &client).await.expect(201);
    person(&desk, "Eva", Some("+573015510108"), None).await;
    let mut template = sms(&desk, "Debe {{ cliente.saldo }}", json!([]));
    template["company_id"] = Value::Null;
    let template = create(&admin, &template).await;
    let refused =
        desk.nora.post_new("/notifications", &order(&desk, &template, json!({}))).await.refused(422);
    assert_eq!(refused, [("/template_id".to_owned(), "unknown_variable".to_owned())]);
    desk.world.stop().await;
}

#[tokio::test]
async fn the_parts_of_an_sms_are_counted_for_each_person_of_the_audience() {
    let desk = Desk::open().await;
    for (number, length) in [(110, 3), (111, 3), (112, 150)] {
        person(&desk, &"x".repeat(length), Some(&format!("+573015510{number}")), None).await;
    }
    person(&desk, "María", Some("+525512345678"), None).await;
    let template = create(&desk.nora, &sms(&desk, "Aviso para {{ cliente.nombre }}", json!([]))).await;
    let mut order = order(&desk, &template, json!({}));
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!(preview["texts"], json!({"counted": 4, "unsendable": 0}));
    let sms = &preview["sms"];
    let parts = ["segments_min", "segments_typical", "segments_max", "segments_total"];
    assert_eq!(parts.map(|part| sms[part].clone()), [1, 1, 2, 5].map(Value::from), "{sms}");
    // The accent is of the person whose network carries none.
    assert_eq!((&sms["encoding"], &sms["without_unicode"]), (&json!("gsm7"), &json!(1)));
    order["segments_max"] = json!(1);
    let refused = desk.nora.post_new("/notifications", &order).await.refused(422);
    assert_eq!(refused, [("/segments_max".to_owned(), "too_many_segments".to_owned())]);
    desk.world.stop().await;
}

#[tokio::test]
async fn the_date_of_a_scheduled_notification_is_the_day_it_goes_by_the_clients_clock() {
    let desk = Desk::open().await;
    let in_kiritimati = json!({
        "name": "Luz", "locale": "es", "time_zone": "Pacific/Kiritimati",
        "contacts": [{"kind": "holder", "name": "Luz", "phone": "+573015510120"}],
    });
    desk.nora.post(&format!("/companies/{}/clients", desk.company), &in_kiritimati).await.expect(201);
    let template = create(&desk.nora, &sms(&desk, "{{ fecha }}", json!([]))).await;
    let mut order = order(&desk, &template, json!({}));
    let goes_at = desk.world.now() + TimeDelta::days(40);
    order["schedule_at"] = json!(goes_at);
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    let asked = desk.send(&order).await;
    desk.shown(&asked).await;
    // It moves, so that neither the request nor the first time names the day.
    let later = goes_at + TimeDelta::days(40);
    desk.nora
        .post(&format!("/notifications/{asked}/reschedule"), &json!({ "schedule_at": later }))
        .await
        .expect(200);
    desk.world.pass(TimeDelta::days(80));
    desk.finished(&asked).await;
    let said = desk.arrivals(Channel::Sms)[0].body.clone().expect("a text");
    let day = |at: chrono::DateTime<chrono::Utc>| {
        let local = at + TimeDelta::hours(14);
        (local.format("%-d").to_string(), local.format("%Y").to_string())
    };
    let named = |text: &str| {
        let words: Vec<&str> = text.split(" de ").collect();
        (words[0].to_owned(), words[2].to_owned())
    };
    assert_eq!(named(preview["samples"][0]["body"].as_str().expect("a text")), day(goes_at));
    assert_eq!(named(&said), day(later), "{said}");
    let delivery = id_of(&desk.delivery(&asked, "+573015510120").await);
    let shown = desk.nora.get(&format!("/deliveries/{delivery}")).await.expect(200);
    assert_eq!(shown["content"]["body"], json!(said), "to the letter");
    desk.world.stop().await;
}

#[tokio::test]
async fn the_base_layout_shows_the_companys_logo_as_of_the_request() {
    let desk = Desk::open().await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let company = format!("/companies/{}", desk.company);
    person(&desk, "Luz", None, Some("luz@example.com")).await;
    let template = create(&desk.nora, &email(&desk)).await;
    let logo = json!({"logo_url": "https://vigia.example/logo.png"});
    admin.patch(&company, &logo).await.expect(200);
    assert_eq!(admin.get(&company).await.expect(200)["logo_url"], logo["logo_url"]);
    let notification = desk.send(&order(&desk, &template, json!({"dia": "martes"}))).await;
    desk.finished(&notification).await;
    admin.patch(&company, &json!({"logo_url": null})).await.expect(200);
    let html = desk.arrivals(Channel::Email)[0].html.clone().expect("HTML");
    assert!(html.contains("<img") && html.contains("vigia.example"), "{html}");
    let delivery = id_of(&desk.delivery(&notification, "luz@example.com").await);
    let shown = desk.nora.get(&format!("/deliveries/{delivery}")).await.expect(200);
    assert_eq!(shown["content"]["html"], json!(html), "what was sent is shown, whatever the logo is now");
    desk.world.stop().await;
}

#[tokio::test]
async fn a_text_without_a_template_is_shown_too_and_never_evaluated() {
    let desk = Desk::open().await;
    person(&desk, "Luz", Some("+573015510100"), None).await;
    let notification = desk.send(&tests::orders::sms_to(desk.company, "Hola {{ cliente.nombre }}")).await;
    desk.finished(&notification).await;
    let delivery = desk.delivery(&notification, "+573015510100").await;
    let shown = desk.nora.get(&format!("/deliveries/{}", id_of(&delivery))).await.expect(200);
    let content = json!({"subject": null, "body": "Hola {{ cliente.nombre }}", "html": null});
    assert_eq!(shown["content"], content);
    assert_eq!(desk.arrivals(Channel::Sms)[0].body.as_deref(), Some("Hola {{ cliente.nombre }}"));
}

#[tokio::test]
async fn a_person_whose_text_cannot_be_sent_fails_alone_and_nothing_is_cut() {
    let desk = Desk::open().await;
    let long = "ñ".repeat(190);
    person(&desk, &long, Some("+573015510101"), None).await;
    person(&desk, "Luz", Some("+573015510102"), None).await;
    let body = format!("{}: {}", "{{ cliente.nombre }}".repeat(9), "debe {{ monto }}");
    let template = create(&desk.nora, &sms(&desk, &body, json!([{"name": "monto"}]))).await;
    let notification = desk.send(&order(&desk, &template, json!({"monto": "$ 5"}))).await;
    let done = desk.finished(&notification).await;
    assert_eq!(totals(&done, &["total", "accepted", "failed"]), [2, 1, 1]);
    let failed = desk.delivery(&notification, "+573015510101").await;
    let attempt = &failed["attempts"][0];
    assert_eq!(
        (&attempt["class"], &attempt["observed"], &attempt["provider"]),
        (&json!("permanent_content"), &json!("content_too_long"), &Value::Null)
    );
    let told: Vec<_> =
        desk.arrivals(Channel::Sms).into_iter().map(|arrival| (arrival.to, arrival.body)).collect();
    let text = format!("{}: debe $ 5", "Luz".repeat(9));
    assert_eq!(told, [("+573015510102".to_owned(), Some(text))]);
}

#[tokio::test]
async fn a_template_has_versions_that_never_change() {
    let desk = Desk::open().await;
    let template = create(&desk.nora, &sms(&desk, "uno", json!([]))).await;
    let version = json!({"body": "dos {{ x }}", "variables": [{"name": "x", "default": "d", "sample": "s"}]});
    let path = format!("/templates/{template}");
    desk.nora.post(&format!("{path}/versions"), &version).await.expect(201);
    desk.nora.post(&format!("{path}/versions"), &version).await.expect(201);
    let shown = desk.nora.get(&path).await.expect(200);
    assert_eq!(
        (&shown["version"], &shown["body"], &shown["name"]),
        (&json!(2), &json!("dos {{ x }}"), &json!("Cobro"))
    );
    assert_eq!(shown["variables"], json!([{"name": "x", "default": "d", "sample": "s"}]));
    assert_eq!(shown["author"]["name"], "Nora");
    let first = desk.nora.get(&format!("{path}?version=1")).await.expect(200);
    assert_eq!((&first["body"], &first["last_version"]), (&json!("uno"), &json!(2)));
    desk.nora.get(&format!("{path}?version=3")).await.expect(404);
    let listed = desk.nora.all(&format!("/templates?company={}&channel=sms", desk.company)).await;
    assert_eq!(listed.len(), 1);
    assert!(desk.nora.all("/templates?channel=email").await.is_empty());
    let refused = desk.nora.post(&format!("{path}/versions"), &json!({"subject": "x", "body": "x"})).await;
    assert_eq!(refused.refused(422), [("/channel".to_owned(), "not_the_templates".to_owned())]);
}

#[tokio::test]
async fn what_cannot_be_a_template_is_refused_when_it_is_saved() {
    let desk = Desk::open().await;
    let refused = async |body: Value| desk.nora.post("/templates", &body).await.refused(422);
    let of_body = async |body: &str| {
        let mut faults = refused(sms(&desk, body, json!([]))).await;
        assert_eq!(faults.len(), 1, "{faults:?}");
        let (pointer, code) = faults.remove(0);
        assert_eq!(pointer, "/body");
        code
    };
    assert_eq!(of_body("Hola {{ apodo }}").await, "unknown_variable");
    assert_eq!(of_body("Hola {{ cliente.apodo }}").await, "unknown_variable");
    assert_eq!(of_body("Hola {{ cliente.nombre").await, "template_syntax");
    assert_eq!(of_body("{% include '/etc/passwd' %}").await, "template_syntax");
    assert_eq!(of_body("{{ fecha|nada }}").await, "template_unsupported");
    assert_eq!(of_body("{{ fecha|round('x') }}").await, "template_fails");
    // Each of these would have ended the process, at once or when it was sent.
    let cycle = "{% set ns=namespace(a=1) %}{% set ns.a=ns %}{{ ns }}";
    let hidden = format!("{{% if cliente.nombre == 'otra' %}}{cycle}{{% endif %}}");
    let leak = "{% set ns=namespace(b='x'*300000) %}{% set ns.a=ns %}x";
    for body in [cycle, &hidden, leak, &format!("{}x", "{% set a=[a] %}".repeat(100))] {
        assert_eq!(of_body(body).await, "template_unsupported", "{body}");
    }
    assert_eq!(
        of_body("{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}").await,
        "template_too_costly"
    );
    assert_eq!(
        of_body("{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}").await,
        "template_too_costly"
    );
    assert_eq!(of_body("{{ 'x' * 1000000 }}").await, "too_long");
    assert_eq!(of_body("{{ '' }}").await, "missing");
    let mut subject = email(&desk);
    subject["subject"] = "{{ 'a\\nb' }}".into();
    assert_eq!(refused(subject.clone()).await, [("/subject".to_owned(), "line_break".to_owned())]);
    subject["subject"] = "{{ 'x' * 100000 }}".into();
    assert_eq!(refused(subject).await, [("/subject".to_owned(), "too_long".to_owned())]);
    let mut html = email(&desk);
    html["html"] = "<mjml><mj-body>".into();
    assert_eq!(refused(html).await, [("/html".to_owned(), "invalid_mjml".to_owned())]);
    let twice = sms(&desk, "x", json!([{"name": "a"}, {"name": "a"}, {"name": "cliente"}]));
    assert_eq!(refused(twice).await, [("/variables/2/name".to_owned(), "invalid_variable_name".to_owned())]);
    let mut with_html = sms(&desk, "x", json!([]));
    with_html["html"] = "<p>x</p>".into();
    assert_eq!(refused(with_html).await, [("/html".to_owned(), "not_allowed_here".to_owned())]);
}

#[tokio::test]
async fn a_preview_shows_as_many_long_texts_as_a_page_has() {
    let desk = Desk::open().await;
    for number in 0..4 {
        person(&desk, "Luz", None, Some(&format!("luz{number}@example.com"))).await;
    }
    let mut long = email(&desk);
    long["html"] = "<html>{{ contacto.nombre }}{{ 'x' * 390000 }}</html>".into();
    long["body"] = "x".into();
    let template = create(&desk.nora, &long).await;
    let order = order(&desk, &template, json!({"dia": "lunes"}));
    let preview = desk.nora.post("/notifications/preview", &order).await.expect(200);
    assert_eq!(preview["texts"], json!({"counted": 4, "unsendable": 0}));
    assert_eq!(preview["samples"].as_array().map(Vec::len), Some(2), "three have more than 1 MiB");
    desk.world.stop().await;
}

#[tokio::test]
async fn the_date_of_somebody_who_does_not_exist_is_by_the_companys_clock() {
    let desk = Desk::open().await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let template = create(&desk.nora, &sms(&desk, "{{ fecha }}", json!([]))).await;
    let mut everybodys = sms(&desk, "{{ fecha }}", json!([]));
    everybodys["company_id"] = Value::Null;
    let everybodys = create(&admin, &everybodys).await;
    let mut mail = email(&desk);
    mail["subject"] = "{{ fecha }}".into();
    let mail = create(&desk.nora, &mail).await;
    // There is no hour at which these two have one day.
    for (zone, hours) in [("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)] {
        admin.patch(&format!("/companies/{}", desk.company), &json!({ "time_zone": zone })).await.expect(200);
        let day = (desk.world.now() + TimeDelta::hours(hours)).format("%-d de ").to_string();
        for template in [&template, &everybodys] {
            let path = format!("/templates/{template}/render");
            let shown = desk.nora.post(&path, &json!({})).await.expect(200);
            assert!(shown["body"].as_str().is_some_and(|text| text.starts_with(&day)), "{zone}: {shown}");
        }
        let tested = desk.nora.post_new(&format!("/templates/{mail}/test"), &json!({})).await.expect(202);
        desk.finished(&id_of(&tested)).await;
        let told = desk.arrivals(Channel::Email).into_iter().filter_map(|mail| mail.subject);
        assert!(told.into_iter().any(|subject| subject.starts_with(&day)), "{zone}");
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_filled_in_is_refused_before_anything_is_sent() {
    let desk = Desk::open().await;
    person(&desk, "Luz", Some("+573015510103"), Some("luz@example.com")).await;
    let template = create(&desk.nora, &email(&desk)).await;
    let refused = async |path: &str, order: &Value| desk.nora.post_new(path, order).await.refused(422);
    for path in ["/notifications", "/notifications/preview"] {
        let fault = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        let missing = order(&desk, &template, json!({}));
        assert_eq!(refused(path, &missing).await, fault("/variables/dia", "missing"));
        let unknown = order(&desk, &template, json!({"dia": "lunes", "otra": "x"}));
        assert_eq!(refused(path, &unknown).await, fault("/variables/otra", "unknown_variable"));
        let broken = order(&desk, &template, json!({"dia": "lunes\nBcc: x@example.com"}));
        assert_eq!(refused(path, &broken).await, fault("/variables", "line_break"));
        let number = order(&desk, &template, json!({"dia": 7}));
        assert_eq!(refused(path, &number).await, fault("/variables/dia", "wrong_type"));
        let nobodys = order(&desk, &desk.company.to_string(), json!({}));
        assert_eq!(refused(path, &nobodys).await, fault("/template_id", "unknown_id"));
        let mut other_channel = order(&desk, &template, json!({"dia": "lunes"}));
        other_channel["channel"] = "sms".into();
        assert_eq!(refused(path, &other_channel).await, fault("/channel", "not_the_templates"));
        let mut with_body = order(&desk, &template, json!({"dia": "lunes"}));
        with_body["body"] = "Hola".into();
        assert_eq!(refused(path, &with_body).await, fault("/body", "not_allowed_here"));
    }
    assert!(desk.arrivals(Channel::Email).is_empty());
}

#[tokio::test]
async fn a_template_is_rendered_as_a_client_would_get_it() {
    let desk = Desk::open().await;
    let luz = person(&desk, "Luz", None, Some("luz@example.com")).await;
    let template = create(&desk.nora, &email(&desk)).await;
    let path = format!("/templates/{template}/render");
    let shown =
        desk.nora.post(&path, &json!({"client_id": luz, "variables": {"dia": "jueves"}})).await.expect(200);
    assert_eq!(
        (&shown["to"], &shown["subject"]),
        (&json!("luz@example.com"), &json!("Luz: corte el jueves"))
    );
    let sample = desk.nora.post(&path, &json!({})).await.expect(200);
    assert!(sample["subject"].as_str().is_some_and(|subject| subject.ends_with("corte el lunes")));
    let unknown = desk.nora.post(&path, &json!({"client_id": desk.company.to_string()})).await;
    assert_eq!(unknown.refused(422), [("/client_id".to_owned(), "unknown_id".to_owned())]);
    assert!(desk.arrivals(Channel::Email).is_empty());
}

#[tokio::test]
async fn a_test_goes_to_its_author_and_to_nobody_else() {
    let desk = Desk::open().await;
    person(&desk, "Luz", None, Some("luz@example.com")).await;
    let template = create(&desk.nora, &email(&desk)).await;
    let asked = desk.nora.post_new(&format!("/templates/{template}/test"), &json!({})).await.expect(202);
    let done = desk.finished(&id_of(&asked)).await;
    assert_eq!(totals(&done, &["total", "accepted"]), [1, 1]);
    assert_eq!((&done["test"], &done["excluded"]), (&json!(true), &json!({})));
    let told: Vec<_> =
        desk.arrivals(Channel::Email).into_iter().map(|mail| (mail.to, mail.subject)).collect();
    assert_eq!(told, [(email_of(desk.nora.user), Some("Nora: corte el lunes".to_owned()))]);
    let cobro = create(&desk.nora, &sms(&desk, "x", json!([]))).await;
    let test = format!("/templates/{cobro}/test");
    let refused = desk.nora.post_new(&test, &json!({})).await.expect(409);
    assert_eq!(refused["code"], "no_own_address");
    let (admin, nora) =
        (desk.world.user("Ada", &[Role::Admin], &[]).await, format!("/users/{}", desk.nora.user));
    let refused = admin.patch(&nora, &json!({"phone": "301 551 0101"})).await.refused(422);
    assert_eq!(refused[0].0, "/phone");
    admin.patch(&nora, &json!({"phone": "+573015510101"})).await.expect(200);
    let asked = desk.nora.post_new(&test, &json!({})).await.expect(202);
    desk.finished(&id_of(&asked)).await;
    let told: Vec<_> = desk.arrivals(Channel::Sms).into_iter().map(|sms| sms.to).collect();
    assert_eq!(told, ["+573015510101"]);
    admin.patch(&nora, &json!({"phone": null})).await.expect(200);
    desk.nora.post_new(&test, &json!({})).await.expect(409);
}

#[tokio::test]
async fn a_template_belongs_to_its_company_and_one_of_no_company_to_administrators() {
    let desk = Desk::open().await;
    let other = desk.world.company("Otra").await;
    let olga = desk.world.user("Olga", &[Role::Notifier], &[other]).await;
    let auditor = desk.world.user("Alba", &[Role::Auditor], &[desk.company]).await;
    let operator = desk.world.user("Omar", &[Role::Operator], &[desk.company]).await;
    let admin = desk.world.user("Ada", &[Role::Admin], &[]).await;
    let template = create(&desk.nora, &sms(&desk, "uno", json!([]))).await;
    let path = format!("/templates/{template}");

    // Only its author is promised to find it at once.
    desk.world.caught_up().await;
    olga.get(&path).await.expect(404);
    assert!(olga.all("/templates").await.is_empty());
    olga.post(&format!("{path}/versions"), &json!({"body": "dos"})).await.expect(404);
    olga.post(&format!("{path}/render"), &json!({})).await.expect(404);
    let foreign = olga.post("/templates", &sms(&desk, "x", json!([]))).await;
    assert_eq!(foreign.refused(422), [("/company_id".to_owned(), "unknown_id".to_owned())]);
    assert_eq!(auditor.get(&path).await.expect(200)["body"], "uno");
    auditor.post(&format!("{path}/versions"), &json!({"body": "dos"})).await.expect(403);
    operator.get("/templates").await.expect(403);
    operator.get(&path).await.expect(403);

    let mut everybodys = sms(&desk, "para todos", json!([]));
    everybodys["company_id"] = Value::Null;
    desk.nora.post("/templates", &everybodys).await.expect(403);
    let everybodys = create(&admin, &everybodys).await;
    desk.world.caught_up().await;
    assert_eq!(olga.get(&format!("/templates/{everybodys}")).await.expect(200)["body"], "para todos");
    olga.post(&format!("/templates/{everybodys}/versions"), &json!({"body": "dos"})).await.expect(403);
    let client =
        json!({"name": "Luz", "contacts": [{"kind": "holder", "name": "Luz", "phone": "+573015510199"}]});
    olga.post(&format!("/companies/{other}/clients"), &client).await.expect(201);
    let order =
        json!({"company_id": other.to_string(), "recipient_kind": "everyone", "template_id": everybodys});
    let notification = id_of(&olga.post_new("/notifications", &order).await.expect(202));
    assert_eq!(totals(&tests::notified::finished(&olga, &notification).await, &["accepted"]), [1]);
    let of_nora =
        json!({"company_id": other.to_string(), "recipient_kind": "everyone", "template_id": template});
    let refused = olga.post_new("/notifications", &of_nora).await;
    assert_eq!(refused.refused(422), [("/template_id".to_owned(), "unknown_id".to_owned())]);

    desk.world.caught_up().await;
    let deeds = auditor.all(&format!("/audit?subject={template}")).await;
    let deed = &deeds[0];
    assert_eq!((&deed["type"], &deed["subject"]["type"]), (&json!("TemplateCreated"), &json!("template")));
}
