//! Traces that the rules allow, and for each rule one that they do not.

use crate::trace::replay::Reason;
use crate::trace::{Entry, Unreadable, accepts, read};

/// Two members are sent; one is accepted, the other deferred, and accepted by its second attempt.
const DEFERRED: &str = "
    queued   task=7 generation=1 members=1,2
    claimed  task=7 epoch=1 owner=a
    marked   task=7 epoch=1 owner=a start=0 generation=1 attempt=1 members=1,2
    accepted generation=1 member=1
    settled  generation=1 attempt=1 outcome=accepted members=1 sequence=1
    settled  generation=1 attempt=1 outcome=deferred members=2 sequence=1
    requeued task=7 epoch=2 members=2
    claimed  task=7 epoch=3 owner=b
    marked   task=7 epoch=3 owner=b start=0 generation=1 attempt=2 members=2
    settled  generation=1 attempt=2 outcome=accepted members=2 sequence=2
    finished task=7
    accepted generation=1 member=2
";

/// A frozen owner is fenced: one member is in doubt and the other is sent by another owner; then the truth comes.
const FENCED: &str = "
    queued   task=7 generation=1 members=1,2
    claimed  task=7 epoch=1 owner=a
    marked   task=7 epoch=1 owner=a start=0 generation=1 attempt=1 members=1
    fenced   owner=a
    in_doubt generation=1 attempt=1 members=1 sequence=1
    requeued task=7 epoch=2 members=2
    claimed  task=7 epoch=3 owner=b
    settled  generation=1 attempt=1 outcome=accepted members=1 sequence=2
    marked   task=7 epoch=3 owner=b start=0 generation=1 attempt=1 members=2
    settled  generation=1 attempt=1 outcome=failed members=2 sequence=3
    finished task=7
    accepted generation=1 member=1
";

fn reason(text: &str) -> Option<Reason> {
    accepts(&read(text).expect("a trace")).err().map(|rejected| rejected.reason)
}

/// The trace with another line in the place of the first that has these words.
fn with(trace: &str, words: &str, instead: &str) -> String {
    let has = |line: &&str| words.split(' ').all(|word| line.split_whitespace().any(|found| found == word));
    let line = trace.lines().find(has).expect("a line of the trace");
    trace.replacen(line, instead, 1)
}

#[test]
fn what_is_written_can_be_read() {
    for text in [DEFERRED, FENCED] {
        let entries = read(text).expect("a trace");
        let written: Vec<String> = entries.iter().map(Entry::to_string).collect();
        assert_eq!(read(&written.join("\n")), Ok(entries));
    }
}

#[test]
fn a_line_that_cannot_be_read_is_named() {
    let line = |text: &str| read(text).expect_err("no trace");
    assert_eq!(line("# a trace\n\nsent member=1"), Unreadable { line: 3, what: "unknown word sent".into() });
    assert_eq!(line("fenced"), Unreadable { line: 1, what: "owner is missing".into() });
    assert_eq!(line("finished 7"), Unreadable { line: 1, what: "7 is no key=value".into() });
    let member = "accepted generation=1 member=x";
    assert_eq!(line(member), Unreadable { line: 1, what: "member=x cannot be read".into() });
}

#[test]
fn a_deferral_and_a_fence_are_allowed() {
    assert_eq!(reason(DEFERRED), None);
    assert_eq!(reason(FENCED), None);
}

#[test]
fn a_member_in_doubt_may_be_ordered_again() {
    let text = "
        queued   task=7 generation=1 members=1
        claimed  task=7 epoch=1 owner=a
        marked   task=7 epoch=1 owner=a start=0 generation=1 attempt=1 members=1
        in_doubt generation=1 attempt=1 members=1 sequence=1
        finished task=7
        ordered  generation=2 members=1 sequence=2
        queued   task=8 generation=2 members=1
        claimed  task=8 epoch=1 owner=a
        marked   task=8 epoch=1 owner=a start=0 generation=2 attempt=1 members=1
        accepted generation=1 member=1
        accepted generation=2 member=1
        settled  generation=2 attempt=1 outcome=accepted members=1 sequence=3
        finished task=8";
    assert_eq!(reason(text), None);
    let late = "settled generation=1 attempt=1 outcome=accepted members=1 sequence=3";
    let superseded = with(text, "settled generation=2", late);
    assert_eq!(reason(&superseded), Some(Reason::Superseded { member: 1 }));
}

#[test]
fn an_unsent_start_lets_its_member_wait_again() {
    let text = "
        queued   task=7 generation=1 members=1
        claimed  task=7 epoch=1 owner=a
        marked   task=7 epoch=1 owner=a start=0 generation=1 attempt=1 members=1
        unsent   task=7 epoch=1 start=0 members=1
        fenced   owner=a
        requeued task=7 epoch=2 members=1
        claimed  task=7 epoch=3 owner=b
        settled  generation=1 attempt=1 outcome=suppressed members=1 sequence=1
        finished task=7";
    assert_eq!(reason(text), None);
    let of_another = with(text, "unsent", "unsent task=7 epoch=1 start=1 members=1");
    assert_eq!(reason(&of_another), Some(Reason::StartedReturned { member: 1 }));
}

#[test]
fn a_second_acceptance_is_rejected() {
    let text = format!("{FENCED}\naccepted generation=1 member=1");
    assert_eq!(reason(&text), Some(Reason::AcceptedTwice { member: 1 }));
}

#[test]
fn a_send_without_a_mark_is_rejected() {
    let text = with(FENCED, "accepted", "accepted generation=1 member=3");
    assert_eq!(reason(&text), Some(Reason::SentWithoutMark { member: 3 }));
    let text = with(FENCED, "marked owner=a", "");
    assert_eq!(reason(&text), Some(Reason::OutcomeWithoutMark { member: 1 }));
}

#[test]
fn only_an_outcome_that_a_provider_must_have_been_given_a_message_for_needs_a_mark() {
    let unmarked = with(
        DEFERRED,
        "marked epoch=1",
        "marked task=7 epoch=1 owner=a start=0 generation=1 attempt=1 members=1",
    );
    assert_eq!(reason(&unmarked), None, "nobody was reached for the second member's first attempt");
    let doubt =
        with(&unmarked, "settled outcome=deferred", "in_doubt generation=1 attempt=1 members=2 sequence=1");
    assert_eq!(reason(&doubt), Some(Reason::OutcomeWithoutMark { member: 2 }));
}

#[test]
fn a_fenced_owner_neither_marks_nor_claims() {
    let fenced = Some(Reason::Fenced { owner: "a".into() });
    let mark = "marked task=7 epoch=1 owner=a start=0 generation=1 attempt=1 members=2";
    assert_eq!(reason(&with(FENCED, "marked owner=b", mark)), fenced);
    assert_eq!(reason(&with(FENCED, "claimed owner=b", "claimed task=7 epoch=3 owner=a")), fenced);
}

#[test]
fn every_claim_and_return_raises_the_epoch() {
    let raised = Some(Reason::EpochNotRaised { task: "7".into() });
    let requeued = "requeued task=7 epoch=1 members=2";
    assert_eq!(reason(&with(FENCED, "requeued", requeued)), raised);
    assert_eq!(reason(&with(FENCED, "claimed owner=b", "claimed task=7 epoch=2 owner=b")), raised);
}

#[test]
fn a_task_has_one_owner() {
    assert_eq!(reason(&with(FENCED, "requeued", "")), Some(Reason::TaskOwned { task: "7".into() }));
    let mark = "marked task=7 epoch=3 owner=c start=0 generation=1 attempt=1 members=2";
    assert_eq!(reason(&with(FENCED, "marked owner=b", mark)), Some(Reason::NotHeld { task: "7".into() }));
    let gone = format!("{FENCED}\nclaimed task=7 epoch=4 owner=b");
    assert_eq!(reason(&gone), Some(Reason::NoSuchTask { task: "7".into() }));
}

#[test]
fn a_member_is_in_one_task() {
    let queued = "queued task=8 generation=1 members=2";
    assert_eq!(reason(&with(FENCED, "marked owner=b", queued)), Some(Reason::InTwoTasks { member: 2 }));
    let unordered = "queued task=8 generation=2 members=2";
    assert_eq!(reason(&with(FENCED, "marked owner=b", unordered)), Some(Reason::EndedReturned { member: 2 }));
}

#[test]
fn only_a_member_that_awaits_the_attempt_is_marked() {
    let mark = "marked task=7 epoch=3 owner=b start=0 generation=1 attempt=1 members=1";
    assert_eq!(reason(&with(FENCED, "marked owner=b", mark)), Some(Reason::NotAwaited { member: 1 }));
}

#[test]
fn a_started_member_does_not_wait_again() {
    let text = with(FENCED, "in_doubt", "");
    let text = with(&text, "requeued", "requeued task=7 epoch=2 members=1,2");
    assert_eq!(reason(&text), Some(Reason::StartedReturned { member: 1 }));
}

#[test]
fn an_ended_member_does_not_wait_again() {
    let text = with(DEFERRED, "requeued", "requeued task=7 epoch=2 members=1,2");
    assert_eq!(reason(&text), Some(Reason::EndedReturned { member: 1 }));
}

#[test]
fn a_member_has_one_final_outcome() {
    let again = "settled generation=1 attempt=1 outcome=failed members=1 sequence=2";
    let text = with(DEFERRED, "settled attempt=2", again);
    assert_eq!(reason(&text), Some(Reason::SecondFinalOutcome { member: 1 }));
}

#[test]
fn an_attempt_has_one_outcome() {
    let again = "settled generation=1 attempt=1 outcome=deferred members=2 sequence=2";
    let text = with(DEFERRED, "settled attempt=2", again);
    assert_eq!(reason(&text), Some(Reason::WrongAttempt { member: 2 }));
}

#[test]
fn a_retry_is_the_next_attempt() {
    let early = "marked task=7 epoch=3 owner=b start=0 generation=1 attempt=2 members=2";
    assert_eq!(reason(&with(FENCED, "marked owner=b", early)), Some(Reason::NotAwaited { member: 2 }));
}

#[test]
fn a_stream_has_no_gaps() {
    let late = "settled generation=1 attempt=1 outcome=failed members=2 sequence=4";
    let text = with(FENCED, "settled outcome=failed", late);
    assert_eq!(reason(&text), Some(Reason::SequenceGap { sequence: 4 }));
}

#[test]
fn nobody_is_forgotten() {
    let forgotten = Some(Reason::Forgotten { member: 2 });
    assert_eq!(reason(&with(FENCED, "requeued", "finished task=7")), forgotten);
    assert_eq!(reason(&with(DEFERRED, "requeued", "finished task=7")), forgotten);
    assert_eq!(reason(&with(FENCED, "finished", "")), Some(Reason::TaskLeft { task: "7".into() }));
    let begun = "queued task=7 generation=1 members=4";
    assert_eq!(reason(begun), Some(Reason::NoOutcome { member: 4 }));
}

#[test]
fn the_ledger_and_the_stream_agree_at_the_end() {
    assert_eq!(reason(&with(FENCED, "accepted", "")), Some(Reason::NotInLedger { member: 1 }));
    let text = format!("{FENCED}\naccepted generation=1 member=2");
    assert_eq!(reason(&text), Some(Reason::AcceptanceLost { member: 2 }));
}

#[test]
fn only_the_failed_and_the_doubted_are_ordered_again() {
    let text = format!("{FENCED}\nordered generation=2 members=1 sequence=4");
    assert_eq!(reason(&text), Some(Reason::NotToBeOrdered { member: 1 }));
}
