//! The program under measurement: this executable once more, so that its memory and its runtime are its own.

use std::fs::OpenOptions;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use commands::log::MasterKey;
use dispatcher::provider::{
    EmailProvider, Provider, SmsApi, SmsProvider, SmsSettings, SmtpSettings, TwilioSettings,
};
use dispatcher::{Companies, Route};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::Outcome;
use super::process::Memory;
use super::world::{Ledger, MASTER_KEY, World};
use crate::cli::{CliError, Exit};
use crate::config::Config;
use crate::system::{Outside, Role, Roles, System, SystemOptions};

/// How long the program may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long it may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The log of every program of a run.
const LOG_FILE: &str = "program.log";
/// How many lines of it are told when a program does not start.
const LOG_LINES: usize = 10;
/// How many senders it has on each channel; the peers get as many. What is in doubt after a crash is never more than
/// this, and what one commit settles neither.
pub(super) const SENDERS: u32 = 64;

/// What the program is told on standard input; it ends when that closes, so that no killed run leaves one behind.
#[derive(Debug, Serialize, Deserialize)]
struct Orders {
    database_url: String,
    nats_url: String,
    front_door_only: bool,
    smtp: Option<SmtpSink>,
    sms: Option<SmsSink>,
}

/// Where mails go.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SmtpSink {
    pub(super) url: String,
    pub(super) from: String,
}

/// Where SMS go.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SmsSink {
    pub(super) base_url: String,
    pub(super) account: String,
    pub(super) secret: String,
    pub(super) from: String,
}

/// The outside world of a measured program.
#[derive(Debug, Default)]
pub(super) struct Sinks {
    pub(super) smtp: Option<SmtpSink>,
    pub(super) sms: Option<SmsSink>,
}

/// A running program; dropping it kills it.
pub(super) struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    /// Starts all of it on a log.
    pub(super) async fn start(world: &World, ledger: &Ledger, sinks: Sinks) -> Outcome<Self> {
        Self::with(world, ledger, sinks, false).await
    }

    /// Starts the front door alone: requests in, events out, no relay, no projections.
    pub(super) async fn front_door(world: &World, ledger: &Ledger) -> Outcome<Self> {
        Self::with(world, ledger, Sinks::default(), true).await
    }

    async fn with(world: &World, ledger: &Ledger, sinks: Sinks, front_door_only: bool) -> Outcome<Self> {
        let orders = Orders {
            database_url: ledger.url.clone(),
            nats_url: world.nats_url()?.to_owned(),
            front_door_only,
            smtp: sinks.smtp,
            sms: sinks.sms,
        };
        let log = world.folder().join(LOG_FILE);
        let mut child = spawn(&log).map_err(|error| CliError::File("this executable".to_owned(), error))?;
        let starting = async {
            tell(&mut child, &orders).await?;
            listen(&mut child).await
        };
        match timeout(START_TIMEOUT, starting).await {
            Ok(Ok(address)) => Ok(Self { child, address }),
            _ => Err(CliError::failed(format!("the program did not start: {}", end_of(&log)))),
        }
    }

    /// Where its front door is.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its own memory: neither servers nor sinks nor load generators are in it.
    pub(super) fn memory(&self) -> Option<Memory> {
        Memory::of(self.child.id()?)
    }

    /// Ends it and waits for that.
    pub(super) async fn stop(mut self) -> Outcome<()> {
        drop(self.child.stdin.take());
        let ended = timeout(STOP_TIMEOUT, self.child.wait()).await;
        ended.map_err(|_| CliError::failed("the program did not end"))?.map_err(CliError::failed)?;
        Ok(())
    }
}

/// Its log goes to a file, as in production: what that costs belongs to it.
fn spawn(log: &Path) -> std::io::Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    Command::new(std::env::current_exe()?)
        .args(["bench", "--program"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
}

/// What a log says last.
fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(LOG_LINES).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

async fn tell(child: &mut Child, orders: &Orders) -> Outcome<()> {
    let mut line = serde_json::to_vec(orders).map_err(CliError::failed)?;
    line.push(b'\n');
    let input = child.stdin.as_mut().ok_or_else(|| CliError::failed("the program has no standard input"))?;
    input.write_all(&line).await.map_err(CliError::failed)?;
    input.flush().await.map_err(CliError::failed)
}

async fn listen(child: &mut Child) -> Outcome<SocketAddr> {
    let output =
        child.stdout.as_mut().ok_or_else(|| CliError::failed("the program has no standard output"))?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await.map_err(CliError::failed)?;
    line.trim().parse().map_err(|_| CliError::failed("the program ended instead of starting"))
}

/// The other side: starts as ordered, says where the front door is, and ends with standard input.
pub(super) async fn become_program() -> Outcome<Exit> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(CliError::failed)?;
    let orders: Orders = serde_json::from_str(&line).map_err(CliError::failed)?;
    let system = System::start(options(orders)?).await.map_err(CliError::failed)?;
    let address = system.address().ok_or_else(|| CliError::failed("the front door is not open"))?;
    println!("{address}");
    let at_the_end = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(at_the_end).await.map_err(CliError::failed)?.map_err(CliError::failed)?;
    system.stop().await;
    Ok(Exit::Done)
}

/// What nobody configures is as in production.
fn options(orders: Orders) -> Outcome<SystemOptions> {
    let config = Config::load(None, [])?;
    let roles = if orders.front_door_only { Roles::of(&[Role::Gateway]) } else { Roles::all() };
    let outside = outside(orders.smtp, orders.sms)?;
    let urls = (orders.database_url.as_str(), orders.nats_url.as_str());
    let mut options = SystemOptions::of(&config, roles, urls, MasterKey::new(MASTER_KEY), outside);
    options.listen = (Ipv4Addr::LOCALHOST, 0).into();
    Ok(options)
}

fn outside(smtp: Option<SmtpSink>, sms: Option<SmsSink>) -> Outcome<Outside> {
    let mut providers = Vec::new();
    if let Some(sink) = smtp {
        providers.push(Provider::Email(EmailProvider::try_new(&sink.settings()).map_err(CliError::failed)?));
    }
    if let Some(sink) = sms {
        providers.push(Provider::Sms(SmsProvider::try_new(&sink.settings()).map_err(CliError::failed)?));
    }
    let routes = vec![Route { companies: Companies::All, providers }];
    Ok(Outside { routes, ..Outside::default() })
}

impl SmtpSink {
    fn settings(self) -> SmtpSettings {
        let Self { url, from } = self;
        SmtpSettings { connections: SENDERS, ..SmtpSettings::new("sink", url, from) }
    }
}

impl SmsSink {
    fn settings(self) -> SmsSettings {
        let Self { base_url, account, secret, from } = self;
        SmsSettings {
            name: "sink".to_owned(),
            connections: SENDERS,
            rate_per_second: 0,
            status_callback: None,
            api: SmsApi::Twilio(TwilioSettings { base_url, account, secret, from }),
        }
    }
}
