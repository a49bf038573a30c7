//! The only access to environment variables of the system. They are no part of the configuration.

use std::ffi::OsString;

/// A variable of this process, such as PATH or the cache folder.
#[expect(
    clippy::disallowed_methods,
    reason = "PATH, HOME and the like are the system's, and no settings of ours"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
