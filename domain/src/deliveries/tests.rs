//! The rules of deliveries.

use super::*;
use crate::aggregate::{at, given, id};
use crate::personal::Personal;

fn member(number: u16) -> Member {
    Member::try_new(number).expect("a member")
}

fn members(text: &str) -> Members {
    text.parse().expect("members")
}

fn command(action: Action) -> DeliveriesCommand {
    DeliveriesCommand { notification: id(1), company: id(20), action }
}

fn accepted(reference: &str) -> Outcome {
    Outcome::Accepted { provider: "uno".into(), reference: reference.into() }
}

fn failure(provider: Option<&str>) -> Failure {
    let evidence = Evidence::answered(Phase::Rcpt, "550 5.1.1");
    let cause = Cause { class: FailureClass::PermanentAddress, evidence };
    Failure { provider: provider.map(str::to_owned), cause, detail: None }
}

fn failed() -> Outcome {
    Outcome::Failed(failure(Some("uno")))
}

fn deferred(until: i64) -> Outcome {
    Outcome::Deferred { since: at(0), until: at(until), failure: failure(Some("uno")) }
}

fn in_doubt() -> Outcome {
    let evidence = Evidence::observed(None, Observation::LeaseLost);
    Outcome::InDoubt { provider: "uno".into(), evidence, detail: None }
}

fn of(number: u16, generation: u32, attempt: u32, outcome: Outcome) -> MemberOutcome {
    MemberOutcome { member: member(number), generation, attempt, outcome, passed_on: vec![] }
}

fn passed_on(provider: &str, second: i64) -> PassedOn {
    let evidence = Evidence::answered(Phase::Http, "429");
    let cause = Cause { class: FailureClass::Throttled, evidence };
    let detail = Some(Personal::new(uuid::Uuid::from_u128(9), format!("{provider} is busy")));
    PassedOn { at: at(second), provider: provider.into(), cause, detail }
}

fn record(outcomes: Vec<MemberOutcome>) -> DeliveriesCommand {
    command(Action::RecordOutcomes(outcomes))
}

fn reopen(generation: u32, whom: &str) -> DeliveriesCommand {
    command(Action::Reopen { generation, members: members(whom) })
}

fn resolve(whom: &str, resolution: Resolution) -> DeliveriesCommand {
    let by = ResolvedBy::Person;
    command(Action::ResolveDoubts { members: members(whom), resolution, by, reason: None })
}

fn receipt(number: u16, receipt: Receipt) -> DeliveriesCommand {
    receipts([(number, 1, receipt)])
}

fn receipts<const N: usize>(receipts: [(u16, u32, Receipt); N]) -> DeliveriesCommand {
    let of = |(number, generation, receipt)| MemberReceipt {
        member: member(number),
        generation,
        attempt: 1,
        carrier: Some("uno".into()),
        provider: "uno".into(),
        at: at(9),
        receipt,
        detail: None,
    };
    command(Action::RecordReceipts(receipts.map(of).into()))
}

/// What the deliveries are after orders, each of which must be followed.
fn after(orders: impl IntoIterator<Item = DeliveriesCommand>) -> Deliveries {
    let mut deliveries = given::<Deliveries>([]);
    for order in orders {
        for event in deliveries.decide(order).expect("an order that is followed") {
            cqrs_es::Aggregate::apply(&mut deliveries, event);
        }
    }
    deliveries
}

fn state(deliveries: &Deliveries, number: u16) -> DeliveryState {
    deliveries.get(member(number)).state.word()
}

fn refusal(deliveries: &Deliveries, order: DeliveriesCommand) -> DeliveriesError {
    deliveries.decide(order).expect_err("an order that is refused")
}

#[test]
fn shared_values_of_members_are_stored_once() {
    let outcomes = vec![
        of(3, 1, 1, accepted("c")),
        of(1, 1, 1, accepted("a")),
        of(4, 1, 1, failed()),
        of(2, 1, 1, accepted("b")),
        of(9, 1, 2, failed()),
    ];
    let Some(DeliveriesEvent::OutcomesRecorded { outcomes, .. }) =
        Deliveries::default().decide_each(record(outcomes)).event
    else {
        panic!("outcomes")
    };
    let groups: Vec<_> = outcomes.iter().map(|group| (group.attempt, group.members.to_string())).collect();
    assert_eq!(groups, [(1, "1-3".to_owned()), (1, "4".to_owned()), (2, "9".to_owned())]);
    let references = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
    assert_eq!(outcomes[0].outcome, GroupOutcome::Accepted { provider: "uno".into(), references });
}

#[test]
fn the_providers_text_is_stored_with_its_member() {
    let text = Personal::new(id(30), "no such user".to_owned());
    let refused = Failure { detail: Some(text.clone()), ..failure(Some("uno")) };
    let outcomes = vec![of(1, 1, 1, failed()), of(2, 1, 1, Outcome::Failed(refused))];
    let decided = Deliveries::default().decide_each(record(outcomes));
    let Some(DeliveriesEvent::OutcomesRecorded { outcomes, .. }) = decided.event else { panic!("outcomes") };
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].details, [Detail { member: member(2), text }]);
}

#[test]
fn a_generation_has_one_final_outcome() {
    for last in [accepted("a"), failed(), Outcome::Cancelled] {
        let deliveries = after([record(vec![of(1, 1, 1, last)])]);
        for second in [accepted("b"), failed(), deferred(9), in_doubt(), Outcome::Cancelled] {
            let error = refusal(&deliveries, record(vec![of(1, 1, 2, second)]));
            assert_eq!(error, DeliveriesError::AlreadySettled { generation: 1 });
        }
    }
}

#[test]
fn a_refusal_of_one_member_does_not_hurt_the_others() {
    let deliveries = after([record(vec![of(1, 1, 1, accepted("a"))])]);
    let decided = deliveries.decide_each(record(vec![
        of(1, 1, 1, failed()),
        of(2, 1, 1, accepted("b")),
        of(2, 1, 1, failed()),
        of(3, 2, 1, failed()),
    ]));
    assert_eq!(decided.event.map(|event| event.members()), Some(members("2")));
    let refused: Vec<_> = decided.refused.iter().map(|refusal| refusal.member.number()).collect();
    assert_eq!(refused, [1, 2, 3]);
}

#[test]
fn an_attempt_is_recorded_once_and_the_next_after_it() {
    let deliveries = after([record(vec![of(1, 1, 1, deferred(60))])]);
    let again = refusal(&deliveries, record(vec![of(1, 1, 1, deferred(90))]));
    assert_eq!(again, DeliveriesError::AlreadyRecorded { attempt: 1 });
    let deliveries =
        after([record(vec![of(1, 1, 1, deferred(60))]), record(vec![of(1, 1, 2, accepted("a"))])]);
    assert_eq!(deliveries.get(member(1)).attempt, 2);
    let late =
        after([record(vec![of(1, 1, 1, deferred(60))]), record(vec![of(1, 1, 1, Outcome::Cancelled)])]);
    assert_eq!(state(&late, 1), DeliveryState::Cancelled, "what waits ends without an attempt");
}

#[test]
fn an_answer_that_comes_late_ends_a_doubt() {
    let doubted = || record(vec![of(1, 1, 1, in_doubt())]);
    let ends = [
        (accepted("a"), DeliveryState::Accepted),
        (failed(), DeliveryState::Failed),
        (deferred(60), DeliveryState::Failed),
    ];
    for (late, ended) in ends {
        let deliveries = after([doubted(), record(vec![of(1, 1, 1, late)])]);
        assert_eq!(state(&deliveries, 1), ended);
    }
    for nothing in [in_doubt(), Outcome::Cancelled, Outcome::Failed(failure(None))] {
        let error = refusal(&after([doubted()]), record(vec![of(1, 1, 1, nothing)]));
        assert_eq!(error, DeliveriesError::AlreadySettled { generation: 1 });
    }
}

#[test]
fn receipts_follow_an_acceptance_and_end_a_doubt() {
    let bounced = || Receipt::Bounced(failure(None).cause);
    for first in [accepted("a"), in_doubt()] {
        let sent = || record(vec![of(1, 1, 1, first.clone())]);
        let ends = [
            (Receipt::Delivered, DeliveryState::Delivered),
            (bounced(), DeliveryState::Failed),
            (Receipt::Complained, DeliveryState::Delivered),
        ];
        for (report, ended) in ends {
            assert_eq!(state(&after([sent(), receipt(1, report)]), 1), ended);
        }
    }
    let delivered = after([record(vec![of(1, 1, 1, accepted("a"))]), receipt(1, Receipt::Delivered)]);
    assert!(delivered.decide(receipt(1, Receipt::Complained)).is_ok());
    let again = refusal(&delivered, receipt(1, Receipt::Delivered));
    assert_eq!(again, DeliveriesError::AlreadyRecorded { attempt: 1 });
    assert_eq!(refusal(&delivered, receipt(1, bounced())), DeliveriesError::Contradicted);
}

#[test]
fn a_receipt_before_its_outcome_waits_and_one_without_a_send_is_refused() {
    assert_eq!(refusal(&after([]), receipt(1, Receipt::Delivered)), DeliveriesError::NoOutcomeYet);
    let failed = after([record(vec![of(1, 1, 1, failed())])]);
    assert_eq!(refusal(&failed, receipt(1, Receipt::Delivered)), DeliveriesError::Contradicted);
}

#[test]
fn a_receipt_is_about_the_generation_that_its_message_was_sent_in() {
    let bounced = || Receipt::Bounced(failure(None).cause);
    let again = after([
        record(vec![of(1, 1, 1, accepted("a"))]),
        receipt(1, bounced()),
        reopen(2, "1"),
        record(vec![of(1, 2, 1, accepted("b"))]),
    ]);
    for late in [bounced(), Receipt::Delivered] {
        assert_eq!(refusal(&again, receipt(1, late)), DeliveriesError::Superseded { generation: 1 });
    }
    let early = refusal(&again, receipts([(1, 3, Receipt::Delivered)]));
    assert_eq!(early, DeliveriesError::NotBegun { generation: 3 });
    let decided = again.decide_each(receipts([(1, 2, Receipt::Delivered)]));
    let delivered = again.after(&decided.event.expect("a receipt of this generation"));
    assert_eq!(state(&delivered, 1), DeliveryState::Delivered);
}

/// A report about the message of an attempt that went to a provider; without one, a mail that came back.
fn reported(attempt: u32, carrier: Option<&str>, receipt: Receipt) -> DeliveriesCommand {
    let carrier = carrier.map(str::to_owned);
    let (member, provider, at) = (member(1), "uno".into(), at(9));
    let receipt =
        MemberReceipt { member, generation: 1, attempt, carrier, provider, at, receipt, detail: None };
    command(Action::RecordReceipts(vec![receipt]))
}

/// The deliveries after each attempt before this one was refused, and this one ended so.
fn after_attempts(last: u32, outcome: Outcome) -> Deliveries {
    let refused = (1..last).map(|attempt| record(vec![of(1, 1, attempt, deferred(60))]));
    after(refused.chain([record(vec![of(1, 1, last, outcome)])]))
}

#[test]
fn a_report_on_another_attempt_than_that_of_the_state_is_refused_and_one_on_a_later_attempt_waits() {
    use DeliveriesError::{Contradicted, NoOutcomeYet, OtherAttempt};
    let fresh = after([]);
    let waiting = after_attempts(2, deferred(60));
    let (sent, doubted) = (after_attempts(2, accepted("b")), after_attempts(2, in_doubt()));
    let failed = after_attempts(2, failed());
    let cancelled = after_attempts(2, Outcome::Cancelled);
    let table = [
        ("pending", &fresh, [Err(NoOutcomeYet), Err(NoOutcomeYet), Err(NoOutcomeYet)]),
        ("deferred", &waiting, [Err(OtherAttempt), Err(Contradicted), Err(NoOutcomeYet)]),
        ("accepted", &sent, [Err(OtherAttempt), Ok(()), Err(OtherAttempt)]),
        ("in doubt", &doubted, [Err(OtherAttempt), Ok(()), Err(OtherAttempt)]),
        ("failed", &failed, [Err(OtherAttempt), Err(Contradicted), Err(OtherAttempt)]),
        ("cancelled", &cancelled, [Err(OtherAttempt), Err(Contradicted), Err(OtherAttempt)]),
    ];
    for (name, deliveries, expected) in table {
        for (attempt, expected) in (1..).zip(expected) {
            for receipt in [Receipt::Delivered, Receipt::Bounced(failure(None).cause), Receipt::Complained] {
                let decided = deliveries.decide(reported(attempt, Some("uno"), receipt)).map(drop);
                assert_eq!(decided, expected, "{name}, attempt {attempt}");
            }
        }
    }
}

#[test]
fn of_all_reports_on_the_messages_of_a_delivery_only_those_on_the_accepted_one_count() {
    for (sent, through) in [(1, "uno"), (1, "dos"), (2, "uno"), (2, "dos"), (3, "dos")] {
        let outcome = Outcome::Accepted { provider: through.into(), reference: "a".into() };
        let deliveries = after_attempts(sent, outcome);
        for (attempt, carrier) in (1..=4).flat_map(|attempt| [(attempt, "uno"), (attempt, "dos")]) {
            let decided = deliveries.decide(reported(attempt, Some(carrier), Receipt::Delivered));
            let is_of_it = (attempt, carrier) == (sent, through);
            assert_eq!(decided.is_ok(), is_of_it, "{sent} through {through}: {attempt} of {carrier}");
        }
        let by_mail = deliveries.decide(reported(sent, None, Receipt::Bounced(failure(None).cause)));
        assert!(by_mail.is_ok(), "a mail that came back names no provider");
    }
}

#[test]
fn the_end_of_a_doubt_through_another_provider_is_what_reports_are_about() {
    let late = Outcome::Accepted { provider: "dos".into(), reference: "a".into() };
    let deliveries = after([record(vec![of(1, 1, 1, in_doubt())]), record(vec![of(1, 1, 1, late)])]);
    let of_the_first = refusal(&deliveries, reported(1, Some("uno"), Receipt::Delivered));
    assert_eq!(of_the_first, DeliveriesError::OtherAttempt);
    assert!(deliveries.decide(reported(1, Some("dos"), Receipt::Delivered)).is_ok());
}

#[test]
fn the_same_receipt_ten_times_is_one_event_with_one_member() {
    let accepted = after([record(vec![of(1, 1, 1, accepted("a"))])]);
    let Decided { event, refused } =
        accepted.decide_each(receipts([const { (1, 1, Receipt::Delivered) }; 10]));
    let event = event.expect("the first one");
    assert_eq!((event.members(), refused.len()), (members("1"), 9));
    let again = accepted.after(&event).decide_each(receipts([const { (1, 1, Receipt::Delivered) }; 10]));
    assert_eq!((again.event, again.refused.len()), (None, 10));
}

#[test]
fn a_person_ends_doubts_and_nothing_else() {
    let doubted = || record(vec![of(1, 1, 1, in_doubt()), of(2, 1, 1, accepted("a"))]);
    let ends = [
        (Resolution::Accepted, DeliveryState::Accepted),
        (Resolution::Delivered, DeliveryState::Delivered),
        (Resolution::Resend, DeliveryState::Failed),
        (Resolution::Discard, DeliveryState::Failed),
    ];
    for (resolution, ended) in ends {
        let deliveries = after([doubted(), resolve("1-2", resolution)]);
        assert_eq!((state(&deliveries, 1), state(&deliveries, 2)), (ended, DeliveryState::Accepted));
    }
    assert_eq!(
        refusal(&after([doubted()]), resolve("2-3", Resolution::Accepted)),
        DeliveriesError::NotInDoubt
    );
}

#[test]
fn the_same_decision_about_a_doubt_is_no_error_and_another_one_is_refused() {
    let doubted = || record(vec![of(1, 1, 1, in_doubt())]);
    for resolution in Resolution::ALL {
        let ended = after([doubted(), resolve("1", *resolution)]);
        assert_eq!(ended.decide(resolve("1", *resolution)), Ok(vec![]), "{resolution}");
        for other in Resolution::ALL.iter().filter(|other| *other != resolution) {
            assert_eq!(refusal(&ended, resolve("1", *other)), DeliveriesError::NotInDoubt);
        }
    }
    let sent_again = after([
        doubted(),
        resolve("1", Resolution::Resend),
        reopen(2, "1"),
        record(vec![of(1, 2, 1, accepted("b"))]),
    ]);
    assert_eq!(sent_again.decide(resolve("1", Resolution::Resend)), Ok(vec![]));
    let doubted_again = after([
        doubted(),
        resolve("1", Resolution::Resend),
        reopen(2, "1"),
        record(vec![of(1, 2, 1, in_doubt())]),
    ]);
    assert!(!doubted_again.decide(resolve("1", Resolution::Resend)).expect("another doubt").is_empty());
}

#[test]
fn a_doubt_that_was_given_up_is_not_sent_again_and_a_truth_that_comes_late_counts() {
    let given_up = || [record(vec![of(1, 1, 1, in_doubt())]), resolve("1", Resolution::Discard)];
    assert_eq!(after(given_up()).decide(reopen(2, "1")), Ok(vec![]));
    let late = after(given_up().into_iter().chain([receipt(1, Receipt::Delivered)]));
    assert_eq!(state(&late, 1), DeliveryState::Delivered);
    let late = after(given_up().into_iter().chain([record(vec![of(1, 1, 1, accepted("a"))])]));
    assert_eq!(state(&late, 1), DeliveryState::Accepted);
    let bounced = Receipt::Bounced(failure(None).cause);
    let late = after(given_up().into_iter().chain([receipt(1, bounced), reopen(2, "1")]));
    assert_eq!(state(&late, 1), DeliveryState::Pending, "it is known not to have arrived");
}

#[test]
fn only_failed_deliveries_are_reopened_in_a_new_generation() {
    let first = || record(vec![of(1, 1, 1, failed()), of(2, 1, 1, accepted("a")), of(3, 1, 1, in_doubt())]);
    let deliveries = after([first(), reopen(2, "1-4")]);
    assert_eq!(deliveries.get(member(1)), &Delivery { generation: 2, ..Delivery::FRESH });
    assert_eq!(deliveries.get(member(2)).generation, 1);
    assert_eq!(after([first(), reopen(2, "1"), reopen(2, "1")]), after([first(), reopen(2, "1")]));
    let late = refusal(&deliveries, record(vec![of(1, 1, 2, accepted("b"))]));
    assert_eq!(late, DeliveriesError::Superseded { generation: 1 });
    let early = refusal(&deliveries, record(vec![of(2, 2, 1, accepted("b"))]));
    assert_eq!(early, DeliveriesError::NotBegun { generation: 2 });
    let again = after([first(), reopen(2, "1"), record(vec![of(1, 2, 1, accepted("b"))])]);
    assert_eq!(state(&again, 1), DeliveryState::Accepted);
}

#[test]
fn totals_count_final_outcomes() {
    let before =
        after([record(vec![of(1, 1, 1, failed()), of(2, 1, 1, deferred(60)), of(3, 1, 1, in_doubt())])]);
    assert_eq!(before.totals(), Totals { failed: 1, in_doubt: 1, ..Totals::default() });
    assert_eq!(before.open_among(members("1-4")), members("2,4"));
    let mut reopened = before.clone();
    for event in before.decide(reopen(2, "1")).expect("an order that is followed") {
        cqrs_es::Aggregate::apply(&mut reopened, event);
    }
    assert_eq!(reopened.totals() - before.totals(), Totals { failed: -1, ..Totals::default() });
}

#[test]
fn a_chunk_has_a_stream_of_its_own() {
    let stream = deliveries_stream(id(1), 7);
    assert_eq!(stream, "00000000-0000-0000-0000-000000000001:000007");
    assert_eq!(chunk_of_stream(&stream), Some(7));
}

fn retry(generation: u32, whom: &str) -> DeliveriesCommand {
    command(Action::Retry { generation, members: members(whom), addresses: vec![] })
}

fn discard(whom: &str) -> DeliveriesCommand {
    let reason = Personal::new(id(1), "moved away".to_owned());
    command(Action::Discard { members: members(whom), reason })
}

#[test]
fn a_dead_letter_is_retried_once_by_name_and_what_is_no_dead_letter_never() {
    let outcomes = vec![
        of(1, 1, 1, failed()),
        of(2, 1, 1, accepted("a")),
        of(3, 1, 1, in_doubt()),
        of(4, 1, 1, Outcome::Cancelled),
    ];
    let deliveries = after([record(outcomes)]);
    let decided = deliveries.decide_each(retry(2, "1-5"));
    let refused: Vec<_> = decided.refused.iter().map(|refusal| refusal.error).collect();
    let expected =
        [DeliveriesError::Sent, DeliveriesError::InDoubt, DeliveriesError::Cancelled, DeliveriesError::Open];
    assert_eq!(refused, expected);
    let event = decided.event.expect("an event");
    assert_eq!(event.members(), members("1"));
    let again = deliveries.after(&event);
    assert_eq!(refusal(&again, retry(3, "1")), DeliveriesError::Open);
    assert_eq!(*again.get(member(1)), Delivery { generation: 2, ..Delivery::FRESH });
}

#[test]
fn an_edited_address_stays_until_it_is_edited_again() {
    let edited = |address: &str| EditedAddress {
        is_foreign: false,
        member: member(1),
        address: Personal::new(id(30), address.to_owned()),
    };
    let retry_to = |generation, address| {
        command(Action::Retry { generation, members: members("1"), addresses: vec![edited(address)] })
    };
    let fails = |generation| record(vec![of(1, generation, 1, failed())]);
    let deliveries = after([fails(1), retry_to(2, "a"), fails(2), retry(3, "1")]);
    assert_eq!(deliveries.address(member(1)), Some("a"));
    let deliveries = after([fails(1), retry_to(2, "a"), fails(2), retry_to(3, "b")]);
    assert_eq!((deliveries.address(member(1)), deliveries.address(member(2))), (Some("b"), None));
    let refused = deliveries.decide_each(retry_to(4, "c"));
    assert_eq!(refused.event, None, "it is under way");
}

#[test]
fn a_discarded_dead_letter_is_retried_by_name_alone() {
    let deliveries = after([record(vec![of(1, 1, 1, failed())]), discard("1")]);
    assert_eq!(
        (state(&deliveries, 1), deliveries.get(member(1)).state),
        (DeliveryState::Failed, State::Discarded)
    );
    assert_eq!(deliveries.decide(discard("1")), Ok(vec![]), "asking twice changes nothing");
    assert_eq!(deliveries.decide(reopen(2, "1")), Ok(vec![]));
    assert_eq!(deliveries.decide_each(retry(2, "1")).event.map(|event| event.members()), Some(members("1")));
    assert_eq!(refusal(&deliveries, discard("2")), DeliveriesError::Open);
}

#[test]
fn in_each_state_a_receipt_is_recorded_known_or_contradicted() {
    let recorded: Result<(), DeliveriesError> = Ok(());
    let known = Err(DeliveriesError::AlreadyRecorded { attempt: 1 });
    let contradicted = Err(DeliveriesError::Contradicted);
    let bounced = || Receipt::Bounced(failure(None).cause);
    let ended = |outcome: Outcome| record(vec![of(1, 1, 1, outcome)]);
    let sent = || ended(accepted("a"));
    let given_up = || [ended(in_doubt()), resolve("1", Resolution::Discard)];
    // Per state what becomes of `Delivered`, `Bounced` and `Complained`.
    let table = [
        ("accepted", after([sent()]), [recorded; 3]),
        ("in doubt", after([ended(in_doubt())]), [recorded; 3]),
        ("delivered", after([sent(), receipt(1, Receipt::Delivered)]), [known, contradicted, recorded]),
        ("bounced", after([sent(), receipt(1, bounced())]), [contradicted, known, contradicted]),
        ("complained", after([sent(), receipt(1, Receipt::Complained)]), [known, contradicted, known]),
        ("failed", after([ended(failed())]), [contradicted; 3]),
        (
            "cancelled",
            after([record(vec![of(1, 1, 1, deferred(9))]), ended(Outcome::Cancelled)]),
            [contradicted; 3],
        ),
        (
            "a bounce that was discarded",
            after([sent(), receipt(1, bounced()), discard("1")]),
            [recorded, known, recorded],
        ),
        ("a failure that was discarded", after([ended(failed()), discard("1")]), [recorded, known, recorded]),
        ("a doubt that was given up", after(given_up()), [recorded; 3]),
        (
            "a doubt that was given up, bounced and was discarded",
            after(given_up().into_iter().chain([receipt(1, bounced()), discard("1")])),
            [recorded, known, recorded],
        ),
    ];
    for (name, deliveries, expected) in table {
        for (report, expected) in
            [Receipt::Delivered, bounced(), Receipt::Complained].into_iter().zip(expected)
        {
            let said = format!("{name}: {report:?}");
            assert_eq!(deliveries.decide(receipt(1, report)).map(drop), expected, "{said}");
        }
    }
}

#[test]
fn refusals_before_an_outcome_are_stored_once_with_the_time_of_each_member() {
    let after = |number, refusals: &[(&str, i64)]| MemberOutcome {
        passed_on: refusals.iter().map(|(provider, second)| passed_on(provider, *second)).collect(),
        ..of(number, 1, 1, accepted("SM"))
    };
    let all = vec![after(1, &[("uno", 5)]), after(2, &[("uno", 6), ("dos", 7)]), after(3, &[])];
    let decided = Deliveries::default().decide_each(record(all));
    let Some(DeliveriesEvent::OutcomesRecorded { outcomes, .. }) = &decided.event else { panic!("outcomes") };
    assert_eq!(outcomes.len(), 1, "who went to another provider shares the outcome of the others");
    let told = |group: &PassedOnGroup| (group.provider.clone(), group.members, group.at.clone());
    let refusals: Vec<_> = outcomes[0].passed_on.iter().map(told).collect();
    let expected = [
        ("uno".to_owned(), members("1-2"), vec![at(5), at(6)]),
        ("dos".to_owned(), members("2"), vec![at(7)]),
    ];
    assert_eq!(refusals, expected);
    assert_eq!(outcomes[0].passed_on[0].details.len(), 2);
    let after = Deliveries::default().after(decided.event.as_ref().expect("an event"));
    assert_eq!(after.carrier(after.get(member(2))), Some("uno"), "the provider that accepted it");
    assert_eq!(after.get(member(2)).attempt, 1);
}

#[test]
fn an_outcome_without_a_refusal_has_no_byte_of_it_and_a_refusal_is_of_the_attempt_that_was_made() {
    let decided = Deliveries::default().decide_each(record(vec![of(1, 1, 1, accepted("SM"))]));
    let text = serde_json::to_string(&decided.event).expect("JSON");
    assert!(!text.contains("passed_on"), "{text}");
    let expired = Outcome::Failed(Failure { provider: None, cause: Cause::EXPIRED, detail: None });
    let waited = MemberOutcome { passed_on: vec![passed_on("uno", 5)], ..of(1, 1, 0, expired) };
    let decided = Deliveries::default().decide_each(record(vec![waited]));
    let Some(DeliveriesEvent::OutcomesRecorded { outcomes, .. }) = decided.event else { panic!("outcomes") };
    assert_eq!((outcomes[0].attempt, outcomes[0].passed_on_attempt()), (0, 1));
}
