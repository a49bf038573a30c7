//! The program is killed while it seals the log: the tree goes on where it was, and no second one is ever signed.

use domain::proof::Checkpoint;
use projections::proof::{Audited, KnownKeys, SigningKey, audit, newest_note, newest_size};
use tests::world::PROOF_KEY;

use crate::kills::dies;
use crate::load::Load;
use crate::testbed::{Testbed, eventually};

/// How many messages are written besides the notifications of a load.
const MESSAGES: usize = 30;

fn known(testbed: &Testbed) -> KnownKeys {
    let origin = format!("mensajeria/{}", testbed.log.reader().ledger());
    KnownKeys::new([SigningKey::new(PROOF_KEY).verifier(&origin.parse().expect("a name"))])
}

/// The newest checkpoint, as somebody outside keeps it.
async fn kept(testbed: &Testbed) -> Checkpoint {
    let note = newest_note(testbed.log.pool()).await.expect("the database answers").expect("a checkpoint");
    known(testbed).open(&note).expect("it is signed")
}

/// Waits until all events of now are sealed, and audits the log against a checkpoint of before.
async fn audited(testbed: &Testbed, before: &Checkpoint) -> Audited {
    let head = testbed.log.reader().head().await.expect("the database answers").unsigned_abs();
    eventually("the log is sealed", async || {
        let size = newest_size(testbed.log.pool()).await.expect("the database answers");
        (size >= Some(head)).then_some(())
    })
    .await;
    let outside = std::slice::from_ref(before);
    audit(testbed.log.pool(), &known(testbed), outside, |_| {}).await.expect("the log is as it was signed")
}

async fn seals_on_after(failpoints: &str) {
    let testbed = Testbed::start().await;
    let mut load = Load::of(&testbed, MESSAGES);
    dies(&testbed, &mut load, failpoints).await;
    let before = kept(&testbed).await;
    let program = testbed.program("").await;
    // The last checkpoint may have had the whole load.
    load.add_messages(&testbed, MESSAGES);
    load.apply_until_answered(&testbed.client(&program)).await;
    let audited = audited(&testbed, &before).await;
    assert!(audited.sealed > before.size, "{audited:?}");
    program.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_before_a_checkpoint_is_written_loses_nothing_of_the_tree() {
    seals_on_after("seal::before_commit=1*off->return").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_a_checkpoint_is_written_signs_no_second_tree() {
    seals_on_after("seal::committed=1*off->return").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_seals_on_when_the_one_that_sealed_is_killed() {
    let testbed = Testbed::start().await;
    let mut load = Load::of(&testbed, MESSAGES);
    let (first, second) = (testbed.program("").await, testbed.program("").await);
    load.apply_until_answered(&testbed.client(&second)).await;
    let head = testbed.log.reader().head().await.expect("the database answers").unsigned_abs();
    eventually("one of them has sealed", async || {
        let size = newest_size(testbed.log.pool()).await.expect("the database answers");
        (size >= Some(head)).then_some(())
    })
    .await;
    let before = kept(&testbed).await;
    first.kill().await;
    load.add_messages(&testbed, MESSAGES);
    load.apply_until_answered(&testbed.client(&second)).await;
    let audited = audited(&testbed, &before).await;
    assert!(audited.sealed > before.size, "{audited:?}");
    second.kill().await;
}
