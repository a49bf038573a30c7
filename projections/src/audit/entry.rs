//! What the audit says of an event: ids, numbers and words of ours, never a name, an address or a text.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::Event;
use domain::client::ClientEvent;
use domain::company::CompanyEvent;
use domain::delivery::{Attempt, DeliveryEvent, FailureClass, SuppressionReason};
use domain::inbox::InboxEvent;
use domain::message::MessageEvent;
use domain::notification::{AudienceEvent, NotificationEvent};
use domain::receipt::ReceiptEvent;
use domain::user::UserEvent;
use domain::value::{ClientId, MessageId, NotificationId, Priority, Role, UserId};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::SubjectId;

/// The result of what has none of its own.
const DONE: &str = "done";
/// The result of an event that this program cannot read.
const UNREADABLE: &str = "unreadable";

/// An entry, but for what every event has.
#[derive(Debug, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) subject_type: &'a str,
    /// Which one it was done to.
    pub(super) subject: SubjectId,
    pub(super) company: Option<Uuid>,
    /// The notification it is about, whose channel it takes.
    pub(super) notification: Option<Uuid>,
    pub(super) result: &'static str,
    /// An object in JSON.
    pub(super) summary: Cow<'a, str>,
}

/// What a message's entry says. Most of a log are messages, receipts and outcomes, so these are written without a tree in
/// between.
#[derive(Serialize)]
struct Sent<'a> {
    acknowledge: bool,
    in_reply_to: Option<MessageId>,
    priority: Priority,
    recipients: usize,
    roles: &'a [Role],
}

/// What a receipt's entry says.
#[derive(Serialize)]
struct Received {
    author: UserId,
    recipient: UserId,
}

/// What an outcome's entry says. Provider, class and code name no person; the provider's text may, so it stays out.
#[derive(Serialize)]
struct Outcome<'a> {
    notification: NotificationId,
    client: ClientId,
    generation: u32,
    number: u32,
    #[serde(flatten)]
    cause: Cause<'a>,
}

#[derive(Default, Serialize)]
struct Cause<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<FailureClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<SuppressionReason>,
}

impl<'a> Entry<'a> {
    pub(super) fn of(recorded: &'a Recorded) -> Self {
        let mut entry = Self::bare(recorded);
        match &recorded.event {
            Ok(Event::Message(event)) => entry.message(event),
            Ok(Event::Receipt(event)) => entry.receipt(event),
            Ok(Event::Inbox(InboxEvent::InboxRead { up_to, .. })) => {
                entry.summary = summary(&json!({ "up_to": up_to }));
            }
            Ok(Event::Notification(event)) => entry.of_notification(recorded.id(), event),
            Ok(Event::Audience(event)) => entry.audience(event),
            Ok(Event::Delivery(event)) => entry.delivery(event),
            Ok(Event::Client(event)) => entry.client(event),
            Ok(Event::Company(event)) => entry.company(recorded.id(), event),
            Ok(Event::User(event)) => entry.user(event),
            Err(_) => entry.result = UNREADABLE,
        }
        entry
    }

    fn bare(recorded: &'a Recorded) -> Self {
        Self {
            subject_type: &recorded.aggregate_type,
            subject: recorded.aggregate_id.as_str().into(),
            company: recorded.context.company.map(Uuid::from),
            notification: None,
            result: DONE,
            summary: Cow::Borrowed("{}"),
        }
    }

    fn about(&mut self, subject_type: &'static str, id: Uuid) {
        self.subject_type = subject_type;
        self.subject = SubjectId::Uuid(id);
    }

    fn message(&mut self, event: &MessageEvent) {
        if let MessageEvent::MessageSent {
            recipients, addressed, priority, acknowledge, in_reply_to, ..
        } = event
        {
            self.company = self.company.or(addressed.company.map(Uuid::from));
            let recipients = recipients.len();
            self.summary = summary(&Sent {
                recipients,
                roles: &addressed.roles,
                priority: *priority,
                acknowledge: *acknowledge,
                in_reply_to: *in_reply_to,
            });
        }
    }

    fn receipt(&mut self, event: &ReceiptEvent) {
        let receiver = event.receiver();
        self.about("message", receiver.message.uuid());
        self.summary = summary(&Received { recipient: receiver.user, author: receiver.author });
    }

    fn of_notification(&mut self, id: Option<Uuid>, event: &NotificationEvent) {
        self.notification = id;
        self.summary = summary(&match event {
            NotificationEvent::NotificationRequested {
                company,
                recipient_kind,
                category,
                expires_at,
                ..
            } => {
                self.company = Some(company.uuid());
                json!({ "recipient_kind": recipient_kind, "category": category, "expires_at": expires_at })
            }
            NotificationEvent::AudienceClosed { generation, total, excluded } => {
                json!({ "generation": generation, "total": total, "excluded": excluded })
            }
            NotificationEvent::NotificationCancelled => json!({}),
            NotificationEvent::NotificationRetried { generation } => json!({ "generation": generation }),
        });
    }

    fn audience(&mut self, event: &AudienceEvent) {
        let AudienceEvent::AudienceChunkResolved { notification, company, generation, recipients, .. } =
            event;
        self.about("notification", notification.uuid());
        self.company = Some(company.uuid());
        self.notification = Some(notification.uuid());
        self.summary = summary(&json!({ "generation": generation, "recipients": recipients.len() }));
    }

    fn delivery(&mut self, event: &DeliveryEvent) {
        let Attempt { notification, company, client, generation, number } = event.attempt();
        self.company = Some(company.uuid());
        self.notification = Some(notification.uuid());
        self.result = outcome(event);
        let outcome = Outcome { notification, client, generation, number, cause: Cause::of(event) };
        self.summary = summary(&outcome);
    }

    /// Not even the number of contacts: an entry made again after the erasure could not say it.
    fn client(&mut self, event: &ClientEvent) {
        let (ClientEvent::ClientRegistered { company, .. }
        | ClientEvent::ClientChanged { company, .. }
        | ClientEvent::ClientErased { company }) = event;
        self.company = Some(company.uuid());
    }

    fn company(&mut self, id: Option<Uuid>, event: &CompanyEvent) {
        let (CompanyEvent::CompanyRegistered(profile) | CompanyEvent::CompanyChanged(profile)) = event;
        self.company = id;
        self.summary = summary(&json!({ "country": profile.country, "time_zone": profile.time_zone }));
    }

    fn user(&mut self, event: &UserEvent) {
        self.summary = summary(&match event {
            UserEvent::UserRegistered { roles, companies, .. }
            | UserEvent::UserAccessChanged { roles, companies } => {
                json!({ "roles": roles, "companies": companies })
            }
            UserEvent::UserTokenIssued { token } => json!({ "token": token }),
            _ => json!({}),
        });
    }
}

fn summary(says: &impl Serialize) -> Cow<'static, str> {
    serde_json::to_string(says).expect("ids, numbers and words are always JSON").into()
}

const fn outcome(event: &DeliveryEvent) -> &'static str {
    match event {
        DeliveryEvent::DeliveryAccepted { .. } => "accepted",
        DeliveryEvent::DeliveryDeferred { .. } => "deferred",
        DeliveryEvent::DeliveryFailed { .. } => "failed",
        DeliveryEvent::DeliverySuppressed { .. } => "suppressed",
        DeliveryEvent::DeliveryPutInDoubt { .. } => "in_doubt",
        DeliveryEvent::DeliveryCancelled { .. } => "cancelled",
    }
}

impl<'a> Cause<'a> {
    fn of(event: &'a DeliveryEvent) -> Self {
        let nothing = Self::default();
        match event {
            DeliveryEvent::DeliveryAccepted { provider, .. }
            | DeliveryEvent::DeliveryPutInDoubt { provider, .. } => {
                Self { provider: Some(provider), ..nothing }
            }
            DeliveryEvent::DeliveryDeferred { provider, class, code, until, .. } => Self {
                provider: provider.as_deref(),
                class: Some(*class),
                code: Some(code),
                until: Some(*until),
                ..nothing
            },
            DeliveryEvent::DeliveryFailed { provider, class, code, .. } => {
                Self { provider: provider.as_deref(), class: Some(*class), code: Some(code), ..nothing }
            }
            DeliveryEvent::DeliverySuppressed { reason, provider, .. } => {
                Self { reason: Some(*reason), provider: provider.as_deref(), ..nothing }
            }
            DeliveryEvent::DeliveryCancelled { .. } => nothing,
        }
    }
}
