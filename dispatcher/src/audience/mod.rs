//! The audience of a notification: who would be told, and who is.

mod aside;
mod chunk;
mod page;
mod preview;
mod resolver;

use domain::value::Channel;

pub use self::preview::{Audience, preview};
pub(crate) use self::resolver::Resolver;

/// The columns of `clients.contacts` that a channel goes by: the address and its blind index.
const fn columns(channel: Channel) -> (&'static str, &'static str) {
    match channel {
        Channel::Sms => ("phone", "phone_index"),
        Channel::Email => ("email", "email_index"),
    }
}

/// Why a contact without an address is left out.
const fn missing(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "no_phone",
        Channel::Email => "no_email",
    }
}
