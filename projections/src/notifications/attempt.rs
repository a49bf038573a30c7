//! One line of a delivery's timeline: an attempt and what came of it, as its event tells.

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::delivery::{Attempt, DeliveryEvent, FailureClass};
use domain::{Personal, Position};
use uuid::Uuid;

use super::rows::{State, number};

/// How many characters of a provider's code are kept, so that it fits an index.
const CODE_CHARS_MAX: usize = 100;

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

impl Tried {
    pub(super) fn settled(&self) -> Settled {
        Settled {
            generation: self.generation,
            state: self.outcome,
            class: self.class.clone(),
            code: self.code.clone(),
            position: self.position,
        }
    }
}

pub(super) fn tried(delivery: Uuid, event: &DeliveryEvent, recorded: &Recorded) -> Tried {
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
        DeliveryEvent::DeliverySuppressed { reason, provider, .. } => Tried {
            outcome: State::Suppressed,
            class: Some(reason.to_string()),
            provider: provider.clone(),
            ..bare
        },
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
        class: Some(class.to_string()),
        code: Some(code.chars().take(CODE_CHARS_MAX).collect()),
        detail: detail.get().cloned(),
        ..bare
    }
}
