//! The program is stopped by a signal: the effects of a stop are not logged as warnings.

use std::collections::HashMap;
use std::time::Duration;

use dispatcher::simulator::Behaviour;
use domain::value::Channel;
use tests::program::{Program, text};

use crate::load::Load;
use crate::logs::assert_warns_of_nothing;
use crate::reconciliation::reconcile;
use crate::testbed::{CLIENTS, CONNECTIONS, Testbed, eventually};

/// So slow that a campaign is still being sent when the stop comes.
const SLOW: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_rest_and_one_in_the_middle_of_a_campaign_warn_of_nothing() {
    let testbed = Testbed::start().await;
    let log = tempfile::NamedTempFile::new().expect("a file");
    let environment = testbed.logging_as_usual();
    let program = Program::start_logging(&["serve"], &environment, log.path()).await;
    let mut load = Load::default();
    load.add_messages(&testbed, 3);
    load.apply_until_answered(&testbed.client(&program)).await;
    program.interrupt().await;
    assert_warns_of_nothing(log.path());

    for channel in [Channel::Sms, Channel::Email] {
        testbed.simulator.set_rule(channel, "", Behaviour::Slow(SLOW));
    }
    let program = Program::start_logging(&["serve"], &environment, log.path()).await;
    load.add_notifications(&testbed, 0);
    load.apply_until_answered(&testbed.client(&program)).await;
    eventually("the campaign is under way", async || (!testbed.ledger().is_empty()).then_some(())).await;
    program.interrupt().await;
    assert!(testbed.ledger().len() < 2 * CLIENTS, "the campaign was over too soon");
    assert_warns_of_nothing(log.path());

    let program = testbed.program("").await;
    reconcile(&testbed, &testbed.client(&program), &load, 2 * CONNECTIONS).await;
    program.kill().await;
}

/// A service manager signals every process of a service at once: the servers wait for the program that needs them.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_of_all_processes_at_once_warns_of_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = tempfile::NamedTempFile::new().expect("a file");
    let arguments = ["dev", "--no-demo", "--listen", "127.0.0.1:0", "--data", text(folder.path())];
    for signal in ["INT", "TERM"] {
        let mut dev = Program::start_logging(&arguments, &HashMap::new(), log.path()).await;
        eventually("it is ready", async || {
            let answer = reqwest::get(format!("{}/readyz", dev.base)).await.expect("it answers");
            answer.status().is_success().then_some(())
        })
        .await;
        dev.signal_all(signal).await;
        dev.ends_well().await;
        assert_warns_of_nothing(log.path());
    }
}
