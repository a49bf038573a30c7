//! The refusals of a company.

/// A refusal by the rules of companies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompanyError {
    /// A company is registered once.
    #[error("the company was registered already")]
    AlreadyRegistered,
    /// There is no such company.
    #[error("there is no such company")]
    Unknown,
}
