//! Logging to standard error, because standard output is for data only.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// The pool replaces a connection found broken on its return. The statement that broke it has reported the error.
const EXPECTED: &str = "sqlx_core::pool=error";

/// Starts logging. A second call, as by tests that run the program in their own process, has no effect.
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
