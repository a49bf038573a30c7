//! Logging to standard error, because standard output is for data only.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// What others say that is expected, or that a line of ours says with its consequence. A level in the settings for one of
/// these targets goes before.
///
/// - The pool replaces a connection found broken on its return. The statement that broke it has reported the error.
/// - At a crash of PostgreSQL each connection gets a notice. What it was needed for says that the database is away.
/// - A transaction that is dropped while it commits, as at a stop, rolls back nothing and gets a notice.
/// - A certificate that is not trusted is told with the provider's name and a hint, once a rest.
const EXPECTED: &str = "sqlx_core::pool=error,sqlx::postgres::notice=error,rustls_platform_verifier=off";

/// Starts logging. A second call, as by tests that run the program in their own process, has no effect.
pub fn log_to_stderr(log: &Log) {
    let registry = tracing_subscriber::registry().with(filter(&log.level));
    let is_terminal = std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(is_terminal);
    let started = match log.format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
    drop(started);
}

/// A level that cannot be read counts as `info`.
fn filter(level: &str) -> EnvFilter {
    let filter = EnvFilter::try_new(format!("{EXPECTED},{level}"));
    filter.unwrap_or_else(|_| EnvFilter::new(format!("{EXPECTED},info")))
}

#[cfg(test)]
mod tests {
    use tracing::{Level, enabled};

    use super::*;
    use crate::config::Config;

    /// Whether the notice of a crash, the verifier's error, an error of PostgreSQL and information of ours are logged.
    fn logged(level: &str) -> [bool; 4] {
        tracing::subscriber::with_default(tracing_subscriber::registry().with(filter(level)), || {
            [
                enabled!(target: "sqlx::postgres::notice", Level::WARN),
                enabled!(target: "rustls_platform_verifier::verification::others", Level::ERROR),
                enabled!(target: "sqlx::postgres::notice", Level::ERROR),
                enabled!(target: "dispatcher", Level::INFO),
            ]
        })
    }

    /// One test, because subscribers of several threads share what `tracing` remembers of a line.
    #[test]
    fn what_a_line_of_ours_says_is_logged_raw_only_on_request() {
        let manual = Config::load(None, []).expect("the manual alone is a whole configuration");
        assert_eq!(logged(&manual.log.level), [false, false, true, true]);
        assert_eq!(logged("info"), [false, false, true, true]);
        assert_eq!(logged("dispatcher=loud"), [false, false, true, true]);
        assert_eq!(logged("info,sqlx::postgres::notice=warn,rustls_platform_verifier=error"), [true; 4]);
    }
}
