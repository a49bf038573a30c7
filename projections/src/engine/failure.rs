//! Classifies failures: the fault of one event, a passing failure of the database, or one that needs a person.

use sqlx::Error;

/// The kind of a database error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Caused by the data of an event: it fails again each time.
    Event,
    /// Caused by the database or the network: a retry may succeed.
    Transient,
    /// Caused by the program or an operator, such as a missing table: a retry helps only after a person has acted.
    Permanent,
}

/// Why a batch was not projected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    /// Another process moved the checkpoint, or the tables were swapped: read the checkpoint again.
    #[error("the checkpoint was moved by somebody else")]
    Fenced,
    /// So many aggregates are parked that the events are hardly the cause.
    #[error("more than {} aggregates are parked", super::parking::PARKED_AGGREGATES_MAX)]
    TooManyParked,
    /// The log grows faster than the rebuild fills its tables.
    #[error("the live tables could not be reached")]
    TooSlow,
    /// The database refused or is away.
    #[error("failed to project: {0}")]
    Database(#[from] Error),
}

/// Classifies an error by the class of its SQLSTATE (PostgreSQL, appendix A).
pub(crate) fn fault(error: &Error) -> Fault {
    let Error::Database(error) = error else {
        return match error {
            Error::Encode(_) => Fault::Event,
            Error::ColumnDecode { .. } | Error::Decode(_) | Error::ColumnNotFound(_) => Fault::Permanent,
            _ => Fault::Transient,
        };
    };
    let code = error.code();
    let code = code.as_deref().unwrap_or_default();
    // A wrong COPY format is caused by the program, not by an event.
    if matches!(code, "22P03" | "22P04") {
        return Fault::Permanent;
    }
    match code.get(..2) {
        // Data exception, constraint violation, program limit exceeded, raised by a trigger.
        Some("22" | "23" | "54" | "P0") => Fault::Event,
        // Connection, transaction state, rollback, resources, not in the right state, operator, system.
        Some("08" | "25" | "40" | "53" | "55" | "57" | "58") => Fault::Transient,
        _ => Fault::Permanent,
    }
}

/// The error without quoted values, which may be personal: only SQLSTATE and constraint.
pub(crate) fn without_values(error: &Error) -> String {
    match error {
        Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            match error.constraint() {
                Some(constraint) => format!("SQLSTATE {code}, {constraint}"),
                None => format!("SQLSTATE {code}"),
            }
        }
        Error::Encode(_) => "a value that cannot be encoded".to_owned(),
        _ => "the database did not answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_an_answer_of_the_database_is_transient() {
        assert_eq!(fault(&Error::PoolTimedOut), Fault::Transient);
        assert_eq!(fault(&Error::Io(std::io::ErrorKind::ConnectionReset.into())), Fault::Transient);
        assert_eq!(fault(&Error::ColumnNotFound("position".into())), Fault::Permanent);
    }
}
