//! Tests of the slots and their queue.

use futures::FutureExt;
use futures::future::{BoxFuture, Fuse};
use uuid::Uuid;

use super::*;

fn limits() -> SlotLimits {
    SlotLimits { at_once: 2, per_company: 2, per_caller: 1, waiting_per_caller: 3, ..costly_reads() }
}

fn work(caller: u128, company: Option<u128>) -> Work {
    let company = company.map(|company| Uuid::from_u128(company).into());
    Work { caller: Uuid::from_u128(caller).into(), company }
}

/// A request that waits for a slot or has it.
struct Request {
    asking: Fuse<BoxFuture<'static, Answer<Slot>>>,
    slot: Option<Slot>,
}

impl Request {
    fn new(slots: &Slots, work: Work) -> Self {
        let slots = slots.clone();
        let mut request =
            Self { asking: async move { slots.take_for(work).await }.boxed().fuse(), slot: None };
        request.slot = request.slot();
        request
    }

    /// The slot, once it is granted.
    fn slot(&mut self) -> Option<Slot> {
        let answer = (&mut self.asking).now_or_never();
        self.slot.take().or_else(|| Some(answer?.expect("a slot")))
    }
}

#[tokio::test]
async fn a_caller_with_many_requests_waits_behind_itself_and_others_get_a_slot_at_once() {
    let slots = Slots::new(limits());
    let [mut first, mut second, mut third] = [1, 1, 1].map(|caller| Request::new(&slots, work(caller, None)));
    let running = first.slot().expect("a slot");
    let mut other = Request::new(&slots, work(2, None));
    assert!(other.slot().is_some(), "though two of the first caller wait");
    drop(running);
    let running = second.slot().expect("a slot");
    assert!(third.slot().is_none());
    drop(running);
    assert!(third.slot().is_some());
}

#[tokio::test]
async fn slots_go_round_robin_over_the_waiting_callers() {
    let slots = Slots::new(SlotLimits { at_once: 1, ..limits() });
    let mut running = Request::new(&slots, work(9, None)).slot();
    let mut waiting = [1, 1, 1, 2, 2, 3].map(|caller| (caller, Request::new(&slots, work(caller, None))));
    let mut order = Vec::new();
    while let Some(slot) = running.take() {
        drop(slot);
        for (caller, request) in &mut waiting {
            if let Some(slot) = request.slot() {
                order.push(*caller);
                running = Some(slot);
            }
        }
    }
    assert_eq!(order, [1, 2, 3, 1, 2, 1]);
}

#[tokio::test]
async fn a_companys_limit_holds_over_all_of_its_callers() {
    let slots = Slots::new(SlotLimits { per_company: 1, ..limits() });
    let [mut one, mut same, mut other] =
        [(1, 7), (2, 7), (3, 8)].map(|(caller, company)| Request::new(&slots, work(caller, Some(company))));
    let running = one.slot().expect("a slot");
    assert!(same.slot().is_none());
    assert!(other.slot().is_some());
    drop(running);
    assert!(same.slot().is_some());
}

#[tokio::test]
async fn requests_beyond_the_queue_are_refused_with_retry_after() {
    let slots = Slots::new(SlotLimits { waiting_per_caller: 1, waiting: 2, ..limits() });
    let _running = [slots.take_for(work(1, None)).await, slots.take_for(work(2, None)).await];
    let _waiting = [1, 2].map(|caller| Request::new(&slots, work(caller, None)));
    let own = slots.take_for(work(1, None)).await.expect_err("too many of one");
    assert_eq!((own.status().as_u16(), own.retry_after_s), (429, Some(1)));
    let other = slots.take_for(work(3, None)).await.expect_err("too many in all");
    assert_eq!((other.status().as_u16(), other.retry_after_s), (503, Some(1)));
}

#[tokio::test]
async fn a_caller_without_requests_learns_that_others_have_the_slots() {
    let slots = Slots::new(SlotLimits { at_once: 1, ..uploads() });
    let _running = slots.take_for(work(1, None)).await.expect("a slot");
    let other = slots.take_for(work(2, None)).await.expect_err("busy");
    assert_eq!((other.status().as_u16(), other.reason), (503, Some(Reason::TooManyImports)));
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_slot_is_bounded_and_its_end_tells_who_has_the_slots() {
    let slots = Slots::new(limits());
    let _running = [slots.take_for(work(1, None)).await, slots.take_for(work(2, None)).await];
    let own = slots.take_for(work(1, None)).await.expect_err("behind its own request");
    let too_many = (429, Some(Reason::TooManyAtOnce), Some(1));
    assert_eq!((own.status().as_u16(), own.reason, own.retry_after_s), too_many);
    let other = slots.take_for(work(3, None)).await.expect_err("behind those of others");
    assert_eq!(
        (other.status().as_u16(), other.reason, other.retry_after_s),
        (503, Some(Reason::Overloaded), Some(1))
    );
}

#[tokio::test(start_paused = true)]
async fn of_two_requests_that_waited_in_vain_the_last_one_waited_behind_others_only() {
    let slots = Slots::new(SlotLimits { at_once: 1, ..limits() });
    let _running = slots.take_for(work(1, None)).await.expect("a slot");
    let [early, late] = [slots.take_for(work(2, None)), slots.take_for(work(2, None))];
    let (early, late) = tokio::join!(early, late);
    let mut statuses = [early, late].map(|answer| answer.expect_err("too late").status().as_u16());
    // Their times end at the same moment, in any order.
    statuses.sort_unstable();
    assert_eq!(statuses, [429, 503]);
}

#[tokio::test]
async fn a_full_queue_refuses_a_caller_over_its_share_for_that() {
    let slots = Slots::new(SlotLimits { waiting: 0, ..limits() });
    let _running = slots.take_for(work(1, None)).await.expect("a slot");
    let own = slots.take_for(work(1, None)).await.expect_err("a second one");
    assert_eq!((own.status().as_u16(), own.reason), (429, Some(Reason::TooManyAtOnce)));
}

#[tokio::test]
async fn a_cancelled_request_leaves_its_place_and_its_slot_to_others() {
    let slots = Slots::new(SlotLimits { waiting_per_caller: 1, ..limits() });
    let running = slots.take_for(work(1, None)).await.expect("a slot");
    drop(Request::new(&slots, work(1, None)));
    let granted = Request::new(&slots, work(1, None));
    drop(running);
    let mut next = Request::new(&slots, work(1, None));
    assert!(next.slot().is_none());
    // The slot is granted, but the request was cancelled.
    drop(granted);
    assert!(next.slot().is_some());
    assert!(slots.queue().running.is_empty() && slots.queue().waiting.is_empty());
}
