//! The one door to the event log: append, read, unseal, decode, feed, keyring.

mod append;
mod appender;
pub(crate) mod envelope;
mod feed;
mod history;
mod keyring;
mod lanes;
mod open;
mod page;
mod personal;
mod read;
mod recent;
mod seal;
mod stored;
mod unseal;

use std::sync::Arc;

use domain::Position;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{PgConnection, PgPool, Postgres};
use tokio::sync::watch;
use uuid::Uuid;

pub use self::append::{AppendError, Appended, Draft, FirstAnswer, Lane, Metadata, metadata};
use self::appender::Appender;
pub use self::feed::{Feed, FeedError};
pub use self::history::History;
pub use self::keyring::{Keyring, MasterKey, SealError};
use self::lanes::{Request, Row};
pub use self::page::PAGE_BYTES_MAX;
pub use self::read::{LoadError, Loaded};
use self::recent::Recent;
pub use self::stored::{Context, Recorded, StoredEvent};
use crate::clock;

/// How large one event may be, in bytes of its payload: room for 100,000 characters of four bytes, sealed and in base64.
/// A much larger one would block an ordered feed for ever, since the broker carries 1 MiB with envelope and headers. The table's constraint `event_fits_the_broker` holds it.
pub const EVENT_BYTES_MAX: usize = 640 * 1024;
/// How many events one page of the log holds at most.
pub const PAGE_EVENTS_MAX: i64 = 1_000;

/// Why a log does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database does not answer.
    #[error("failed to open the log: {0}")]
    Database(#[from] sqlx::Error),
    /// Under this key nothing personal in the history could be read.
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

/// The event log of one ledger. Cheap to clone.
#[derive(Clone)]
pub struct EventLog(Arc<Inner>);

struct Inner {
    pool: PgPool,
    appender: Appender,
    keyring: Arc<Keyring>,
    ledger: Uuid,
    head: watch::Sender<Position>,
    recent: Arc<Recent>,
}

/// A call of a function in the database that appends events, with its own arguments bound.
pub type Call<'q> = QueryAs<'q, Postgres, Appended, PgArguments>;

/// Tells the watchers of a commit. What they know never moves back.
fn tell(head: &watch::Sender<Position>, position: Position) {
    head.send_if_modified(|head| {
        let moved = position > *head;
        *head = position.max(*head);
        moved
    });
}

impl EventLog {
    /// Opens the log in a migrated database.
    ///
    /// # Errors
    /// See [`OpenError`]; the database must be migrated.
    pub async fn open(pool: PgPool, master: &MasterKey) -> Result<Self, OpenError> {
        let ledger = sqlx::query_scalar("select id from ledger").fetch_one(&pool).await?;
        let (head, _) = watch::channel(read::head(&pool).await?);
        let recent = Arc::<Recent>::default();
        let keyring = Arc::new(Keyring::new(pool.clone(), master));
        keyring.prove().await.map_err(OpenError::of)?;
        let appender = Appender::start(pool.clone(), head.clone(), Arc::clone(&recent), Arc::clone(&keyring));
        Ok(Self(Arc::new(Inner { pool, appender, keyring, ledger, head, recent })))
    }

    /// The database that the log is in.
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// The id that tells this log's streams and subjects from another's.
    pub fn ledger(&self) -> Uuid {
        self.0.ledger
    }

    /// The keys of the log.
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// Wakes on every commit that this process makes or hears of; the value may lag behind the database.
    pub fn watch_head(&self) -> watch::Receiver<Position> {
        self.0.head.subscribe()
    }

    /// The events after a position that this process appended a moment ago; none if they are not its own.
    pub(crate) fn recent_after(&self, position: Position) -> Vec<StoredEvent> {
        self.0.recent.after(position)
    }

    /// Tells the watchers of a commit that did not go through [`EventLog::append`].
    pub fn committed(&self, position: Position) {
        tell(&self.0.head, position);
    }

    /// Appends events, all or nothing, with what other callers append at the same moment.
    ///
    /// # Errors
    /// See [`AppendError`]; after [`AppendError::Unknown`] the events may be there.
    pub async fn append(
        &self,
        drafts: Vec<Draft>,
        answer: Option<FirstAnswer>,
        lane: Lane,
    ) -> Result<Appended, AppendError> {
        let Sealed(request) = self.seal(drafts, answer).await?;
        self.0.appender.append(request, lane).await
    }

    /// Makes events ready to be appended in a transaction. Seal before the transaction begins: keys are read on a
    /// connection of the log's own pool, and a caller that held one while it waits for another could wait for ever.
    ///
    /// # Errors
    /// When keys cannot be read or made, or an event is too large.
    pub async fn seal(
        &self,
        mut drafts: Vec<Draft>,
        answer: Option<FirstAnswer>,
    ) -> Result<Sealed, AppendError> {
        let keys = seal::seal_drafts(&self.0.keyring, &mut drafts).await?;
        let rows = drafts.into_iter().map(row).collect::<Result<_, _>>()?;
        Ok(Sealed(Request { rows, keys, answer }))
    }

    /// Appends events in a transaction that changes other rows too: change those first and append last, because the
    /// ledger stays locked from here to the commit. Call [`EventLog::committed_in`] after it.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub async fn append_in(tx: &mut PgConnection, sealed: &Sealed) -> Result<Appended, AppendError> {
        let Sealed(request) = sealed;
        appender::append_in(tx, &[request]).await
    }

    /// Tells followers of what was appended in a transaction, once that is committed.
    pub fn committed_in(&self, sealed: &Sealed, appended: Appended) {
        let Sealed(request) = sealed;
        self.0.recent.keep(appender::events(request.rows.clone(), appended));
        self.committed(appended.last);
    }

    /// Appends events by a function of the database that changes other rows in the same call. `call` has the function's
    /// own arguments bound; those of `append_stamped` follow them, and it gives back what that does, or no row.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub async fn append_by<'q>(
        &self,
        pool: &PgPool,
        call: Call<'q>,
        sealed: &'q Sealed,
    ) -> Result<(), AppendError> {
        let Sealed(request) = sealed;
        let appended =
            appender::bind(call, &[request]).fetch_optional(pool).await.map_err(AppendError::of)?;
        match appended {
            Some(all) if all.last - all.first + 1 == request.rows.len() as Position => {
                self.committed_in(sealed, all)
            }
            // A function may leave events out: which, only the log knows.
            Some(some) => self.committed(some.last),
            None => {}
        }
        Ok(())
    }
}

/// Events that are ready to be appended, all or nothing: their personal data is ciphertext.
pub struct Sealed(Request);

fn row(draft: Draft) -> Result<Row, AppendError> {
    let command_id = draft.metadata.get(metadata::COMMAND).and_then(|id| Uuid::parse_str(id).ok());
    if draft.payload.len() > EVENT_BYTES_MAX {
        return Err(AppendError::TooLarge);
    }
    Ok(Row {
        aggregate_type: draft.aggregate_type,
        aggregate_id: draft.aggregate_id,
        sequence: draft.sequence,
        event_type: draft.event_type,
        event_version: draft.event_version,
        payload: draft.payload,
        metadata: serde_json::to_string(&draft.metadata)?,
        event_id: clock::new_id(),
        command_id,
    })
}
