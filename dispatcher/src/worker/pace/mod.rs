//! The pace of sends under limits a second, which hold over all processes.
//!
//! A message under limits waits for a slot before it goes to its provider: a moment that fits the calendars of all of its
//! limits, which PostgreSQL keeps for all processes. It is given to the provider then, and not before. A slot whose message
//! turns out to have arrived later is moved before the one a second after it is given, so that no second has more
//! messages than the limit, however late some of them are.

mod answer_times;
mod calendar;
mod clock;
mod limit;
mod reserve;
mod slot;
mod store;
mod waiting;

use std::num::NonZeroU32;
use std::sync::Arc;

use domain::value::Channel;
use sqlx::PgPool;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(super) use self::answer_times::AnswerTimes;
pub(super) use self::limit::{Limit, Limits, places};
use self::reserve::Reserver;
pub(super) use self::slot::Slot;
use self::waiting::{Ask, Asker, Waiting};
use super::channel_route::ChannelRoute;
use super::job::Job;
use crate::destination::{Destination, Destinations};
use crate::tasks::company_limits::CompanyLimits;

/// Gives slots to the messages of an owner. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pace {
    waiting: Arc<Waiting>,
    companies: Arc<CompanyLimits>,
    destinations: Option<Arc<Destinations>>,
}

/// How a job goes to its provider.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// At once.
    Free,
    /// When it has a slot.
    Paced(Limits),
    /// Not before others have their slots of this limit.
    Held(Limit),
    /// A little later: the limit of its destination is not known yet.
    Unknown,
}

impl Pace {
    /// Starts to give slots until it is stopped.
    pub(super) fn start(
        tasks: &mut JoinSet<()>,
        pool: PgPool,
        (companies, destinations): (Arc<CompanyLimits>, Option<Arc<Destinations>>),
        stop: CancellationToken,
    ) -> Self {
        let waiting = Arc::<Waiting>::default();
        tasks.spawn(Reserver::new(Arc::clone(&waiting), pool, Arc::clone(&companies)).run(stop));
        Self { waiting, companies, destinations }
    }

    /// How a job goes to the provider at a place of its route.
    pub(super) fn way(&self, job: &Job, route: &ChannelRoute, place: usize) -> Way {
        let Some(limits) = self.limits(job, route, place) else { return Way::Unknown };
        let mut own = limits.iter().filter(|limit| !limit.is_of_provider());
        match own.find(|limit| !self.has_place(limit, job.is_alarm())) {
            Some(full) => Way::Held(full.clone()),
            None if limits.is_empty() => Way::Free,
            None => Way::Paced(limits),
        }
    }

    /// Whether one more job may wait for the slots of a limit. An alarm, if not too many other alarms do.
    pub(super) fn has_place(&self, limit: &Limit, is_alarm: bool) -> bool {
        let has_place = |per_second| self.waiting.has_place(&limit.name, places(per_second), is_alarm);
        limit.per_second(&self.companies).is_none_or(has_place)
    }

    /// None: not known yet.
    fn limits(&self, job: &Job, route: &ChannelRoute, place: usize) -> Option<Limits> {
        let mut limits = Limits::new();
        limits.extend(route.slots[place].limit.clone());
        let (company, channel) = (job.company(), job.task.task.channel);
        if self.companies.of(company).per_second(channel).is_some() {
            limits.push(Limit::of_company(company, channel));
        }
        match self.destination(channel, job.address()) {
            Destination::Free => {}
            Destination::Limited(name, per_second) => limits.push(Limit::of_domain(&name, per_second)),
            Destination::Unknown => return None,
        }
        Some(limits)
    }

    fn destination(&self, channel: Channel, address: &str) -> Destination {
        match (&self.destinations, channel) {
            (Some(destinations), Channel::Email) => destinations.of(address),
            _ => Destination::Free,
        }
    }

    /// Lets a job wait for its slot, with which it goes to the provider.
    pub(super) fn ask(&self, limits: Limits, job: Job, route: &Arc<ChannelRoute>, place: usize) {
        if limits.iter().all(Limit::is_of_provider) {
            route.slots[place].queue.expect(job.lane());
        }
        let asker = Asker::Job { job: Box::new(job), route: Arc::clone(route), place };
        self.waiting.ask(Ask { limits, asker });
    }

    /// Waits for the slot of a message that is ready, or if it is missed for another one. False: there will be none, because
    /// the owner stops. A message without a slot is under no limit.
    pub(super) async fn wait(&self, slot: &mut Option<Slot>) -> bool {
        let Some(slot) = slot else { return true };
        while !slot.is_met().await {
            metrics::counter!("mensajeria_send_slots_missed_total").increment(1);
            let (reply, answer) = oneshot::channel();
            self.waiting.ask(Ask { limits: slot.limits.clone(), asker: Asker::Worker(reply) });
            match answer.await {
                Ok(next) => *slot = next,
                Err(_) => return false,
            }
        }
        true
    }
}

/// How many jobs of a provider under a limit wait for their slots at once.
pub(super) fn ahead_of(per_second: Option<NonZeroU32>) -> usize {
    per_second.map_or(0, places)
}
