//! Every read of the API: plain functions that give rows ready to be written as JSON. Nothing in here writes.

pub mod arrivals;
pub mod audience;
pub mod audit;
pub mod clients;
pub mod companies;
pub mod deliveries;
pub mod doubts;
pub mod inbox;
pub mod messages;
pub mod notifications;
pub mod status;
pub mod suppressions;
pub mod templates;
pub mod users;

use domain::value::CompanyId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use crate::page::{
    EXCERPT_CHARS, MalformedCursor, PAGE_BYTES_MAX, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX, Page, PageRequest,
    fitting,
};

/// Whose companies' data a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Every company's.
    All,
    /// Only these companies'; none if there are none.
    Companies(&'a [CompanyId]),
}

impl Scope<'_> {
    /// As a parameter: null for all.
    pub(crate) fn ids(&self) -> Option<Vec<Uuid>> {
        match self {
            Self::All => None,
            Self::Companies(companies) => Some(uuids(companies)),
        }
    }
}

/// A user as other users see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Person {
    /// The user.
    pub id: Uuid,
    /// The current name; none if the person was erased or is not known yet.
    pub name: Option<String>,
}

pub(crate) fn uuids<I: Copy + Into<Uuid>>(ids: &[I]) -> Vec<Uuid> {
    ids.iter().map(|id| (*id).into()).collect()
}
