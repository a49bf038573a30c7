//! Whose turn it is at costly work, and who waits.

use futures::FutureExt;
use futures::future::{BoxFuture, Fuse};
use uuid::Uuid;

use super::*;

fn limits() -> TurnLimits {
    TurnLimits { at_once: 2, per_company: 2, per_caller: 1, waiting_per_caller: 3, ..costly_reads() }
}

fn work(caller: u128, company: Option<u128>) -> Work {
    let company = company.map(|company| Uuid::from_u128(company).into());
    Work { caller: Uuid::from_u128(caller).into(), company }
}

/// A request that has asked for its turn.
struct Request {
    asking: Fuse<BoxFuture<'static, Answer<WorkTurn>>>,
    turn: Option<WorkTurn>,
}

impl Request {
    fn new(turns: &Turns, work: Work) -> Self {
        let turns = turns.clone();
        let mut request =
            Self { asking: async move { turns.take_for(work).await }.boxed().fuse(), turn: None };
        request.turn = request.turn();
        request
    }

    /// Its turn, once it has it.
    fn turn(&mut self) -> Option<WorkTurn> {
        let answer = (&mut self.asking).now_or_never();
        self.turn.take().or_else(|| Some(answer?.expect("a turn")))
    }
}

#[tokio::test]
async fn a_caller_with_many_requests_waits_behind_itself_and_others_have_their_turn_at_once() {
    let turns = Turns::new(limits());
    let [mut first, mut second, mut third] = [1, 1, 1].map(|caller| Request::new(&turns, work(caller, None)));
    let running = first.turn().expect("a turn");
    let mut other = Request::new(&turns, work(2, None));
    assert!(other.turn().is_some(), "though two of the first caller wait");
    drop(running);
    let running = second.turn().expect("a turn");
    assert!(third.turn().is_none());
    drop(running);
    assert!(third.turn().is_some());
}

#[tokio::test]
async fn turns_go_round_the_callers_that_wait() {
    let turns = Turns::new(TurnLimits { at_once: 1, ..limits() });
    let mut running = Request::new(&turns, work(9, None)).turn();
    let mut waiting = [1, 1, 1, 2, 2, 3].map(|caller| (caller, Request::new(&turns, work(caller, None))));
    let mut order = Vec::new();
    while let Some(turn) = running.take() {
        drop(turn);
        for (caller, request) in &mut waiting {
            if let Some(turn) = request.turn() {
                order.push(*caller);
                running = Some(turn);
            }
        }
    }
    assert_eq!(order, [1, 2, 3, 1, 2, 1]);
}

#[tokio::test]
async fn a_company_has_so_many_turns_whoever_of_it_asks() {
    let turns = Turns::new(TurnLimits { per_company: 1, ..limits() });
    let [mut one, mut same, mut other] =
        [(1, 7), (2, 7), (3, 8)].map(|(caller, company)| Request::new(&turns, work(caller, Some(company))));
    let running = one.turn().expect("a turn");
    assert!(same.turn().is_none());
    assert!(other.turn().is_some());
    drop(running);
    assert!(same.turn().is_some());
}

#[tokio::test]
async fn more_requests_than_wait_are_told_to_come_again() {
    let turns = Turns::new(TurnLimits { waiting_per_caller: 1, waiting: 2, ..limits() });
    let _running = [turns.take_for(work(1, None)).await, turns.take_for(work(2, None)).await];
    let _waiting = [1, 2].map(|caller| Request::new(&turns, work(caller, None)));
    let own = turns.take_for(work(1, None)).await.expect_err("too many of one");
    assert_eq!((own.status().as_u16(), own.retry_after_s), (429, Some(1)));
    let other = turns.take_for(work(3, None)).await.expect_err("too many in all");
    assert_eq!((other.status().as_u16(), other.retry_after_s), (503, Some(1)));
}

#[tokio::test]
async fn a_caller_who_has_nothing_is_told_that_others_have_the_turns() {
    let turns = Turns::new(TurnLimits { at_once: 1, ..uploads() });
    let _running = turns.take_for(work(1, None)).await.expect("a turn");
    let other = turns.take_for(work(2, None)).await.expect_err("busy");
    assert_eq!((other.status().as_u16(), other.reason), (503, Some(Reason::TooManyImports)));
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_so_long_for_its_turn() {
    let turns = Turns::new(limits());
    let _running = turns.take_for(work(1, None)).await.expect("a turn");
    let late = turns.take_for(work(1, None)).await.expect_err("too late");
    assert_eq!((late.status().as_u16(), late.reason), (503, Some(Reason::Overloaded)));
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_its_place_and_its_turn_to_others() {
    let turns = Turns::new(TurnLimits { waiting_per_caller: 1, ..limits() });
    let running = turns.take_for(work(1, None)).await.expect("a turn");
    drop(Request::new(&turns, work(1, None)));
    let granted = Request::new(&turns, work(1, None));
    drop(running);
    let mut next = Request::new(&turns, work(1, None));
    assert!(next.turn().is_none());
    // It was granted its turn, and does not take it any more.
    drop(granted);
    assert!(next.turn().is_some());
    assert!(turns.queue().running.is_empty() && turns.queue().waiting.is_empty());
}
