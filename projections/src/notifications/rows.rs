//! The rows of notifications, chunks and deliveries that a batch reads and changes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Position;
use domain::deliveries::{DeliveryState, Observation, Phase};
use domain::notification::{self, Recipient};
use domain::value::{CHUNK_MEMBERS, Member, Members};
use uuid::Uuid;

/// The changing part of a notification.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Notification {
    /// Present if it is new.
    pub(super) requested: Option<Requested>,
    /// The domain's own aggregate: its rules decide the state.
    pub(super) life: notification::Notification,
    pub(super) audience_closed: bool,
    pub(super) excluded: BTreeMap<String, u64>,
    pub(super) cancelled_at: Option<DateTime<Utc>>,
    /// When it began: with its request, unless it had a time or needed an approval.
    pub(super) begun_at: Option<DateTime<Utc>>,
    /// When it was approved or rejected.
    pub(super) decided_at: Option<DateTime<Utc>>,
    /// Why it was rejected.
    pub(super) rejection: Option<String>,
    pub(super) people: i64,
    /// Of its request.
    pub(super) requested_position: Position,
    pub(super) position: Position,
    pub(super) is_changed: bool,
}

/// The request of a notification, which never changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Requested {
    pub(super) company: Uuid,
    pub(super) author: Uuid,
    pub(super) channel: &'static str,
    pub(super) recipient_kind: &'static str,
    pub(super) category: &'static str,
    pub(super) subject: Option<String>,
    pub(super) body: String,
    /// The template it is made of, and its version.
    pub(super) template: Option<(Uuid, i32)>,
    /// Whether it goes to its author alone.
    pub(super) is_test: bool,
    /// Which clients it goes to, as JSON without their ids; none for all of the company.
    pub(super) filter: Option<String>,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) requested_at: DateTime<Utc>,
    pub(super) position: Position,
}

/// A chunk by its notification and its number, from 1.
pub(super) type ChunkKey = (Uuid, u32);

/// A chunk of an audience, with the deliveries that the batch is about.
#[derive(Debug, Clone)]
pub(super) struct Chunk<'a> {
    /// The people, if the chunk is new.
    pub(super) recipients: Option<&'a [Recipient]>,
    pub(super) people: i32,
    /// The members without a row in `outcomes`, neither in the table nor here.
    pub(super) undecided: Members,
    pub(super) accepted: i32,
    pub(super) delivered: i32,
    pub(super) at: DateTime<Utc>,
    pub(super) position: Position,
    pub(super) outcomes: BTreeMap<Member, Outcome<'a>>,
    pub(super) is_changed: bool,
}

/// The row of a delivery in `outcomes`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome<'a> {
    pub(super) standing: Arc<Standing>,
    /// The provider's reference for the message.
    pub(super) reference: Option<Cow<'a, str>>,
    /// Whether its history is in `attempts`.
    pub(super) is_listed: bool,
    /// Whether the row is new.
    pub(super) is_new: bool,
    pub(super) is_changed: bool,
}

/// The values that the members of a group share.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    pub(super) generation: i32,
    pub(super) attempt: i32,
    pub(super) state: DeliveryState,
    pub(super) cause: Cause,
    pub(super) provider: Option<String>,
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) at: DateTime<Utc>,
    pub(super) position: Position,
}

/// The cause of a delivery's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Cause {
    /// The kind of failure, or the reason why nothing may be sent.
    pub(super) class: Option<Cow<'static, str>>,
    pub(super) phase: Option<Phase>,
    pub(super) code: Option<String>,
    pub(super) observed: Option<Observation>,
}

/// An entry of a delivery's history.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attempt<'a> {
    pub(super) chunk: ChunkKey,
    pub(super) member: Member,
    pub(super) standing: Arc<Standing>,
    pub(super) reference: Option<Cow<'a, str>>,
    /// The provider's own text.
    pub(super) detail: Option<&'a str>,
    /// Its place among the entries of its event about the delivery, from 0.
    pub(super) step: i32,
    /// Whether it says that a provider passed the message on, which is no state of a delivery.
    pub(super) is_passed_on: bool,
}

/// The outcome of an entry that says that a provider passed the message on to another.
const PASSED_ON: &str = "passed_on";

/// The changes of totals, in people. A cause that nobody has any more keeps a row with 0, as after a rebuild.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Totals(pub(super) HashMap<(Uuid, DeliveryState, Cause), i64>);

impl Totals {
    /// Adds people to the total of a state. Pending people are in no total.
    pub(super) fn count(&mut self, notification: Uuid, standing: &Standing, by: i64) {
        if standing.state != DeliveryState::Pending {
            let key = (notification, standing.state, standing.cause.clone());
            *self.0.entry(key).or_default() += by;
        }
    }
}

impl Chunk<'_> {
    /// Adds people to the total of a state and cause.
    pub(super) fn count(&mut self, state: DeliveryState, by: i32) {
        match state {
            DeliveryState::Accepted => self.accepted += by,
            DeliveryState::Delivered => self.delivered += by,
            _ => {}
        }
    }

    /// Whether the audience has such a member.
    pub(super) fn has(&self, member: Member) -> bool {
        i32::from(member.number()) <= self.people
    }
}

/// The list of deliveries that a person has discarded.
pub(super) const DISCARDED: &str = "discarded";

impl Standing {
    /// The list over all notifications that the delivery is in; none for the states of most deliveries.
    pub(super) fn exception(&self) -> Option<&'static str> {
        match self.state {
            DeliveryState::Accepted | DeliveryState::Delivered => None,
            DeliveryState::Failed if self.cause.observed == Some(Observation::Discarded) => Some(DISCARDED),
            state => Some(state.as_str()),
        }
    }

    /// Whether it has details that only `attempts` can hold.
    pub(super) const fn is_worth_an_entry(&self) -> bool {
        matches!(self.state, DeliveryState::Deferred | DeliveryState::Failed | DeliveryState::InDoubt)
    }
}

impl Attempt<'_> {
    pub(super) fn outcome(&self) -> &'static str {
        if self.is_passed_on { PASSED_ON } else { self.standing.state.as_str() }
    }

    pub(super) fn ordinal(&self) -> i32 {
        ordinal(self.chunk.1, self.member)
    }
}

/// The ordinal of a member of a chunk.
pub(super) fn ordinal(chunk: u32, member: Member) -> i32 {
    number(chunk.saturating_sub(1).saturating_mul(CHUNK_MEMBERS).saturating_add(u32::from(member.number())))
}

/// Generations, attempts and ordinals are far fewer than an `integer` holds.
pub(super) fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
