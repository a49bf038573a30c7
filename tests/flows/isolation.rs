//! Companies do not see each other: every route, every role, another company's things. A route that is in no table here
//! fails the test, so a new one is thought about.

use commands::clock;
use dispatcher::simulator::Behaviour;
use domain::value::{Channel, CompanyId, Role};
use serde_json::{Value, json};
use tests::notified::finished;
use tests::orders::{client_of, email_to, message_to, sms_to};
use tests::routes::{self, Route};
use tests::world::email_of;
use tests::{Answer, Client, World, id_of};

/// An id of nothing.
const NOTHING: &str = "01890000-0000-7000-8000-000000000000";

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Anybody at all.
    Open,
    /// Who signs as the provider: a log-in does not matter.
    Signed,
    /// Whoever is logged in: what it shows is the caller's own, or everybody's.
    Anybody,
    /// These roles, whatever the company: what it shows is scoped.
    Roles(&'static [Role]),
    /// These roles, for the company in the path or of the thing in the path; to others it is not there.
    Company(&'static [Role]),
    /// Who has the message in the path, and for some routes the auditors of its author; to others it is not there.
    Message,
}

const NOTIFIERS: &[Role] = &[Role::Notifier];
const READERS: &[Role] = &[Role::Notifier, Role::Auditor];
const EVERY_ROLE: &[Role] = &[Role::Operator, Role::Notifier, Role::Auditor];

/// What the part in braces of a path stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing {
    None,
    Company,
    Client,
    User,
    Message,
    Notification,
    Delivery,
    Template,
    Projection,
    Provider,
    Suppression,
    Event,
}

fn rule(route: &Route) -> (Guard, Thing) {
    use Guard::*;
    match route.name().as_str() {
        "POST /session" | "DELETE /session" => (Open, Thing::None),
        "POST /hooks/{provider}" | "POST /hooks/{provider}/mail" => (Signed, Thing::Provider),
        "GET /suppressions" => (Roles(READERS), Thing::None),
        "POST /suppressions" => (Roles(NOTIFIERS), Thing::None),
        "DELETE /suppressions/{id}" => (Company(NOTIFIERS), Thing::Suppression),
        "GET /me" | "GET /users" | "GET /companies" | "GET /projections" => (Anybody, Thing::None),
        "GET /inbox" | "GET /inbox/summary" | "GET /inbox/stream" | "POST /inbox/read-all" => {
            (Anybody, Thing::None)
        }
        "GET /messages/sent" => (Anybody, Thing::None),
        "POST /users" | "POST /companies" => (Roles(&[]), Thing::None),
        "PATCH /users/{id}" => (Roles(&[]), Thing::User),
        "PATCH /companies/{id}" => (Company(&[]), Thing::Company),
        "POST /projections/{name}/rebuild" => (Roles(&[]), Thing::Projection),
        "POST /messages" => (Roles(&[Role::Operator]), Thing::None),
        "GET /deliveries" | "GET /deliveries/count" => (Roles(READERS), Thing::None),
        "POST /deliveries/retry" => (Roles(NOTIFIERS), Thing::None),
        "GET /providers" => (Roles(NOTIFIERS), Thing::None),
        "POST /providers/{name}/pause" | "POST /providers/{name}/resume" => (Roles(&[]), Thing::Provider),
        "GET /notifications" | "GET /templates" => (Roles(READERS), Thing::None),
        "GET /audit" | "GET /audit/checkpoint" | "GET /audit/consistency" => {
            (Roles(&[Role::Auditor]), Thing::None)
        }
        "GET /audit/proof/{position}" => (Roles(&[Role::Auditor]), Thing::Event),
        "GET /simulator/messages" => (Roles(&[Role::Operator, Role::Notifier]), Thing::None),
        // The company is in the body: see `a_company_that_is_named_in_a_body_is_as_unknown_as_none`.
        "POST /templates" => (Roles(NOTIFIERS), Thing::None),
        "POST /notifications" | "POST /notifications/preview" | "POST /notifications/preview/excluded" => {
            (Roles(NOTIFIERS), Thing::None)
        }
        "GET /companies/{id}" => (Company(EVERY_ROLE), Thing::Company),
        "GET /companies/{id}/clients" | "GET /companies/{id}/usage" => (Company(READERS), Thing::Company),
        "POST /companies/{id}/clients" | "POST /companies/{id}/clients/import" => {
            (Company(NOTIFIERS), Thing::Company)
        }
        "GET /clients/{id}" => (Company(READERS), Thing::Client),
        "PATCH /clients/{id}" | "DELETE /clients/{id}" => (Company(NOTIFIERS), Thing::Client),
        "GET /notifications/{id}"
        | "GET /notifications/{id}/deliveries"
        | "GET /notifications/{id}/failures"
        | "GET /notifications/{id}/preview"
        | "GET /notifications/{id}/history"
        | "GET /notifications/{id}/stream" => (Company(READERS), Thing::Notification),
        "POST /notifications/{id}/cancel"
        | "POST /notifications/{id}/retry"
        | "POST /notifications/{id}/pause"
        | "POST /notifications/{id}/resume"
        | "POST /notifications/{id}/approve"
        | "POST /notifications/{id}/reject"
        | "POST /notifications/{id}/reschedule" => (Company(NOTIFIERS), Thing::Notification),
        "GET /templates/{id}" | "POST /templates/{id}/render" => (Company(READERS), Thing::Template),
        "POST /templates/{id}/versions" | "POST /templates/{id}/test" => {
            (Company(NOTIFIERS), Thing::Template)
        }
        "GET /deliveries/{id}" => (Company(READERS), Thing::Delivery),
        "POST /deliveries/{id}/retry" | "POST /deliveries/{id}/discard" | "POST /deliveries/{id}/resolve" => {
            (Company(NOTIFIERS), Thing::Delivery)
        }
        "GET /messages/{id}/receipts"
        | "GET /messages/{id}/history"
        | "GET /messages/{id}"
        | "DELETE /messages/{id}"
        | "DELETE /inbox/{id}"
        | "POST /inbox/{id}/seen"
        | "POST /inbox/{id}/read"
        | "POST /inbox/{id}/unread"
        | "POST /inbox/{id}/acknowledge"
        | "POST /inbox/{id}/restore" => (Message, Thing::Message),
        other => panic!("{other}: a route that nobody has thought about here"),
    }
}

/// Two companies, somebody of every role in each, and things of the one that the other must not see.
struct Town {
    world: World,
    there: CompanyId,
    /// The roles with who has them at home: in another company than the things'.
    outsiders: Vec<(Role, Client)>,
    /// The same in the things' company.
    insiders: Vec<(Role, Client)>,
    admin: Client,
    client: String,
    message: String,
    notification: String,
    delivery: String,
    suppression: String,
    template: String,
}

/// What stands in the things of the other company.
const MARKS: [&str; 4] = ["Marcada Zúñiga", "+573007778899", "marcada@example.com", "Aviso marcado"];

impl Town {
    async fn build() -> Self {
        let world = World::start().await;
        let (here, there) = (world.company("Aquí").await, world.company("Allá").await);
        let admin = world.user("Admin", &[Role::Admin], &[]).await;
        let (mut outsiders, mut insiders) = (Vec::new(), Vec::new());
        for role in [Role::Operator, Role::Notifier, Role::Auditor] {
            outsiders.push((role, world.user("De aquí", &[role], &[here]).await));
            insiders.push((role, world.user("De allá", &[role], &[there]).await));
        }
        let contact = json!({"kind": "holder", "phone": MARKS[1], "email": MARKS[2]});
        let body = json!({"name": MARKS[0], "external_id": "M-1", "contacts": [contact]});
        let client = id_of(&admin.post(&format!("/companies/{there}/clients"), &body).await.expect(201));
        world.simulator.set_rule(Channel::Sms, "", Behaviour::Accept);
        let notification =
            id_of(&admin.post_new("/notifications", &sms_to(there, MARKS[3])).await.expect(202));
        finished(&admin, &notification).await;
        let delivery = id_of(&admin.all(&format!("/notifications/{notification}/deliveries")).await[0]);
        let suppressed = json!({
            "company_id": there.to_string(), "channel": "email", "address": "marcada.excluida@example.com", "reason": "manual",
        });
        let suppression = id_of(&admin.post("/suppressions", &suppressed).await.expect(201));
        let template =
            id_of(&admin.post("/templates", &template_of(Some(there), MARKS[3])).await.expect(201));
        let to_nobody_here = message_to(&[admin.user], "solo para mí");
        let message = id_of(&admin.post_new("/messages", &to_nobody_here).await.expect(201));
        world.caught_up().await;
        Self {
            world,
            there,
            outsiders,
            insiders,
            admin,
            client,
            message,
            notification,
            delivery,
            suppression,
            template,
        }
    }

    /// Ids of what the outsiders may see, some of which has to do with both companies: a worker of both first, then the
    /// outsiders' own company.
    async fn shared(&self) -> Vec<String> {
        let operator = &self.outsiders[0].1;
        let me = operator.get("/me").await.expect(200);
        let here = me["companies"][0].as_str().expect("a company").to_owned();
        let marta = self.world.user("Marta", &[Role::Operator], &[self.there]).await;
        let access = json!({"roles": ["operator", "notifier"], "companies": [here, self.there]});
        self.admin.patch(&format!("/users/{}", marta.user), &access).await.expect(200);
        let mut everybody: Vec<_> =
            self.outsiders.iter().map(|(_, client)| client.user.to_string()).collect();
        everybody.push(self.insiders[0].1.user.to_string());
        let to_both = json!({"recipients": everybody, "body": "a las dos", "company": self.there});
        let addressed = id_of(&marta.post_new("/messages", &to_both).await.expect(201));
        let to_people =
            id_of(&marta.post_new("/messages", &message_to(&everybody, "a todas")).await.expect(201));
        let body = client_of("M-1", "De aquí", Some("+573001110001"), None);
        let client = id_of(&marta.post(&format!("/companies/{here}/clients"), &body).await.expect(201));
        let asked = id_of(&marta.post_new("/notifications", &sms_to(&here, "Hola")).await.expect(202));
        finished(&marta, &asked).await;
        let delivery = id_of(&marta.all(&format!("/notifications/{asked}/deliveries")).await[0]);
        let own = template_of(Some(&here), "de aquí");
        let template = id_of(&marta.post("/templates", &own).await.expect(201));
        let everybodys = template_of(None::<&str>, "de todas");
        let everybodys = id_of(&self.admin.post("/templates", &everybodys).await.expect(201));
        self.world.caught_up().await;
        let of_here = [client, asked, delivery, template, everybodys];
        [marta.user.to_string(), here, addressed, to_people].into_iter().chain(of_here).collect()
    }

    fn path(&self, route: &Route, thing: Thing) -> String {
        route.path_to(match thing {
            Thing::None => "",
            Thing::Company => return route.path_to(&self.there.to_string()),
            Thing::User => return route.path_to(&self.insiders[0].1.user.to_string()),
            Thing::Client => &self.client,
            Thing::Message => &self.message,
            Thing::Notification => &self.notification,
            Thing::Delivery => &self.delivery,
            Thing::Template => &self.template,
            Thing::Projection => "users",
            Thing::Provider => "simulador",
            Thing::Suppression => &self.suppression,
            Thing::Event => "1",
        })
    }
}

/// An e-mail's template with this subject, for a company or for all of them.
fn template_of(company: Option<impl ToString>, subject: &str) -> Value {
    json!({
        "name": "Aviso", "channel": "email", "category": "service", "subject": subject, "body": "Hola",
        "company_id": company.map(|company| company.to_string()),
    })
}

/// A body that is good enough to come to the question who asks.
fn body(route: &Route) -> Value {
    match route.name().as_str() {
        "PATCH /users/{id}" | "PATCH /companies/{id}" | "PATCH /clients/{id}" => json!({"name": "Otro"}),
        "POST /companies/{id}/clients" => json!({"name": "Nueva"}),
        "POST /inbox/read-all" => json!({"up_to": 0}),
        "POST /templates/{id}/versions" => json!({"subject": "Otro", "body": "Hola"}),
        "POST /notifications/{id}/reject" | "DELETE /suppressions/{id}" | "POST /deliveries/{id}/discard" => {
            json!({"reason": "No"})
        }
        "POST /deliveries/{id}/resolve" => json!({"outcome": "discard", "reason": "No"}),
        "POST /notifications/{id}/reschedule" => json!({"schedule_at": "2026-01-31T15:00:00Z"}),
        _ => json!({}),
    }
}

async fn ask(client: &Client, route: &Route, path: &str) -> Answer {
    let request = client.request(route.method(), path).header("Idempotency-Key", clock::new_id().to_string());
    let request = match route.name().as_str() {
        "GET /inbox/stream" | "GET /notifications/{id}/stream" => {
            let response = request.send().await.expect("the server answers");
            let (status, headers) = (response.status(), response.headers().clone());
            // What is streamed does not end; what is refused is read below by the other branch's means.
            let body = if status.is_success() { Value::Null } else { response.json().await.expect("JSON") };
            return Answer { status, headers, body };
        }
        "POST /companies/{id}/clients/import" => request
            .header("Content-Type", "text/csv")
            .body("external_id,name,kind,contact_name,phone,email\n"),
        "DELETE /suppressions/{id}" => request.json(&body(route)),
        _ if route.method == "GET" || route.method == "DELETE" => request,
        _ => request.json(&body(route)),
    };
    Answer::to(request).await
}

/// Nothing is said of why: not even the trace of a difference to a thing that does not exist.
fn without_trace(mut problem: Value) -> Value {
    problem.as_object_mut().expect("a problem").remove("trace_id");
    problem
}

#[tokio::test]
async fn another_companys_things_are_not_there_whatever_the_route_and_the_role() {
    let town = Town::build().await;
    for route in routes::all(&town.admin).await {
        let (guard, thing) = rule(&route);
        let path = town.path(&route, thing);
        let name = route.name();
        if guard == Guard::Signed {
            ask(&town.world.nobody(), &route, &path).await.refused(403);
        } else if guard != Guard::Open {
            ask(&town.world.nobody(), &route, &path).await.refused(401);
        }
        for (role, outsider) in &town.outsiders {
            let answer = ask(outsider, &route, &path).await;
            let status = answer.status.as_u16();
            match guard {
                Guard::Open | Guard::Anybody => {
                    assert!(!matches!(status, 401 | 403 | 404), "{name} as {role:?}: {status}")
                }
                Guard::Roles(roles) if roles.contains(role) => {
                    assert!(!matches!(status, 401 | 403), "{name} as {role:?}: {status}")
                }
                Guard::Roles(_) | Guard::Signed => _ = answer.refused(403),
                Guard::Company(_) | Guard::Message => {
                    assert_eq!(status, 404, "{name} as {role:?}: {}", answer.body);
                    let nothing = ask(outsider, &route, &route.path_to(NOTHING)).await.expect(404);
                    assert_eq!(without_trace(answer.body), without_trace(nothing), "{name} as {role:?}");
                }
            }
        }
    }
    town.world.stop().await;
}

#[tokio::test]
async fn within_a_company_each_role_may_do_what_is_its_own_and_an_administrator_everything() {
    let town = Town::build().await;
    let mut routes = routes::all(&town.admin).await;
    // What takes a thing away comes last.
    routes
        .sort_by_key(|route| (route.method == "DELETE", route.path.ends_with("/cancel"), route.path.clone()));
    for route in routes {
        let (guard, thing) = rule(&route);
        let (path, name) = (town.path(&route, thing), route.name());
        if let Guard::Company(roles) = guard {
            for (role, insider) in &town.insiders {
                let status = ask(insider, &route, &path).await.status.as_u16();
                if roles.contains(role) {
                    // What is over can be neither previewed, rejected nor moved to another time, and what was sent is neither
                    // a dead letter nor in doubt.
                    let ends = [
                        "{id}/preview",
                        "/reject",
                        "/reschedule",
                        "deliveries/{id}/retry",
                        "/discard",
                        "/resolve",
                    ];
                    let too_late = status == 409 && ends.iter().any(|end| name.ends_with(end));
                    assert!(matches!(status, 200..300) || too_late, "{name} as {role:?}: {status}");
                } else {
                    assert_eq!(status, 403, "{name} as {role:?}");
                }
            }
        }
        if !matches!(guard, Guard::Open | Guard::Signed) {
            let status = ask(&town.admin, &route, &path).await.status.as_u16();
            assert!(
                !matches!(status, 401 | 403 | 404) && status < 500,
                "{name} as an administrator: {status}"
            );
        }
    }
    town.world.stop().await;
}

#[tokio::test]
async fn lists_show_nothing_of_another_company() {
    let town = Town::build().await;
    let secrets = [&town.client, &town.notification, &town.suppression, &town.delivery, &town.template];
    let is_list = |route: &Route| {
        route.method == "GET" && !route.path.contains('{') && !route.path.ends_with("/stream")
    };
    let mut seen = 0;
    for route in routes::all(&town.admin).await.into_iter().filter(is_list) {
        let read = async |client: &Client| client.get(&route.path).await.body.to_string();
        let all = read(&town.admin).await;
        for secret in MARKS.iter().copied().chain(secrets.iter().map(|id| id.as_str())) {
            seen += usize::from(all.contains(secret));
            for (role, outsider) in &town.outsiders {
                assert!(!read(outsider).await.contains(secret), "{} as {role:?} shows {secret}", route.path);
            }
        }
    }
    assert!(seen >= 3, "what is hidden is there to be seen by who may");
    for (role, outsider) in &town.outsiders {
        let companies = outsider.all("/companies").await;
        assert_eq!(
            companies.iter().map(|company| company["name"].clone()).collect::<Vec<_>>(),
            ["Aquí"],
            "{role:?}"
        );
        let emails = outsider.all("/users").await;
        assert!(emails.iter().all(|user| user["email"].is_null()), "only administrators see addresses");
    }
    let (auditor, there) = (&town.outsiders[2].1, town.there);
    for path in [
        format!("/audit?company={there}"),
        format!("/notifications?company={there}"),
        format!("/deliveries?company={there}"),
        "/deliveries?to=%2B573007778899".to_owned(),
        format!("/audit?subject={}", town.notification),
    ] {
        assert!(auditor.all(&path).await.is_empty(), "{path}");
    }
    let (author, reader) = (&town.outsiders[0].1, town.outsiders[1].1.user);
    let own = id_of(&author.post_new("/messages", &message_to(&[reader], "solo para mí")).await.expect(201));
    let masked = auditor.get(&format!("/messages/{own}/history")).await.expect(200).to_string();
    assert!(
        !masked.contains("solo para mí"),
        "an auditor sees that a message was written, not what it says: {masked}"
    );
    town.world.stop().await;
}

#[tokio::test]
async fn nothing_that_one_may_read_names_a_company_that_one_may_not_know() {
    let town = Town::build().await;
    let things = town.shared().await;
    let there = town.there.to_string();
    let hidden = [&there, &town.client, &town.notification, &town.delivery, &town.template];
    let hidden: Vec<&str> = hidden.iter().map(|id| id.as_str()).chain(MARKS).chain(["\"Allá\""]).collect();
    let is_read = |route: &Route| route.method == "GET" && !route.path.ends_with("/stream");
    let (mut read, mut named) = (0, 0);
    for route in routes::all(&town.admin).await.into_iter().filter(is_read) {
        let of_things = things.iter().map(|thing| route.path_to(thing));
        let paths: Vec<_> =
            if route.path.contains('{') { of_things.collect() } else { vec![route.path.clone()] };
        for path in paths {
            named += usize::from(town.admin.get(&path).await.body.to_string().contains(&there));
            for (role, outsider) in &town.outsiders {
                let answer = outsider.get(&path).await;
                read += usize::from(answer.status.is_success());
                let text = answer.body.to_string();
                for hidden in &hidden {
                    assert!(!text.contains(hidden), "{path} as {role:?} shows {hidden}: {text}");
                }
            }
        }
    }
    for (role, outsider) in &town.outsiders {
        let mut stream = outsider.stream("/inbox/stream", Some(0)).await;
        let told = stream.until("message", |item| item["body"] == "a las dos").await.data.to_string();
        assert!(!told.contains(&there), "the stream of {role:?}: {told}");
    }
    assert!(read > 30 && named > 4, "there is something to be read ({read}) and to be hidden ({named})");
    let entries = town.outsiders[2].1.all(&format!("/audit?subject={}", things[0])).await;
    let companies: Vec<_> =
        entries.iter().filter_map(|entry| entry["summary"].get("companies").cloned()).collect();
    assert_eq!(companies, [json!([things[1]]), json!([])], "only what one knows of, and not how many others");
    town.world.stop().await;
}

/// Calls `see` with every text of an answer whose words are described, and the words.
fn words<'a>(
    document: &'a Value,
    schema: &'a Value,
    answer: &'a Value,
    see: &mut impl FnMut(&'a Value, &'a Value),
) {
    let named = schema["$ref"].as_str().and_then(|at| document.pointer(at.strip_prefix('#')?));
    let schema = named.unwrap_or(schema);
    if let Some(words) = schema.get("enum") {
        see(answer, words);
    }
    for part in ["allOf", "oneOf"].iter().flat_map(|whole| schema[whole].as_array().into_iter().flatten()) {
        words(document, part, answer, see);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(member) = answer.get(name) {
            words(document, property, member, see);
        }
    }
    for element in answer.as_array().into_iter().flatten() {
        words(document, &schema["items"], element, see);
    }
}

#[tokio::test]
async fn every_word_that_is_answered_is_among_those_that_are_described() {
    let town = Town::build().await;
    let things = [town.shared().await, vec![town.message.clone(), town.notification.clone()]].concat();
    let document = town.admin.get("/openapi.json").await.expect(200);
    let mut seen = 0;
    for route in routes::all(&town.admin).await.into_iter().filter(|route| route.method == "GET") {
        let operation = &document["paths"][&route.path]["get"];
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let of_things = things.iter().map(|thing| route.path_to(thing));
        let paths: Vec<_> =
            if route.path.contains('{') { of_things.collect() } else { vec![route.path.clone()] };
        for path in if schema.is_null() { Vec::new() } else { paths } {
            let answer = town.admin.get(&path).await;
            if answer.status.is_success() {
                words(&document, schema, &answer.body, &mut |word, words| {
                    seen += 1;
                    assert!(
                        words.as_array().is_some_and(|all| all.contains(word)),
                        "{path}: {word} of {words}"
                    );
                });
            }
        }
    }
    assert!(seen > 50, "words are answered: {seen}");
    town.world.stop().await;
}

#[tokio::test]
async fn the_simulated_mailbox_shows_each_company_its_own_and_administrators_everything() {
    let town = Town::build().await;
    let here = town.outsiders[0].1.get("/me").await.expect(200)["companies"][0].clone();
    let here = here.as_str().expect("a company").to_owned();
    for (company, number) in [(&here, 1), (&town.there.to_string(), 2)] {
        // Refused before the mail is named, with and without another company that writes there too.
        for email in [format!("rebota+{number}@clientes.test"), "rebota+3@clientes.test".to_owned()] {
            let client = client_of(&email, "Cliente", None, Some(&email));
            town.admin.post(&format!("/companies/{company}/clients"), &client).await.expect(201);
        }
        let phone = format!("+57300111000{number}");
        let client = client_of("M-2", "Cliente", Some(&phone), Some(&format!("llega{number}@clientes.test")));
        town.admin.post(&format!("/companies/{company}/clients"), &client).await.expect(201);
        for order in [sms_to(company, "Hola"), email_to(company, "Aviso", "Hola")] {
            let asked = id_of(&town.admin.post_new("/notifications", &order).await.expect(202));
            finished(&town.admin, &asked).await;
        }
    }
    town.world.caught_up().await;
    let seen = async |client: &Client| {
        // The smallest pages, so that what is not shown lies between and across them.
        let (mut told, mut after) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("/simulator/messages?limit=1{after}")).await.expect(200);
            let rows = page["data"].as_array().expect("rows");
            told.extend(rows.iter().map(|row| row["to"].as_str().unwrap_or_default().to_owned()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
            assert_eq!(rows.len(), 1, "a page that is not the last is full");
        }
        told.sort();
        told.dedup();
        told
    };
    let expected = |number: i32| {
        let phone = format!("+57300111000{number}");
        vec![phone, format!("llega{number}@clientes.test"), format!("rebota+{number}@clientes.test")]
    };
    for (role, outsider) in &town.outsiders[..2] {
        assert_eq!(seen(outsider).await, expected(1), "{role:?}");
    }
    let mut of_there = expected(2);
    of_there.extend([MARKS[1], MARKS[2]].map(str::to_owned));
    of_there.sort();
    for (role, insider) in &town.insiders[..2] {
        assert_eq!(seen(insider).await, of_there, "{role:?}");
    }
    let mut all = [expected(1), of_there, vec!["rebota+3@clientes.test".to_owned()]].concat();
    all.sort();
    assert_eq!(seen(&town.admin).await, all);
    town.outsiders[2].1.get("/simulator/messages").await.refused(403);
    town.world.stop().await;
}

#[tokio::test]
async fn a_company_that_is_named_in_a_body_is_as_unknown_as_none() {
    let town = Town::build().await;
    let head = town.world.log().reader().head().await.expect("the head");
    let (operator, notifier) = (&town.outsiders[0].1, &town.outsiders[1].1);
    for company in [town.there.to_string(), NOTHING.to_owned()] {
        for path in ["/notifications", "/notifications/preview"] {
            let refused = notifier.post_new(path, &sms_to(&company, "hola")).await.refused(422);
            assert_eq!(refused, [("/company_id".into(), "unknown_id".into())], "{path} {company}");
            operator.post_new(path, &sms_to(&company, "hola")).await.refused(403);
        }
        let refused = notifier.post("/templates", &template_of(Some(&company), "Aviso")).await.refused(422);
        assert_eq!(refused, [("/company_id".into(), "unknown_id".into())], "{company}");
        let refused =
            operator.post_new("/messages", &json!({"company": company, "body": "hola"})).await.refused(422);
        assert_eq!(refused, [("/company".into(), "unknown_id".into())], "{company}");
    }
    assert_eq!(town.world.log().reader().head().await.expect("the head"), head);
    town.world.stop().await;
}

#[tokio::test]
async fn what_becomes_of_a_message_to_a_company_is_audited_there_and_nowhere_else() {
    let world = World::start().await;
    let (here, there) = (world.company("Aquí").await, world.company("Allá").await);
    let ana = world.user("Ana", &[Role::Operator], &[there]).await;
    let eva = world.user("Eva", &[Role::Operator], &[there]).await;
    let theirs = world.user("Auditora de allá", &[Role::Auditor], &[there]).await;
    let other = world.user("Auditor de aquí", &[Role::Auditor], &[here]).await;
    let message =
        id_of(&ana.post_new("/messages", &json!({"company": there, "body": "hola"})).await.expect(201));
    eva.post(&format!("/inbox/{message}/read"), &json!({})).await.expect(200);
    ana.delete(&format!("/messages/{message}")).await.expect(200);
    world.caught_up().await;

    let audit = format!("/audit?subject={message}");
    let kinds = |entries: Vec<Value>| entries.iter().map(|entry| entry["type"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds(theirs.all(&audit).await), ["MessageWithdrawn", "MessageRead", "MessageSent"]);
    assert_eq!(kinds(theirs.all(&format!("{audit}&company={there}")).await).len(), 3);
    assert!(other.all(&audit).await.is_empty(), "a message to another company");
    other.get(&format!("/messages/{message}/receipts")).await.refused(404);
    world.stop().await;
}

#[tokio::test]
async fn what_workers_write_to_each_other_without_a_company_is_audited_by_the_auditors_of_their_companies() {
    let town = Town::build().await;
    let [(_, here), (_, there)] = [&town.outsiders[2], &town.insiders[2]];
    let (author, reader) = (&town.insiders[0].1, &town.insiders[1].1);
    let body = message_to(&[reader.user, town.outsiders[1].1.user], "entre nosotras");
    let message = id_of(&author.post_new("/messages", &body).await.expect(201));
    reader.post(&format!("/inbox/{message}/read"), &json!({})).await.expect(200);
    town.outsiders[1].1.post(&format!("/inbox/{message}/seen"), &json!({})).await.expect(200);
    town.world.caught_up().await;

    for of_it in ["receipts", "history"] {
        let path = format!("/messages/{message}/{of_it}");
        there.get(&path).await.expect(200);
        assert_eq!(
            without_trace(here.get(&path).await.expect(404)),
            without_trace(here.get(&format!("/messages/{NOTHING}/{of_it}")).await.expect(404))
        );
        town.admin.get(&path).await.expect(200);
    }
    let kinds = async |auditor: &Client, filter: &str| -> Vec<String> {
        let entries = auditor.all(&format!("/audit?{filter}")).await;
        let mut kinds: Vec<_> =
            entries.iter().map(|entry| entry["type"].as_str().expect("a type").to_owned()).collect();
        kinds.sort();
        kinds
    };
    let of_it = format!("subject={message}");
    assert_eq!(kinds(there, &of_it).await, ["MessageRead", "MessageSent"]);
    assert_eq!(kinds(here, &of_it).await, ["MessageSeen"], "what their own worker did");
    assert_eq!(kinds(&town.admin, &of_it).await, ["MessageRead", "MessageSeen", "MessageSent"]);
    // Neither what else they do, nor what is done to their accounts.
    for worker in [author.user, reader.user] {
        assert!(!kinds(there, &format!("actor={worker}")).await.is_empty());
        assert_eq!(kinds(here, &format!("actor={worker}")).await, [""; 0]);
        assert_eq!(kinds(there, &format!("subject={worker}")).await, ["UserRegistered", "UserTokenIssued"]);
        assert_eq!(kinds(here, &format!("subject={worker}")).await, [""; 0]);
    }
    // A worker who has left was of the company all the same.
    town.admin.patch(&format!("/users/{}", author.user), &json!({"active": false})).await.expect(200);
    there.get(&format!("/messages/{message}/receipts")).await.expect(200);
    here.get(&format!("/messages/{message}/receipts")).await.refused(404);
    town.world.stop().await;
}

#[tokio::test]
async fn the_directory_of_workers_shows_nobody_more_than_is_theirs_to_know() {
    let world = World::start().await;
    let (here, there) = (world.company("Aquí").await, world.company("Allá").await);
    let admin = world.user("Admin", &[Role::Admin], &[]).await;
    let luis = world.user("Luis", &[Role::Operator], &[here]).await;
    let both = world.user("Marta Peña", &[Role::Notifier], &[here, there]).await;
    let ines = world.user("Inés", &[Role::Auditor], &[here]).await;
    let seen = |rows: &[Value]| -> Vec<Value> {
        let of = |row: &&Value| row["id"] == both.user.to_string();
        rows.iter().filter(of).cloned().collect()
    };
    let found = seen(&luis.all("/users?q=pena").await);
    assert_eq!((&found[0]["companies"], &found[0]["email"]), (&json!([here]), &Value::Null));
    let address = email_of(both.user);
    assert!(luis.all(&format!("/users?q={address}")).await.is_empty(), "addresses are not to be guessed");
    assert_eq!(seen(&admin.all(&format!("/users?q={address}")).await)[0]["companies"], json!([here, there]));

    admin.patch(&format!("/users/{}", both.user), &json!({"active": false})).await.expect(200);
    assert!(seen(&admin.all("/users").await).is_empty());
    for query in ["active=false", "active=all"] {
        let found = seen(&admin.all(&format!("/users?{query}")).await);
        assert_eq!(found[0]["active"], false, "{query}");
        let named = seen(&ines.all(&format!("/users?{query}")).await);
        assert_eq!((&named[0]["name"], &named[0]["email"]), (&json!("Marta Peña"), &Value::Null), "{query}");
        luis.get(&format!("/users?{query}")).await.refused(403);
    }
    world.stop().await;
}
