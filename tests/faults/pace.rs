//! Limits of messages a second hold over all processes, by the times at which the providers saw the messages.

use chrono::{DateTime, TimeDelta, Utc};
use domain::value::Channel;
use serde_json::json;
use tests::orders::sms_to;
use tests::program::Program;

use crate::testbed::{CONNECTIONS, Testbed, eventually};

/// The limit.
const PER_SECOND: usize = 50;
/// How many connections each dispatcher has to the provider.
const OPEN: usize = 8;
/// How many dispatchers send at once.
const PROCESSES: usize = 4;
/// How many campaigns wait, so that each dispatcher has people to send to.
const CAMPAIGNS: usize = 6;
/// Messages of the start, when not all dispatchers send yet.
const FIRST: u64 = 200;
/// How many messages are sent after them.
const MEASURED: u64 = 700;
/// Within how many of these the use of the limit is measured: the best five seconds, because other programs that take the
/// machine's cores for a moment are no fault of the limit.
const STRETCH: usize = 250;

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_never_send_more_in_any_second_than_a_provider_takes() {
    let rate = format!(", rate_per_second = {PER_SECOND} }}]");
    let times = sent_by_four(&rate, None).await;
    assert_paced(&times);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_never_send_more_in_any_second_than_a_company_may() {
    let times = sent_by_four(" }]", Some(PER_SECOND)).await;
    assert_paced(&times);
}

/// When the provider took each SMS that four dispatchers sent, with the end of its configuration and the company's limit.
async fn sent_by_four(provider: &str, of_company: Option<usize>) -> Vec<DateTime<Utc>> {
    let mut testbed = Testbed::with_several_chunks().await;
    let sms = testbed.environment.get_mut("MENSAJERIA__SMS__PROVIDERS").expect("a provider");
    *sms = sms
        .replace(&format!("connections = {CONNECTIONS}"), &format!("connections = {OPEN}"))
        .replace(" }]", provider);
    let front = ["serve", "--roles", "gateway,relay,projector"];
    let program = Program::start(&front, &testbed.environment, "").await;
    let client = testbed.client(&program);
    let company = testbed.companies[0];
    if let Some(per_second) = of_company {
        let limits = json!({ "limits": { "sms_per_second": per_second } });
        client.patch(&format!("/companies/{company}"), &limits).await.expect(200);
    }
    let start = |_| Program::start_silent(&["serve", "--roles", "dispatcher"], &testbed.environment, "");
    let dispatchers: Vec<Program> = (0..PROCESSES).map(start).collect();
    // Otherwise the first ones take all people on a machine that starts the others late.
    eventually("every dispatcher runs", async || (running(&testbed).await == PROCESSES as i64).then_some(()))
        .await;
    for number in 0..CAMPAIGNS {
        client.post_new("/notifications", &sms_to(company, &format!("Aviso {number}"))).await.expect(202);
    }
    eventually("every dispatcher has people to send to", async || {
        (owners(&testbed).await == PROCESSES as i64).then_some(())
    })
    .await;
    eventually("enough was sent", async || {
        (testbed.simulator.counts(Channel::Sms).accepted >= FIRST + MEASURED).then_some(())
    })
    .await;
    for dispatcher in dispatchers {
        dispatcher.kill().await;
    }
    program.kill().await;
    let times = accepted(&testbed);
    testbed.stop().await;
    times
}

/// How much of the limit is used depends on the machine, which other tests share, so that the figure is printed only. That
/// calendars give out all of a limit is tested where time is moved by hand (`dispatcher/src/worker/pace/calendar_tests.rs`).
fn assert_paced(times: &[DateTime<Utc>]) {
    let (most, used) = (most_in_a_second(times), used(times));
    println!("at most {most} in a second, {:.1} % of the limit used", 100.0 * used);
    assert!(most <= PER_SECOND, "{most} in one second");
}

/// When the provider took each SMS, in order.
fn accepted(testbed: &Testbed) -> Vec<DateTime<Utc>> {
    let of_sms = testbed.ledger().into_iter().filter(|entry| entry.channel == Channel::Sms);
    let mut times: Vec<_> = of_sms.map(|entry| entry.accepted_at).collect();
    times.sort_unstable();
    times
}

/// The most messages in any second, wherever it begins.
fn most_in_a_second(times: &[DateTime<Utc>]) -> usize {
    let within = |from: &DateTime<Utc>| {
        let end = *from + TimeDelta::seconds(1);
        times.partition_point(|time| *time < end) - times.partition_point(|time| time < from)
    };
    times.iter().map(within).max().unwrap_or(0)
}

/// The part of the limit that was used in the best stretch, once all dispatchers sent.
fn used(times: &[DateTime<Utc>]) -> f64 {
    let measured = &times[FIRST as usize..(FIRST + MEASURED) as usize];
    let micros = |stretch: &[DateTime<Utc>]| (stretch[STRETCH] - stretch[0]).num_microseconds();
    let shortest = measured.windows(STRETCH + 1).filter_map(micros).min().unwrap_or(i64::MAX);
    STRETCH as f64 / (shortest as f64 / 1e6) / PER_SECOND as f64
}

/// How many dispatchers run.
async fn running(testbed: &Testbed) -> i64 {
    sqlx::query_scalar("select count(*) from send_owners")
        .fetch_one(testbed.log.pool())
        .await
        .expect("a count")
}

/// How many dispatchers have tasks.
async fn owners(testbed: &Testbed) -> i64 {
    sqlx::query_scalar("select count(distinct owner) from send_tasks")
        .fetch_one(testbed.log.pool())
        .await
        .expect("a count")
}
