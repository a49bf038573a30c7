//! People are told once of what waits for an approval, whatever dies at that moment.

use commands::{CommandContext, companies};
use domain::company::{CompanyChange, Limit};
use tests::Client;
use tests::orders::sms_to;

use crate::testbed::{Testbed, eventually};

/// Every notification of the company needs an approval.
async fn limit(testbed: &Testbed) {
    let limits = [(Limit::ApprovalAbove, Some(0))].into();
    let change = CompanyChange { limits, ..CompanyChange::default() };
    companies::change(&testbed.log, testbed.companies[0], change, &CommandContext::of_system())
        .await
        .expect("the limit is set");
}

async fn ask(testbed: &Testbed, client: &Client) {
    client.post_new("/notifications", &sms_to(testbed.companies[0], "Aviso")).await.expect(202);
}

/// How many messages nobody wrote, and of how many events people are still to be told.
async fn told(testbed: &Testbed) -> (i64, i64) {
    sqlx::query_as(
        "select (select count(*) from events
                 where event_type = 'MessageSent' and payload::json -> 'MessageSent' ->> 'author' = $1),
                (select count(*) from send_notices)",
    )
    .bind(uuid::Uuid::nil().to_string())
    .fetch_one(testbed.log.pool())
    .await
    .expect("the database answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_people_are_told_tells_them_once() {
    for failpoint in ["notices::before_commit=return", "notices::committed=return"] {
        let testbed = Testbed::start().await;
        limit(&testbed).await;
        let dies = testbed.program(failpoint).await;
        let client = testbed.client(&dies);
        ask(&testbed, &client).await;
        dies.ended().await;

        let program = testbed.program("").await;
        let client = testbed.client(&program);
        // The next is told after the first.
        ask(&testbed, &client).await;
        eventually("both are told", async || {
            let (messages, left) = told(&testbed).await;
            assert!(messages <= 2, "{failpoint}: {messages} messages of two notifications");
            (left == 0 && messages == 2).then_some(())
        })
        .await;
        program.kill().await;
    }
}
