//! The program is told to stop: what a stop brings with it is nothing to warn of.

use std::collections::HashMap;
use std::time::Duration;

use dispatcher::simulator::Behaviour;
use domain::value::Channel;
use tests::program::{Program, text};

use crate::books::compare;
use crate::load::Load;
use crate::logs::assert_warns_of_nothing;
use crate::scene::{CLIENTS, CONNECTIONS, Scene, eventually};

/// So slow that a campaign is still under way when the stop comes.
const SLOW: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_rest_and_one_in_the_middle_of_a_campaign_warn_of_nothing() {
    let scene = Scene::set().await;
    let log = tempfile::NamedTempFile::new().expect("a file");
    let environment = scene.logging_as_usual();
    let program = Program::start_logging(&["serve"], &environment, log.path()).await;
    let mut load = Load::default();
    load.add_messages(&scene, 3);
    load.apply_until_answered(&scene.client(&program)).await;
    program.interrupt().await;
    assert_warns_of_nothing(log.path());

    for channel in [Channel::Sms, Channel::Email] {
        scene.simulator.set_rule(channel, "", Behaviour::Slow(SLOW));
    }
    let program = Program::start_logging(&["serve"], &environment, log.path()).await;
    load.add_notifications(&scene, 0);
    load.apply_until_answered(&scene.client(&program)).await;
    eventually("the campaign is under way", async || (!scene.books().is_empty()).then_some(())).await;
    program.interrupt().await;
    assert!(scene.books().len() < 2 * CLIENTS, "the campaign was over too soon");
    assert_warns_of_nothing(log.path());

    let program = scene.program("").await;
    compare(&scene, &scene.client(&program), &load, 2 * CONNECTIONS).await;
    program.kill().await;
}

/// A service manager tells every process of a service at once: the servers wait for the program that needs them.
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
