//! The test bed of every fault: the program as a process of its own, and simulated providers with a ledger.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use commands::log::{EventLog, MasterKey};
use commands::{CommandContext, clock, companies, users};
use dispatcher::simulator::ledger::{self, LedgerEntry};
use dispatcher::simulator::{Simulator, SimulatorOptions};
use domain::client::{ClientProfile, Contact};
use domain::company::CompanyDetails;
use domain::user::RegisterUser;
use domain::value::{CHUNK_MEMBERS, CompanyId, ContactKind, Locale, Role, UserId};
use embedded::Stack;
use gateway::access::{Token, hash_password};
use projections::{Projection, Projections};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::program::Program;
use tests::world::MASTER;
use tests::{Client, HANG, servers};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::traces;

/// How many clients a company has, each with a phone and an address.
pub(crate) const CLIENTS: usize = 60;
/// How many clients make an audience of several chunks.
const CROWD: usize = 2 * CHUNK_MEMBERS as usize + 100;
/// How many clients of a company have numbers that differ in their last four digits.
const NUMBERS: usize = 9_900;
/// How many clients are taken on at once.
const IMPORT_PAGE: usize = 250;
/// How many connections the program has to each provider: so many sends of a channel can be in flight at a kill.
pub(crate) const CONNECTIONS: usize = 4;
/// The interval at which an awaited state is checked.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How many test beds run at once: as many as two cores and one PostgreSQL can bear.
const TESTBEDS_AT_ONCE: usize = 2;
/// How many connections to the database a program opens for its requests: two programs and a test share a server.
const DATABASE_CONNECTIONS: usize = 8;

static PERMITS: Semaphore = Semaphore::const_new(TESTBEDS_AT_ONCE);

/// A database with companies and their clients, simulated providers, and the environment of a program that uses both.
pub(crate) struct Testbed {
    pub(crate) log: EventLog,
    pub(crate) simulator: Simulator,
    pub(crate) companies: Vec<CompanyId>,
    /// How many clients each of them has.
    pub(crate) clients: usize,
    pub(crate) database_url: String,
    pub(crate) nats_url: String,
    pub(crate) environment: HashMap<String, String>,
    stack: Option<Stack>,
    pub(crate) token: String,
    pub(crate) reader: UserId,
    folder: TempDir,
    _permit: SemaphorePermit<'static>,
}

impl Testbed {
    /// With one company, on the shared servers.
    pub(crate) async fn start() -> Self {
        Self::with_companies(1).await
    }

    /// With so many companies, on the shared servers.
    pub(crate) async fn with_companies(companies: usize) -> Self {
        Self::shared(companies, CLIENTS).await
    }

    /// With one company of so many clients that its audience is frozen in several chunks.
    pub(crate) async fn with_several_chunks() -> Self {
        Self::with_clients(CROWD).await
    }

    /// With one company of so many clients, on the shared servers.
    pub(crate) async fn with_clients(clients: usize) -> Self {
        Self::shared(1, clients).await
    }

    async fn shared(companies: usize, clients: usize) -> Self {
        let permit = permit().await;
        let nats_url = servers::shared_durable().await.nats_url().expect("a broker").to_owned();
        Self::on(permit, companies, clients, servers::durable_database().await, nats_url).await
    }

    /// With so many companies, on servers of its own.
    pub(crate) async fn on_own_servers(companies: usize) -> Self {
        let permit = permit().await;
        let stack = servers::own_durable().await;
        let database_url = stack.database_url().expect("a database").to_owned();
        let nats_url = stack.nats_url().expect("a broker").to_owned();
        Self { stack: Some(stack), ..Self::on(permit, companies, CLIENTS, database_url, nats_url).await }
    }

    async fn on(
        permit: SemaphorePermit<'static>,
        companies: usize,
        clients: usize,
        database_url: String,
        nats_url: String,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SimulatorOptions {
            ledger: Some(folder.path().join("ledger")),
            ..SimulatorOptions::new(Arc::new(clock::now))
        };
        let simulator = Simulator::start(options).await.expect("the simulator starts");
        let log = log(&database_url).await;
        traces::record(&log).await;
        let companies = companies_of(&log, companies, clients).await;
        let (reader, token) = notifier(&log, &companies).await;
        project(&log).await;
        let environment = environment(&database_url, &nats_url, &simulator);
        let stack = None;
        Self {
            log,
            simulator,
            companies,
            clients,
            database_url,
            nats_url,
            environment,
            stack,
            token,
            reader,
            folder,
            _permit: permit,
        }
    }

    /// Its own servers.
    pub(crate) fn stack(&self) -> &Stack {
        self.stack.as_ref().expect("a testbed with servers of its own")
    }

    /// Starts the program; `failpoints` as in `append::committed=5*off->return`.
    pub(crate) async fn program(&self, failpoints: &str) -> Program {
        Program::start(&["serve"], &self.environment, failpoints).await
    }

    /// The environment of a program with the default log level.
    pub(crate) fn logging_as_usual(&self) -> HashMap<String, String> {
        let mut environment = self.environment.clone();
        environment.remove("MENSAJERIA__LOG__LEVEL");
        environment
    }

    /// A client of a running program, as a notifier of all companies.
    pub(crate) fn client(&self, program: &Program) -> Client {
        Client::new(&program.base, Some(self.token.clone()), self.reader)
    }

    /// The ledger of the providers: every message that they accepted.
    pub(crate) fn ledger(&self) -> Vec<LedgerEntry> {
        ledger::read(&self.ledger_path()).expect("the ledger can be read")
    }

    /// Waits until every view shows what the log has now.
    pub(crate) async fn caught_up(&self) {
        caught_up(&self.log).await;
    }

    /// Ends the servers, if they are its own.
    pub(crate) async fn stop(self) {
        self.log.pool().close().await;
        if let Some(stack) = self.stack {
            stack.stop().await.expect("the servers stop");
        }
    }

    fn ledger_path(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }
}

/// Checks repeatedly until `look` returns a value: no signal comes here from another process.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            sleep(LOOK_INTERVAL).await;
        }
    };
    timeout(HANG, looking).await.unwrap_or_else(|_| panic!("it took too long until {what}"))
}

/// The status of a projection.
pub(crate) async fn projection(client: &Client, name: &str) -> Value {
    let rows = client.get("/projections").await.expect(200)["data"].clone();
    let rows = rows.as_array().expect("rows");
    rows.iter().find(|row| row["name"] == name).cloned().expect("the projection")
}

/// Waits until a projection that was ordered to be rebuilt serves again.
pub(crate) async fn rebuilt(client: &Client, name: &str) {
    eventually("the projection is rebuilt", async || {
        let row = projection(client, name).await;
        assert_ne!(row["state"], "failed", "{row}");
        (row["state"] == "live").then_some(())
    })
    .await;
}

/// A permit for one of the test beds that run at once.
pub(crate) async fn permit() -> SemaphorePermit<'static> {
    PERMITS.acquire().await.expect("the semaphore is never closed")
}

fn environment(database_url: &str, nats_url: &str, simulator: &Simulator) -> HashMap<String, String> {
    let (smtp, sms) = (simulator.smtp_settings(1), simulator.twilio_account());
    let email = format!(
        "[{{ name = \"correo\", url = \"{}\", from = \"{}\", connections = {CONNECTIONS} }}]",
        smtp.url, smtp.from
    );
    let sms = format!(
        "[{{ name = \"sms\", kind = \"twilio\", base_url = \"{}\", account = \"{}\", secret = \"{}\", from = \"{}\", \
         connections = {CONNECTIONS} }}]",
        sms.base_url, sms.account, sms.secret, sms.from
    );
    let master: String = MASTER.iter().map(|byte| format!("{byte:02x}")).collect();
    [
        ("DATABASE_URL", database_url.to_owned()),
        ("NATS_URL", nats_url.to_owned()),
        ("MENSAJERIA__DATABASE__MAX_CONNECTIONS", DATABASE_CONNECTIONS.to_string()),
        ("MENSAJERIA__SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("MENSAJERIA__SERVER__PUBLIC_URL", "https://mensajes.test".to_owned()),
        ("MENSAJERIA__KEYS__MASTER", master),
        ("MENSAJERIA__PROOF__KEY", "09".repeat(32)),
        ("MENSAJERIA__EMAIL__PROVIDERS", email),
        ("MENSAJERIA__SMS__PROVIDERS", sms),
        ("MENSAJERIA__LOG__LEVEL", "error".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

async fn log(database_url: &str) -> EventLog {
    let pool = sqlx::PgPool::connect(database_url).await.expect("the database answers");
    commands::migrate(&pool).await.expect("the migrations apply");
    EventLog::open(pool, &MasterKey::new(MASTER)).await.expect("the log opens")
}

/// Fills the views before the program starts, so that its failpoints are reached under the load and not before.
async fn project(log: &EventLog) {
    let cancel = CancellationToken::new();
    let projections = Projections::start(log.reader().clone(), None, cancel.clone());
    caught_up(log).await;
    cancel.cancel();
    projections.stopped().await;
}

async fn caught_up(log: &EventLog) {
    let head = log.reader().head().await.expect("the database answers");
    projections::wait_for(log.pool(), &Projection::ALL, head, HANG).await.expect("the views catch up");
}

async fn companies_of(log: &EventLog, count: usize, clients: usize) -> Vec<CompanyId> {
    let mut companies = Vec::new();
    for place in 0..count {
        companies.push(company(log, place, clients).await);
    }
    companies
}

/// A company with so many clients.
pub(crate) async fn company(log: &EventLog, place: usize, clients: usize) -> CompanyId {
    let company = CompanyId::from(clock::new_id());
    let details = CompanyDetails {
        name: "Vigía".parse().expect("a name"),
        country: "CO".parse().expect("a country"),
        time_zone: "America/Bogota".parse().expect("a time zone"),
    };
    let time_zone = details.time_zone;
    let context = CommandContext::of_system();
    companies::register(log, company, details, &context).await.expect("a company");
    let defaults = (Locale::default(), time_zone);
    for first in (0..clients).step_by(IMPORT_PAGE) {
        let page = (first..clients.min(first + IMPORT_PAGE)).map(|n| profile(place, n).into()).collect();
        commands::clients::import_page(log, company, page, defaults, false, &context).await.expect("clients");
    }
    company
}

/// No two clients share an address, in any company, so that the ledger alone shows who got a message twice.
fn profile(company: usize, n: usize) -> ClientProfile {
    let contact = Contact {
        kind: ContactKind::Holder,
        name: format!("Cliente {n}"),
        phone: Some(phone(company, n)),
        email: Some(email(company, n)),
    };
    ClientProfile {
        external_id: Some(format!("C-{n}")),
        name: format!("Cliente {n}"),
        contacts: vec![contact],
        columns: BTreeMap::new(),
    }
}

/// The phone of a company's client.
pub(crate) fn phone(company: usize, n: usize) -> String {
    // The simulator has rules of its own for numbers that end in less than a hundred.
    format!("+57300{}{company:02}{:04}", 1 + n / NUMBERS, 100 + n % NUMBERS)
}

/// The address of a company's client.
pub(crate) fn email(company: usize, n: usize) -> String {
    format!("cliente{n}@empresa{company}.test")
}

/// A user with all rights that a test needs, and the user's token.
pub(crate) async fn notifier(log: &EventLog, companies: &[CompanyId]) -> (UserId, String) {
    let user = UserId::from(clock::new_id());
    let order = RegisterUser {
        user,
        name: "Natalia".parse().expect("a name"),
        email: format!("{user}@usuarios.test").parse().expect("an address"),
        phone: None,
        roles: [Role::Operator, Role::Notifier, Role::Admin].into(),
        companies: companies.iter().copied().collect(),
    };
    let (hash, context) = (hash_password("correcto caballo").expect("a hash"), CommandContext::of_system());
    users::register(log, order, &hash, &context, &json!({})).await.expect("a user");
    let token = Token::generate().expect("randomness");
    users::issue_token(log, user, token.hash().as_bytes(), &context).await.expect("a token");
    (user, token.as_str().to_owned())
}
