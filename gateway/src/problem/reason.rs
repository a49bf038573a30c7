//! The reasons of refusals: a stable code for programs, and a sentence of the catalogues for people.

use domain::company::OverLimit;
use domain::import::FileFault;
use domain::notification::Times;
use domain::rendering::{Fault, FaultReason, Part};
use domain::value::Invalid;

use super::JsonType;

/// The reason why a field or a whole request is refused. It never contains the refused value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// An invalid value of a domain type.
    Value(Invalid),
    /// An invalid file of clients.
    File(FileFault),
    /// A text that is not a template, or one that cannot be rendered.
    Template(FaultReason),
    /// What a text renders to cannot be sent.
    Rendered {
        /// In which part.
        part: Part,
        /// Why.
        invalid: Invalid,
    },
    /// The template declares no such variable.
    UnknownVariable {
        /// Its name.
        name: String,
    },
    /// Another variable of the template has this name.
    DeclaredTwice,
    /// Too many variables.
    TooManyVariables {
        /// The maximum.
        max: usize,
    },
    /// Another channel or company than the template's.
    NotTheTemplates,
    /// The caller has no address of the channel.
    NoOwnAddress,
    /// A JSON value of the wrong type.
    WrongType(JsonType),
    /// An unknown field.
    UnknownField,
    /// A repeated field.
    DuplicateField,
    /// Too few characters.
    TooShort {
        /// The minimum.
        min: usize,
    },
    /// A number out of range.
    OutOfRange {
        /// The minimum.
        min: i64,
        /// The maximum.
        max: i64,
    },
    /// Not an RFC 3339 time.
    Time,
    /// Not a cursor of a list.
    Cursor,
    /// No resource with this id exists, or the caller may not learn that it does.
    UnknownId,
    /// The field is forbidden beside another.
    NotHere,
    /// Not JSON.
    NotJson {
        /// The line of the error, from 1.
        line: usize,
        /// The column of the error, from 1.
        column: usize,
    },
    /// Not UTF-8.
    NotUtf8,
    /// Objects and arrays are nested too deeply.
    TooDeep,
    /// Too many JSON values.
    TooManyValues {
        /// The maximum.
        max: usize,
    },
    /// Too many bytes.
    BodyTooLarge {
        /// The maximum.
        max_bytes: usize,
    },
    /// Too many bytes of JSON: texts are too long, or are escaped into more bytes than UTF-8 takes.
    JsonTooLarge {
        /// The maximum.
        max_bytes: usize,
    },
    /// A body under a content coding such as gzip.
    Encoded,
    /// The body ended early.
    BodyBroken,
    /// A body that is not `application/json`.
    NotJsonType,
    /// A file that is not `text/csv`.
    NotCsvType,
    /// Not exactly one header `Host` with a name and a port.
    Host,
    /// A transfer coding other than `chunked` alone.
    TransferCoding,
    /// The header `Idempotency-Key` is required.
    KeyMissing,
    /// The header `Idempotency-Key` is not 1 to 255 visible ASCII characters.
    KeyInvalid,
    /// The first request with this key is still in flight.
    KeyRunning,
    /// A position after the log's head.
    PastTheHead,
    /// The audience is empty.
    NobodyToTell,
    /// Too many recipients.
    TooManyRecipients {
        /// The maximum.
        max: usize,
    },
    /// Another user logs in with this address.
    EmailTaken,
    /// A user needs a role.
    NoRole,
    /// Another client of the company has this external id.
    ExternalIdTaken,
    /// Too many external ids.
    TooManyExternalIds {
        /// The maximum.
        max: usize,
    },
    /// An SMS takes more parts than the request allows.
    TooManySegments {
        /// The parts of the longest.
        segments: u64,
        /// The maximum of the request.
        max: u32,
    },
    /// The notification would pass a limit of its company.
    OverLimit(OverLimit),
    /// So many people are not sent to again without another person's approval.
    RetryNeedsApproval {
        /// The people.
        people: u64,
        /// The company's limit.
        max: u64,
    },
    /// Too many ids.
    TooManyIds {
        /// The maximum.
        max: usize,
    },
    /// No SMS reaches the number.
    NotMobile,
    /// The delivery is being sent, or waits to be.
    DeliveryOpen,
    /// A provider has the delivery.
    DeliverySent,
    /// The doubt about the delivery has to end first.
    DeliveryInDoubt,
    /// Nothing may be sent to the person.
    DeliverySuppressed,
    /// Nothing is sent to the address for the company on the channel.
    AddressSuppressed,
    /// The person was erased.
    PersonErased,
    /// The client has no contact with the address any more.
    ContactGone,
    /// The delivery is already being sent to another address.
    AlreadyRetried,
    /// Another delivery of the notification goes to the address.
    AlreadyAddressed,
    /// Too many own columns of a client.
    TooManyColumns {
        /// The maximum.
        max: usize,
    },
    /// Too many contacts.
    TooManyContacts {
        /// The maximum.
        max: usize,
    },
    /// The time to withdraw the message is over.
    TooLateToWithdraw {
        /// The length of that time.
        window_s: i64,
    },
    /// The notification would expire before it begins.
    Expired,
    /// The notification was cancelled.
    Cancelled,
    /// The time to begin is past.
    InThePast,
    /// The time to begin is too far away.
    TooFar {
        /// The maximum.
        max_days: i64,
    },
    /// The notification would expire before it begins.
    ExpiresBefore(Times),
    /// The notification has begun.
    AlreadyBegun,
    /// The delivery is not in doubt.
    NotInDoubt,
    /// The notification awaits its approval.
    AwaitingApproval,
    /// The notification does not await an approval any more.
    NotAwaitingApproval,
    /// The author cannot decide on the own notification.
    OwnApproval,
    /// The user or client is disabled.
    Disabled,
    /// A user cannot remove their own access, nor anybody the last administrator's.
    OwnAccess,
    /// Concurrent writes changed the resource on every try.
    Contended,
    /// The confirmation belongs to another request.
    Unconfirmed,
    /// The audience changed after the confirmation.
    AudienceChanged {
        /// How many people would be reached now.
        reachable: u64,
        /// How many of them are new.
        added: u64,
        /// How many are gone.
        removed: u64,
    },
    /// The confirmation is too old.
    ConfirmationExpired,
    /// The projections do not show the latest events yet.
    NotCaughtUp,
    /// Too much work is waiting.
    Overloaded,
    /// Too many imports are running.
    TooManyImports,
    /// Too many such requests of this caller are in flight.
    TooManyAtOnce,
    /// No disk space for an uploaded file.
    DiskFull,
}

impl From<&Fault> for Reason {
    fn from(fault: &Fault) -> Self {
        match &fault.reason {
            FaultReason::Result(invalid) => Self::Rendered { part: fault.part, invalid: *invalid },
            other => Self::Template(other.clone()),
        }
    }
}

impl Reason {
    /// The code in the API; stable for ever.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Value(invalid) => invalid.code(),
            Self::File(fault) => fault.code(),
            Self::Template(FaultReason::Syntax { .. }) => "template_syntax",
            Self::Template(FaultReason::UnknownVariable { .. }) | Self::UnknownVariable { .. } => {
                "unknown_variable"
            }
            Self::Template(FaultReason::MissingColumn { .. }) => "missing_column",
            Self::Template(FaultReason::Markup) => "invalid_mjml",
            Self::Template(FaultReason::Unsupported { .. }) => "template_unsupported",
            Self::Template(FaultReason::Fails { .. }) => "template_fails",
            Self::Template(FaultReason::TooCostly) => "template_too_costly",
            Self::Template(FaultReason::Result(invalid)) | Self::Rendered { invalid, .. } => invalid.code(),
            Self::DeclaredTwice => "declared_twice",
            Self::TooManyVariables { .. } => "too_many_variables",
            Self::NotTheTemplates => "not_the_templates",
            Self::NoOwnAddress => "no_own_address",
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
            Self::TooManyExternalIds { .. } => "too_many_external_ids",
            Self::TooManySegments { .. } => "too_many_segments",
            Self::OverLimit(_) => "over_limit",
            Self::RetryNeedsApproval { .. } => "retry_needs_approval",
            Self::TooManyIds { .. } => "too_many_ids",
            Self::NotMobile => "not_mobile",
            Self::DeliveryOpen => "delivery_open",
            Self::DeliverySent => "delivery_sent",
            Self::DeliveryInDoubt => "delivery_in_doubt",
            Self::DeliverySuppressed => "delivery_suppressed",
            Self::AddressSuppressed => "address_suppressed",
            Self::PersonErased => "person_erased",
            Self::ContactGone => "contact_gone",
            Self::AlreadyAddressed => "already_addressed",
            Self::AlreadyRetried => "already_retried",
            Self::TooManyContacts { .. } => "too_many_contacts",
            Self::TooManyColumns { .. } => "too_many_columns",
            Self::TooLateToWithdraw { .. } => "too_late_to_withdraw",
            Self::Expired | Self::ExpiresBefore(_) => "expired",
            Self::Cancelled => "cancelled",
            Self::InThePast => "in_the_past",
            Self::TooFar { .. } => "too_far",
            Self::AlreadyBegun => "already_begun",
            Self::NotInDoubt => "not_in_doubt",
            Self::AwaitingApproval => "awaiting_approval",
            Self::NotAwaitingApproval => "not_awaiting_approval",
            Self::OwnApproval => "own_approval",
            Self::Disabled => "disabled",
            Self::OwnAccess => "own_access",
            Self::Contended => "contended",
            Self::Unconfirmed => "unconfirmed",
            Self::AudienceChanged { .. } => "audience_changed",
            Self::ConfirmationExpired => "confirmation_expired",
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
