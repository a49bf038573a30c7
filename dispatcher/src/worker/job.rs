//! One attempt to send to one person.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use commands::suppressions::SuppressedAddress;
use domain::deliveries::{Failure, MemberOutcome, Outcome, PassedOn};
use domain::notification::Addressee;
use domain::personal::Personal;
use domain::value::{CompanyId, Member};

use super::active_task::ActiveTask;
use super::pace::Slot;
use crate::tasks::settle::{Spent, StartMark};

/// An attempt that is to be made. It is in one place at a time: the dispatch buffer, a provider's queue, a worker, or held
/// among refusals.
pub(super) struct Job {
    pub(super) task: Arc<ActiveTask>,
    pub(super) member: Member,
    /// The person with another address than the audience has, if somebody has edited it.
    pub(super) edited: Option<Box<Addressee>>,
    pub(super) generation: u32,
    /// From 1 in each generation.
    pub(super) attempt: u32,
    /// When the first attempt of the generation was made.
    pub(super) since: Option<DateTime<Utc>>,
    /// Not before this.
    pub(super) not_before: Option<DateTime<Utc>>,
    /// The providers that have refused this attempt: it goes round once and not for ever.
    pub(super) refused_by: Vec<RefusedBy>,
    /// Until when it may wait for another provider, once one has refused it.
    pub(super) elsewhere_until: Option<DateTime<Utc>>,
    /// What the message takes of the company's purse, once it is rendered for a provider.
    pub(super) spent: Option<Spent>,
    /// When it may be given to its provider, if it is under a limit a second. Not while it waits in the dispatch buffer.
    pub(super) slot: Option<Slot>,
}

/// A provider that has refused an attempt.
pub(super) struct RefusedBy {
    /// Its place in the route.
    pub(super) place: usize,
    /// Its refusal, as it is recorded together with the outcome of the attempt.
    pub(super) passed_on: PassedOn,
}

impl Job {
    pub(super) fn lane(&self) -> usize {
        usize::from(self.task.task.lane.unsigned_abs())
    }

    /// Whether it goes before everything else, and does not wait for a provider that rests.
    pub(super) fn is_alarm(&self) -> bool {
        self.lane() == 0
    }

    pub(super) fn company(&self) -> CompanyId {
        self.task.task.company
    }

    /// Whether it may still be sent at a moment.
    pub(super) fn is_in_time(&self, now: DateTime<Utc>) -> bool {
        self.task.task.expires_at.is_none_or(|end| now < end)
    }

    /// Who and where; none if the person was erased.
    pub(super) fn addressee(&self) -> Option<&Addressee> {
        self.edited.as_deref().or_else(|| self.task.addressee(self.member))
    }

    /// The address; empty if the person was erased.
    pub(super) fn address(&self) -> &str {
        self.addressee().map_or("", |addressee| &addressee.address)
    }

    /// The contact's name; empty if the person was erased.
    pub(super) fn name(&self) -> &str {
        self.addressee().map_or("", |addressee| &addressee.contact_name)
    }

    /// The mark that says that it is being given to a provider, or that it provably was not.
    pub(super) fn mark(&self, provider: &Arc<str>, is_started: bool) -> Option<StartMark> {
        Some(StartMark {
            task: self.task.task.id,
            epoch: self.task.task.epoch,
            generation: self.generation,
            attempt: self.attempt,
            member: self.member,
            client: self.task.recipient(self.member)?.client,
            to: SuppressedAddress {
                company: self.company(),
                channel: self.task.task.channel,
                address: self.address().to_owned(),
            },
            provider: Arc::clone(provider),
            is_started,
            guarded: None,
        })
    }

    /// What became of the attempt.
    pub(super) fn ended(&self, outcome: Outcome) -> MemberOutcome {
        let Self { member, generation, attempt, .. } = *self;
        let passed_on = self.refused_by.iter().map(|refused| refused.passed_on.clone()).collect();
        MemberOutcome { member, generation, attempt, outcome, passed_on }
    }

    /// Whether the provider at a place has refused this attempt.
    pub(super) fn is_refused_by(&self, place: usize) -> bool {
        self.refused_by.iter().any(|refused| refused.place == place)
    }

    /// Remembers that the provider at a place left this attempt to another. It is told with the outcome: a crash before it
    /// forgets the refusal with the rest of the attempt, which is made again from the first provider.
    pub(super) fn pass_on(
        &mut self,
        place: usize,
        provider: String,
        failure: crate::provider::Failure,
        at: DateTime<Utc>,
    ) {
        let detail = self.detail(failure.text);
        self.refused_by
            .push(RefusedBy { place, passed_on: PassedOn { at, provider, cause: failure.cause, detail } });
    }

    /// What became of the delivery without an attempt.
    pub(super) fn ended_unsent(&self, outcome: Outcome) -> MemberOutcome {
        MemberOutcome { attempt: self.attempt - 1, ..self.ended(outcome) }
    }

    /// The provider's own text, under the client's key; none if it said nothing.
    pub(super) fn detail(&self, text: String) -> Option<Personal<String>> {
        let client = self.task.recipient(self.member)?.client;
        Some(text).filter(|text| !text.is_empty()).map(|text| Personal::new(client.into(), text))
    }

    /// A failure as it is recorded.
    pub(super) fn failure(&self, provider: String, failure: crate::provider::Failure) -> Failure {
        let detail = self.detail(failure.text);
        Failure { provider: Some(provider), cause: failure.cause, detail }
    }
}

/// Ids only.
impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("delivery", &self.task.delivery(self.member))
            .field("generation", &self.generation)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
