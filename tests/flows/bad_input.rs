//! Bad input: every field of every body, spoilt in every way. Each is refused by a problem that names the field in the
//! reader's language; nothing fails, nothing is written.

use std::collections::HashSet;

use domain::value::{CompanyId, Role};
use serde_json::{Map, Value, json};
use tests::orders::{client_of, email_to, message_to, sms_to};
use tests::routes::{self, Route};
use tests::world::PASSWORD;
use tests::{Answer, Client, World, id_of};

/// Fields that may have line breaks, and every character but control characters.
const TEXTS: [&str; 7] =
    ["/body", "/html", "/reason", "/note", "/variables/dia", "/variables/0/default", "/variables/0/sample"];
/// Fields whose every character is good.
const SECRETS: [&str; 1] = ["/password"];
/// Longer than any field may be.
const TOO_LONG: usize = 100_001;
/// The same for a login, whose body is small.
const TOO_LONG_FOR_A_LOGIN: usize = 5_000;
const LOGO: &str = "https://vigia.example/logo.png";
/// One byte more than a body may have.
const TOO_LARGE: usize = 1024 * 1024 + 1;

struct Office {
    world: World,
    admin: Client,
    other: Client,
    company: CompanyId,
    client: String,
    message: String,
    notification: String,
    delivery: String,
    template: String,
}

impl Office {
    async fn open() -> Self {
        let world = World::start().await;
        let company = world.company("Vigía").await;
        let admin = world.user("Ana", &[Role::Admin], &[company]).await;
        let other = world.user("Luis", &[Role::Operator], &[]).await;
        let body = client_of("C-1", "Ferretería Núñez", Some("3001234567"), Some("ana@example.com"));
        let client = id_of(&admin.post(&format!("/companies/{company}/clients"), &body).await.expect(201));
        let message =
            id_of(&admin.post_new("/messages", &message_to(&[admin.user], "hola")).await.expect(201));
        let notification =
            id_of(&admin.post_new("/notifications", &sms_to(company, "hola")).await.expect(202));
        tests::notified::finished(&admin, &notification).await;
        let delivery = id_of(&admin.all(&format!("/notifications/{notification}/deliveries")).await[0]);
        let template = id_of(&admin.post("/templates", &email_template(company)).await.expect(201));
        world.sealed().await;
        Self { world, admin, other, company, client, message, notification, delivery, template }
    }

    /// Where a route's good requests go, and their bodies, all fields given.
    fn good(&self, route: &Route) -> (String, Vec<Value>) {
        let contact =
            json!({"kind": "holder", "name": "Ana", "phone": "3001234567", "email": "ana@example.com"});
        let client = json!({
            "name": "Ferretería", "external_id": "C-2", "contacts": [contact], "locale": "es-CO", "time_zone": "America/Bogota",
            "columns": {"saldo": "$ 5"},
        });
        let company = json!({"name": "Vigía", "country": "CO", "time_zone": "America/Bogota"});
        let ids = json!([self.company.to_string()]);
        let user = json!({"name": "Eva", "email": "eva@example.com", "password": PASSWORD, "roles": ["operator"], "companies": ids});
        let with_times = |mut order: Value| {
            order["expires_at"] = json!("2099-01-01T00:00:00Z");
            order["schedule_at"] = json!("2098-01-01T00:00:00Z");
            order["hold_seconds"] = json!(30);
            order
        };
        let variables = json!({"dia": "lunes"});
        let of_template = json!({
            "company_id": self.company.to_string(), "channel": "email", "recipient_kind": "everyone",
            "category": "service", "template_id": self.template, "variables": variables,
        });
        let orders = vec![
            with_times(sms_to(self.company, "hola")),
            with_times(email_to(self.company, "Aviso", "hola\nadiós")),
            with_times(of_template),
        ];
        let sms_template = json!({
            "name": "Cobro", "channel": "sms", "category": "collection", "company_id": self.company.to_string(),
            "body": "Hola {{ dia }}", "variables": [{"name": "dia", "default": "hoy", "sample": "lunes"}],
        });
        let templates = vec![sms_template, email_template(self.company)];
        let message = json!({
            "recipients": [self.admin.user.to_string()], "roles": ["operator"], "company": self.company.to_string(), "body": "hola",
            "priority": "high", "acknowledge": true, "in_reply_to": self.message,
        });
        let bodies = match route.name().as_str() {
            "POST /session" => vec![json!({"email": "ana@example.com", "password": PASSWORD})],
            "POST /users" => vec![user],
            "PATCH /users/{id}" => vec![merged(&user, json!({"active": true}))],
            "POST /companies" => vec![company],
            "PATCH /companies/{id}" => {
                let limits = json!({
                    "approval_above": 500, "sms_per_day": 1_000, "sms_per_month": 20_000, "emails_per_day": 1_000,
                    "emails_per_month": 20_000, "segments_per_day": 2_000, "segments_per_month": 40_000,
                    "foreign_per_day": 10, "per_recipient_per_hour": 3, "sms_per_second": 50, "emails_per_second": 20,
                });
                vec![merged(&company, json!({ "limits": limits, "logo_url": LOGO }))]
            }
            "POST /companies/{id}/clients" | "PATCH /clients/{id}" => vec![client],
            "POST /messages" => vec![message],
            "POST /inbox/read-all" => vec![json!({"up_to": 0})],
            "POST /notifications"
            | "POST /notifications/preview"
            | "POST /notifications/preview/excluded" => orders,
            "POST /templates" | "POST /templates/{id}/versions" => templates,
            "POST /templates/{id}/render" => vec![json!({"client_id": self.client, "variables": variables})],
            "POST /templates/{id}/test" => {
                vec![json!({"company_id": self.company.to_string(), "variables": variables})]
            }
            "POST /inbox/{id}/seen"
            | "POST /inbox/{id}/read"
            | "POST /inbox/{id}/unread"
            | "POST /inbox/{id}/acknowledge"
            | "POST /inbox/{id}/restore"
            | "POST /notifications/{id}/cancel"
            | "POST /notifications/{id}/retry"
            | "POST /notifications/{id}/pause"
            | "POST /notifications/{id}/resume"
            | "POST /notifications/{id}/approve"
            | "POST /projections/{name}/rebuild" => vec![json!({})],
            "POST /providers/{name}/pause" => {
                vec![json!({"reason": "Anunció\nmantenimiento", "channel": "sms"})]
            }
            "POST /providers/{name}/resume" => vec![json!({"channel": "sms"})],
            "POST /notifications/{id}/reject" => vec![json!({"reason": "No es la lista\nde hoy"})],
            "POST /deliveries/{id}/discard" => vec![json!({"reason": "Se fue\nde la ciudad"})],
            "POST /deliveries/{id}/resolve" => {
                vec![json!({"outcome": "discard", "reason": "No se puede\nsaber"})]
            }
            "POST /deliveries/{id}/retry" => vec![json!({"to": "3001234567", "update_client": true})],
            "POST /deliveries/retry" => {
                let filter = json!({
                    "company": self.company.to_string(), "to": "ana@example.com", "state": "failed",
                    "class": "transient", "provider": "principal", "channel": "sms",
                    "from": "2026-01-01T00:00:00Z", "to_time": "2026-02-01T00:00:00Z",
                });
                vec![
                    json!({"ids": [self.delivery.clone()], "reason": "El proveedor\nestuvo caído"}),
                    json!({"filter": filter, "reason": "El proveedor estuvo caído"}),
                ]
            }
            "POST /suppressions" => vec![json!({
                "company_id": self.company.to_string(), "channel": "sms", "address": "3001234567", "reason": "manual",
                "note": "Lo pidió\npor teléfono",
            })],
            "POST /notifications/{id}/reschedule" => vec![json!({"schedule_at": "2098-01-01T00:00:00Z"})],
            other => panic!("{other}: a route that nobody has thought about here"),
        };
        (route.path_to(&self.id(route)), bodies)
    }

    fn id(&self, route: &Route) -> String {
        match route.path.split('/').nth(1).unwrap_or_default() {
            "audit" => "1".to_owned(),
            "users" => self.other.user.to_string(),
            "companies" => self.company.to_string(),
            "clients" => self.client.clone(),
            "inbox" | "messages" => self.message.clone(),
            "projections" => "users".to_owned(),
            "providers" => "simulador".to_owned(),
            "templates" => self.template.clone(),
            _ => self.notification.clone(),
        }
    }
}

/// A template of an e-mail, all fields given.
fn email_template(company: CompanyId) -> Value {
    json!({
        "name": "Corte", "channel": "email", "category": "service", "company_id": company.to_string(),
        "subject": "Corte de luz", "body": "Será el {{ dia }}\na las 10", "html": "<p>Será el {{ dia }}</p>",
        "variables": [{"name": "dia", "default": "hoy", "sample": "lunes"}],
    })
}

fn merged(one: &Value, other: Value) -> Value {
    let mut both = one.as_object().cloned().unwrap_or_default();
    both.extend(other.as_object().cloned().unwrap_or_default());
    Value::Object(both)
}

/// A body that must be refused, where the fault is, and its code if only one will do.
struct Spoilt {
    body: String,
    pointer: String,
    code: Option<&'static str>,
}

/// Every field of a body, at every depth, spoilt in every way that fits its type.
fn spoilt(good: &Value, too_long: usize) -> Vec<Spoilt> {
    let mut all = Vec::new();
    let mut spoil = |pointer: &str, value: Value, code: Option<&'static str>| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).expect("a field") = value;
        all.push(Spoilt { body: body.to_string(), pointer: pointer.to_owned(), code });
    };
    for (pointer, value) in fields(good, "") {
        let wrong_types = [json!("x"), json!(7), json!(1.5), json!(true), json!([]), json!({}), json!([[]])];
        for wrong in wrong_types.into_iter().filter(|wrong| !is_same_type(wrong, &value)) {
            spoil(&pointer, wrong, Some("wrong_type"));
        }
        if value.is_string() {
            spoil(&pointer, json!("ñ".repeat(too_long)), None);
            if !SECRETS.contains(&&*pointer) {
                spoil(&pointer, json!("a\u{0}b"), None);
                spoil(&pointer, json!("a\u{1b}[31mb"), None);
                spoil(&pointer, json!("a\u{7f}b"), None);
            }
            if !SECRETS.contains(&&*pointer) && !TEXTS.contains(&&*pointer) {
                spoil(&pointer, json!("a\nb"), None);
                spoil(&pointer, json!("a\r\nb"), None);
            }
        }
        if value.as_str().is_some_and(|text| uuid::Uuid::try_parse(text).is_ok()) {
            spoil(&pointer, json!("no-es-un-id"), Some("invalid_id"));
            spoil(&pointer, json!("01890000-0000-7000-8000-000000000000"), Some("unknown_id"));
        }
        for bad in bad_values(&pointer) {
            spoil(&pointer, json!(bad), None);
        }
    }
    all
}

/// Values of the right type that are none of their kind.
fn bad_values(pointer: &str) -> &'static [&'static str] {
    match pointer.rsplit('/').next().unwrap_or_default() {
        "email" => &[
            "sin-arroba",
            "a@@example.com",
            "a b@example.com",
            "Ana <a@example.com>",
            "a@example.com\r\nBcc: b@example.com",
            " ",
        ],
        "phone" => &[
            "300123",
            "no tiene",
            "+999 123 4567",
            "3001234567 / 3011234567",
            "1e10",
            "003211234567",
            "300123456.0",
            "+1 900 555 1234",
        ],
        "country" => &["XX", "co", "Colombia", ""],
        "time_zone" => &["Bogota", "America/Macondo", ""],
        "locale" => &["xx-yy-zz-españa", "es_ES_", "?"],
        "kind" | "channel" | "recipient_kind" | "category" | "priority" => &["otro", "", "SMS "],
        "expires_at" | "schedule_at" => &["mañana", "2026-13-01T00:00:00Z", "2099-01-01"],
        "logo_url" => {
            &["http://vigia.example/logo.png", "javascript:alert(1)", "data:image/png;base64,AAAA", " "]
        }
        "name" => &["", "   "],
        _ => &[],
    }
}

/// Every field with its pointer, those of objects in lists too.
fn fields(value: &Value, pointer: &str) -> Vec<(String, Value)> {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => vec![],
    };
    let below = |(name, value): (String, &Value)| {
        let pointer = format!("{pointer}/{name}");
        let mut all = vec![(pointer.clone(), value.clone())];
        all.extend(fields(value, &pointer));
        all
    };
    members.into_iter().flat_map(below).collect()
}

fn is_same_type(one: &Value, other: &Value) -> bool {
    let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    match (one, other) {
        (Value::Number(one), Value::Number(_)) => one.is_i64(),
        // A list may be empty; a list of lists is never right.
        (Value::Array(_), Value::Array(_)) => is_empty(one),
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

/// Asks in every language, and gives the faults after the texts are known to differ.
async fn refused(
    client: &Client,
    route: &Route,
    path: &str,
    body: &str,
    what: &str,
) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let mut faults = Vec::new();
    for language in ["es", "en", "pt"] {
        let request = client
            .request(route.method(), path)
            .header("Idempotency-Key", "k")
            .header("Accept-Language", language);
        let answer =
            Answer::to(request.header("Content-Type", "application/json").body(body.to_owned())).await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 400..500), "{what}: {status} {}", answer.body);
        texts.push(
            answer.body["detail"]
                .as_str()
                .unwrap_or_else(|| panic!("{what}: a detail in {}", answer.body))
                .to_owned(),
        );
        assert!(answer.body["trace_id"].is_string(), "{what}");
        let details = answer.body["errors"].as_array().cloned().unwrap_or_default();
        assert!(
            details.iter().all(|error| error["detail"].as_str().is_some_and(|text| !text.is_empty())),
            "{what}"
        );
        faults = answer.refused(status);
    }
    let different: HashSet<_> = texts.iter().collect();
    assert_eq!(different.len(), texts.len(), "{what}: each in the reader's language: {texts:?}");
    faults
}

#[track_caller]
fn names(faults: &[(String, String)], pointer: &str, code: Option<&str>, what: &str) {
    let is_named =
        |(named, why): &(String, String)| named.starts_with(pointer) && code.is_none_or(|code| code == why);
    assert!(faults.iter().any(is_named), "{what}: {pointer} {code:?} is not among {faults:?}");
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Bodies of imports and of providers' reports are no JSON of ours.
async fn routes_with_bodies(client: &Client) -> Vec<Route> {
    let is_wanted = |route: &Route| {
        let is_other = route.path.ends_with("/import") || route.path.starts_with("/hooks/");
        matches!(&*route.method, "POST" | "PATCH") && !is_other
    };
    routes::all(client).await.into_iter().filter(is_wanted).collect()
}

#[tokio::test]
async fn every_field_spoilt_in_every_way_is_named_and_nothing_is_written() {
    let office = Office::open().await;
    let head = office.world.log().reader().head().await.expect("the head");
    for route in routes_with_bodies(&office.admin).await {
        let (path, bodies) = office.good(&route);
        for good in bodies {
            let too_long = if route.path == "/session" { TOO_LONG_FOR_A_LOGIN } else { TOO_LONG };
            for Spoilt { body, pointer, code } in spoilt(&good, too_long) {
                // A login tells nobody what is wrong with an address, only what is no text at all.
                let is_login = route.path == "/session" && code.is_none() && !pointer.is_empty();
                if is_login && !body.contains('\u{f1}') {
                    continue;
                }
                let what = format!("{} {}", route.name(), short(&body));
                let faults = refused(&office.admin, &route, &path, &body, &what).await;
                names(&faults, &pointer, code, &what);
            }
        }
        assert_eq!(
            office.world.log().reader().head().await.expect("the head"),
            head,
            "{} wrote something",
            route.name()
        );
    }
    office.world.stop().await;
}

#[tokio::test]
async fn a_body_that_is_wrong_as_a_whole_is_refused_and_nothing_is_written() {
    let office = Office::open().await;
    let head = office.world.log().reader().head().await.expect("the head");
    for route in routes_with_bodies(&office.admin).await {
        let (path, bodies) = office.good(&route);
        for good in bodies {
            let members = good.as_object().expect("an object");
            let with_unknown = merged(&good, json!({"desconocido~/ñ": 1}));
            let mut cases = vec![
                (with_unknown.to_string(), "/desconocido~0~1ñ".to_owned(), "unknown_field"),
                ("[]".to_owned(), String::new(), "wrong_type"),
                ("\"x\"".to_owned(), String::new(), "wrong_type"),
                ("7".to_owned(), String::new(), "wrong_type"),
                ("null".to_owned(), String::new(), "wrong_type"),
                ("{".to_owned(), String::new(), "invalid_json"),
                ("{} {}".to_owned(), String::new(), "invalid_json"),
                ("{\"a\": \"\\ud800\"}".to_owned(), String::new(), "invalid_json"),
                ("[".repeat(10_000), String::new(), "too_deep"),
                (format!("{{\"a\": {}", "{\"a\": ".repeat(2_000)), String::new(), "too_deep"),
            ];
            for name in members.keys() {
                cases.push((twice(members, name), format!("/{name}"), "duplicate_field"));
            }
            if route.method == "POST" {
                for &name in required(&route, &good) {
                    let mut less = members.clone();
                    less.remove(name);
                    cases.push((Value::Object(less.clone()).to_string(), format!("/{name}"), "missing"));
                    less.insert(name.to_owned(), Value::Null);
                    cases.push((Value::Object(less).to_string(), format!("/{name}"), "missing"));
                }
            }
            for (body, pointer, code) in cases {
                let what = format!("{} {}", route.name(), short(&body));
                let faults = refused(&office.admin, &route, &path, &body, &what).await;
                names(&faults, &pointer, Some(code), &what);
            }
        }
        assert_eq!(
            office.world.log().reader().head().await.expect("the head"),
            head,
            "{} wrote something",
            route.name()
        );
    }
    office.world.stop().await;
}

/// The same object with one member standing there twice.
fn twice(members: &Map<String, Value>, name: &str) -> String {
    let text = Value::Object(members.clone()).to_string();
    format!("{{\"{name}\":{},{}", members[name], &text[1..])
}

/// The fields without which a request says too little.
fn required(route: &Route, good: &Value) -> &'static [&'static str] {
    match route.name().as_str() {
        "POST /session" => &["email", "password"],
        "POST /users" => &["name", "email", "password", "roles"],
        "POST /companies" => &["name", "time_zone"],
        "POST /companies/{id}/clients" => &["name"],
        "POST /messages" => &["body"],
        "POST /inbox/read-all" => &["up_to"],
        "POST /notifications/{id}/reject" | "POST /deliveries/{id}/discard" => &["reason"],
        "POST /deliveries/retry" if good["ids"].is_array() => &["ids", "reason"],
        "POST /deliveries/retry" => &["reason"],
        "POST /suppressions" => &["channel", "address", "reason"],
        "POST /notifications/{id}/reschedule" => &["schedule_at"],
        "POST /templates" if good["channel"] == "email" => &["name", "channel", "category", "subject"],
        "POST /templates" => &["name", "channel", "category", "body"],
        "POST /templates/{id}/versions" if good["channel"] == "email" => &["subject"],
        "POST /templates/{id}/versions" => &["body"],
        "POST /notifications" | "POST /notifications/preview" if good["template_id"].is_string() => {
            &["company_id", "recipient_kind"]
        }
        "POST /notifications" | "POST /notifications/preview" if good["channel"] == "email" => {
            &["company_id", "channel", "recipient_kind", "category", "subject", "body"]
        }
        "POST /notifications" | "POST /notifications/preview" => {
            &["company_id", "channel", "recipient_kind", "category", "body"]
        }
        _ => &[],
    }
}

#[tokio::test]
async fn bytes_that_are_no_json_another_type_and_too_many_of_them_are_refused_readably() {
    let office = Office::open().await;
    let head = office.world.log().reader().head().await.expect("the head");
    for route in routes_with_bodies(&office.admin).await {
        let (path, _) = office.good(&route);
        let send = async |content_type: &str, body: Vec<u8>| {
            let request = office.admin.request(route.method(), &path).header("Idempotency-Key", "k");
            Answer::to(request.header("Content-Type", content_type).body(body)).await
        };
        let not_utf8 = send("application/json", b"{\"body\": \"\xff\xfe\"}".to_vec()).await.refused(400);
        assert_eq!(not_utf8, [(String::new(), "invalid_utf8".into())], "{}", route.name());
        assert_eq!(send("text/plain", b"{\"a\": 1}".to_vec()).await.expect(415)["code"], "not_json");
        for size in [TOO_LARGE, 8 * TOO_LARGE - 100] {
            let problem = send("application/json", vec![b' '; size]).await.expect(413);
            assert_eq!(problem["code"], "body_too_large", "{}", route.name());
        }
    }
    assert_eq!(office.world.log().reader().head().await.expect("the head"), head);
    office.world.stop().await;
}

#[tokio::test]
async fn a_query_that_says_what_nobody_understands_is_refused_by_its_name() {
    let office = Office::open().await;
    for route in routes::all(&office.admin).await.into_iter().filter(|route| route.method == "GET") {
        let id = if route.path == "/deliveries/{id}" {
            id_of(&office.admin.all(&format!("/notifications/{}/deliveries", office.notification)).await[0])
        } else {
            office.id(&route)
        };
        let path = route.path_to(&id);
        for (query, pointer) in [
            ("desconocido=1", "/desconocido"),
            ("min_position=-1", "/min_position"),
            ("limit=0", "/limit"),
            ("limit=x", "/limit"),
            ("after=basura", "/after"),
        ] {
            let faults = office.admin.get(&format!("{path}?{query}")).await.refused(400);
            names(&faults, pointer, None, &format!("{} {query}", route.name()));
        }
        if matches!(
            &*route.path,
            "/users" | "/inbox" | "/companies/{id}/clients" | "/notifications/{id}/deliveries"
        ) {
            for query in ["q=%ff", "q=%00", "q=a%0ab"] {
                names(&office.admin.get(&format!("{path}?{query}")).await.refused(400), "/q", None, query);
            }
        }
    }
    for path in [
        "/notifications?state=otro",
        "/notifications?company=x",
        "/notifications?from=ayer",
        "/deliveries?company=x",
        "/deliveries?client=x",
        "/deliveries?to=nadie",
        "/deliveries?state=otro",
        "/deliveries?discarded=quizás",
        "/deliveries?class=otra",
        "/deliveries?channel=fax",
        "/deliveries?to_time=ayer",
        "/templates?company=x",
        "/templates?channel=fax",
        "/audit?actor=7",
        "/audit?to=x",
        "/audit?hide=everything",
        "/audit/proof/1?size=-1",
        "/audit/proof/1?size=99999999999999999999",
        "/audit/consistency?from=ayer",
        "/audit/consistency?to=0",
        "/inbox?state=x",
        "/inbox?author=yo",
    ] {
        let name = path.split(['?', '=']).nth(1).expect("a name");
        names(&office.admin.get(path).await.refused(400), &format!("/{name}"), None, path);
    }
    office.world.stop().await;
}

#[tokio::test]
async fn a_parameter_without_a_value_counts_as_absent_whatever_the_route() {
    let office = Office::open().await;
    let document = office.admin.get("/openapi.json").await.expect(200);
    let is_read = |route: &Route| route.method == "GET" && !route.path.ends_with("/stream");
    let mut tried = 0;
    for route in routes::all(&office.admin).await.into_iter().filter(is_read) {
        let path = route.path_to(&office.id(&route));
        let without = office.admin.get(&path).await.status;
        let parameters = document["paths"][&route.path]["get"]["parameters"].as_array().cloned();
        let of_query = parameters.into_iter().flatten().filter(|parameter| parameter["in"] == "query");
        for name in of_query.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)) {
            for query in [format!("{name}="), name] {
                let with = office.admin.get(&format!("{path}?{query}")).await;
                assert_eq!(with.status, without, "{} {query}: {}", route.name(), with.body);
                tried += 1;
            }
        }
        names(
            &office.admin.get(&format!("{path}?desconocido=")).await.refused(400),
            "/desconocido",
            None,
            &path,
        );
    }
    assert!(tried > 50, "parameters are tried: {tried}");
    let import = format!("/companies/{}/clients/import?dry_run", office.company);
    names(&office.admin.post(&import, &json!({})).await.refused(400), "/dry_run", None, &import);
    office.world.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_cannot_be_done_is_not_allowed() {
    let office = Office::open().await;
    let head = office.world.log().reader().head().await.expect("the head");
    for route in routes::all(&office.admin).await.into_iter().filter(|route| route.path.contains('{')) {
        for id in [
            "no-es-un-id",
            "01890000-0000-7000-8000-000000000000",
            "%00",
            "%ff",
            "..%2f",
            "'; drop table events; --",
            "ñ",
        ] {
            let request = office.admin.request(route.method(), &route.path_to(&id.replace(' ', "%20")));
            let request = match &*route.method {
                "DELETE" if route.path == "/suppressions/{id}" => request.json(&json!({"reason": "No"})),
                "GET" | "DELETE" => request,
                _ if route.path.ends_with("/import") => request
                    .header("Content-Type", "text/csv")
                    .body("external_id,name,kind,contact_name,phone,email\n"),
                "PATCH" => request.json(&json!({"name": "Otro"})),
                _ if route.path.ends_with("/clients") => request.json(&json!({"name": "Otro"})),
                _ if route.path.ends_with("/versions") => request.json(&json!({"body": "Hola"})),
                _ if ["/reject", "/discard", "{name}/pause"].iter().any(|end| route.path.ends_with(end)) => {
                    request.json(&json!({"reason": "No"}))
                }
                _ if route.path.ends_with("/resolve") => {
                    request.json(&json!({"outcome": "discard", "reason": "No"}))
                }
                _ if route.path.ends_with("/reschedule") => {
                    request.json(&json!({"schedule_at": "2098-01-01T00:00:00Z"}))
                }
                _ => request.json(&json!({})),
            };
            let status = Answer::to(request).await.status.as_u16();
            assert!(matches!(status, 400 | 404), "{} {id}: {status}", route.name());
        }
    }
    let request = office.admin.request(reqwest::Method::PUT, "/inbox");
    assert_eq!(Answer::to(request).await.status, 405);
    office.admin.get("/no/hay/nada").await.refused(404);
    assert_eq!(office.world.log().reader().head().await.expect("the head"), head);
    office.world.stop().await;
}
