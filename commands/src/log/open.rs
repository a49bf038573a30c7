//! Stored events made readable: unsealed, upcast, decoded.

use std::collections::HashSet;

use domain::{DecodeError, Event};
use serde_json::Value;
use uuid::Uuid;

use super::seal::{Keys, keys_of, open_payload};
use super::{EventLog, Recorded, SealError, StoredEvent};

/// An event on its way to its readers, parsed as far as it takes to know its keys.
struct Opening {
    stored: StoredEvent,
    /// The payload, if something in it may be sealed; most events name nobody, and are decoded straight from the text.
    personal: Option<Value>,
}

impl EventLog {
    /// Makes stored events readable: unsealed, upcast, decoded. A poison event comes back with the reason, one that
    /// does not open under its key too.
    ///
    /// # Errors
    /// When keys cannot be read.
    pub async fn open_events(&self, stored: Vec<StoredEvent>) -> Result<Vec<Recorded>, SealError> {
        self.open_all(stored.into_iter().map(Opening::of).collect()).await
    }

    /// A key that was tampered with takes only its own events along.
    async fn open_all(&self, events: Vec<Opening>) -> Result<Vec<Recorded>, SealError> {
        let ids: HashSet<Uuid> =
            events.iter().filter_map(|event| event.personal.as_ref()).flat_map(keys_of).collect();
        match self.keyring().find(ids.into_iter().collect()).await {
            Ok(keys) => Ok(events.into_iter().map(|event| event.opened(&keys)).collect()),
            Err(SealError::Forged) if events.len() > 1 => {
                let mut recorded = Vec::with_capacity(events.len());
                for event in events {
                    recorded.extend(Box::pin(self.open_all(vec![event])).await?);
                }
                Ok(recorded)
            }
            Err(SealError::Forged) => Ok(events
                .into_iter()
                .map(|event| Recorded::of(event.stored, Err(DecodeError::Sealed)))
                .collect()),
            Err(error) => Err(error),
        }
    }
}

impl Opening {
    fn of(stored: StoredEvent) -> Self {
        Self { personal: stored.personal_payload(), stored }
    }

    fn opened(self, keys: &Keys) -> Recorded {
        let Self { stored, personal } = self;
        let (aggregate, kind, version) = (&stored.aggregate_type, &stored.event_type, &stored.event_version);
        let event = match personal {
            None => Event::decode_text(aggregate, kind, version, &stored.payload),
            Some(mut payload) => match open_payload(&mut payload, stored.place(), keys) {
                Ok(()) => Event::decode(aggregate, kind, version, payload),
                Err(_) => Err(DecodeError::Sealed),
            },
        };
        Recorded::of(stored, event)
    }
}
