//! A provider's codes, and which of them mean what.

use std::collections::HashMap;

use domain::deliveries::FailureClass;
use serde::Deserialize;
use serde_json::Value;

use crate::provider::redaction::provider_text;
use crate::provider::sms::fields::word;

/// The longest code that is kept, in characters.
const CODE_MAX: usize = 60;
/// Stands for every code that is not named.
const ANY_OTHER: &str = "*";

/// A code as the provider writes it, a text or a number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Code(String);

impl Code {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Value> for Code {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        word(&value).map(Self).ok_or("a code is a text or a number")
    }
}

/// Whether the list names it.
pub(super) fn names(list: &[Code], code: &str) -> bool {
    list.iter().any(|named| named.as_str() == code)
}

/// Which codes mean which class, as the configuration says it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ClassLists {
    transient: Vec<Code>,
    throttled: Vec<Code>,
    permanent_address: Vec<Code>,
    permanent_content: Vec<Code>,
    policy_reputation: Vec<Code>,
    config_auth: Vec<Code>,
    unknown: Vec<Code>,
    opted_out: Vec<Code>,
}

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Failed(FailureClass),
    /// The person wants no messages.
    OptedOut,
}

/// The meaning of each code.
#[derive(Debug)]
pub(super) struct Classes(HashMap<String, Meaning>);

impl Classes {
    /// None: a code has two meanings.
    pub(super) fn try_new(lists: &ClassLists) -> Option<Self> {
        use FailureClass::{
            ConfigAuth, PermanentAddress, PermanentContent, PolicyReputation, Throttled, Transient, Unknown,
        };
        let rows = [
            (&lists.transient, Meaning::Failed(Transient)),
            (&lists.throttled, Meaning::Failed(Throttled)),
            (&lists.permanent_address, Meaning::Failed(PermanentAddress)),
            (&lists.permanent_content, Meaning::Failed(PermanentContent)),
            (&lists.policy_reputation, Meaning::Failed(PolicyReputation)),
            (&lists.config_auth, Meaning::Failed(ConfigAuth)),
            (&lists.unknown, Meaning::Failed(Unknown)),
            (&lists.opted_out, Meaning::OptedOut),
        ];
        let mut meanings = HashMap::new();
        for (codes, meaning) in rows {
            for code in codes {
                let before = meanings.insert(code.as_str().to_owned(), meaning);
                if before.is_some_and(|before| before != meaning) {
                    return None;
                }
            }
        }
        Some(Self(meanings))
    }

    /// What a code of the provider's means; none for one that is not named.
    pub(super) fn of(&self, code: &str) -> Option<Meaning> {
        self.0.get(code).or_else(|| self.0.get(ANY_OTHER)).copied()
    }

    /// Whether it is named itself.
    pub(super) fn names(&self, code: &str) -> bool {
        self.0.contains_key(code)
    }
}

/// A code as it is kept. None: it may be a person's number.
pub(super) fn kept(code: &str) -> Option<String> {
    let kept: String = provider_text(code).chars().take(CODE_MAX).collect();
    let is_blank = kept.chars().all(|c| !c.is_alphanumeric());
    (!is_blank).then_some(kept)
}
