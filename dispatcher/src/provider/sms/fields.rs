//! The fields of an answer or a report in JSON, as far as they can be read: providers write numbers as strings and strings
//! as numbers.

use serde_json::Value;

/// The longest reference that is kept, in characters.
const REFERENCE_MAX: usize = 200;

/// The body as JSON; null where it is none. Other charsets than UTF-8 are read as far as they are ASCII, as keys, codes
/// and references are.
pub(super) fn json(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default()
}

/// A string or a number, without the spaces around it. None: it is neither, or empty.
pub(super) fn word(value: &Value) -> Option<String> {
    let word = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!word.is_empty()).then_some(word)
}

/// A provider's reference as it is kept.
pub(super) fn bounded(reference: &str) -> String {
    reference.chars().filter(|c| !c.is_control()).take(REFERENCE_MAX).collect()
}
