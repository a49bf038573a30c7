//! The steps of a provider's share, as tables.

use chrono::TimeDelta;

use super::traffic::{
    Bounds, Evidence, Move, Others, RETURN_AFTER, Receipts, SENDS_TO_LEAVE, SENDS_TO_RETURN, SHARES, Share,
    Traffic, UNTRIED_AFTER, can_take, is_suspect, next_move,
};
use super::{AnswerTimes, MoveCause};
use crate::aggregate::at;

const SLOW_AFTER_MS: u32 = 1_000;
const BOUNDS: Bounds = Bounds { slow_after_ms: SLOW_AFTER_MS, late_above_percent: Some(40) };

/// So many acceptances of 100 ms, of 4 s, and sends in doubt.
fn evidence(fast: u64, slow: u64, doubts: u64) -> Evidence {
    let mut answers = AnswerTimes::default();
    (0..fast).for_each(|_| answers.add(100));
    (0..slow).for_each(|_| answers.add(4_000));
    Evidence { answers, doubts, sends: fast + slow + doubts, receipts: Receipts::default() }
}

/// So many acceptances whose receipts came in time, and late or not at all.
fn receipts(in_time: u64, late: u64) -> Evidence {
    Evidence { receipts: Receipts { accepted: in_time + late, in_time }, ..evidence(SENDS_TO_LEAVE, 0, 0) }
}

fn moved_to(percent: i32) -> Traffic {
    let share = Share::of_percent(percent);
    Traffic { share, moved_at: Some(at(0)), slow_after_ms: Some(SLOW_AFTER_MS), late_above_percent: None }
}

/// Moved for late receipts.
fn late_at(percent: i32) -> Traffic {
    Traffic { late_above_percent: BOUNDS.late_above_percent, ..moved_to(percent) }
}

fn next(traffic: &Traffic, evidence: &Evidence, others: Others, after: TimeDelta) -> Option<(u8, MoveCause)> {
    let next = next_move(traffic, evidence, BOUNDS, others, at(0) + after);
    next.map(|Move { to, cause, .. }| (to.percent(), cause))
}

#[test]
fn a_slow_provider_gives_up_its_turns_step_by_step_and_keeps_enough_to_be_tried() {
    let slow = evidence(0, SENDS_TO_LEAVE, 0);
    let mut seen = vec![100];
    let mut traffic = Traffic::default();
    while let Some(Move { to, cause, bad, of }) = next_move(&traffic, &slow, BOUNDS, Others::CanTake, at(1)) {
        assert_eq!((cause, bad, of), (MoveCause::SlowAnswers, SENDS_TO_LEAVE, SENDS_TO_LEAVE));
        seen.push(to.percent());
        traffic = moved_to(to.percent().into());
    }
    assert_eq!(seen, SHARES.map(Share::percent));
}

#[test]
fn what_moves_traffic_away() {
    let rows = [
        ("all is fast", evidence(100, 0, 0), None),
        ("three in ten are slow", evidence(70, 30, 0), Some((75, MoveCause::SlowAnswers))),
        ("fewer are slow", evidence(71, 29, 0), None),
        ("too few to say", evidence(0, SENDS_TO_LEAVE - 1, 0), None),
        ("one in ten is in doubt", evidence(90, 0, 10), Some((75, MoveCause::Doubts))),
        ("fewer are in doubt", evidence(91, 0, 9), None),
        ("two doubts are chance", evidence(18, 0, 2), None),
        ("doubts weigh more than slowness", evidence(0, 50, 10), Some((75, MoveCause::Doubts))),
        ("four in ten receipts are late", receipts(60, 40), Some((75, MoveCause::LateReceipts))),
        ("as many as usual are late", receipts(61, 39), None),
        ("too few to say of receipts", receipts(0, SENDS_TO_LEAVE - 1), None),
    ];
    for (what, evidence, expected) in rows {
        let found = next(&Traffic::default(), &evidence, Others::CanTake, TimeDelta::zero());
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn traffic_never_moves_where_nobody_else_can_take_it() {
    for evidence in [evidence(0, 100, 0), evidence(0, 0, 100), receipts(0, 100)] {
        for traffic in [Traffic::default(), moved_to(50)] {
            assert_eq!(next(&traffic, &evidence, Others::CannotTake, UNTRIED_AFTER), None);
        }
    }
}

#[test]
fn a_provider_can_take_more_unless_it_is_in_trouble_itself() {
    let rows = [
        (Traffic::default(), Evidence::default(), true),
        (Traffic::default(), evidence(100, 0, 0), true),
        (Traffic::default(), evidence(0, 0, 100), false),
        (moved_to(75), evidence(100, 0, 0), false),
    ];
    for (traffic, evidence, expected) in rows {
        assert_eq!(can_take(&traffic, &evidence), expected, "{traffic:?} {evidence:?}");
    }
}

#[test]
fn what_brings_traffic_back() {
    let (soon, later) = (RETURN_AFTER - TimeDelta::seconds(1), UNTRIED_AFTER);
    let fast = evidence(SENDS_TO_RETURN, 0, 0);
    let few = evidence(SENDS_TO_RETURN - 1, 0, 0);
    let rows = [
        ("it answers in time again", fast.clone(), RETURN_AFTER, Some((75, MoveCause::Recovered))),
        ("it has not done so for long", fast, soon, None),
        ("it is still slow", evidence(2, SENDS_TO_RETURN, 0), later, None),
        ("it is still doubted", evidence(2, 0, SENDS_TO_RETURN), later, None),
        ("too few to say", few.clone(), RETURN_AFTER, None),
        ("too few to say for long", few, UNTRIED_AFTER, Some((75, MoveCause::Untried))),
        ("nobody was sent to", Evidence::default(), UNTRIED_AFTER, Some((75, MoveCause::Untried))),
    ];
    for (what, evidence, after, expected) in rows {
        // Also without another provider.
        for others in [Others::CanTake, Others::CannotTake] {
            assert_eq!(next(&moved_to(50), &evidence, others, after), expected, "{what}");
        }
    }
    assert_eq!(next(&moved_to(100), &evidence(50, 0, 0), Others::CanTake, UNTRIED_AFTER), None);
}

#[test]
fn what_moved_away_for_late_receipts_comes_back_by_receipts() {
    let accepted = evidence(100, 0, 0);
    let rows = [
        ("acceptances say nothing of receipts", accepted.clone(), RETURN_AFTER, None),
        (
            "receipts come in time again",
            receipts(SENDS_TO_RETURN, 0),
            RETURN_AFTER,
            Some((75, MoveCause::Recovered)),
        ),
        (
            "they are still late",
            receipts(1, SENDS_TO_LEAVE),
            UNTRIED_AFTER,
            Some((25, MoveCause::LateReceipts)),
        ),
        ("none is due for long", accepted, UNTRIED_AFTER, Some((75, MoveCause::Untried))),
    ];
    for (what, evidence, after, expected) in rows {
        assert_eq!(next(&late_at(50), &evidence, Others::CanTake, after), expected, "{what}");
    }
}

#[test]
fn what_is_late_depends_on_what_is_usual() {
    let of = |accepted, in_time| {
        Bounds::of_usual(&AnswerTimes::default(), Receipts { accepted, in_time }).late_above_percent
    };
    assert_eq!(of(100, 100), Some(30), "three in ten always are");
    assert_eq!(of(100, 75), Some(50), "twice the usual");
    assert_eq!(of(100, 50), None, "half are late as a rule");
    assert_eq!(of(100, 0), None, "it gives no receipts");
    assert_eq!(of(49, 49), None, "too few to know what is usual");
}

#[test]
fn a_moved_share_keeps_the_bounds_of_its_first_step() {
    let usual = Bounds { slow_after_ms: 5_000, late_above_percent: Some(90) };
    assert_eq!(usual.kept_by(&late_at(75)), BOUNDS);
    assert_eq!(usual.kept_by(&Traffic::default()), usual);
}

#[test]
fn what_is_slow_depends_on_what_is_usual() {
    let of = |count, ms| {
        let mut times = AnswerTimes::default();
        (0..count).for_each(|_| times.add(ms));
        Bounds::of_usual(&times, Receipts::default()).slow_after_ms
    };
    assert_eq!(of(100, 20), 1_000, "a second is never slow");
    assert!((2_000..2_600).contains(&of(100, 500)), "four times the median");
    assert_eq!(of(100, 3_000), 5_000, "five seconds always are");
    assert_eq!(of(49, 20), 5_000, "too few to know what is usual");
}

#[test]
fn what_is_usual_is_asked_for_only_when_something_may_be_wrong() {
    assert!(!is_suspect(&Traffic::default(), &evidence(100, 0, 0)));
    assert!(is_suspect(&Traffic::default(), &evidence(10, 10, 0)));
    assert!(is_suspect(&Traffic::default(), &evidence(10, 0, 10)));
    assert!(is_suspect(&moved_to(50), &evidence(100, 0, 0)));
    assert!(is_suspect(&Traffic::default(), &receipts(70, 30)));
    assert!(!is_suspect(&Traffic::default(), &receipts(71, 29)));
}
