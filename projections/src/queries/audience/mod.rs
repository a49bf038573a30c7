//! The audience of a notification: its recipients, in pages, their number, and those for whom it failed.

mod failed;
mod page;
mod preview;

use domain::value::Channel;

pub use self::failed::{FailedChunk, failed_chunks};
pub use self::page::{Candidate, page};
pub use self::preview::{Audience, preview, reaches_somebody};

/// The columns of `clients.contacts` that a channel uses.
struct Columns {
    address: &'static str,
    /// The address's blind index.
    index: &'static str,
    /// A condition: the channel reaches the contact's address ([`Channel::reaches`]).
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
