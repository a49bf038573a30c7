//! The refusals of a suppression.

/// A refusal by the rules of suppressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SuppressionError {
    /// Nothing was ever suppressed under this id.
    #[error("there is no such suppression")]
    Unknown,
}
