//! The pace of sends over all processes: every send under a limit has a slot, a moment of its own, given by PostgreSQL.
//!
//! The slots of a limit are evenly spaced, on the database's clock, and a little further apart than the limit asks for:
//! then sends that leave up to [`JITTER`] after their slots are still never more in a second than the limit. A process
//! reserves as many slots as its workers wait for, so that none is left unused, in one statement for all limits. A slot
//! that comes to nothing is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::BATCH_PEOPLE_MAX;
use super::group::Group;

/// How much later than its slot a message may arrive: slots are so much further apart that no second has more messages than
/// the limit. A limit of 50 gives 48 slots a second.
const JITTER: Duration = Duration::from_millis(40);
/// How late a send may begin after its slot. The rest of [`JITTER`] is for its way to the provider.
const LATE_MAX: Duration = Duration::from_millis(12);
/// How far ahead of now a slot is at least: as long as a start mark takes.
const LEAD: Duration = Duration::from_millis(30);
/// How long before its slot a send begins, so that its connection is open and its start mark committed in time.
pub(super) const AHEAD: Duration = Duration::from_millis(250);
/// How long a process waits that could not reserve.
const REST: Duration = Duration::from_millis(500);
/// How fast the clocks of two machines may part, as a divisor of the time since they were compared.
const DRIFT: u32 = 10_000;

/// A limit of sends a second.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Limit {
    /// Whose: the same in all processes.
    pub(super) name: Arc<str>,
    pub(super) per_second: u32,
}

impl Limit {
    /// How many workers of a process wait for slots at once: those of the next half second, and one more than the first.
    pub(super) fn places(&self, connections: u32) -> usize {
        self.per_second.div_ceil(2).max(2).min(connections) as usize
    }

    /// The time between two slots, in microseconds.
    fn interval_micros(&self) -> i64 {
        let second = Duration::from_secs(1) + JITTER;
        let micros = second.as_micros().div_ceil(u128::from(self.per_second.max(1)));
        // One more, so that the last of a second is in the next.
        i64::try_from(micros + 1).unwrap_or(i64::MAX)
    }
}

/// Reserves slots for the workers of an owner. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pace(Group<Limit, Option<Instant>>);

impl Pace {
    pub(super) fn start(tasks: &mut JoinSet<()>, pool: PgPool) -> Self {
        let slots = Arc::new(Slots { pool, clock: Clock::default() });
        let flush = move |asked: Vec<Limit>| {
            let slots = Arc::clone(&slots);
            async move { slots.reserve(asked).await }
        };
        Self(Group::start(tasks, BATCH_PEOPLE_MAX, flush))
    }

    /// The next slot of a limit. It waits for the database.
    pub(super) async fn reserve(&self, limit: &Limit) -> Instant {
        loop {
            if let Ok(Some(slot)) = self.0.put(limit.clone()).await.await {
                return slot;
            }
            sleep(REST).await;
        }
    }

    /// Waits for the slot; if it is missed, for another.
    pub(super) async fn wait(&self, limit: &Limit, mut slot: Instant) {
        loop {
            if Instant::now() <= slot + LATE_MAX {
                sleep_until(slot).await;
                if Instant::now() <= slot + LATE_MAX {
                    return;
                }
            }
            metrics::counter!("mensajeria_send_slots_missed_total").increment(1);
            slot = self.reserve(limit).await;
        }
    }
}

struct Slots {
    pool: PgPool,
    clock: Clock,
}

impl Slots {
    /// For each who asks, in order.
    async fn reserve(&self, asked: Vec<Limit>) -> Vec<Option<Instant>> {
        let mut wanted = BTreeMap::<&Limit, i64>::new();
        for limit in &asked {
            *wanted.entry(limit).or_default() += 1;
        }
        let before = Instant::now();
        let reserved = match reserve(&self.pool, &wanted).await {
            Ok(reserved) => reserved,
            Err(error) => {
                tracing::warn!(%error, "no slots could be reserved, trying again");
                return vec![None; asked.len()];
            }
        };
        let mut first: BTreeMap<&str, i64> = BTreeMap::new();
        for (name, micros, now) in &reserved {
            self.clock.compare(before, *now, Instant::now());
            first.insert(name, *micros);
        }
        let mut slot = |limit: &Limit| {
            let next = first.get_mut(&*limit.name)?;
            let micros = *next;
            *next += limit.interval_micros();
            self.clock.instant(micros)
        };
        asked.iter().map(&mut slot).collect()
    }
}

/// The first of the reserved slots of each limit, and the database's time, in microseconds.
async fn reserve(pool: &PgPool, wanted: &BTreeMap<&Limit, i64>) -> sqlx::Result<Vec<(String, i64, i64)>> {
    sqlx::query_as(
        "insert into send_slots as s (name, next_at, taken)
         select name, (extract(epoch from clock_timestamp()) * 1000000)::bigint + $3 + taken, taken
         from unnest($1::text[], $2::bigint[]) as w (name, taken)
         order by name
         on conflict (name) do update
         set next_at = greatest(s.next_at, (extract(epoch from clock_timestamp()) * 1000000)::bigint + $3) + excluded.taken,
             taken = excluded.taken
         returning name, next_at - taken, (extract(epoch from clock_timestamp()) * 1000000)::bigint",
    )
    .bind(wanted.keys().map(|limit| limit.name.to_string()).collect::<Vec<_>>())
    .bind(wanted.iter().map(|(limit, slots)| slots * limit.interval_micros()).collect::<Vec<_>>())
    .bind(LEAD.as_micros() as i64)
    .fetch_all(pool)
    .await
}

/// The database's clock by this process's. Of many comparisons the closest counts, for as long as clocks keep together.
#[derive(Default)]
struct Clock(Mutex<Option<Compared>>);

#[derive(Clone, Copy)]
struct Compared {
    at: Instant,
    /// The database's time at that moment.
    micros: i64,
    /// How far it may be off.
    error: Duration,
}

impl Clock {
    /// A statement that was asked at one moment and answered at another said this time.
    fn compare(&self, asked: Instant, micros: i64, answered: Instant) {
        let error = (answered - asked) / 2;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_closer = kept.is_none_or(|kept| error <= kept.error + (answered - kept.at) / DRIFT);
        if is_closer {
            *kept = Some(Compared { at: asked + error, micros, error });
        }
    }

    /// When it is this time at the database; none before they were compared.
    fn instant(&self, micros: i64) -> Option<Instant> {
        let Compared { at, micros: then, .. } = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        match u64::try_from(micros - then) {
            Ok(later) => Some(at + Duration::from_micros(later)),
            Err(_) => at.checked_sub(Duration::from_micros((then - micros).unsigned_abs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(per_second: u32) -> Limit {
        Limit { name: "uno".into(), per_second }
    }

    /// The most messages in any second, if each arrives up to the longest jitter after its slot.
    fn most_in_a_second(per_second: u32) -> usize {
        let interval = limit(per_second).interval_micros();
        let jitter = JITTER.as_micros() as i64;
        let arrivals: Vec<i64> = (0..i64::from(per_second) * 3)
            .map(|slot| slot * interval + if slot % 7 == 0 { jitter } else { (slot * 7_919) % (jitter + 1) })
            .collect();
        let in_second =
            |from: i64| arrivals.iter().filter(|at| (from..from + 1_000_000).contains(*at)).count();
        arrivals.iter().map(|from| in_second(*from)).max().unwrap_or(0)
    }

    #[test]
    fn no_second_has_more_messages_than_the_limit_however_late_they_arrive_within_the_jitter() {
        for per_second in [1, 2, 3, 10, 50, 99, 333] {
            assert!(most_in_a_second(per_second) <= per_second as usize, "{per_second}");
        }
    }

    #[test]
    fn a_limit_is_used_to_ninety_five_percent() {
        for per_second in [1, 2, 3, 10, 50, 99, 1_000] {
            let slots = 1_000_000.0 / limit(per_second).interval_micros() as f64;
            assert!(slots >= 0.95 * f64::from(per_second), "{per_second}: {slots}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_closest_comparison_of_clocks_counts() {
        let (clock, start) = (Clock::default(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        assert_eq!(clock.instant(5), None);
        clock.compare(after(0), 1_000_000, after(100));
        assert_eq!(clock.instant(1_000_000), Some(after(50)));
        clock.compare(after(200), 1_154_000, after(204));
        assert_eq!(clock.instant(1_154_000), Some(after(202)), "closer");
        clock.compare(after(300), 1_200_000, after(390));
        assert_eq!(clock.instant(1_154_000), Some(after(202)), "farther");
    }
}
