//! Conversions of errors of the inner layers into problems.

use std::convert::Infallible;

use commands::CommandError;
use commands::clients::ClientRefusal;
use commands::dead_letters::RetryRefusal;
use commands::doubts::DoubtRefusal;
use commands::log::{FeedError, LoadError, SealError};
use commands::users::UserRefusal;
use domain::DecodeError;
use domain::client::{COLUMNS_MAX, CONTACTS_MAX, ClientError};
use domain::company::CompanyError;
use domain::deliveries::DeliveriesError;
use domain::inbox::InboxError;
use domain::message::{MessageError, RECIPIENTS_MAX, UNDO_WINDOW_S};
use domain::notification::{HOLD_SECONDS_MAX, NotificationError, SCHEDULE_DAYS_MAX};
use domain::provider::ProviderError;
use domain::receipt::ReceiptError;
use domain::suppression::SuppressionError;
use domain::template::{TemplateError, VARIABLES_MAX};
use domain::user::UserError;
use domain::value::Invalid;

use super::{Kind, Problem, Reason};

/// The `Retry-After` of a 503, in seconds.
const RETRY_AFTER_S: u32 = 2;

/// A domain refusal that converts into a problem.
pub(crate) trait Refusal: std::error::Error {
    /// The problem for the caller.
    fn problem(&self) -> Problem;
}

/// For commands that no rule can refuse.
impl Refusal for Infallible {
    fn problem(&self) -> Problem {
        match *self {}
    }
}

impl<E: Refusal> From<CommandError<E>> for Problem {
    fn from(error: CommandError<E>) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.problem(),
            CommandError::KeyReused => Self::new(Kind::KeyReused),
            CommandError::Conflict => Self { retry_after_s: Some(1), ..Self::conflict(Reason::Contended) },
            CommandError::TooLarge => Self::new(Kind::TooLarge),
            CommandError::Unreadable(cause) => unreadable(&cause),
            CommandError::Unavailable(cause) => unavailable(&cause),
        }
    }
}

/// An unavailable or overloaded database gives 503. A refused statement is our fault: 500.
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        let ours = error
            .as_database_error()
            .is_some_and(|error| error.code().is_some_and(|code| is_our_fault(&code)));
        if ours
            || matches!(
                error,
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_)
            )
        {
            Self::internal(&error)
        } else {
            unavailable(&error)
        }
    }
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Database(error) => error.into(),
            FeedError::Keys(error) => error.into(),
        }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Database(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Database(error) => error.into(),
            LoadError::Seal(error) => error.into(),
            LoadError::Decode(error) => unreadable(&error),
        }
    }
}

/// Tables or columns that are missing or of another type. After an upgrade the old views serve until a rebuild has
/// finished, and a statement of this version may not fit them.
const NOT_MADE_YET: [&str; 3] = ["42P01", "42703", "42883"];

/// SQLSTATE classes of data, integrity and statement errors (PostgreSQL, appendix A). All others are troubles of the
/// server.
fn is_our_fault(code: &str) -> bool {
    !NOT_MADE_YET.contains(&code)
        && ["21", "22", "23", "26", "34", "42"].iter().any(|class| code.starts_with(class))
}

/// Retrying does not help: only a program that can decode the event does.
fn unreadable(cause: &DecodeError) -> Problem {
    tracing::error!(%cause, "a stream has an event that this version cannot decode");
    Problem::new(Kind::Internal)
}

fn unavailable(cause: &dyn std::fmt::Display) -> Problem {
    tracing::warn!(%cause, "a request failed because a dependency is unavailable");
    Problem::unavailable(RETRY_AFTER_S)
}

impl Refusal for UserRefusal {
    fn problem(&self) -> Problem {
        match self {
            Self::Rule(rule) => rule.problem(),
            Self::EmailTaken => Problem::of_field("/email", Reason::EmailTaken),
        }
    }
}

impl Refusal for UserError {
    fn problem(&self) -> Problem {
        match self {
            Self::Unknown => Problem::not_found(),
            Self::AlreadyRegistered => Problem::new(Kind::Conflict),
            Self::NoRole => Problem::of_field("/roles", Reason::NoRole),
            Self::Disabled => Problem::conflict(Reason::Disabled),
        }
    }
}

impl Refusal for CompanyError {
    fn problem(&self) -> Problem {
        match self {
            Self::Unknown => Problem::not_found(),
            Self::AlreadyRegistered => Problem::new(Kind::Conflict),
        }
    }
}

impl Refusal for ClientRefusal {
    fn problem(&self) -> Problem {
        match self {
            Self::Rule(rule) => rule.problem(),
            Self::ExternalIdTaken => Problem::of_field("/external_id", Reason::ExternalIdTaken),
        }
    }
}

impl Refusal for ClientError {
    fn problem(&self) -> Problem {
        match self {
            Self::Unknown => Problem::not_found(),
            Self::AlreadyRegistered => Problem::new(Kind::Conflict),
            Self::TooManyContacts { .. } => {
                Problem::of_field("/contacts", Reason::TooManyContacts { max: CONTACTS_MAX })
            }
            Self::TooManyColumns { .. } => {
                Problem::of_field("/columns", Reason::TooManyColumns { max: COLUMNS_MAX })
            }
        }
    }
}

impl Refusal for MessageError {
    fn problem(&self) -> Problem {
        match self {
            Self::NoRecipients => Problem::of_field("/recipients", Reason::NobodyToTell),
            Self::TooManyRecipients { .. } => {
                Problem::of_field("/recipients", Reason::TooManyRecipients { max: RECIPIENTS_MAX })
            }
            Self::AlreadySent => Problem::new(Kind::Conflict),
            Self::Unknown => Problem::not_found(),
            Self::NotTheAuthor => Problem::forbidden(),
            Self::TooLateToWithdraw => {
                Problem::conflict(Reason::TooLateToWithdraw { window_s: UNDO_WINDOW_S })
            }
        }
    }
}

impl Refusal for ReceiptError {
    fn problem(&self) -> Problem {
        match *self {}
    }
}

impl Refusal for ProviderError {
    fn problem(&self) -> Problem {
        match *self {}
    }
}

impl Refusal for InboxError {
    fn problem(&self) -> Problem {
        match self {
            Self::PastTheHead { .. } => Problem::of_field("/up_to", Reason::PastTheHead),
        }
    }
}

impl Refusal for SuppressionError {
    fn problem(&self) -> Problem {
        match self {
            Self::Unknown => Problem::not_found(),
        }
    }
}

impl Refusal for TemplateError {
    fn problem(&self) -> Problem {
        match self {
            Self::AlreadyCreated => Problem::new(Kind::Conflict),
            Self::Unknown => Problem::not_found(),
            Self::OtherChannel => Problem::of_field("/channel", Reason::NotTheTemplates),
            Self::NoBody => Problem::of_field("/body", Invalid::Missing.into()),
            Self::TooManyVariables => {
                Problem::of_field("/variables", Reason::TooManyVariables { max: VARIABLES_MAX })
            }
            Self::DeclaredTwice { index } => {
                Problem::of_field(format!("/variables/{index}/name"), Reason::DeclaredTwice)
            }
            Self::Text(fault) => Problem::of_field(format!("/{}", fault.part), fault.into()),
        }
    }
}

impl Refusal for DeliveriesError {
    fn problem(&self) -> Problem {
        Problem::conflict(match self {
            Self::Open => Reason::DeliveryOpen,
            Self::Sent => Reason::DeliverySent,
            Self::InDoubt => Reason::DeliveryInDoubt,
            Self::NotInDoubt => Reason::NotInDoubt,
            Self::Suppressed => Reason::DeliverySuppressed,
            Self::Cancelled => Reason::Cancelled,
            _ => Reason::Contended,
        })
    }
}

impl Refusal for RetryRefusal {
    fn problem(&self) -> Problem {
        match self {
            Self::Delivery(rule) => rule.problem(),
            Self::Notification(rule) => rule.problem(),
            Self::Client(rule) => rule.problem(),
            Self::Erased => Problem::conflict(Reason::PersonErased),
            Self::AddressSuppressed => Problem::conflict(Reason::AddressSuppressed),
            Self::ContactGone => Problem::conflict(Reason::ContactGone),
            Self::AlreadyRetried => Problem::conflict(Reason::AlreadyRetried),
            Self::AlreadyAddressed => Problem::conflict(Reason::AlreadyAddressed),
            Self::OverLimit(over) => NotificationError::OverLimit(*over).problem(),
        }
    }
}

/// The reason of a refusal, where it stands beside others.
pub(crate) fn reason_of(refusal: &impl Refusal) -> Reason {
    let Problem { reason, faults, .. } = refusal.problem();
    reason.or_else(|| faults.into_iter().next().map(|fault| fault.reason)).unwrap_or(Reason::Contended)
}

impl Refusal for NotificationError {
    fn problem(&self) -> Problem {
        match self {
            Self::AlreadyRequested | Self::AudienceNotOpen | Self::NothingToComplete | Self::NotDue => {
                Problem::new(Kind::Conflict)
            }
            Self::ScheduledInThePast => Problem::of_field("/schedule_at", Reason::InThePast),
            Self::ScheduledTooFar => {
                Problem::of_field("/schedule_at", Reason::TooFar { max_days: SCHEDULE_DAYS_MAX })
            }
            Self::ExpiresBefore(times) => Problem::of_field("/schedule_at", Reason::ExpiresBefore(*times)),
            Self::HoldTooLong => {
                let range = Reason::OutOfRange { min: 0, max: HOLD_SECONDS_MAX.into() };
                Problem::of_field("/hold_seconds", range)
            }
            Self::OverLimit(over) => Problem::of_field("/company_id", Reason::OverLimit(*over)),
            Self::AlreadyBegun => Problem::conflict(Reason::AlreadyBegun),
            Self::AwaitingApproval => Problem::conflict(Reason::AwaitingApproval),
            Self::NotAwaitingApproval => Problem::conflict(Reason::NotAwaitingApproval),
            Self::OwnApproval => Problem::forbidden().because(Reason::OwnApproval),
            Self::Expired(times) => Problem::of_field("/expires_at", Reason::ExpiresBefore(*times)),
            Self::RetryNeedsApproval { people, max } => {
                Problem::conflict(Reason::RetryNeedsApproval { people: *people, max: *max })
            }
            Self::PastExpiry => Problem::conflict(Reason::Expired),
            Self::Unknown => Problem::not_found(),
            Self::Cancelled => Problem::conflict(Reason::Cancelled),
        }
    }
}

impl Refusal for DoubtRefusal {
    fn problem(&self) -> Problem {
        match self {
            Self::Unknown => Problem::not_found(),
            Self::Delivery(refusal) => refusal.problem(),
            Self::Notification(refusal) => refusal.problem(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unavailable_database_is_503() {
        let problem = Problem::from(sqlx::Error::PoolTimedOut);
        assert_eq!((problem.kind, problem.retry_after_s), (Kind::Unavailable, Some(RETRY_AFTER_S)));
    }

    #[test]
    fn an_undecodable_stream_is_500_without_retry_after() {
        let unreadable = || LoadError::Decode(DecodeError::UnknownVersion("2".into()));
        for problem in [Problem::from(unreadable()), CommandError::<MessageError>::from(unreadable()).into()]
        {
            assert_eq!((problem.kind, problem.retry_after_s), (Kind::Internal, None));
        }
    }

    #[test]
    fn a_refusal_names_the_field_it_is_about() {
        let problem = Problem::from(CommandError::Refused(UserRefusal::EmailTaken));
        assert_eq!(problem.status().as_u16(), 422);
        assert_eq!(problem.faults[0].pointer, "/email");
    }

    #[test]
    fn only_errors_of_the_statement_are_our_fault() {
        assert!(is_our_fault("22021") && is_our_fault("42601"));
        assert!(!is_our_fault("57P01") && !is_our_fault("53300") && !is_our_fault("08006"));
    }
}
