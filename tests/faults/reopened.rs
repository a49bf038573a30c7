//! Failed deliveries are retried while an owner still has their chunk: there is one task a chunk, so its owner learns
//! of them.

use std::time::Duration;

use dispatcher::simulator::{Behaviour, Refusal};
use domain::value::Channel;
use serde_json::{Value, json};
use tests::Client;
use tests::notified::{count, is_over};

use crate::load::Load;
use crate::reconciliation::reconcile;
use crate::testbed::{Testbed, eventually, phone};

/// So slow that the chunk is still being sent when its failed deliveries are retried.
const SLOW: Duration = Duration::from_millis(400);
/// The members that are refused at first: few among many, so that the refusals are about them.
const DEAD: [usize; 3] = [3, 17, 42];

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_while_the_first_owner_still_sends_tells_everybody_once() {
    let testbed = Testbed::start().await;
    testbed.simulator.set_rule(Channel::Sms, "", Behaviour::Slow(SLOW));
    let refusal = Refusal::sms(400, 21211, "Invalid 'To' Phone Number");
    behave(&testbed, Behaviour::Refuse(refusal));
    let (first, second) = (testbed.program("").await, testbed.program("").await);
    let client = testbed.client(&first);
    let mut load = Load::of(&testbed, 0);
    load.apply_until_answered(&client).await;
    let asked =
        load.notifications().find(|asked| asked.channel == Channel::Sms).expect("an SMS").id.to_owned();

    // Their order is random: one is enough.
    eventually("somebody has failed", async || {
        (count(&totals(&client, &asked).await, "failed") > 0).then_some(())
    })
    .await;
    behave(&testbed, Behaviour::Accept);
    let retry = async || client.post(&format!("/notifications/{asked}/retry"), &json!({})).await.expect(200);
    retry().await;
    let owned = sqlx::query_scalar("select exists (select from send_tasks where owner is not null)");
    let is_owned: bool = owned.fetch_one(testbed.log.pool()).await.expect("the tasks");
    assert!(is_owned, "the first owner was done too soon");
    let reopened = eventually("the failed are open again", async || {
        let reopened =
            sqlx::query_scalar("select count(*) from events where event_type = 'DeliveriesReopened'");
        let reopened: i64 = reopened.fetch_one(testbed.log.pool()).await.expect("the events");
        (reopened > 0).then_some(reopened)
    });
    assert_eq!(reopened.await, 1);
    // A refusal that was held in memory at that moment fails after the retry, and takes another one.
    eventually("nobody is left failed", async || {
        let found = client.get(&format!("/notifications/{asked}")).await;
        let is_at_rest = found.status == 200 && is_over(&found.body);
        let failed = count(&found.body["totals"], "failed");
        if is_at_rest && failed > 0 {
            retry().await;
        }
        (is_at_rest && failed == 0).then_some(())
    })
    .await;
    reconcile(&testbed, &client, &load, 0).await;
    let again = client.all(&format!("/notifications/{asked}/deliveries")).await;
    let again = again.iter().filter(|delivery| delivery["generation"] == 2).count();
    assert!((1..=DEAD.len()).contains(&again), "{again} were sent again");
    second.kill().await;
    first.kill().await;
}

async fn totals(client: &Client, asked: &str) -> Value {
    client.get(&format!("/notifications/{asked}")).await.expect(200)["totals"].clone()
}

/// Sets the behaviour of the refused addresses.
fn behave(testbed: &Testbed, behaviour: Behaviour) {
    for n in DEAD {
        testbed.simulator.set_rule(Channel::Sms, &phone(0, n), behaviour);
    }
}
