//! The program is killed at every step, under load, and started again: nothing is lost, nothing is sent twice, and no
//! more is in doubt than was in flight.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use dispatcher::simulator::{Behaviour, Refusal};
use domain::value::Channel;
use projections::Projection;
use projections::rebuild::{compare as compare_view, progress, request};
use tests::orders::message_to;
use tests::program::Program;
use tests::{Client, HANG, id_of};
use tokio::time::timeout;

use crate::load::Load;
use crate::reconciliation::{acceptances, final_totals, reconcile};
use crate::testbed::{CONNECTIONS, Testbed, phone, rebuilt};

/// How many messages are written besides the two notifications.
const MESSAGES: usize = 30;
/// The signal by which a failpoint ends the program: no code of it runs afterwards, as after `kill -9`.
const SIGABRT: i32 = 6;

/// Runs a load against a program that dies at a failpoint, then against one that does not.
async fn dies_at(failpoints: &str) {
    let testbed = Testbed::start().await;
    let mut load = Load::of(&testbed, MESSAGES);
    dies(&testbed, &mut load, failpoints).await;
    goes_on(&testbed, &mut load).await;
}

pub(crate) async fn dies(testbed: &Testbed, load: &mut Load, failpoints: &str) {
    let program = testbed.program(failpoints).await;
    let status = until_death(testbed, program, load).await;
    assert_eq!(status.signal(), Some(SIGABRT), "the program did not die at {failpoints}: {status}");
}

async fn goes_on(testbed: &Testbed, load: &mut Load) {
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    load.apply_until_answered(&client).await;
    for asked in load.notifications() {
        final_totals(&client, asked.id).await;
    }
    reconcile(testbed, &client, load, 2 * CONNECTIONS).await;
    program.kill().await;
}

/// Makes requests until the program is dead. Unanswered requests are repeated to the next one.
async fn until_death(testbed: &Testbed, program: Program, load: &mut Load) -> ExitStatus {
    let client = testbed.client(&program);
    let asking = async {
        load.apply_until_answered(&client).await;
        std::future::pending().await
    };
    tokio::select! {
        status = timeout(HANG, program.ended()) => status.expect("the failpoint is reached"),
        () = asking => unreachable!("asking never ends"),
    }
}

/// It was provably not sent: it is neither in doubt nor lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_a_refusal_is_held_leaves_its_row_waiting() {
    let testbed = Testbed::start().await;
    let (mut load, refused) = (Load::of(&testbed, MESSAGES), phone(0, 7));
    let refusal = Refusal::sms(400, 21211, "Invalid 'To' Phone Number");
    testbed.simulator.set_rule(Channel::Sms, &refused, Behaviour::Refuse(refusal));
    dies(&testbed, &mut load, "unmark::committed=return").await;
    testbed.simulator.set_rule(Channel::Sms, &refused, Behaviour::Accept);
    goes_on(&testbed, &mut load).await;
    assert_eq!(acceptances(&testbed, Channel::Sms).get(&refused), Some(&1));
}

/// No other part of the process does the work of a dead part: without it the program would seem healthy and do nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_panics_ends_the_program() {
    for failpoint in
        ["relay::before_publish=panic", "project::before_commit=panic", "intake::before_commit=panic"]
    {
        let testbed = Testbed::start().await;
        let mut load = Load::of(&testbed, 1);
        let program = testbed.program(failpoint).await;
        let status = until_death(&testbed, program, &mut load).await;
        assert_eq!(status.code(), Some(1), "{failpoint}: {status}");
    }
}

/// A rebuild's order outlives the process that began it, and the old tables serve until it is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_before_a_rebuilt_view_is_swapped_in_leaves_the_old_one_and_the_order() {
    let testbed = Testbed::start().await;
    let program = testbed.program("rebuild::before_swap=return").await;
    let write = async |client: &Client, text| {
        id_of(&client.post_new("/messages", &message_to(&[testbed.reader], text)).await.expect(201))
    };
    let before = write(&testbed.client(&program), "antes").await;
    testbed.caught_up().await;
    let old = build(&testbed).await;
    let order = request(testbed.log.pool(), Projection::Inbox).await.expect("the order is written down");
    let status = timeout(HANG, program.ended()).await.expect("the failpoint is reached");
    assert_eq!(status.signal(), Some(SIGABRT), "{status}");
    assert_eq!(build(&testbed).await, old, "the old tables stay");
    let ordered =
        progress(testbed.log.pool(), order).await.expect("the database answers").expect("the order");
    assert!(!ordered.finished, "the order stays");

    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let shown = async || client.all("/inbox").await.iter().map(id_of).collect::<Vec<_>>();
    assert_eq!(shown().await, std::slice::from_ref(&before));
    rebuilt(&client, "inbox").await;
    assert_ne!(build(&testbed).await, old, "the new tables serve");
    let after = write(&client, "después").await;
    testbed.caught_up().await;
    assert_eq!(shown().await, [after, before]);
    assert_eq!(
        compare_view(testbed.log.reader(), Projection::Inbox).await.expect("the database answers"),
        []
    );
    program.kill().await;
}

/// Which tables serve the inbox.
async fn build(testbed: &Testbed) -> uuid::Uuid {
    let build = sqlx::query_scalar("select build from inbox.checkpoint").fetch_one(testbed.log.pool());
    build.await.expect("the database answers")
}

macro_rules! killed_at {
    ($($rule:ident: $failpoints:literal,)+) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $rule() {
            dies_at($failpoints).await;
        })+
    };
}

killed_at! {
    a_kill_before_the_append_loses_nothing: "append::before_commit=2*off->return",
    a_kill_after_the_append_loses_nothing: "append::committed=2*off->return",
    a_kill_before_the_publish_loses_nothing: "relay::before_publish=5*off->return",
    a_kill_after_the_publish_loses_nothing: "relay::published=5*off->return",
    a_kill_before_the_projection_loses_nothing: "project::before_commit=4*off->return",
    a_kill_after_the_projection_loses_nothing: "project::committed=4*off->return",
    a_kill_before_a_chunk_is_appended_loses_nobody: "resolve::before_commit=1*off->return",
    a_kill_after_a_chunk_is_appended_tells_nobody_twice: "resolve::committed=1*off->return",
    a_kill_before_the_intake_loses_nothing: "intake::before_commit=return",
    a_kill_after_the_intake_sends_nothing_twice: "intake::committed=1*off->return",
    a_kill_before_the_claim_loses_nothing: "claim::before_commit=1*off->return",
    a_kill_after_the_claim_sends_nothing_twice: "claim::committed=4*off->return",
    a_kill_before_the_start_sends_nothing_twice: "start::before_commit=4*off->return",
    a_kill_after_the_start_leaves_honest_doubt: "start::committed=4*off->return",
    a_kill_before_the_send_sends_nothing_twice: "send::before=20*off->return",
    a_kill_after_the_answer_leaves_honest_doubt: "send::done=20*off->return",
    a_kill_before_the_settlement_leaves_honest_doubt: "settle::before_commit=4*off->return",
    a_kill_after_the_settlement_sends_nothing_twice: "settle::committed=4*off->return",
}

/// Two audiences of three chunks alternate, so that each of these steps falls within one of them.
async fn dies_within_an_audience_at(failpoints: &str) {
    let testbed = Testbed::with_several_chunks().await;
    let mut load = Load::of(&testbed, MESSAGES);
    dies(&testbed, &mut load, failpoints).await;
    assert!(frozen_in_part(&testbed).await > 0, "it died at {failpoints} between audiences, not within one");
    goes_on(&testbed, &mut load).await;
}

/// How many audiences have some of their chunks, and not all.
async fn frozen_in_part(testbed: &Testbed) -> i64 {
    let count = sqlx::query_scalar("select count(*) from audiences where chunks > 0 and recipients < $1");
    count.bind(testbed.clients as i64).fetch_one(testbed.log.pool()).await.expect("the database answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_before_a_later_chunk_is_appended_loses_nobody() {
    dies_within_an_audience_at("resolve::before_commit=2*off->return").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_a_later_chunk_is_appended_tells_nobody_twice() {
    dies_within_an_audience_at("resolve::committed=3*off->return").await;
}
