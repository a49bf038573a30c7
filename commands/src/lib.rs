//! The write side: the event log, its appender, the keys, idempotent commands and the relay to JetStream.

pub mod broker;
pub mod clients;
pub mod clock;
pub mod companies;
mod context;
mod database;
pub mod dead_letters;
pub mod doubts;
mod execute;
pub mod inboxes;
pub mod leader;
pub mod log;
pub mod messages;
mod migrate;
pub mod notifications;
mod outcome;
pub mod providers;
pub mod purse;
pub mod receipts;
pub mod relay;
mod repository;
pub mod send_tasks;
pub mod suppressions;
pub mod templates;
pub mod users;

pub use self::context::{CommandContext, Idempotency};
pub use self::database::{GuardedConnection, begin, pool_options};
pub use self::execute::decide_on;
pub use self::migrate::migrate;
pub use self::outcome::{CommandError, Done};
