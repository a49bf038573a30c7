//! The engine of every projector: one leader, one transaction for each batch, and bad events parked so that the rest
//! continues.

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
pub(crate) use self::failure::{BatchError, Fault, fault, without_values};
pub(crate) use self::runner::{Runner, is_new};
pub(crate) use self::source::Source;
