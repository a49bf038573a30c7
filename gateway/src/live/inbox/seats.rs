//! Who listens: a seat for each connection, with a queue that does not grow.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Position;
use domain::value::UserId;
use tokio::sync::mpsc;

use super::super::frame::Frame;

/// How many frames wait for one reader. A reader who is further behind is sent away, and resumes from the database.
const QUEUE_FRAMES_MAX: usize = 256;
/// How many bytes those may be; the first frame may be larger.
const QUEUE_BYTES_MAX: usize = 512 * 1024;

/// The seats of this process.
#[derive(Clone, Default)]
pub(super) struct Seats(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    by_user: HashMap<UserId, Vec<Queue>>,
    last: u64,
    heading: Position,
}

/// The end of a seat's queue that the hub holds.
struct Queue {
    number: u64,
    frames: mpsc::Sender<Frame>,
    bytes: Arc<AtomicUsize>,
}

/// One connection's; empty again when it is dropped.
pub(super) struct Seat {
    seats: Seats,
    user: UserId,
    number: u64,
    queue: mpsc::Receiver<Frame>,
    bytes: Arc<AtomicUsize>,
    /// Everything after this comes by the seat; what is not after it must be looked up.
    pub(super) heading: Position,
}

impl Seats {
    /// Takes a seat: from the hub's next round on, everything after [`Seat::heading`] comes to it.
    pub(super) fn take(&self, user: UserId) -> Seat {
        let (frames, queue) = mpsc::channel(QUEUE_FRAMES_MAX);
        let bytes = Arc::new(AtomicUsize::new(0));
        let mut taken = self.taken();
        taken.last += 1;
        let (number, heading) = (taken.last, taken.heading);
        taken.by_user.entry(user).or_default().push(Queue { number, frames, bytes: Arc::clone(&bytes) });
        drop(taken);
        Seat { seats: self.clone(), user, number, queue, bytes, heading }
    }

    /// Who listens now that a round goes up to `heading`. Who sits down later is told from there on by the next round.
    pub(super) fn round(&self, heading: Position) -> Vec<UserId> {
        let mut taken = self.taken();
        taken.heading = heading;
        taken.by_user.keys().copied().collect()
    }

    /// Tells every connection of a user. One whose queue is full loses its seat, which ends it once it has read the rest.
    pub(super) fn tell(&self, user: UserId, frame: &Frame) {
        let mut taken = self.taken();
        if let Some(seats) = taken.by_user.get_mut(&user) {
            seats.retain(|queue| queue.took(frame));
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Whether there was room.
    fn took(&self, frame: &Frame) -> bool {
        let before = self.bytes.fetch_add(frame.bytes.len(), Ordering::Relaxed);
        before < QUEUE_BYTES_MAX && self.frames.try_send(frame.clone()).is_ok()
    }
}

impl Seat {
    /// The next frame; none once the seat was lost and everything in its queue is read.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        let frame = self.queue.recv().await?;
        self.bytes.fetch_sub(frame.bytes.len(), Ordering::Relaxed);
        Some(frame)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        if let Some(seats) = taken.by_user.get_mut(&self.user) {
            seats.retain(|queue| queue.number != self.number);
            if seats.is_empty() {
                taken.by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::live::frame::News;

    fn user(number: u128) -> UserId {
        Uuid::from_u128(number).into()
    }

    fn frame(position: Position) -> Frame {
        News::new("counts", position, &0).frame()
    }

    #[tokio::test]
    async fn every_tab_of_a_user_is_told_and_nobody_else() {
        let seats = Seats::default();
        let (mut one, mut other, mut stranger) =
            (seats.take(user(1)), seats.take(user(1)), seats.take(user(2)));
        seats.tell(user(1), &frame(5));
        assert_eq!((one.next().await, other.next().await), (Some(frame(5)), Some(frame(5))));
        assert!(stranger.queue.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_reader_who_does_not_keep_up_reads_the_rest_and_loses_the_seat() {
        let (seats, mut told) = (Seats::default(), Vec::new());
        let mut slow = seats.take(user(1));
        for position in 1..=QUEUE_FRAMES_MAX as Position + 1 {
            seats.tell(user(1), &frame(position));
        }
        while let Some(frame) = slow.next().await {
            told.push(frame.position);
        }
        assert!(told.into_iter().eq(1..=QUEUE_FRAMES_MAX as Position));
    }

    #[tokio::test]
    async fn large_frames_fill_a_queue_by_their_bytes() {
        let seats = Seats::default();
        let mut slow = seats.take(user(1));
        let large = News::new("message", 1, &"x".repeat(QUEUE_BYTES_MAX / 4)).frame();
        for _ in 0..9 {
            seats.tell(user(1), &large);
        }
        let mut read = 0;
        while slow.next().await.is_some() {
            read += 1;
        }
        assert_eq!(read, 4);
    }

    #[test]
    fn a_seat_is_free_again_when_its_connection_ends() {
        let seats = Seats::default();
        let seat = seats.take(user(1));
        assert_eq!(seats.round(7), [user(1)]);
        assert_eq!(seats.take(user(2)).heading, 7);
        drop(seat);
        assert!(seats.round(8).is_empty());
    }
}
