//! The audience of a notification: pages of its recipients, their number, the excluded, and the failed.

mod excluded;
mod failed;
mod fingerprint;
mod first_digits;
mod page;
mod preview;
mod selection;

pub use self::excluded::{ExcludedContact, excluded_page};
pub use self::failed::{FailedChunk, failed_chunks};
pub use self::fingerprint::{Changes, Fingerprint};
pub use self::first_digits::{FirstDigits, first_digits};
pub use self::page::{Candidate, page};
pub use self::preview::{Audience, preview, reaches_abroad, reaches_somebody};
pub use self::selection::Selection;

/// The reason to leave out a client of a list who was erased after the list was resolved.
const ERASED: &str = "erased";
/// The reason to leave out a number of another country than the company's.
const FOREIGN: &str = "foreign";
/// The reason to leave out an external id of a list that no client has.
pub const UNKNOWN: &str = "unknown";
