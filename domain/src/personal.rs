//! Personal data in an event: clear in memory only, sealed in the log, erased once its key is destroyed.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The JSON member that marks an object as personal data; its value is the id of the key it is sealed under.
pub const KEY: &str = "$key";
/// The member that holds the value while it is clear.
pub const CLEAR: &str = "clear";
/// The member that holds the ciphertext, in base64, while it is sealed.
pub const SEALED: &str = "sealed";

/// A value that belongs to a person, or a body that may name one, under a key that can be destroyed.
///
/// In JSON: `{"$key": id, "clear": value}`, `{"$key": id, "sealed": "base64"}` or `{"$key": id}` once the key is
/// gone. The event log turns the first into the second on append and back on read, so aggregates and views see only
/// clear or erased values; but followers of the log get the people of audiences sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal<T> {
    /// The key: a person's id, or a message's or notification's for its body.
    pub key: Uuid,
    value: Secrecy<T>,
}

#[derive(Clone, PartialEq, Eq)]
enum Secrecy<T> {
    Clear(T),
    Sealed(String),
    Erased,
}

impl<T> Personal<T> {
    /// A clear value, to be sealed under `key` when it is appended.
    pub const fn new(key: Uuid, value: T) -> Self {
        Self { key, value: Secrecy::Clear(value) }
    }

    /// What remains of a value whose key was destroyed.
    pub const fn erased(key: Uuid) -> Self {
        Self { key, value: Secrecy::Erased }
    }

    /// The value, unless it is erased or still sealed.
    pub const fn get(&self) -> Option<&T> {
        match &self.value {
            Secrecy::Clear(value) => Some(value),
            Secrecy::Sealed(_) | Secrecy::Erased => None,
        }
    }

    /// The ciphertext in base64, while it is sealed.
    pub fn sealed(&self) -> Option<&str> {
        match &self.value {
            Secrecy::Sealed(text) => Some(text),
            Secrecy::Clear(_) | Secrecy::Erased => None,
        }
    }

    /// The value, to be changed before it is appended, unless it is erased or still sealed.
    pub const fn get_mut(&mut self) -> Option<&mut T> {
        match &mut self.value {
            Secrecy::Clear(value) => Some(value),
            Secrecy::Sealed(_) | Secrecy::Erased => None,
        }
    }

    /// The value by move, unless it is erased or still sealed.
    pub fn into_clear(self) -> Option<T> {
        match self.value {
            Secrecy::Clear(value) => Some(value),
            Secrecy::Sealed(_) | Secrecy::Erased => None,
        }
    }
}

/// Never prints the value: events are logged and compared in tests.
impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.value {
            Secrecy::Clear(_) => "clear",
            Secrecy::Sealed(_) => "sealed",
            Secrecy::Erased => "erased",
        };
        write!(f, "Personal({state} under {})", self.key)
    }
}

/// Gives a type whose fields name a person a `Debug` that does not: what holds it may be logged.
macro_rules! hide_in_debug {
    ($($personal:ty),+) => {
        $(impl std::fmt::Debug for $personal {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($personal), "(…)"))
            }
        })+
    };
}

pub(crate) use hide_in_debug;

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry(KEY, &self.key)?;
        match &self.value {
            Secrecy::Clear(value) => object.serialize_entry(CLEAR, value)?,
            Secrecy::Sealed(text) => object.serialize_entry(SEALED, text)?,
            Secrecy::Erased => {}
        }
        object.end()
    }
}

/// The object in JSON.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Object<T> {
    #[serde(rename = "$key")]
    key: Uuid,
    #[serde(default = "absent", deserialize_with = "present")]
    clear: Option<T>,
    sealed: Option<String>,
}

const fn absent<T>() -> Option<T> {
    None
}

/// A value that is there, even if it is null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object { key, clear, sealed } = Object::deserialize(deserializer)?;
        let value = match (clear, sealed) {
            (Some(clear), _) => Secrecy::Clear(clear),
            (None, Some(text)) => Secrecy::Sealed(text),
            (None, None) => Secrecy::Erased,
        };
        Ok(Self { key, value })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_clear_value_travels_with_its_key() {
        let value = Personal::new(Uuid::nil(), "María".to_owned());
        let json = serde_json::to_value(&value).unwrap();
        assert_eq!(json, json!({"$key": Uuid::nil(), "clear": "María"}));
        assert_eq!(serde_json::from_value::<Personal<String>>(json).unwrap(), value);
    }

    #[test]
    fn an_erased_value_still_folds() {
        let json = json!({"$key": Uuid::nil()});
        assert_eq!(serde_json::from_value::<Personal<String>>(json).unwrap(), Personal::erased(Uuid::nil()));
    }

    #[test]
    fn nothing_that_is_personal_is_not_the_same_as_erased() {
        let value = Personal::new(Uuid::nil(), None::<String>);
        let json = json!({"$key": Uuid::nil(), "clear": null});
        assert_eq!(serde_json::from_value::<Personal<Option<String>>>(json).unwrap(), value);
    }

    #[test]
    fn a_sealed_value_stays_sealed() {
        let json = json!({"$key": Uuid::nil(), "sealed": "AAAA"});
        let value: Personal<String> = serde_json::from_value(json.clone()).unwrap();
        assert_eq!((value.get(), serde_json::to_value(&value).unwrap()), (None, json));
    }

    #[test]
    fn a_value_is_never_printed() {
        assert!(!format!("{:?}", Personal::new(Uuid::nil(), "María")).contains("María"));
    }
}
