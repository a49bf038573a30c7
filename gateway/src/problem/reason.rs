//! Why something is refused: a stable code for programs, a sentence for people by the catalogues.

use domain::import::FileFault;
use domain::value::Invalid;

/// The types that a JSON value can be expected to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonType {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    Text,
    /// A number without a fraction.
    Integer,
    /// `true` or `false`
    Boolean,
}

/// A reason, of a field or of the request as a whole. It never carries the value that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// By the rules of a value.
    Value(Invalid),
    /// Not a file of clients.
    File(FileFault),
    /// Another type of JSON value.
    WrongType(JsonType),
    /// No such field here.
    UnknownField,
    /// The same field twice.
    DuplicateField,
    /// Fewer characters than are needed.
    TooShort {
        /// The fewest there may be.
        min: usize,
    },
    /// A number outside of its bounds.
    OutOfRange {
        /// The least it may be.
        min: i64,
        /// The most it may be.
        max: i64,
    },
    /// Not an RFC 3339 time.
    Time,
    /// Not a cursor that a list gave.
    Cursor,
    /// A thing of this id is not there, or the caller may not know of it.
    UnknownId,
    /// The field makes no sense beside another.
    NotHere,
    /// Not JSON at all.
    NotJson {
        /// The line where reading stopped, from 1.
        line: usize,
        /// The column where reading stopped, from 1.
        column: usize,
    },
    /// Not UTF-8.
    NotUtf8,
    /// Objects and arrays within each other beyond what is read.
    TooDeep,
    /// More JSON values than are read.
    TooManyValues {
        /// The most there may be.
        max: usize,
    },
    /// More bytes than are taken.
    BodyTooLarge {
        /// The most there may be.
        max_bytes: usize,
    },
    /// More bytes of JSON than are taken: texts may be too long, or written with more bytes than UTF-8 takes.
    JsonTooLarge {
        /// The most there may be.
        max_bytes: usize,
    },
    /// A body under a content coding such as gzip.
    Encoded,
    /// The body stopped before its end.
    BodyBroken,
    /// A body that is not `application/json`.
    NotJsonType,
    /// A file that is not `text/csv`.
    NotCsvType,
    /// Not one header `Host` with a name and a port.
    Host,
    /// A transfer coding that is not `chunked` alone.
    TransferCoding,
    /// The header `Idempotency-Key` is needed here.
    KeyMissing,
    /// The header `Idempotency-Key` is not 1 to 255 visible ASCII characters.
    KeyInvalid,
    /// The same request is under way.
    KeyRunning,
    /// A position that is not yet written.
    PastTheHead,
    /// Nobody would get it.
    NobodyToTell,
    /// More people than one message may go to.
    TooManyRecipients {
        /// The most there may be.
        max: usize,
    },
    /// Somebody else logs in with that address.
    EmailTaken,
    /// A user needs a role.
    NoRole,
    /// Another client of the company has that external id.
    ExternalIdTaken,
    /// More contacts than a client may have.
    TooManyContacts {
        /// The most there may be.
        max: usize,
    },
    /// The time to undo is over.
    TooLateToWithdraw {
        /// How long it lasts.
        window_s: i64,
    },
    /// It would expire before it begins.
    Expired,
    /// It was cancelled.
    Cancelled,
    /// It is disabled.
    Disabled,
    /// Nobody may take away the last administrator's rights, or one's own.
    OwnAccess,
    /// Somebody else changed it at the same moment, again and again.
    Contended,
    /// The confirmation does not belong to this request.
    Unconfirmed,
    /// As many people as were confirmed are not those who would be told now.
    AudienceChanged {
        /// How many would be told.
        reachable: u64,
    },
    /// The nearest events are not readable yet.
    NotCaughtUp,
    /// More work is waiting than can be done.
    Overloaded,
    /// As many files are being imported as can be.
    TooManyImports,
    /// The caller has as many such requests under way as one caller may have.
    TooManyAtOnce,
    /// There is no room on disk for an uploaded file.
    DiskFull,
}

impl Reason {
    /// The reason as programs read it; stable for ever.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Value(invalid) => invalid.code(),
            Self::File(fault) => fault.code(),
            Self::WrongType(_) => "wrong_type",
            Self::UnknownField => "unknown_field",
            Self::DuplicateField => "duplicate_field",
            Self::TooShort { .. } => "too_short",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Time => "invalid_time",
            Self::Cursor => "invalid_cursor",
            Self::UnknownId => "unknown_id",
            Self::NotHere => "not_allowed_here",
            Self::NotJson { .. } => "invalid_json",
            Self::NotUtf8 => "invalid_utf8",
            Self::TooDeep => "too_deep",
            Self::TooManyValues { .. } => "too_many_values",
            Self::BodyTooLarge { .. } | Self::JsonTooLarge { .. } => "body_too_large",
            Self::Encoded => "content_encoding",
            Self::BodyBroken => "body_broken",
            Self::NotJsonType => "not_json",
            Self::NotCsvType => "not_csv",
            Self::Host => "invalid_host",
            Self::TransferCoding => "transfer_encoding",
            Self::KeyMissing => "missing",
            Self::KeyInvalid => "invalid_idempotency_key",
            Self::KeyRunning => "still_running",
            Self::PastTheHead => "past_the_head",
            Self::NobodyToTell => "no_recipients",
            Self::TooManyRecipients { .. } => "too_many_recipients",
            Self::EmailTaken => "email_taken",
            Self::NoRole => "no_role",
            Self::ExternalIdTaken => "external_id_taken",
            Self::TooManyContacts { .. } => "too_many_contacts",
            Self::TooLateToWithdraw { .. } => "too_late_to_withdraw",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Disabled => "disabled",
            Self::OwnAccess => "own_access",
            Self::Contended => "contended",
            Self::Unconfirmed => "unconfirmed",
            Self::AudienceChanged { .. } => "audience_changed",
            Self::NotCaughtUp => "not_caught_up",
            Self::Overloaded => "overloaded",
            Self::TooManyImports => "too_many_imports",
            Self::TooManyAtOnce => "too_many_at_once",
            Self::DiskFull => "disk_full",
        }
    }
}

impl From<Invalid> for Reason {
    fn from(invalid: Invalid) -> Self {
        Self::Value(invalid)
    }
}
