//! JSON as it was meant: a member named twice is a fault, not a silent choice between the two.
//!
//! Reading costs time in proportion to the body, and memory in proportion to its values, whose number has a bound:
//! nothing is formatted or kept for a member or an element but its value.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{Fault, Faults, Reason, pointer_to};

/// How many values a body may have, objects and lists included: twice the longest list that any endpoint takes (10,000).
/// An object with one member takes some 700 bytes of memory for the six that it has in the body.
pub const VALUES_MAX: usize = 20_000;

/// Reads a body as JSON; members that stand twice are added to `faults`.
///
/// # Errors
/// Why it cannot be read at all.
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

/// serde_json stops at 128 levels and says so only in words.
fn reason(error: serde_json::Error) -> Reason {
    if error.to_string().starts_with("recursion limit exceeded") {
        return Reason::TooDeep;
    }
    Reason::NotJson { line: error.line(), column: error.column() }
}

/// What is known of the body as a whole while it is read.
#[derive(Default)]
struct Body {
    values: Cell<usize>,
    doubles: RefCell<Faults>,
}

/// Where a value stands, borrowed from what is being read: a pointer is written only for a fault.
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

/// Reads the value at a path.
struct Strict<'a> {
    body: &'a Body,
    path: Path<'a>,
}

impl Strict<'_> {
    fn at<'p>(&'p self, path: Path<'p>) -> Strict<'p> {
        Strict { body: self.body, path }
    }

    /// Counts the value that begins here; [`parse`] knows the error by the count.
    fn count<E: Error>(&self) -> Result<(), E> {
        let values = self.body.values.get() + 1;
        self.body.values.set(values);
        if values > VALUES_MAX { Err(E::custom("too many values")) } else { Ok(()) }
    }

    fn stands_twice(&self, name: &str) {
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
                self.stands_twice(&name);
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
    fn of_many_members_that_stand_twice_some_are_told_by_pointers_that_can_be_read() {
        let name = "ñ".repeat(1_000);
        let members = vec![r#""":0"#; 1_000].join(",");
        let found = faults(&format!(r#"{{"{name}":{{{members}}}}}"#));
        assert_eq!(found.len(), 100);
        assert!(found.iter().all(|fault| fault.pointer.len() < 2 * POINTER_BYTES_MAX));
        assert!(found[0].pointer.starts_with("/ñ") && found[0].pointer.ends_with('…'));
    }

    #[test]
    fn a_body_has_a_bound_of_values_however_they_stand() {
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
