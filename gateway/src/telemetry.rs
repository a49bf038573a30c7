//! Logs to standard error, so that standard output carries data only.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// A connection found broken when it is given back to its pool is replaced; what was done on it has told of its failure.
const EXPECTED: &str = "sqlx_core::pool=error";

/// Starts logging. Called again, as by tests that run the program in their own process, it changes nothing.
pub fn log_to_stderr(log: &Log) {
    let filter = EnvFilter::try_new(format!("{EXPECTED},{}", log.level));
    let filter = filter.unwrap_or_else(|_| EnvFilter::new(format!("{EXPECTED},info")));
    let registry = tracing_subscriber::registry().with(filter);
    let is_terminal = std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(is_terminal);
    let started = match log.format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
    drop(started);
}
