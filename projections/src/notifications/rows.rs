//! The rows of notifications and deliveries, as far as a batch reads and changes them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::Position;
use domain::notification::Addressee;
use domain::value::Channel;
use uuid::Uuid;

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

/// Why deliveries stand where they stand: notification, outcome, class, code.
pub(super) type Cause = (Uuid, State, String, String);

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

    pub(super) fn cause(&self) -> Option<Cause> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        self.state.has_a_cause().then(|| (self.notification, self.state, text(&self.class), text(&self.code)))
    }
}

/// Generations and attempts are far fewer than an `integer` holds.
pub(super) fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
