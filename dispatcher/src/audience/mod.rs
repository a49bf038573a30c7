//! The audience of a notification: frozen in chunks, each with its task, and reopened by a retry.

mod aside;
mod begin;
mod chunk;
mod demand;
mod open;
mod reopen;
mod resolver;
#[cfg(test)]
mod tests;

pub(crate) use self::aside::Aside;
pub(crate) use self::resolver::Resolver;
