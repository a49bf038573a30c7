//! A strict JSON parser: a repeated member is a fault instead of a silent choice between two values.
//!
//! Parsing takes time in proportion to the body and memory in proportion to its values, whose number is bounded. Apart
//! from its value, nothing is formatted or stored for a member or an element.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{Fault, Faults, Reason, pointer_to};

/// The largest number of values in a body, objects and lists included: twice the longest list of any endpoint (10,000).
/// An object with one member takes some 700 bytes of memory for six bytes of body.
pub const VALUES_MAX: usize = 20_000;

/// Parses a body as JSON and adds repeated members to `faults`.
///
/// # Errors
/// The reason why the body is not JSON.
pub(super) fn parse(bytes: &[u8], faults: &mut Faults) -> Result<Value, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let body = Body::default();
    let seed = Strict { body: &body, path: Path::Root };
    let read = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    if body.values.get() > VALUES_MAX {
        return Err(Reason::TooManyValues { max: VALUES_MAX });
    }
    body.doubles.into_inner().into_vec().into_iter().for_each(|double| faults.add(double));
    read.map_err(reason)
}

/// serde_json stops at 128 levels and reports it only in its message.
fn reason(error: serde_json::Error) -> Reason {
    if error.to_string().starts_with("recursion limit exceeded") {
        return Reason::TooDeep;
    }
    Reason::NotJson { line: error.line(), column: error.column() }
}

/// What the parser counts over the whole body.
#[derive(Default)]
struct Body {
    values: Cell<usize>,
    doubles: RefCell<Faults>,
}

/// A value's path, borrowed from the parser's stack: a JSON pointer is only written for a fault.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Member(&'p Path<'p>, &'p str),
    Element(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => pointer_to(&parent.pointer(), name),
            Self::Element(parent, index) => pointer_to(&parent.pointer(), &index.to_string()),
        }
    }
}

/// Parses the value at a path.
struct Strict<'a> {
    body: &'a Body,
    path: Path<'a>,
}

impl Strict<'_> {
    fn at<'p>(&'p self, path: Path<'p>) -> Strict<'p> {
        Strict { body: self.body, path }
    }

    /// Counts a value that begins here. [`parse`] recognizes the error by the count.
    fn count<E: Error>(&self) -> Result<(), E> {
        let values = self.body.values.get() + 1;
        self.body.values.set(values);
        if values > VALUES_MAX { Err(E::custom("too many values")) } else { Ok(()) }
    }

    fn is_repeated(&self, name: &str) {
        let mut doubles = self.body.doubles.borrow_mut();
        if !doubles.is_full() {
            doubles.add(Fault::in_body(Path::Member(&self.path, name).pointer(), Reason::DuplicateField));
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count()?;
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
            elements.next_element_seed(self.at(Path::Element(&self.path, values.len())))?
        {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.at(Path::Member(&self.path, &name)))?;
            if object.contains_key(&name) {
                self.is_repeated(&name);
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::POINTER_BYTES_MAX;

    fn faults(text: &str) -> Vec<Fault> {
        let mut faults = Faults::default();
        parse(text.as_bytes(), &mut faults).unwrap();
        faults.into_vec()
    }

    #[test]
    fn a_repeated_member_is_a_fault_with_its_pointer() {
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
    fn many_repeated_members_are_reported_up_to_a_bound_by_readable_pointers() {
        let name = "ñ".repeat(1_000);
        let members = vec![r#""":0"#; 1_000].join(",");
        let found = faults(&format!(r#"{{"{name}":{{{members}}}}}"#));
        assert_eq!(found.len(), 100);
        assert!(found.iter().all(|fault| fault.pointer.len() < 2 * POINTER_BYTES_MAX));
        assert!(found[0].pointer.starts_with("/ñ") && found[0].pointer.ends_with('…'));
    }

    #[test]
    fn the_number_of_values_is_bounded_in_every_shape() {
        let read = |text: &str| parse(text.as_bytes(), &mut Faults::default());
        let list = |count: usize| format!("[{}]", vec!["0"; count].join(","));
        assert!(read(&list(VALUES_MAX - 1)).is_ok());
        let too_many = Err(Reason::TooManyValues { max: VALUES_MAX });
        assert_eq!(read(&list(VALUES_MAX)), too_many);
        assert_eq!(read(&format!("[{}]", vec!["[[]]"; VALUES_MAX / 2].join(","))), too_many);
        assert_eq!(read(&format!("{{{}}}", vec![r#""a":0"#; VALUES_MAX].join(","))), too_many);
    }

    #[test]
    fn values_are_the_same_as_without_the_check() {
        let text = r#"{"a":[1,-2,3.5,true,null,"ñ\n"],"b":{}}"#;
        let strict = parse(text.as_bytes(), &mut Faults::default()).unwrap();
        assert_eq!(strict, serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_json_error_is_reported_with_line_and_column() {
        let refused = |bytes: &[u8]| parse(bytes, &mut Faults::default()).unwrap_err();
        assert_eq!(refused(b"{\n\"a\": }"), Reason::NotJson { line: 2, column: 6 });
        assert_eq!(refused(b"\"\xff\""), Reason::NotUtf8);
        assert_eq!(refused("[".repeat(5_000).as_bytes()), Reason::TooDeep);
        for text in ["", "{} {}", "{\"a\":\"\\ud800\"}", "[1e999]", "{'a':1}", "NaN"] {
            assert!(matches!(refused(text.as_bytes()), Reason::NotJson { .. }), "{text}");
        }
    }
}
