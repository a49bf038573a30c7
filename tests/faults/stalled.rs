//! A provider that takes connections and says nothing: what it cannot have goes to the next one, alarms first.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use commands::clock;
use dispatcher::provider::{EmailProvider, Provider, SmtpDeadlines, SmtpSettings};
use dispatcher::simulator::{Simulator, SimulatorOptions};
use dispatcher::{Companies, Route};
use domain::value::Channel;
use gateway::system::Providers;
use serde_json::Value;
use tempfile::TempDir;
use tests::notified::{count, finished};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use crate::company_fixture::{CompanyFixture, acceptances_in};
use crate::load::notification;
use crate::testbed::{company, eventually};

const CLIENTS: usize = 40;
const CONNECTIONS: u32 = 4;
/// How many connections wait to be taken.
const BACKLOG: u32 = 64;
/// Longer than any test runs: what passes the silent server does so because it is silent, not because a deadline of SMTP is
/// over.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);
const DEADLINES: SmtpDeadlines = SmtpDeadlines {
    connect: NEVER,
    greeting: NEVER,
    envelope: NEVER,
    data: NEVER,
    final_reply: NEVER,
    idle: NEVER,
};

/// Where in the dialogue a server falls silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    Greeting,
    Recipient,
    FinalDot,
}

/// A mail server that answers up to a point, and never after it.
struct SilentServer {
    address: SocketAddr,
    silent: Arc<AtomicUsize>,
    _server: AbortOnDropHandle<()>,
}

impl SilentServer {
    fn start(silence: Silence) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let listener = socket.listen(BACKLOG).expect("it listens");
        let (address, silent) = (listener.local_addr().expect("an address"), Arc::<AtomicUsize>::default());
        let server = tokio::spawn(serve(listener, silence, Arc::clone(&silent)));
        Self { address, silent, _server: AbortOnDropHandle::new(server) }
    }

    /// How many connections have met the silence.
    fn silent(&self) -> usize {
        self.silent.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, silence: Silence, silent: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let silent = Arc::clone(&silent);
        connections.spawn(async move {
            let mut client = BufReader::new(client);
            if talk(&mut client, silence).await.is_some() {
                silent.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }
        });
    }
}

/// Talks until it falls silent. None: the client hung up before.
async fn talk(client: &mut BufReader<TcpStream>, silence: Silence) -> Option<()> {
    if silence == Silence::Greeting {
        return Some(());
    }
    let mut reply = "220 here";
    let mut is_text = false;
    loop {
        client.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        let line = loop {
            let mut line = String::new();
            (client.read_line(&mut line).await.ok()? > 0).then_some(())?;
            if !is_text || line == ".\r\n" {
                break line;
            }
        };
        reply = match line.get(..4).unwrap_or_default() {
            "RCPT" if silence == Silence::Recipient => return Some(()),
            "DATA" => "354 go on",
            _ if is_text => return Some(()),
            _ => "250 ok",
        };
        is_text = reply.starts_with("354");
    }
}

/// The system between a silent server and a healthy one with a ledger.
struct Town {
    fixture: CompanyFixture,
    silent: SilentServer,
    folder: TempDir,
}

impl Town {
    async fn start(silence: Silence) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SimulatorOptions {
            ledger: Some(ledger_path(&folder)),
            ..SimulatorOptions::new(Arc::new(clock::now))
        };
        let simulator = Simulator::start(options).await.expect("the simulator starts");
        let silent = SilentServer::start(silence);
        let healthy = simulator.smtp_settings(CONNECTIONS);
        let mute = SmtpSettings {
            name: "mudo".into(),
            url: format!("smtp://{}", silent.address),
            ..simulator.smtp_settings(CONNECTIONS)
        };
        let provider = |settings| EmailProvider::with_deadlines(&settings, DEADLINES).expect("good settings");
        let providers = [mute, healthy].map(|settings| Provider::Email(provider(settings)));
        let providers = Providers {
            routes: vec![Route { companies: Companies::All, providers: providers.into() }],
            simulator: Some(Arc::new(simulator)),
        };
        Self { fixture: CompanyFixture::start(providers, CLIENTS).await, silent, folder }
    }

    /// Asks for a campaign of the company's people, and waits until every connection has met the silence.
    async fn campaign(&self) -> String {
        let mut order = notification(&self.fixture.company, Channel::Email);
        order["category"] = "service".into();
        let campaign = self.fixture.ask(&order).await;
        eventually("every connection waits", async || {
            (self.silent.silent() >= CONNECTIONS as usize).then_some(())
        })
        .await;
        campaign
    }

    /// An alarm to one person of another company.
    async fn alarm(&self) -> Value {
        let log = self.fixture.world.log();
        let other = company(log, 1, 1).await;
        let client = self.fixture.world.user("Nadia", &[domain::value::Role::Notifier], &[other]).await;
        let order = notification(&other.to_string(), Channel::Email);
        let alarm = tests::id_of(&client.post_new("/notifications", &order).await.expect(202));
        finished(&client, &alarm).await["totals"].clone()
    }

    /// How many people a message was accepted for. Asserts that it was once each.
    fn accepted_once(&self) -> usize {
        let accepted = acceptances_in([ledger_path(&self.folder)], Channel::Email);
        assert!(accepted.values().all(|times| *times == 1), "{accepted:?}");
        accepted.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_passes_a_server_that_does_not_greet_and_nobody_is_lost() {
    passes(Silence::Greeting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_passes_a_server_that_falls_silent_at_the_recipient_and_nobody_is_lost() {
    passes(Silence::Recipient).await;
}

async fn passes(silence: Silence) {
    let town = Town::start(silence).await;
    let campaign = town.campaign().await;
    assert_eq!(count(&town.alarm().await, "accepted"), 1);
    let done = finished(&town.fixture.client, &campaign).await;
    assert_eq!(count(&done["totals"], "accepted"), CLIENTS as i64, "{done}");
    assert_eq!(town.accepted_once(), CLIENTS + 1);
    town.fixture.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_after_its_final_dot_goes_on_waiting_while_all_else_passes() {
    let town = Town::start(Silence::FinalDot).await;
    let campaign = town.campaign().await;
    assert_eq!(count(&town.alarm().await, "accepted"), 1);
    let waiting = i64::from(CONNECTIONS);
    eventually("the messages of all others are accepted", async || {
        let totals = town.fixture.totals(&campaign).await;
        assert_eq!(count(&totals, "in_doubt") + count(&totals, "failed"), 0, "{totals}");
        (count(&totals, "accepted") == CLIENTS as i64 - waiting).then_some(())
    })
    .await;
    assert_eq!(town.accepted_once(), CLIENTS - CONNECTIONS as usize + 1);
    town.fixture.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_that_comes_first_leaves_the_silent_server_for_the_next() {
    let town = Town::start(Silence::Greeting).await;
    assert_eq!(count(&town.alarm().await, "accepted"), 1);
    assert!(town.silent.silent() > 0, "the silent server was asked first");
    assert_eq!(town.accepted_once(), 1);
    town.fixture.world.stop().await;
}

fn ledger_path(folder: &TempDir) -> PathBuf {
    folder.path().join("ledger")
}
