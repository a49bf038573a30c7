//! The exit codes, for scripts.

use std::path::PathBuf;
use std::process::ExitCode;

use commands::CommandError;
use commands::broker::{BrokerError, MirrorError};
use commands::log::OpenError;
use commands::relay::RelayError;
use embedded::StackError;
use projections::rebuild::RebuildError;

use crate::config::ConfigError;
use crate::problem::{Kind, Problem};
use crate::secrets::SecretError;
use crate::system::{ProvidersError, StartError};

/// Printed below `--help`.
pub(super) const TABLE: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 wrong configuration · 4 a server it needs is away ·
            5 refused by a rule (such as an unknown user) · 6 done in part (such as an import with bad rows) ·
            7 `doctor` or `audit verify` found faults";

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Success.
    Done = 0,
    /// A failure without a code of its own.
    Failed = 1,
    /// The command line is invalid.
    Usage = 2,
    /// The configuration is invalid.
    Configuration = 3,
    /// A server is unavailable.
    Unavailable = 4,
    /// A rule refuses the command.
    Refused = 5,
    /// Partial success; the output lists the failures.
    InPart = 6,
    /// `doctor` or `audit verify` found faults; the output lists them.
    Faults = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line is invalid.
    #[error("{0}")]
    Usage(String),
    /// The configuration is invalid.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// An embedded server did not start.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// A secret could not be stored or read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A provider's configuration is invalid.
    #[error(transparent)]
    Providers(#[from] ProvidersError),
    /// A role could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A server is unavailable, or its database is not migrated.
    #[error("failed to reach the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The migration failed.
    #[error("failed to migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// No database is configured, and the data folder has none.
    #[error(
        "nothing is kept in {}: give the folder of `mensajeria dev` with --data, or `database.url`",
        .0.display()
    )]
    NothingHere(PathBuf),
    /// A server does not answer.
    #[error("{0}")]
    Unavailable(String),
    /// A file could not be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// A rule refuses the command.
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

    /// The error for a problem of the API.
    pub(super) fn of_problem(problem: &Problem) -> Self {
        let sentence = problem.sentence(super::LANGUAGE);
        match problem.kind {
            Kind::Unavailable => Self::Unavailable(sentence),
            Kind::Internal => Self::Failed(sentence),
            _ => Self::Refused(sentence),
        }
    }

    pub(super) fn runtime(error: std::io::Error) -> Self {
        Self::File("the runtime".to_owned(), error)
    }

    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Configuration(_)
            | Self::NothingHere(_)
            | Self::Providers(ProvidersError::Settings(_))
            | Self::Log(OpenError::WrongMasterKey)
            | Self::Start(StartError::Log(OpenError::WrongMasterKey)) => Exit::Configuration,
            Self::Stack(_)
            | Self::Start(_)
            | Self::Log(_)
            | Self::Database(_)
            | Self::Migrate(_)
            | Self::Unavailable(_) => Exit::Unavailable,
            Self::Refused(_) => Exit::Refused,
            Self::File(..) | Self::Providers(_) | Self::Secret(_) | Self::Failed(_) => Exit::Failed,
        }
    }
}

impl<E: std::error::Error> From<CommandError<E>> for CliError {
    fn from(error: CommandError<E>) -> Self {
        let text = error.to_string();
        match error {
            CommandError::Refused(_) | CommandError::KeyReused | CommandError::TooLarge => {
                Self::Refused(text)
            }
            CommandError::Conflict => Self::Failed(text),
            CommandError::Unreadable(_) => Self::Failed(text),
            CommandError::Unavailable(_) => Self::Unavailable(text),
        }
    }
}

impl From<BrokerError> for CliError {
    fn from(error: BrokerError) -> Self {
        match error {
            BrokerError::Url(_) | BrokerError::Refused(_) => Self::failed(error),
            BrokerError::Away | BrokerError::TimedOut => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<RelayError> for CliError {
    fn from(error: RelayError) -> Self {
        match error {
            RelayError::Mirror(MirrorError::Broker(error)) => error.into(),
            RelayError::Mirror(MirrorError::Database(error)) => error.into(),
            out_of_step @ RelayError::OutOfStep { .. } => Self::failed(out_of_step),
        }
    }
}

impl From<RebuildError> for CliError {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::Database(error) => Self::Database(error),
            other => Self::Failed(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::user::UserError;

    use super::*;

    #[test]
    fn an_unavailable_server_and_a_refusal_have_different_exit_codes() {
        let away = CommandError::<UserError>::Unavailable("away".into());
        let exits = [
            CliError::from(away).exit(),
            CliError::from(RebuildError::Database(sqlx::Error::PoolTimedOut)).exit(),
            CliError::of_problem(&Problem::unavailable(1)).exit(),
        ];
        assert_eq!(exits, [Exit::Unavailable; 3]);
        assert_eq!(CliError::from(CommandError::Refused(UserError::NoRole)).exit(), Exit::Refused);
        assert_eq!(CliError::of_problem(&Problem::not_found()).exit(), Exit::Refused);
    }
}
