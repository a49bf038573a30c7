//! The whole system with a simulated provider: the fixture of a flow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use commands::broker::Broker;
use commands::log::{EventLog, MasterKey};
use commands::{CommandContext, clock, companies, users};
use dispatcher::DispatcherOptions;
use dispatcher::simulator::{Clock, Simulator, SimulatorOptions};
use domain::company::CompanyDetails;
use domain::user::RegisterUser;
use domain::value::{CompanyId, Role as UserRole, UserId};
use gateway::access::{Token, hash_password};
use gateway::server::Bounds;
use gateway::system::{ProofOptions, Providers, Role, Roles, System, SystemOptions, Timeouts};
use projections::proof::{SigningKey, newest_size};
use serde_json::json;
use tokio::sync::OnceCell;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::HANG;
use super::client::Client;
use super::servers;

/// The key of checkpoints of every test.
pub const PROOF_KEY: [u8; 32] = [9; 32];
/// The master key of every test.
pub const MASTER: [u8; 32] = [7; 32];
/// The password of every test's users.
pub const PASSWORD: &str = "correcto caballo";
/// The connections to the simulator.
pub const SIMULATOR_CONNECTIONS: u32 = 8;
/// The interval of beats is so long that no dispatcher on a slow machine misses enough of them to be fenced.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The pauses between attempts: flows need no real waits.
const RETRY_WAITS: [Duration; 3] = [Duration::from_millis(50); 3];

/// A running system.
pub struct World {
    system: System,
    /// The URL of its database.
    pub database_url: String,
    /// The URL of its broker.
    pub nats_url: String,
    /// The simulated provider.
    pub simulator: Arc<Simulator>,
    ahead_ms: Arc<AtomicI64>,
}

impl World {
    /// Starts all roles in one process, on a database of their own.
    pub async fn start() -> Self {
        Self::start_with(SimulatorOptions::new(Arc::new(clock::now))).await
    }

    /// The same, with options of the simulator.
    pub async fn start_with(simulator: SimulatorOptions) -> Self {
        let world = Self::unready(simulator).await;
        world.ready();
        world
    }

    /// The same, with other options.
    pub async fn changed(change: impl FnOnce(&mut SystemOptions)) -> Self {
        let nats_url = servers::shared().await.nats_url().expect("a broker").to_owned();
        let providers = only(SimulatorOptions::new(Arc::new(clock::now))).await;
        let world = Self::begin(servers::database().await, nats_url, providers, change).await;
        world.ready();
        world
    }

    /// The same, not yet ready for `/readyz`.
    pub async fn unready(simulator: SimulatorOptions) -> Self {
        let nats_url = servers::shared().await.nats_url().expect("a broker").to_owned();
        Self::begin(servers::database().await, nats_url, only(simulator).await, |_| ()).await
    }

    /// The same, on given servers.
    pub async fn on(database_url: String, nats_url: String, simulator: SimulatorOptions) -> Self {
        Self::with(database_url, nats_url, only(simulator).await).await
    }

    /// The same, with other routes to the simulator.
    pub async fn with(database_url: String, nats_url: String, providers: Providers) -> Self {
        let world = Self::begin(database_url, nats_url, providers, |_| ()).await;
        world.ready();
        world
    }

    async fn begin(
        database_url: String,
        nats_url: String,
        providers: Providers,
        change: impl FnOnce(&mut SystemOptions),
    ) -> Self {
        let simulator = providers.simulator.clone().expect("the simulator");
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let mut options = options(&database_url, &nats_url, providers, clock_ahead(&ahead_ms));
        change(&mut options);
        let system = System::start(SystemOptions { ready_at_once: false, ..options })
            .await
            .expect("the system starts");
        Self { system, database_url, nats_url, simulator, ahead_ms }
    }

    /// Marks the system as ready, as `dev` does after its demo data.
    pub fn ready(&self) {
        self.system.ready();
    }

    /// The log.
    pub fn log(&self) -> &EventLog {
        self.system.log()
    }

    /// Another connection to the broker.
    pub async fn broker(&self) -> Broker {
        Broker::connect(&self.nats_url).await.expect("the broker's URL")
    }

    /// The URL of the API.
    pub fn base(&self) -> String {
        format!("http://{}", self.system.address().expect("the front door is open"))
    }

    /// The separate URL of `/readyz` and `/metrics`.
    pub fn admin_base(&self) -> String {
        format!("http://{}", self.system.admin_address().expect("a listener for figures"))
    }

    /// A client of the API without a login.
    pub fn nobody(&self) -> Client {
        Client::new(&self.base(), None, UserId::from(uuid::Uuid::nil()))
    }

    /// A new company.
    pub async fn company(&self, name: &str) -> CompanyId {
        let company = CompanyId::from(clock::new_id());
        let details = CompanyDetails {
            name: name.parse().expect("a name"),
            country: "CO".parse().expect("a country"),
            time_zone: "America/Bogota".parse().expect("a time zone"),
        };
        companies::register(self.log(), company, details, &CommandContext::of_system())
            .await
            .expect("a company");
        company
    }

    /// A new user, with an API token and with [`PASSWORD`] to log in.
    pub async fn user(&self, name: &str, roles: &[UserRole], companies: &[CompanyId]) -> Client {
        let user = UserId::from(clock::new_id());
        let order = RegisterUser {
            user,
            name: name.parse().expect("a name"),
            email: email_of(user).parse().expect("an address"),
            phone: None,
            roles: roles.iter().copied().collect::<BTreeSet<_>>(),
            companies: companies.iter().copied().collect(),
        };
        let context = CommandContext::of_system();
        users::register(self.log(), order, password_hash().await, &context, &json!({}))
            .await
            .expect("a user");
        let token = Token::generate().expect("randomness");
        users::issue_token(self.log(), user, token.hash().as_bytes(), &context).await.expect("a token");
        self.caught_up().await;
        Client::new(&self.base(), Some(token.as_str().to_owned()), user)
    }

    /// Moves the system's clock forward.
    pub fn pass(&self, time: TimeDelta) {
        self.ahead_ms.fetch_add(time.num_milliseconds(), Ordering::Relaxed);
    }

    /// The time by the system's clock.
    pub fn now(&self) -> DateTime<Utc> {
        clock_ahead(&self.ahead_ms)()
    }

    /// Another process of the same system without the gateway role, with health checks and metrics.
    pub async fn watched(&self, roles: &[Role]) -> System {
        let clock = clock_ahead(&self.ahead_ms);
        let options = options(&self.database_url, &self.nats_url, Providers::default(), clock);
        let (roles, watch) = (Roles::of(roles), Some(options.listen));
        System::start(SystemOptions { roles, watch, ..options }).await.expect("it starts")
    }

    /// Waits until every view shows the current head of the log.
    pub async fn caught_up(&self) {
        self.system.caught_up(HANG).await.expect("the views catch up");
    }

    /// Waits until every event of now is sealed by a checkpoint; returns how many events there are.
    pub async fn sealed(&self) -> u64 {
        let head = self.log().reader().head().await.expect("the database answers").unsigned_abs();
        let sealing = async {
            while newest_size(self.log().pool()).await.expect("the database answers").unwrap_or_default()
                < head
            {
                yield_now().await;
            }
        };
        timeout(HANG, sealing).await.unwrap_or_else(|_| panic!("{head} events are not sealed"));
        head
    }

    /// Stops the system cleanly.
    pub async fn stop(self) {
        self.system.stop().await;
    }
}

/// The address that a test's user logs in with.
pub fn email_of(user: UserId) -> String {
    format!("{user}@usuarios.test")
}

/// The simulator as the only provider.
async fn only(simulator: SimulatorOptions) -> Providers {
    let simulator = Simulator::start(simulator).await.expect("the simulator starts");
    Providers::only(simulator, SIMULATOR_CONNECTIONS).expect("the simulator's settings")
}

/// The machine's clock, moved forward by the test.
fn clock_ahead(ahead_ms: &Arc<AtomicI64>) -> Clock {
    let ahead_ms = Arc::clone(ahead_ms);
    Arc::new(move || clock::now() + TimeDelta::milliseconds(ahead_ms.load(Ordering::Relaxed)))
}

fn options(database_url: &str, nats_url: &str, providers: Providers, clock: Clock) -> SystemOptions {
    let mut dispatcher = DispatcherOptions::new(clock, Arc::new(|| 0.5));
    dispatcher.retry_waits = Some(RETRY_WAITS.to_vec());
    dispatcher.heartbeat = HEARTBEAT;
    SystemOptions {
        roles: Roles::all(),
        database_url: database_url.to_owned(),
        nats_url: nats_url.to_owned(),
        master: MasterKey::new(MASTER),
        proof: ProofOptions { key: SigningKey::new(PROOF_KEY), origin: None, former_keys: Vec::new() },
        listen: ([127, 0, 0, 1], 0).into(),
        watch: None,
        admin: None,
        bounds: Bounds::default(),
        public_url: None,
        trusted_proxies: Vec::new(),
        connections: 10,
        timeouts: Timeouts { connection: HANG, views: HANG, transaction: HANG },
        providers,
        currency: "USD".to_owned(),
        dispatcher,
        durable: false,
        ready_at_once: true,
    }
}

/// Hashed once, because hashing is slow on purpose.
async fn password_hash() -> &'static str {
    static HASH: OnceCell<String> = OnceCell::const_new();
    HASH.get_or_init(async || hash_password(PASSWORD).expect("a hash")).await
}
