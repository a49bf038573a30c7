//! The event log, in three parts: [`Writer`] appends, [`Reader`] reads, unseals and decodes, [`Keys`] holds the keys of
//! personal data.

mod append;
mod appender;
mod copied;
pub(crate) mod envelope;
mod feed;
mod history;
mod insert;
mod keys;
mod lanes;
mod load;
mod open;
mod page;
mod people;
mod personal;
mod reader;
mod recent;
mod seal;
#[cfg(test)]
mod sealing_tests;
mod stored;
mod unseal;
mod writer;

use domain::Position;
use sqlx::PgPool;
use tokio::sync::watch;

pub use self::append::{AppendError, Appended, Draft, FirstAnswer, Lane, Metadata, metadata};
pub use self::feed::{Feed, FeedError};
pub use self::history::{History, stored_events};
pub use self::keys::{Keys, MasterKey, SealError};
pub(crate) use self::load::open_value;
pub use self::load::{LoadError, Loaded};
pub use self::page::PAGE_BYTES_MAX;
pub(crate) use self::page::head_and_id;
pub use self::people::SealedPerson;
pub(crate) use self::personal::SealContext;
pub use self::reader::Reader;
pub use self::stored::{Context, Recorded, StoredEvent};
pub use self::writer::{Sealed, Writer};

/// The largest payload of one event, in bytes: room for 100,000 characters of four bytes, sealed and in base64. A much
/// larger one would block an ordered feed for ever, since the broker carries 1 MiB with envelope and headers. The
/// table's constraint `event_fits_the_broker` holds it.
pub const EVENT_BYTES_MAX: usize = 640 * 1024;
/// How many events one page of the log holds at most.
pub const PAGE_EVENTS_MAX: i64 = 1_000;

/// Why a log does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database does not answer.
    #[error("failed to open the log: {0}")]
    Database(#[from] sqlx::Error),
    /// The log was first opened with another master key. Under this one no personal data could be read.
    #[error("the master key is not the one that this log was first opened with")]
    WrongMasterKey,
}

impl OpenError {
    fn of(error: SealError) -> Self {
        match error {
            SealError::Database(error) => Self::Database(error),
            SealError::Forged | SealError::Failed => Self::WrongMasterKey,
        }
    }
}

/// The event log of one ledger, in its three parts. Cheap to clone. Code that only reads is given a [`Reader`].
#[derive(Clone)]
pub struct EventLog {
    writer: Writer,
    reader: Reader,
}

impl EventLog {
    /// Opens the log in a migrated database.
    ///
    /// # Errors
    /// See [`OpenError`]; the database must be migrated.
    pub async fn open(pool: PgPool, master: &MasterKey) -> Result<Self, OpenError> {
        let keys = Keys::new(pool.clone(), master);
        let reader = Reader::open(pool.clone(), keys).await?;
        reader.keys().prove().await.map_err(OpenError::of)?;
        let writer = Writer::start(pool, &reader);
        Ok(Self { writer, reader })
    }

    /// The only part that appends.
    pub const fn writer(&self) -> &Writer {
        &self.writer
    }

    /// The part that reads.
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The keys of personal data.
    pub fn keys(&self) -> &Keys {
        self.reader.keys()
    }

    /// The database that the log is in.
    pub fn pool(&self) -> &PgPool {
        self.reader.pool()
    }
}

/// A log that is looked at, not used.
pub struct Look {
    /// Reads it.
    pub reader: Reader,
    /// Whether it was opened under this master key before. A log that was not has nothing sealed in it.
    pub is_proven: bool,
}

impl Look {
    /// Opens a migrated database to read it. Nothing is written, unlike by [`EventLog::open`], which leaves a proof of the
    /// master key.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(pool: PgPool, master: &MasterKey) -> Result<Self, OpenError> {
        let reader = Reader::open(pool.clone(), Keys::new(pool, master)).await?;
        let is_proven = reader.keys().is_proven().await.map_err(OpenError::of)?;
        Ok(Self { reader, is_proven })
    }
}

/// Publishes the position of a commit to the watchers. The published position never moves back.
fn publish_head(head: &watch::Sender<Position>, position: Position) {
    head.send_if_modified(|head| {
        let moved = position > *head;
        *head = position.max(*head);
        moved
    });
}
