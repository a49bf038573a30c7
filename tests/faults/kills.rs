//! The program dies at every step of its way, under load, and is started again: nothing is lost, nothing is sent twice,
//! and no more is in doubt than was being sent.

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

use crate::books::{compare, rest, times_told};
use crate::load::Load;
use crate::scene::{CONNECTIONS, Scene, phone, rebuilt};

/// How many messages are written besides the two notifications.
const MESSAGES: usize = 30;
/// The signal that a failpoint ends the program with: nothing of it runs any more, as after `kill -9`.
const SIGABRT: i32 = 6;

/// Runs a load into a program that dies at a failpoint, then into one that does not.
async fn dies_at(failpoints: &str) {
    let scene = Scene::set().await;
    let mut load = Load::of(&scene, MESSAGES);
    dies(&scene, &mut load, failpoints).await;
    goes_on(&scene, &mut load).await;
}

pub(crate) async fn dies(scene: &Scene, load: &mut Load, failpoints: &str) {
    let program = scene.program(failpoints).await;
    let status = until_death(scene, program, load).await;
    assert_eq!(status.signal(), Some(SIGABRT), "the program did not die at {failpoints}: {status}");
}

async fn goes_on(scene: &Scene, load: &mut Load) {
    let program = scene.program("").await;
    let client = scene.client(&program);
    load.apply_until_answered(&client).await;
    for asked in load.notifications() {
        rest(&client, asked.id).await;
    }
    compare(scene, &client, load, 2 * CONNECTIONS).await;
    program.kill().await;
}

/// Makes requests until the program is gone; what it could not answer is asked again of the next one.
async fn until_death(scene: &Scene, program: Program, load: &mut Load) -> ExitStatus {
    let client = scene.client(&program);
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
    let scene = Scene::set().await;
    let (mut load, refused) = (Load::of(&scene, MESSAGES), phone(0, 7));
    let refusal = Refusal::sms(400, 21211, "Invalid 'To' Phone Number");
    scene.simulator.set_rule(Channel::Sms, &refused, Behaviour::Refuse(refusal));
    dies(&scene, &mut load, "unmark::committed=return").await;
    scene.simulator.set_rule(Channel::Sms, &refused, Behaviour::Accept);
    goes_on(&scene, &mut load).await;
    assert_eq!(times_told(&scene, Channel::Sms).get(&refused), Some(&1));
}

/// What one part does nobody else in the process does: without it the program looks well and stands still.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_panics_ends_the_program() {
    for failpoint in
        ["relay::before_publish=panic", "project::before_commit=panic", "intake::before_commit=panic"]
    {
        let scene = Scene::set().await;
        let mut load = Load::of(&scene, 1);
        let program = scene.program(failpoint).await;
        let status = until_death(&scene, program, &mut load).await;
        assert_eq!(status.code(), Some(1), "{failpoint}: {status}");
    }
}

/// The order outlives whoever began it, and until it is done the old tables serve.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_before_a_rebuilt_view_is_swapped_in_leaves_the_old_one_and_the_order() {
    let scene = Scene::set().await;
    let program = scene.program("rebuild::before_swap=return").await;
    let write = async |client: &Client, text| {
        id_of(&client.post_new("/messages", &message_to(&[scene.reader], text)).await.expect(201))
    };
    let before = write(&scene.client(&program), "antes").await;
    scene.caught_up().await;
    let old = build(&scene).await;
    let order = request(scene.log.pool(), Projection::Inbox).await.expect("the order is written down");
    let status = timeout(HANG, program.ended()).await.expect("the failpoint is reached");
    assert_eq!(status.signal(), Some(SIGABRT), "{status}");
    assert_eq!(build(&scene).await, old, "the old tables stay");
    let ordered = progress(scene.log.pool(), order).await.expect("the database answers").expect("the order");
    assert!(!ordered.finished, "the order stays");

    let program = scene.program("").await;
    let client = scene.client(&program);
    let shown = async || client.all("/inbox").await.iter().map(id_of).collect::<Vec<_>>();
    assert_eq!(shown().await, std::slice::from_ref(&before));
    rebuilt(&client, "inbox").await;
    assert_ne!(build(&scene).await, old, "the new tables serve");
    let after = write(&client, "después").await;
    scene.caught_up().await;
    assert_eq!(shown().await, [after, before]);
    assert_eq!(compare_view(scene.log.reader(), Projection::Inbox).await.expect("the database answers"), []);
    program.kill().await;
}

/// Which tables serve the inbox.
async fn build(scene: &Scene) -> uuid::Uuid {
    let build = sqlx::query_scalar("select build from inbox.checkpoint").fetch_one(scene.log.pool());
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

/// Two audiences of three chunks take turns, so that each of these steps falls within one of them.
async fn dies_within_an_audience_at(failpoints: &str) {
    let scene = Scene::crowded().await;
    let mut load = Load::of(&scene, MESSAGES);
    dies(&scene, &mut load, failpoints).await;
    assert!(frozen_in_part(&scene).await > 0, "it died at {failpoints} between audiences, not within one");
    goes_on(&scene, &mut load).await;
}

/// How many audiences have some of their chunks, and not all.
async fn frozen_in_part(scene: &Scene) -> i64 {
    let count = sqlx::query_scalar("select count(*) from audiences where chunks > 0 and recipients < $1");
    count.bind(scene.clients as i64).fetch_one(scene.log.pool()).await.expect("the database answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_before_a_later_chunk_is_appended_loses_nobody() {
    dies_within_an_audience_at("resolve::before_commit=2*off->return").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_a_later_chunk_is_appended_tells_nobody_twice() {
    dies_within_an_audience_at("resolve::committed=3*off->return").await;
}
