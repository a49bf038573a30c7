//! Tasks that a dispatcher claimed without learning of it, or whose owner is unknown: their recipients get the message
//! all the same.

use tests::program::Program;

use crate::load::Load;
use crate::reconciliation::reconcile;
use crate::testbed::{CONNECTIONS, Testbed};

/// Everything but the dispatcher.
const FRONT: [&str; 3] = ["serve", "--roles", "gateway,relay,projector"];
const DISPATCHER: [&str; 3] = ["serve", "--roles", "dispatcher"];

/// The claim is committed and its answer is lost. The dispatcher lives and continues to beat.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_claim_without_an_answer_took_is_sent_all_the_same() {
    let testbed = Testbed::start().await;
    let program = testbed.program("claim::taken=4*return->off").await;
    let client = testbed.client(&program);
    let mut load = Load::of(&testbed, 0);
    load.apply_until_answered(&client).await;
    reconcile(&testbed, &client, &load, 0).await;
    program.kill().await;
}

/// Such tasks come from a backup, or from a program that ended without returning them.
#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_an_unknown_owner_are_recovered_at_the_next_start() {
    let testbed = Testbed::start().await;
    let program = Program::start(&FRONT, &testbed.environment, "").await;
    let client = testbed.client(&program);
    let dies = Program::start_silent(&DISPATCHER, &testbed.environment, "start::committed=return");
    let mut load = Load::of(&testbed, 0);
    load.apply_until_answered(&client).await;
    dies.ended().await;
    let owned: i64 = sqlx::query_scalar("select count(*) from send_tasks where owner is not null")
        .fetch_one(testbed.log.pool())
        .await
        .expect("the tasks");
    assert!(owned > 0, "it had claimed something");
    let forgotten = sqlx::query("delete from send_owners").execute(testbed.log.pool()).await;
    assert_eq!(forgotten.expect("the owners").rows_affected(), 1);

    let successor = Program::start_silent(&DISPATCHER, &testbed.environment, "");
    reconcile(&testbed, &client, &load, 2 * CONNECTIONS).await;
    successor.kill().await;
    program.kill().await;
}
