//! Events into rows, in memory: pure, so that what a batch does is what its events do one by one.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::client::ClientEvent;
use domain::delivery::{Attempt, DeliveryEvent, FailureClass, SuppressionReason};
use domain::notification::{Addressee, AudienceEvent, NotificationEvent, Recipient};
use domain::value::Channel;
use domain::{Event, Personal, Position};
use uuid::Uuid;

/// How many characters of a provider's code are kept, so that it fits an index.
const CODE_CHARS_MAX: usize = 100;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum State {
    Pending,
    Accepted,
    Deferred,
    Failed,
    Suppressed,
    InDoubt,
    Cancelled,
    /// Nothing leads here yet: it takes a provider's receipt.
    Delivered,
}

/// How many deliveries stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals([i64; 8]);

/// A notification, as far as it changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Notification {
    /// Present if it is new.
    pub(super) requested: Option<Requested>,
    pub(super) generation: i32,
    pub(super) closed_generation: i32,
    pub(super) excluded: BTreeMap<String, u64>,
    pub(super) cancelled_at: Option<DateTime<Utc>>,
    pub(super) totals: Totals,
    pub(super) position: Position,
}

/// What a notification was asked with; it never changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Requested {
    pub(super) company: Uuid,
    pub(super) author: Uuid,
    pub(super) channel: &'static str,
    pub(super) recipient_kind: &'static str,
    pub(super) category: &'static str,
    pub(super) subject: Option<String>,
    pub(super) body: String,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) requested_at: DateTime<Utc>,
    pub(super) position: Position,
}

/// A delivery, as far as it changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Delivery {
    pub(super) notification: Uuid,
    /// Present if it is new.
    pub(super) resolved: Option<Resolved>,
    pub(super) state: State,
    pub(super) generation: i32,
    pub(super) class: Option<String>,
    pub(super) code: Option<String>,
    pub(super) position: Position,
}

/// Who a delivery is for; it never changes but by erasure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Resolved {
    pub(super) company: Uuid,
    pub(super) client: Uuid,
    pub(super) contact_kind: &'static str,
    pub(super) channel: Channel,
    pub(super) addressee: Option<Addressee>,
}

/// One line of a delivery's timeline.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tried {
    pub(super) delivery: Uuid,
    pub(super) client: Uuid,
    pub(super) generation: i32,
    pub(super) number: i32,
    pub(super) at: DateTime<Utc>,
    pub(super) outcome: State,
    pub(super) provider: Option<String>,
    pub(super) class: Option<String>,
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) position: Position,
}

/// Where an attempt left its delivery, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) generation: i32,
    pub(super) state: State,
    pub(super) class: Option<String>,
    pub(super) code: Option<String>,
    pub(super) position: Position,
}

/// Why deliveries stand where they stand: notification, outcome, class, code.
pub(super) type Cause = (Uuid, State, String, String);

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

impl State {
    pub(super) const ALL: [Self; 8] = [
        Self::Pending,
        Self::Accepted,
        Self::Deferred,
        Self::Failed,
        Self::Suppressed,
        Self::InDoubt,
        Self::Cancelled,
        Self::Delivered,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed",
            Self::InDoubt => "in_doubt",
            Self::Cancelled => "cancelled",
            Self::Delivered => "delivered",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether somebody will ask why.
    const fn has_a_cause(self) -> bool {
        matches!(self, Self::Deferred | Self::Failed | Self::Suppressed | Self::InDoubt)
    }
}

impl Totals {
    pub(super) const fn get(&self, state: State) -> i64 {
        self.0[state as usize]
    }

    pub(super) fn add(&mut self, state: State, by: i64) {
        self.0[state as usize] += by;
    }
}

impl Notification {
    /// The rule of the table's own column `state`.
    pub(super) fn state(&self) -> &'static str {
        if self.cancelled_at.is_some() {
            "cancelled"
        } else if self.closed_generation < self.generation {
            "resolving"
        } else if self.totals.get(State::Pending) + self.totals.get(State::Deferred) > 0 {
            "running"
        } else {
            "completed"
        }
    }
}

impl Delivery {
    /// One that nothing was tried with, in no generation yet.
    pub(super) const fn fresh(notification: Uuid, resolved: Option<Resolved>, position: Position) -> Self {
        Self {
            notification,
            resolved,
            state: State::Pending,
            generation: 0,
            class: None,
            code: None,
            position,
        }
    }

    fn cause(&self) -> Option<Cause> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        self.state.has_a_cause().then(|| (self.notification, self.state, text(&self.class), text(&self.code)))
    }
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
        let before = (!is_new).then(|| delivery.clone());
        delivery.state = State::Pending;
        delivery.generation = generation;
        (delivery.class, delivery.code) = (None, None);
        delivery.position = position;
        let now = delivery.clone();
        self.moved(id, before.as_ref(), &now);
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
        let before = delivery.clone();
        delivery.state = settled.state;
        delivery.generation = settled.generation;
        (delivery.class, delivery.code) = (settled.class, settled.code);
        delivery.position = settled.position;
        let now = delivery.clone();
        self.moved(id, Some(&before), &now);
    }

    /// Counts a delivery where it stands now and no more where it stood.
    fn moved(&mut self, id: Uuid, before: Option<&Delivery>, now: &Delivery) {
        self.changed_deliveries.insert(id);
        if let Some(cause) = before.and_then(Delivery::cause) {
            *self.causes.entry(cause).or_default() -= 1;
        }
        if let Some(cause) = now.cause() {
            *self.causes.entry(cause).or_default() += 1;
        }
        let Some(notification) = self.notifications.get_mut(&now.notification) else { return };
        if let Some(before) = before {
            notification.totals.add(before.state, -1);
        }
        notification.totals.add(now.state, 1);
        notification.position = now.position;
        self.changed_notifications.insert(now.notification);
    }
}

impl Tried {
    fn settled(&self) -> Settled {
        Settled {
            generation: self.generation,
            state: self.outcome,
            class: self.class.clone(),
            code: self.code.clone(),
            position: self.position,
        }
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

fn tried(delivery: Uuid, event: &DeliveryEvent, recorded: &Recorded) -> Tried {
    let Attempt { client, generation, number: attempt, .. } = event.attempt();
    let bare = Tried {
        delivery,
        client: client.uuid(),
        generation: number(generation),
        number: number(attempt),
        at: recorded.recorded_at,
        outcome: State::Cancelled,
        provider: None,
        class: None,
        code: None,
        detail: None,
        reference: None,
        until: None,
        position: recorded.position,
    };
    outcome(bare, event)
}

fn outcome(bare: Tried, event: &DeliveryEvent) -> Tried {
    match event {
        DeliveryEvent::DeliveryAccepted { provider, reference, .. } => Tried {
            outcome: State::Accepted,
            provider: Some(provider.clone()),
            reference: Some(reference.clone()),
            ..bare
        },
        DeliveryEvent::DeliveryDeferred { provider, until, class, code, detail, .. } => Tried {
            outcome: State::Deferred,
            until: Some(*until),
            ..refused(bare, provider.as_ref(), *class, code, detail)
        },
        DeliveryEvent::DeliveryFailed { provider, class, code, detail, .. } => {
            Tried { outcome: State::Failed, ..refused(bare, provider.as_ref(), *class, code, detail) }
        }
        DeliveryEvent::DeliverySuppressed { reason, .. } => {
            Tried { outcome: State::Suppressed, class: Some(suppression(*reason).to_owned()), ..bare }
        }
        DeliveryEvent::DeliveryPutInDoubt { provider, detail, .. } => Tried {
            outcome: State::InDoubt,
            provider: Some(provider.clone()),
            detail: detail.get().cloned(),
            ..bare
        },
        DeliveryEvent::DeliveryCancelled { .. } => bare,
    }
}

fn refused(
    bare: Tried,
    provider: Option<&String>,
    class: FailureClass,
    code: &str,
    detail: &Personal<String>,
) -> Tried {
    Tried {
        provider: provider.cloned(),
        class: Some(failure(class).to_owned()),
        code: Some(code.chars().take(CODE_CHARS_MAX).collect()),
        detail: detail.get().cloned(),
        ..bare
    }
}

/// As in JSON.
const fn failure(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Transient => "transient",
        FailureClass::Throttled => "throttled",
        FailureClass::PermanentAddress => "permanent_address",
        FailureClass::PermanentContent => "permanent_content",
        FailureClass::PolicyReputation => "policy_reputation",
        FailureClass::ConfigAuth => "config_auth",
        FailureClass::Expired => "expired",
        FailureClass::Unknown => "unknown",
    }
}

/// As in JSON.
const fn suppression(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Erased => "erased",
        SuppressionReason::OptedOut => "opted_out",
    }
}

/// Generations and attempts are far fewer than an `integer` holds.
fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
