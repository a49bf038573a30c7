//! The audience of a notification: who would be told, in pages, who is left out, and for whom it failed.

mod excluded;
mod failed;
mod fingerprint;
mod page;
mod preview;
mod selection;

use domain::value::Channel;

pub use self::excluded::{Excluded, ExcludedContact, excluded_page};
pub use self::failed::{FailedChunk, failed_chunks};
pub use self::fingerprint::{Changes, Fingerprint};
pub use self::page::{Candidate, page};
pub use self::preview::{Audience, preview, reaches_somebody};
pub use self::selection::Selection;

/// Why a contact without an address is left out.
const fn missing(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "no_phone",
        Channel::Email => "no_email",
    }
}

/// Why a contact is left out whose address the channel cannot reach; e-mail reaches every address.
const NOT_MOBILE: &str = "not_mobile";
/// Why a client of a list is left out who was erased after the list was resolved.
const ERASED: &str = "erased";
/// Why an external id of a list is left out that no client has.
pub const UNKNOWN: &str = "unknown";
