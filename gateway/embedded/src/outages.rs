//! Outages for tests: stops, kills and starts the servers of a running stack, each on its port.

use std::fs;

use crate::Stack;
use crate::error::StackError;
use crate::nats::Nats;

impl Stack {
    /// Stops PostgreSQL cleanly. Stopping it twice is fine.
    ///
    /// # Errors
    /// A guard that did not end within its timeout.
    pub async fn stop_postgres(&self) -> Result<(), StackError> {
        match &self.postgres {
            Some(postgres) => postgres.server.stop().await,
            None => Ok(()),
        }
    }

    /// Kills PostgreSQL like a power failure, and leaves it down.
    ///
    /// # Errors
    /// A guard that did not end within its timeout.
    pub async fn kill_postgres(&self) -> Result<(), StackError> {
        self.postgres()?.server.crash().await
    }

    /// Starts PostgreSQL again on its port, with its committed data.
    ///
    /// # Errors
    /// A server that does not start.
    pub async fn start_postgres(&self) -> Result<(), StackError> {
        self.postgres()?.restart().await
    }

    /// The process id of PostgreSQL while it runs. After an unexpected end its guard starts it as another process.
    pub async fn postgres_pid(&self) -> Option<u32> {
        self.postgres.as_ref()?.server.pid().await
    }

    /// Stops NATS cleanly. Stopping it twice is fine.
    ///
    /// # Errors
    /// A guard that did not end within its timeout.
    pub async fn stop_nats(&self) -> Result<(), StackError> {
        match &self.nats {
            Some(nats) => nats.server.stop().await,
            None => Ok(()),
        }
    }

    /// Kills NATS like a power failure, and leaves it down.
    ///
    /// # Errors
    /// A guard that did not end within its timeout.
    pub async fn kill_nats(&self) -> Result<(), StackError> {
        self.nats()?.server.crash().await
    }

    /// Starts NATS again on its port, with JetStream's stored data.
    ///
    /// # Errors
    /// A server that does not start.
    pub async fn start_nats(&self) -> Result<(), StackError> {
        self.nats()?.restart().await
    }

    /// The process id of NATS while it runs. After an unexpected end its guard starts it as another process.
    pub async fn nats_pid(&self) -> Option<u32> {
        self.nats.as_ref()?.server.pid().await
    }

    /// Removes all of JetStream's stored data, even while the server runs.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn wipe_jetstream(&self) -> Result<(), StackError> {
        let folder = self.data().join("jetstream");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StackError::File { action: "wipe", path: folder, source: error })
            }
            _ => Ok(()),
        }
    }

    fn nats(&self) -> Result<&Nats, StackError> {
        self.nats.as_ref().ok_or(StackError::NotStarted("NATS"))
    }
}
