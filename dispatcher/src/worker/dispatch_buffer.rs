//! The people of claimed tasks who have not been given to a provider yet: alarms first, the companies of a lane in turn,
//! and within a company in the order of the audience.

use std::collections::{BTreeMap, HashSet, VecDeque};

use chrono::{DateTime, Utc};
use domain::value::CompanyId;

use super::BATCH_PEOPLE_MAX;
use super::held::Held;
use super::job::Job;
use super::pace::Limit;
use crate::tasks::LANES;
use crate::tasks::claim::Wants;

/// How many people of a lane, and of those before it, are buffered before no more are claimed for a company that has
/// enough.
const BUFFERED_PEOPLE: usize = 2 * BATCH_PEOPLE_MAX;
/// How many companies of a lane are buffered at once. With a slow provider each of them has a chunk in memory, so that
/// this bounds the addresses there: 64 times 500.
const BUFFERED_COMPANIES_MAX: usize = 64;

/// Jobs between their claim and a provider's queue.
#[derive(Debug, Default)]
pub(super) struct DispatchBuffer {
    lanes: [Lane; LANES.len()],
    /// Jobs whose time has not come, by time and by the order in which they came.
    delayed: BTreeMap<(DateTime<Utc>, u64), Job>,
    arrivals: u64,
    /// Jobs under a limit for whose slots enough others wait.
    held: Held,
}

#[derive(Debug, Default)]
struct Lane {
    /// Whose turn it is stands first.
    companies: VecDeque<Company>,
    people: usize,
}

#[derive(Debug)]
struct Company {
    id: CompanyId,
    jobs: VecDeque<Job>,
}

impl DispatchBuffer {
    /// Takes a job in, to be given out at its time.
    pub(super) fn put(&mut self, mut job: Job, now: DateTime<Utc>) {
        // A slot is given back: it may be over when the job's turn comes.
        job.slot = None;
        self.lanes[job.lane()].people += 1;
        match job.not_before.filter(|time| *time > now) {
            Some(time) => {
                self.arrivals += 1;
                self.delayed.insert((time, self.arrivals), job);
            }
            None => self.lanes[job.lane()].put(job),
        }
    }

    /// The job whose turn it is.
    pub(super) fn pop(&mut self, now: DateTime<Utc>) -> Option<Job> {
        self.ripen(now);
        self.lanes.iter_mut().find_map(Lane::pop)
    }

    /// The alarm whose turn it is.
    pub(super) fn pop_alarm(&mut self, now: DateTime<Utc>) -> Option<Job> {
        self.ripen(now);
        self.lanes[0].pop()
    }

    /// Lets a job wait until fewer others wait for the slots of a limit. If many wait here already it does not, and is to wait in
    /// the queue until a time.
    pub(super) fn hold(
        &mut self,
        limit: Limit,
        job: Job,
        now: DateTime<Utc>,
    ) -> Option<(Job, DateTime<Utc>)> {
        if self.held.is_full(&limit, job.is_alarm()) {
            return Some((job, self.held.set_aside(&limit, now)));
        }
        self.held.put(limit, job);
        None
    }

    /// A held job, of a limit for whose slots one more may wait; alarms first.
    pub(super) fn pop_held(&mut self, has_place: impl Fn(&Limit, bool) -> bool) -> Option<Job> {
        self.held.pop(has_place)
    }

    /// Whether an alarm can be given out.
    pub(super) fn has_alarm(&mut self, now: DateTime<Utc>) -> bool {
        self.ripen(now);
        !self.lanes[0].companies.is_empty()
    }

    /// When the first of the jobs that wait has its time.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.delayed.first_key_value().map(|((time, _), _)| *time)
    }

    /// What is to be claimed when a company with `enough` people needs no more.
    pub(super) fn wants(&self, enough: usize) -> Wants {
        let (mut room, mut satisfied, mut before) = ([0; LANES.len()], HashSet::new(), 0);
        for (place, lane) in self.lanes.iter().enumerate() {
            before += lane.people + self.held.people_of_companies(place);
            let more = usize::from(lane.companies.len() < BUFFERED_COMPANIES_MAX);
            room[place] = BUFFERED_PEOPLE.saturating_sub(before).max(more);
            let has_enough = lane.companies.iter().filter(|company| company.jobs.len() >= enough);
            satisfied.extend(has_enough.map(|company| (LANES[place], company.id)));
        }
        satisfied.extend(self.held.companies().map(|(place, company)| (LANES[place], company)));
        Wants { room, satisfied }
    }

    /// Takes out all jobs that a test holds for, wherever they wait.
    pub(super) fn withdraw(&mut self, test: impl Fn(&Job) -> bool) -> Vec<Job> {
        let mut withdrawn: Vec<Job> =
            self.delayed.extract_if(.., |_, job| test(job)).map(|(_, job)| job).collect();
        for lane in &mut self.lanes {
            lane.withdraw(&test, &mut withdrawn);
        }
        for job in &withdrawn {
            self.lanes[job.lane()].people -= 1;
        }
        withdrawn.extend(self.held.withdraw(test));
        withdrawn
    }

    fn ripen(&mut self, now: DateTime<Utc>) {
        while let Some(first) = self.delayed.first_entry().filter(|first| first.key().0 <= now) {
            let job = first.remove();
            self.lanes[job.lane()].put(job);
        }
    }
}

impl Lane {
    fn put(&mut self, job: Job) {
        match self.companies.iter_mut().find(|company| company.id == job.company()) {
            Some(company) => company.jobs.push_back(job),
            None => self.companies.push_back(Company { id: job.company(), jobs: [job].into() }),
        }
    }

    fn pop(&mut self) -> Option<Job> {
        let mut company = self.companies.pop_front()?;
        let job = company.jobs.pop_front();
        if !company.jobs.is_empty() {
            self.companies.push_back(company);
        }
        self.people -= usize::from(job.is_some());
        job
    }

    fn withdraw(&mut self, test: &impl Fn(&Job) -> bool, withdrawn: &mut Vec<Job>) {
        for company in &mut self.companies {
            let (out, kept): (VecDeque<_>, VecDeque<_>) =
                std::mem::take(&mut company.jobs).into_iter().partition(test);
            company.jobs = kept;
            withdrawn.extend(out);
        }
        self.companies.retain(|company| !company.jobs.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::testing::{at, jobs_of};

    fn order(buffer: &mut DispatchBuffer, now: DateTime<Utc>) -> Vec<(usize, u128)> {
        let jobs = std::iter::from_fn(|| buffer.pop(now));
        jobs.map(|job| (job.lane(), job.company().uuid().as_u128())).collect()
    }

    fn filled(tasks: &[(i16, u128, usize)]) -> DispatchBuffer {
        let mut buffer = DispatchBuffer::default();
        for (lane, company, people) in tasks {
            jobs_of(*lane, *company, *people).into_iter().for_each(|job| buffer.put(job, at(0)));
        }
        buffer
    }

    #[test]
    fn alarms_go_first_and_the_companies_of_a_lane_take_turns() {
        let mut buffer = filled(&[(1, 1, 3), (1, 2, 1), (0, 3, 1)]);
        assert!(buffer.has_alarm(at(0)));
        assert_eq!(order(&mut buffer, at(0)), [(0, 3), (1, 1), (1, 2), (1, 1), (1, 1)]);
        assert!(!buffer.has_alarm(at(0)));
    }

    #[test]
    fn a_job_is_given_out_at_its_time_and_not_before() {
        let mut buffer = DispatchBuffer::default();
        for (place, mut job) in jobs_of(1, 1, 2).into_iter().enumerate() {
            job.not_before = Some(at(10 - 5 * place as i64));
            buffer.put(job, at(0));
        }
        assert!(buffer.pop(at(4)).is_none());
        assert_eq!(buffer.next_due(), Some(at(5)));
        assert_eq!(order(&mut buffer, at(10)).len(), 2);
    }

    #[test]
    fn an_alarm_is_claimed_however_much_of_a_campaign_is_buffered() {
        let buffer = filled(&[(3, 1, 500), (3, 1, 500), (3, 1, 500)]);
        let wants = buffer.wants(8);
        assert_eq!((wants.room[0], wants.room[3]), (BUFFERED_PEOPLE, 1));
        assert!(wants.satisfied.contains(&(3, buffer.lanes[3].companies[0].id)));
    }

    #[test]
    fn a_company_that_has_enough_leaves_the_room_to_others() {
        let buffer = filled(&[(1, 1, 8), (1, 2, 7)]);
        let satisfied: Vec<u128> =
            buffer.wants(8).satisfied.iter().map(|(_, company)| company.uuid().as_u128()).collect();
        assert_eq!(satisfied, [1]);
    }

    #[test]
    fn what_is_withdrawn_is_gone_wherever_it_waited() {
        let mut buffer = filled(&[(1, 1, 2), (1, 2, 1)]);
        let mut late = jobs_of(1, 1, 1);
        late[0].not_before = Some(at(60));
        buffer.put(late.remove(0), at(0));
        let withdrawn = buffer.withdraw(|job| job.company().uuid().as_u128() == 1);
        assert_eq!(withdrawn.len(), 3);
        assert_eq!(order(&mut buffer, at(99)), [(1, 2)]);
        assert_eq!(buffer.wants(1).room[1], BUFFERED_PEOPLE);
    }
}
