//! Personal data of events into ciphertext, wherever it stands in their JSON.

use std::collections::hash_map::Entry;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::personal::SEALED;
use uuid::Uuid;

use super::append::{Draft, Metadata, metadata};
use super::keys::{DataKeys, Keys, NewKey, SealError};
use super::personal::{Place, keys_in, rewrite};

/// Seals the personal data of `drafts` in place and returns the keys that must be committed with them.
pub(super) async fn seal_drafts(keys: &Keys, drafts: &mut [Draft]) -> Result<Vec<NewKey>, SealError> {
    let (mut needed, mut fresh) = (Vec::new(), Vec::new());
    for draft in &*drafts {
        let own = (draft.sequence == 1).then(|| Uuid::parse_str(&draft.aggregate_id).ok()).flatten();
        for id in keys_in(&draft.payload) {
            // The first event of a stream is the first under the stream's own key: asking would only cost a trip.
            if Some(id) == own { fresh.push(id) } else { needed.push(id) }
        }
        // Not so the key of who did it: an inbox is named by its user, whose key is older.
        needed.extend(ip_key(&draft.metadata));
    }
    fresh.sort_unstable();
    fresh.dedup();
    needed.retain(|id| !fresh.contains(id));
    needed.sort_unstable();
    needed.dedup();
    let mut found = if needed.is_empty() { DataKeys::new() } else { keys.find(needed.clone()).await? };
    let mut new_keys = Vec::new();
    for id in fresh.into_iter().chain(needed) {
        if let Entry::Vacant(missing) = found.entry(id) {
            let (key, new) = keys.create(id)?;
            missing.insert(Some(key));
            new_keys.push(new);
        }
    }
    for draft in drafts {
        seal_draft(draft, &found)?;
    }
    Ok(new_keys)
}

fn seal_draft(draft: &mut Draft, keys: &DataKeys) -> Result<(), SealError> {
    let Draft { aggregate_type, aggregate_id, sequence, payload, metadata, .. } = draft;
    let place = Place { aggregate_type, aggregate_id, sequence: *sequence };
    *payload = seal_payload(payload, place, keys)?;
    if let (Some(id), Some(ip)) = (ip_key(metadata), metadata.get_mut(metadata::IP)) {
        let key = keys.get(&id).copied().flatten();
        let sealed = key
            .map(|key| key.seal(place.aad(metadata::IP).as_bytes(), ip.as_bytes().to_vec()))
            .transpose()?;
        *ip = sealed.map(|sealed| BASE64.encode(sealed)).unwrap_or_default();
    }
    Ok(())
}

/// A payload with its personal data sealed; what has no key any more is left as erased.
pub(super) fn seal_payload(payload: &str, place: Place<'_>, keys: &DataKeys) -> Result<String, SealError> {
    rewrite(payload, place, |sealed, object, aad| {
        let Some(clear) = object.clear else {
            sealed.push_str(object.text);
            return Ok(());
        };
        let key = object.id().and_then(|id| keys.get(&id).copied().flatten());
        let ciphertext = key.map(|key| key.seal(aad, clear.get().as_bytes().to_vec())).transpose()?;
        let ciphertext = ciphertext.map(|ciphertext| format!("\"{}\"", BASE64.encode(ciphertext)));
        object.put(sealed, ciphertext.as_deref().map(|ciphertext| (SEALED, ciphertext)));
        Ok(())
    })
}

/// The key of an event's ip, the actor's, if the event has an ip.
fn ip_key(metadata: &Metadata) -> Option<Uuid> {
    metadata.contains_key(metadata::IP).then(|| ip_key_of(metadata)).flatten()
}

fn ip_key_of(metadata: &Metadata) -> Option<Uuid> {
    metadata.get(metadata::ACTOR).and_then(|actor| Uuid::parse_str(actor).ok())
}
