//! The key in the one address of an account (`?key=…`), for APIs that sign nothing and know no address for each message.

use aws_lc_rs::constant_time;

use super::callback_address::parameter;
use crate::provider::settings::{Secret, SettingsError};

/// The parameter of the address that carries the key.
const KEY: &str = "key";
/// The shortest key that nobody guesses, in bytes.
const KEY_MIN: usize = 16;

/// The configured key of an account.
#[derive(Debug)]
pub(super) struct AccountKey(Secret);

impl AccountKey {
    /// Checks a configured key. `wrong` makes the error of a key of the configuration.
    pub(super) fn read(
        key: Option<&str>,
        wrong: &impl Fn(&'static str, &'static str) -> SettingsError,
    ) -> Result<Option<Self>, SettingsError> {
        match key {
            Some(key) if key.len() < KEY_MIN => Err(wrong("receipt_key", "must have 16 characters or more")),
            key => Ok(key.map(|key| Self(Secret::new(key)))),
        }
    }

    /// Whether a query carries it.
    pub(super) fn is_in(&self, query: &str) -> bool {
        let Some(given) = parameter(query, KEY) else { return false };
        constant_time::verify_slices_are_equal(self.0.reveal().as_bytes(), given.as_bytes()).is_ok()
    }
}
