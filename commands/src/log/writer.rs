//! The writing side of the log: the only way in which events are appended.

use std::sync::Arc;

use domain::Position;
use sqlx::{PgConnection, PgPool};
use tokio::sync::watch;

use super::append::{AppendError, Appended, Draft, FirstAnswer, Lane};
use super::appender::Appender;
use super::keys::Keys;
use super::lanes::{Request, Row};
use super::recent::Recent;
use super::{EVENT_BYTES_MAX, Reader, insert, publish_head, seal};
use crate::clock;

/// Appends to the log. Cheap to clone.
#[derive(Clone)]
pub struct Writer(Arc<Inner>);

struct Inner {
    appender: Appender,
    keys: Keys,
    head: watch::Sender<Position>,
    recent: Arc<Recent>,
}

/// Sealed events that are ready to be appended, all or nothing.
pub struct Sealed(Request);

impl Sealed {
    /// Whether there is neither an event nor an answer to append.
    pub fn is_empty(&self) -> bool {
        self.0.rows.is_empty() && self.0.answer.is_none()
    }
}

impl Writer {
    /// A writer to the log of `reader`; the reader learns of every commit.
    pub(super) fn start(pool: PgPool, reader: &Reader) -> Self {
        let (head, recent) = reader.head_and_recent();
        let keys = reader.keys().clone();
        let appender = Appender::start(pool, head.clone(), Arc::clone(&recent), keys.clone());
        Self(Arc::new(Inner { appender, keys, head, recent }))
    }

    /// Appends events, all or nothing, together with the events of other callers that wait at the same moment.
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

    /// Seals events so that they can be appended in a transaction. Call it before the transaction begins: keys are read
    /// on another connection of the pool, and a caller that holds one connection while it waits for another could
    /// deadlock.
    ///
    /// # Errors
    /// When keys cannot be read or made, or an event is too large.
    pub async fn seal(
        &self,
        mut drafts: Vec<Draft>,
        answer: Option<FirstAnswer>,
    ) -> Result<Sealed, AppendError> {
        let keys = seal::seal_drafts(&self.0.keys, &mut drafts).await?;
        let rows = drafts.into_iter().map(row).collect::<Result<_, _>>()?;
        Ok(Sealed(Request { rows, keys, answer }))
    }

    /// Appends events in a transaction that changes other rows too: change those first and append last, because the
    /// ledger stays locked from here to the commit. Call [`Writer::committed_in`] after it.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub async fn append_in(
        &self,
        tx: &mut PgConnection,
        Sealed(request): &Sealed,
    ) -> Result<Appended, AppendError> {
        insert::append(tx, &[request]).await
    }

    /// Publishes what was appended in a transaction to the feeds. Call it after the commit.
    pub fn committed_in(&self, Sealed(request): &Sealed, appended: Appended) {
        self.0.recent.keep(insert::events(request.rows.clone(), appended));
        publish_head(&self.0.head, appended.last);
    }
}

fn row(draft: Draft) -> Result<Row, AppendError> {
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
    })
}
