//! The deliveries of one chunk of an audience: at most 500 people, what happened to each, one event for many of them.
//!
//! A member that no event names is pending in generation 1. In each generation a member has one final outcome. A late
//! answer or receipt ends a doubt.

mod cause;
mod command;
pub mod doubts;
mod error;
mod event;
mod grouping;
mod rules;
#[cfg(test)]
mod tests;
mod totals;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::cause::{Cause, Evidence, FailureClass, Observation, Phase, SuppressionReason};
pub use self::command::{
    Action, DeliveriesCommand, Failure, MemberOutcome, MemberReceipt, Outcome, PassedOn, Receipt, Resolution,
    ResolvedBy,
};
pub use self::error::{DeliveriesError, Refusal};
pub use self::event::{
    DeliveriesEvent, Detail, EditedAddress, GroupOutcome, GroupReceipt, OutcomeGroup, PassedOnGroup,
    ReceiptGroup,
};
pub use self::totals::{DeliveryState, Totals};
use crate::aggregate::aggregate;
use crate::value::{CompanyId, Member, Members, NotificationId};

/// The aggregate type of the streams of deliveries.
pub const DELIVERIES: &str = "deliveries";

/// The stream of the deliveries of one chunk, from 1. The number has leading zeros, so that the streams of a
/// notification are in order in the index.
pub fn deliveries_stream(notification: NotificationId, chunk: u32) -> String {
    format!("{notification}:{chunk:06}")
}

/// The chunk of a stream of deliveries.
pub fn chunk_of_stream(stream: &str) -> Option<u32> {
    stream.rsplit_once(':').and_then(|(_, chunk)| chunk.parse().ok())
}

/// The deliveries of a chunk. A settlement copies them, so they are small and in one piece.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Deliveries {
    /// By member, up to the last one with an event.
    members: Vec<Option<Delivery>>,
    /// The providers of outcomes, each once: the deliveries name them by their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    providers: Vec<String>,
    /// The addresses in the place of those in the audience.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<EditedAddress>,
}

/// One delivery. The provider's reference is in its events, and no rule asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// 1 for the request, one more for each retry.
    pub generation: u32,
    /// The last attempt of the generation whose end is recorded; 0 for none.
    pub attempt: u32,
    /// Its state.
    pub state: State,
    /// How its last doubt was ended by a decision. The same decision asked for again changes nothing.
    pub resolved: Option<Resolution>,
    /// The provider of its last outcome; none if there was none.
    #[serde(default)]
    carrier: Option<ProviderPlace>,
}

/// The place of a provider among those of a chunk.
type ProviderPlace = u16;

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Not yet tried in this generation.
    Pending,
    /// To be tried again.
    Deferred {
        /// When the first attempt of the generation was made.
        since: DateTime<Utc>,
        /// Not before this.
        until: DateTime<Utc>,
    },
    /// A provider took it.
    Accepted,
    /// The recipient has it.
    Delivered,
    /// The provider took it over and could not deliver it.
    Bounced,
    /// The recipient has it and calls it spam.
    Complained,
    /// It will not be tried again.
    Failed,
    /// It failed, and a person has decided that it is not sent again.
    Discarded,
    /// It must not be sent.
    Suppressed,
    /// Nobody can tell whether it was sent.
    InDoubt,
    /// The notification was cancelled before it was sent.
    Cancelled,
}

/// The decision about a command: the event, if anything changes, and the refusals.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The event; none if nothing changes.
    pub event: Option<DeliveriesEvent>,
    /// The refusals.
    pub refused: Vec<Refusal>,
}

aggregate!(Deliveries, DELIVERIES, DeliveriesCommand, DeliveriesEvent, DeliveriesError);

impl State {
    /// The state as shown in the API and on screens.
    pub const fn word(&self) -> DeliveryState {
        match self {
            Self::Pending => DeliveryState::Pending,
            Self::Deferred { .. } => DeliveryState::Deferred,
            Self::Accepted => DeliveryState::Accepted,
            Self::Delivered | Self::Complained => DeliveryState::Delivered,
            Self::Failed | Self::Bounced | Self::Discarded => DeliveryState::Failed,
            Self::Suppressed => DeliveryState::Suppressed,
            Self::InDoubt => DeliveryState::InDoubt,
            Self::Cancelled => DeliveryState::Cancelled,
        }
    }
}

impl Delivery {
    /// A delivery that no event has named.
    pub const FRESH: Self =
        Self { generation: 1, attempt: 0, state: State::Pending, resolved: None, carrier: None };

    /// Whether it failed, and nothing more is sent unless a person asks for it.
    pub const fn is_dead_letter(&self) -> bool {
        matches!(self.state, State::Failed | State::Bounced | State::Discarded)
    }

    /// Whether something is still to be sent.
    pub const fn is_open(&self) -> bool {
        self.state.word().is_open()
    }
}

impl Deliveries {
    /// The delivery to a member.
    pub fn get(&self, member: Member) -> &Delivery {
        self.members.get(member.index()).and_then(Option::as_ref).unwrap_or(&Delivery::FRESH)
    }

    /// The provider of the last outcome of a delivery; none if there was none.
    pub fn carrier(&self, delivery: &Delivery) -> Option<&str> {
        self.providers.get(usize::from(delivery.carrier?)).map(String::as_str)
    }

    /// The address that a person has put in the place of the one in the audience.
    pub fn address(&self, member: Member) -> Option<&str> {
        let edited = self.addresses.iter().find(|edited| edited.member == member)?;
        edited.address.get().map(String::as_str)
    }

    /// Whether the address that a person has put in the place of the one in the audience is a number of another country; none if
    /// nobody has edited it.
    pub fn is_foreign(&self, member: Member) -> Option<bool> {
        self.addresses.iter().find(|edited| edited.member == member).map(|edited| edited.is_foreign)
    }

    /// The open ones of these members.
    pub fn open_among(&self, members: Members) -> Members {
        members.iter().filter(|member| self.get(*member).is_open()).collect()
    }

    /// When the first deferred member is due.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let due = |delivery: &Delivery| match delivery.state {
            State::Deferred { until, .. } => Some(until),
            _ => None,
        };
        self.known().filter_map(due).min()
    }

    /// The totals of the final outcomes.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.known().for_each(|delivery| totals.count(delivery.state.word()));
        totals
    }

    /// The deliveries with an event.
    fn known(&self) -> impl Iterator<Item = &Delivery> {
        self.members.iter().flatten()
    }

    /// Decides a command. Each member is decided alone.
    pub fn decide_each(&self, command: DeliveriesCommand) -> Decided {
        let DeliveriesCommand { notification, company, action } = command;
        match action {
            Action::RecordOutcomes(outcomes) => {
                let (outcomes, refused) = self.permitted(outcomes, rules::outcome);
                let outcomes = grouping::outcomes(outcomes);
                let event = DeliveriesEvent::OutcomesRecorded { notification, company, outcomes };
                Decided { event: some(event), refused }
            }
            Action::RecordReceipts(receipts) => {
                let rule = |delivery: &Delivery, new| rules::receipt(delivery, self.carrier(delivery), new);
                let (receipts, refused) = self.permitted(receipts, rule);
                let receipts = grouping::receipts(receipts);
                let event = DeliveriesEvent::ReceiptsRecorded { notification, company, receipts };
                Decided { event: some(event), refused }
            }
            Action::ResolveDoubts { members, resolution, by, reason } => {
                let is_new = |member: &Member| !rules::is_resolved(self.get(*member), resolution);
                let (members, refused) = self.permitted(members.iter().filter(is_new), rules::in_doubt);
                let members = members.into_iter().collect();
                let event = DeliveriesEvent::DoubtsResolved {
                    notification,
                    company,
                    members,
                    resolution,
                    by,
                    reason,
                };
                Decided { event: some(event), refused }
            }
            Action::Reopen { generation, members } => {
                let failed = |member: &Member| rules::may_reopen(self.get(*member), generation);
                let members = members.iter().filter(failed).collect();
                let event = reopened(notification, company, generation, members);
                Decided { event: some(event), refused: Vec::new() }
            }
            Action::Retry { generation, members, addresses } => {
                let (members, refused) = self.permitted(members.iter(), rules::retry);
                let members: Members = members.into_iter().collect();
                let addresses =
                    addresses.into_iter().filter(|edited| members.contains(edited.member)).collect();
                let event = DeliveriesEvent::DeliveriesReopened {
                    notification,
                    company,
                    generation,
                    members,
                    addresses,
                };
                Decided { event: some(event), refused }
            }
            Action::Discard { members, reason } => {
                let (members, refused) = self.permitted(members.iter(), rules::discard);
                let is_new = |member: &Member| self.get(*member).state != State::Discarded;
                let members = members.into_iter().filter(is_new).collect();
                let event = DeliveriesEvent::DeliveriesDiscarded { notification, company, members, reason };
                Decided { event: some(event), refused }
            }
        }
    }

    /// Decides a command: the event, or the reason of a refusal.
    pub fn decide(&self, command: DeliveriesCommand) -> Result<Vec<DeliveriesEvent>, DeliveriesError> {
        let Decided { event, refused } = self.decide_each(command);
        match (event, refused.first()) {
            (None, Some(refusal)) => Err(refusal.error),
            (event, _) => Ok(event.into_iter().collect()),
        }
    }

    /// The permitted entries as they will be recorded. Of two entries about one member the first counts.
    fn permitted<T: rules::About>(
        &self,
        orders: impl IntoIterator<Item = T>,
        rule: impl Fn(&Delivery, T) -> Result<T, DeliveriesError>,
    ) -> (Vec<T>, Vec<Refusal>) {
        let (mut permitted, mut refused, mut seen) = (Vec::new(), Vec::new(), Members::NONE);
        for order in orders {
            let (member, delivery) = (order.member(), self.get(order.member()));
            let ruled = if seen.contains(member) {
                Err(DeliveriesError::AlreadyRecorded { attempt: delivery.attempt })
            } else {
                rule(delivery, order)
            };
            match ruled {
                Ok(order) => {
                    seen.insert(member);
                    permitted.push(order);
                }
                Err(error) => refused.push(Refusal { member, error }),
            }
        }
        (permitted, refused)
    }

    /// The deliveries after an event.
    #[must_use]
    pub fn after(&self, event: &DeliveriesEvent) -> Self {
        let mut after = self.clone();
        after.follow(event);
        after
    }

    fn fold(&mut self, event: DeliveriesEvent) {
        self.follow(&event);
    }

    fn follow(&mut self, event: &DeliveriesEvent) {
        match event {
            DeliveriesEvent::OutcomesRecorded { outcomes, .. } => {
                outcomes.iter().for_each(|group| self.follow_outcomes(group));
            }
            DeliveriesEvent::ReceiptsRecorded { receipts, .. } => {
                receipts.iter().for_each(|group| self.put_all(group.members, group.receipt.state()));
            }
            DeliveriesEvent::DoubtsResolved { members, resolution, .. } => {
                let (state, resolved) = (State::resolved(*resolution), Some(*resolution));
                members.iter().for_each(|member| {
                    self.insert(member, Delivery { state, resolved, ..*self.get(member) });
                });
            }
            DeliveriesEvent::DeliveriesReopened { generation, members, addresses, .. } => {
                for member in members.iter() {
                    let resolved = self.get(member).resolved;
                    let reopened = Delivery { generation: *generation, resolved, ..Delivery::FRESH };
                    self.insert(member, reopened);
                }
                addresses.iter().for_each(|edited| self.put_address(edited));
            }
            DeliveriesEvent::DeliveriesDiscarded { members, .. } => {
                // A failure is discarded, and no doubt, even if an earlier doubt was ended in this way.
                let (state, resolved) = (State::Discarded, None);
                members.iter().for_each(|member| {
                    self.insert(member, Delivery { state, resolved, ..*self.get(member) });
                });
            }
        }
    }

    fn follow_outcomes(&mut self, group: &OutcomeGroup) {
        let OutcomeGroup { generation, attempt, members, outcome, .. } = group;
        let (generation, attempt, state) = (*generation, *attempt, outcome.state());
        let carrier = outcome.provider().and_then(|provider| self.place(provider));
        for member in members.iter() {
            // A new doubt is another one than that which was ended.
            let resolved = self.get(member).resolved.filter(|_| state != State::InDoubt);
            self.insert(member, Delivery { generation, attempt, state, resolved, carrier });
        }
    }

    /// None if there are more providers than places: none of a chunk's route.
    fn place(&mut self, provider: &str) -> Option<ProviderPlace> {
        let known = self.providers.iter().position(|known| known == provider);
        let place = known.unwrap_or_else(|| {
            self.providers.push(provider.to_owned());
            self.providers.len() - 1
        });
        place.try_into().ok()
    }

    fn put_all(&mut self, members: Members, state: State) {
        members.iter().for_each(|member| self.insert(member, Delivery { state, ..*self.get(member) }));
    }

    fn put_address(&mut self, edited: &EditedAddress) {
        self.addresses.retain(|before| before.member != edited.member);
        self.addresses.push(edited.clone());
    }

    fn insert(&mut self, member: Member, delivery: Delivery) {
        if self.members.len() <= member.index() {
            self.members.resize(member.index() + 1, None);
        }
        self.members[member.index()] = Some(delivery);
    }
}

/// The members keep their addresses.
const fn reopened(
    notification: NotificationId,
    company: CompanyId,
    generation: u32,
    members: Members,
) -> DeliveriesEvent {
    DeliveriesEvent::DeliveriesReopened { notification, company, generation, members, addresses: Vec::new() }
}

/// An event without members is left out.
fn some(event: DeliveriesEvent) -> Option<DeliveriesEvent> {
    Some(event).filter(|event| !event.members().is_empty())
}

impl GroupOutcome {
    /// The provider that took or refused them; none if they never got that far.
    pub fn provider(&self) -> Option<&str> {
        match self {
            Self::Accepted { provider, .. } | Self::InDoubt { provider, .. } => Some(provider),
            Self::Deferred { provider, .. }
            | Self::Failed { provider, .. }
            | Self::Suppressed { provider, .. } => provider.as_deref(),
            Self::Cancelled => None,
        }
    }

    /// The new state of each member.
    pub const fn state(&self) -> State {
        match self {
            Self::Accepted { .. } => State::Accepted,
            Self::Deferred { since, until, .. } => State::Deferred { since: *since, until: *until },
            Self::Failed { .. } => State::Failed,
            Self::Suppressed { .. } => State::Suppressed,
            Self::InDoubt { .. } => State::InDoubt,
            Self::Cancelled => State::Cancelled,
        }
    }
}

impl OutcomeGroup {
    /// The attempt in which providers passed its members on: an outcome without an attempt has the number of the one before.
    pub const fn passed_on_attempt(&self) -> u32 {
        let ends_an_attempt = match &self.outcome {
            GroupOutcome::Accepted { .. } | GroupOutcome::Deferred { .. } | GroupOutcome::InDoubt { .. } => {
                true
            }
            GroupOutcome::Failed { provider, .. } | GroupOutcome::Suppressed { provider, .. } => {
                provider.is_some()
            }
            GroupOutcome::Cancelled => false,
        };
        if ends_an_attempt { self.attempt } else { self.attempt + 1 }
    }
}

impl GroupReceipt {
    /// The new state of a delivery.
    pub const fn state(&self) -> State {
        match self {
            Self::Delivered => State::Delivered,
            Self::Bounced { .. } => State::Bounced,
            Self::Complained => State::Complained,
        }
    }
}

impl State {
    /// The state after the end of a doubt.
    const fn resolved(resolution: Resolution) -> Self {
        match resolution {
            Resolution::Accepted => Self::Accepted,
            Resolution::Delivered => Self::Delivered,
            Resolution::Resend => Self::Failed,
            Resolution::Discard => Self::Discarded,
        }
    }
}
