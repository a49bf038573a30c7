//! The front door and the one executable of Mensajería.

pub mod access;
pub mod api;
pub mod config;
pub mod extract;
pub mod problem;
pub mod server;
pub mod stack;
pub mod state;
