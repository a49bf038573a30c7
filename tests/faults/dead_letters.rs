//! The program is killed between the order to send a failed delivery again and its send: it is sent once, or is in doubt.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;

use dispatcher::simulator::{Behaviour, Refusal};
use domain::value::Channel;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::program::Program;
use tests::{Client, HANG, id_of};
use tokio::time::timeout;

use crate::load::notification;
use crate::testbed::{Testbed, eventually, phone};

/// The signal by which a failpoint ends the program: no code of it runs afterwards, as after `kill -9`.
const SIGABRT: i32 = 6;
/// The steps between the order and its outcome, each with the place of the client whose delivery its program dies of: few among
/// many, so that the refusals are about them.
const DEATHS: [(usize, &str); 3] =
    [(3, "claim::committed=return"), (17, "start::committed=return"), (42, "send::done=return")];

/// The failed deliveries by the client's place.
async fn dead_letters(testbed: &Testbed, client: &Client) -> BTreeMap<String, String> {
    // Not about the number, which would be suppressed.
    let refused = Refusal::sms(400, 21617, "Message body is too long");
    for (place, _) in DEATHS {
        testbed.simulator.set_rule(Channel::Sms, &phone(0, place), Behaviour::Refuse(refused));
    }
    let order = notification(&testbed.companies[0].to_string(), Channel::Sms);
    let asked = id_of(&client.post_new("/notifications", &order).await.expect(202));
    let failed = eventually("they have failed", async || {
        let failed = client.all(&format!("/notifications/{asked}/deliveries?state=failed")).await;
        (failed.len() == DEATHS.len()).then_some(failed)
    })
    .await;
    eventually("the campaign is over", async || {
        let found = client.get(&format!("/notifications/{asked}")).await.expect(200);
        (found["state"] == "completed").then_some(())
    })
    .await;
    failed.iter().map(|one| (one["to"].as_str().expect("a number").to_owned(), id_of(one))).collect()
}

/// The order to send a delivery again. Its key is the same each time that it is given.
fn order(client: &Client, delivery: &str, key: &str) -> RequestBuilder {
    let order = client.request(Method::POST, &format!("/deliveries/{delivery}/retry")).json(&json!({}));
    order.header("Idempotency-Key", key)
}

/// Orders a delivery to be sent again, from a program that dies of it, perhaps before the order is written.
async fn dies(testbed: &Testbed, delivery: &str, failpoint: &str) {
    let program = testbed.program(failpoint).await;
    let ordered = order(&testbed.client(&program), delivery, failpoint).send();
    let (status, _answer) = tokio::join!(timeout(HANG, program.ended()), ordered);
    let status = status.expect("the failpoint is reached");
    assert_eq!(status.signal(), Some(SIGABRT), "the program did not die at {failpoint}: {status}");
}

/// The delivery once nothing more happens to it.
async fn settled(program: &Program, testbed: &Testbed, delivery: &str) -> Value {
    let client = testbed.client(program);
    eventually("the delivery has its end", async || {
        let found = client.get(&format!("/deliveries/{delivery}")).await.expect(200);
        (found["generation"] != 1 && ["accepted", "in_doubt"].iter().any(|state| found["state"] == *state))
            .then_some(found)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_whose_program_is_killed_before_its_send_is_sent_once_or_in_doubt() {
    let testbed = Testbed::start().await;
    let program = testbed.program("").await;
    let letters = dead_letters(&testbed, &testbed.client(&program)).await;
    program.kill().await;
    for (place, failpoint) in DEATHS {
        let number = phone(0, place);
        let delivery = &letters[&number];
        testbed.simulator.set_rule(Channel::Sms, &number, Behaviour::Accept);
        dies(&testbed, delivery, failpoint).await;
        let fenced = sqlx::query("update send_owners set is_fenced = true where not is_fenced");
        fenced.execute(testbed.log.pool()).await.expect("the dead are fenced");
        let program = testbed.program("").await;
        // A client that got no answer repeats its request. What was written before is not done twice.
        let again = order(&testbed.client(&program), delivery, failpoint).send().await.expect("an answer");
        assert!(again.status().is_success(), "{failpoint}: {}", again.status());
        let found = settled(&program, &testbed, delivery).await;
        let told = testbed.ledger().iter().filter(|entry| entry.to == number).count();
        // Before its mark is committed it is provably unsent. After it, only an answer that was recorded is an end.
        let is_marked = !failpoint.starts_with("claim");
        match found["state"].as_str() {
            Some("accepted") => assert_eq!(told, 1, "{failpoint}: {found}"),
            _ => assert!(told <= 1 && is_marked, "{failpoint}: {found}, told {told} times"),
        }
        program.kill().await;
    }
    testbed.stop().await;
}
