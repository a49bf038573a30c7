//! The log of a command: on the configured servers, on those of a running `dev`, or on servers started for the command.

use std::path::{Path, PathBuf};
use std::time::Duration;

use commands::broker::Broker;
use commands::log::{EventLog, MasterKey};
use embedded::{Print, Stack, StackOptions};
use projections::proof::SigningKey;
use sqlx::PgPool;
use tokio::time::{sleep, timeout};

use super::{CliError, Global};
use crate::config::Config;
use crate::environment::variable;
use crate::secrets;
use crate::system::{self, Timeouts};

/// The connections of a command.
pub(super) const CONNECTIONS: u32 = 4;
/// The timeout of the connection to the broker.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the connection is polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// The servers and the master key of a command. Servers started for the command stop with it.
pub(super) struct Target {
    /// The URL of the database.
    pub(super) database_url: String,
    /// The URL of the broker.
    pub(super) nats_url: String,
    /// The key that wraps all other keys.
    pub(super) master: MasterKey,
    /// The data folder.
    pub(super) data: PathBuf,
    /// The embedded servers, if this process started them.
    pub(super) stack: Option<Stack>,
}

/// The servers alone.
pub(super) struct Servers {
    /// The URL of the database.
    pub(super) database_url: String,
    /// The URL of the broker.
    pub(super) nats_url: String,
    /// The embedded servers, if this process started them.
    pub(super) stack: Option<Stack>,
}

impl Target {
    /// Finds or starts the servers. With `own` a running `dev` is not joined: the servers are started here, with a new
    /// cluster if necessary. All other commands only use an existing cluster: a mistyped folder must not become a
    /// database.
    pub(super) async fn find(global: &Global, config: &Config, own: bool) -> Result<Self, CliError> {
        let data = data_folder(global, config);
        let Servers { database_url, nats_url, stack } = Servers::find(&data, config, own).await?;
        let master = match &config.master_key {
            Some(key) => MasterKey::new(*key.expose()),
            None => secrets::master_key(&data)?,
        };
        Ok(Self { database_url, nats_url, master, data, stack })
    }

    /// A pool, once the database answers.
    pub(super) async fn pool(&self, connections: u32) -> Result<PgPool, CliError> {
        Ok(system::connect(&self.database_url, connections, Timeouts::default()).await?)
    }

    /// The log, after a migration.
    pub(super) async fn log(&self, connections: u32) -> Result<EventLog, CliError> {
        let pool = self.pool(connections).await?;
        commands::migrate(&pool).await?;
        Ok(EventLog::open(pool, &self.master).await?)
    }

    /// The broker, which may be unavailable.
    pub(super) async fn broker(&self) -> Result<Broker, CliError> {
        Ok(Broker::connect(&self.nats_url).await?)
    }

    /// Stops the servers that were started for the command.
    pub(super) async fn close(self) -> Result<(), CliError> {
        stop(self.stack).await
    }
}

impl Servers {
    /// Finds or starts the servers; see [`Target::find`].
    pub(super) async fn find(data: &Path, config: &Config, own: bool) -> Result<Self, CliError> {
        let given =
            |url: &Option<crate::config::Secret<String>>| url.as_ref().map(|url| url.expose().clone());
        let (mut database, mut nats) = (given(&config.database.url), given(&config.nats_url));
        let wanting = database.is_none() || nats.is_none();
        if let Some(running) = (!own && wanting).then(|| embedded::running(data)).transpose()?.flatten() {
            database = database.or(running.database_url);
            nats = nats.or(running.nats_url);
        }
        if !own && database.is_none() && !embedded::has_cluster(data) {
            return Err(CliError::NothingHere(data.to_owned()));
        }
        let stack = start_missing(data, database.is_none(), nats.is_none()).await?;
        let urls = stack.as_ref().map(|stack| (stack.database_url(), stack.nats_url()));
        let (own_database, own_nats) = urls.unwrap_or_default();
        let database_url = database.or_else(|| own_database.map(str::to_owned));
        let nats_url = nats.or_else(|| own_nats.map(str::to_owned));
        Ok(Self {
            database_url: database_url.ok_or_else(|| CliError::failed("no database"))?,
            nats_url: nats_url.ok_or_else(|| CliError::failed("no broker"))?,
            stack,
        })
    }

    /// Stops the servers that were started for the command.
    pub(super) async fn close(self) -> Result<(), CliError> {
        stop(self.stack).await
    }
}

async fn stop(stack: Option<Stack>) -> Result<(), CliError> {
    match stack {
        Some(stack) => Ok(stack.stop().await?),
        None => Ok(()),
    }
}

/// Waits for the connection to the broker, which is made in the background.
pub(super) async fn reach(broker: &Broker) -> Result<(), CliError> {
    let connected = async {
        while !broker.is_connected() {
            sleep(LOOK_INTERVAL).await;
        }
    };
    let away = |_| CliError::Unavailable("failed to reach NATS".to_owned());
    timeout(CONNECT_TIMEOUT, connected).await.map_err(away)
}

/// `--data`, or the configured folder, or the default one.
pub(super) fn data_folder(global: &Global, config: &Config) -> PathBuf {
    global.data.clone().unwrap_or_else(|| config.data.or_default(variable))
}

/// The configured key of checkpoints, or that of the data folder, where one is made if there is none.
pub(super) fn signing_key(config: &Config, data: &Path) -> Result<SigningKey, CliError> {
    match config.proof.signing_key() {
        Some(key) => Ok(key),
        None => Ok(secrets::proof_key(data)?),
    }
}

async fn start_missing(data: &Path, postgres: bool, nats: bool) -> Result<Option<Stack>, CliError> {
    if !postgres && !nats {
        return Ok(None);
    }
    let print = Print::to(|line| eprintln!("{line}"));
    let options = StackOptions { postgres, nats, print, ..StackOptions::new(data.to_owned()) };
    Ok(Some(Stack::start(options).await?))
}
