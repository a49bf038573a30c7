//! `mensajeria dev` as the program under test, with its own servers and demo data.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tests::measurements::{Failed, Outcome};
use tokio::process::Child;
use tokio::time::timeout;

use crate::http::answered;
use crate::people::{self, Worker};
use crate::serve::end;
use crate::world::{World, output};

/// The administrator of the demo.
const ADMINISTRATOR: &str = "admin@demo.test";
/// The password of the demo's users.
pub(crate) const PASSWORD: &str = "correcto caballo";
/// The timeout of a start.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a stop may take before the process is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A ready `dev`, killed on drop.
pub(crate) struct Dev {
    child: Child,
    address: SocketAddr,
    data: PathBuf,
    /// The duration of the start.
    pub(crate) start: Start,
}

/// The duration of a start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// Until the page answered.
    pub(crate) page: Duration,
    /// Until everything was ready.
    pub(crate) ready: Duration,
}

impl Dev {
    /// Starts `dev` on a data folder and waits until it is ready.
    pub(crate) async fn start(world: &World, data: &Path) -> Outcome<Self> {
        let address = free_address()?;
        let begun = Instant::now();
        let mut child = spawn(world, data, address)?;
        let starting = async {
            answered(address, "/").await;
            let page = begun.elapsed();
            answered(address, "/readyz").await;
            Start { page, ready: begun.elapsed() }
        };
        match timeout(START_TIMEOUT, starting).await {
            Ok(start) => Ok(Self { child, address, start, data: data.to_owned() }),
            Err(_) => {
                end(&mut child, STOP_TIMEOUT).await?;
                Err(Failed::because("`dev` does not answer"))
            }
        }
    }

    /// The address of the gateway.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id.
    pub(crate) fn process(&self) -> Outcome<u32> {
        self.child.id().ok_or_else(|| Failed::because("`dev` has ended"))
    }

    /// The administrator of the demo, with a token.
    pub(crate) async fn administrator(&self, world: &World) -> Outcome<Worker> {
        let mut command = world.bare_command();
        command.args(["user", "token", "--json", "--email", ADMINISTRATOR, "--data"]).arg(&self.data);
        let token = people::field(&output(&mut command, "").await?, "token")?;
        Ok(Worker { id: String::new(), token })
    }

    /// Stops `dev` like Ctrl-C, and waits for its end.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        end(&mut self.child, STOP_TIMEOUT).await
    }
}

fn spawn(world: &World, data: &Path, address: SocketAddr) -> std::io::Result<Child> {
    world
        .bare_command()
        .args(["dev", "--listen", &address.to_string(), "--data"])
        .arg(data)
        .env("MENSAJERIA_DEMO_PASSWORD", PASSWORD)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// A free address. If another program takes it before the start, the start fails with an error.
fn free_address() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}
