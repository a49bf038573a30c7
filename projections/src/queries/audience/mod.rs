//! The audience of a notification: who would be told, in pages, and for whom it failed.

mod failed;
mod page;
mod preview;

use domain::value::Channel;

pub use self::failed::{FailedChunk, failed_chunks};
pub use self::page::{Candidate, page};
pub use self::preview::{Audience, preview, reaches_somebody};

/// What of `clients.contacts` a channel goes by.
struct Columns {
    address: &'static str,
    /// The address's blind index.
    index: &'static str,
    /// Holds for the contacts whose address the channel can reach.
    is_reachable: &'static str,
}

const fn columns(channel: Channel) -> Columns {
    match channel {
        Channel::Sms => Columns { address: "phone", index: "phone_index", is_reachable: "takes_sms" },
        Channel::Email => {
            Columns { address: "email", index: "email_index", is_reachable: "email_index is not null" }
        }
    }
}

/// Why a contact without an address is left out.
const fn missing(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "no_phone",
        Channel::Email => "no_email",
    }
}

/// Why a contact is left out whose address the channel cannot reach; e-mail reaches every address.
const NOT_MOBILE: &str = "not_mobile";
