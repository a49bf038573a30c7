//! A limit of sends a second holds over all processes, by the times at which the provider saw the messages.

use chrono::{DateTime, TimeDelta, Utc};
use domain::value::Channel;
use tests::orders::sms_to;
use tests::program::Program;

use crate::testbed::{CONNECTIONS, Testbed, eventually};

/// The provider's limit.
const PER_SECOND: usize = 50;
/// How many connections each dispatcher has to it.
const OPEN: usize = 8;
/// How many dispatchers send at once.
const PROCESSES: usize = 4;
/// How many campaigns wait, so that each dispatcher has people to send to.
const CAMPAIGNS: usize = 6;
/// Messages of the start, when not all dispatchers send yet.
const FIRST: u64 = 200;
/// How many messages are measured.
const MEASURED: u64 = 700;

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_never_send_more_in_any_second_than_the_limit_and_use_it() {
    let mut testbed = Testbed::with_several_chunks().await;
    let sms = testbed.environment.get_mut("MENSAJERIA__SMS__PROVIDERS").expect("a provider");
    *sms = sms
        .replace(&format!("connections = {CONNECTIONS}"), &format!("connections = {OPEN}"))
        .replace(" }]", &format!(", rate_per_second = {PER_SECOND} }}]"));
    let front = ["serve", "--roles", "gateway,relay,projector"];
    let program = Program::start(&front, &testbed.environment, "").await;
    let client = testbed.client(&program);
    let start = |_| Program::start_silent(&["serve", "--roles", "dispatcher"], &testbed.environment, "");
    let dispatchers: Vec<Program> = (0..PROCESSES).map(start).collect();
    for number in 0..CAMPAIGNS {
        let order = sms_to(testbed.companies[0], &format!("Aviso {number}"));
        client.post_new("/notifications", &order).await.expect(202);
    }
    eventually("enough was sent", async || {
        (testbed.simulator.counts(Channel::Sms).accepted >= FIRST + MEASURED).then_some(())
    })
    .await;
    assert_eq!(busy(&testbed).await, PROCESSES as i64, "every dispatcher has people to send to");
    for dispatcher in dispatchers {
        dispatcher.kill().await;
    }
    program.kill().await;

    let times = accepted(&testbed);
    let (most, used) = (most_in_a_second(&times), used(&times));
    println!("PACE most {most} used {used:.4}");
    assert!(most <= PER_SECOND, "{most} in one second");
    assert!(used >= 0.95, "only {used:.3} of the limit were used");
    testbed.stop().await;
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

/// The part of the limit that was used, once all dispatchers sent.
fn used(times: &[DateTime<Utc>]) -> f64 {
    let measured = &times[FIRST as usize..(FIRST + MEASURED) as usize];
    let micros = (measured[measured.len() - 1] - measured[0]).num_microseconds().unwrap_or(i64::MAX);
    (measured.len() - 1) as f64 / (micros as f64 / 1e6) / PER_SECOND as f64
}

/// How many dispatchers have tasks.
async fn busy(testbed: &Testbed) -> i64 {
    sqlx::query_scalar("select count(distinct owner) from send_tasks")
        .fetch_one(testbed.log.pool())
        .await
        .expect("a count")
}
