//! However long the texts are, a page stays small, and a walk from page to page gives every row once.

use std::collections::BTreeSet;

use commands::clock;
use dispatcher::provider::{Outgoing, SmsProvider};
use dispatcher::simulator::arrivals::MAX_PAGE;
use domain::value::Role;
use projections::queries::{EXCERPT_CHARS, PAGE_BYTES_MAX};
use reqwest::Method;
use serde_json::{Value, json};
use tests::orders::{email_to, message_to, sms_to};
use tests::{Client, World, id_of};

use crate::notifications::Desk;

/// How many e-mails a list is made of.
const EMAILS: usize = 100;
/// How many of them are waited for on the other side.
const ARRIVED: usize = 20;

/// Every row of a list, and on how many pages they came. No page is larger than one may be.
async fn walk(client: &Client, path: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let request = client.request(Method::GET, &format!("{path}?limit=200{after}"));
        let answer = request.send().await.expect("an answer").text().await.expect("text");
        assert!(answer.len() <= PAGE_BYTES_MAX, "{path}: {} bytes", answer.len());
        let mut page: Value = serde_json::from_str(&answer).expect("a page");
        rows.append(page["data"].as_array_mut().expect("rows"));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return (rows, pages),
        }
    }
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(id_of).collect()
}

fn characters(text: &Value) -> usize {
    text.as_str().expect("a text").chars().count()
}

#[tokio::test]
async fn long_texts_of_notifications_are_cut_in_lists_and_whole_in_the_thing_itself() {
    let desk = Desk::open().await;
    desk.client(None, Some("ana@example.com")).await;
    let long = email_to(desk.company, "Corte", &("ñ".repeat(1_000) + &"x".repeat(99_000)));
    let mut sent = Vec::new();
    for _ in 0..EMAILS {
        sent.push(desk.send(&long).await);
    }
    let short_text = "ñ".repeat(EXCERPT_CHARS);
    let short = desk.send(&email_to(desk.company, "Corte", &short_text)).await;

    let (rows, pages) = walk(&desk.nora, "/notifications").await;
    assert_eq!(pages, 1, "cut, all of them fit");
    sent.push(short.clone());
    assert!(ids(&rows).iter().eq(sent.iter().rev()), "newest first, each once");
    for row in &rows {
        let mark = if id_of(row) == short { None } else { Some(&Value::Bool(true)) };
        assert_eq!((characters(&row["body"]), row.get("truncated")), (EXCERPT_CHARS, mark));
    }

    let whole = desk.nora.get(&format!("/notifications/{}", sent[0])).await.expect(200);
    assert_eq!((&whole["body"], whole.get("truncated")), (&long["body"], None));
    let history = desk.nora.get(&format!("/notifications/{}/history", sent[0])).await.expect(200);
    let told = history["events"][0]["data"].to_string();
    assert!(
        told.contains("\"truncated\":true") && told.len() < 2 * 2 * EXCERPT_CHARS,
        "{} bytes",
        told.len()
    );

    for notification in &sent[..ARRIVED] {
        desk.finished(notification).await;
    }
    let admin = desk.world.user("Ana", &[Role::Admin], &[]).await;
    let (arrived, pages) = walk(&admin, "/simulator/messages").await;
    let each_once: BTreeSet<_> = ids(&arrived).into_iter().collect();
    assert!(arrived.len() >= ARRIVED && each_once.len() == arrived.len());
    assert!(arrived.iter().all(|row| characters(&row["body"]) == 100_000 || row["body"] == short_text));
    assert!(pages > 1, "2 MB of letters on {pages} pages");
    desk.world.stop().await;
}

#[tokio::test]
async fn lists_whose_rows_are_long_go_on_after_a_page_that_is_full() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let ana = world.user("Ana", &[Role::Operator, Role::Notifier], &[company]).await;
    let luis = world.user("Luis", &[Role::Operator], &[company]).await;
    let mut sent = Vec::new();
    for _ in 0..60 {
        let message = message_to(&[luis.user], &"😀".repeat(10_000));
        sent.push(id_of(&ana.post_new("/messages", &message).await.expect(201)));
    }
    sent.reverse();
    world.caught_up().await;
    for (client, path) in [(&luis, "/inbox"), (&ana, "/messages/sent")] {
        let (rows, pages) = walk(client, path).await;
        assert_eq!(ids(&rows), sent, "{path}");
        assert!(pages > 1, "2.4 MB on {pages} pages");
        assert!(rows.iter().all(|row| characters(&row["body"]) == 10_000), "messages are not cut");
    }

    let contact =
        json!({"kind": "holder", "name": "😀".repeat(200), "phone": null, "email": "ana@example.com"});
    let mut clients = Vec::new();
    for number in 0..20 {
        let client =
            json!({"name": "Ana", "external_id": number.to_string(), "contacts": vec![&contact; 100]});
        let path = format!("/companies/{company}/clients");
        clients.push(id_of(&ana.post(&path, &client).await.expect(201)));
    }
    clients.reverse();
    let (rows, pages) = walk(&ana, &format!("/companies/{company}/clients")).await;
    assert_eq!(ids(&rows), clients);
    assert!(pages > 1, "1.8 MB on {pages} pages");
    world.stop().await;
}

#[tokio::test]
async fn a_page_that_only_nearly_is_full_lists_every_row() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    // As the projection has them: as many contacts as PostgreSQL needs more than a page for, and the answer less.
    let id = "('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid";
    let clients = format!(
        "insert into clients.clients
         select {id}, $1, n::text, 'Ana', 'es', 'America/Bogota', '{{}}', 'ana', now(), now(), n, n from generate_series(1, 175) n"
    );
    let contacts = format!(
        "insert into clients.contacts
         select {id}, ordinal, $1, 'holder', 'A', null, null, false, null, null, 'es', 'America/Bogota'
         from generate_series(1, 175) n, generate_series(1, 100) ordinal"
    );
    for rows in [clients, contacts] {
        sqlx::query(&rows).bind(company.uuid()).execute(world.log().pool()).await.expect("rows");
    }
    let (rows, pages) = walk(&nora, &format!("/companies/{company}/clients")).await;
    assert_eq!((rows.len(), pages), (175, 1));
    world.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_taken_up_again_tells_all_the_long_messages_that_were_missed() {
    let world = World::start().await;
    let ana = world.user("Ana", &[Role::Operator], &[]).await;
    let luis = world.user("Luis", &[Role::Operator], &[]).await;
    let before = world.log().reader().head().await.expect("the head");
    let mut sent = Vec::new();
    for _ in 0..60 {
        let message = message_to(&[luis.user], &"😀".repeat(10_000));
        sent.push(id_of(&ana.post_new("/messages", &message).await.expect(201)));
    }
    world.caught_up().await;
    let mut stream = luis.stream("/inbox/stream", Some(before)).await;
    for message in &sent {
        let told = stream.until("message", |_| true).await;
        assert_eq!(id_of(&told.data), *message);
    }
    world.stop().await;
}

/// How many messages one request for what arrived looks at: five pages of the simulator.
const LOOKED_AT: usize = 5 * MAX_PAGE;

#[tokio::test]
async fn a_request_passes_over_a_bounded_number_of_messages_that_are_not_to_be_seen() {
    let desk = Desk::open().await;
    desk.client(Some("3001112233"), None).await;
    for text in ["primero", "segundo"] {
        let notification = desk.send(&sms_to(desk.company, text)).await;
        desk.finished(&notification).await;
    }
    desk.world.caught_up().await;
    let provider = SmsProvider::try_new(&desk.world.simulator.twilio_settings(1)).expect("good settings");
    let mut sender = provider.sender();
    for _ in 1..LOOKED_AT {
        sender.send(&of_nobody(), async || Ok(())).await.expect("it is accepted");
    }
    let page = async |after: &str| desk.nora.get(&format!("/simulator/messages{after}")).await.expect(200);
    let first = page("").await;
    assert_eq!(bodies(&first), ["segundo"], "the last that is looked at");
    let second = page(&format!("?after={}", first["next"].as_str().expect("there is more"))).await;
    assert_eq!((bodies(&second), &second["next"]), (vec!["primero"], &Value::Null));
    desk.world.stop().await;
}

/// A message of a delivery that no company has.
fn of_nobody() -> Outgoing {
    Outgoing {
        delivery_id: clock::new_id().into(),
        generation: 1,
        attempt: 1,
        to: "+573009998877".into(),
        to_name: None,
        subject: None,
        body: "de nadie".into(),
        html: None,
        is_personal: false,
        requested_at: clock::now(),
        returns: Default::default(),
    }
}

fn bodies(page: &Value) -> Vec<&str> {
    let rows = page["data"].as_array().expect("rows");
    rows.iter().map(|row| row["body"].as_str().expect("a text")).collect()
}
