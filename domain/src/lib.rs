//! Aggregates, commands, events, value types and policies of Mensajería: pure, no clock, no ids made, no I/O.

mod aggregate;
pub mod client;
pub mod company;
pub mod deliveries;
pub mod history;
pub mod import;
pub mod inbox;
pub mod message;
pub mod notification;
pub mod personal;
pub mod receipt;
pub mod rendering;
mod upcast;
pub mod user;
pub mod value;

pub use self::history::{DecodeError, Event};
pub use self::personal::Personal;
pub use self::upcast::upcast;

/// Where an event stands in the log: dense, gap-free, from 1, in commit order.
pub type Position = i64;
