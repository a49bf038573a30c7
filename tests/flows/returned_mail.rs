//! Mails that come back: a bounce and a complaint are shown and suppress the address, once, and only if we gave the return
//! address away.

use chrono::TimeDelta;
use dispatcher::MailTokens;
use dispatcher::provider::SentDelivery;
use dispatcher::simulator::{Behaviour, Refusal};
use domain::value::Channel;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::notified::count;
use tests::orders::email_to;
use tests::{Answer, World};

use crate::notifications::{Desk, totals};
use crate::receipts::{once, suppressed};

const HOOK: &str = "/hooks/simulador/mail";
const ADDRESS: &str = "ana@example.com";

/// A delivery status notification about a mail that was sent from `return_address`.
fn bounce(return_address: &str, action: &str, code: &str) -> String {
    let status = code.split(' ').next_back().unwrap_or_default();
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.com\r\nTo: {return_address}\r\nSubject: Undelivered\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"B\"\r\n\r\n--B\r\n\
         Content-Type: text/plain\r\n\r\nIt could not be delivered.\r\n--B\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; {ADDRESS}\r\nAction: {action}\r\n\
         Status: {status}\r\nDiagnostic-Code: smtp; {code} <{ADDRESS}>: no such user here\r\n\r\n--B--\r\n"
    )
}

/// A complaint by way of a mailbox of its own: the return address stands in its fields.
fn complaint(return_address: &str) -> String {
    format!(
        "From: fbl@example.com\r\nTo: quejas@mensajeria.test\r\nContent-Type: multipart/report; \
         report-type=feedback-report; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nSpam.\r\n--B\r\n\
         Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\
         Original-Mail-From: <{return_address}>\r\n\r\n--B--\r\n"
    )
}

async fn bring(world: &World, mail: impl Into<reqwest::Body>) -> StatusCode {
    let request = world.nobody().request(Method::POST, HOOK).header("Content-Type", "message/rfc822");
    Answer::to(request.body(mail)).await.status
}

/// A notification to one address, and the return address of its mail.
async fn sent(desk: &Desk) -> (String, String) {
    let notification = desk.send(&email_to(desk.company, "Aviso", "Hola")).await;
    desk.finished(&notification).await;
    (notification, last_return_address(desk))
}

fn last_return_address(desk: &Desk) -> String {
    let from = desk.arrivals(Channel::Email)[0].from.clone();
    assert!(from.starts_with("rebotes+") && from.ends_with("@mensajeria.test"), "{from}");
    from
}

async fn desk() -> Desk {
    let desk = Desk::open().await;
    desk.client(None, Some(ADDRESS)).await;
    desk
}

async fn reasons(desk: &Desk) -> Vec<(Value, Value)> {
    let all = desk.nora.all("/suppressions").await;
    all.into_iter().map(|row| (row["address"].clone(), row["reason"].clone())).collect()
}

async fn head(world: &World) -> i64 {
    world.log().reader().head().await.expect("the head")
}

#[tokio::test]
async fn a_bounced_mail_has_failed_and_its_address_is_left_out_from_then_on() {
    let desk = desk().await;
    let (notification, from) = sent(&desk).await;
    for _ in 0..10 {
        assert_eq!(bring(&desk.world, bounce(&from, "failed", "550 5.1.1")).await, 200);
    }
    let told = once(&desk, &notification, |totals| count(totals, "failed") == 1).await;
    assert_eq!(totals(&told, &["total", "accepted"]), [1, 0]);
    let delivery = &desk.deliveries(&notification).await[0];
    let attempts = delivery["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 2, "ten times the same is one: {attempts:?}");
    let last = &attempts[1];
    assert_eq!(
        (&last["outcome"], &last["class"], &last["phase"], &last["code"]),
        (&json!("failed"), &json!("permanent_address"), &json!("report"), &json!("550 5.1.1"))
    );
    assert_eq!(last["detail"], "550 5.1.1 … no such user here");
    suppressed(&desk, 1).await;
    assert_eq!(reasons(&desk).await, [(json!(ADDRESS), json!("bounce"))]);
    let preview = desk.nora.post("/notifications/preview", &email_to(desk.company, "Otro", "Hola")).await;
    assert_eq!(preview.expect(200)["audience"]["excluded"], json!({"suppressed": 1}));
    desk.world.stop().await;
}

#[tokio::test]
async fn what_policy_refused_or_may_work_later_suppresses_nobody() {
    let desk = desk().await;
    let (notification, from) = sent(&desk).await;
    let before = head(&desk.world).await;
    let holiday = format!(
        "From: {ADDRESS}\r\nTo: {from}\r\nSubject: Fuera de la oficina\r\n\r\nVuelvo el lunes. 550 5.1.1\r\n"
    );
    for mail in [bounce(&from, "delayed", "451 4.4.1"), holiday, format!("To: {from}\r\n\r\n")] {
        assert_eq!(bring(&desk.world, mail).await, 200);
    }
    assert_eq!(head(&desk.world).await, before, "nothing final");
    assert_eq!(bring(&desk.world, bounce(&from, "failed", "550 5.7.1")).await, 200);
    once(&desk, &notification, |totals| count(totals, "failed") == 1).await;
    let (next, from) = sent(&desk).await;
    assert_eq!(bring(&desk.world, bounce(&from, "failed", "450 4.4.7")).await, 200, "given up after days");
    once(&desk, &next, |totals| count(totals, "failed") == 1).await;
    let (last, _) = sent(&desk).await;
    assert_eq!(totals(&desk.finished(&last).await, &["accepted"]), [1]);
    assert_eq!(reasons(&desk).await, []);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_complaint_suppresses_the_address_of_what_arrived() {
    let desk = desk().await;
    let (notification, from) = sent(&desk).await;
    assert_eq!(bring(&desk.world, complaint(&from)).await, 200);
    suppressed(&desk, 1).await;
    assert_eq!(reasons(&desk).await, [(json!(ADDRESS), json!("complaint"))]);
    let told = desk.nora.get(&format!("/notifications/{notification}")).await.expect(200);
    assert_eq!(totals(&told, &["failed"]), [0], "it has arrived");
    desk.world.stop().await;
}

#[tokio::test]
async fn a_forged_mail_one_of_a_stranger_and_rubbish_change_nothing() {
    let desk = desk().await;
    let (_, from) = sent(&desk).await;
    let (world, before) = (&desk.world, head(&desk.world).await);
    let (name, rest) = from.split_at("rebotes+".len());
    let other = if rest.starts_with('a') { "b" } else { "a" };
    let forged = format!("{name}{other}{}", &rest[1..]);
    for address in [&forged, "rebotes@mensajeria.test", "rebotes+x.y@mensajeria.test"] {
        assert_eq!(bring(world, bounce(address, "failed", "550 5.1.1")).await, 403, "{address}");
    }
    let rubbish: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    assert_eq!(bring(world, rubbish.clone()).await, 403);
    let ours = [format!("To: {from}\r\n\r\n").into_bytes(), rubbish].concat();
    assert_eq!(bring(world, ours).await, 200);
    assert_eq!(bring(world, "").await, 403);
    let nobodys =
        world.nobody().request(Method::POST, "/hooks/nadie/mail").body(bounce(&from, "failed", "550 5.1.1"));
    Answer::to(nobodys).await.refused(404);
    assert_eq!((head(world).await, reasons(&desk).await), (before, vec![]));
    desk.world.stop().await;
}

/// The mail that is sent back follows the report, and has ten megabytes.
#[tokio::test]
async fn of_a_large_bounce_the_beginning_is_enough() {
    let desk = desk().await;
    let (notification, from) = sent(&desk).await;
    let report =
        bounce(&from, "failed", "550 5.1.1").replace("--B--", "--B\r\nContent-Type: message/rfc822\r\n\r\n");
    let large = [report.into_bytes(), b"Subject: Aviso\r\n\r\n".to_vec(), vec![b'\xe9'; 10_000_000]].concat();
    assert_eq!(bring(&desk.world, large).await, 200);
    once(&desk, &notification, |totals| count(totals, "failed") == 1).await;
    let unsigned = vec![b'x'; 5_000_000];
    assert_eq!(bring(&desk.world, unsigned).await, 403);
    desk.world.stop().await;
}

/// It is deferred when the bounce of its second attempt comes. A bounce of the first, as from a server that has taken the mail
/// and said something else, says nothing of the second.
#[tokio::test]
async fn a_bounce_that_comes_before_the_outcome_of_its_attempt_waits_for_it() {
    let desk = Desk::in_world(World::changed(|options| options.dispatcher.retry_waits = None).await).await;
    desk.client(None, Some(ADDRESS)).await;
    let greylisted = Refusal::mail(451, "4.7.1 Greylisted");
    desk.world.simulator.set_rule(
        Channel::Email,
        "",
        Behaviour::RefuseFirst { times: 1, refusal: greylisted },
    );
    let notification = desk.send(&email_to(desk.company, "Aviso", "Hola")).await;
    let mut stream = desk.nora.stream(&format!("/notifications/{notification}/stream"), None).await;
    stream.until("totals", |told| count(&told["totals"], "deferred") == 1).await;
    let delivery = desk.deliveries(&notification).await[0]["id"].as_str().expect("an id").parse();
    let sent = SentDelivery { delivery: delivery.expect("an id"), generation: 1, attempt: 2 };
    let tokens = MailTokens::new(desk.world.log().keys());
    let token = tokens.of_return(sent);
    for token in [&tokens.of_return(SentDelivery { attempt: 1, ..sent }), &token] {
        let mail = bounce(&format!("rebotes+{token}@mensajeria.test"), "failed", "550 5.1.1");
        assert_eq!(bring(&desk.world, mail).await, 200);
    }
    let waiting = sqlx::query_scalar::<_, i64>("select count(*) from waiting_receipts");
    assert_eq!(waiting.fetch_one(desk.world.log().pool()).await.expect("a number"), 1);
    desk.world.pass(TimeDelta::hours(1));
    once(&desk, &notification, |totals| count(totals, "failed") == 1).await;
    suppressed(&desk, 1).await;
    assert_eq!(last_return_address(&desk), format!("rebotes+{token}@mensajeria.test"), "that of the mail");
    desk.world.stop().await;
}
