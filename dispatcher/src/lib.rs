//! The only crate that reaches the outside world: audience, queue, workers, providers, retries.

pub mod audience;
mod database;
mod dispatcher;
mod housekeeper;
mod intake;
pub mod options;
pub mod provider;
pub mod queue;
mod request;
mod route;
pub mod simulator;
mod wakes;
mod worker;

pub use self::dispatcher::Dispatcher;
pub use self::options::DispatcherOptions;
pub use self::route::{Companies, Route};
pub(crate) use self::wakes::Wakes;
