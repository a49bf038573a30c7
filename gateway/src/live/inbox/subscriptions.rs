//! Subscriptions to inboxes: one bounded queue for each connection.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Position;
use domain::value::UserId;
use tokio::sync::mpsc;

use super::super::frame::Frame;

/// How many frames wait for one reader. A reader that is further behind is disconnected, and resumes from the database.
const QUEUE_FRAMES_MAX: usize = 256;
/// How many bytes the queued frames may have; the first frame may be larger.
const QUEUE_BYTES_MAX: usize = 512 * 1024;

/// The subscriptions of this process.
#[derive(Clone, Default)]
pub(super) struct Subscriptions(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    by_user: HashMap<UserId, Vec<Queue>>,
    last: u64,
    starts_after: Position,
}

/// The hub's end of a subscription's queue.
struct Queue {
    number: u64,
    frames: mpsc::Sender<Frame>,
    bytes: Arc<AtomicUsize>,
}

/// The subscription of one connection, removed on drop.
pub(super) struct Subscription {
    subscriptions: Subscriptions,
    user: UserId,
    number: u64,
    queue: mpsc::Receiver<Frame>,
    bytes: Arc<AtomicUsize>,
    /// Everything after this position comes through the queue. Everything up to it must be read from the database.
    pub(super) starts_after: Position,
}

impl Subscriptions {
    /// Subscribes: from the hub's next round on, everything after [`Subscription::starts_after`] comes through the
    /// queue.
    pub(super) fn take(&self, user: UserId) -> Subscription {
        let (frames, queue) = mpsc::channel(QUEUE_FRAMES_MAX);
        let bytes = Arc::new(AtomicUsize::new(0));
        let mut taken = self.taken();
        taken.last += 1;
        let (number, starts_after) = (taken.last, taken.starts_after);
        taken.by_user.entry(user).or_default().push(Queue { number, frames, bytes: Arc::clone(&bytes) });
        drop(taken);
        Subscription { subscriptions: self.clone(), user, number, queue, bytes, starts_after }
    }

    /// The subscribed users of a round that goes up to `until`. A later subscription starts there, with the next round.
    pub(super) fn round(&self, starts_after: Position) -> Vec<UserId> {
        let mut taken = self.taken();
        taken.starts_after = starts_after;
        taken.by_user.keys().copied().collect()
    }

    /// Queues a frame for every connection of a user. A connection whose queue is full loses its subscription, and ends
    /// after the queued frames are read.
    pub(super) fn send(&self, user: UserId, frame: &Frame) {
        let mut taken = self.taken();
        if let Some(subscriptions) = taken.by_user.get_mut(&user) {
            subscriptions.retain(|queue| queue.push(frame));
        }
    }

    fn taken(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Queues a frame. Returns whether there was room.
    fn push(&self, frame: &Frame) -> bool {
        let before = self.bytes.fetch_add(frame.bytes.len(), Ordering::Relaxed);
        before < QUEUE_BYTES_MAX && self.frames.try_send(frame.clone()).is_ok()
    }
}

impl Subscription {
    /// The next frame; none once the subscription is lost and its queue is read.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        let frame = self.queue.recv().await?;
        self.bytes.fetch_sub(frame.bytes.len(), Ordering::Relaxed);
        Some(frame)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut taken = self.subscriptions.taken();
        if let Some(subscriptions) = taken.by_user.get_mut(&self.user) {
            subscriptions.retain(|queue| queue.number != self.number);
            if subscriptions.is_empty() {
                taken.by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::live::frame::StreamEvent;

    fn user(number: u128) -> UserId {
        Uuid::from_u128(number).into()
    }

    fn frame(position: Position) -> Frame {
        StreamEvent::new("counts", position, &0).frame()
    }

    #[tokio::test]
    async fn every_tab_of_a_user_gets_the_frame_and_no_other_user() {
        let subscriptions = Subscriptions::default();
        let (mut one, mut other, mut stranger) =
            (subscriptions.take(user(1)), subscriptions.take(user(1)), subscriptions.take(user(2)));
        subscriptions.send(user(1), &frame(5));
        assert_eq!((one.next().await, other.next().await), (Some(frame(5)), Some(frame(5))));
        assert!(stranger.queue.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_slow_reader_gets_the_queued_frames_and_loses_the_subscription() {
        let (subscriptions, mut sent) = (Subscriptions::default(), Vec::new());
        let mut slow = subscriptions.take(user(1));
        for position in 1..=QUEUE_FRAMES_MAX as Position + 1 {
            subscriptions.send(user(1), &frame(position));
        }
        while let Some(frame) = slow.next().await {
            sent.push(frame.position);
        }
        assert!(sent.into_iter().eq(1..=QUEUE_FRAMES_MAX as Position));
    }

    #[tokio::test]
    async fn large_frames_fill_a_queue_by_their_bytes() {
        let subscriptions = Subscriptions::default();
        let mut slow = subscriptions.take(user(1));
        let large = StreamEvent::new("message", 1, &"x".repeat(QUEUE_BYTES_MAX / 4)).frame();
        for _ in 0..9 {
            subscriptions.send(user(1), &large);
        }
        let mut read = 0;
        while slow.next().await.is_some() {
            read += 1;
        }
        assert_eq!(read, 4);
    }

    #[test]
    fn a_subscription_is_removed_when_its_connection_ends() {
        let subscriptions = Subscriptions::default();
        let subscription = subscriptions.take(user(1));
        assert_eq!(subscriptions.round(7), [user(1)]);
        assert_eq!(subscriptions.take(user(2)).starts_after, 7);
        drop(subscription);
        assert!(subscriptions.round(8).is_empty());
    }
}
