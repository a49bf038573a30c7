//! Personal data of events into ciphertext, wherever it stands in their JSON.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::personal::{CLEAR, KEY, SEALED};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::append::{Draft, Metadata, metadata};
use super::keyring::{DataKey, Keyring, NewKey, SealError};

pub(super) type Keys = HashMap<Uuid, Option<DataKey>>;

/// What a ciphertext belongs to: moved to another event or field, it does not open.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) aggregate_type: &'a str,
    pub(super) aggregate_id: &'a str,
    pub(super) sequence: i64,
}

impl Place<'_> {
    pub(super) fn aad(&self, field: &str) -> String {
        format!("{}|{}|{}|{field}", self.aggregate_type, self.aggregate_id, self.sequence)
    }
}

/// Seals the personal data of `drafts` in place and returns the keys that must be committed with them.
pub(super) async fn seal_drafts(keyring: &Keyring, drafts: &mut [Draft]) -> Result<Vec<NewKey>, SealError> {
    let (mut needed, mut fresh) = (Vec::new(), Vec::new());
    for draft in &*drafts {
        let own = (draft.sequence == 1).then(|| Uuid::parse_str(&draft.aggregate_id).ok()).flatten();
        for id in keys_of(&draft.payload) {
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
    let mut keys = if needed.is_empty() { Keys::new() } else { keyring.find(needed.clone()).await? };
    let mut new_keys = Vec::new();
    for id in fresh.into_iter().chain(needed) {
        if let Entry::Vacant(missing) = keys.entry(id) {
            let (key, new) = keyring.create(id)?;
            missing.insert(Some(key));
            new_keys.push(new);
        }
    }
    for draft in drafts {
        seal_draft(draft, &keys)?;
    }
    Ok(new_keys)
}

fn seal_draft(draft: &mut Draft, keys: &Keys) -> Result<(), SealError> {
    let Draft { aggregate_type, aggregate_id, sequence, payload, metadata, .. } = draft;
    let place = Place { aggregate_type, aggregate_id, sequence: *sequence };
    seal_payload(payload, place, keys)?;
    if let (Some(id), Some(ip)) = (ip_key(metadata), metadata.get_mut(metadata::IP)) {
        let key = keys.get(&id).copied().flatten();
        let sealed = key
            .map(|key| key.seal(place.aad(metadata::IP).as_bytes(), ip.as_bytes().to_vec()))
            .transpose()?;
        *ip = sealed.map(|sealed| BASE64.encode(sealed)).unwrap_or_default();
    }
    Ok(())
}

pub(super) fn seal_payload(payload: &mut Value, place: Place<'_>, keys: &Keys) -> Result<(), SealError> {
    walk(payload, &mut String::new(), &mut |object, field| {
        seal_object(object, place.aad(field).as_bytes(), keys)
    })
}

/// The ids of the keys that a payload's personal data is under.
fn keys_of(payload: &Value) -> Vec<Uuid> {
    let mut ids = Vec::new();
    collect(payload, &mut ids);
    ids
}

/// The key of an event's ip, the actor's, if the event has an ip.
fn ip_key(metadata: &Metadata) -> Option<Uuid> {
    metadata.contains_key(metadata::IP).then(|| ip_key_of(metadata)).flatten()
}

fn ip_key_of(metadata: &Metadata) -> Option<Uuid> {
    metadata.get(metadata::ACTOR).and_then(|actor| Uuid::parse_str(actor).ok())
}

fn collect(value: &Value, ids: &mut Vec<Uuid>) {
    match value {
        Value::Object(object) => match key_of(object) {
            Some(id) => ids.push(id),
            None => object.values().for_each(|value| collect(value, ids)),
        },
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

fn key_of(object: &Map<String, Value>) -> Option<Uuid> {
    object.get(KEY).and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok())
}

/// Calls `visit` with every personal object and its JSON pointer.
fn walk(
    value: &mut Value,
    pointer: &mut String,
    visit: &mut impl FnMut(&mut Map<String, Value>, &str) -> Result<(), SealError>,
) -> Result<(), SealError> {
    match value {
        Value::Object(object) if object.contains_key(KEY) => visit(object, pointer),
        Value::Object(object) => {
            object.iter_mut().try_for_each(|(name, value)| descend(value, pointer, name, visit))
        }
        Value::Array(values) => values
            .iter_mut()
            .enumerate()
            .try_for_each(|(index, value)| descend(value, pointer, &index.to_string(), visit)),
        _ => Ok(()),
    }
}

fn descend(
    value: &mut Value,
    pointer: &mut String,
    step: &str,
    visit: &mut impl FnMut(&mut Map<String, Value>, &str) -> Result<(), SealError>,
) -> Result<(), SealError> {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(step);
    let outcome = walk(value, pointer, visit);
    pointer.truncate(length);
    outcome
}

fn seal_object(object: &mut Map<String, Value>, aad: &[u8], keys: &Keys) -> Result<(), SealError> {
    let Some(clear) = object.remove(CLEAR) else { return Ok(()) };
    let Some(key) = key_of(object).and_then(|id| keys.get(&id).copied().flatten()) else { return Ok(()) };
    let plain = serde_json::to_vec(&clear).map_err(|_| SealError::Failed)?;
    object.insert(SEALED.to_owned(), Value::String(BASE64.encode(key.seal(aad, plain)?)));
    Ok(())
}
