//! Templates: from the first version to what each client reads, and nothing of a client's own is ever evaluated.

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
async fn whoever_a_text_cannot_be_sent_to_fails_alone_and_nothing_is_cut() {
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
    assert_eq!(of_body("{{ fecha|nada }}").await, "template_fails");
    assert_eq!(
        of_body("{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}").await,
        "template_too_costly"
    );
    assert_eq!(
        of_body("{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}").await,
        "template_too_costly"
    );
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
    let refused = desk.nora.post_new(&format!("/templates/{cobro}/test"), &json!({})).await.expect(409);
    assert_eq!(refused["code"], "no_own_address");
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
