//! What drives every projector: one leader, one transaction a batch, and nothing that stops the rest.

mod batch;
mod failure;
mod parking;
mod runner;
pub(crate) mod schema;
mod source;
#[cfg(test)]
mod tests;
mod turns;

pub(crate) use self::batch::{Batches, Target, swap_key};
pub(crate) use self::failure::{BatchError, Fault, fault, nameless};
pub(crate) use self::runner::{Runner, is_new};
pub(crate) use self::source::Source;
