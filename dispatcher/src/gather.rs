//! How what is written together gathers: a group commit whose callers come back waits for them for a moment.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// How long a flush waits at most for as many items as the one before it had.
const GATHER_MAX: Duration = Duration::from_millis(5);

/// The last flush. The callers that it has answered soon come back; without a short wait the first of them would have a
/// flush of its own.
#[derive(Default)]
pub(crate) struct Flushed {
    items: usize,
    took: Duration,
}

impl Flushed {
    /// The flush of so many items that began then and has ended now.
    pub(crate) fn since(begun: Instant, items: usize) -> Self {
        Self { items, took: begun.elapsed() }
    }

    /// Waits for as many items as this flush had, and no longer than it took.
    pub(crate) async fn gather<T>(
        &self,
        receiver: &mut mpsc::Receiver<T>,
        batch: &mut Vec<T>,
        batch_max: usize,
    ) {
        let until = Instant::now() + self.took.min(GATHER_MAX);
        while batch.len() < self.items {
            let more = receiver.recv_many(batch, batch_max - batch.len());
            if !matches!(timeout_at(until, more).await, Ok(1..)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn as_many_as_before_are_waited_for_and_no_longer_than_it_took() {
        let (door, mut receiver) = mpsc::channel(10);
        let before = Flushed { items: 3, took: Duration::from_millis(2) };
        let begun = Instant::now();
        door.send(2).await.expect("an open channel");
        door.send(3).await.expect("an open channel");
        let mut batch = vec![1];
        before.gather(&mut receiver, &mut batch, 10).await;
        assert_eq!((batch, begun.elapsed()), (vec![1, 2, 3], Duration::ZERO));
        let mut batch = vec![4];
        before.gather(&mut receiver, &mut batch, 10).await;
        assert_eq!((batch, begun.elapsed()), (vec![4], Duration::from_millis(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_flush_makes_nobody_wait_long() {
        let (_door, mut receiver) = mpsc::channel::<u32>(10);
        let begun = Instant::now();
        let before = Flushed { items: 2, took: Duration::from_secs(10) };
        before.gather(&mut receiver, &mut vec![1], 10).await;
        assert_eq!(begun.elapsed(), GATHER_MAX);
    }
}
