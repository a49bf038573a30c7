//! The types of JSON values.

/// The expected type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonType {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    Text,
    /// A number without a fraction.
    Integer,
    /// `true` or `false`
    Boolean,
}
