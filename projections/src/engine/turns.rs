//! Decides which projector reads the shared feed and what the others do meanwhile. The decision is pure and never
//! waits, so that a test can search every order of events.

use std::collections::VecDeque;
use std::sync::Arc;

use commands::log::Recorded;
use domain::Position;

/// Events as the feed gave them: at least one, in order and without a gap.
pub(crate) type Batch = Arc<[Recorded]>;

/// The shared feed, its position, and the last batches that it gave.
pub(super) struct FeedTurns<F> {
    /// The feed; none while a projector reads it.
    feed: Option<F>,
    /// The position of the feed, also while its reader waits for the next event.
    at: Position,
    kept: Kept,
}

/// What a projector does next to get the events after its position.
pub(super) enum FeedTurn<F> {
    /// Use these kept batches.
    Kept(Vec<Batch>),
    /// Read the log without the shared feed: the events are older than those kept.
    ReadAlone,
    /// Read the shared feed for all projectors, from its own position on, and give it back.
    Lead(F),
    /// Wait: another projector reads at this position or before it. Ask again each time the feed is given back.
    Wait,
}

/// The last batches; each begins where the one before it ends.
struct Kept {
    batches: VecDeque<Batch>,
    weight_max: usize,
}

impl<F> FeedTurns<F> {
    /// The feed is free and at the beginning of the log.
    pub(super) const fn new(feed: F, weight_max: usize) -> Self {
        let kept = Kept { batches: VecDeque::new(), weight_max };
        Self { feed: Some(feed), at: 0, kept }
    }

    /// Decides what a projector at this position does. A reader that is ahead moves the feed forward; projectors behind
    /// it read alone until they reach it.
    pub(super) fn take(&mut self, after: Position) -> FeedTurn<F> {
        let kept = self.kept.after(after);
        if !kept.is_empty() {
            return FeedTurn::Kept(kept);
        }
        if after < self.at {
            return FeedTurn::ReadAlone;
        }
        let Some(feed) = self.feed.take() else { return FeedTurn::Wait };
        if after > self.at {
            self.at = after;
            self.kept.batches.clear();
        }
        FeedTurn::Lead(feed)
    }

    /// Keeps a batch of the reader.
    pub(super) fn keep(&mut self, batch: Batch) {
        if let Some(last) = batch.last() {
            self.at = last.position;
            self.kept.keep(batch);
        }
    }

    /// Takes the feed back after a read, a failure or a cancellation. Every waiting projector must ask again.
    pub(super) fn give_back(&mut self, feed: F) {
        self.feed = Some(feed);
    }
}

impl Kept {
    /// The batches with events after a position; empty if the next event is no longer kept, or not there yet.
    fn after(&self, position: Position) -> Vec<Batch> {
        let first = self.batches.front().and_then(|batch| batch.first());
        if first.is_none_or(|first| first.position > position + 1) {
            return Vec::new();
        }
        let goes_beyond = |batch: &&Batch| batch.last().is_some_and(|last| last.position > position);
        self.batches.iter().filter(goes_beyond).cloned().collect()
    }

    fn keep(&mut self, batch: Batch) {
        self.batches.push_back(batch);
        while self.batches.len() > 1 && self.weight() > self.weight_max {
            self.batches.pop_front();
        }
    }

    fn weight(&self) -> usize {
        self.batches.iter().flat_map(|batch| batch.iter()).map(Recorded::weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::Event;
    use domain::inbox::InboxEvent;

    use super::*;
    use crate::samples::{id, recorded};

    /// The weight that is kept in these tests.
    const WEIGHT_MAX: usize = 4;

    fn batch(positions: impl IntoIterator<Item = Position>) -> Batch {
        let read = |position| {
            let event = InboxEvent::InboxRead { user: id(1).into(), up_to: 0 };
            recorded(position, id(1), Event::Inbox(event))
        };
        positions.into_iter().map(read).collect()
    }

    fn positions(kept: &Kept, after: Position) -> Vec<Position> {
        kept.after(after).iter().flat_map(|batch| batch.iter()).map(|event| event.position).collect()
    }

    #[test]
    fn a_projector_that_is_behind_gets_all_kept_batches() {
        let mut kept = Kept { batches: VecDeque::new(), weight_max: 5 };
        for events in [5..=5, 6..=8, 9..=9] {
            kept.keep(batch(events));
        }
        assert_eq!(positions(&kept, 4), [5, 6, 7, 8, 9]);
        assert_eq!(positions(&kept, 7), [6, 7, 8, 9]);
        assert_eq!(positions(&kept, 8), [9]);
        assert_eq!(positions(&kept, 9), [] as [Position; 0]);
        assert_eq!(positions(&kept, 3), [] as [Position; 0], "the fourth is not there");
    }

    #[test]
    fn only_the_last_batches_are_kept_and_the_last_one_always() {
        let mut kept = Kept { batches: VecDeque::new(), weight_max: WEIGHT_MAX };
        kept.keep(batch(1..=10));
        assert_eq!(positions(&kept, 0).len(), 10);
        kept.keep(batch([11]));
        assert_eq!(positions(&kept, 0), [] as [Position; 0]);
        assert_eq!(positions(&kept, 10), [11]);
    }

    #[test]
    fn a_reader_at_the_head_does_not_hold_up_a_projector_behind_it() {
        let mut turns = FeedTurns::new((), WEIGHT_MAX);
        assert!(matches!(turns.take(20), FeedTurn::Lead(())), "the first leads");
        for ahead in [20, 21, 40] {
            assert!(matches!(turns.take(ahead), FeedTurn::Wait), "{ahead} is not behind the leader");
        }
        for behind in [0, 10, 19] {
            assert!(matches!(turns.take(behind), FeedTurn::ReadAlone), "{behind} is behind the leader");
        }
        turns.keep(batch(21..=30));
        turns.give_back(());
        assert!(matches!(turns.take(30), FeedTurn::Lead(())), "the next leads");
        assert!(matches!(turns.take(21), FeedTurn::Kept(_)), "what was brought is given to those who waited");
        assert!(matches!(turns.take(10), FeedTurn::ReadAlone));
    }

    /// Which waiting projectors are woken when the feed is given back.
    #[derive(Clone, Copy)]
    enum Wakes {
        All,
        /// As a lock does: its next owner.
        TheFirst,
        Nobody,
    }

    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    enum Doing {
        Asking,
        Waiting,
        ReadingAlone,
        Leading,
    }

    /// A few projectors of one process at the end of a log that does not grow any more.
    #[derive(Clone)]
    struct Process {
        turns: FeedTurns<()>,
        projectors: Vec<(Position, Doing)>,
        /// How many more times a projector may be interrupted, for instance by losing its lock.
        interruptions: usize,
    }

    /// The parts that distinguish one state of the process from another.
    type Key = (bool, Position, Vec<(Position, Position)>, Vec<(Position, Doing)>, usize);

    const HEAD: Position = 4;
    const PAGE: Position = 2;

    impl Process {
        fn at(positions: &[Position], interruptions: usize) -> Self {
            let projectors = positions.iter().map(|position| (*position, Doing::Asking)).collect();
            // Less than two pages, so that kept batches are soon dropped.
            Self { turns: FeedTurns::new((), 3), projectors, interruptions }
        }

        fn key(&self) -> Key {
            let ends = |batch: &Batch| (batch[0].position, batch[batch.len() - 1].position);
            let kept = self.turns.kept.batches.iter().map(ends).collect();
            (self.turns.feed.is_some(), self.turns.at, kept, self.projectors.clone(), self.interruptions)
        }

        /// Every possible next state without an interruption.
        fn steps(&self, wakes: Wakes) -> Vec<Self> {
            (0..self.projectors.len()).filter_map(|of| self.step(of, wakes)).collect()
        }

        fn step(&self, of: usize, wakes: Wakes) -> Option<Self> {
            let mut next = self.clone();
            let (position, doing) = self.projectors[of];
            let page = (position + 1..=HEAD).take(PAGE as usize);
            let end = page.clone().last();
            next.projectors[of] = match (doing, end) {
                (Doing::Asking, _) => match next.turns.take(position) {
                    FeedTurn::Kept(batches) => (batches.last()?.last()?.position, Doing::Asking),
                    FeedTurn::ReadAlone => (position, Doing::ReadingAlone),
                    FeedTurn::Lead(()) => (position, Doing::Leading),
                    FeedTurn::Wait => (position, Doing::Waiting),
                },
                (Doing::ReadingAlone, Some(end)) => (end, Doing::Asking),
                (Doing::Leading, Some(end)) => {
                    assert_eq!(next.turns.at, position, "the feed is where its leader is");
                    next.turns.keep(batch(page));
                    next.give_back(wakes);
                    (end, Doing::Asking)
                }
                (Doing::Waiting, _) | (_, None) => return None,
            };
            Some(next)
        }

        /// Every possible next state after an interruption: the projector starts again at its position.
        fn interruptions(&self, wakes: Wakes) -> Vec<Self> {
            let all = 0..if self.interruptions == 0 { 0 } else { self.projectors.len() };
            let interrupted = |of: usize| {
                let mut next = self.clone();
                next.interruptions -= 1;
                if next.projectors[of].1 == Doing::Leading {
                    next.give_back(wakes);
                }
                next.projectors[of].1 = Doing::Asking;
                next
            };
            all.map(interrupted).collect()
        }

        fn give_back(&mut self, wakes: Wakes) {
            self.turns.give_back(());
            let count = match wakes {
                Wakes::All => self.projectors.len(),
                Wakes::TheFirst => 1,
                Wakes::Nobody => 0,
            };
            let waiting = self.projectors.iter_mut().filter(|(_, doing)| *doing == Doing::Waiting);
            waiting.take(count).for_each(|(_, doing)| *doing = Doing::Asking);
        }

        fn is_at_the_head(&self) -> bool {
            self.projectors.iter().all(|(position, _)| *position == HEAD)
        }
    }

    /// Searches every order of steps from every start; returns the positions of projectors that wait for ever.
    fn stuck(wakes: Wakes) -> Option<Vec<Position>> {
        let all = 0..=HEAD;
        let starts = all.clone().flat_map(|a| (0..=a).flat_map(move |b| (0..=b).map(move |c| [a, b, c])));
        let mut open: Vec<Process> = starts.map(|positions| Process::at(&positions, 2)).collect();
        let mut seen: HashSet<Key> = open.iter().map(Process::key).collect();
        while let Some(process) = open.pop() {
            let steps = process.steps(wakes);
            if steps.is_empty() && !process.is_at_the_head() {
                return Some(process.projectors.iter().map(|(position, _)| *position).collect());
            }
            let next = steps.into_iter().chain(process.interruptions(wakes));
            open.extend(next.filter(|process| seen.insert(process.key())));
        }
        None
    }

    #[test]
    fn in_every_order_every_projector_reaches_the_head_despite_interruptions() {
        assert_eq!(stuck(Wakes::All), None);
    }

    /// With a plain lock, the next owner may be a projector at the head, which then waits there while it holds the
    /// lock.
    #[test]
    fn if_fewer_projectors_were_woken_some_would_wait_for_ever() {
        assert!(stuck(Wakes::TheFirst).is_some());
        assert!(stuck(Wakes::Nobody).is_some());
    }

    impl Clone for FeedTurns<()> {
        fn clone(&self) -> Self {
            let kept = Kept { batches: self.kept.batches.clone(), weight_max: self.kept.weight_max };
            Self { feed: self.feed, at: self.at, kept }
        }
    }
}
