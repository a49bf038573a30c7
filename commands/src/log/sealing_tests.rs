//! Properties of sealing and opening in the text (docs/decisions/0029): payloads of no particular shape, from fixed seeds,
//! compared with a plain walk over the tree.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::personal::{CLEAR, KEY, SEALED};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::SealError;
use super::keys::{DataKey, DataKeys};
use super::personal::SealContext;
use super::seal::seal_payload;
use super::unseal::open_payload;

const CONTEXT: SealContext<'_> = SealContext { aggregate_type: "client", aggregate_id: "a", sequence: 3 };
const ANA: Uuid = Uuid::from_u128(1);
const LUIS: Uuid = Uuid::from_u128(2);
/// How many payloads each property is tried on.
const PAYLOADS: u64 = 2_000;
/// How deep a payload is nested at most.
const DEPTH_MAX: u32 = 5;
/// Pieces of strings and names that a reader of JSON text could take for something else.
const PIECES: [&str; 14] =
    ["a", "\"", "\\", "{", "}", "[", "]", ",", ":", "$key", "\"$key\":\"x\"", "ñ", "\n", "\u{1}"];

/// A pseudo-random sequence (Knuth's MMIX constants), the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn text(&mut self) -> String {
        (0..self.below(5)).map(|_| PIECES[self.below(PIECES.len() as u64) as usize]).collect()
    }

    /// A value without personal data.
    fn plain(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(u64::MAX)),
            3 => json!(self.text()),
            4 => (0..self.below(4)).map(|_| self.plain(depth - 1)).collect(),
            _ => self.members(|chance| chance.plain(depth - 1)),
        }
    }

    /// A payload, or a part of one, in which some objects are personal.
    fn payload(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 2 } else { 5 }) {
            0 => {
                let key = if self.below(2) == 0 { ANA } else { LUIS };
                json!({ KEY: key, CLEAR: self.plain(2) })
            }
            1 => self.plain(0),
            2 => (0..self.below(4)).map(|_| self.payload(depth - 1)).collect(),
            _ => self.members(|chance| chance.payload(depth - 1)),
        }
    }

    /// An object whose names are not the mark itself, which would make it personal.
    fn members(&mut self, value: impl Fn(&mut Self) -> Value) -> Value {
        let members: Map<_, _> =
            (0..self.below(4)).map(|at| (format!("{at}{}", self.text()), value(self))).collect();
        Value::Object(members)
    }
}

fn payloads() -> impl Iterator<Item = Value> {
    (0..PAYLOADS).map(|seed| Chance(seed).payload(DEPTH_MAX))
}

fn keys() -> DataKeys {
    DataKeys::from([(ANA, Some(DataKey::of([1; 32]))), (LUIS, Some(DataKey::of([2; 32])))])
}

fn seal(text: &str) -> String {
    seal_payload(text, CONTEXT, &keys()).expect("it seals")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// Counts the personal objects of `payload` after checking that `sealed` has, in their places, ciphertexts that open under the
/// path of the tree, and that it differs in nothing else.
fn check_sealed(payload: &Value, sealed: &Value, path: &str) -> usize {
    match (payload, sealed) {
        (Value::Object(clear), Value::Object(sealed)) if clear.contains_key(KEY) => {
            assert_eq!((sealed.len(), &sealed[KEY]), (2, &clear[KEY]), "{path}");
            assert_eq!(opened_alone(sealed, path), clear[CLEAR], "{path}");
            1
        }
        (Value::Object(clear), Value::Object(sealed)) => {
            assert!(clear.keys().eq(sealed.keys()), "{path}");
            clear
                .iter()
                .map(|(name, value)| check_sealed(value, &sealed[name], &format!("{path}/{name}")))
                .sum()
        }
        (Value::Array(clear), Value::Array(sealed)) => {
            assert_eq!(clear.len(), sealed.len(), "{path}");
            let pairs = clear.iter().zip(sealed).enumerate();
            pairs.map(|(at, (value, sealed))| check_sealed(value, sealed, &format!("{path}/{at}"))).sum()
        }
        (clear, sealed) => {
            assert_eq!(clear, sealed, "{path}");
            0
        }
    }
}

fn opened_alone(object: &Map<String, Value>, path: &str) -> Value {
    let id = Uuid::parse_str(object[KEY].as_str().expect("text")).expect("an id");
    let key = keys()[&id].expect("a key");
    let mut sealed = BASE64.decode(object[SEALED].as_str().expect("text")).expect("base64");
    let clear = key.open(CONTEXT.aad(path).as_bytes(), &mut sealed).expect("it opens in its place");
    serde_json::from_slice(clear).expect("it is JSON")
}

/// The payload as it is left by erasing the person of a key.
fn erased(payload: &Value, key: Uuid) -> Value {
    match payload {
        Value::Object(object) if object.get(KEY) == Some(&json!(key)) => json!({ KEY: key }),
        Value::Object(object) if object.contains_key(KEY) => payload.clone(),
        Value::Object(object) => {
            Value::Object(object.iter().map(|(name, value)| (name.clone(), erased(value, key))).collect())
        }
        Value::Array(values) => values.iter().map(|value| erased(value, key)).collect(),
        value => value.clone(),
    }
}

#[test]
fn every_personal_object_is_sealed_under_its_own_path_and_nothing_else_changes() {
    let mut objects = 0;
    for payload in payloads() {
        for text in [payload.to_string(), serde_json::to_string_pretty(&payload).expect("it prints")] {
            objects += check_sealed(&payload, &parsed(&seal(&text)), "");
        }
    }
    assert!(objects > PAYLOADS as usize, "only {objects} personal objects were generated");
}

#[test]
fn a_sealed_payload_opens_to_what_it_was_byte_by_byte() {
    for payload in payloads() {
        let text = payload.to_string();
        assert_eq!(open_payload(&seal(&text), CONTEXT, &keys()).expect("it opens"), text);
        let spread = serde_json::to_string_pretty(&parsed(&seal(&text))).expect("it prints");
        assert_eq!(parsed(&open_payload(&spread, CONTEXT, &keys()).expect("it opens")), payload);
    }
}

#[test]
fn a_payload_with_personal_data_opens_in_no_other_event() {
    for payload in payloads() {
        let sealed = seal(&payload.to_string());
        let elsewhere = open_payload(&sealed, SealContext { sequence: 4, ..CONTEXT }, &keys());
        let is_personal = check_sealed(&payload, &parsed(&sealed), "") > 0;
        assert_eq!(matches!(elsewhere, Err(SealError::Forged)), is_personal, "{payload}");
    }
}

#[test]
fn a_destroyed_key_erases_its_own_objects_and_no_others() {
    let without_luis = DataKeys::from([(ANA, keys()[&ANA]), (LUIS, None)]);
    for payload in payloads() {
        let opened = open_payload(&seal(&payload.to_string()), CONTEXT, &without_luis).expect("it opens");
        assert_eq!(parsed(&opened), erased(&payload, LUIS));
    }
}
