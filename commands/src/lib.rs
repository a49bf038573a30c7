//! The write side: the event log, its appender, the keyring, idempotent commands and the relay to JetStream.

pub mod clock;
mod context;
mod execute;
pub mod log;
mod migrate;
mod repository;

pub use self::context::{CommandContext, Idempotency};
pub use self::execute::{CommandError, Done, decide_on};
pub use self::migrate::migrate;
