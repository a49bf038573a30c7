//! Seals the personal data in the JSON of new events.

use std::collections::hash_map::Entry;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::personal::SEALED;
use uuid::Uuid;

use super::append::{Draft, Metadata, metadata};
use super::keys::{DataKeys, Keys, NewKey, SealError};
use super::personal::{SealContext, keys_in, rewrite};

/// Seals the personal data of `drafts` in place and returns the keys that must be committed with them.
pub(super) async fn seal_drafts(keys: &Keys, drafts: &mut [Draft]) -> Result<Vec<NewKey>, SealError> {
    let (mut needed, mut fresh) = (Vec::new(), Vec::new());
    for draft in &*drafts {
        let own = (draft.sequence == 1).then(|| Uuid::parse_str(&draft.aggregate_id).ok()).flatten();
        for id in keys_in(&draft.payload) {
            // The first event of a stream is the first under the stream's own key, so a look-up would only cost a round
            // trip.
            if Some(id) == own { fresh.push(id) } else { needed.push(id) }
        }
        // The actor's key is looked up: the stream of an inbox has the id of its user, whose key is older.
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
    let context = SealContext { aggregate_type, aggregate_id, sequence: *sequence };
    *payload = seal_payload(payload, context, keys)?;
    if let (Some(id), Some(ip)) = (ip_key(metadata), metadata.get_mut(metadata::IP)) {
        let key = keys.get(&id).copied().flatten();
        let sealed = key
            .map(|key| key.seal(context.aad(metadata::IP).as_bytes(), ip.as_bytes().to_vec()))
            .transpose()?;
        *ip = sealed.map(|sealed| BASE64.encode(sealed)).unwrap_or_default();
    }
    Ok(())
}

/// The payload with its personal data sealed. An object whose key was destroyed is left as erased.
pub(super) fn seal_payload(
    payload: &str,
    context: SealContext<'_>,
    keys: &DataKeys,
) -> Result<String, SealError> {
    rewrite(payload, context, |sealed, object, aad| {
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

/// The key that seals an event's IP address: the actor's. None if the event has no address.
fn ip_key(metadata: &Metadata) -> Option<Uuid> {
    metadata.contains_key(metadata::IP).then(|| ip_key_of(metadata)).flatten()
}

fn ip_key_of(metadata: &Metadata) -> Option<Uuid> {
    metadata.get(metadata::ACTOR).and_then(|actor| Uuid::parse_str(actor).ok())
}
