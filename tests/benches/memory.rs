//! The memory of `dev` in everyday use: idle, after the simultaneous log-ins of a shift, and during an import and a
//! campaign after that. Its servers are separate processes and are not counted.

use std::net::SocketAddr;
use std::time::Duration;

use domain::value::Channel;
use futures::future::join_all;
use serde_json::json;
use tests::measurements::{Failed, Goal, Memory, Outcome, Row, count, megabytes, reset_peak};
use tokio::time::{MissedTickBehavior, interval};

use crate::campaign;
use crate::dev::{Dev, PASSWORD};
use crate::http::Connection;
use crate::people;
use crate::world::World;

/// How many users log in at once.
const LOGINS: usize = 20;
/// The login that all of them use.
const LOGIN: &str = "operador@demo.test";
/// How often the memory is read.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How long the process rests before it counts as idle.
const REST: Duration = Duration::from_secs(3);
/// The goals in MB: idle, after the log-ins, during a campaign.
const MOST_MB: [f64; 3] = [60.0, 100.0, 120.0];

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let dev = Dev::start(world, &world.folder().join("memory")).await?;
    let process = dev.process()?;
    let idle = rest(process).await?.now;
    let (logins_peak, ()) = peak(process, log_in_all(dev.address())).await?;
    let after_logins = memory_of(process)?.now;
    let author = dev.administrator(world).await?;
    let recipients = world.scale.recipients;
    eprintln!("  taking {} clients on", count(recipients));
    let (import_peak, company) = peak(process, people::company(dev.address(), &author, recipients)).await?;
    eprintln!("  the campaign");
    let mut connection = Connection::open(dev.address(), Some(&author)).await?;
    let campaign = async {
        let id =
            campaign::order(&mut connection, &campaign::request(Channel::Email, &company, "service")).await?;
        campaign::end_of(&mut connection, &id).await
    };
    let (campaign_peak, totals) = peak(process, campaign).await?;
    let after = rest(process).await?.now;
    dev.stop().await?;
    if totals["accepted"].as_u64() != Some(recipients as u64) {
        return Err(Failed::because(format!("not everything was sent: {totals}")));
    }
    let row = |when: &str, bytes| Row::new(format!("memory of `dev`, {when}"), "MB", megabytes(bytes));
    let [idle_max, logins_max, campaign_max] = MOST_MB.map(Goal::AtMost);
    let campaign = format!("campaign of {} after them", count(recipients));
    Ok(vec![
        row("idle", idle).goal(idle_max),
        row(&format!("{LOGINS} log-ins at once, peak"), logins_peak),
        row(&format!("after {LOGINS} log-ins"), after_logins).goal(logins_max),
        row(&format!("import of {}, peak", count(recipients)), import_peak),
        row(&format!("{campaign}, peak"), campaign_peak)
            .beside_published("listmonk", 57.0)
            .goal(campaign_max),
        row("after the campaign", after),
    ])
}

/// The memory after a rest.
async fn rest(process: u32) -> Outcome<Memory> {
    tokio::time::sleep(REST).await;
    memory_of(process)
}

/// The peak of memory during `work`. On systems that cannot reset the peak, it is the highest sample, which misses what
/// rises and falls between two samples.
pub(crate) async fn peak<T>(process: u32, work: impl Future<Output = Outcome<T>>) -> Outcome<(u64, T)> {
    let is_forgotten = reset_peak(process).is_ok();
    let mut looks = interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut work, mut seen) = (std::pin::pin!(work), 0);
    let done = loop {
        tokio::select! {
            done = &mut work => break done?,
            _ = looks.tick() => seen = memory_of(process)?.now.max(seen),
        }
    };
    let memory = memory_of(process)?;
    Ok((if is_forgotten { memory.peak } else { seen.max(memory.now) }, done))
}

fn memory_of(process: u32) -> Outcome<Memory> {
    Memory::of(process).ok_or_else(|| Failed::because("this system does not tell the memory of a process"))
}

async fn log_in_all(address: SocketAddr) -> Outcome<()> {
    join_all((0..LOGINS).map(|number| log_in(address, number))).await.into_iter().collect()
}

/// A machine too slow for all log-ins at once answers some with 503, which counts as an answer.
async fn log_in(address: SocketAddr, number: usize) -> Outcome<()> {
    let mut connection = Connection::open(address, None).await?;
    let login = json!({ "email": LOGIN, "password": PASSWORD }).to_string();
    let answer = connection.post("/api/v1/session", &number.to_string(), &login).await?;
    if answer.status == 503 { Ok(()) } else { answer.expect(201).map(drop) }
}
