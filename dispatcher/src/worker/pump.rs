//! The pump of one channel: claims what is due, for the first provider that can take it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::desk::Desk;
use super::hands::Hands;
use super::outcomes::{Outcomes, RefusedRow};
use super::verdict::OWN_REST;
use crate::options::Clock;
use crate::provider::Provider;
use crate::provider::streak::Streaks;
use crate::queue::QueueRow;
use crate::queue::claim::Claimer;
use crate::queue::owners::taken_back;
use crate::queue::settle::{SettleError, Settlement, Settler};

/// How long the pump rests after the database failed it.
const REST: Duration = Duration::from_millis(500);

/// A provider and what waits for it.
pub(super) struct Counter {
    pub(super) provider: Provider,
    pub(super) desk: Desk,
    streaks: Mutex<Streaks<RefusedRow>>,
}

impl Counter {
    pub(super) fn new(provider: Provider) -> Self {
        let desk = Desk::new(provider.gate().connections as usize);
        Self { provider, desk, streaks: Mutex::default() }
    }

    /// What the provider has refused since it last accepted somebody.
    pub(super) fn streaks(&self) -> MutexGuard<'_, Streaks<RefusedRow>> {
        self.streaks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the provider's circuit breaker lets us ask for rows.
    fn readiness(&self, now: DateTime<Utc>) -> Readiness {
        match self.provider.gate().breaker.rests_until() {
            None => Readiness::Ready,
            Some(until) if until <= now => Readiness::Probing,
            Some(until) => Readiness::Resting(until),
        }
    }

    /// When a row can be given to the provider: now, unless it rests. After a rest it has to be tried, or it would never be
    /// known to work again while another one takes everything.
    pub(super) fn able_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self.readiness(now) {
            Readiness::Ready | Readiness::Probing => now,
            Readiness::Resting(until) => until,
        }
    }

    fn room(&self, readiness: Readiness) -> usize {
        match readiness {
            Readiness::Ready => self.desk.room(Instant::now()),
            // One row finds out whether a provider works again.
            Readiness::Probing => usize::from(self.desk.is_empty()),
            Readiness::Resting(_) => 0,
        }
    }
}

/// Whether a provider can take rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readiness {
    Ready,
    Probing,
    Resting(DateTime<Utc>),
}

/// Claims for one channel.
pub(super) struct Pump {
    pub(super) claimer: Claimer,
    /// Of each provider, in the order of the configuration: a later one is used while those before it rest. At least one.
    pub(super) outcomes: Vec<Outcomes>,
    pub(super) settler: Settler,
    pub(super) hands: Arc<Hands>,
    /// A claim has failed since what is claimed was last compared with what is in hand.
    pub(super) may_have_strays: bool,
    pub(super) clock: Clock,
    pub(super) poll: Duration,
    pub(super) wake: watch::Receiver<()>,
}

impl Pump {
    /// Claims until it is stopped. It is not cancelled in the middle of a claim, whose rows would then be nobody's.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let wait = self.step().await;
            let woken = async {
                match &wait {
                    Wait::Not => {}
                    Wait::ForRoom(counter) => {
                        let _ = timeout(self.poll, self.counters()[*counter].desk.drained.notified()).await;
                    }
                    Wait::ForRows(length) => _ = timeout(*length, self.wake.changed()).await,
                }
            };
            let _ = stop.run_until_cancelled(woken).await;
        }
    }

    /// One claim, if there is a provider with room; then what to wait for. A pump never waits longer than a poll, so that
    /// it also sees to the refusals that are held.
    async fn step(&mut self) -> Wait {
        for outcomes in &self.outcomes {
            outcomes.settle_overdue().await;
        }
        match self.try_step().await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "a claim failed, trying again");
                self.may_have_strays = true;
                sleep(REST).await;
                Wait::Not
            }
        }
    }

    async fn try_step(&mut self) -> Result<Wait, SettleError> {
        self.return_strays().await?;
        let now = (self.clock)();
        let Some((place, readiness)) = first_able(self.counters(), now) else {
            return Ok(self.until_rested(now));
        };
        let room = self.counters()[place].room(readiness);
        if room == 0 {
            return Ok(Wait::ForRoom(place));
        }
        let rows = self.claimer.claim(room, now).await?;
        if rows.is_empty() {
            return Ok(self.until_due(now).await);
        }
        self.put(place, rows, now).await;
        Ok(Wait::Not)
    }

    /// A claim that failed may be committed all the same, in part or as a whole: what it claimed is in nobody's hands, and
    /// waits again before anything more is claimed.
    async fn return_strays(&mut self) -> Result<(), SettleError> {
        if !self.may_have_strays {
            return Ok(());
        }
        let mut strays = self.claimer.claimed().await?;
        strays.retain(|row| !self.hands.hold(row));
        let settlements: Vec<Settlement> = strays.into_iter().map(taken_back).collect();
        self.settler.settle(&settlements).await?;
        self.may_have_strays = false;
        Ok(())
    }

    /// Gives rows to the provider they were claimed for, or to the next if that one has refused them before.
    async fn put(&self, place: usize, rows: Vec<QueueRow>, now: DateTime<Utc>) {
        self.hands.take(&rows);
        let (refused, rows): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| self.outcomes[place].refused_rows.has(row, place));
        self.counters()[place].desk.put(rows);
        for row in refused {
            self.pass_on(place, row, now).await;
        }
    }

    /// Gives a row that the provider at this place has refused to the next one, or lets it wait for that one.
    async fn pass_on(&self, place: usize, row: QueueRow, now: DateTime<Utc>) {
        let Some(able_at) = self.outcomes[place].elsewhere_at(&row, now) else {
            // No other is left, or the row has waited long enough: the second answer of this provider is final.
            return self.counters()[place].desk.put(vec![row]);
        };
        match self.next_with_room(&row, now) {
            Some(next) => self.counters()[next].desk.put(vec![row]),
            None => drop(self.outcomes[place].release_until(row, able_at.max(now + OWN_REST)).await),
        }
    }

    /// The first provider with room that has not refused the row in this attempt.
    fn next_with_room(&self, row: &QueueRow, now: DateTime<Utc>) -> Option<usize> {
        let may_take = |outcomes: &&Outcomes| {
            let counter = outcomes.counter();
            !outcomes.refused_rows.has(row, outcomes.place) && counter.room(counter.readiness(now)) > 0
        };
        self.outcomes.iter().find(may_take).map(|outcomes| outcomes.place)
    }

    fn counters(&self) -> &Arc<Vec<Counter>> {
        &self.outcomes[0].counters
    }

    /// All providers rest: until the first of them may be tried.
    fn until_rested(&self, now: DateTime<Utc>) -> Wait {
        Wait::ForRows(self.wait(Some(due_after_rest(self.counters(), now)), now))
    }

    async fn until_due(&self, now: DateTime<Utc>) -> Wait {
        let due = self.claimer.next_due(now).await.ok().flatten();
        Wait::ForRows(self.wait(due, now))
    }

    /// Until a moment, and never longer than a poll: another process may queue rows too.
    fn wait(&self, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
        let length = until.and_then(|until| (until - now).to_std().ok());
        length.map_or(self.poll, |length| length.clamp(SHORTEST_WAIT, self.poll))
    }
}

/// A clock that is moved by hand may stand still at a moment that has come.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// What a pump waits for.
#[derive(Debug, PartialEq, Eq)]
enum Wait {
    Not,
    ForRoom(usize),
    ForRows(Duration),
}

/// The first provider that does not rest.
fn first_able(counters: &[Counter], now: DateTime<Utc>) -> Option<(usize, Readiness)> {
    let able = |counter: &Counter| match counter.readiness(now) {
        Readiness::Resting(_) => None,
        readiness => Some(readiness),
    };
    counters.iter().enumerate().find_map(|(place, counter)| Some((place, able(counter)?)))
}

/// When a row that one of these providers cannot take now may be tried again: at once if another can, else when the first of
/// them has rested.
pub(super) fn due_after_rest(counters: &[Counter], now: DateTime<Utc>) -> DateTime<Utc> {
    counters.iter().map(|counter| counter.able_at(now)).min().unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use domain::deliveries::{FailureClass, Phase};

    use super::*;
    use crate::provider::{Accepted, EmailProvider, Failure, SmtpSettings};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
    }

    fn counter(name: &str) -> Counter {
        let settings = SmtpSettings {
            connections: 4,
            ..SmtpSettings::new(name, "smtp://127.0.0.1:1", "avisos@example.com")
        };
        Counter::new(Provider::Email(EmailProvider::try_new(&settings).expect("good settings")))
    }

    fn refuse(counter: &Counter, now: DateTime<Utc>) {
        let refused =
            Failure::answered(FailureClass::ConfigAuth, Phase::Auth, "535 5.7.8", "").for_every_message();
        counter.provider.gate().breaker.observe::<Accepted>(&Err(refused.into()), now);
    }

    #[test]
    fn the_first_provider_takes_everything_while_it_works() {
        let counters = [counter("uno"), counter("dos")];
        assert_eq!(first_able(&counters, at(0)), Some((0, Readiness::Ready)));
    }

    #[test]
    fn the_next_provider_takes_over_while_the_first_rests() {
        let counters = [counter("uno"), counter("dos")];
        refuse(&counters[0], at(0));
        assert_eq!(first_able(&counters, at(1)), Some((1, Readiness::Ready)));
        refuse(&counters[1], at(1));
        assert_eq!(first_able(&counters, at(2)), None);
    }

    #[test]
    fn after_its_rest_one_row_finds_out_whether_a_provider_works_again() {
        let counters = [counter("uno")];
        refuse(&counters[0], at(0));
        let (place, readiness) = first_able(&counters, at(61)).expect("a provider to try");
        assert_eq!((place, readiness, counters[0].room(readiness)), (0, Readiness::Probing, 1));
    }

    #[test]
    fn a_second_provider_whose_rest_is_over_can_take_a_row_though_nobody_has_tried_it_since() {
        let counters = [counter("uno"), counter("dos")];
        refuse(&counters[1], at(0));
        assert_eq!(counters[1].able_at(at(59)), at(60), "it rests");
        assert_eq!(counters[1].able_at(at(10_000)), at(10_000), "it may be tried");
        assert_eq!(counters[1].room(counters[1].readiness(at(10_000))), 1, "by one row");
        counters[1].provider.gate().breaker.admit(at(10_000));
        assert_eq!(counters[1].able_at(at(10_001)), at(10_060), "and by no other before it has answered");
    }

    #[test]
    fn what_a_resting_provider_gives_back_goes_to_another_or_waits_for_the_first_that_has_rested() {
        let counters = [counter("uno"), counter("dos")];
        refuse(&counters[0], at(5));
        assert_eq!(due_after_rest(&counters, at(6)), at(6), "the other works");
        refuse(&counters[1], at(0));
        assert_eq!(due_after_rest(&counters, at(6)), at(60), "the other rests for less long");
        assert_eq!(due_after_rest(&counters, at(62)), at(62), "and may be tried");
    }
}
