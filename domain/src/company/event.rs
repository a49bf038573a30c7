//! The events of a company.

use serde::{Deserialize, Serialize};

use super::limits::CompanyLimits;
use crate::aggregate::events;

/// An event of one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompanyEvent {
    /// It was registered.
    CompanyRegistered(CompanyProfile),
    /// Its profile changed.
    CompanyChanged(CompanyProfile),
}

events!(CompanyEvent { CompanyRegistered => "1", CompanyChanged => "1" });

/// The profile of a company.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyProfile {
    /// Its name.
    pub name: String,
    /// Its country, as ISO 3166-1 alpha-2.
    pub country: String,
    /// Its time zone, as an IANA name.
    pub time_zone: String,
    /// Its limits.
    pub limits: CompanyLimits,
}
