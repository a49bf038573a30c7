//! Each way to get the protocol wrong is found, and the trace of what happens then is rejected.

use crate::observe::trace;
use crate::properties::Violation;
use crate::search::search;
use crate::start::{Bounds, Layout, NOTHING, start};
use crate::trace::{Entry, accepts};
use crate::variant::Variant;

/// A broken variant, where it breaks, and what it breaks.
struct Broken {
    variant: Variant,
    bounds: Bounds,
    violation: Violation,
}

fn all_broken() -> Vec<Broken> {
    let fault = Bounds { faults: 1, ..NOTHING };
    let lost = Bounds { faults: 1, lost_answers: 1, ..NOTHING };
    let broken = |variant, bounds, violation| Broken { variant, bounds, violation };
    use Variant::*;
    use Violation::*;
    vec![
        broken(MarkWithoutFence, fault, AcceptedTwice),
        broken(MarkWithoutTask, Bounds { cancels: 1, ..NOTHING }, AcceptanceLost),
        broken(MarkAfterSend, fault, AcceptedTwice),
        broken(SettleWithoutSequence, fault, IllegalEvent),
        broken(LookBeforeFence, fault, AcceptedTwice),
        broken(ReturnStarted, fault, AcceptedTwice),
        broken(DoubtEverybody, fault, NeedlessDoubt),
        broken(IgnoreLateAnswer, fault, DoubtAfterAnswer),
        broken(SendOnUnansweredMark, lost, AcceptedTwice),
        broken(ForgetLostClaim, lost, Stuck),
        broken(IgnoreAttempt, Bounds { deferred: 1, ..lost }, AcceptanceLost),
        broken(UnsentOfAnyStart, Bounds { unsent: 1, ..lost }, AcceptedTwice),
        broken(SuppressWithoutClaim, Bounds { suppressed: 1, ..fault }, AcceptanceLost),
        broken(NoEpoch, Bounds { suppressed: 1, ..fault }, AcceptanceLost),
        broken(IgnoreGeneration, Bounds { orders: 1, ..fault }, AcceptedTwice),
    ]
}

impl Broken {
    /// The shortest run that shows it.
    fn counterexample(&self) -> Vec<Entry> {
        let found = search(self.variant, Layout::Together, self.bounds, Some(self.violation));
        print!("{:?}: {found}", self.variant);
        let Some((_, run)) = found.violation else {
            panic!("{:?} should break {:?}", self.variant, self.violation);
        };
        trace(start(Layout::Together, self.bounds), &run)
    }
}

#[test]
fn every_broken_variant_is_found_and_its_trace_rejected() {
    for broken in all_broken() {
        let trace = broken.counterexample();
        let written: Vec<String> = trace.iter().map(Entry::to_string).collect();
        let rejected = accepts(&trace);
        println!("{}\n{rejected:?}\n", written.join("\n"));
        let place = rejected.as_ref().err().map(|rejected| rejected.at.is_some());
        let expected = match broken.violation {
            // No row shows that an owner got the answer, or that nobody looks for a task: the trace is only unfinished.
            Violation::DoubtAfterAnswer | Violation::Stuck => Some(false),
            _ => Some(true),
        };
        assert_eq!(place, expected, "{:?}: {rejected:?}", broken.variant);
    }
}
