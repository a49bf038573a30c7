//! Turns stored events into readable ones: unsealed, upcast, decoded.

use domain::notification::AUDIENCE;
use domain::{DecodeError, Event};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::keys::{DataKeys, Keys};
use super::personal::keys_in;
use super::unseal::open_payload;
use super::{Recorded, SealError, StoredEvent};

/// Which events are unsealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsealing {
    /// Every event.
    All,
    /// All but those of audiences, which name hundreds of people each: a view copies the people sealed, and
    /// [`super::Reader::open_people`] opens those that a page shows.
    WithoutAudiences,
}

impl Unsealing {
    fn applies_to(self, stored: &StoredEvent) -> bool {
        self == Self::All || stored.aggregate_type != AUDIENCE
    }
}

/// See [`super::Reader::open_events`].
pub(super) async fn open_events(
    keys: &Keys,
    stored: Vec<StoredEvent>,
    unsealing: Unsealing,
) -> Result<Vec<Recorded>, SealError> {
    match keys.find(keys_of(&stored, unsealing)).await {
        Ok(found) => Ok(open_all(stored, &found, unsealing)),
        Err(SealError::Forged) => open_one_by_one(keys, stored, unsealing).await,
        Err(error) => Err(error),
    }
}

/// As [`open_events`] for those who follow the log, for many events that are read once: their keys are not remembered,
/// and the work is done on a thread that serves no requests.
pub(super) async fn open_history(keys: &Keys, stored: Vec<StoredEvent>) -> Result<Vec<Recorded>, SealError> {
    let unsealing = Unsealing::WithoutAudiences;
    match keys.read(keys_of(&stored, unsealing)).await {
        Ok(found) => {
            let opening = spawn_blocking(move || open_all(stored, &found, unsealing));
            opening.await.map_err(|_| SealError::Failed)
        }
        Err(SealError::Forged) => open_one_by_one(keys, stored, unsealing).await,
        Err(error) => Err(error),
    }
}

fn keys_of(stored: &[StoredEvent], unsealing: Unsealing) -> Vec<Uuid> {
    let opened = stored.iter().filter(|event| unsealing.applies_to(event));
    let mut ids: Vec<Uuid> = opened.flat_map(|event| keys_in(&event.payload)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn open_all(stored: Vec<StoredEvent>, keys: &DataKeys, unsealing: Unsealing) -> Vec<Recorded> {
    stored.into_iter().map(|event| open(event, keys, unsealing)).collect()
}

/// A key that was tampered with spoils only its own events.
async fn open_one_by_one(
    keys: &Keys,
    stored: Vec<StoredEvent>,
    unsealing: Unsealing,
) -> Result<Vec<Recorded>, SealError> {
    let mut recorded = Vec::with_capacity(stored.len());
    for event in stored {
        recorded.push(match keys.read(keys_of(std::slice::from_ref(&event), unsealing)).await {
            Ok(found) => open(event, &found, unsealing),
            Err(SealError::Forged) => Recorded::of(event, Err(DecodeError::Sealed)),
            Err(error) => return Err(error),
        });
    }
    Ok(recorded)
}

/// Most events hold no personal data and are decoded directly from the stored text.
fn open(stored: StoredEvent, keys: &DataKeys, unsealing: Unsealing) -> Recorded {
    let decode = |payload: &str| {
        Event::decode_text(&stored.aggregate_type, &stored.event_type, &stored.event_version, payload)
    };
    let is_sealed = || keys_in(&stored.payload).next().is_some();
    let event = if unsealing.applies_to(&stored) && is_sealed() {
        match open_payload(&stored.payload, stored.seal_context(), keys) {
            Ok(payload) => decode(&payload),
            Err(_) => Err(DecodeError::Sealed),
        }
    } else {
        decode(&stored.payload)
    };
    Recorded::of(stored, event)
}
