//! An exhaustive breadth-first search: visits every state, and finds the shortest run to one that must not be.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use crate::key::{Key, key};
use crate::properties::{Violation, of_end, of_state};
use crate::start::{Bounds, Layout, start};
use crate::state::State;
use crate::steps::{Step, Steps};
use crate::variant::Variant;

/// States that one search may visit: far more than any needs. A mistake in the model must not exhaust the memory.
const STATES_MAX: usize = 5_000_000;

/// A run: each step, and the state it leads to.
pub(crate) type Run = Vec<(Step, State)>;

/// What a search has found.
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) violation: Option<(Violation, Run)>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((violation, run)) = &self.violation else {
            return write!(f, "nothing in {} states", self.states);
        };
        writeln!(f, "{violation:?} in {} states, after", self.states)?;
        run.iter().try_for_each(|(step, _)| writeln!(f, "  {step:?}"))
    }
}

/// Searches all runs of a variant for a violation: for this one, or for any.
pub(crate) fn search(variant: Variant, layout: Layout, bounds: Bounds, sought: Option<Violation>) -> Found {
    let mut search = Search::new(variant, layout, sought);
    let violation = search.run(bounds).map(|(violation, at)| (violation, search.run_to(at)));
    Found { states: search.visited.len(), violation }
}

/// The shortest run to each end of the protocol as designed.
pub(crate) fn ends(layout: Layout, bounds: Bounds) -> Vec<Run> {
    let mut search = Search::new(Variant::Sound, layout, None);
    search.run(bounds);
    (0..search.visited.len()).filter(|at| search.visited[*at].is_end).map(|at| search.run_to(at)).collect()
}

struct Search {
    variant: Variant,
    layout: Layout,
    sought: Option<Violation>,
    visited: Vec<Visited>,
    numbers: HashMap<Key, usize, BuildHasherDefault<Mix>>,
}

struct Visited {
    state: State,
    from: usize,
    step: Option<Step>,
    is_end: bool,
    /// The states from which a step without a fault leads here.
    before: Vec<usize>,
}

impl Search {
    fn new(variant: Variant, layout: Layout, sought: Option<Violation>) -> Self {
        Self { variant, layout, sought, visited: Vec::new(), numbers: HashMap::default() }
    }

    /// Visits all states, and stops at the first violation that is sought.
    fn run(&mut self, bounds: Bounds) -> Option<(Violation, usize)> {
        self.visit(start(self.layout, bounds), 0, None);
        let mut next = 0;
        let mut found = Vec::new();
        while next < self.visited.len() {
            assert!(next < STATES_MAX, "the model of {:?} has no end", self.variant);
            let from = self.visited[next].state;
            if let Some(violation) = of_state(&from).filter(|violation| self.is_sought(*violation)) {
                return Some((violation, next));
            }
            Steps { from: &from, variant: self.variant, found: &mut found }.find();
            let mut is_stuck = true;
            for (step, to) in found.drain(..) {
                let is_fault =
                    to.left.faults < from.left.faults || to.left.lost_answers < from.left.lost_answers;
                let at = self.visit(to, next, Some(step));
                is_stuck &= is_fault || at == next;
                if !is_fault {
                    self.visited[at].before.push(next);
                }
            }
            if is_stuck {
                if let Some(violation) = of_end(&from).filter(|violation| self.is_sought(*violation)) {
                    return Some((violation, next));
                }
                self.visited[next].is_end = true;
            }
            next += 1;
        }
        let stuck = self.first_stuck().filter(|_| self.is_sought(Violation::Stuck));
        stuck.map(|at| (Violation::Stuck, at))
    }

    fn is_sought(&self, violation: Violation) -> bool {
        self.sought.is_none_or(|sought| sought == violation)
    }

    /// The number of a state; known ones keep theirs.
    fn visit(&mut self, state: State, from: usize, step: Option<Step>) -> usize {
        let next = self.visited.len();
        let number = *self.numbers.entry(key(&state, self.layout, self.variant)).or_insert(next);
        if number == next {
            self.visited.push(Visited { state, from, step, is_end: false, before: Vec::new() });
        }
        number
    }

    /// The first state from which no good end can be reached unless something else goes wrong.
    fn first_stuck(&self) -> Option<usize> {
        let mut leads_to_end: Vec<bool> = self.visited.iter().map(|visited| visited.is_end).collect();
        let mut open: Vec<usize> = (0..self.visited.len()).filter(|at| leads_to_end[*at]).collect();
        while let Some(at) = open.pop() {
            for before in &self.visited[at].before {
                if !leads_to_end[*before] {
                    leads_to_end[*before] = true;
                    open.push(*before);
                }
            }
        }
        leads_to_end.iter().position(|leads| !leads)
    }

    /// The steps from the start, each with the state it leads to.
    fn run_to(&self, mut at: usize) -> Run {
        let mut run = Run::new();
        while let Some(step) = self.visited[at].step {
            run.push((step, self.visited[at].state));
            at = self.visited[at].from;
        }
        run.reverse();
        run
    }
}

/// A fast hash for keys that come from the search itself: the standard hash takes a large part of its time.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
