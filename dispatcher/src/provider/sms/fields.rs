//! The fields of an answer or a report in JSON, as far as they can be read: providers write numbers as strings and strings
//! as numbers.

use std::borrow::Cow;

use serde_json::Value;

/// The longest reference that is kept, in characters.
const REFERENCE_MAX: usize = 200;

/// The most characters of a number that is read as one. Every integer of so many fits in 64 bits.
const NUMBER_MAX: usize = 18;

/// The body as JSON; null where it is none. Other charsets than UTF-8 are read as far as they are ASCII, as keys, codes
/// and references are. A long number is read as a text, since an id must be kept to the digit.
pub(super) fn json(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(&with_long_numbers_in_quotes(text)).unwrap_or_default()
}

fn with_long_numbers_in_quotes(text: &str) -> Cow<'_, str> {
    let (mut quoted, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(found) = text[at..].find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        let start = at + found;
        at = start + token(&text[start..]);
        let number = &text[start..at];
        let is_exact = number.len() <= NUMBER_MAX && !number.contains(['e', 'E']);
        if !number.starts_with('"') && !is_exact {
            quoted.extend([&text[copied..start], "\"", number, "\""]);
            copied = at;
        }
    }
    if copied == 0 {
        return text.into();
    }
    quoted.push_str(&text[copied..]);
    quoted.into()
}

/// The length of the text in quotes, or of the number, that a document goes on with.
fn token(rest: &str) -> usize {
    if !rest.starts_with('"') {
        let is_of_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
        return rest.find(|c| !is_of_number(c)).unwrap_or(rest.len());
    }
    let mut is_escaped = false;
    let end = rest.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(rest.len(), |end| end + 2)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(document: &str) -> Option<String> {
        json(document.as_bytes()).get("id").and_then(word)
    }

    #[test]
    fn an_id_that_is_a_number_is_kept_to_the_digit_however_long_it_is() {
        for digits in ["7", "18446744073709551615", "18446744073709551616", "123456789012345678901234567890"]
        {
            for document in [format!(r#"{{"id":{digits}}}"#), format!("{{ \"id\" : {digits}\n}}")] {
                assert_eq!(id(&document).as_deref(), Some(digits), "{document}");
            }
        }
        assert_eq!(id(r#"{"n":1e999,"id":-12345678901234567890}"#).as_deref(), Some("-12345678901234567890"));
    }

    #[test]
    fn what_stands_in_quotes_stays_as_it_is() {
        let text = r#"\" 12345678901234567890 \\"#;
        let document = json!({"id": text, "12345678901234567890": [1.5, -2, true, null], "ñ": "é1e5"});
        assert_eq!(json(document.to_string().as_bytes()), document);
        for broken in ["", "\"", "\"\\", "12345678901234567890", "{\"id\":1234567890123456789012", "-", "\"ñ"]
        {
            let _ = json(broken.as_bytes());
        }
    }
}
