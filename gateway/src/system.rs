//! The composition root: it starts the roles of this process and wires them.

pub(crate) mod durability;
mod parts;
mod proof;
mod providers;
mod roles;
mod watch;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use commands::broker::{Broker, share_heads};
use commands::clock;
use commands::log::{EventLog, MasterKey};
use commands::relay::Relay;
use dispatcher::DispatcherOptions;
use projections::proof::SigningKey;
use projections::{Behind, Positions, Projection};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;
use url::Url;

use self::parts::Listening;
pub use self::proof::ProofOptions;
pub use self::providers::{Providers, ProvidersError};
pub(crate) use self::providers::{probed, tried};
pub use self::roles::{Role, Roles, UnknownRole};
use self::watch::Supervisor;
use crate::chance;
use crate::config::Config;
use crate::server::Bounds;
pub use crate::timeouts::Timeouts;

/// The time to stop beyond the grace for sends in flight: the dispatcher's last settlements and its deregistration,
/// each with its own timeout. After it the parts are dropped, which loses nothing that was acknowledged.
const STOP_MARGIN: Duration = Duration::from_millis(900);

/// The options of a process.
pub struct SystemOptions {
    /// The roles of the process.
    pub roles: Roles,
    /// The URL of the database.
    pub database_url: String,
    /// The URL of the broker.
    pub nats_url: String,
    /// The key that wraps all other keys.
    pub master: MasterKey,
    /// The keys of checkpoints.
    pub proof: ProofOptions,
    /// The gateway's address.
    pub listen: SocketAddr,
    /// The address for health checks and metrics of a process without the gateway role; [`SystemOptions::admin`] wins.
    pub watch: Option<SocketAddr>,
    /// The separate address for health checks and metrics; the gateway then answers only `/livez`.
    pub admin: Option<SocketAddr>,
    /// The limits and timeouts of a listener.
    pub bounds: Bounds,
    /// The public address for browsers, if it is known.
    pub public_url: Option<Url>,
    /// The trusted proxies: their `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The most connections to the database.
    pub connections: u32,
    /// The timeouts of dependencies.
    pub timeouts: Timeouts,
    /// The providers and the simulator.
    pub providers: Providers,
    /// The currency of their prices, as ISO 4217.
    pub currency: String,
    /// The options of the dispatcher.
    pub dispatcher: DispatcherOptions,
    /// Whether to refuse a database that may lose commits: always, except for a test's own servers.
    pub durable: bool,
    /// Whether `/readyz` does not wait for [`System::ready`], which `dev` calls after it has made the demo data.
    pub ready_at_once: bool,
}

impl SystemOptions {
    /// The options in a configuration.
    pub fn of(
        config: &Config,
        roles: Roles,
        (database_url, nats_url): (&str, &str),
        (master, proof_key): (MasterKey, SigningKey),
        providers: Providers,
    ) -> Self {
        Self {
            roles,
            database_url: database_url.to_owned(),
            nats_url: nats_url.to_owned(),
            master,
            proof: ProofOptions::of(&config.proof, proof_key),
            listen: config.server.listen,
            watch: None,
            admin: config.server.admin_listen,
            bounds: Bounds::default(),
            public_url: config.server.public_url.clone(),
            trusted_proxies: config.server.trusted_proxies.clone(),
            connections: config.database.max_connections,
            timeouts: Timeouts::default(),
            providers,
            currency: config.currency.clone(),
            dispatcher: dispatcher(config),
            durable: true,
            ready_at_once: true,
        }
    }
}

fn dispatcher(config: &Config) -> DispatcherOptions {
    let mut options = DispatcherOptions::new(Arc::new(clock::now), Arc::new(chance::fraction));
    let resend_after = config.doubts.resend_operational_after_seconds;
    (options.email_domains, options.dns_server) = (config.email_domains.clone(), config.dns.server);
    options.doubts.resend_operational_after = resend_after.map(|seconds| TimeDelta::seconds(seconds.into()));
    options
}

/// Why a process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database is unavailable, or refuses.
    #[error("failed to open the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] commands::log::OpenError),
    /// The migration failed.
    #[error("failed to migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database may lose commits.
    #[error("PostgreSQL's {0} is off: what it commits can be lost")]
    NotDurable(&'static str),
    /// The broker's URL is invalid.
    #[error(transparent)]
    Broker(#[from] commands::broker::BrokerError),
    /// The address is in use, or not on this machine.
    #[error("failed to listen on {0}: {1}; --listen and server.admin_listen take other addresses")]
    Listen(SocketAddr, std::io::Error),
}

/// Why the projections did not catch up.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// The projections are behind.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// The database does not answer.
    #[error("failed to read the log's head: {0}")]
    Database(#[from] sqlx::Error),
}

/// The running parts of one process.
pub struct System {
    log: EventLog,
    positions: Positions,
    listening: Option<Listening>,
    providers: Providers,
    /// How long sends in flight may take after the stop.
    grace: Duration,
    parts: Supervisor,
}

impl System {
    /// Starts the roles of `options`, after it has migrated the database.
    ///
    /// # Errors
    /// See [`StartError`]. An unavailable broker is no error.
    pub async fn start(options: SystemOptions) -> Result<Self, StartError> {
        let pool = connect(&options.database_url, options.connections, options.timeouts).await?;
        if options.durable {
            durability::check(&pool).await?;
        }
        commands::migrate(&pool).await?;
        let log = EventLog::open(pool, &options.master).await?;
        let broker = Broker::connect(&options.nats_url).await?;
        let parts = Supervisor::default();
        parts.start("heads", share_heads(log.reader().clone(), broker.clone(), parts.cancel.clone()));
        if options.roles.has(Role::Relay) {
            parts.start("relay", Relay::new(log.reader().clone(), broker.clone()).run(parts.cancel.clone()));
        }
        if options.roles.has(Role::Projector) {
            let sealer = options.proof.sealer(log.reader());
            parts.start("sealer", sealer.run(parts.cancel.clone()));
        }
        let positions = parts::projections(&options, &log, &broker, &parts);
        if options.roles.has(Role::Dispatcher) {
            parts::dispatcher(&options, &log, &broker, &parts);
        }
        let listening = Listening::open(&options, &log, &positions, &parts).await?;
        let grace = options.dispatcher.grace;
        Ok(Self { log, positions, listening, providers: options.providers, grace, parts })
    }

    /// The log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// The address of the gateway, or of the health checks without it; none if nothing listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listening.as_ref().map(|listening| listening.address)
    }

    /// The separate address of `/readyz` and `/metrics`, if there is one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.listening.as_ref().and_then(|listening| listening.admin_address)
    }

    /// The providers and the simulator of this process.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Marks the process as ready for `/readyz`.
    pub fn ready(&self) {
        if let Some(listening) = &self.listening {
            listening.state.set_ready();
        }
    }

    /// Waits until every projection shows the current head of the log.
    ///
    /// # Errors
    /// [`CatchUpError`] when they do not within `bound`, or the database does not answer.
    pub async fn caught_up(&self, bound: Duration) -> Result<(), CatchUpError> {
        let head = self.log.reader().head().await?;
        Ok(self.positions.wait_for(&Projection::ALL, head, bound).await?)
    }

    /// Waits until a task has ended unexpectedly. The process must end then, so that another replaces it.
    pub async fn failed(&self) {
        self.parts.failed().await;
    }

    /// Stops everything: work in flight is finished within a bound.
    pub async fn stop(self) {
        if timeout(self.grace + STOP_MARGIN, self.parts.stop()).await.is_err() {
            tracing::info!("tasks that did not stop in time are dropped; nothing acknowledged is lost");
        }
    }
}

/// Opens a database pool with the settings of every process, the command line included.
pub(crate) async fn connect(
    database_url: &str,
    connections: u32,
    timeouts: Timeouts,
) -> sqlx::Result<PgPool> {
    let database: PgConnectOptions = database_url.parse()?;
    let frozen = ("idle_in_transaction_session_timeout", format!("{}ms", timeouts.transaction.as_millis()));
    commands::pool_options()
        .max_connections(connections)
        .acquire_timeout(timeouts.connection)
        .connect_with(database.options([frozen]))
        .await
}
