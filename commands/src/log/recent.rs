//! What this process appended last, kept for its own followers: what they can have from memory need not travel through
//! the broker, or be read back, to reach them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Position;
use tokio::time::Instant;

use super::{PAGE_BYTES_MAX, PAGE_EVENTS_MAX, StoredEvent};

/// How many events are kept. A follower that is further behind reads pages, which is cheap for many at once.
const RECENT_EVENTS_MAX: usize = 2_000;
/// How many bytes of JSON are kept: no more than a page, so that any run of them is one.
const RECENT_BYTES_MAX: usize = PAGE_BYTES_MAX as usize;
/// How long an event is kept: never so long that the database could have been restored to an earlier state meanwhile.
const RECENT_AGE_MAX: Duration = Duration::from_secs(2);

/// The last committed events that are known without reading them. Other processes' are not among them, so there may be
/// holes; whoever meets one reads on elsewhere.
#[derive(Default)]
pub(super) struct Recent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    events: BTreeMap<Position, (Instant, StoredEvent)>,
    bytes: usize,
}

impl Recent {
    /// Keeps events that were just committed. Flushes may come in another order than they were committed in; but a
    /// position that comes twice tells of a log that was taken back to an earlier state, and what is kept is not its own.
    pub(super) fn keep(&self, events: impl IntoIterator<Item = StoredEvent>) {
        let (mut kept, now) = (self.kept(), Instant::now());
        for event in events {
            if kept.events.contains_key(&event.position) {
                *kept = Kept::default();
            }
            kept.bytes += size(&event);
            kept.events.insert(event.position, (now, event));
        }
        while kept.has_too_much() {
            let Some((_, (_, first))) = kept.events.pop_first() else { break };
            kept.bytes -= size(&first);
        }
    }

    /// Forgets everything: the database may not be what it was.
    pub(super) fn forget(&self) {
        *self.kept() = Kept::default();
    }

    /// The events right after a position, in order and without a hole, at most a page; none if they are not known.
    pub(super) fn after(&self, position: Position) -> Vec<StoredEvent> {
        let kept = self.kept();
        let run = kept.events.range(position + 1..).zip(position + 1..).take(PAGE_EVENTS_MAX as usize);
        run.take_while(|((at, (kept_at, _)), wanted)| *at == wanted && kept_at.elapsed() < RECENT_AGE_MAX)
            .map(|((_, (_, event)), _)| event.clone())
            .collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn has_too_much(&self) -> bool {
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
    async fn flushes_are_kept_in_the_order_of_the_log_however_they_come() {
        let recent = Recent::default();
        recent.keep([event(3), event(4)]);
        assert_eq!(positions(&recent, 0), [] as [Position; 0]);
        recent.keep([event(1), event(2)]);
        assert_eq!(positions(&recent, 0), [1, 2, 3, 4]);
        assert_eq!(positions(&recent, 2), [3, 4]);
        assert_eq!(positions(&recent, 4), [] as [Position; 0]);
    }

    #[tokio::test]
    async fn what_others_wrote_is_a_hole_that_nothing_is_given_across() {
        let recent = Recent::default();
        recent.keep([event(1), event(2), event(4)]);
        assert_eq!(positions(&recent, 0), [1, 2]);
        assert_eq!(positions(&recent, 2), [] as [Position; 0]);
    }

    #[tokio::test]
    async fn a_log_that_was_taken_back_leaves_nothing_of_what_it_was() {
        let recent = Recent::default();
        recent.keep((1..=5).map(event));
        recent.keep([event(3), event(4)]);
        assert_eq!(positions(&recent, 0), [] as [Position; 0]);
        assert_eq!(positions(&recent, 2), [3, 4]);
        recent.forget();
        assert_eq!(positions(&recent, 2), [] as [Position; 0]);
    }

    #[tokio::test]
    async fn only_the_last_are_kept_and_a_page_of_them_given() {
        let recent = Recent::default();
        recent.keep((1..=3_000).map(event));
        assert_eq!(positions(&recent, 999), [] as [Position; 0]);
        let page = positions(&recent, 1_000);
        assert_eq!((page.first(), page.last()), (Some(&1_001), Some(&2_000)));
    }

    #[tokio::test]
    async fn large_ones_leave_sooner() {
        let recent = Recent::default();
        let large = |position| StoredEvent { payload: "x".repeat(RECENT_BYTES_MAX / 2), ..event(position) };
        recent.keep([large(1), large(2), event(3)]);
        assert_eq!(positions(&recent, 0), [] as [Position; 0]);
        assert_eq!(positions(&recent, 1), [2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_recent_is_not_given() {
        let recent = Recent::default();
        recent.keep([event(1)]);
        advance(RECENT_AGE_MAX).await;
        recent.keep([event(2)]);
        assert_eq!(positions(&recent, 0), [] as [Position; 0]);
        assert_eq!(positions(&recent, 1), [2]);
    }
}
