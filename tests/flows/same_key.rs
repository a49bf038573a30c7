//! The same request twice: by double click, by retry, at the same moment, after a restart. One effect, one answer.

use std::sync::Arc;

use commands::clock;
use dispatcher::simulator::SimulatorOptions;
use domain::value::{Channel, Role};
use futures::future::join_all;
use serde_json::{Value, json};
use tests::orders::{client_of, message_to, sms_to};
use tests::world::PASSWORD;
use tests::{Client, World, id_of, notified};

/// How often the same is asked at once.
const AT_ONCE: usize = 5;

async fn at_once(client: &Client, path: &str, body: &Value, status: u16) -> Value {
    let answers = join_all((0..AT_ONCE).map(|_| client.post_once(path, "la-misma", body))).await;
    let mut bodies = answers.into_iter().map(|answer| answer.expect(status));
    let first = bodies.next().expect("an answer");
    assert!(bodies.all(|body| body == first), "all are answered alike");
    first
}

#[tokio::test]
async fn a_message_asked_for_five_times_at_once_is_sent_once() {
    let world = World::start().await;
    let (ana, luis) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Luis", &[Role::Operator], &[]).await);
    let body = message_to(&[luis.user], "una vez");
    let first = at_once(&ana, "/messages", &body, 201).await;
    world.caught_up().await;
    assert_eq!(luis.all("/inbox").await.len(), 1);

    let reordered = format!("{{ \"body\": \"una vez\",\n \"recipients\": [\"{}\"] }}", luis.user);
    let request = ana.request(reqwest::Method::POST, "/messages").header("Idempotency-Key", "la-misma");
    let request = request.header("Content-Type", "application/json").body(reordered);
    assert_eq!(tests::Answer::to(request).await.expect(201), first, "the order of the fields says nothing");

    let other = ana.post_once("/messages", "la-misma", &message_to(&[luis.user], "otra")).await.expect(422);
    assert!(other["type"].as_str().is_some_and(|kind| kind.ends_with("idempotency-key-reused")), "{other}");
    assert_eq!((luis.all("/inbox").await.len(), ana.all("/messages/sent").await.len()), (1, 1));
    world.stop().await;
}

#[tokio::test]
async fn two_users_with_the_same_key_do_not_meet() {
    let world = World::start().await;
    let (ana, luis) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Luis", &[Role::Operator], &[]).await);
    let body = message_to(&[ana.user, luis.user], "a los dos");
    let (one, other) = (
        ana.post_once("/messages", "k", &body).await.expect(201),
        luis.post_once("/messages", "k", &body).await.expect(201),
    );
    assert_ne!(one["id"], other["id"]);
    world.caught_up().await;
    assert_eq!(ana.all("/inbox").await.len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn sending_needs_a_key_of_visible_characters() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let admin = world.user("Ana", &[Role::Admin], &[]).await;
    let head = world.log().reader().head().await.expect("the head");
    for (path, body) in
        [("/messages", message_to(&[admin.user], "hola")), ("/notifications", sms_to(company, "hola"))]
    {
        assert_eq!(
            admin.post(path, &body).await.refused(400),
            [("/Idempotency-Key".into(), "missing".into())]
        );
        for key in ["", " ", "con espacio", &"x".repeat(256)] {
            let refused = admin.post_once(path, key, &body).await.refused(400);
            assert_eq!(refused, [("/Idempotency-Key".into(), "invalid_idempotency_key".into())], "{key:?}");
        }
    }
    assert_eq!(world.log().reader().head().await.expect("the head"), head);
    admin.post_once("/messages", &"x".repeat(255), &message_to(&[admin.user], "hola")).await.expect(201);
    world.stop().await;
}

#[tokio::test]
async fn a_refusal_is_not_kept_under_its_key() {
    let world = World::start().await;
    let admin = world.user("Ana", &[Role::Admin], &[]).await;
    let luis = world.user("Luis", &[Role::Operator], &[]).await;
    let path = format!("/users/{}", luis.user);
    admin.patch(&path, &json!({"active": false})).await.expect(200);
    let body = message_to(&[luis.user], "cuando vuelvas");
    admin.post_once("/messages", "k", &body).await.refused(422);
    admin.patch(&path, &json!({"active": true})).await.expect(200);
    let sent = admin.post_once("/messages", "k", &body).await.expect(201);
    admin.patch(&path, &json!({"active": false})).await.expect(200);
    assert_eq!(
        admin.post_once("/messages", "k", &body).await.expect(201),
        sent,
        "the first answer stands, whoever has left since"
    );
    world.stop().await;
}

#[tokio::test]
async fn every_other_order_takes_a_key_too() {
    let world = World::start().await;
    let admin = world.user("Ana", &[Role::Admin], &[]).await;
    let company = world.company("Vigía").await;
    let orders = [
        ("/companies".to_owned(), json!({"name": "Nueva", "time_zone": "America/Bogota"})),
        (
            "/users".to_owned(),
            json!({"name": "Eva", "email": "eva@example.com", "password": PASSWORD, "roles": ["operator"]}),
        ),
        (
            format!("/companies/{company}/clients"),
            client_of("C-1", "Ferretería Núñez", Some("3001234567"), None),
        ),
    ];
    for (path, body) in orders {
        let key = clock::new_id().to_string();
        let (first, again) =
            tokio::join!(admin.post_once(&path, &key, &body), admin.post_once(&path, &key, &body));
        let first = first.expect(201);
        assert_eq!(again.expect(201), first, "{path}");
        let head = world.log().reader().head().await.expect("the head");
        assert_eq!(admin.post_once(&path, &key, &body).await.expect(201), first, "{path}");
        assert_eq!(world.log().reader().head().await.expect("the head"), head, "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_retry_asked_for_again_under_its_key_is_the_retry_it_was() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let client = client_of("C-1", "Cliente", Some("3001230001"), None);
    nora.post(&format!("/companies/{company}/clients"), &client).await.expect(201);
    let notification = id_of(&nora.post_new("/notifications", &sms_to(company, "Corte")).await.expect(202));
    assert_eq!(notified::finished(&nora, &notification).await["totals"]["failed"], 1);
    let path = format!("/notifications/{notification}/retry");
    let first = at_once(&nora, &path, &json!({}), 200).await;
    assert_eq!(notified::finished(&nora, &notification).await["generation"], 2, "it has failed again");
    assert_eq!(nora.post_once(&path, "la-misma", &json!({})).await.expect(200), first);
    assert_eq!(notified::finished(&nora, &notification).await["generation"], 2);
    nora.post_once(&path, "otra", &json!({})).await.expect(200);
    assert_eq!(notified::finished(&nora, &notification).await["generation"], 3);
    world.stop().await;
}

#[tokio::test]
async fn a_notification_asked_for_five_times_at_once_and_after_a_restart_reaches_everybody_once() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    for number in 1..=3 {
        let client = client_of(&format!("C-{number}"), "Cliente", Some(&format!("300123450{number}")), None);
        nora.post(&format!("/companies/{company}/clients"), &client).await.expect(201);
    }
    let simulator = Arc::clone(&world.simulator);
    simulator.set_rule(Channel::Sms, "", dispatcher::simulator::Behaviour::Accept);
    let body = sms_to(company, "Corte programado");
    let first = at_once(&nora, "/notifications", &body, 202).await;
    notified::finished(&nora, &id_of(&first)).await;
    assert_eq!(simulator.counts(Channel::Sms).accepted, 3);

    let (database, nats) = (world.database_url.clone(), world.nats_url.clone());
    world.stop().await;
    let world = World::on(database, nats, SimulatorOptions::new(Arc::new(clock::now))).await;
    world.caught_up().await;
    let nora = nora.at(&world.base());
    assert_eq!(nora.post_once("/notifications", "la-misma", &body).await.expect(202), first);
    assert_eq!(notified::finished(&nora, &id_of(&first)).await["totals"]["accepted"], 3);
    assert_eq!(nora.all("/notifications").await.len(), 1);
    assert_eq!(
        (simulator.counts(Channel::Sms).accepted, world.simulator.counts(Channel::Sms).accepted),
        (3, 0)
    );
    world.stop().await;
}
