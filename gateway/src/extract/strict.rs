//! JSON as it was meant: a member named twice is a fault, not a silent choice between the two.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{Fault, Faults, Reason, pointer_to};

/// Reads a body as JSON; members that stand twice are added to `faults`.
///
/// # Errors
/// Why it cannot be read at all.
pub(super) fn parse(bytes: &[u8], faults: &mut Faults) -> Result<Value, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
    let doubles = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = Strict { pointer: String::new(), doubles: &doubles };
    let value =
        seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value)).map_err(reason)?;
    for pointer in doubles.into_inner() {
        faults.add(Fault::in_body(pointer, Reason::DuplicateField));
    }
    Ok(value)
}

/// serde_json stops at 128 levels and says so only in words.
fn reason(error: serde_json::Error) -> Reason {
    if error.to_string().starts_with("recursion limit exceeded") {
        return Reason::TooDeep;
    }
    Reason::NotJson { line: error.line(), column: error.column() }
}

struct Strict<'a> {
    pointer: String,
    doubles: &'a RefCell<Vec<String>>,
}

impl Strict<'_> {
    fn at(&self, pointer: String) -> Strict<'_> {
        Strict { pointer, doubles: self.doubles }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) =
            elements.next_element_seed(self.at(format!("{}/{}", self.pointer, values.len())))?
        {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let pointer = pointer_to(&self.pointer, &name);
            let value = members.next_value_seed(self.at(pointer.clone()))?;
            if object.insert(name, value).is_some() {
                self.doubles.borrow_mut().push(pointer);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<Fault> {
        let mut faults = Faults::default();
        parse(text.as_bytes(), &mut faults).unwrap();
        faults.into_vec()
    }

    #[test]
    fn a_member_that_stands_twice_is_a_fault_with_its_pointer() {
        let found = faults(r#"{"a": 1, "b": [{"c/d": 1, "c/d": 2}], "a": 2}"#);
        assert_eq!(
            found,
            [
                Fault::in_body("/b/0/c~1d", Reason::DuplicateField),
                Fault::in_body("/a", Reason::DuplicateField)
            ]
        );
        assert!(faults(r#"{"a": {"a": 1}, "b": {"a": 1}}"#).is_empty());
    }

    #[test]
    fn values_are_the_same_as_without_the_check() {
        let text = r#"{"a":[1,-2,3.5,true,null,"ñ\n"],"b":{}}"#;
        let strict = parse(text.as_bytes(), &mut Faults::default()).unwrap();
        assert_eq!(strict, serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn what_is_no_json_is_told_by_its_place() {
        let refused = |bytes: &[u8]| parse(bytes, &mut Faults::default()).unwrap_err();
        assert_eq!(refused(b"{\n\"a\": }"), Reason::NotJson { line: 2, column: 6 });
        assert_eq!(refused(b"\"\xff\""), Reason::NotUtf8);
        assert_eq!(refused("[".repeat(5_000).as_bytes()), Reason::TooDeep);
        for text in ["", "{} {}", "{\"a\":\"\\ud800\"}", "[1e999]", "{'a':1}", "NaN"] {
            assert!(matches!(refused(text.as_bytes()), Reason::NotJson { .. }), "{text}");
        }
    }
}
