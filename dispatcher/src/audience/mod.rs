//! The audience of a notification: frozen in chunks, each with its task, and reopened by a retry.

mod aside;
mod chunk;
mod open;
mod reopen;
mod resolver;

pub(crate) use self::resolver::Resolver;
