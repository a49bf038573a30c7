//! The commands of a company.

use super::limits::LimitsChange;
use crate::value::{CountryCode, Name, TimeZone};

/// A command of one company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompanyCommand {
    /// Register a company.
    Register(CompanyDetails),
    /// Change the given fields; absent ones stay.
    Change(CompanyChange),
}

/// The profile of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyDetails {
    /// Its name.
    pub name: Name,
    /// Its country, which decides how national phone numbers are read.
    pub country: CountryCode,
    /// Its time zone.
    pub time_zone: TimeZone,
}

/// The fields to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyChange {
    /// A new name.
    pub name: Option<Name>,
    /// A new country.
    pub country: Option<CountryCode>,
    /// A new time zone.
    pub time_zone: Option<TimeZone>,
    /// The limits to change.
    pub limits: LimitsChange,
}
