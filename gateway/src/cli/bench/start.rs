//! `mensajeria dev` from an empty data folder to the page, and once more from the folder that this leaves.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::Outcome;
use super::http::Connection;
use super::measure::median;
use super::process::interrupt;
use super::table::{Goal, Row};
use super::world::World;
use crate::cli::CliError;

/// How long a start may take.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How long an end may take before it is forced.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is tried whether somebody answers.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

pub(super) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for turn in 0..world.scale.turns {
        let data = world.folder().join(format!("start-{turn}"));
        firsts.push(start(&data).await?);
        seconds.push(start(&data).await?);
    }
    let median_of = |starts: &[Start], part: fn(&Start) -> Duration| {
        median(starts.iter().map(|s| part(s).as_secs_f64()).collect())
    };
    Ok(vec![
        Row::new("empty folder to the page", "s", median_of(&firsts, |start| start.page))
            .goal(Goal::AtMost(3.0)),
        Row::new("empty folder to ready with demo data", "s", median_of(&firsts, |start| start.ready)),
        Row::new("second start to the page", "s", median_of(&seconds, |start| start.page)),
        Row::new("second start to ready", "s", median_of(&seconds, |start| start.ready)),
    ])
}

/// How long a start took.
struct Start {
    page: Duration,
    ready: Duration,
}

async fn start(data: &Path) -> Outcome<Start> {
    let address = free_address()?;
    let begun = Instant::now();
    let mut dev = spawn(data, address).map_err(CliError::failed)?;
    let starting = async {
        let page = answers(address, "/", begun).await;
        let ready = answers(address, "/readyz", begun).await;
        Start { page, ready }
    };
    let started =
        timeout(START_TIMEOUT, starting).await.map_err(|_| CliError::failed("`dev` does not answer"));
    end(&mut dev).await?;
    started
}

fn spawn(data: &Path, address: SocketAddr) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["dev", "--listen", &address.to_string(), "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

/// What another program takes between here and the start fails the start, and tells it.
fn free_address() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(CliError::failed)?;
    listener.local_addr().map_err(CliError::failed)
}

/// When the first 200 came.
async fn answers(address: SocketAddr, path: &str, begun: Instant) -> Duration {
    while !is_answered(address, path).await {
        sleep(LOOK_INTERVAL).await;
    }
    begun.elapsed()
}

async fn is_answered(address: SocketAddr, path: &str) -> bool {
    let Ok(mut connection) = Connection::open(address, None).await else { return false };
    matches!(connection.get(path).await, Ok(answer) if answer.status == 200)
}

async fn end(dev: &mut Child) -> Outcome<()> {
    if let Some(process) = dev.id() {
        interrupt(process);
    }
    if timeout(STOP_TIMEOUT, dev.wait()).await.is_err() {
        dev.kill().await.map_err(CliError::failed)?;
    }
    Ok(())
}
