//! `mensajeria dev` under measurement: this executable once more, with everything it sets up for itself.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::Outcome;
use super::http::Connection;
use super::process::{Memory, interrupt};
use crate::cli::CliError;
use crate::cli::dev::DEMO_PASSWORD;

/// What the demo's users log in with.
pub(super) const PASSWORD: &str = "correcto caballo";
/// How long a start may take.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How long an end may take before it is forced.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is tried whether somebody answers.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// A `dev` that is ready; dropping it kills it.
pub(super) struct Dev {
    child: Child,
    address: SocketAddr,
    /// How long the start took.
    pub(super) start: Start,
}

/// How long a start took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Until the page was answered.
    pub(super) page: Duration,
    /// Until everything was ready.
    pub(super) ready: Duration,
}

impl Dev {
    /// Starts on a data folder and waits until it is ready.
    pub(super) async fn start(data: &Path) -> Outcome<Self> {
        let address = free_address()?;
        let begun = Instant::now();
        let mut child = spawn(data, address).map_err(CliError::failed)?;
        let starting = async {
            let page = answers(address, "/", begun).await;
            let ready = answers(address, "/readyz", begun).await;
            Start { page, ready }
        };
        match timeout(START_TIMEOUT, starting).await {
            Ok(start) => Ok(Self { child, address, start }),
            Err(_) => {
                end(&mut child).await?;
                Err(CliError::failed("`dev` does not answer"))
            }
        }
    }

    /// Where its front door is.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its own memory: its servers are not in it.
    pub(super) fn memory(&self) -> Option<Memory> {
        Memory::of(self.child.id()?)
    }

    /// Ends it as Ctrl-C does, and waits for that.
    pub(super) async fn stop(mut self) -> Outcome<()> {
        end(&mut self.child).await
    }
}

fn spawn(data: &Path, address: SocketAddr) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["dev", "--listen", &address.to_string(), "--data"])
        .arg(data)
        .env(DEMO_PASSWORD, PASSWORD)
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
