//! The gateway and the only executable of Mensajería.

pub mod access;
mod admission;
pub mod api;
pub mod chance;
pub mod cli;
pub mod config;
mod csv;
pub mod demo;
mod doctor;
mod environment;
pub mod extract;
mod freshness;
pub mod live;
mod metrics_recorder;
pub mod problem;
mod request;
pub mod secrets;
pub mod server;
pub mod settings;
pub mod slots;
mod spool_space;
pub mod state;
pub mod system;
pub mod telemetry;
mod timeouts;
mod unsubscribe;
mod web;
