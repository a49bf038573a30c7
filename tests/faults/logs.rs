//! The log of the program while it works, refuses requests and meets unreadable events: ids, never a person, a text or
//! a token.

use std::path::Path;
use std::time::Duration;

use dispatcher::simulator::{Behaviour, Refusal};
use domain::value::Channel;
use reqwest::Method;
use serde_json::json;
use tests::notified::finished;
use tests::orders::{client_of, email_to, message_to, sms_to};
use tests::program::Program;
use tests::{Answer, id_of};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::testbed::{Testbed, email, eventually};

/// Everything that the program's own code can log.
const LEVEL: &str = "info,commands=trace,dispatcher=trace,gateway=trace,projections=trace";
/// The beginning of the log line about each unreadable event.
const POISON_IS_TOLD: &str = "the intake parks an event";
/// In a name, an address, a body, a subject, a password and a search, all in lower case.
const MARK: &str = "marcad";
/// In the phone of the marked client.
const PHONE: &str = "3007770001";

#[tokio::test(flavor = "multi_thread")]
async fn no_log_tells_of_a_person_a_text_or_a_token() {
    let testbed = Testbed::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let mut environment = testbed.environment.clone();
    environment.insert("MENSAJERIA__LOG__LEVEL".to_owned(), LEVEL.to_owned());
    let program = Program::start_logging(&["serve"], &environment, &log).await;

    work(&testbed, &program).await;
    poison(&testbed).await;
    let told = eventually("the poison is told of", async || {
        let told = std::fs::read_to_string(&log).expect("the log");
        told.contains(POISON_IS_TOLD).then_some(())
    });
    told.await;
    program.interrupt().await;

    let written = std::fs::read_to_string(&log).expect("the log").to_lowercase();
    assert!(written.contains("leading"), "the log is written: {written}");
    for forbidden in [MARK, PHONE, "cliente", "empresa0.test", "+57300", &testbed.token.to_lowercase()] {
        let line = written.lines().find(|line| line.contains(forbidden));
        assert_eq!(line, None, "{forbidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_send_names_the_trace_of_its_request() {
    let testbed = Testbed::start().await;
    let log = tempfile::NamedTempFile::new().expect("a file");
    let mut environment = testbed.environment.clone();
    environment.insert("MENSAJERIA__LOG__LEVEL".to_owned(), LEVEL.to_owned());
    let program = Program::start_logging(&["serve"], &environment, log.path()).await;
    let client = testbed.client(&program);
    let asked = client.post_new("/notifications", &sms_to(testbed.companies[0], "hola")).await;
    let trace = asked.header("mensajeria-trace-id").to_owned();
    assert_eq!(trace.len(), 32);
    finished(&client, &id_of(&asked.expect(202))).await;
    program.interrupt().await;
    let written = std::fs::read_to_string(log.path()).expect("the log");
    for told in ["a chunk of an audience is frozen", "a send ended", "outcomes are being recorded"] {
        assert!(written.lines().any(|line| line.contains(told) && line.contains(&trace)), "{told}");
    }
}

/// A position that no log reaches.
const BEYOND: i64 = 1 << 60;
/// So slow that a campaign can be cancelled while it is sent.
const SLOW: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_caller_can_do_at_will_is_warned_of() {
    let testbed = Testbed::start().await;
    let log = tempfile::NamedTempFile::new().expect("a file");
    let program = Program::start_logging(&["serve"], &testbed.logging_as_usual(), log.path()).await;
    misbehave(&testbed, &program).await;
    cancel_in_the_middle(&testbed, &program).await;
    program.interrupt().await;
    assert_warns_of_nothing(log.path());
}

/// Requests of a faulty program, or of an attacker.
async fn misbehave(testbed: &Testbed, program: &Program) {
    let client = testbed.client(program);
    let hello = message_to(&[testbed.reader], "hola");
    client.get(&format!("/inbox?min_position={BEYOND}")).await.refused(503);
    client.post_new(&format!("/messages?min_position={BEYOND}"), &hello).await.refused(503);
    client.get("/inbox?q=%00").await;
    client.get("/nothing").await.refused(404);
    client.post_new("/messages", &message_to(&[testbed.reader], "a\u{0}b")).await;
    let wrong = json!({"email": "nadie@usuarios.test", "password": "mal"});
    client.anonymous().post("/session", &wrong).await.refused(401);
    Answer::to(client.request(Method::POST, "/messages").body("{")).await;
    drop(client.stream_after("/inbox/stream", &BEYOND.to_string()).await);
    let address = program.base.trim_start_matches("http://");
    let mut cut = TcpStream::connect(address).await.expect("a connection");
    cut.write_all(b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        .await
        .expect("a half");
}

async fn cancel_in_the_middle(testbed: &Testbed, program: &Program) {
    let client = testbed.client(program);
    testbed.simulator.set_rule(Channel::Sms, "", Behaviour::Slow(SLOW));
    let order = sms_to(testbed.companies[0], "hola");
    let notification = id_of(&client.post_new("/notifications", &order).await.expect(202));
    eventually("the campaign is under way", async || (!testbed.ledger().is_empty()).then_some(())).await;
    client.post(&format!("/notifications/{notification}/cancel"), &json!({})).await.expect(200);
    finished(&client, &notification).await;
}

#[track_caller]
pub(crate) fn assert_warns_of_nothing(log: &Path) {
    let written = std::fs::read_to_string(log).expect("the log");
    assert!(!written.is_empty(), "the log is written");
    let warned = written.lines().find(|line| line.contains("WARN") || line.contains("ERROR"));
    assert_eq!(warned, None, "{written}");
}

/// One request of each kind, accepted and refused.
async fn work(testbed: &Testbed, program: &Program) {
    let client = testbed.client(program);
    let company = testbed.companies[0];
    let refusal = Refusal::mail(550, "5.1.1 <cliente7@empresa0.test> is unknown here");
    testbed.simulator.set_rule(Channel::Email, &email(0, 7), Behaviour::Refuse(refusal));
    let clients = format!("/companies/{company}/clients");
    let person = client_of("MARCADA-1", "Marcada Zúñiga", Some(PHONE), Some("marcada@example.com"));
    let marked = id_of(&client.post(&clients, &person).await.expect(201));
    client.get(&format!("{clients}?q=marcada")).await.expect(200);
    client.post(&clients, &json!({"name": "Marcada", "contacts": "marcada"})).await.refused(422);
    let message = message_to(&[testbed.reader], "cuerpo marcado");
    client.post_new("/messages", &message).await.expect(201);
    let login = json!({"email": "marcada@example.com", "password": "marcada y mal"});
    client.anonymous().post("/session", &login).await.refused(401);
    for order in [sms_to(company, "cuerpo marcado"), email_to(company, "asunto marcado", "cuerpo marcado")] {
        finished(&client, &id_of(&client.post_new("/notifications", &order).await.expect(202))).await;
    }
    client.delete(&format!("/clients/{marked}")).await.expect(200);
}

/// Unreadable events whose errors would quote them.
async fn poison(testbed: &Testbed) {
    sqlx::raw_sql(
        r#"insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
           values ('message', 'm', 1, 'MessageSent', '1', '{"MessageSent": "cuerpo marcado"}', '{}'),
                  ('notification', 'n', 1, 'NotificationRequested', '1', '{"NotificationRequested": "marcado"}', '{}')"#,
    )
    .execute(testbed.log.pool())
    .await
    .expect("the events are inserted");
}
