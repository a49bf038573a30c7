//! Orders to a company.

use crate::value::{CountryCode, Name, TimeZone};

/// An order to one company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompanyCommand {
    /// Take a company on.
    Register(CompanyDetails),
    /// Replace what is known of it.
    Change(CompanyDetails),
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
