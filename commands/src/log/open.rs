//! Turns stored events into readable ones: unsealed, upcast, decoded.

use std::collections::HashSet;

use domain::{DecodeError, Event};
use uuid::Uuid;

use super::keys::{DataKeys, Keys};
use super::personal::keys_in;
use super::unseal::open_payload;
use super::{Recorded, SealError, StoredEvent};

/// See [`super::Reader::open_events`].
pub(super) async fn open_events(keys: &Keys, stored: Vec<StoredEvent>) -> Result<Vec<Recorded>, SealError> {
    let ids: HashSet<Uuid> = stored.iter().flat_map(|event| keys_in(&event.payload)).collect();
    match keys.find(ids.into_iter().collect()).await {
        Ok(found) => Ok(stored.into_iter().map(|event| open(event, &found)).collect()),
        Err(SealError::Forged) if stored.len() > 1 => {
            let mut recorded = Vec::with_capacity(stored.len());
            for event in stored {
                recorded.extend(Box::pin(open_events(keys, vec![event])).await?);
            }
            Ok(recorded)
        }
        Err(SealError::Forged) => {
            Ok(stored.into_iter().map(|event| Recorded::of(event, Err(DecodeError::Sealed))).collect())
        }
        Err(error) => Err(error),
    }
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
