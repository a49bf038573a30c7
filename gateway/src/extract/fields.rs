//! Reads the members of a JSON object one by one and collects every fault.

use domain::value::Invalid;
use serde_json::{Map, Value};

use crate::problem::{Fault, Faults, JsonType, Reason, pointer_to};

/// A type that is read from the members of an object.
///
/// Read every field into a variable first, so that every fault is found, and unwrap the variables with `?` at the end.
pub trait FromFields: Sized {
    /// The value; `None` after a fault was recorded.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// A type that is read from a JSON value.
pub trait FromJson: Sized {
    /// The value; `None` after a fault was recorded at `spot`.
    fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self>;
}

/// A value's path in the body, with the list of faults.
#[derive(Debug)]
pub struct Spot<'a> {
    pointer: String,
    faults: &'a mut Faults,
}

impl<'a> Spot<'a> {
    /// The root of the body.
    pub const fn root(faults: &'a mut Faults) -> Self {
        Self { pointer: String::new(), faults }
    }

    /// Records a fault of this value. Returns `None` for the caller to return.
    pub fn refuse<T>(&mut self, reason: impl Into<Reason>) -> Option<T> {
        self.faults.add(Fault::in_body(self.pointer.clone(), reason.into()));
        None
    }

    /// The same spot, reborrowed.
    pub fn here(&mut self) -> Spot<'_> {
        Spot { pointer: self.pointer.clone(), faults: self.faults }
    }

    /// A member or element of the value here.
    pub fn at(&mut self, member: &str) -> Spot<'_> {
        Spot { pointer: pointer_to(&self.pointer, member), faults: self.faults }
    }
}

/// The members of an object that have not been read yet.
#[derive(Debug)]
pub struct Fields<'a> {
    members: Map<String, Value>,
    spot: Spot<'a>,
}

impl<'a> Fields<'a> {
    /// Reads a whole object. A member that `T` does not read is unknown, and a fault.
    pub(super) fn read<T: FromFields>(value: Value, mut spot: Spot<'_>) -> Option<T> {
        let Value::Object(members) = value else { return spot.refuse(Reason::WrongType(JsonType::Object)) };
        let mut fields = Fields { members, spot };
        let read = T::read(&mut fields);
        fields.refuse_unknown_members();
        read
    }

    /// A required field; null counts as absent.
    pub fn required<T: FromJson>(&mut self, name: &str) -> Option<T> {
        match self.members.remove(name) {
            None | Some(Value::Null) => self.spot.at(name).refuse(Invalid::Missing),
            Some(value) => T::from_json(value, &mut self.spot.at(name)),
        }
    }

    /// A field that may be absent or null.
    pub fn optional<T: FromJson>(&mut self, name: &str) -> Option<T> {
        match self.members.remove(name) {
            None | Some(Value::Null) => None,
            Some(value) => T::from_json(value, &mut self.spot.at(name)),
        }
    }

    /// A field of a change that cannot be removed: absent keeps the old value.
    pub fn changed<T: FromJson>(&mut self, name: &str) -> Option<T> {
        if self.members.contains_key(name) { self.required(name) } else { None }
    }

    /// A field of a change: absent keeps the old value, null removes it.
    pub fn nullable<T: FromJson>(&mut self, name: &str) -> Option<Option<T>> {
        match self.members.get(name)? {
            Value::Null => {
                self.members.remove(name);
                Some(None)
            }
            _ => self.required(name).map(Some),
        }
    }

    /// Whether the object has a member of this name, whatever its value.
    pub fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// Records a fault of a field that was read.
    pub fn refuse<T>(&mut self, name: &str, reason: impl Into<Reason>) -> Option<T> {
        self.spot.at(name).refuse(reason)
    }

    fn refuse_unknown_members(&mut self) {
        for name in std::mem::take(&mut self.members).keys() {
            if self.spot.faults.is_full() {
                return;
            }
            self.spot.at(name).refuse::<()>(Reason::UnknownField);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::value::{Name, Role, UserId};
    use serde_json::json;

    use super::*;

    #[derive(Debug)]
    struct Person {
        name: Name,
        roles: BTreeSet<Role>,
        boss: Option<UserId>,
        phone: Option<Option<Name>>,
        friends: Vec<Friend>,
    }

    #[derive(Debug)]
    struct Friend(Name);

    impl FromFields for Person {
        fn read(fields: &mut Fields<'_>) -> Option<Self> {
            let name = fields.required("name");
            let roles = fields.required("roles");
            let boss = fields.optional("boss");
            let phone = fields.nullable("phone");
            let friends = fields.optional("friends");
            Some(Self { name: name?, roles: roles?, boss, phone, friends: friends.unwrap_or_default() })
        }
    }

    impl FromFields for Friend {
        fn read(fields: &mut Fields<'_>) -> Option<Self> {
            Some(Self(fields.required("name")?))
        }
    }

    fn read(value: Value) -> (Option<Person>, Vec<(String, &'static str)>) {
        let mut faults = Faults::default();
        let person = Fields::read(value, Spot::root(&mut faults));
        let faults =
            faults.into_vec().into_iter().map(|fault| (fault.pointer, fault.reason.code())).collect();
        (person, faults)
    }

    #[test]
    fn all_faults_of_a_body_are_reported_by_pointer() {
        let (_, faults) = read(json!({
            "name": "a\nb", "roles": ["admin", "king", 7], "boss": "x", "a/b": 1,
            "friends": [{"name": "Ana"}, {"nombre": "Luis"}, 3],
        }));
        let pointers: Vec<_> = faults.iter().map(|(pointer, code)| (pointer.as_str(), *code)).collect();
        assert_eq!(
            pointers,
            [
                ("/name", "line_break"),
                ("/roles/1", "not_allowed"),
                ("/roles/2", "wrong_type"),
                ("/boss", "invalid_id"),
                ("/friends/1/name", "missing"),
                ("/friends/1/nombre", "unknown_field"),
                ("/friends/2", "wrong_type"),
                ("/a~1b", "unknown_field"),
            ]
        );
    }

    #[test]
    fn a_body_that_is_no_object_is_one_fault() {
        assert_eq!(read(json!([1])).1, [(String::new(), "wrong_type")]);
    }

    #[test]
    fn null_is_absent_unless_a_field_can_be_taken_away() {
        let (person, faults) =
            read(json!({"name": "Ana", "roles": [], "boss": null, "phone": null, "friends": null}));
        let person = person.unwrap();
        assert!(faults.is_empty());
        assert_eq!((person.name.as_str(), person.roles.len(), person.boss), ("Ana", 0, None));
        assert_eq!(person.phone, Some(None));
        assert_eq!(person.friends.len(), 0);
        assert_eq!(read(json!({"name": null, "roles": []})).1, [("/name".to_owned(), "missing")]);
        let (person, _) = read(json!({"name": "Ana", "roles": [], "friends": [{"name": "Luis"}]}));
        assert_eq!(person.unwrap().friends[0].0.as_str(), "Luis");
    }
}
