//! Which clients of its company a notification goes to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::value::{ClientId, Locale, TimeZone};

/// The clients a notification goes to: those to whom every given field applies. All clients if none is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudienceFilter {
    /// Those who are written to in this language: `es` in any region or none, `es-CO` in that one alone.
    pub locale: Option<Locale>,
    /// Those in this time zone.
    pub time_zone: Option<TimeZone>,
    /// Those of a list.
    pub clients: Option<ClientList>,
}

/// Clients that were listed by their external ids. The ids are resolved at the request: external ids may be national
/// identity numbers, and the same one may come again as another person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientList {
    /// The clients, each once.
    pub ids: BTreeSet<ClientId>,
    /// How many of the external ids no client has.
    pub unknown: u32,
}

impl ClientList {
    /// The most external ids of a list.
    pub const EXTERNAL_IDS_MAX: usize = 10_000;
}

impl AudienceFilter {
    /// Whether it leaves nobody out.
    pub fn is_everybody(&self) -> bool {
        *self == Self::default()
    }
}
