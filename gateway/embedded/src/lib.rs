//! The embedded stack: a real PostgreSQL and a real nats-server as child processes, for `cargo run` and `cargo test`.

mod addresses;
mod cache;
mod cluster;
mod databases;
mod download;
mod environment;
mod error;
mod files;
mod folder;
mod guard;
mod guarded;
mod initdb;
mod nats;
mod options;
mod outages;
mod platform;
mod postgres;
mod predecessor;
mod programs;
mod protocol;
mod restarts;
mod server;
mod unzip;
mod wheel;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use addresses::{Addresses, running};
pub use cluster::has_cluster;
pub use error::StackError;
pub use guard::guard_main;
pub use guarded::GuardCommand;
pub use options::{Durability, Print, StackOptions};

use cache::Cache;
use folder::DataFolder;
use guarded::Guarded;
use nats::Nats;
use postgres::Postgres;
use protocol::{GuardSpec, Removal};

/// The servers of one data folder. While the stack lives, no other process can start servers on that folder.
///
/// On drop the servers stop too, without a wait: the guards see their standard input close. The fields are in the order
/// in which they must be dropped.
#[derive(Debug)]
pub struct Stack {
    postgres: Option<Postgres>,
    nats: Option<Nats>,
    remover: Option<Guarded>,
    folder: DataFolder,
}

impl Stack {
    /// Starts the servers that the options ask for. Returns when each server answers and is identified as this stack's
    /// own.
    ///
    /// # Errors
    /// A folder in use by a living process, a program that cannot be found (with what to do about it), a server that
    /// did not start (with the end of its log).
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        let folder = DataFolder::claim(&options.data).await?;
        let remover = if options.keep { None } else { Some(remover(&options, folder.path())?) };
        let cache = Cache::choose(&options);
        let (postgres, nats) = tokio::try_join!(
            start_if(options.postgres, Postgres::start(&options, &cache, folder.path())),
            start_if(options.nats, Nats::start(&options, &cache, folder.path())),
        )?;
        let stack = Self { postgres, nats, remover, folder };
        stack.addresses().write(stack.folder.path())?;
        Ok(stack)
    }

    /// A stack for tests: `Durability::Test`, in a temporary folder that is removed when the stack or its process ends,
    /// however it ends.
    ///
    /// # Errors
    /// Those of [`Stack::start`].
    pub async fn for_tests(guard: GuardCommand) -> Result<Self, StackError> {
        let data = folder::temporary()?;
        let options =
            StackOptions { durability: Durability::Test, keep: false, guard, ..StackOptions::new(data) };
        Self::start(options).await
    }

    /// `postgres://…` of the database `mensajeria` as its owner; none if the options exclude PostgreSQL.
    #[must_use]
    pub fn database_url(&self) -> Option<&str> {
        self.postgres.as_ref().map(Postgres::url)
    }

    /// `nats://…` with its password; none if the options exclude NATS.
    #[must_use]
    pub fn nats_url(&self) -> Option<&str> {
        self.nats.as_ref().map(Nats::url)
    }

    /// The data folder of the servers.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until the files of a new cluster are on disk. Before that, a power failure may lose committed data.
    pub async fn written_through(&self) {
        if let Some(postgres) = &self.postgres {
            postgres.written.cancelled().await;
        }
    }

    /// Waits until a server has failed for good, after its guard has restarted it a bounded number of times. Returns
    /// the server and the reason.
    pub async fn failed(&self) -> StackError {
        tokio::select! {
            error = failure_of(self.postgres.as_ref().map(|postgres| &postgres.server)) => error,
            error = failure_of(self.nats.as_ref().map(|nats| &nats.server)) => error,
        }
    }

    /// Stops both servers in parallel and waits for their end: at most two seconds, then they are killed.
    ///
    /// # Errors
    /// A guard that did not end within its timeout.
    pub async fn stop(mut self) -> Result<(), StackError> {
        addresses::forget(self.folder.path());
        let (postgres, nats) = tokio::join!(self.stop_postgres(), self.stop_nats());
        let removed = match self.remover.take() {
            Some(remover) => remover.stop().await,
            None => Ok(()),
        };
        postgres.and(nats).and(removed)
    }

    fn addresses(&self) -> Addresses {
        Addresses {
            database_url: self.database_url().map(str::to_owned),
            nats_url: self.nats_url().map(str::to_owned),
        }
    }
}

async fn start_if<S>(
    wanted: bool,
    start: impl Future<Output = Result<S, StackError>>,
) -> Result<Option<S>, StackError> {
    if wanted { start.await.map(Some) } else { Ok(None) }
}

async fn failure_of(server: Option<&server::Server>) -> StackError {
    match server {
        Some(server) => server.failed().await,
        None => std::future::pending().await,
    }
}

/// A guard without a server. It survives even a kill of this process, and then removes its folder.
fn remover(options: &StackOptions, folder: &Path) -> Result<Guarded, StackError> {
    let locks = vec![folder.join(postgres::LOCK_FILE), folder.join(nats::LOCK_FILE)];
    Guarded::spawn(&options.guard, &GuardSpec::Remove(Removal { folder: folder.to_owned(), locks }))
}

/// Whether this process runs as root, which has other default folders.
#[must_use]
pub fn is_root() -> bool {
    platform::is_root()
}
