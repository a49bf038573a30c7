//! `mensajeria serve` under measurement, with the settings of production and its log written to a file.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use commands::clock;
use serde_json::Value;
use tests::figures::{Failed, Outcome, cpu_of_tree, interrupt};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

use crate::http::answered;
use crate::sink::Sink;
use crate::world::World;

/// Every role.
pub(crate) const ALL: &str = "gateway,relay,projector,dispatcher";
/// How many senders it has on each channel; the peers get as many. What is in doubt after a crash is never more than
/// this.
pub(crate) const SENDERS: u32 = 64;
/// How long the program may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long it may take to end before it is forced.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// The log of every program of a run.
const LOG_FILE: &str = "program.log";
/// How many lines of it are told when a program does not start.
const LOG_LINES: usize = 10;

/// A running program; dropping it kills it.
pub(crate) struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    /// Starts roles on a database, with a sink as the provider of both channels; a front door once it is ready.
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

    /// Where its front door is.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CPU time that it has taken up to now.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let cpu = self.child.id().and_then(cpu_of_tree);
        cpu.ok_or_else(|| Failed::because("this system does not tell CPU times"))
    }

    /// Ends it as Ctrl-C does, and waits for that.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        end(&mut self.child, STOP_TIMEOUT).await
    }
}

/// Ends a program as Ctrl-C does, and kills it if that takes too long.
pub(crate) async fn end(program: &mut Child, limit: Duration) -> Outcome<()> {
    if let Some(process) = program.id() {
        interrupt(process).await?;
    }
    if timeout(limit, program.wait()).await.is_err() {
        program.kill().await?;
    }
    Ok(())
}

/// Neither has TLS: it would be measured too, and the peers have none.
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
secret = "sink"
from = "+15005550006"
connections = {SENDERS}
"#,
        sink.smtp, sink.sms
    )
}

/// The first line of a program that has begun to listen.
async fn listening(child: &mut Child) -> Outcome<SocketAddr> {
    let output = child.stdout.as_mut().ok_or_else(|| Failed::because("no standard output"))?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await?;
    let told: Value = serde_json::from_str(&line)?;
    let url = told["url"].as_str().unwrap_or_default();
    Ok(url.trim_start_matches("http://").parse()?)
}

/// What a log says last.
fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(LOG_LINES).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
