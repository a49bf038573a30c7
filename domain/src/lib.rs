//! Aggregates, commands, events, value types and policies of Mensajería: pure, no clock, no ids made, no I/O.

mod aggregate;
pub mod client;
pub mod company;
mod decode_error;
pub mod deliveries;
pub mod history;
pub mod import;
pub mod inbox;
pub mod message;
pub mod notification;
pub mod personal;
pub mod proof;
pub mod provider;
pub mod receipt;
pub mod rendering;
pub mod suppression;
pub mod template;
mod upcast;
pub mod user;
pub mod value;

pub use self::decode_error::DecodeError;
pub use self::history::Event;
pub use self::personal::Personal;
pub use self::upcast::upcast;

/// The position of an event in the log: dense, from 1, in commit order.
pub type Position = i64;
