//! What a caller decides about a stack.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::GuardCommand;

/// Everything a caller decides about a stack.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The folder for everything the servers keep; made if missing.
    pub data: PathBuf,
    /// Whether committed data outlives a power failure.
    pub durability: Durability,
    /// Whether the folder stays when the stack ends. `false` removes it, even if the process is killed.
    pub keep: bool,
    /// Whether to start PostgreSQL: `false` when `DATABASE_URL` names one.
    pub postgres: bool,
    /// Whether to start NATS: `false` when `NATS_URL` names one.
    pub nats: bool,
    /// How to run the hidden guard subcommand.
    pub guard: GuardCommand,
    /// Where to keep downloaded programs; without it as the environment says (see `cache.rs`).
    pub cache: Option<PathBuf>,
    /// Takes a line on what is being done.
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

/// Whether committed data outlives a power failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production: fsync, full page writes, synchronous commit.
    Durable,
    /// Without fsync: outlives killed processes but no power failure, and starts and copies databases faster.
    Test,
}

/// A sink for lines on what is being done.
#[derive(Clone)]
pub struct Print(Arc<dyn Fn(&str) + Send + Sync>);

impl Print {
    /// Hands every line to `sink`, without a line break at its end.
    pub fn to(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Says nothing.
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
