//! Orders to a company.

use crate::value::{CountryCode, Name, TimeZone};

/// An order to one company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompanyCommand {
    /// Take a company on.
    Register(CompanyDetails),
    /// Change some of what is known; absent parts stay.
    Change(CompanyChange),
}

/// What is known of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyDetails {
    /// Its name.
    pub name: Name,
    /// Where it is: decides how national phone numbers are read.
    pub country: CountryCode,
    /// Where its clock stands.
    pub time_zone: TimeZone,
}

/// What is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyChange {
    /// A new name.
    pub name: Option<Name>,
    /// A new country.
    pub country: Option<CountryCode>,
    /// A new time zone.
    pub time_zone: Option<TimeZone>,
}
