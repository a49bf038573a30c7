//! Stored events made readable: unsealed, upcast, decoded.

use std::collections::HashSet;

use domain::{DecodeError, Event};
use uuid::Uuid;

use super::keyring::Keys;
use super::personal::keys_in;
use super::unseal::open_payload;
use super::{EventLog, Recorded, SealError, StoredEvent};

impl EventLog {
    /// Makes stored events readable: unsealed, upcast, decoded. A poison event comes back with the reason, one that
    /// does not open under its key too: a key that was tampered with takes only its own events along.
    ///
    /// # Errors
    /// When keys cannot be read.
    pub async fn open_events(&self, stored: Vec<StoredEvent>) -> Result<Vec<Recorded>, SealError> {
        let ids: HashSet<Uuid> = stored.iter().flat_map(|event| keys_in(&event.payload)).collect();
        match self.keyring().find(ids.into_iter().collect()).await {
            Ok(keys) => Ok(stored.into_iter().map(|event| open(event, &keys)).collect()),
            Err(SealError::Forged) if stored.len() > 1 => {
                let mut recorded = Vec::with_capacity(stored.len());
                for event in stored {
                    recorded.extend(Box::pin(self.open_events(vec![event])).await?);
                }
                Ok(recorded)
            }
            Err(SealError::Forged) => {
                Ok(stored.into_iter().map(|event| Recorded::of(event, Err(DecodeError::Sealed))).collect())
            }
            Err(error) => Err(error),
        }
    }
}

/// Most events name nobody, and are decoded straight from what is stored.
fn open(stored: StoredEvent, keys: &Keys) -> Recorded {
    let decode = |payload: &str| {
        Event::decode_text(&stored.aggregate_type, &stored.event_type, &stored.event_version, payload)
    };
    let event = match keys_in(&stored.payload).next() {
        None => decode(&stored.payload),
        Some(_) => match open_payload(&stored.payload, stored.place(), keys) {
            Ok(payload) => decode(&payload),
            Err(_) => Err(DecodeError::Sealed),
        },
    };
    Recorded::of(stored, event)
}
