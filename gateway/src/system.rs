//! The composition root: which parts of the program run in this process, and how they are wired.

mod durability;
mod outside;
mod parts;
mod roles;
mod watch;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use commands::broker::{Broker, share_heads};
use commands::clock;
use commands::log::{EventLog, MasterKey};
use commands::relay::Relay;
use dispatcher::DispatcherOptions;
use projections::{Behind, Positions, Projection};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;
use url::Url;

pub use self::outside::{Outside, OutsideError};
use self::parts::Listening;
pub use self::roles::{Role, Roles, UnknownRole};
use self::watch::AtWork;
use crate::chance;
use crate::config::Config;
pub use crate::patience::Patience;
use crate::server::Bounds;

/// What the parts are given beyond the sends under way: the last settlements and the leave of the dispatcher, each within a
/// bound of its own. After it they are dropped, which loses nothing that was answered.
const STOP_MARGIN: Duration = Duration::from_millis(900);

/// What a process is started with.
pub struct SystemOptions {
    /// Which parts run.
    pub roles: Roles,
    /// Of the database.
    pub database_url: String,
    /// Of the broker.
    pub nats_url: String,
    /// What wraps all other keys.
    pub master: MasterKey,
    /// Where the front door listens.
    pub listen: SocketAddr,
    /// Where a process without the front door may be asked how it fares, before [`SystemOptions::admin`].
    pub watch: Option<SocketAddr>,
    /// Where any process may be asked how it fares; the front door then tells only whether it lives.
    pub admin: Option<SocketAddr>,
    /// What a listener holds at once, and how long it waits.
    pub bounds: Bounds,
    /// What browsers reach it by, if it is known.
    pub public_url: Option<Url>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How many connections to the database it opens at most.
    pub connections: u32,
    /// How long is waited for the database and the views.
    pub patience: Patience,
    /// Who carries what leaves.
    pub outside: Outside,
    /// How the dispatcher behaves.
    pub dispatcher: DispatcherOptions,
    /// Whether a database that would lose what it commits is refused: everywhere but on a test's own servers.
    pub durable: bool,
    /// Whether `/readyz` waits for [`System::ready`], as while demo data is made.
    pub ready_at_once: bool,
}

impl SystemOptions {
    /// As configured.
    pub fn of(
        config: &Config,
        roles: Roles,
        (database_url, nats_url): (&str, &str),
        master: MasterKey,
        outside: Outside,
    ) -> Self {
        Self {
            roles,
            database_url: database_url.to_owned(),
            nats_url: nats_url.to_owned(),
            master,
            listen: config.server.listen,
            watch: None,
            admin: config.server.admin_listen,
            bounds: Bounds::default(),
            public_url: config.server.public_url.clone(),
            trusted_proxies: config.server.trusted_proxies.clone(),
            connections: config.database.max_connections,
            patience: Patience::default(),
            outside,
            dispatcher: DispatcherOptions::new(Arc::new(clock::now), Arc::new(chance::fraction)),
            durable: true,
            ready_at_once: true,
        }
    }
}

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database is away, or refuses.
    #[error("failed to open the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The log does not open.
    #[error(transparent)]
    Log(#[from] commands::log::OpenError),
    /// The tables cannot be brought up to date.
    #[error("failed to migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database would lose what it has answered for.
    #[error("PostgreSQL's {0} is off: what it commits can be lost")]
    NotDurable(&'static str),
    /// The broker's URL is wrong.
    #[error(transparent)]
    Broker(#[from] commands::broker::BrokerError),
    /// The address is taken, or not ours.
    #[error("failed to listen on {0}: {1}; --listen and server.admin_listen take other addresses")]
    Listen(SocketAddr, std::io::Error),
}

/// Why the projections are not known to show what the log has.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// They are behind.
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
    outside: Outside,
    /// How long sends under way may still take once it is told to end.
    grace: Duration,
    parts: AtWork,
}

impl System {
    /// Starts the parts that `options` ask for. The tables are brought up to date first.
    ///
    /// # Errors
    /// See [`StartError`]. A broker that is away is none.
    pub async fn start(options: SystemOptions) -> Result<Self, StartError> {
        let pool = connect(&options.database_url, options.connections, options.patience).await?;
        if options.durable {
            durability::check(&pool).await?;
        }
        commands::migrate(&pool).await?;
        let log = EventLog::open(pool, &options.master).await?;
        let broker = Broker::connect(&options.nats_url).await?;
        let parts = AtWork::default();
        parts.start("heads", share_heads(log.reader().clone(), broker.clone(), parts.cancel.clone()));
        if options.roles.has(Role::Relay) {
            parts.start("relay", Relay::new(log.reader().clone(), broker.clone()).run(parts.cancel.clone()));
        }
        let positions = parts::projections(&options, &log, &broker, &parts);
        if options.roles.has(Role::Dispatcher) {
            parts::dispatcher(&options, &log, &broker, &parts);
        }
        let listening = Listening::open(&options, &log, &positions, &parts).await?;
        let grace = options.dispatcher.grace;
        Ok(Self { log, positions, listening, outside: options.outside, grace, parts })
    }

    /// The log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Where the front door, or what stands in for it, listens; none if nothing does.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listening.as_ref().map(|listening| listening.address)
    }

    /// Where `/readyz` and `/metrics` are answered apart from the front door; none if nowhere.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.listening.as_ref().and_then(|listening| listening.admin_address)
    }

    /// The outside world of this process.
    pub fn outside(&self) -> &Outside {
        &self.outside
    }

    /// Lets `/readyz` say so.
    pub fn ready(&self) {
        if let Some(listening) = &self.listening {
            listening.state.set_ready();
        }
    }

    /// Waits until every projection shows what the log has now.
    ///
    /// # Errors
    /// [`CatchUpError`] when they do not within `bound`, or the database does not answer.
    pub async fn caught_up(&self, bound: Duration) -> Result<(), CatchUpError> {
        let head = self.log.reader().head().await?;
        Ok(self.positions.wait_for(&Projection::ALL, head, bound).await?)
    }

    /// Waits until a part has ended without being told to: the process is to end then, so that another takes its place.
    pub async fn failed(&self) {
        self.parts.failed().await;
    }

    /// Ends everything: what was begun is finished within a bound.
    pub async fn stop(self) {
        if timeout(self.grace + STOP_MARGIN, self.parts.stop()).await.is_err() {
            tracing::info!("parts that did not end in time are dropped; nothing that was answered is lost");
        }
    }
}

/// Connections as every process of ours opens them, the command line's too.
pub(crate) async fn connect(
    database_url: &str,
    connections: u32,
    patience: Patience,
) -> sqlx::Result<PgPool> {
    let database: PgConnectOptions = database_url.parse()?;
    let frozen = ("idle_in_transaction_session_timeout", format!("{}ms", patience.transaction.as_millis()));
    commands::pool_options()
        .max_connections(connections)
        .acquire_timeout(patience.connection)
        .connect_with(database.options([frozen]))
        .await
}
