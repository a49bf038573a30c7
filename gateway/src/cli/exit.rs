//! How the program ends, for scripts that ask.

use std::process::ExitCode;

use commands::log::OpenError;

use crate::config::ConfigError;
use crate::secrets::SecretError;
use crate::stack::StackError;
use crate::system::{OutsideError, StartError};

/// Printed below `--help`.
pub(super) const TABLE: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 wrong configuration · 4 a server it needs is away ·
            5 refused by a rule (such as an unknown user) · 6 done in part (such as an import with bad rows)";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All was done.
    Done = 0,
    /// Something went wrong that no other code says.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration is wrong.
    Configuration = 3,
    /// A server it needs is away.
    Unavailable = 4,
    /// A rule refuses what was asked.
    Refused = 5,
    /// Some of it was done; the output says what was not.
    InPart = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command of the command line was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// The configuration is wrong.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// An embedded server did not start.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// A secret could not be kept.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A provider cannot be used as configured.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The program's parts could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A server it needs is away, or its database is not migrated.
    #[error("failed to reach the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The log does not open.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The database's tables could not be brought up to date.
    #[error("failed to migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A file could not be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// A rule refuses what was asked.
    #[error("{0}")]
    Refused(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    pub(super) fn refused(error: impl std::fmt::Display) -> Self {
        Self::Refused(error.to_string())
    }

    pub(super) fn runtime(error: std::io::Error) -> Self {
        Self::File("the runtime".to_owned(), error)
    }

    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Configuration(_)
            | Self::Outside(OutsideError::Settings(_))
            | Self::Log(OpenError::WrongMasterKey)
            | Self::Start(StartError::Log(OpenError::WrongMasterKey)) => Exit::Configuration,
            Self::Stack(_) | Self::Start(_) | Self::Log(_) | Self::Database(_) | Self::Migrate(_) => {
                Exit::Unavailable
            }
            Self::Refused(_) => Exit::Refused,
            Self::File(..) | Self::Outside(_) | Self::Secret(_) | Self::Failed(_) => Exit::Failed,
        }
    }
}
