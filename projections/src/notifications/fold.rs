//! Events into rows, in memory: pure, so that what a batch does is what its events do one by one.

use std::collections::{HashMap, HashSet};

use commands::log::Recorded;
use domain::client::ClientEvent;
use domain::delivery::DeliveryEvent;
use domain::notification::{AudienceEvent, NotificationEvent, Recipient};
use domain::value::Channel;
use domain::{Event, Personal, Position};
use uuid::Uuid;

use super::attempt::{Settled, Tried, tried};
use super::rows::{Cause, Delivery, Notification, Requested, Resolved, State, number};

/// What a batch changes. `notifications` and `deliveries` hold, before it begins, the rows it will need.
#[derive(Debug, Default)]
pub(super) struct Fold {
    pub(super) notifications: HashMap<Uuid, Notification>,
    pub(super) deliveries: HashMap<Uuid, Delivery>,
    pub(super) tried: Vec<Tried>,
    pub(super) causes: HashMap<Cause, i64>,
    /// Clients that were erased, in this batch or, of those that matter in it, before.
    pub(super) erased: HashSet<Uuid>,
    pub(super) erased_now: Vec<Uuid>,
    pub(super) changed_notifications: HashSet<Uuid>,
    pub(super) changed_deliveries: HashSet<Uuid>,
}

impl Fold {
    pub(super) fn event(&mut self, recorded: &Recorded) {
        match (&recorded.event, recorded.id()) {
            (Ok(Event::Notification(event)), Some(id)) => self.notification(id, event, recorded),
            (Ok(Event::Audience(event)), _) => self.audience(event, recorded.position),
            (Ok(Event::Delivery(event)), Some(id)) => self.delivery(id, event, recorded),
            (Ok(Event::Client(ClientEvent::ClientErased { .. })), Some(id)) => {
                self.erased.insert(id);
                self.erased_now.push(id);
            }
            _ => {}
        }
    }

    fn notification(&mut self, id: Uuid, event: &NotificationEvent, recorded: &Recorded) {
        if let Some(requested) = requested(event, recorded.position) {
            let new = Notification { requested: Some(requested), generation: 1, ..Notification::default() };
            self.notifications.insert(id, new);
        }
        let Some(notification) = self.notifications.get_mut(&id) else { return };
        notification.position = recorded.position;
        self.changed_notifications.insert(id);
        match event {
            NotificationEvent::NotificationRequested { .. } => {}
            NotificationEvent::AudienceClosed { generation, excluded, .. } => {
                notification.closed_generation = number(*generation);
                if *generation == 1 {
                    notification.excluded.clone_from(excluded);
                }
            }
            // Even if the last delivery was settled at that moment: what the log calls cancelled cannot be retried.
            NotificationEvent::NotificationCancelled => {
                notification.cancelled_at = Some(recorded.recorded_at)
            }
            NotificationEvent::NotificationRetried { generation } => {
                notification.generation = number(*generation)
            }
        }
    }

    fn audience(&mut self, event: &AudienceEvent, position: Position) {
        let AudienceEvent::AudienceChunkResolved {
            notification,
            company,
            channel,
            generation,
            recipients,
            ..
        } = event;
        for recipient in recipients {
            let id = recipient.delivery.uuid();
            let resolved = || Some(resolved(recipient, company.uuid(), *channel));
            let fresh = || Delivery::fresh(notification.uuid(), resolved(), position);
            self.placed(id, number(*generation), position, fresh);
        }
    }

    /// A delivery waits in a generation, unless it has been in it already.
    pub(super) fn placed(
        &mut self,
        id: Uuid,
        generation: i32,
        position: Position,
        fresh: impl FnOnce() -> Delivery,
    ) {
        let is_new = !self.deliveries.contains_key(&id);
        let delivery = self.deliveries.entry(id).or_insert_with(fresh);
        if delivery.generation >= generation {
            return;
        }
        if !is_new {
            count(delivery, -1, &mut self.causes, &mut self.notifications);
        }
        delivery.state = State::Pending;
        delivery.generation = generation;
        (delivery.class, delivery.code) = (None, None);
        delivery.position = position;
        count(delivery, 1, &mut self.causes, &mut self.notifications);
        self.changed_notifications.insert(delivery.notification);
        self.changed_deliveries.insert(id);
    }

    fn delivery(&mut self, id: Uuid, event: &DeliveryEvent, recorded: &Recorded) {
        // An outcome of a delivery whose audience is parked has nothing to stand on.
        if self.deliveries.contains_key(&id) {
            let tried = tried(id, event, recorded);
            self.settled(id, tried.settled());
            self.tried.push(tried);
        }
    }

    /// An attempt has an outcome; one of an earlier generation changes nothing any more.
    pub(super) fn settled(&mut self, id: Uuid, settled: Settled) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        if settled.generation < delivery.generation {
            return;
        }
        count(delivery, -1, &mut self.causes, &mut self.notifications);
        delivery.state = settled.state;
        delivery.generation = settled.generation;
        (delivery.class, delivery.code) = (settled.class, settled.code);
        delivery.position = settled.position;
        count(delivery, 1, &mut self.causes, &mut self.notifications);
        self.changed_notifications.insert(delivery.notification);
        self.changed_deliveries.insert(id);
    }
}

/// Counts a delivery where it stands, once more or once less.
fn count(
    delivery: &Delivery,
    by: i64,
    causes: &mut HashMap<Cause, i64>,
    notifications: &mut HashMap<Uuid, Notification>,
) {
    if let Some(cause) = delivery.cause() {
        *causes.entry(cause).or_default() += by;
    }
    if let Some(notification) = notifications.get_mut(&delivery.notification) {
        notification.totals.add(delivery.state, by);
        notification.position = delivery.position;
    }
}

fn requested(event: &NotificationEvent, position: Position) -> Option<Requested> {
    let NotificationEvent::NotificationRequested {
        company,
        channel,
        recipient_kind,
        category,
        subject,
        body,
        expires_at,
        author,
        requested_at,
    } = event
    else {
        return None;
    };
    Some(Requested {
        company: company.uuid(),
        author: author.uuid(),
        channel: channel.as_str(),
        recipient_kind: recipient_kind.as_str(),
        category: category.as_str(),
        subject: subject.as_ref().and_then(Personal::get).cloned(),
        body: body.get().cloned().unwrap_or_default(),
        expires_at: *expires_at,
        requested_at: *requested_at,
        position,
    })
}

fn resolved(recipient: &Recipient, company: Uuid, channel: Channel) -> Resolved {
    Resolved {
        company,
        client: recipient.client.uuid(),
        contact_kind: recipient.kind.as_str(),
        channel,
        addressee: recipient.addressee.get().cloned(),
    }
}
