//! URLs with placeholders in their paths and queries. What stands in a value cannot leave its place.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::pattern::{Field, Part, Pattern, Values};
use crate::provider::sms::settings::http_url;

/// What stands as it is in a path and in a query (RFC 3986 2.3).
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Stands for a value where only the address is asked for.
const ANY_VALUE: &str = "0";

/// The address with any values, for those who ask where the API is.
///
/// # Errors
/// It is no URL of HTTP, or a placeholder stands where it could lead elsewhere: before the path, or in a path for a text,
/// which could be `..`.
pub(super) fn address(pattern: &Pattern) -> Result<Url, &'static str> {
    let mut before = String::new();
    for part in pattern.parts() {
        match part {
            Part::Literal(literal) => before.push_str(literal),
            Part::Field(field) if may_stand_after(&before, *field) => before.push_str(ANY_VALUE),
            Part::Field(_) => {
                return Err(
                    "has a placeholder before its path or after #, or {text} before its question mark",
                );
            }
        }
    }
    http_url(&before).ok_or("must begin with https:// or http://")
}

fn may_stand_after(before: &str, field: Field) -> bool {
    let has_path = before.split_once("://").is_some_and(|(_, rest)| rest.contains(['/', '?']));
    let is_in_place = field != Field::Text || before.contains('?');
    has_path && is_in_place && !before.contains('#')
}

/// The URL with the values of one message; a value that is missing is empty.
pub(super) fn filled(pattern: &Pattern, values: &impl Values) -> Option<Url> {
    http_url(&pattern.fill(&Encoded(values))?)
}

struct Encoded<'a, V>(&'a V);

impl<V: Values> Values for Encoded<'_, V> {
    fn of(&self, field: Field) -> Option<Cow<'_, str>> {
        let value = self.0.of(field).unwrap_or_default();
        Some(utf8_percent_encode(&value, &ENCODED).to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ana;

    impl Values for Ana {
        fn of(&self, field: Field) -> Option<Cow<'_, str>> {
            match field {
                Field::To => Some("+573001234567".into()),
                Field::Text => Some("a/b?c=d&e#f ñ%".into()),
                Field::CallbackUrl => None,
                _ => Some("x".into()),
            }
        }
    }

    fn pattern(text: &str) -> Pattern {
        Pattern::try_from(text.to_owned()).expect("a pattern")
    }

    #[test]
    fn no_value_leaves_its_place_in_a_url() {
        let url = filled(&pattern("https://h.test/v1/{to}?t={text}&u={callback_url}&a={account}"), &Ana);
        let url = url.expect("a URL");
        assert_eq!(url.path(), "/v1/%2B573001234567");
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let expected = [("t", "a/b?c=d&e#f ñ%"), ("u", ""), ("a", "x")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(url.fragment(), None);
    }

    #[test]
    fn an_address_leads_to_one_host_whatever_the_values() {
        let address = |text: &str| address(&pattern(text)).map(|url| url.host_str().map(str::to_owned));
        for good in ["http://h.test", "https://h.test/{account}/sms", "https://h.test?to={to}&t={text}"] {
            assert_eq!(address(good), Ok(Some("h.test".to_owned())), "{good}");
        }
        for wrong in [
            "ftp://h.test",
            "{account}://h.test/",
            "https://{account}.h.test/",
            "https://h.test{to}/",
            "https://h.test/{text}",
            "https://h.test/?a=b#{to}",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
