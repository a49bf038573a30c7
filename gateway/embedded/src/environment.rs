//! The one door to the variables that belong to the system and to whoever starts the program, not to the configuration.

use std::ffi::OsString;

/// A variable of this process, such as PATH or the place of the cache.
#[expect(
    clippy::disallowed_methods,
    reason = "PATH, HOME and the like are the system's, and no settings of ours"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
