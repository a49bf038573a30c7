//! Finds personal data in the JSON text of an event without building a tree. The log is read far more often than it is
//! written, and a tree of every payload would cost more than the rest of the reading (docs/decisions/0029).

use std::borrow::Cow;
use std::fmt::Write;

use memchr::memmem;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::SealError;

/// The name of the member that marks an object as personal data, with its quotes.
const MARK: &str = "\"$key\"";

/// The event that a ciphertext is bound to. Moved to another event or field, it does not open.
#[derive(Clone, Copy)]
pub(crate) struct SealContext<'a> {
    pub(crate) aggregate_type: &'a str,
    pub(crate) aggregate_id: &'a str,
    pub(crate) sequence: i64,
}

impl SealContext<'_> {
    pub(super) fn aad(&self, field: &str) -> String {
        format!("{}|{}|{}|{field}", self.aggregate_type, self.aggregate_id, self.sequence)
    }
}

/// A personal object as written in a payload.
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

    /// Writes the object to a payload with `member` in place of its value. Without a member it is written as erased.
    pub(super) fn put(&self, payload: &mut String, member: Option<(&str, &str)>) {
        payload.extend(["{", MARK, ":\"", self.key, "\""]);
        if let Some((name, value)) = member {
            payload.extend([",\"", name, "\":", value]);
        }
        payload.push('}');
    }
}

/// The ids of the keys of a payload's personal data, with hyphens, as this program writes them. A string that looks
/// like a mark can add an id too many.
pub(super) fn keys_in(payload: &str) -> impl Iterator<Item = Uuid> {
    memmem::find_iter(payload.as_bytes(), MARK).filter_map(|at| {
        let id = payload[at + MARK.len()..].trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        Uuid::parse_str(id.get(..36)?).ok()
    })
}

/// Copies a payload and lets `put` write the replacement of each personal object. `put` gets the associated data that
/// binds the object to its event and path.
///
/// # Errors
/// [`SealError::Forged`] when an object is marked as personal in a form that this program does not write: it must not
/// pass for erased.
pub(super) fn rewrite(
    payload: &str,
    context: SealContext<'_>,
    mut put: impl FnMut(&mut String, &Object<'_>, &[u8]) -> Result<(), SealError>,
) -> Result<String, SealError> {
    let mut rewritten = String::with_capacity(payload.len());
    let (mut pointer, mut copied) = (Pointer::new(context), 0);
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

/// The reading position in a payload, as a JSON pointer. The pointer is part of the associated data of a ciphertext.
struct Pointer<'a> {
    at: usize,
    nesting: Vec<Nesting<'a>>,
    aad: String,
    context_length: usize,
}

/// The objects and arrays around the reading position, outermost first.
enum Nesting<'a> {
    Object { start: usize, name: Cow<'a, str> },
    Array { index: usize },
}

impl<'a> Pointer<'a> {
    fn new(context: SealContext<'_>) -> Self {
        let aad = context.aad("");
        Self { at: 0, nesting: Vec::new(), context_length: aad.len(), aad }
    }

    /// Reads on to the next personal object and returns its start; none at the end.
    fn find_personal(&mut self, payload: &'a str) -> Option<usize> {
        while let Some(byte) = payload.as_bytes().get(self.at) {
            match byte {
                b'{' => self.nesting.push(Nesting::Object { start: self.at, name: Cow::Borrowed("") }),
                b'[' => self.nesting.push(Nesting::Array { index: 0 }),
                b'}' | b']' => drop(self.nesting.pop()),
                b',' => {
                    if let Some(Nesting::Array { index }) = self.nesting.last_mut() {
                        *index += 1;
                    }
                }
                b'"' => {
                    let text = string_at(payload, self.at)?;
                    self.at += text.len();
                    if let Some(start) = self.take_string(text, &payload[self.at..]) {
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

    /// Handles a string that was read. A name becomes the last step of the pointer, or marks the object around it as
    /// personal: then the start of that object is returned.
    fn take_string(&mut self, text: &'a str, rest: &str) -> Option<usize> {
        let is_name = rest.trim_ascii_start().starts_with(':');
        let Some(Nesting::Object { start, name }) = self.nesting.last_mut().filter(|_| is_name) else {
            return None;
        };
        if text != MARK {
            *name = unquoted(text);
            return None;
        }
        let start = *start;
        self.nesting.pop();
        Some(start)
    }

    /// The associated data: the event and the path within it.
    fn aad(&mut self) -> &str {
        self.aad.truncate(self.context_length);
        for step in &self.nesting {
            self.aad.push('/');
            match step {
                Nesting::Object { name, .. } => self.aad.push_str(name),
                Nesting::Array { index } => drop(write!(self.aad, "{index}")),
            }
        }
        &self.aad
    }
}

/// The string that begins at a quote, quotes included; none if the text ends first.
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
    use domain::personal::KEY;

    use super::*;

    #[test]
    fn the_mark_is_the_name_that_personal_data_has() {
        assert_eq!(MARK, format!("\"{KEY}\""));
    }
}
