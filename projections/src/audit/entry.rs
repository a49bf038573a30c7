//! The audit entry of an event: ids, numbers and fixed words, never a name, an address or a text.

use std::borrow::Cow;

use commands::log::Recorded;
use domain::Event;
use domain::client::ClientEvent;
use domain::company::CompanyEvent;
use domain::deliveries::{DeliveriesEvent, DeliveryState};
use domain::inbox::InboxEvent;
use domain::message::MessageEvent;
use domain::notification::{AudienceEvent, NotificationEvent};
use domain::provider::ProviderEvent;
use domain::receipt::ReceiptEvent;
use domain::suppression::SuppressionEvent;
use domain::template::TemplateEvent;
use domain::user::UserEvent;
use domain::value::{CompanyId, MessageId, NotificationId, Priority, Role, UserId};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::SubjectId;
use super::counts::{Counts, gravest};

/// The result of an event that has none of its own.
const DONE: &str = "done";
/// The result of an event that this program cannot read.
const UNREADABLE: &str = "unreadable";

/// An entry, without the columns that every event has.
#[derive(Debug, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) subject_type: &'a str,
    /// The id of the subject.
    pub(super) subject: SubjectId,
    pub(super) company: Option<Uuid>,
    /// The notification it is about, whose channel it takes.
    pub(super) notification: Option<Uuid>,
    pub(super) result: &'static str,
    /// An object in JSON.
    pub(super) summary: Cow<'a, str>,
}

/// The summary of a message. Most events of a log are messages, receipts and outcomes, so their JSON is written without
/// a tree in between.
#[derive(Serialize)]
struct Sent<'a> {
    acknowledge: bool,
    in_reply_to: Option<MessageId>,
    priority: Priority,
    recipients: usize,
    roles: &'a [Role],
}

/// The summary of a receipt.
#[derive(Serialize)]
struct Received {
    author: UserId,
    recipient: UserId,
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
            Ok(Event::Deliveries(event)) => entry.deliveries(event),
            Ok(Event::Client(event)) => entry.client(event),
            Ok(Event::Company(event)) => entry.company(recorded.id(), event),
            Ok(Event::Provider(event)) => entry.provider(event),
            Ok(Event::Suppression(event)) => entry.suppression(event),
            Ok(Event::User(event)) => entry.user(event),
            Ok(Event::Template(event)) => entry.template(event),
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
                filter,
                expires_at,
                send_at,
                needs_approval,
                template,
                ..
            } => {
                self.company = Some(company.uuid());
                let mut says = json!({
                    "recipient_kind": recipient_kind, "category": category, "expires_at": expires_at,
                    "send_at": send_at, "needs_approval": needs_approval,
                });
                if let Some(template) = template {
                    says["template"] = json!({ "id": template.id, "version": template.version });
                }
                if !filter.is_everybody() {
                    let clients = filter.clients.as_ref().map(|list| list.ids.len());
                    says["filter"] =
                        json!({ "locale": filter.locale, "time_zone": filter.time_zone, "clients": clients });
                }
                says
            }
            NotificationEvent::AudienceClosed { generation, total, excluded } => {
                json!({ "generation": generation, "total": total, "excluded": excluded })
            }
            NotificationEvent::NotificationCompleted { generation, totals } => {
                json!({ "generation": generation, "totals": totals })
            }
            NotificationEvent::NotificationRescheduled { send_at } => json!({ "send_at": send_at }),
            NotificationEvent::NotificationApprovalRequired { need } => json!({ "needs_approval": need }),
            NotificationEvent::NotificationPausedByLimit { over } => json!({ "over_limit": over }),
            // The reason of a rejection is a text: whoever reads the audit gets it from the notification.
            NotificationEvent::NotificationApproved { .. }
            | NotificationEvent::NotificationRejected { .. }
            | NotificationEvent::NotificationBegun { .. }
            | NotificationEvent::NotificationPaused
            | NotificationEvent::NotificationResumed
            | NotificationEvent::NotificationCancelled
            | NotificationEvent::NotificationExpired => json!({}),
            NotificationEvent::NotificationRetried { generation } => json!({ "generation": generation }),
            NotificationEvent::DeliveriesRetried { generation, people, .. } => {
                json!({ "generation": generation, "n": people })
            }
        });
    }

    fn audience(&mut self, event: &AudienceEvent) {
        let AudienceEvent::AudienceChunkResolved { notification, company, recipients, .. } = event;
        self.about_notification(*notification, *company);
        self.summary = summary(&json!({ "recipients": recipients.len() }));
    }

    fn deliveries(&mut self, event: &DeliveriesEvent) {
        self.about_notification(event.notification(), event.company());
        self.result = gravest(event).map_or(DONE, DeliveryState::as_str);
        self.summary = summary(&Counts::of(event));
    }

    fn about_notification(&mut self, notification: NotificationId, company: CompanyId) {
        self.about("notification", notification.uuid());
        self.company = Some(company.uuid());
        self.notification = Some(notification.uuid());
    }

    /// The number of contacts is left out: an entry that is rebuilt after the erasure could not contain it.
    fn client(&mut self, event: &ClientEvent) {
        let (ClientEvent::ClientRegistered { company, .. }
        | ClientEvent::ClientChanged { company, .. }
        | ClientEvent::ClientErased { company }) = event;
        self.company = Some(company.uuid());
    }

    fn company(&mut self, id: Option<Uuid>, event: &CompanyEvent) {
        let (CompanyEvent::CompanyRegistered(profile) | CompanyEvent::CompanyChanged(profile)) = event;
        self.company = id;
        self.summary = summary(
            &json!({ "country": profile.country, "time_zone": profile.time_zone, "limits": profile.limits }),
        );
    }

    /// The reason of a pause is a text: the page of providers has it.
    fn provider(&mut self, event: &ProviderEvent) {
        let (channel, name) = event.of();
        let mut says = json!({ "channel": channel, "provider": name });
        if let ProviderEvent::TrafficMoved {
            from,
            to,
            cause,
            bad,
            of,
            slow_after_ms,
            late_above_percent,
            ..
        } = event
        {
            says["share_before"] = json!(from);
            says["share"] = json!(to);
            says["cause"] = json!(cause);
            says["bad"] = json!(bad);
            says["of"] = json!(of);
            says["slow_after_ms"] = json!(slow_after_ms);
            says["late_above_percent"] = json!(late_above_percent);
        }
        self.summary = summary(&says);
    }

    fn suppression(&mut self, event: &SuppressionEvent) {
        if let SuppressionEvent::SuppressionAdded { company, channel, cause, .. } = event {
            self.company = Some(company.uuid());
            self.summary = summary(&json!({ "channel": channel, "reason": cause }));
        }
    }

    fn template(&mut self, event: &TemplateEvent) {
        self.summary = summary(&match event {
            TemplateEvent::TemplateCreated { company, channel, first } => {
                self.company = company.map(Uuid::from);
                json!({ "channel": channel, "category": first.category, "version": 1 })
            }
            TemplateEvent::TemplateVersionAdded { number, version } => {
                json!({ "category": version.category, "version": number })
            }
        });
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
