//! The write side: the event log, its appender, the keyring, idempotent commands and the relay to JetStream.

pub mod clients;
pub mod clock;
pub mod companies;
mod context;
mod execute;
pub mod inboxes;
pub mod log;
pub mod messages;
mod migrate;
pub mod notifications;
pub mod receipts;
mod repository;
pub mod users;

pub use self::context::{CommandContext, Idempotency};
pub use self::execute::{CommandError, Done, decide_on};
pub use self::migrate::migrate;
