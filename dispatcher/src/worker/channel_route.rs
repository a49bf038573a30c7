//! One channel of one route: its providers in order of preference, and what waits for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::provider::Share;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::dispatch_buffer::DispatchBuffer;
use super::job::Job;
use super::outcomes::RefusedJob;
use super::pace::{AnswerTimes, Limit, Slot, ahead_of};
use super::provider_queue::ProviderQueue;
use super::turns::{Able, InTurn};
use crate::provider::Provider;
use crate::provider::streak::Streaks;

/// How often an alarm tries a provider that rests.
pub(super) const ALARM_TRIES_EVERY: TimeDelta = TimeDelta::seconds(2);

/// How soon it is looked again whether a stalled provider answers, where a job can go to no other.
const STALL_LOOKED_AT_AFTER: TimeDelta = TimeDelta::seconds(5);

/// How soon it is looked again whether a paused provider is resumed, where a job can go to no other.
const PAUSE_LOOKED_AT_AFTER: TimeDelta = TimeDelta::seconds(1);

/// The providers of a channel share one dispatch buffer: a later one is used while those before it rest or are stalled. At
/// least one.
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
    /// Its messages a second, over all processes.
    pub(super) limit: Option<Limit>,
    answer_times: AnswerTimes,
    streaks: Mutex<Streaks<RefusedJob>>,
}

/// Whether a provider can take jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    /// Its rest is over, or it was stalled for long: one job finds out whether it works again.
    Probing,
    Resting(DateTime<Utc>),
    /// An operator has paused it.
    Paused,
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

    /// The providers that get jobs now: the first that neither rests, is paused nor passed over; and while it gives up a share
    /// of its turns, also the next one, which takes what it leaves, and so on.
    pub(super) fn in_turn(&self, now: DateTime<Utc>) -> Option<InTurn> {
        InTurn::of((0..self.slots.len()).filter_map(|place| self.able(place, now)))
    }

    fn able(&self, place: usize, now: DateTime<Utc>) -> Option<Able> {
        let slot = &self.slots[place];
        let readiness = slot.readiness(now);
        let is_able = matches!(readiness, Readiness::Ready | Readiness::Probing);
        let share = slot.provider.gate().switch.share();
        (is_able && !self.is_passed_over(place, now)).then_some(Able { place, readiness, share, room: 0 })
    }

    /// Whether a provider is stalled while another works, so that it gets no jobs. Without another nothing is lost by
    /// waiting for this one.
    pub(super) fn is_passed_over(&self, place: usize, now: DateTime<Utc>) -> bool {
        let works = |slot: &ProviderSlot| !slot.is_stalled() && slot.able_at(now) <= now;
        let mut others = self.slots.iter().enumerate().filter(|(other, _)| *other != place);
        self.slots[place].is_stalled() && others.any(|(_, other)| works(other))
    }

    /// Takes the jobs of the providers that are paused or passed over and have not been begun back into the buffer.
    pub(super) fn take_back(&self, now: DateTime<Utc>) {
        let gets_none = |place: &usize| self.slots[*place].is_paused() || self.is_passed_over(*place, now);
        for place in (0..self.slots.len()).filter(gets_none) {
            let jobs = self.slots[place].queue.drain();
            if !jobs.is_empty() {
                self.put_back(jobs, now);
            }
        }
    }

    /// A provider that an alarm may try although all of them rest.
    pub(super) fn able_for_an_alarm(&self, now: DateTime<Utc>) -> Option<InTurn> {
        let may_try = |slot: &ProviderSlot| {
            !slot.is_paused()
                && slot.queue.is_empty()
                && slot.provider.gate().breaker.try_early(ALARM_TRIES_EVERY, now)
        };
        let place = self.slots.iter().position(may_try)?;
        let taker = Able { place, readiness: Readiness::Probing, share: Share::WHOLE, room: 0 };
        Some(InTurn { reduced: Vec::new(), taker })
    }

    /// When a job that one of the providers cannot take now may be tried again: at once if another can, else when the first
    /// of them has rested.
    pub(super) fn able_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        (0..self.slots.len()).map(|place| self.slot_able_at(place, now)).min().unwrap_or(now)
    }

    /// When a job can be given to one of the providers.
    pub(super) fn slot_able_at(&self, place: usize, now: DateTime<Utc>) -> DateTime<Utc> {
        let able_at = self.slots[place].able_at(now);
        if self.is_passed_over(place, now) { able_at.max(now + STALL_LOOKED_AT_AFTER) } else { able_at }
    }
}

impl ProviderSlot {
    fn new(provider: Provider) -> Self {
        let gate = provider.gate();
        let (name, per_second) = (gate.name.as_str().into(), gate.limit.per_second());
        let queue = ProviderQueue::new(gate.connections as usize, ahead_of(per_second));
        let limit =
            per_second.map(|per_second| Limit::of_provider(provider.channel(), &gate.name, per_second));
        let (answer_times, streaks) = (AnswerTimes::default(), Mutex::default());
        Self { provider, name, queue, limit, answer_times, streaks }
    }

    /// The provider has answered to the message of a slot, just now.
    pub(super) fn answered(&self, slot: Slot) {
        let now = Instant::now();
        let after = slot.used_for(now).map(|took| self.answer_times.after(took, now));
        slot.answered(now, after.unwrap_or_default());
    }

    /// What the provider has refused since it last accepted somebody.
    pub(super) fn streaks(&self) -> MutexGuard<'_, Streaks<RefusedJob>> {
        self.streaks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an operator has paused the provider.
    pub(super) fn is_paused(&self) -> bool {
        self.provider.gate().switch.is_paused()
    }

    /// How the provider's switch and circuit breaker let us give it jobs.
    pub(super) fn readiness(&self, now: DateTime<Utc>) -> Readiness {
        let gate = self.provider.gate();
        match gate.breaker.rests_until() {
            _ if gate.switch.is_paused() => Readiness::Paused,
            None if gate.pulse.wants_a_trial(Instant::now()) => Readiness::Probing,
            None => Readiness::Ready,
            Some(until) if until <= now => Readiness::Probing,
            Some(until) => Readiness::Resting(until),
        }
    }

    /// Whether nothing is heard from the provider, and no job is to find out whether it answers again.
    fn is_stalled(&self) -> bool {
        let (pulse, now) = (&self.provider.gate().pulse, Instant::now());
        pulse.is_stalled(now) && !pulse.wants_a_trial(now)
    }

    /// When a job can be given to the provider: now, unless it rests or is paused. After a rest it has to be tried, or it would never be
    /// known to work again while another one takes everything.
    pub(super) fn able_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self.readiness(now) {
            Readiness::Ready | Readiness::Probing => now,
            Readiness::Resting(until) => until,
            Readiness::Paused => now + PAUSE_LOOKED_AT_AFTER,
        }
    }

    /// How many alarms may be put into the queue, whatever else waits there.
    pub(super) fn room_for_alarms(&self, readiness: Readiness) -> usize {
        match readiness {
            Readiness::Ready => self.queue.room_for_alarms(Instant::now()),
            Readiness::Probing | Readiness::Resting(_) | Readiness::Paused => self.room(readiness),
        }
    }

    pub(super) fn room(&self, readiness: Readiness) -> usize {
        match readiness {
            Readiness::Ready => self.queue.room(Instant::now()),
            Readiness::Probing => usize::from(self.queue.is_empty()),
            Readiness::Resting(_) | Readiness::Paused => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use domain::deliveries::{FailureClass, Phase};
    use tokio::time::advance;

    use super::*;
    use crate::provider::pulse::{NoAnswer, STALLED_AFTER, STALLED_TRIES_EVERY};
    use crate::provider::{Accepted, EmailProvider, Failure, SmtpSettings};
    use crate::worker::testing::{at, jobs_of};

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

    /// Who takes what the others leave.
    fn first_able(route: &ChannelRoute, now: DateTime<Utc>) -> Option<(usize, Readiness)> {
        route.in_turn(now).map(|in_turn| (in_turn.taker.place, in_turn.taker.readiness))
    }

    #[test]
    fn the_first_provider_takes_everything_while_it_works() {
        assert_eq!(first_able(&route(["uno", "dos"]), at(0)), Some((0, Readiness::Ready)));
    }

    #[test]
    fn the_next_provider_takes_over_while_the_first_rests() {
        let route = route(["uno", "dos"]);
        refuse(&route.slots[0], at(0));
        assert_eq!(first_able(&route, at(1)), Some((1, Readiness::Ready)));
        refuse(&route.slots[1], at(1));
        assert_eq!(first_able(&route, at(2)), None);
    }

    #[test]
    fn after_its_rest_one_job_finds_out_whether_a_provider_works_again() {
        let route = route(["uno"]);
        refuse(&route.slots[0], at(0));
        let (place, readiness) = first_able(&route, at(61)).expect("a provider to try");
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
        let tried =
            [1, 1, 1, 3].map(|second| route.able_for_an_alarm(at(second)).map(|alone| alone.taker.place));
        assert_eq!(tried, [Some(0), Some(1), None, Some(0)]);
    }

    /// Something waits there in vain, and gives up.
    async fn stall(slot: &ProviderSlot) {
        let answer = slot.provider.gate().pulse.within(2 * STALLED_AFTER, pending::<()>()).await;
        assert_eq!(answer, Err(NoAnswer));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_provider_is_passed_over_while_another_works_and_tried_later() {
        let route = route(["uno", "dos"]);
        stall(&route.slots[0]).await;
        assert_eq!(first_able(&route, at(0)), Some((1, Readiness::Ready)));
        assert_eq!((route.slot_able_at(0, at(0)), route.able_at(at(0))), (at(5), at(0)));
        refuse(&route.slots[1], at(0));
        assert_eq!(first_able(&route, at(1)), Some((0, Readiness::Ready)), "the other rests");
        assert_eq!(first_able(&route, at(61)), Some((1, Readiness::Probing)), "the other may work again");
        advance(STALLED_TRIES_EVERY).await;
        assert_eq!(first_able(&route, at(61)), Some((0, Readiness::Probing)), "by one job");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_provider_without_another_is_waited_for() {
        let route = route(["uno"]);
        stall(&route.slots[0]).await;
        assert!(!route.is_passed_over(0, at(0)));
        assert_eq!(first_able(&route, at(0)), Some((0, Readiness::Ready)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_stalled_provider_has_not_begun_goes_to_the_next_alarms_first() {
        let route = route(["uno", "dos"]);
        for lane in [1, 0] {
            jobs_of(lane, 1, 1).into_iter().for_each(|job| route.slots[0].queue.put(job));
        }
        route.take_back(at(0));
        assert!(!route.slots[0].queue.is_empty(), "it answers");
        stall(&route.slots[0]).await;
        route.take_back(at(0));
        assert!(route.slots[0].queue.is_empty());
        let lanes = [(); 2].map(|()| route.buffer().pop(at(0)).expect("a job").lane());
        assert_eq!(lanes, [0, 1]);
    }

    fn pause(slot: &ProviderSlot) {
        slot.provider.gate().switch.set(true, Share::WHOLE);
    }

    fn resume(slot: &ProviderSlot, percent: i32) {
        slot.provider.gate().switch.set(false, Share::of_percent(percent));
    }

    #[test]
    fn a_paused_provider_gets_nothing_and_gives_back_what_it_has_not_begun() {
        let route = route(["uno", "dos"]);
        jobs_of(1, 1, 2).into_iter().for_each(|job| route.slots[0].queue.put(job));
        pause(&route.slots[0]);
        assert_eq!(first_able(&route, at(0)), Some((1, Readiness::Ready)));
        route.take_back(at(0));
        assert!(route.slots[0].queue.is_empty() && route.buffer().pop(at(0)).is_some());
        resume(&route.slots[0], 100);
        assert_eq!(first_able(&route, at(0)), Some((0, Readiness::Ready)));
    }

    #[test]
    fn everybody_waits_while_all_providers_are_paused_an_alarm_too() {
        let route = route(["uno", "dos"]);
        route.slots.iter().for_each(pause);
        refuse(&route.slots[0], at(0));
        assert_eq!((first_able(&route, at(0)), route.able_for_an_alarm(at(10))), (None, None));
        assert_eq!(route.able_at(at(0)), at(1), "it is looked again soon");
        resume(&route.slots[1], 100);
        assert_eq!(first_able(&route, at(1)), Some((1, Readiness::Ready)));
    }

    #[test]
    fn while_traffic_is_moved_the_next_able_provider_takes_the_rest() {
        let route = route(["uno", "dos", "tres"]);
        resume(&route.slots[0], 75);
        let places = |now| {
            let mut in_turn = route.in_turn(now).expect("somebody works");
            in_turn.each().map(|able| able.place).collect::<Vec<_>>()
        };
        assert_eq!(places(at(0)), [0, 1]);
        pause(&route.slots[1]);
        assert_eq!(places(at(0)), [0, 2]);
        refuse(&route.slots[2], at(0));
        assert_eq!(places(at(1)), [0], "nobody else works");
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
