//! Those who send. An owner claims tasks into a dispatch buffer for each channel, fills the queues of the providers from
//! it, and has a worker for every connection of every provider. One recorder writes start marks and outcomes.

mod active_task;
mod active_tasks;
mod channel_route;
mod dispatch_buffer;
mod group;
mod held;
mod in_flight;
mod job;
mod outcomes;
mod pace;
mod provider_queue;
mod pump;
mod recorder;
mod send;
mod session;
#[cfg(test)]
mod testing;
mod turns;
mod verdict;

pub(crate) use self::session::{Sending, send_for_ever};

/// How many people are given to a provider's queue, or written by one settlement, at most.
const BATCH_PEOPLE_MAX: usize = 500;
