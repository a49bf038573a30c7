//! What a batch of events means for sending, folded in memory before anything is written.

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use cqrs_es::Aggregate;
use domain::client::ClientEvent;
use domain::notification::{Beginning, Notification, NotificationEvent};
use domain::value::{Channel, CompanyId, NotificationId, RecipientKind};
use domain::{Event, Position};
use uuid::Uuid;

use crate::tasks::lane_of;

/// What a batch of events asks for, in the order in which it is carried out.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) requested: Vec<Requested>,
    pub(super) audiences: Vec<OpenAudience>,
    /// Notifications of which something happened that their tasks must follow, such as a pause.
    pub(super) controlled: Vec<Uuid>,
    /// Notifications and the sequences of their events of which people are to be told.
    pub(super) told: Vec<(Uuid, i64)>,
    /// Clients, and the positions of their erasures.
    pub(super) erased: Vec<(Uuid, Position)>,
    /// Positions of events that could not be read.
    pub(super) parked: Vec<Position>,
    /// Positions that were parked, and are taken in now.
    pub(super) unparked: Vec<Position>,
}

/// A notification to remember.
#[derive(Debug, PartialEq)]
pub(super) struct Requested {
    pub(super) notification: NotificationId,
    pub(super) company: CompanyId,
    pub(super) channel: Channel,
    pub(super) recipient_kind: RecipientKind,
    pub(super) lane: i16,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) excludes_foreign: bool,
}

/// A generation whose audience is to be resolved.
#[derive(Debug, PartialEq)]
pub(super) struct OpenAudience {
    pub(super) notification: Uuid,
    pub(super) generation: i32,
    pub(super) position: Position,
    /// When it begins.
    pub(super) beginning: Beginning,
}

/// The aggregates whose events the intake takes in.
pub(super) const KINDS: [&str; 2] = ["notification", "client"];

impl Batch {
    /// Takes in one event. One that cannot be read, but may be of a kind that is taken in, is parked.
    pub(super) fn add(&mut self, recorded: Recorded) {
        let Recorded { position, sequence, aggregate_type, aggregate_id, event, .. } = recorded;
        let id = || Uuid::parse_str(&aggregate_id).ok();
        match event {
            Ok(Event::Notification(event)) => {
                if let Some(notification) = id() {
                    self.told.extend(is_told(&event).then_some((notification, sequence)));
                    self.add_notification(notification, position, event);
                }
            }
            Ok(Event::Client(ClientEvent::ClientErased { .. })) => {
                self.erased.extend(id().map(|client| (client, position)));
            }
            Ok(_) => {}
            Err(error) if KINDS.contains(&aggregate_type.as_str()) => {
                alarm(position, &error);
                self.parked.push(position);
            }
            Err(_) => {}
        }
    }

    fn add_notification(&mut self, notification: Uuid, position: Position, event: NotificationEvent) {
        let beginning = beginning(&event);
        match event {
            NotificationEvent::NotificationRequested {
                company,
                channel,
                recipient_kind,
                category,
                expires_at,
                excludes_foreign,
                ..
            } => {
                self.requested.push(Requested {
                    notification: notification.into(),
                    company,
                    channel,
                    recipient_kind,
                    lane: lane_of(category),
                    expires_at,
                    excludes_foreign,
                });
                self.audiences.push(OpenAudience { notification, generation: 1, position, beginning });
            }
            NotificationEvent::NotificationRetried { generation } => {
                let generation = number(generation);
                self.audiences.push(OpenAudience { notification, generation, position, beginning });
            }
            NotificationEvent::NotificationApproved { .. }
            | NotificationEvent::NotificationRejected { .. }
            | NotificationEvent::NotificationApprovalRequired { .. }
            | NotificationEvent::NotificationRescheduled { .. }
            | NotificationEvent::NotificationPaused
            | NotificationEvent::NotificationPausedByLimit { .. }
            | NotificationEvent::NotificationResumed
            // Its tasks are inserted in the transaction of the event: only the wake-up is missing.
            | NotificationEvent::DeliveriesRetried { .. }
            | NotificationEvent::NotificationExpired
            | NotificationEvent::NotificationCancelled => self.controlled.push(notification),
            NotificationEvent::NotificationBegun { .. }
            | NotificationEvent::AudienceClosed { .. }
            | NotificationEvent::NotificationCompleted { .. } => {}
        }
    }

    /// The notifications whose rows the batch writes, but for retries.
    pub(super) fn notifications(&self) -> Vec<Uuid> {
        let requested = self.requested.iter().map(|requested| requested.notification.uuid());
        requested.chain(self.controlled.iter().copied()).collect()
    }

    /// Whether the batch changes nothing but the position.
    pub(super) fn is_empty(&self) -> bool {
        self.requested.is_empty()
            && self.audiences.is_empty()
            && self.controlled.is_empty()
            && self.erased.is_empty()
            && self.parked.is_empty()
    }
}

/// Whether people are told of the event.
const fn is_told(event: &NotificationEvent) -> bool {
    matches!(
        event,
        NotificationEvent::NotificationRequested { needs_approval: Some(_), .. }
            | NotificationEvent::NotificationApprovalRequired { .. }
            | NotificationEvent::NotificationApproved { .. }
            | NotificationEvent::NotificationRejected { .. }
            | NotificationEvent::NotificationExpired
    )
}

/// When a notification begins by its first event; a retry begins at once.
fn beginning(event: &NotificationEvent) -> Beginning {
    let mut life = Notification::default();
    life.apply(event.clone());
    match event {
        NotificationEvent::NotificationRequested { .. } => life.beginning(),
        _ => Beginning::Begun,
    }
}

fn number(generation: u32) -> i32 {
    i32::try_from(generation).unwrap_or(i32::MAX)
}

fn alarm(position: Position, error: &domain::DecodeError) {
    metrics::counter!("mensajeria_intake_poison_total").increment(1);
    tracing::error!(position, %error, "the intake parks an event that it cannot read");
}

#[cfg(test)]
mod tests {
    use commands::log::Context;
    use domain::notification::AudienceFilter;
    use domain::personal::Personal;
    use domain::value::{Category, UserId};

    use super::*;

    fn recorded(aggregate: &str, id: &str, position: Position, event: Event) -> Recorded {
        Recorded {
            position,
            recorded_at: DateTime::UNIX_EPOCH,
            event_id: Uuid::nil(),
            aggregate_type: aggregate.into(),
            aggregate_id: id.into(),
            sequence: position,
            event_type: String::new(),
            context: Context::default(),
            event: Ok(event),
        }
    }

    fn requested(category: Category) -> Event {
        requested_for(category, None)
    }

    fn requested_for(category: Category, send_at: Option<DateTime<Utc>>) -> Event {
        Event::Notification(NotificationEvent::NotificationRequested {
            company: Uuid::nil().into(),
            channel: Channel::Sms,
            recipient_kind: RecipientKind::Everyone,
            category,
            subject: None,
            body: Personal::erased(Uuid::nil()),
            template: None,
            only_to: None,
            sms: None,
            filter: AudienceFilter::default(),
            expires_at: None,
            send_at,
            held_until: None,
            needs_approval: None,
            excludes_foreign: false,
            author: UserId::from(Uuid::nil()),
            requested_at: DateTime::UNIX_EPOCH,
        })
    }

    fn folded(events: Vec<Event>) -> Batch {
        let id = Uuid::from_u128(7).to_string();
        let mut batch = Batch::default();
        for (event, position) in events.into_iter().zip(1..) {
            batch.add(recorded("notification", &id, position, event));
        }
        batch
    }

    #[test]
    fn a_request_is_remembered_and_its_audience_opened_at_its_position() {
        let batch = folded(vec![requested(Category::Collection)]);
        assert_eq!(batch.requested[0].lane, 2);
        let audience = |beginning| OpenAudience {
            notification: Uuid::from_u128(7),
            generation: 1,
            position: 1,
            beginning,
        };
        assert_eq!(batch.audiences, [audience(Beginning::Begun)]);
        let later = DateTime::from_timestamp(60, 0);
        let batch = folded(vec![requested_for(Category::Collection, later)]);
        assert_eq!(batch.audiences, [audience(Beginning::At(later.expect("a time")))]);
    }

    #[test]
    fn a_retry_opens_the_audience_of_its_generation() {
        let batch =
            folded(vec![Event::Notification(NotificationEvent::NotificationRetried { generation: 3 })]);
        assert_eq!(batch.audiences[0].generation, 3);
        assert!(batch.requested.is_empty());
    }

    #[test]
    fn events_of_no_interest_only_move_the_position() {
        let closed =
            NotificationEvent::AudienceClosed { generation: 1, total: 0, excluded: Default::default() };
        assert!(folded(vec![Event::Notification(closed)]).is_empty());
        for event in [NotificationEvent::NotificationCancelled, NotificationEvent::NotificationPaused] {
            assert_eq!(folded(vec![Event::Notification(event)]).controlled, [Uuid::from_u128(7)]);
        }
    }

    #[test]
    fn only_an_event_of_a_kind_that_is_taken_in_is_parked_when_it_cannot_be_read() {
        let mut batch = Batch::default();
        for (position, aggregate) in [(1, "notification"), (2, "message"), (3, "client")] {
            let error = serde_json::from_str::<u8>("x").expect_err("x is no number");
            let poison = recorded(aggregate, "x", position, requested(Category::Service));
            batch.add(Recorded { event: Err(domain::DecodeError::Payload(error)), ..poison });
        }
        assert_eq!(batch.parked, [1, 3]);
    }
}
