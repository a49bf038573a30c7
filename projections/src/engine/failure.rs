//! What a failure means: one event's fault, or a database that is away.

use sqlx::Error;

/// Whose fault a database error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The data of some event: it will fail again, whatever else happens.
    Event,
    /// The database's or the network's: worth another try.
    Passing,
    /// The program's or an operator's, such as a missing table: another try may help once somebody has looked.
    Standing,
}

/// Why a batch was not projected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    /// Somebody else moved the checkpoint, or the tables were swapped: read it again.
    #[error("the checkpoint was moved by somebody else")]
    Fenced,
    /// So many aggregates are parked that something bigger is wrong than their events.
    #[error("more than {} aggregates are parked", super::parking::PARKED_AGGREGATES_MAX)]
    TooManyParked,
    /// The log grows faster than the tables beside the live ones are filled.
    #[error("the live tables could not be reached")]
    TooSlow,
    /// The database refused or is away.
    #[error("failed to project: {0}")]
    Database(#[from] Error),
}

/// Tells by the class of the SQLSTATE (PostgreSQL, appendix A).
pub(crate) fn fault(error: &Error) -> Fault {
    let Error::Database(error) = error else {
        return match error {
            Error::Encode(_) => Fault::Event,
            Error::ColumnDecode { .. } | Error::Decode(_) | Error::ColumnNotFound(_) => Fault::Standing,
            _ => Fault::Passing,
        };
    };
    let code = error.code();
    let code = code.as_deref().unwrap_or_default();
    // What is wrong with the format of a COPY is our doing, not an event's.
    if matches!(code, "22P03" | "22P04") {
        return Fault::Standing;
    }
    match code.get(..2) {
        // Data exception, constraint violation, program limit exceeded, raised by a trigger.
        Some("22" | "23" | "54" | "P0") => Fault::Event,
        // Connection, transaction state, rollback, resources, not in the right state, operator, system.
        Some("08" | "25" | "40" | "53" | "55" | "57" | "58") => Fault::Passing,
        _ => Fault::Standing,
    }
}

/// The error without what it may quote: SQLSTATE and constraint name no person.
pub(crate) fn nameless(error: &Error) -> String {
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
    fn what_never_reached_the_database_passes() {
        assert_eq!(fault(&Error::PoolTimedOut), Fault::Passing);
        assert_eq!(fault(&Error::Io(std::io::ErrorKind::ConnectionReset.into())), Fault::Passing);
        assert_eq!(fault(&Error::ColumnNotFound("position".into())), Fault::Standing);
    }
}
