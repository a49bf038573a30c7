//! The canonical bytes of an event and its leaf in the tree of the log (docs/decisions/0054).

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::frontier::Frontier;
use super::hash::Hash;
use super::members::cut;
use crate::Position;

/// Begins the head of an event.
const HEAD: &str = "mensajeria event 1";
/// Begins the part with what all people of an event have in common.
const COMMON: &str = "mensajeria common 1";
/// Begins the part of one person.
const MEMBER: &str = "mensajeria member 1";

/// A row of the log as it is stored, ciphertext included.
#[derive(Debug, Clone, Copy)]
pub struct EventRow<'a> {
    /// Its position in the log, from 1.
    pub position: Position,
    /// Its own id.
    pub event_id: Uuid,
    /// Such as `message`.
    pub aggregate_type: &'a str,
    /// The stream within the type.
    pub aggregate_id: &'a str,
    /// Its number in the stream.
    pub sequence: i64,
    /// The variant's name.
    pub event_type: &'a str,
    /// The payload's version.
    pub event_version: &'a str,
    /// The event as JSON.
    pub payload: &'a str,
    /// Actor, cause and origin, as JSON.
    pub metadata: &'a str,
    /// When it was committed, with microseconds.
    pub recorded_at: DateTime<Utc>,
}

/// The hash of an event's leaf in the tree of the log. The leaf's data is the root of a small tree over the event's
/// parts, so that one person of many can be shown without the others.
pub fn event_leaf(row: &EventRow<'_>) -> Hash {
    let parts = cut(row.event_type, row.event_version, row.payload);
    let count = parts.as_ref().map_or(0, |parts| 1 + parts.members.len());
    let mut tree = Frontier::default();
    tree.push(Hash::of_leaf(&head(row, count)), |_, _| {});
    let mut bytes = Vec::new();
    for (mark, text) in parts.iter().flat_map(|parts| parts.texts()) {
        bytes.clear();
        part(&mut bytes, mark, text);
        tree.push(Hash::of_leaf(&bytes), |_, _| {});
    }
    Hash::of_leaf(tree.root().as_bytes())
}

/// The parts of an event, in the order of the leaves of its small tree: the head, and for an event about many people
/// what they have in common, then each person.
pub fn event_parts(row: &EventRow<'_>) -> Vec<Vec<u8>> {
    let parts = cut(row.event_type, row.event_version, row.payload);
    let count = parts.as_ref().map_or(0, |parts| 1 + parts.members.len());
    let texts = parts.iter().flat_map(|parts| parts.texts()).map(|(mark, text)| {
        let mut bytes = Vec::new();
        part(&mut bytes, mark, text);
        bytes
    });
    std::iter::once(head(row, count)).chain(texts).collect()
}

impl super::members::Parts {
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let members = self.members.iter().map(|text| (MEMBER, text.as_str()));
        std::iter::once((COMMON, self.common.as_str())).chain(members)
    }
}

/// The columns of the row. Payload and metadata are there by their SHA-256, so that they may be left unshown.
fn head(row: &EventRow<'_>, parts: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    field(&mut bytes, HEAD.as_bytes());
    number(&mut bytes, row.position);
    field(&mut bytes, row.event_id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    field(&mut bytes, row.aggregate_type.as_bytes());
    field(&mut bytes, row.aggregate_id.as_bytes());
    number(&mut bytes, row.sequence);
    field(&mut bytes, row.event_type.as_bytes());
    field(&mut bytes, row.event_version.as_bytes());
    number(&mut bytes, row.recorded_at.timestamp_micros());
    field(&mut bytes, &Sha256::digest(row.payload));
    field(&mut bytes, &Sha256::digest(row.metadata));
    number(&mut bytes, parts as i64);
    bytes
}

fn part(bytes: &mut Vec<u8>, mark: &str, text: &str) {
    field(bytes, mark.as_bytes());
    field(bytes, text.as_bytes());
}

/// A number is written in decimal, as PostgreSQL shows it.
fn number(bytes: &mut Vec<u8>, number: i64) {
    field(bytes, number.to_string().as_bytes());
}

/// The length in four bytes, the highest first, and then the bytes: no two lists of fields look the same.
fn field(bytes: &mut Vec<u8>, value: &[u8]) {
    bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
    bytes.extend_from_slice(value);
}
