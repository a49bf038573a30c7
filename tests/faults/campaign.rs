//! One large campaign, with the program killed at every step of the campaign.

use std::os::unix::process::ExitStatusExt;
use std::time::Instant;

use dispatcher::simulator::{Behaviour, Refusal};
use domain::value::Channel;
use tests::HANG;
use tests::program::Program;
use tokio::time::timeout;

use crate::load::Load;
use crate::reconciliation::{acceptances, reconcile_without_stream};
use crate::testbed::{CONNECTIONS, Testbed};

/// The number of recipients: a debug build on two busy cores sends to them in a minute, restarts included.
const PEOPLE: usize = 3_000;
/// The variable that sets another number of people.
const PEOPLE_VARIABLE: &str = "MENSAJERIA_FAULTS_PEOPLE";
/// The signal by which a failpoint ends the program: no code of it runs afterwards, as after `kill -9`.
const SIGABRT: i32 = 6;

/// Every failpoint of a campaign, in the order in which a campaign of this size reaches them; the last ones are reached
/// at any time.
const DEATHS: [&str; 21] = [
    "append::before_commit=return",
    "append::committed=return",
    "intake::before_commit=return",
    "intake::committed=return",
    "resolve::before_commit=1*off->return",
    "resolve::committed=1*off->return",
    "resolve::before_close=return",
    "resolve::closed=return",
    "claim::before_commit=return",
    "claim::committed=1*off->return",
    "start::before_commit=9*off->return",
    "start::committed=9*off->return",
    "send::before=200*off->return",
    "send::done=300*off->return",
    UNMARK,
    "settle::before_commit=9*off->return",
    "settle::committed=9*off->return",
    "project::before_commit=3*off->return",
    "project::committed=3*off->return",
    "relay::before_publish=3*off->return",
    "relay::published=3*off->return",
];
/// Reached only when somebody is refused.
const UNMARK: &str = "unmark::committed=return";

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_through_a_death_at_every_step_loses_and_doubles_nobody() {
    let began = Instant::now();
    let people = people();
    let testbed = Testbed::with_clients(people).await;
    println!("the test bed is ready after {:?}", began.elapsed());
    let mut load = Load::default();
    load.add_notification(&testbed, 0, Channel::Sms);
    for failpoint in DEATHS {
        load.add_messages(&testbed, 1);
        let is_refused = failpoint == UNMARK;
        let refused = Behaviour::Refuse(Refusal::sms(400, 21211, "Invalid 'To' Phone Number"));
        let behaviour = if is_refused { refused } else { Behaviour::Accept };
        testbed.simulator.set_rule(Channel::Sms, "", behaviour);
        die(&testbed, &mut load, failpoint).await;
        let told = acceptances(&testbed, Channel::Sms);
        println!("{failpoint}: {} are told after {:?}", told.len(), began.elapsed());
        assert!(told.len() < people, "the campaign was over before {failpoint}");
        fence_the_dead(&testbed).await;
    }
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    load.apply_until_answered(&client).await;
    let in_doubt = reconcile_without_stream(&testbed, &client, &load).await;
    println!("{in_doubt} are in doubt, after {:?}", began.elapsed());
    assert!(in_doubt <= DEATHS.len() * CONNECTIONS, "{in_doubt} are in doubt");
    assert!(acceptances(&testbed, Channel::Sms).len() >= people - in_doubt);
    program.kill().await;
}

async fn die(testbed: &Testbed, load: &mut Load, failpoint: &str) {
    let program: Program = testbed.program(failpoint).await;
    let client = testbed.client(&program);
    let asking = async {
        load.apply_until_answered(&client).await;
        std::future::pending().await
    };
    let status = tokio::select! {
        status = timeout(HANG, program.ended()) => status.expect("the failpoint is reached"),
        () = asking => unreachable!("asking never ends"),
    };
    assert_eq!(status.signal(), Some(SIGABRT), "the program did not die at {failpoint}: {status}");
}

/// Fences owners as a housekeeper does after fifteen beats. No program here lives that long.
async fn fence_the_dead(testbed: &Testbed) {
    let fenced = sqlx::query("update send_owners set is_fenced = true where not is_fenced");
    fenced.execute(testbed.log.pool()).await.expect("the dead are fenced");
}

#[expect(clippy::disallowed_methods, reason = "how large a run is, not a setting of the program")]
fn people() -> usize {
    let given = std::env::var(PEOPLE_VARIABLE).ok();
    given.map_or(PEOPLE, |people| people.parse().expect("a number"))
}
