//! What happens to inboxes, told to whoever has theirs open.

mod hub;
mod seats;
mod source;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use self::hub::InboxHub;
pub(crate) use self::source::PostgresNews;
pub(crate) use self::stream::follow;
