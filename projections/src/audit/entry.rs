//! What the audit says of an event: ids, numbers and words of ours, never a name, an address or a text.

use commands::log::Recorded;
use domain::Event;
use domain::client::ClientEvent;
use domain::company::CompanyEvent;
use domain::delivery::{Attempt, DeliveryEvent};
use domain::inbox::InboxEvent;
use domain::message::MessageEvent;
use domain::notification::{AudienceEvent, NotificationEvent};
use domain::receipt::ReceiptEvent;
use domain::user::UserEvent;
use serde_json::{Value, json};
use uuid::Uuid;

use super::SUBJECT_CHARS_MAX;

/// The result of what has none of its own.
const DONE: &str = "done";
/// The result of an event that this program cannot read.
const UNREADABLE: &str = "unreadable";

/// An entry, but for what every event has.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) subject_type: String,
    pub(super) subject_id: String,
    pub(super) company: Option<Uuid>,
    /// The notification it is about, whose channel it takes.
    pub(super) notification: Option<Uuid>,
    pub(super) result: &'static str,
    pub(super) summary: Value,
}

impl Entry {
    pub(super) fn of(recorded: &Recorded) -> Self {
        let mut entry = Self::bare(recorded);
        match &recorded.event {
            Ok(Event::Message(event)) => entry.message(event),
            Ok(Event::Receipt(event)) => entry.receipt(event),
            Ok(Event::Inbox(InboxEvent::InboxRead { up_to, .. })) => {
                entry.summary = json!({ "up_to": up_to })
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

    fn bare(recorded: &Recorded) -> Self {
        Self {
            subject_type: recorded.aggregate_type.clone(),
            subject_id: recorded.aggregate_id.chars().take(SUBJECT_CHARS_MAX).collect(),
            company: recorded.company().map(Uuid::from),
            notification: None,
            result: DONE,
            summary: json!({}),
        }
    }

    fn about(&mut self, subject_type: &str, id: Uuid) {
        self.subject_type = subject_type.to_owned();
        self.subject_id = id.to_string();
    }

    fn message(&mut self, event: &MessageEvent) {
        if let MessageEvent::MessageSent {
            recipients, addressed, priority, acknowledge, in_reply_to, ..
        } = event
        {
            self.company = self.company.or(addressed.company.map(Uuid::from));
            self.summary = json!({
                "recipients": recipients.len(), "roles": addressed.roles, "priority": priority,
                "acknowledge": acknowledge, "in_reply_to": in_reply_to,
            });
        }
    }

    fn receipt(&mut self, event: &ReceiptEvent) {
        let receiver = event.receiver();
        self.about("message", receiver.message.uuid());
        self.summary = json!({ "recipient": receiver.user, "author": receiver.author });
    }

    fn of_notification(&mut self, id: Option<Uuid>, event: &NotificationEvent) {
        self.notification = id;
        self.summary = match event {
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
        };
    }

    fn audience(&mut self, event: &AudienceEvent) {
        let AudienceEvent::AudienceChunkResolved { notification, company, generation, recipients, .. } =
            event;
        self.about("notification", notification.uuid());
        self.company = Some(company.uuid());
        self.notification = Some(notification.uuid());
        self.summary = json!({ "generation": generation, "recipients": recipients.len() });
    }

    fn delivery(&mut self, event: &DeliveryEvent) {
        let Attempt { notification, company, client, generation, number } = event.attempt();
        self.company = Some(company.uuid());
        self.notification = Some(notification.uuid());
        self.result = outcome(event);
        self.summary = json!({
            "notification": notification, "client": client, "generation": generation, "number": number,
        });
        if let (Some(summary), Value::Object(cause)) = (self.summary.as_object_mut(), cause(event)) {
            summary.extend(cause);
        }
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
        self.summary = json!({ "country": profile.country, "time_zone": profile.time_zone });
    }

    fn user(&mut self, event: &UserEvent) {
        self.summary = match event {
            UserEvent::UserRegistered { roles, companies, .. }
            | UserEvent::UserAccessChanged { roles, companies } => {
                json!({ "roles": roles, "companies": companies })
            }
            UserEvent::UserTokenIssued { token } => json!({ "token": token }),
            _ => json!({}),
        };
    }
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

/// Provider, class and code name no person; the provider's text may, so it stays out.
fn cause(event: &DeliveryEvent) -> Value {
    match event {
        DeliveryEvent::DeliveryAccepted { provider, .. }
        | DeliveryEvent::DeliveryPutInDoubt { provider, .. } => {
            json!({ "provider": provider })
        }
        DeliveryEvent::DeliveryDeferred { provider, class, code, until, .. } => {
            json!({ "provider": provider, "class": class, "code": code, "until": until })
        }
        DeliveryEvent::DeliveryFailed { provider, class, code, .. } => {
            json!({ "provider": provider, "class": class, "code": code })
        }
        DeliveryEvent::DeliverySuppressed { reason, .. } => json!({ "reason": reason }),
        DeliveryEvent::DeliveryCancelled { .. } => json!({}),
    }
}
