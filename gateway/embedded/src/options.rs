//! The options of a stack.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::GuardCommand;

/// The options of a stack.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The folder of the servers' files; created if missing.
    pub data: PathBuf,
    /// Whether committed data survives a power failure.
    pub durability: Durability,
    /// Whether the folder stays when the stack ends. `false` removes it, even if the process is killed.
    pub keep: bool,
    /// Whether to start PostgreSQL: `false` when `DATABASE_URL` names one.
    pub postgres: bool,
    /// Whether to start NATS: `false` when `NATS_URL` names one.
    pub nats: bool,
    /// How to run the hidden guard subcommand.
    pub guard: GuardCommand,
    /// The cache of downloaded programs; by default as the environment says (see `cache.rs`).
    pub cache: Option<PathBuf>,
    /// The sink of progress messages.
    pub print: Print,
}

impl StackOptions {
    /// Both servers, durable, kept, silent, guarded by this executable's `guard` subcommand.
    #[must_use]
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            durability: Durability::Durable,
            keep: true,
            postgres: true,
            nats: true,
            guard: GuardCommand::default(),
            cache: None,
            print: Print::silent(),
        }
    }
}

/// Whether committed data survives a power failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production: fsync, full page writes, synchronous commit.
    Durable,
    /// Without fsync: data survives killed processes but no power failure, and starts and copies of databases are
    /// faster.
    Test,
}

/// The sink of progress messages.
#[derive(Clone)]
pub struct Print(Arc<dyn Fn(&str) + Send + Sync>);

impl Print {
    /// Passes every line to `sink`, without a line break at its end.
    pub fn to(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Discards all messages.
    #[must_use]
    pub fn silent() -> Self {
        Self::to(|_| {})
    }

    pub(crate) fn line(&self, line: &str) {
        (self.0)(line);
    }
}

impl fmt::Debug for Print {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Print")
    }
}
