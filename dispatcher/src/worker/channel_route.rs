//! One channel of one route: its providers in order of preference, and what waits for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::dispatch_buffer::DispatchBuffer;
use super::job::Job;
use super::outcomes::RefusedJob;
use super::provider_queue::ProviderQueue;
use crate::provider::Provider;
use crate::provider::streak::Streaks;

/// How often an alarm tries a provider that rests.
pub(super) const ALARM_TRIES_EVERY: TimeDelta = TimeDelta::seconds(2);

/// The providers of a channel share one dispatch buffer: a later one is used while those before it rest. At least one.
pub(super) struct ChannelRoute {
    pub(super) slots: Vec<ProviderSlot>,
    buffer: Mutex<DispatchBuffer>,
    /// Told when jobs were put into the buffer.
    pub(super) refilled: Notify,
}

/// A provider and what it is about to be given.
pub(super) struct ProviderSlot {
    pub(super) provider: Provider,
    pub(super) name: Arc<str>,
    pub(super) queue: ProviderQueue,
    streaks: Mutex<Streaks<RefusedJob>>,
}

/// Whether a provider can take jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    /// Its rest is over: one job finds out whether it works again.
    Probing,
    Resting(DateTime<Utc>),
}

impl ChannelRoute {
    pub(super) fn new(providers: impl IntoIterator<Item = Provider>) -> Self {
        let slots = providers.into_iter().map(ProviderSlot::new).collect();
        Self { slots, buffer: Mutex::default(), refilled: Notify::new() }
    }

    pub(super) fn buffer(&self) -> MutexGuard<'_, DispatchBuffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets jobs wait in the buffer, until their time if they have one.
    pub(super) fn put_back(&self, jobs: impl IntoIterator<Item = Job>, now: DateTime<Utc>) {
        let mut buffer = self.buffer();
        jobs.into_iter().for_each(|job| buffer.put(job, now));
        drop(buffer);
        self.refilled.notify_one();
    }

    /// The first provider that does not rest.
    pub(super) fn first_able(&self, now: DateTime<Utc>) -> Option<(usize, Readiness)> {
        let able = |slot: &ProviderSlot| match slot.readiness(now) {
            Readiness::Resting(_) => None,
            readiness => Some(readiness),
        };
        self.slots.iter().enumerate().find_map(|(place, slot)| Some((place, able(slot)?)))
    }

    /// A provider that an alarm may try although all of them rest.
    pub(super) fn able_for_an_alarm(&self, now: DateTime<Utc>) -> Option<(usize, Readiness)> {
        let may_try = |slot: &ProviderSlot| {
            slot.queue.is_empty() && slot.provider.gate().breaker.try_early(ALARM_TRIES_EVERY, now)
        };
        self.slots.iter().position(may_try).map(|place| (place, Readiness::Probing))
    }

    /// When a job that one of the providers cannot take now may be tried again: at once if another can, else when the first
    /// of them has rested.
    pub(super) fn able_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.slots.iter().map(|slot| slot.able_at(now)).min().unwrap_or(now)
    }
}

impl ProviderSlot {
    fn new(provider: Provider) -> Self {
        let gate = provider.gate();
        let (name, queue) = (gate.name.as_str().into(), ProviderQueue::new(gate.connections as usize));
        Self { provider, name, queue, streaks: Mutex::default() }
    }

    /// What the provider has refused since it last accepted somebody.
    pub(super) fn streaks(&self) -> MutexGuard<'_, Streaks<RefusedJob>> {
        self.streaks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the provider's circuit breaker lets us give it jobs.
    pub(super) fn readiness(&self, now: DateTime<Utc>) -> Readiness {
        match self.provider.gate().breaker.rests_until() {
            None => Readiness::Ready,
            Some(until) if until <= now => Readiness::Probing,
            Some(until) => Readiness::Resting(until),
        }
    }

    /// When a job can be given to the provider: now, unless it rests. After a rest it has to be tried, or it would never be
    /// known to work again while another one takes everything.
    pub(super) fn able_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self.readiness(now) {
            Readiness::Ready | Readiness::Probing => now,
            Readiness::Resting(until) => until,
        }
    }

    /// How many alarms may be put into the queue, whatever else waits there.
    pub(super) fn room_for_alarms(&self, readiness: Readiness) -> usize {
        match readiness {
            Readiness::Ready => self.queue.room_for_alarms(Instant::now()),
            Readiness::Probing | Readiness::Resting(_) => self.room(readiness),
        }
    }

    pub(super) fn room(&self, readiness: Readiness) -> usize {
        match readiness {
            Readiness::Ready => self.queue.room(Instant::now()),
            Readiness::Probing => usize::from(self.queue.is_empty()),
            Readiness::Resting(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::deliveries::{FailureClass, Phase};

    use super::*;
    use crate::provider::{Accepted, EmailProvider, Failure, SmtpSettings};
    use crate::worker::testing::at;

    fn route<const N: usize>(names: [&str; N]) -> ChannelRoute {
        ChannelRoute::new(names.map(|name| {
            let settings = SmtpSettings {
                connections: 4,
                ..SmtpSettings::new(name, "smtp://127.0.0.1:1", "avisos@example.com")
            };
            Provider::Email(EmailProvider::try_new(&settings).expect("good settings"))
        }))
    }

    fn refuse(slot: &ProviderSlot, now: DateTime<Utc>) {
        let refused =
            Failure::answered(FailureClass::ConfigAuth, Phase::Auth, "535 5.7.8", "").for_every_message();
        slot.provider.gate().breaker.observe::<Accepted>(&Err(refused.into()), now);
    }

    #[test]
    fn the_first_provider_takes_everything_while_it_works() {
        assert_eq!(route(["uno", "dos"]).first_able(at(0)), Some((0, Readiness::Ready)));
    }

    #[test]
    fn the_next_provider_takes_over_while_the_first_rests() {
        let route = route(["uno", "dos"]);
        refuse(&route.slots[0], at(0));
        assert_eq!(route.first_able(at(1)), Some((1, Readiness::Ready)));
        refuse(&route.slots[1], at(1));
        assert_eq!(route.first_able(at(2)), None);
    }

    #[test]
    fn after_its_rest_one_job_finds_out_whether_a_provider_works_again() {
        let route = route(["uno"]);
        refuse(&route.slots[0], at(0));
        let (place, readiness) = route.first_able(at(61)).expect("a provider to try");
        assert_eq!((place, readiness, route.slots[0].room(readiness)), (0, Readiness::Probing, 1));
    }

    #[test]
    fn a_second_provider_whose_rest_is_over_can_take_a_job_though_nobody_has_tried_it_since() {
        let route = route(["uno", "dos"]);
        let second = &route.slots[1];
        refuse(second, at(0));
        assert_eq!(second.able_at(at(59)), at(60), "it rests");
        assert_eq!(second.able_at(at(10_000)), at(10_000), "it may be tried");
        assert_eq!(second.room(second.readiness(at(10_000))), 1, "by one job");
        second.provider.gate().breaker.admit(at(10_000));
        assert_eq!(second.able_at(at(10_001)), at(10_060), "and by no other before it has answered");
    }

    #[test]
    fn an_alarm_tries_the_first_provider_though_all_rest_and_then_the_next() {
        let route = route(["uno", "dos"]);
        assert_eq!(route.able_for_an_alarm(at(0)), None, "nobody rests");
        refuse(&route.slots[0], at(0));
        refuse(&route.slots[1], at(0));
        let tried = [1, 1, 1, 3].map(|second| route.able_for_an_alarm(at(second)).map(|(place, _)| place));
        assert_eq!(tried, [Some(0), Some(1), None, Some(0)]);
    }

    #[test]
    fn what_a_resting_provider_gives_back_goes_to_another_or_waits_for_the_first_that_has_rested() {
        let route = route(["uno", "dos"]);
        refuse(&route.slots[0], at(5));
        assert_eq!(route.able_at(at(6)), at(6), "the other works");
        refuse(&route.slots[1], at(0));
        assert_eq!(route.able_at(at(6)), at(60), "the other rests for less long");
        assert_eq!(route.able_at(at(62)), at(62), "and may be tried");
    }
}
