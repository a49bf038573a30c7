//! The servers that a run is measured on: durable as in production, in a folder that goes when the run ends.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_nats::{Client, ConnectOptions, ServerAddr, jetstream};
use commands::clock;
use commands::log::{EventLog, MasterKey};
use embedded::{Print, Stack, StackOptions};
use futures::TryStreamExt;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::Outcome;
use super::scale::Scale;
use crate::cli::{CliError, Global};

/// How many connections the measuring side opens to a database: those of the peers are counted apart.
const CONNECTIONS: u32 = 16;
/// The master key of every measured log: it protects nothing.
pub(super) const MASTER_KEY: [u8; 32] = [7; 32];
/// A database that nobody has written to.
const EMPTY_TEMPLATE: &str = "template0";

/// Servers, and how much is measured on them.
pub(super) struct World {
    stack: Stack,
    pub(super) scale: Scale,
    databases: Mutex<Vec<String>>,
}

/// A log in a database of its own.
pub(super) struct Ledger {
    pub(super) url: String,
    pub(super) log: EventLog,
}

impl World {
    /// Starts the servers in a new folder below `--data`, else below the system's temporary folder.
    pub(super) async fn start(global: &Global, scale: Scale) -> Outcome<Self> {
        let below = global.data.clone().unwrap_or_else(std::env::temp_dir);
        let data = below.join(format!("mensajeria-bench-{}", clock::new_id().simple()));
        eprintln!("starting servers in {}", data.display());
        let print = Print::to(|line| eprintln!("{line}"));
        let stack = Stack::start(StackOptions { keep: false, print, ..StackOptions::new(data) }).await?;
        Ok(Self { stack, scale, databases: Mutex::default() })
    }

    pub(super) async fn stop(self) -> Outcome<()> {
        Ok(self.stack.stop().await?)
    }

    /// Where there is room for more files.
    pub(super) fn folder(&self) -> &Path {
        self.stack.data()
    }

    pub(super) fn nats_url(&self) -> Outcome<&str> {
        self.stack.nats_url().ok_or_else(|| CliError::failed("no broker"))
    }

    /// An empty database.
    pub(super) async fn database(&self) -> Outcome<String> {
        let name = format!("bench_{}", clock::new_id().simple());
        let url = self.stack.create_database(EMPTY_TEMPLATE, &name).await?;
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        Ok(url)
    }

    /// An empty log.
    pub(super) async fn ledger(&self) -> Outcome<Ledger> {
        let url = self.database().await?;
        let pool = connect(&url, CONNECTIONS).await?;
        commands::migrate(&pool).await?;
        let log = EventLog::open(pool, &MasterKey::new(MASTER_KEY)).await?;
        Ok(Ledger { url, log })
    }

    /// A connection to the broker that is not the program's. The client reads no credentials out of a URL.
    pub(super) async fn nats(&self) -> Outcome<Client> {
        let server: ServerAddr = self.nats_url()?.parse().map_err(CliError::failed)?;
        let [user, password] =
            [server.username(), server.password()].map(|part| part.unwrap_or_default().to_owned());
        ConnectOptions::with_user_and_password(user, password).connect(server).await.map_err(CliError::failed)
    }

    /// Removes what a measurement left, so that the next one starts like the first.
    pub(super) async fn tidy_up(&self) -> Outcome<()> {
        let databases = std::mem::take(&mut *self.databases.lock().unwrap_or_else(PoisonError::into_inner));
        for name in databases {
            self.stack.drop_database(&name).await?;
        }
        let jetstream = jetstream::new(self.nats().await?);
        let names: Vec<String> = jetstream.stream_names().try_collect().await.map_err(CliError::failed)?;
        for name in names {
            jetstream.delete_stream(name).await.map_err(CliError::failed)?;
        }
        Ok(())
    }
}

impl Ledger {
    pub(super) fn pool(&self) -> &PgPool {
        self.log.pool()
    }
}

/// A pool with all of its connections open.
pub(super) async fn connect(url: &str, connections: u32) -> Outcome<PgPool> {
    Ok(PgPoolOptions::new().max_connections(connections).min_connections(connections).connect(url).await?)
}
