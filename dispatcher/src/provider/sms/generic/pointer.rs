//! Where a field stands in a JSON document (RFC 6901).

use serde::Deserialize;
use serde_json::Value;

use crate::provider::sms::fields::word;

/// A JSON pointer to one field, such as `/data/0/id`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pointer(String);

impl Pointer {
    /// The string or number there; none if there is neither, or an empty one.
    pub(super) fn word(&self, document: &Value) -> Option<String> {
        document.pointer(&self.0).and_then(word)
    }
}

impl TryFrom<String> for Pointer {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let escapes_are_known =
            text.split('~').skip(1).all(|after| after.starts_with('0') || after.starts_with('1'));
        if text.starts_with('/') && escapes_are_known {
            return Ok(Self(text));
        }
        Err("a JSON pointer begins with a slash, as in /data/0/id, and has ~0 for a tilde and ~1 for a slash")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_finds_a_string_or_a_number() {
        let document = json!({"data": [{"id": 7}], "a/b": " x ", "none": null, "list": []});
        let at = |pointer: &str| Pointer::try_from(pointer.to_owned()).expect("a pointer").word(&document);
        assert_eq!((at("/data/0/id").as_deref(), at("/a~1b").as_deref()), (Some("7"), Some("x")));
        for nowhere in ["/none", "/list", "/data", "/data/1/id", "/data/id", "/"] {
            assert_eq!(at(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for text in ["", "id", "data/0/id", "/a~2", "/a~", "$.id"] {
            assert!(Pointer::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
