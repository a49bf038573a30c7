//! The only crate that reaches the outside world: audience, tasks, workers, providers, retries.

mod audience;
mod database;
mod destination;
mod dispatcher;
mod doubts;
mod gather;
mod housekeeper;
mod intake;
mod mail_returns;
mod mail_tokens;
mod notices;
pub mod options;
pub mod oversight;
pub mod probe;
pub mod provider;
pub mod receipts;
mod request;
mod route;
pub mod simulator;
mod suppressions;
pub mod tasks;
mod wakes;
mod worker;

pub use self::destination::{DomainLimits, WrongDomainLimits};
pub use self::dispatcher::Dispatcher;
pub use self::mail_tokens::MailTokens;
pub use self::options::{ASK_AFTER, DispatcherOptions, DoubtOptions};
pub use self::receipts::Receipts;
pub use self::route::{Companies, Route, sms_prices, sms_takes_unicode};
pub(crate) use self::wakes::Wakes;
