//! The languages that reasons are given in.

use serde::{Deserialize, Serialize};

/// A language of error texts: Spanish unless the reader asks for another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Spanish, the default.
    #[default]
    Es,
    /// English.
    En,
    /// Portuguese, as Brazil writes it.
    Pt,
}
