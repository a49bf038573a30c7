//! The own columns of a client in a request body.

use std::collections::BTreeMap;

use domain::value::{ColumnName, ColumnText};

/// Own columns as a client's profile has them.
pub(in crate::api) fn stored_columns(columns: BTreeMap<ColumnName, ColumnText>) -> BTreeMap<String, String> {
    columns.into_iter().map(|(name, text)| (name.into_string(), text.into_string())).collect()
}
