//! Live inboxes: changes of a user's inbox, sent to the user's open connections.

mod hub;
mod source;
mod stream;
mod subscriptions;
#[cfg(test)]
mod tests;

pub(crate) use self::hub::InboxHub;
pub(crate) use self::source::PostgresInbox;
pub(crate) use self::stream::follow;
