//! Texts with placeholders, such as `Bearer {secret}`. `{{` and `}}` are braces.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    To,
    ToDigits,
    Text,
    From,
    Account,
    Secret,
    Basic,
    Reference,
    CallbackUrl,
}

impl Field {
    const ALL: [(&'static str, Self); 9] = [
        ("to", Self::To),
        ("to_digits", Self::ToDigits),
        ("text", Self::Text),
        ("from", Self::From),
        ("account", Self::Account),
        ("secret", Self::Secret),
        ("basic", Self::Basic),
        ("reference", Self::Reference),
        ("callback_url", Self::CallbackUrl),
    ];

    fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(its, _)| *its == name);
        found.map(|(_, field)| *field).ok_or_else(|| {
            let known = Self::ALL.map(|(name, _)| format!("{{{name}}}")).join(", ");
            format!("{{{name}}} is unknown; known here: {known} ({{{{ and }}}} are braces)")
        })
    }
}

/// Says what a field of one message is; none if the message has none.
pub(super) trait Values {
    fn of(&self, field: Field) -> Option<Cow<'_, str>>;
}

/// A text with placeholders. It has no `Debug`: it may hold a secret.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pattern(Vec<Part>);

/// A part of a pattern.
#[derive(Clone)]
pub(super) enum Part {
    Literal(String),
    Field(Field),
}

impl Pattern {
    /// The text with its values; none if one of them is missing.
    pub(super) fn fill(&self, values: &impl Values) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Field(field) => text.push_str(&values.of(*field)?),
            }
        }
        Some(text)
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.0
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        self.0.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Field(field) => Some(*field),
        })
    }
}

/// Errors repeat the placeholder alone: the text around it may be a secret.
impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const BRACES: &str = "has a brace without its other one; {{ and }} are braces";
        let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text.as_str());
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
                literal.push_str(&brace[..1]);
                rest = after;
                continue;
            }
            let (name, after) =
                brace.strip_prefix('{').and_then(|name| name.split_once('}')).ok_or(BRACES)?;
            parts.push(Part::Literal(std::mem::take(&mut literal)));
            parts.push(Part::Field(Field::named(name)?));
            rest = after;
        }
        literal.push_str(rest);
        parts.push(Part::Literal(literal));
        parts.retain(|part| !matches!(part, Part::Literal(literal) if literal.is_empty()));
        Ok(Self(parts))
    }
}

/// JSON whose texts are patterns. What stands in a text cannot leave it: it is filled as a tree and written then.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Value")]
pub(super) enum JsonPattern {
    Text(Pattern),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    Other(Value),
}

impl TryFrom<Value> for JsonPattern {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        Ok(match value {
            Value::String(text) => Self::Text(Pattern::try_from(text)?),
            Value::Array(items) => {
                Self::List(items.into_iter().map(Self::try_from).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| Ok((name, Self::try_from(value)?)));
                Self::Object(fields.collect::<Result<_, String>>()?)
            }
            other => Self::Other(other),
        })
    }
}

impl JsonPattern {
    /// The document with its values. A text that misses one is left out of its list or object.
    pub(super) fn fill(&self, values: &impl Values) -> Option<Value> {
        Some(match self {
            Self::Text(pattern) => Value::String(pattern.fill(values)?),
            Self::List(items) => items.iter().filter_map(|item| item.fill(values)).collect(),
            Self::Object(fields) => {
                let filled =
                    fields.iter().filter_map(|(name, field)| Some((name.clone(), field.fill(values)?)));
                Value::Object(filled.collect::<Map<_, _>>())
            }
            Self::Other(other) => other.clone(),
        })
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        match self {
            Self::Text(pattern) => pattern.fields().collect(),
            Self::List(items) => items.iter().flat_map(Self::fields).collect(),
            Self::Object(fields) => fields.iter().flat_map(|(_, field)| field.fields()).collect(),
            Self::Other(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Ana;

    impl Values for Ana {
        fn of(&self, field: Field) -> Option<Cow<'_, str>> {
            Some(match field {
                Field::To => "+573001234567".into(),
                Field::Text => "\"hola\", \\ {secret}\n".into(),
                Field::CallbackUrl => return None,
                _ => "x".into(),
            })
        }
    }

    fn filled(text: &str) -> Option<String> {
        Pattern::try_from(text.to_owned()).expect("a pattern").fill(&Ana)
    }

    #[test]
    fn a_placeholder_is_filled_once_and_two_braces_are_one() {
        assert_eq!(filled("to {to}!{{{from}}}").as_deref(), Some("to +573001234567!{x}"));
        assert_eq!(filled("{text}").as_deref(), Some("\"hola\", \\ {secret}\n"), "values are no patterns");
        assert_eq!((filled("").as_deref(), filled("plain").as_deref()), (Some(""), Some("plain")));
        assert_eq!(filled("see {callback_url}"), None);
    }

    #[test]
    fn what_is_no_pattern_is_refused_without_its_text() {
        for text in
            ["hunter2 {nobody}", "hunter2 {", "hunter2 }", "hunter2 {to", "hunter2 {to}}", "hunter2 { to }"]
        {
            let problem = Pattern::try_from(text.to_owned()).err().expect("it is refused");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
        let problem = Pattern::try_from("{nobody}".to_owned()).err().expect("it is refused");
        assert!(problem.contains("{nobody} is unknown") && problem.contains("{to_digits}"), "{problem}");
    }

    #[test]
    fn a_text_cannot_leave_its_place_in_a_document() {
        let pattern =
            json!({"to": ["{to}"], "n": 1, "text": "{text}", "url": "{callback_url}", "b": [true, null]});
        let pattern = JsonPattern::try_from(pattern).expect("a pattern");
        let expected =
            json!({"to": ["+573001234567"], "n": 1, "text": "\"hola\", \\ {secret}\n", "b": [true, null]});
        assert_eq!(pattern.fill(&Ana), Some(expected));
    }
}
