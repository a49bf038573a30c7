//! The events that this process appended last, kept in memory for its own feeds, which then need neither the broker nor
//! PostgreSQL for them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Position;
use tokio::time::Instant;

use super::{PAGE_BYTES_MAX, PAGE_EVENTS_MAX, StoredEvent};

/// How many events are kept. A feed that is further behind reads pages, which is cheap for many events.
const RECENT_EVENTS_MAX: usize = 2_000;
/// How many bytes of JSON are kept: no more than a page, so that any run of kept events fits into one.
const RECENT_BYTES_MAX: usize = PAGE_BYTES_MAX as usize;
/// How long an event is kept: shorter than any restore of the database to an earlier state.
const RECENT_AGE_MAX: Duration = Duration::from_secs(2);

/// The last events committed by this process. Events of other processes are missing, so there are gaps. A feed that
/// meets a gap reads the events elsewhere.
#[derive(Default)]
pub(super) struct Recent(Mutex<RecentEvents>);

#[derive(Default)]
struct RecentEvents {
    events: BTreeMap<Position, (Instant, StoredEvent)>,
    bytes: usize,
}

impl Recent {
    /// Keeps events that were just committed. Flushes may arrive in another order than they were committed in. A
    /// position that arrives twice means that the log was restored to an earlier state: then the kept events are not
    /// part of it and are dropped.
    pub(super) fn keep(&self, events: impl IntoIterator<Item = StoredEvent>) {
        let (mut kept, now) = (self.kept(), Instant::now());
        for event in events {
            if kept.events.contains_key(&event.position) {
                *kept = RecentEvents::default();
            }
            kept.bytes += size(&event);
            kept.events.insert(event.position, (now, event));
        }
        while kept.is_over_limit() {
            let Some((_, (_, first))) = kept.events.pop_first() else { break };
            kept.bytes -= size(&first);
        }
    }

    /// Drops everything: the database may have been restored to an earlier state.
    pub(super) fn forget(&self) {
        *self.kept() = RecentEvents::default();
    }

    /// The events right after a position, in order and without a gap, at most a page; empty if the next event is not
    /// kept.
    pub(super) fn after(&self, position: Position) -> Vec<StoredEvent> {
        let kept = self.kept();
        let run = kept.events.range(position + 1..).zip(position + 1..).take(PAGE_EVENTS_MAX as usize);
        run.take_while(|((at, (kept_at, _)), wanted)| *at == wanted && kept_at.elapsed() < RECENT_AGE_MAX)
            .map(|((_, (_, event)), _)| event.clone())
            .collect()
    }

    fn kept(&self) -> MutexGuard<'_, RecentEvents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecentEvents {
    fn is_over_limit(&self) -> bool {
        let first = self.events.first_key_value();
        self.events.len() > RECENT_EVENTS_MAX
            || self.bytes > RECENT_BYTES_MAX
            || first.is_some_and(|(_, (kept_at, _))| kept_at.elapsed() >= RECENT_AGE_MAX)
    }
}

fn size(event: &StoredEvent) -> usize {
    event.payload.len() + event.metadata.len()
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn event(position: Position) -> StoredEvent {
        StoredEvent { position, ..StoredEvent::sample() }
    }

    fn positions(recent: &Recent, after: Position) -> Vec<Position> {
        recent.after(after).into_iter().map(|event| event.position).collect()
    }

    #[tokio::test]
    async fn events_are_kept_in_the_order_of_the_log_whatever_the_order_of_flushes() {
        let recent = Recent::default();
        recent.keep([event(3), event(4)]);
        assert_eq!(positions(&recent, 0), [] as [Position; 0]);
        recent.keep([event(1), event(2)]);
        assert_eq!(positions(&recent, 0), [1, 2, 3, 4]);
        assert_eq!(positions(&recent, 2), [3, 4]);
        assert_eq!(positions(&recent, 4), [] as [Position; 0]);
    }

    #[tokio::test]
    async fn an_event_of_another_process_is_a_gap_that_ends_the_run() {
        let recent = Recent::default();
        recent.keep([event(1), event(2), event(4)]);
        assert_eq!(positions(&recent, 0), [1, 2]);
        assert_eq!(positions(&recent, 2), [] as [Position; 0]);
    }

    #[tokio::test]
    async fn a_position_that_arrives_twice_drops_the_events_of_the_earlier_log() {
        let recent = Recent::default();
        recent.keep((1..=5).map(event));
        recent.keep([event(3), event(4)]);
        assert_eq!(positions(&recent, 0), [] as [Position; 0]);
        assert_eq!(positions(&recent, 2), [3, 4]);
        recent.forget();
        assert_eq!(positions(&recent, 2), [] as [Position; 0]);
    }

    #[tokio::test]
    async fn only_the_last_events_are_kept_and_a_page_of_them_is_given() {
        let recent = Recent::default();
        recent.keep((1..=3_000).map(event));
        assert_eq!(positions(&recent, 999), [] as [Position; 0]);
        let page = positions(&recent, 1_000);
        assert_eq!((page.first(), page.last()), (Some(&1_001), Some(&2_000)));
    }

    #[tokio::test]
    async fn large_events_are_dropped_sooner() {
        let recent = Recent::default();
        let large = |position| StoredEvent { payload: "x".repeat(RECENT_BYTES_MAX / 2), ..event(position) };
        recent.keep([large(1), large(2), event(3)]);
        assert_eq!(positions(&recent, 0), [] as [Position; 0]);
        assert_eq!(positions(&recent, 1), [2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn old_events_are_not_given() {
        let recent = Recent::default();
        recent.keep([event(1)]);
        advance(RECENT_AGE_MAX).await;
        recent.keep([event(2)]);
        assert_eq!(positions(&recent, 0), [] as [Position; 0]);
        assert_eq!(positions(&recent, 1), [2]);
    }
}
