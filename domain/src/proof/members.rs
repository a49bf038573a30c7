//! Cuts each person out of the stored text of an event about many people. Values are copied as they are written, never
//! parsed and printed again (docs/decisions/0054).

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{self, Write};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::value::{Member, Members};

/// The name of the people of a group.
const MEMBERS: &str = "members";

/// What an event about many people consists of, each as one JSON object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// What all have in common.
    pub(super) common: String,
    /// Each person: the number in the chunk, and what the event says of this person alone.
    pub(super) members: Vec<String>,
}

/// How the people of an event are written.
enum Shape {
    /// Each element of this list is a person, in the order of their numbers. Names that others must not read are hidden.
    List { name: &'static str, hidden: &'static [&'static str] },
    /// Each element of this list is a group of people.
    Groups { name: &'static str, columns: Columns },
    /// The event is about one group.
    Group(Columns),
}

/// How a group says what is different among its people.
#[derive(Clone, Copy)]
struct Columns {
    /// Lists with a value for each, in the order of the group.
    by_place: &'static [&'static str],
    /// Lists of objects that name their person as `member`.
    by_member: &'static [&'static str],
}

fn shape(event_type: &str, version: &str) -> Option<Shape> {
    let columns = |by_place, by_member| Columns { by_place, by_member };
    match (event_type, version) {
        ("AudienceChunkResolved", "1") => Some(Shape::List { name: "recipients", hidden: &[] }),
        ("MessageSent", "1") => Some(Shape::List { name: "recipients", hidden: &["addressed"] }),
        ("OutcomesRecorded", "1") => {
            Some(Shape::Groups { name: "outcomes", columns: columns(&["references"], &["details"]) })
        }
        ("ReceiptsRecorded", "1") => {
            Some(Shape::Groups { name: "receipts", columns: columns(&["at"], &["details"]) })
        }
        ("DeliveriesReopened", "1") => Some(Shape::Group(columns(&[], &["addresses"]))),
        ("DoubtsResolved" | "DeliveriesDiscarded", "1") => Some(Shape::Group(columns(&[], &[]))),
        _ => None,
    }
}

/// The parts of an event about many people; none for every other, and for a payload of another shape, which its head
/// proves as a whole.
pub(super) fn cut(event_type: &str, version: &str, payload: &str) -> Option<Parts> {
    let shape = shape(event_type, version)?;
    let variant: Object<'_> = serde_json::from_str(payload).ok()?;
    let event: Object<'_> = match variant.0.as_slice() {
        [(name, event)] if name == event_type => serde_json::from_str(event.get()).ok()?,
        _ => return None,
    };
    match shape {
        Shape::List { name, hidden } => Some(Parts {
            common: event.without(&[&[name], hidden]),
            members: cut_list(name, event.list(name)?),
        }),
        Shape::Groups { name, columns } => {
            let mut members = Vec::new();
            for group in event.list(name)? {
                cut_group(&serde_json::from_str(group.get()).ok()?, columns, true, &mut members)?;
            }
            Some(Parts { common: event.without(&[&[name]]), members })
        }
        Shape::Group(columns) => {
            let mut members = Vec::new();
            cut_group(&event, columns, false, &mut members)?;
            let common = event.without(&[&[MEMBERS], columns.by_place, columns.by_member]);
            Some(Parts { common, members })
        }
    }
}

fn cut_list(name: &str, list: Vec<&RawValue>) -> Vec<String> {
    let person = |(number, value): (usize, &RawValue)| {
        let mut text = member_text(number);
        put(&mut text, name, value);
        text + "}"
    };
    (1..).zip(list).map(person).collect()
}

/// Writes each person of a group as if the group were about this person alone. What the group has in common is repeated
/// if it stands nowhere else.
fn cut_group(
    group: &Object<'_>,
    columns: Columns,
    repeats_common: bool,
    members: &mut Vec<String>,
) -> Option<()> {
    let people: Members = serde_json::from_str(group.get(MEMBERS)?.get()).ok()?;
    let mut values = Vec::new();
    for (name, value) in &group.0 {
        if columns.by_place.contains(&name.as_ref()) {
            values.push((name, Values::ByPlace(serde_json::from_str(value.get()).ok()?)));
        } else if columns.by_member.contains(&name.as_ref()) {
            values.push((name, Values::ByMember(by_member(value)?)));
        } else if repeats_common && name != MEMBERS {
            values.push((name, Values::Common(value)));
        }
    }
    for (place, member) in people.iter().enumerate() {
        let mut text = member_text(member.number().into());
        for (name, values) in &values {
            if let Some(value) = values.of(place, member) {
                put(&mut text, name, value);
            }
        }
        members.push(text + "}");
    }
    Some(())
}

/// What a group has under one name.
enum Values<'a> {
    Common(&'a RawValue),
    ByPlace(Vec<&'a RawValue>),
    ByMember(HashMap<Member, &'a RawValue>),
}

impl<'a> Values<'a> {
    fn of(&self, place: usize, member: Member) -> Option<&'a RawValue> {
        match self {
            Self::Common(value) => Some(value),
            Self::ByPlace(values) => values.get(place).copied(),
            Self::ByMember(values) => values.get(&member).copied(),
        }
    }
}

fn by_member<'a>(list: &'a RawValue) -> Option<HashMap<Member, &'a RawValue>> {
    #[derive(Deserialize)]
    struct Named {
        member: Member,
    }
    let list: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    let named = |value: &'a RawValue| {
        let Named { member } = serde_json::from_str(value.get()).ok()?;
        Some((member, value))
    };
    list.into_iter().map(named).collect()
}

fn member_text(number: usize) -> String {
    format!("{{\"member\":{number}")
}

/// Writes a further member of an object.
fn put(text: &mut String, name: &str, value: &RawValue) {
    let name = serde_json::Value::from(name);
    write!(text, ",{name}:{}", value.get()).expect("a text takes everything");
}

/// A JSON object as it is written: names in their order, values as text.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// The object without some names.
    fn without(&self, names: &[&[&str]]) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            if !names.iter().any(|names| names.contains(&name.as_ref())) {
                put(&mut text, name, value);
            }
        }
        format!("{{{}}}", text.strip_prefix(',').unwrap_or_default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut entries = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            entries.push((name, map.next_value()?));
        }
        Ok(Object(entries))
    }
}

/// A name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
