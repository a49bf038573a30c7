//! `mensajeria serve` as the program under test, with production settings and its log in a file.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use commands::clock;
use dispatcher::simulator::SECRET;
use serde_json::Value;
use tests::measurements::{Failed, Outcome, cpu_of_tree, interrupt};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

use crate::http::answered;
use crate::sink::Sink;
use crate::world::World;

/// All roles.
pub(crate) const ALL: &str = "gateway,relay,projector,dispatcher";
/// The senders on each channel; the peers have as many. At most this many messages are in doubt after a crash.
pub(crate) const SENDERS: u32 = 64;
/// The timeout of a start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a stop may take before the process is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// The log of every process of a run.
const LOG_FILE: &str = "program.log";
/// How many lines of the log are shown when the program does not start.
const LOG_LINES: usize = 10;

/// A running program, killed on drop.
pub(crate) struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    /// Starts roles on a database, with a sink as the provider of both channels. With the gateway role, waits until it
    /// is ready.
    pub(crate) async fn start(
        world: &World,
        database_url: &str,
        roles: &str,
        sink: Option<&Sink>,
    ) -> Outcome<Self> {
        let log = world.folder().join(LOG_FILE);
        let mut command = world.command(database_url);
        if let Some(sink) = sink {
            let file = world.folder().join(format!("{}.toml", clock::new_id().simple()));
            std::fs::write(&file, providers(sink))?;
            command.arg("--config").arg(file);
        }
        let mut child = command
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--roles", roles])
            .env("MENSAJERIA__SERVER__PUBLIC_URL", "https://bench.test")
            .stdout(Stdio::piped())
            .stderr(OpenOptions::new().create(true).append(true).open(&log)?)
            .spawn()?;
        let starting = async {
            let address = listening(&mut child).await?;
            if roles.contains("gateway") {
                answered(address, "/readyz").await;
            }
            Outcome::Ok(address)
        };
        match timeout(START_TIMEOUT, starting).await {
            Ok(Ok(address)) => Ok(Self { child, address }),
            _ => Err(Failed::because(format!("the program did not start: {}", end_of(&log)))),
        }
    }

    /// The address of the gateway.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of the process.
    pub(crate) fn process(&self) -> Outcome<u32> {
        self.child.id().ok_or_else(|| Failed::because("the program has ended"))
    }

    /// The CPU time used so far.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let cpu = cpu_of_tree(self.process()?);
        cpu.ok_or_else(|| Failed::because("this system does not tell CPU times"))
    }

    /// Stops the program like Ctrl-C, and waits for its end.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        end(&mut self.child, STOP_TIMEOUT).await
    }
}

/// Stops a program like Ctrl-C, and kills it after a timeout.
pub(crate) async fn end(program: &mut Child, limit: Duration) -> Outcome<()> {
    if let Some(process) = program.id() {
        interrupt(process).await?;
    }
    if timeout(limit, program.wait()).await.is_err() {
        program.kill().await?;
    }
    Ok(())
}

/// The providers of the configuration, without TLS: it would be measured too, and the peers have none.
fn providers(sink: &Sink) -> String {
    format!(
        r#"
[[email.providers]]
name = "sink"
url = "smtp://{}"
from = "Avisos <avisos@bench.test>"
tls = "none"
connections = {SENDERS}

[[sms.providers]]
name = "sink"
kind = "twilio"
base_url = "http://{}"
account = "AC00000000000000000000000000000000"
secret = "{SECRET}"
from = "+15005550006"
connections = {SENDERS}
"#,
        sink.smtp, sink.sms
    )
}

/// The address from the first line of a program that has begun to listen.
async fn listening(child: &mut Child) -> Outcome<SocketAddr> {
    let output = child.stdout.as_mut().ok_or_else(|| Failed::because("no standard output"))?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await?;
    let told: Value = serde_json::from_str(&line)?;
    let url = told["url"].as_str().unwrap_or_default();
    Ok(url.trim_start_matches("http://").parse()?)
}

/// The last lines of a log.
fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(LOG_LINES).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
