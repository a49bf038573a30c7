//! Why a stored event cannot be read.

/// Why a stored event is unreadable.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No aggregate of that type exists in this version of the program.
    #[error("unknown aggregate type {0:?}")]
    UnknownAggregate(String),
    /// A later version of the program wrote it.
    #[error("version {0:?} of the event is not known to this program")]
    UnknownVersion(String),
    /// The payload is not an event of its aggregate. The text quotes nothing of it, which may be personal.
    #[error("not an event of its aggregate")]
    Payload(#[from] serde_json::Error),
    /// Its personal data does not open under its key: somebody changed the row, or the key is another one.
    #[error("its personal data does not open under its key")]
    Sealed,
}
