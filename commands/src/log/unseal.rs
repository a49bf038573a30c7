//! Personal data of stored events out of ciphertext, in the text itself: a log is read far more often than written, and
//! a tree of every payload would cost more than all else that is done with it.

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::personal::{CLEAR, KEY};
use serde::Deserialize;
use uuid::Uuid;

use super::SealError;
use super::seal::{Keys, Place};

/// The member that marks an object as personal data, as it stands in the text.
const MARK: &str = "\"$key\"";

/// The ids of the keys that a payload's personal data is under, written as we write them, with hyphens. Text that only
/// looks like it gives too many.
pub(super) fn keys_in(payload: &str) -> impl Iterator<Item = Uuid> {
    payload.match_indices(MARK).filter_map(|(at, _)| {
        let id = payload[at + MARK.len()..].trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        Uuid::parse_str(id.get(..36)?).ok()
    })
}

/// A payload with its personal data clear; what has no key any more is left as erased.
///
/// # Errors
/// [`SealError::Forged`] when something does not open under its key, or is marked as personal and not what we write: it
/// must not pass for erased.
pub(super) fn open_payload(payload: &str, place: Place<'_>, keys: &Keys) -> Result<String, SealError> {
    let mut opened = String::with_capacity(payload.len());
    let (mut pointer, mut copied) = (Pointer::new(place), 0);
    while let Some(start) = pointer.find_personal(payload) {
        let mut objects = serde_json::Deserializer::from_str(&payload[start..]).into_iter();
        let object: Object<'_> = objects.next().and_then(Result::ok).ok_or(SealError::Forged)?;
        let end = start + objects.byte_offset();
        opened.push_str(payload.get(copied..start).ok_or(SealError::Forged)?);
        match object.sealed {
            Some(sealed) => open_object(&mut opened, object.key, sealed, &mut pointer, keys)?,
            None => opened.push_str(&payload[start..end]),
        }
        (pointer.at, copied) = (end, end);
    }
    opened.push_str(&payload[copied..]);
    Ok(opened)
}

/// Personal data as it is stored.
#[derive(Deserialize)]
struct Object<'a> {
    #[serde(rename = "$key")]
    key: &'a str,
    #[serde(default)]
    sealed: Option<&'a str>,
}

fn open_object(
    opened: &mut String,
    key: &str,
    sealed: &str,
    pointer: &mut Pointer<'_>,
    keys: &Keys,
) -> Result<(), SealError> {
    let _ = write!(opened, "{{\"{KEY}\":\"{key}\"");
    let data_key = Uuid::parse_str(key).ok().and_then(|id| keys.get(&id).copied().flatten());
    if let Some(data_key) = data_key {
        let mut sealed = BASE64.decode(sealed).map_err(|_| SealError::Forged)?;
        let clear = data_key.open(pointer.aad().as_bytes(), &mut sealed)?;
        let clear = std::str::from_utf8(clear).map_err(|_| SealError::Forged)?;
        let _ = write!(opened, ",\"{CLEAR}\":{clear}");
    }
    opened.push('}');
    Ok(())
}

/// Where in a payload the reading is, as a JSON pointer: part of what a ciphertext is bound to.
struct Pointer<'a> {
    at: usize,
    inside: Vec<Inside<'a>>,
    aad: String,
    place_length: usize,
}

/// What the reading is inside of, outermost first.
enum Inside<'a> {
    Object { start: usize, name: Cow<'a, str> },
    Array { index: usize },
}

impl<'a> Pointer<'a> {
    fn new(place: Place<'_>) -> Self {
        let aad = place.aad("");
        Self { at: 0, inside: Vec::new(), place_length: aad.len(), aad }
    }

    /// Reads on until an object turns out to be personal, and says where it starts; none at the end.
    fn find_personal(&mut self, payload: &'a str) -> Option<usize> {
        while let Some(byte) = payload.as_bytes().get(self.at) {
            match byte {
                b'{' => self.inside.push(Inside::Object { start: self.at, name: Cow::Borrowed("") }),
                b'[' => self.inside.push(Inside::Array { index: 0 }),
                b'}' | b']' => drop(self.inside.pop()),
                b',' => {
                    if let Some(Inside::Array { index }) = self.inside.last_mut() {
                        *index += 1;
                    }
                }
                b'"' => {
                    let text = string_at(payload, self.at)?;
                    self.at += text.len();
                    if let Some(start) = self.pass(text, &payload[self.at..]) {
                        return Some(start);
                    }
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        None
    }

    /// A string was read; if it is a name, it is the next step of the pointer, or marks the object around it as personal.
    fn pass(&mut self, text: &'a str, rest: &str) -> Option<usize> {
        let is_name = rest.trim_ascii_start().starts_with(':');
        let Some(Inside::Object { start, name }) = self.inside.last_mut().filter(|_| is_name) else {
            return None;
        };
        if text != MARK {
            *name = unquoted(text);
            return None;
        }
        let start = *start;
        self.inside.pop();
        Some(start)
    }

    /// The place and the way to here.
    fn aad(&mut self) -> &str {
        self.aad.truncate(self.place_length);
        for step in &self.inside {
            let _ = match step {
                Inside::Object { name, .. } => write!(self.aad, "/{name}"),
                Inside::Array { index } => write!(self.aad, "/{index}"),
            };
        }
        &self.aad
    }
}

/// The string that begins at a quote, with its quotes; none if it does not end.
fn string_at(payload: &str, start: usize) -> Option<&str> {
    let bytes = payload.as_bytes();
    let mut at = start + 1;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        if bytes[at] == b'"' {
            return payload.get(start..=at);
        }
        at += 2;
    }
}

fn unquoted(text: &str) -> Cow<'_, str> {
    let bare = &text[1..text.len() - 1];
    if bare.contains('\\') {
        serde_json::from_str(text).map_or(Cow::Borrowed(bare), Cow::Owned)
    } else {
        Cow::Borrowed(bare)
    }
}

#[cfg(test)]
mod tests {
    use domain::personal::SEALED;
    use serde_json::{Value, json};

    use super::*;
    use crate::log::keyring::DataKey;
    use crate::log::seal::seal_payload;

    const PLACE: Place<'_> = Place { aggregate_type: "client", aggregate_id: "a", sequence: 3 };
    const ANA: Uuid = Uuid::from_u128(1);
    const LUIS: Uuid = Uuid::from_u128(2);

    fn keys() -> Keys {
        Keys::from([(ANA, Some(DataKey::of([1; 32]))), (LUIS, Some(DataKey::of([2; 32])))])
    }

    fn personal(key: Uuid, clear: impl Into<Value>) -> Value {
        json!({ KEY: key, CLEAR: clear.into() })
    }

    fn sealed(clear: &Value) -> Value {
        let mut payload = clear.clone();
        seal_payload(&mut payload, PLACE, &keys()).expect("it seals");
        payload
    }

    fn opened(payload: &str, keys: &Keys) -> Value {
        serde_json::from_str(&open_payload(payload, PLACE, keys).expect("it opens")).expect("it is JSON")
    }

    fn payload() -> Value {
        json!({ "Told": {
            "name": personal(ANA, "Ñandú \"¿qué?\" {[,:"),
            "né\"e": personal(ANA, json!({ "street": ["a", null, 1.5] })),
            "to": [[], [1, personal(LUIS, Value::Null)], { "n": "a,b]}", "who": personal(LUIS, json!([])) }],
            "text": "\\\"$key\\\": {", "$keys": { "x": personal(ANA, -7) }, "n": 12345678901234567890_u64,
        }})
    }

    #[test]
    fn the_mark_is_the_name_that_personal_data_has() {
        assert_eq!(MARK, format!("\"{KEY}\""));
    }

    #[test]
    fn what_was_sealed_opens_wherever_it_stands() {
        let sealed = sealed(&payload());
        assert_eq!(sealed.to_string().matches(SEALED).count(), 5);
        assert_eq!(opened(&sealed.to_string(), &keys()), payload());
        assert_eq!(opened(&serde_json::to_string_pretty(&sealed).unwrap(), &keys()), payload());
    }

    #[test]
    fn all_its_keys_are_found_in_text_of_any_layout() {
        let sealed = sealed(&payload());
        for text in [sealed.to_string(), serde_json::to_string_pretty(&sealed).unwrap()] {
            let mut found: Vec<_> = keys_in(&text).collect();
            found.sort_unstable();
            assert_eq!(found, [ANA, ANA, ANA, LUIS, LUIS]);
        }
        assert_eq!(keys_in(r#"{"$key": 1, "a": "$key", "b": "\"$key\":\"x", "$key"#).count(), 0);
    }

    #[test]
    fn a_destroyed_key_leaves_what_it_sealed_erased_and_the_rest_clear() {
        let mut keys = keys();
        keys.insert(LUIS, None);
        let opened = opened(&sealed(&payload()).to_string(), &keys);
        assert_eq!(opened["Told"]["name"], payload()["Told"]["name"]);
        assert_eq!(opened["Told"]["to"][1][1], json!({ KEY: LUIS }));
    }

    #[test]
    fn moved_to_another_place_it_does_not_open() {
        let sealed = sealed(&json!({ "a": personal(ANA, "x"), "b": [personal(ANA, "y"), 1] })).to_string();
        let elsewhere = Place { sequence: 4, ..PLACE };
        let swapped = sealed.replace("\"a\"", "\"c\"");
        assert!(matches!(open_payload(&sealed, elsewhere, &keys()), Err(SealError::Forged)));
        assert!(matches!(open_payload(&swapped, PLACE, &keys()), Err(SealError::Forged)));
        assert!(open_payload(&sealed, PLACE, &keys()).is_ok());
    }

    #[test]
    fn the_mark_need_not_come_first_and_clear_data_stays_as_it_is() {
        let sealed = sealed(&personal(ANA, "x"));
        let turned = format!("{{\"{SEALED}\": {}, \"more\": [{{}}], \"{KEY}\": \"{ANA}\"}}", sealed[SEALED]);
        assert_eq!(opened(&turned, &keys()), personal(ANA, "x"));
        assert_eq!(opened(&payload().to_string(), &keys()), payload());
    }

    #[test]
    fn text_that_is_no_json_comes_back_for_the_decoder_to_refuse() {
        for text in ["", "{", "]]", "\"", "\"\\", "[,,{\"key\" : \"", "\"é\\u12", "nul", "{\"$key\""] {
            assert_eq!(open_payload(text, PLACE, &keys()).expect("nothing is forged"), text);
            assert_eq!(keys_in(text).count(), 0);
        }
    }

    #[test]
    fn what_is_marked_as_personal_and_not_as_we_write_it_is_forged() {
        let inner = sealed(&personal(ANA, "x"));
        for text in [
            "{\"$key\":".to_owned(),
            "{\"$key\":}".to_owned(),
            "{\"$key\": 1}".to_owned(),
            "{\"$key\": \"a\", \"sealed\": 1}".to_owned(),
            format!("{{\"a\": {inner}, \"{KEY}\": \"{ANA}\"}}"),
        ] {
            let outcome = open_payload(&text, PLACE, &keys());
            assert!(matches!(outcome, Err(SealError::Forged)), "{text}: {outcome:?}");
        }
    }

    #[test]
    fn what_was_tampered_with_is_forged() {
        let text = |sealed: &str| json!({ KEY: ANA, SEALED: sealed }).to_string();
        for forged in ["", "AAAA", "no base64", &BASE64.encode([7; 40])] {
            assert!(matches!(open_payload(&text(forged), PLACE, &keys()), Err(SealError::Forged)));
        }
    }
}
