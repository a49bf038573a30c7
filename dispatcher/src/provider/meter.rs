//! How the sends of one provider end in this process, until somebody takes the counts.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::deliveries::Outcome;
use domain::provider::AnswerTimes;

/// Counts the sends of one provider, over all of its connections.
#[derive(Debug, Default)]
pub struct Meter {
    in_flight: AtomicU32,
    ended: Mutex<Ended>,
}

/// How sends have ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// By their end, in the order of [`End::ALL`].
    pub(crate) counts: [u64; End::ALL.len()],
    /// How long acceptances took.
    pub(crate) answers: AnswerTimes,
}

/// How a send has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The provider took it.
    Accepted,
    /// It is tried again later.
    Deferred,
    /// It has failed for good.
    Failed,
    /// The provider sends nothing to this address.
    Suppressed,
    /// The provider may have taken it.
    InDoubt,
    /// The provider did not take it, and another one gets it.
    PassedOn,
}

/// A send that is under way.
#[derive(Debug)]
pub(crate) struct Underway<'a>(&'a Meter);

impl End {
    /// Every end, in the order of the columns of `provider_figures`.
    pub const ALL: [Self; 6] =
        [Self::Accepted, Self::Deferred, Self::Failed, Self::Suppressed, Self::InDoubt, Self::PassedOn];

    /// The word, as in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed",
            Self::InDoubt => "in_doubt",
            Self::PassedOn => "passed_on",
        }
    }

    /// The end of a send with this outcome; none for what was not sent.
    pub(crate) const fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Accepted { .. } => Some(Self::Accepted),
            Outcome::Deferred { .. } => Some(Self::Deferred),
            Outcome::Failed(_) => Some(Self::Failed),
            Outcome::Suppressed { .. } => Some(Self::Suppressed),
            Outcome::InDoubt { .. } => Some(Self::InDoubt),
            Outcome::Cancelled => None,
        }
    }
}

impl Ended {
    /// How many sends have ended.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.answers.merge(&other.answers);
    }
}

impl Meter {
    /// Counts a send as under way until the value is dropped.
    pub(crate) fn begin(&self) -> Underway<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Underway(self)
    }

    /// How many sends are under way.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Counts the end of a send.
    pub(crate) fn ended(&self, end: End) {
        self.locked().counts[end as usize] += 1;
    }

    /// Counts how long an acceptance took.
    pub(crate) fn accepted_after(&self, took: Duration) {
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.locked().answers.add(ms);
    }

    /// Takes the counts: they begin anew.
    pub(crate) fn take(&self) -> Ended {
        std::mem::take(&mut *self.locked())
    }

    /// Gives back counts that could not be written.
    pub(crate) fn give_back(&self, ended: &Ended) {
        self.locked().merge(ended);
    }

    fn locked(&self) -> MutexGuard<'_, Ended> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_could_not_be_written_are_not_lost() {
        let meter = Meter::default();
        meter.ended(End::Accepted);
        meter.accepted_after(Duration::from_millis(20));
        let taken = meter.take();
        assert_eq!((taken.total(), meter.take().is_empty()), (1, true));
        meter.ended(End::PassedOn);
        meter.give_back(&taken);
        let all = meter.take();
        assert_eq!((all.counts, all.answers.total()), ([1, 0, 0, 0, 0, 1], 1));
    }

    #[test]
    fn a_send_is_in_flight_until_it_is_dropped() {
        let meter = Meter::default();
        let underway = [meter.begin(), meter.begin()];
        assert_eq!(meter.in_flight(), 2);
        drop(underway);
        assert_eq!(meter.in_flight(), 0);
    }

    #[test]
    fn every_end_has_its_place() {
        for (place, end) in End::ALL.into_iter().enumerate() {
            assert_eq!(end as usize, place);
        }
    }
}
