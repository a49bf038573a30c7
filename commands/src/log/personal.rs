//! Where personal data stands in the JSON of an event, found in the text itself: a log is read far more often than
//! written, and a tree of every payload would cost more than all else that is done with it.

use std::borrow::Cow;
use std::fmt::Write;

use domain::personal::KEY;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::SealError;

/// The member that marks an object as personal data, as it stands in the text.
const MARK: &str = "\"$key\"";

/// What a ciphertext belongs to: moved to another event or field, it does not open.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) aggregate_type: &'a str,
    pub(crate) aggregate_id: &'a str,
    pub(crate) sequence: i64,
}

impl Place<'_> {
    pub(super) fn aad(&self, field: &str) -> String {
        format!("{}|{}|{}|{field}", self.aggregate_type, self.aggregate_id, self.sequence)
    }
}

/// Personal data as it stands in a payload.
#[derive(Deserialize)]
pub(super) struct Object<'a> {
    #[serde(skip)]
    pub(super) text: &'a str,
    #[serde(rename = "$key")]
    pub(super) key: &'a str,
    #[serde(borrow, default, deserialize_with = "even_null")]
    pub(super) clear: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) sealed: Option<&'a str>,
}

fn even_null<'de, D: Deserializer<'de>>(value: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

impl Object<'_> {
    /// The key's id.
    pub(super) fn id(&self) -> Option<Uuid> {
        Uuid::parse_str(self.key).ok()
    }

    /// Puts the object into a payload with another member than it had; without one, as erased.
    pub(super) fn put(&self, payload: &mut String, member: Option<(&str, &str)>) {
        let _ = write!(payload, "{{\"{KEY}\":\"{}\"", self.key);
        if let Some((name, value)) = member {
            let _ = write!(payload, ",\"{name}\":{value}");
        }
        payload.push('}');
    }
}

/// The ids of the keys that a payload's personal data is under, written as we write them, with hyphens. Text that only
/// looks like it gives too many.
pub(super) fn keys_in(payload: &str) -> impl Iterator<Item = Uuid> {
    payload.match_indices(MARK).filter_map(|(at, _)| {
        let id = payload[at + MARK.len()..].trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        Uuid::parse_str(id.get(..36)?).ok()
    })
}

/// A payload in which `put` wrote what stands for each personal object, given what binds it to its place.
///
/// # Errors
/// [`SealError::Forged`] when something is marked as personal and not what we write: it must not pass for erased.
pub(super) fn rewrite(
    payload: &str,
    place: Place<'_>,
    mut put: impl FnMut(&mut String, &Object<'_>, &[u8]) -> Result<(), SealError>,
) -> Result<String, SealError> {
    let mut rewritten = String::with_capacity(payload.len());
    let (mut pointer, mut copied) = (Pointer::new(place), 0);
    while let Some(start) = pointer.find_personal(payload) {
        let mut objects = serde_json::Deserializer::from_str(&payload[start..]).into_iter();
        let object: Object<'_> = objects.next().and_then(Result::ok).ok_or(SealError::Forged)?;
        let end = start + objects.byte_offset();
        rewritten.push_str(payload.get(copied..start).ok_or(SealError::Forged)?);
        put(&mut rewritten, &Object { text: &payload[start..end], ..object }, pointer.aad().as_bytes())?;
        (pointer.at, copied) = (end, end);
    }
    rewritten.push_str(&payload[copied..]);
    Ok(rewritten)
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
    use super::*;

    #[test]
    fn the_mark_is_the_name_that_personal_data_has() {
        assert_eq!(MARK, format!("\"{KEY}\""));
    }
}
