//! The use cases of dead letters: failed deliveries that a person sends again or discards.
//!
//! A retry appends everything in one transaction: the notification's new generation, the reopened members of each chunk, and
//! their tasks. The streams' sequences are the fence: of two retries of one delivery at the same moment the second finds it
//! open, and changes nothing.

mod all;
mod people;
mod prepare;
mod retry;
mod taking;

use chrono::{DateTime, Utc};
use domain::client::ClientError;
use domain::company::OverLimit;
use domain::deliveries::{Action, Deliveries, DeliveriesCommand, DeliveriesError, deliveries_stream};
use domain::notification::NotificationError;
use domain::personal::Personal;
use domain::value::{CompanyId, DeliveryId, NotificationId, Ordinal, StatedReason};
use serde_json::json;

pub use self::all::{RetryAll, retry_all};
pub use self::retry::{retry, retry_many};
use crate::context::CommandContext;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

/// Deliveries of one notification that are to be sent again.
#[derive(Debug, Clone)]
pub struct Retry {
    /// The notification.
    pub notification: NotificationId,
    /// Its company.
    pub company: CompanyId,
    /// Whose deliveries, without repetitions.
    pub ordinals: Vec<Ordinal>,
    /// Why.
    pub reason: Option<StatedReason>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Another address for the only delivery of a [`Retry`].
#[derive(Clone)]
pub struct NewAddress {
    /// The phone number in E.164 or the e-mail address.
    pub address: String,
    /// Whether the client's contact gets it too.
    pub updates_client: bool,
    /// The deliveries of the notification that go to it already, as the views know them.
    pub addressed: Vec<Ordinal>,
}

/// Why a delivery is not sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetryRefusal {
    /// By the rules of deliveries.
    #[error(transparent)]
    Delivery(#[from] DeliveriesError),
    /// By the rules of notifications.
    #[error(transparent)]
    Notification(#[from] NotificationError),
    /// By the rules of clients.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The person was erased.
    #[error("the person was erased")]
    Erased,
    /// Nothing is sent to the address for this company on this channel.
    #[error("the address is suppressed")]
    AddressSuppressed,
    /// The client has no contact with the address any more, so that none can be changed.
    #[error("the client has no such contact any more")]
    ContactGone,
    /// The delivery is already being sent to another address.
    #[error("the delivery is already being sent again")]
    AlreadyRetried,
    /// Another delivery of the notification goes to the address.
    #[error("another delivery of the notification goes to the address")]
    AlreadyAddressed,
    /// It would pass a limit of its company.
    #[error("the company's limit {} of {} would be passed: {} taken, {} asked", .0.limit.as_str(), .0.max, .0.taken, .0.asked)]
    OverLimit(OverLimit),
}

/// A delivery that was not sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unretried {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Why.
    pub refusal: RetryRefusal,
}

/// What a retry of many came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Retried {
    /// The command.
    pub done: Done,
    /// How many are sent again by it.
    pub people: usize,
    /// Those that are not, but for those that were already under way.
    pub refused: Vec<Unretried>,
}

impl From<Done> for Retried {
    fn from(done: Done) -> Self {
        Self { done, people: 0, refused: Vec::new() }
    }
}

/// Says that a failed delivery is not sent again, for a reason. One that is discarded already stays as it is.
///
/// # Errors
/// [`DeliveriesError`] for one that has not failed.
pub async fn discard(
    log: &EventLog,
    company: CompanyId,
    notification: NotificationId,
    ordinal: Ordinal,
    reason: StatedReason,
    context: &CommandContext,
) -> Result<Done, CommandError<DeliveriesError>> {
    let reason = Personal::new(notification.uuid(), reason.into_string());
    let action = Action::Discard { members: ordinal.member().into(), reason };
    let command = DeliveriesCommand { notification, company, action };
    let stream = deliveries_stream(notification, ordinal.chunk());
    let context = &context.clone().about(company);
    log.execute::<Deliveries>(&stream, command, context, &json!({})).await
}
