//! The only crate that reaches the outside world: audience, queue, workers, providers, retries.

pub mod provider;
pub mod simulator;
