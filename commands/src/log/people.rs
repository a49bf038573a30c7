//! The people of audiences. Views keep them as their events have them, sealed, and open them when a page shows them.

use domain::notification::{AUDIENCE, Addressee};
use domain::value::{NotificationId, Ordinal};
use uuid::Uuid;

use super::SealError;
use super::keys::{DataKey, DataKeys, Keys};
use super::personal::SealContext;

/// A person of an audience, as sealed in the event of the chunk.
#[derive(Debug)]
pub struct SealedPerson {
    /// The notification.
    pub notification: NotificationId,
    /// The person's place in its audience.
    pub ordinal: Ordinal,
    /// The key: the client's id.
    pub key: Uuid,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

impl SealedPerson {
    /// None if it does not open.
    fn open(mut self, key: &DataKey) -> Option<Addressee> {
        let context = SealContext {
            aggregate_type: AUDIENCE,
            aggregate_id: &self.notification.to_string(),
            sequence: self.ordinal.chunk().into(),
        };
        let field = format!("/AudienceChunkResolved/recipients/{}/addressee", self.ordinal.member().index());
        let clear = key.open(context.aad(&field).as_bytes(), &mut self.sealed).ok()?;
        serde_json::from_slice(clear).ok()
    }
}

/// See [`super::Reader::open_people`].
pub(super) async fn open_people(
    keys: &Keys,
    people: Vec<SealedPerson>,
) -> Result<Vec<Option<Addressee>>, SealError> {
    let found = keys_of(keys, &people).await?;
    let open = |person: SealedPerson| {
        let key = found.get(&person.key).copied().flatten()?;
        let (notification, ordinal) = (person.notification, person.ordinal.number());
        let opened = person.open(&key);
        if opened.is_none() {
            tracing::error!(%notification, ordinal, "a person of an audience does not open under the key");
        }
        opened
    };
    Ok(people.into_iter().map(open).collect())
}

/// A key that was tampered with spoils only its own people.
async fn keys_of(keys: &Keys, people: &[SealedPerson]) -> Result<DataKeys, SealError> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.key).collect();
    match keys.find(ids.clone()).await {
        Err(SealError::Forged) => {}
        outcome => return outcome,
    }
    let mut found = DataKeys::new();
    for id in ids {
        match keys.find(vec![id]).await {
            Err(SealError::Forged) => {}
            key => found.extend(key?),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use domain::Personal;
    use domain::notification::{AudienceEvent, Recipient};
    use domain::value::{Channel, ContactKind};

    use super::*;
    use crate::log::seal::seal_payload;

    const NOTIFICATION: Uuid = Uuid::from_u128(1);
    const CLIENT: Uuid = Uuid::from_u128(2);

    fn addressee() -> Addressee {
        Addressee {
            client_name: "Ana".into(),
            contact_name: "Luis".into(),
            address: "+573001234567".into(),
            ..Addressee::nobody()
        }
    }

    /// The ciphertext of the second of two people of the third chunk.
    fn sealed(key: DataKey) -> Vec<u8> {
        let recipient = Recipient {
            client: CLIENT.into(),
            kind: ContactKind::Holder,
            is_foreign: false,
            addressee: Personal::new(CLIENT, addressee()),
        };
        let event = AudienceEvent::AudienceChunkResolved {
            notification: NOTIFICATION.into(),
            company: CLIENT.into(),
            channel: Channel::Sms,
            recipients: vec![recipient.clone(), recipient],
            cursor: String::new(),
        };
        let context =
            SealContext { aggregate_type: AUDIENCE, aggregate_id: &NOTIFICATION.to_string(), sequence: 3 };
        let payload = serde_json::to_string(&event).expect("JSON");
        let payload =
            seal_payload(&payload, context, &DataKeys::from([(CLIENT, Some(key))])).expect("it seals");
        let AudienceEvent::AudienceChunkResolved { recipients, .. } =
            serde_json::from_str(&payload).expect("the event");
        BASE64.decode(recipients[1].addressee.sealed().expect("it is sealed")).expect("base64")
    }

    #[test]
    fn a_person_opens_at_its_own_place_only() {
        let key = DataKey::of([1; 32]);
        let at = |number| SealedPerson {
            notification: NOTIFICATION.into(),
            ordinal: Ordinal::try_new(number).expect("an ordinal"),
            key: CLIENT,
            sealed: sealed(key),
        };
        assert_eq!(at(1_002).open(&key), Some(addressee()));
        for other in [at(1_001), at(502), SealedPerson { notification: CLIENT.into(), ..at(1_002) }] {
            assert_eq!(other.open(&key), None);
        }
        assert_eq!(at(1_002).open(&DataKey::of([2; 32])), None);
    }
}
