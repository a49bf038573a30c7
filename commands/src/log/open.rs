//! Turns stored events into readable ones: unsealed, upcast, decoded.

use domain::{DecodeError, Event};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::keys::{DataKeys, Keys};
use super::personal::keys_in;
use super::unseal::open_payload;
use super::{Recorded, SealError, StoredEvent};

/// See [`super::Reader::open_events`].
pub(super) async fn open_events(keys: &Keys, stored: Vec<StoredEvent>) -> Result<Vec<Recorded>, SealError> {
    match keys.find(keys_of(&stored)).await {
        Ok(found) => Ok(open_all(stored, &found)),
        Err(SealError::Forged) => open_one_by_one(keys, stored).await,
        Err(error) => Err(error),
    }
}

/// As [`open_events`], for many events that are read once: their keys are not remembered, and the work is done on a
/// thread that serves no requests.
pub(super) async fn open_history(keys: &Keys, stored: Vec<StoredEvent>) -> Result<Vec<Recorded>, SealError> {
    match keys.read(keys_of(&stored)).await {
        Ok(found) => spawn_blocking(move || open_all(stored, &found)).await.map_err(|_| SealError::Failed),
        Err(SealError::Forged) => open_one_by_one(keys, stored).await,
        Err(error) => Err(error),
    }
}

fn keys_of(stored: &[StoredEvent]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = stored.iter().flat_map(|event| keys_in(&event.payload)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn open_all(stored: Vec<StoredEvent>, keys: &DataKeys) -> Vec<Recorded> {
    stored.into_iter().map(|event| open(event, keys)).collect()
}

/// A key that was tampered with spoils only its own events.
async fn open_one_by_one(keys: &Keys, stored: Vec<StoredEvent>) -> Result<Vec<Recorded>, SealError> {
    let mut recorded = Vec::with_capacity(stored.len());
    for event in stored {
        recorded.push(match keys.read(keys_of(std::slice::from_ref(&event))).await {
            Ok(found) => open(event, &found),
            Err(SealError::Forged) => Recorded::of(event, Err(DecodeError::Sealed)),
            Err(error) => return Err(error),
        });
    }
    Ok(recorded)
}

/// Most events hold no personal data and are decoded directly from the stored text.
fn open(stored: StoredEvent, keys: &DataKeys) -> Recorded {
    let decode = |payload: &str| {
        Event::decode_text(&stored.aggregate_type, &stored.event_type, &stored.event_version, payload)
    };
    let event = match keys_in(&stored.payload).next() {
        None => decode(&stored.payload),
        Some(_) => match open_payload(&stored.payload, stored.seal_context(), keys) {
            Ok(payload) => decode(&payload),
            Err(_) => Err(DecodeError::Sealed),
        },
    };
    Recorded::of(stored, event)
}
