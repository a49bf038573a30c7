//! The front door and the one executable of Mensajería.

pub mod access;
pub mod api;
pub mod chance;
pub mod cli;
pub mod config;
pub mod demo;
mod environment;
pub mod extract;
pub mod live;
pub mod problem;
pub mod secrets;
pub mod server;
pub mod state;
pub mod system;
pub mod telemetry;
pub mod turns;
mod web;
