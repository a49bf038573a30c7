//! Every text that callers are shown, a file a language.

pub(super) mod en;
pub(super) mod es;
