//! What has happened to a company.

use serde::{Deserialize, Serialize};

use crate::aggregate::events;

/// One fact in the history of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompanyEvent {
    /// It was taken on.
    CompanyRegistered(CompanyProfile),
    /// What is known of it changed.
    CompanyChanged(CompanyProfile),
}

events!(CompanyEvent { CompanyRegistered => "1", CompanyChanged => "1" });

/// What is known of a company.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyProfile {
    /// Its name.
    pub name: String,
    /// Its country, as ISO 3166-1 alpha-2.
    pub country: String,
    /// Its time zone, as an IANA name.
    pub time_zone: String,
}
