//! Every kind of answer that Infobip, or a proxy before it, gives.

use std::time::Duration;

use domain::deliveries::Observation;
use reqwest::StatusCode;

use super::*;
use crate::provider::failure::Scope;

fn of(status: u16, advice: RetryAdvice, body: &[u8]) -> Result<Accepted, SendFailure> {
    let status = StatusCode::from_u16(status).expect("a status");
    read(&Answer { status, advice, body: Ok(body) })
}

fn answer(status: u16, body: &str) -> Result<Accepted, SendFailure> {
    of(status, RetryAdvice::Schedule, body.as_bytes())
}

fn message(group: u32, name: &str) -> String {
    format!(
        r#"{{"bulkId":"1","messages":[{{"messageId":"id-1","destination":"573001234567","status":
        {{"groupId":{group},"name":"{name}","description":"said of +573001234567"}}}}]}}"#
    )
}

fn refused(answer: Result<Accepted, SendFailure>) -> Failure {
    match answer {
        Err(SendFailure::Unsent(failure)) => failure,
        other => panic!("no refusal: {other:?}"),
    }
}

fn is_doubt(answer: &Result<Accepted, SendFailure>) -> bool {
    matches!(answer, Err(SendFailure::InDoubt(_)))
}

#[test]
fn a_message_that_is_on_its_way_is_accepted_under_its_id() {
    let accepted = Ok(Accepted { reference: "id-1".into() });
    for (group, name) in
        [(1, "PENDING_ACCEPTED"), (1, "PENDING_ENROUTE"), (3, "DELIVERED_TO_HANDSET"), (9, "NEW")]
    {
        assert_eq!(answer(200, &message(group, name)), accepted, "{name}");
    }
    for body in
        [r#"{"messages":[{"messageId":"id-1"}]}"#, r#"{"messages":[{"messageId":" id-1 ","status":7}]}"#]
    {
        assert_eq!(answer(200, body), accepted, "{body}");
        assert_eq!(answer(500, body), accepted, "{body}");
    }
}

#[test]
fn a_rejected_message_has_the_class_of_its_name_and_may_be_tried_again() {
    use FailureClass::*;
    let table = [
        ("REJECTED_DESTINATION", PermanentAddress),
        ("REJECTED_NETWORK", PolicyReputation),
        ("REJECTED_FLOODING_FILTER", Throttled),
        ("REJECTED_SYSTEM_ERROR", Transient),
        ("REJECTED_SENDER", ConfigAuth),
        ("REJECTED_MESSAGE_TOO_LONG", PermanentContent),
        ("REJECTED_NEWLY", Unknown),
    ];
    for (name, class) in table {
        let failure = refused(answer(200, &message(5, name)));
        assert_eq!((failure.class(), failure.code()), (class, name));
        assert_eq!((failure.advice, failure.text.as_str()), (RetryAdvice::Schedule, "said of …"));
    }
}

#[test]
fn a_message_that_the_operator_had_is_not_tried_again() {
    for (group, name) in [(2, "UNDELIVERABLE_REJECTED_OPERATOR"), (4, "EXPIRED_EXPIRED")] {
        assert_eq!(refused(answer(200, &message(group, name))).advice, RetryAdvice::Never, "{name}");
    }
}

#[test]
fn a_rejection_that_names_nothing_is_one_all_the_same() {
    let body = r#"{"messages":[{"messageId":"id-1","status":{"groupId":5}}]}"#;
    let failure = refused(answer(200, body));
    assert_eq!((failure.class(), failure.code()), (FailureClass::Unknown, "REJECTED"));
}

#[test]
fn a_person_who_wants_no_messages_is_no_failure() {
    for name in ["REJECTED_DND", "REJECTED_DESTINATION_BLOCKLISTED"] {
        assert_eq!(answer(200, &message(5, name)), Err(SendFailure::OptedOut), "{name}");
    }
}

#[test]
fn an_account_without_credit_is_refused_for_every_message() {
    let scope = |name| refused(answer(200, &message(5, name))).scope;
    assert_eq!(scope("REJECTED_NOT_ENOUGH_CREDITS"), Scope::EveryMessage);
    assert_eq!(scope("REJECTED_SENDER"), Scope::OneMessage);
}

#[test]
fn a_refused_request_has_the_class_of_its_status_in_both_forms_of_errors() {
    use FailureClass::*;
    for (status, class) in [(400, Unknown), (401, ConfigAuth), (403, ConfigAuth), (429, Throttled)] {
        let new = format!(r#"{{"errorCode":"E{status}","description":"why","violations":[]}}"#);
        let old = r#"{"requestError":{"serviceException":{"messageId":"X","text":"why"}}}"#;
        for body in [new.as_str(), old] {
            let failure = refused(answer(status, body));
            let code = status.to_string();
            assert_eq!(
                (failure.class(), failure.code(), failure.text.as_str()),
                (class, code.as_str(), "why")
            );
        }
        assert_eq!(refused(answer(status, "<html>")).class(), class, "{status}");
    }
    assert_eq!(refused(answer(401, "")).scope, Scope::EveryMessage);
}

#[test]
fn an_answer_that_says_neither_is_in_doubt() {
    let bodies: [&[u8]; 8] = [
        b"",
        b"<html>",
        b"\xff\xfe\x00",
        b"{}",
        b"[]",
        br#"{"messages":[]}"#,
        br#"{"messages":{"0":{"messageId":"id-1"}}}"#,
        br#"{"messages":[{"messageId":{},"status":[]}]}"#,
    ];
    for (status, body) in
        [200, 303, 408, 409, 500, 503].into_iter().flat_map(|status| bodies.map(|body| (status, body)))
    {
        assert!(is_doubt(&of(status, RetryAdvice::Schedule, body)), "{status} {body:?}");
    }
    assert!(is_doubt(&answer(500, r#"{"errorCode":"E500","description":"internal"}"#)));
    assert!(is_doubt(&answer(408, r#"{"errorCode":"E408"}"#)));
    let deep = format!(r#"{{"messages":{}"#, "[".repeat(60_000));
    assert!(is_doubt(&answer(200, &deep)));
}

#[test]
fn a_body_that_broke_off_leaves_only_the_status() {
    let of = |status| {
        read(&Answer { status, advice: RetryAdvice::Schedule, body: Err(Observation::AnswerTooLong) })
    };
    assert!(is_doubt(&of(StatusCode::OK)));
    assert_eq!(refused(of(StatusCode::UNAUTHORIZED)).class(), FailureClass::ConfigAuth);
}

#[test]
fn a_refusal_carries_retry_after() {
    let advice = RetryAdvice::After(Duration::from_secs(7));
    assert_eq!(refused(of(429, advice, b"")).advice, advice);
    assert_eq!(refused(of(200, advice, message(5, "REJECTED_FLOODING_FILTER").as_bytes())).advice, advice);
}
