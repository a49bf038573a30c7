//! Folds one aggregate's state from its stream, and unseals single payloads.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use cqrs_es::Aggregate;
use domain::{DecodeError, Position, upcast};
use serde_json::Value;
use uuid::Uuid;

use super::SealError;
use super::keys::Keys;
use super::personal::{SealContext, keys_in};
use super::stored::StoredEvent;
use super::unseal::open_payload;

/// Why an aggregate cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database does not answer.
    #[error("failed to read the log: {0}")]
    Database(#[from] sqlx::Error),
    /// Personal data does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An event cannot be read by this version of the program.
    #[error("failed to decode an event: {0}")]
    Decode(#[from] DecodeError),
}

/// An aggregate folded from its stream.
#[derive(Debug)]
pub struct Loaded<A> {
    /// Its state; the default if the stream is empty.
    pub state: A,
    /// The sequence of its last event; 0 if the stream is empty.
    pub sequence: i64,
    /// The position of its first event; 0 if the stream is empty.
    pub first_position: Position,
    /// The position of its last event; 0 if the stream is empty.
    pub last_position: Position,
}

impl<A: Aggregate> Default for Loaded<A> {
    fn default() -> Self {
        Self { state: A::default(), sequence: 0, first_position: 0, last_position: 0 }
    }
}

/// Folds whole streams into their aggregates, by id. The events of each stream are in order. All keys are looked up at
/// once.
pub(super) async fn fold<A: Aggregate>(
    keys: &Keys,
    streams: Vec<StoredEvent>,
) -> Result<HashMap<String, Loaded<A>>, LoadError> {
    let ids: HashSet<Uuid> = streams.iter().flat_map(|event| keys_in(&event.payload)).collect();
    let keys = keys.find(ids.into_iter().collect()).await?;
    let mut all = HashMap::<String, Loaded<A>>::new();
    for event in streams {
        let payload = open_payload(&event.payload, event.seal_context(), &keys)?;
        let payload = serde_json::from_str(&payload).map_err(DecodeError::from)?;
        let payload = upcast(&event.event_type, &event.event_version, payload)?;
        let loaded = all.entry(event.aggregate_id).or_default();
        if loaded.sequence == 0 {
            loaded.first_position = event.position;
        }
        (loaded.sequence, loaded.last_position) = (event.sequence, event.position);
        loaded.state.apply(serde_json::from_value(payload).map_err(DecodeError::from)?);
    }
    Ok(all)
}

/// Unseals one payload that was read as a tree.
pub(crate) async fn open_value(
    keys: &Keys,
    payload: Value,
    context: SealContext<'_>,
) -> Result<Value, SealError> {
    let text = serde_json::to_string(&payload).map_err(|_| SealError::Failed)?;
    match open_text(keys, &text, context).await? {
        Cow::Borrowed(_) => Ok(payload),
        Cow::Owned(opened) => serde_json::from_str(&opened).map_err(|_| SealError::Failed),
    }
}

/// A payload without personal data stays as it is.
async fn open_text<'a>(
    keys: &Keys,
    payload: &'a str,
    context: SealContext<'_>,
) -> Result<Cow<'a, str>, SealError> {
    let ids: Vec<Uuid> = keys_in(payload).collect();
    if ids.is_empty() {
        return Ok(Cow::Borrowed(payload));
    }
    open_payload(payload, context, &keys.find(ids).await?).map(Cow::Owned)
}
