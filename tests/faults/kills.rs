//! The program is killed at every step of its way, under load, and started again: nothing is lost, nothing is sent twice,
//! and no more is in doubt than was being sent.

use crate::scene::{Load, Scene, apply_until_answered, compare};

/// How many messages are written besides the two notifications.
const MESSAGES: usize = 30;

/// Runs a load into a program that dies at a failpoint, then into one that does not.
async fn dies_at(failpoints: &str) {
    let scene = Scene::set().await;
    let mut load = Load::of(MESSAGES);

    let program = scene.program(failpoints).await;
    let client = scene.client(&program);
    // Requests go on until the program is gone; what it could not answer is asked again of the next one.
    let died = program.ended();
    tokio::pin!(died);
    loop {
        tokio::select! {
            () = &mut died => break,
            _ = load.apply(&scene, &client) => tokio::task::yield_now().await,
        }
    }

    let program = scene.program("").await;
    let client = scene.client(&program);
    apply_until_answered(&mut load, &scene, &client).await;
    compare(&scene, &client, &load).await;
    program.kill().await;
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
    a_kill_before_the_append_loses_nothing: "append::before_commit=15*off->return",
    a_kill_after_the_append_loses_nothing: "append::committed=15*off->return",
    a_kill_before_the_publish_loses_nothing: "relay::before_publish=5*off->return",
    a_kill_after_the_publish_loses_nothing: "relay::published=5*off->return",
    a_kill_before_the_projection_loses_nothing: "project::before_commit=12*off->return",
    a_kill_after_the_projection_loses_nothing: "project::committed=12*off->return",
    a_kill_before_the_intake_loses_nothing: "intake::before_commit=3*off->return",
    a_kill_after_the_intake_sends_nothing_twice: "intake::committed=3*off->return",
    a_kill_after_the_claim_sends_nothing_twice: "claim::committed=4*off->return",
    a_kill_after_the_start_leaves_honest_doubt: "start::committed=4*off->return",
    a_kill_after_the_answer_leaves_honest_doubt: "send::done=20*off->return",
    a_kill_before_the_settlement_leaves_honest_doubt: "settle::before_commit=4*off->return",
    a_kill_after_the_settlement_sends_nothing_twice: "settle::committed=4*off->return",
}
