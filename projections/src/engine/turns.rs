//! Which projector reads the shared feed, and what the others do meanwhile: decided without waiting, so that a search
//! can look at every order in which projectors come.

use std::collections::VecDeque;
use std::sync::Arc;

use commands::log::Recorded;
use domain::Position;

/// Events as the feed gave them: at least one, in order and without a gap.
pub(crate) type Batch = Arc<[Recorded]>;

/// The shared feed while nobody reads it, where it stands, and what it brought last.
pub(super) struct Turns<F> {
    /// None while a projector leads.
    feed: Option<F>,
    /// Where the feed stands, also while its leader waits for the next event.
    at: Position,
    kept: Kept,
}

/// What a projector does that wants the events after a position.
pub(super) enum Turn<F> {
    /// It is given what is kept.
    Kept(Vec<Batch>),
    /// What it wants is in the log, but kept no more: it reads it without the shared feed.
    ReadAlone,
    /// It reads the shared feed for all, from its own position on, and gives it back.
    Lead(F),
    /// Another projector leads at its position or before: it asks again each time the feed is given back.
    Wait,
}

/// The last batches, each of which goes on where the one before it ends.
struct Kept {
    batches: VecDeque<Batch>,
    weight_max: usize,
}

impl<F> Turns<F> {
    /// Nobody leads; the feed stands at the beginning of the log.
    pub(super) const fn new(feed: F, weight_max: usize) -> Self {
        let kept = Kept { batches: VecDeque::new(), weight_max };
        Self { feed: Some(feed), at: 0, kept }
    }

    /// Decides what a projector at this position does. A leader that is ahead takes the feed along: the others read for
    /// themselves until they are there.
    pub(super) fn take(&mut self, after: Position) -> Turn<F> {
        let kept = self.kept.after(after);
        if !kept.is_empty() {
            return Turn::Kept(kept);
        }
        if after < self.at {
            return Turn::ReadAlone;
        }
        let Some(feed) = self.feed.take() else { return Turn::Wait };
        if after > self.at {
            self.at = after;
            self.kept.batches.clear();
        }
        Turn::Lead(feed)
    }

    /// Keeps what the leader read.
    pub(super) fn keep(&mut self, batch: Batch) {
        if let Some(last) = batch.last() {
            self.at = last.position;
            self.kept.keep(batch);
        }
    }

    /// The leader has read, failed or left: every projector that waits must ask again.
    pub(super) fn give_back(&mut self, feed: F) {
        self.feed = Some(feed);
    }
}

impl Kept {
    /// The batches with events after a position; none if the first of those is kept no more, or not there yet.
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

    /// How much is kept in these tests.
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
    fn a_projector_that_is_behind_is_given_all_that_is_kept() {
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
    fn only_the_last_are_kept_but_those_whole() {
        let mut kept = Kept { batches: VecDeque::new(), weight_max: WEIGHT_MAX };
        kept.keep(batch(1..=10));
        assert_eq!(positions(&kept, 0).len(), 10);
        kept.keep(batch([11]));
        assert_eq!(positions(&kept, 0), [] as [Position; 0]);
        assert_eq!(positions(&kept, 10), [11]);
    }

    #[test]
    fn a_leader_at_the_head_keeps_nobody_waiting_who_is_behind() {
        let mut turns = Turns::new((), WEIGHT_MAX);
        assert!(matches!(turns.take(20), Turn::Lead(())), "the first leads");
        for ahead in [20, 21, 40] {
            assert!(matches!(turns.take(ahead), Turn::Wait), "{ahead} is not behind the leader");
        }
        for behind in [0, 10, 19] {
            assert!(matches!(turns.take(behind), Turn::ReadAlone), "{behind} is behind the leader");
        }
        turns.keep(batch(21..=30));
        turns.give_back(());
        assert!(matches!(turns.take(30), Turn::Lead(())), "the next leads");
        assert!(matches!(turns.take(21), Turn::Kept(_)), "what was brought is given to those who waited");
        assert!(matches!(turns.take(10), Turn::ReadAlone));
    }

    /// What becomes of the projectors that wait when the feed is given back.
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
        turns: Turns<()>,
        projectors: Vec<(Position, Doing)>,
        /// How often a projector may yet be interrupted, as by the loss of its lead.
        interruptions: usize,
    }

    /// What tells one state of the process from another.
    type Key = (bool, Position, Vec<(Position, Position)>, Vec<(Position, Doing)>, usize);

    const HEAD: Position = 4;
    const PAGE: Position = 2;

    impl Process {
        fn at(positions: &[Position], interruptions: usize) -> Self {
            let projectors = positions.iter().map(|position| (*position, Doing::Asking)).collect();
            // Less than a page beside the last: what is kept is soon kept no more.
            Self { turns: Turns::new((), 3), projectors, interruptions }
        }

        fn key(&self) -> Key {
            let ends = |batch: &Batch| (batch[0].position, batch[batch.len() - 1].position);
            let kept = self.turns.kept.batches.iter().map(ends).collect();
            (self.turns.feed.is_some(), self.turns.at, kept, self.projectors.clone(), self.interruptions)
        }

        /// Every state that may come next, an interruption aside.
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
                    Turn::Kept(batches) => (batches.last()?.last()?.position, Doing::Asking),
                    Turn::ReadAlone => (position, Doing::ReadingAlone),
                    Turn::Lead(()) => (position, Doing::Leading),
                    Turn::Wait => (position, Doing::Waiting),
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

        /// Every state that an interruption may lead to: the projector begins anew where it was.
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

    /// Looks at every order of steps from every start, and gives the positions of projectors that wait for ever.
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
    fn in_every_order_all_come_to_the_head_however_far_behind_and_whoever_is_interrupted() {
        assert_eq!(stuck(Wakes::All), None);
    }

    /// With a lock in place of the turns, the projector that gets it may be at the head, and wait there with the lock.
    #[test]
    fn if_fewer_were_woken_some_would_wait_for_ever() {
        assert!(stuck(Wakes::TheFirst).is_some());
        assert!(stuck(Wakes::Nobody).is_some());
    }

    impl Clone for Turns<()> {
        fn clone(&self) -> Self {
            let kept = Kept { batches: self.kept.batches.clone(), weight_max: self.kept.weight_max };
            Self { feed: self.feed, at: self.at, kept }
        }
    }
}
