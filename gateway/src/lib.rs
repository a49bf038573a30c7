//! The front door and the one executable of Mensajería.

pub mod config;
pub mod stack;
