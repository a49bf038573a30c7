//! Jobs under a limit a second for whose slots enough others of this process wait already.
//!
//! They wait apart, so that those behind them go on.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::value::CompanyId;

use super::job::Job;
use super::pace::{Limit, places};

/// For how many seconds jobs of a domain are held. More go back to the queue, so that those behind them are claimed.
const HELD_SECONDS: usize = 4;
/// How long a job that is set aside waits in the queue, at least and at most.
const ASIDE_MIN: TimeDelta = TimeDelta::seconds(5);
const ASIDE_MAX: TimeDelta = TimeDelta::minutes(5);

/// Jobs by the limit that holds them, alarms first, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Held {
    by_limit: BTreeMap<Arc<str>, OfLimit>,
    /// Until when those are set aside that came last, by limit.
    aside_until: BTreeMap<Arc<str>, DateTime<Utc>>,
}

#[derive(Debug)]
struct OfLimit {
    limit: Limit,
    alarms: VecDeque<Job>,
    others: VecDeque<Job>,
}

impl OfLimit {
    fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.alarms.iter().chain(&self.others)
    }

    fn is_empty(&self) -> bool {
        self.alarms.is_empty() && self.others.is_empty()
    }

    fn of(&mut self, is_alarm: bool) -> &mut VecDeque<Job> {
        if is_alarm { &mut self.alarms } else { &mut self.others }
    }

    fn pop(&mut self, has_place: &impl Fn(&Limit, bool) -> bool) -> Option<Job> {
        let may_go = |is_alarm| has_place(&self.limit, is_alarm);
        let of = [true, false].into_iter().find(|is_alarm| {
            let has_jobs = if *is_alarm { !self.alarms.is_empty() } else { !self.others.is_empty() };
            has_jobs && may_go(*is_alarm)
        })?;
        self.of(of).pop_front()
    }
}

impl Held {
    pub(super) fn put(&mut self, limit: Limit, job: Job) {
        let name = Arc::clone(&limit.name);
        let new = || OfLimit { limit, alarms: VecDeque::new(), others: VecDeque::new() };
        self.by_limit.entry(name).or_insert_with(new).of(job.is_alarm()).push_back(job);
    }

    /// Whether enough alarms, or other jobs, of a domain are held. Those of a company are bounded by what is claimed for it.
    pub(super) fn is_full(&self, limit: &Limit, is_alarm: bool) -> bool {
        let Some(per_second) = limit.of_a_domain() else { return false };
        let number = |of: &OfLimit| if is_alarm { of.alarms.len() } else { of.others.len() };
        let held = self.by_limit.get(&limit.name).map_or(0, number);
        held >= HELD_SECONDS * places(per_second)
    }

    /// Until when one more job of a domain goes back to the queue: until those who were set aside before it may have been sent to.
    pub(super) fn set_aside(&mut self, limit: &Limit, now: DateTime<Utc>) -> DateTime<Utc> {
        self.aside_until.retain(|_, until| *until > now);
        let per_second = limit.of_a_domain().map_or(1, NonZeroU32::get);
        let before = self.aside_until.get(&limit.name).copied().unwrap_or(now + ASIDE_MIN);
        let until = (before + TimeDelta::seconds(1) / per_second.cast_signed()).min(now + ASIDE_MAX);
        self.aside_until.insert(Arc::clone(&limit.name), until);
        until
    }

    /// The first job, an alarm or not, of a limit that the test holds for.
    pub(super) fn pop(&mut self, has_place: impl Fn(&Limit, bool) -> bool) -> Option<Job> {
        let (name, job) =
            self.by_limit.iter_mut().find_map(|(name, of)| Some((Arc::clone(name), of.pop(&has_place)?)))?;
        if self.by_limit.get(&name).is_some_and(OfLimit::is_empty) {
            self.by_limit.remove(&name);
        }
        Some(job)
    }

    /// Takes out all jobs that a test holds for.
    pub(super) fn withdraw(&mut self, test: impl Fn(&Job) -> bool) -> Vec<Job> {
        let mut withdrawn = Vec::new();
        for jobs in self.by_limit.values_mut().flat_map(|of| [&mut of.alarms, &mut of.others]) {
            let (out, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(jobs).into_iter().partition(&test);
            *jobs = kept;
            withdrawn.extend(out);
        }
        self.by_limit.retain(|_, of_limit| !of_limit.is_empty());
        withdrawn
    }

    /// How many people of a lane are held by the limits of their companies.
    pub(super) fn people_of_companies(&self, lane: usize) -> usize {
        self.jobs_of_companies().filter(|job| job.lane() == lane).count()
    }

    /// The companies whose own limit holds jobs, by lane: they need no more.
    pub(super) fn companies(&self) -> impl Iterator<Item = (usize, CompanyId)> {
        self.jobs_of_companies().map(|job| (job.lane(), job.company()))
    }

    fn jobs_of_companies(&self) -> impl Iterator<Item = &Job> {
        self.by_limit.values().filter(|of| of.limit.is_of_company()).flat_map(OfLimit::jobs)
    }
}

#[cfg(test)]
mod tests {
    use domain::value::Channel;

    use super::*;
    use crate::worker::testing::{at, jobs_of};

    #[test]
    fn a_job_is_held_until_its_limit_has_a_place_and_others_are_not() {
        let mut held = Held::default();
        for company in [1, 2] {
            for job in jobs_of(1, company, 2) {
                held.put(Limit::of_company(job.company(), Channel::Email), job);
            }
        }
        let second = Limit::of_company(uuid::Uuid::from_u128(2).into(), Channel::Email);
        assert!(held.pop(|_, _| false).is_none());
        assert_eq!(
            held.pop(|limit, _| *limit == second).map(|job| job.member.number()),
            Some(1),
            "in their order"
        );
        assert_eq!((held.people_of_companies(1), held.people_of_companies(0)), (3, 0));
        assert_eq!(held.withdraw(|job| job.company() == uuid::Uuid::from_u128(1).into()).len(), 2);
        assert_eq!(held.companies().count(), 1);
    }

    #[test]
    fn an_alarm_is_held_only_behind_alarms() {
        let mut held = Held::default();
        for job in jobs_of(1, 1, 2).into_iter().chain(jobs_of(0, 1, 1)) {
            held.put(Limit::of_company(job.company(), Channel::Email), job);
        }
        assert_eq!(held.pop(|_, is_alarm| is_alarm).map(|job| job.lane()), Some(0));
        assert!(held.pop(|_, is_alarm| is_alarm).is_none());
    }

    #[test]
    fn of_a_domain_some_seconds_are_held_and_the_rest_is_set_aside_until_those_before_may_have_been_sent_to()
    {
        let mut held = Held::default();
        let limit = Limit::of_domain("lento.test", NonZeroU32::new(5).expect("not 0"));
        for job in jobs_of(1, 1, 20) {
            assert!(!held.is_full(&limit, false));
            held.put(limit.clone(), job);
        }
        assert!(held.is_full(&limit, false) && !held.is_full(&limit, true));
        let until: Vec<_> = (0..6).map(|_| held.set_aside(&limit, at(0))).collect();
        assert_eq!((until[4], until[5] > until[4]), (at(6), true));
        assert!((0..10_000).map(|_| held.set_aside(&limit, at(0))).all(|until| until <= at(300)));
    }
}
