//! Every kind of answer that Twilio, or a proxy before it, gives.

use std::time::Duration;

use domain::deliveries::{FailureClass, Observation};
use reqwest::StatusCode;

use super::*;
use crate::provider::failure::Scope;

fn answer(status: u16, body: &str) -> Result<Accepted, SendFailure> {
    let status = StatusCode::from_u16(status).expect("a status");
    read(&Answer { status, advice: RetryAdvice::Schedule, body: Ok(body.as_bytes()) })
}

fn refused(answer: Result<Accepted, SendFailure>) -> Failure {
    match answer {
        Err(SendFailure::Unsent(failure)) => failure,
        other => panic!("no refusal: {other:?}"),
    }
}

fn class(status: u16, body: &str) -> FailureClass {
    refused(answer(status, body)).class()
}

fn is_doubt(answer: &Result<Accepted, SendFailure>) -> bool {
    matches!(answer, Err(SendFailure::InDoubt(_)))
}

#[test]
fn a_sid_is_an_acceptance() {
    for status in [200, 201, 202, 500] {
        let accepted = answer(status, r#"{"sid":"SM1","status":"queued","error_code":null}"#);
        assert_eq!(accepted, Ok(Accepted { reference: "SM1".into() }), "{status}");
    }
}

#[test]
fn a_message_that_failed_at_once_is_refused_by_its_code() {
    let failed =
        answer(201, r#"{"sid":"SM1","status":"failed","error_code":30007,"error_message":"filtered"}"#);
    let failure = refused(failed);
    assert_eq!((failure.class(), failure.code()), (FailureClass::PolicyReputation, "30007"));
}

#[test]
fn a_message_that_has_a_sid_is_never_tried_again() {
    for code in ["30001", "30003", "\"20429\"", "99999"] {
        for status in [201, 400, 429, 500] {
            let body = format!(r#"{{"sid":"SM1","status":"failed","error_code":{code}}}"#);
            let failure = refused(answer(status, &body));
            assert_eq!(failure.advice, RetryAdvice::Never, "{status} {code}");
            assert_eq!(failure.code(), code.trim_matches('"'));
        }
    }
    for status in ["failed", "undelivered", "canceled"] {
        let failure = refused(answer(201, &format!(r#"{{"sid":"SM1","status":"{status}"}}"#)));
        assert_eq!(
            (failure.class(), failure.advice),
            (FailureClass::Unknown, RetryAdvice::Never),
            "{status}"
        );
    }
}

#[test]
fn a_success_or_a_server_error_without_a_sid_is_in_doubt() {
    for status in [200, 201, 408, 500, 502, 503, 504] {
        for body in ["", "<html>", "{}", r#"{"code":20500,"message":"internal"}"#] {
            assert!(is_doubt(&answer(status, body)), "{status} {body}");
        }
    }
}

#[test]
fn a_client_error_is_refused_by_its_code() {
    let failure = answer(400, r#"{"code":21211,"message":"The 'To' number +573001234567 is not valid"}"#);
    let failure = refused(failure);
    assert_eq!((failure.class(), failure.code()), (FailureClass::PermanentAddress, "21211"));
    assert_eq!(failure.text, "The 'To' number … is not valid");
}

#[test]
fn an_opt_out_is_no_failure_whether_there_is_a_message_or_not() {
    for (status, body) in [(400, r#"{"code":21610}"#), (201, r#"{"sid":"SM1","error_code":21610}"#)] {
        assert_eq!(answer(status, body), Err(SendFailure::OptedOut), "{status}");
    }
    assert!(is_doubt(&answer(500, r#"{"code":21610}"#)));
}

#[test]
fn a_client_error_without_a_known_code_is_refused_by_its_status() {
    assert_eq!(class(401, ""), FailureClass::ConfigAuth);
    assert_eq!(class(404, "<html>"), FailureClass::ConfigAuth);
    assert_eq!(class(302, ""), FailureClass::ConfigAuth);
    assert_eq!(class(403, ""), FailureClass::ConfigAuth);
    assert_eq!(class(429, r#"{"message":"slow down"}"#), FailureClass::Throttled);
    assert_eq!(class(400, r#"{"code":99999,"message":"new"}"#), FailureClass::Unknown);
    assert_eq!(class(400, r#"{"sid":"SM1"}"#), FailureClass::Unknown);
}

#[test]
fn a_client_error_proves_that_nothing_was_sent_whatever_is_in_its_body() {
    use FailureClass::*;
    let table: [(&[u16], FailureClass); 5] = [
        (&[429], Throttled),
        (&[301, 302, 307, 308, 401, 402, 403, 404, 405, 407, 410, 411, 415, 421, 426], ConfigAuth),
        (&[425], Transient),
        (&[451], PolicyReputation),
        (&[400, 413, 414, 417, 422, 428, 431], Unknown),
    ];
    let bodies = ["", "slow down", "<html>", "{}", "[]", "null", r#"{"error":"too many"}"#, r#"{"code":{}}"#];
    for (statuses, expected) in table {
        for (status, body) in statuses.iter().flat_map(|status| bodies.map(|body| (*status, body))) {
            let failure = refused(answer(status, body));
            assert_eq!(
                (failure.class(), failure.code()),
                (expected, status.to_string().as_str()),
                "{status} {body}"
            );
        }
    }
}

#[test]
fn a_status_that_may_come_after_the_message_was_taken_is_in_doubt_unless_the_provider_explains_it() {
    for status in [303, 304, 406, 409, 418, 424, 460, 499] {
        for body in ["", "<html>", "{}", r#"{"message":"Conflict"}"#] {
            assert!(is_doubt(&answer(status, body)), "{status} {body}");
        }
    }
    for status in [406, 409, 424] {
        assert_eq!(class(status, r#"{"code":21211}"#), FailureClass::PermanentAddress, "{status}");
    }
    assert!(is_doubt(&answer(408, r#"{"code":21211}"#)));
}

#[test]
fn numbers_may_be_strings_and_strings_numbers() {
    for body in
        [r#"{"code":"21211"}"#, r#"{"code":" 21211 "}"#, r#"{"code":21211.0}"#, r#"{"error_code":"21211"}"#]
    {
        let failure = refused(answer(400, body));
        assert_eq!((failure.class(), failure.code()), (FailureClass::PermanentAddress, "21211"), "{body}");
    }
    let numeric = answer(201, r#"{"sid":77,"status":3,"error_code":"","error_message":7}"#);
    assert_eq!(numeric, Ok(Accepted { reference: "77".into() }));
    for none in ["null", "0", "\"0\"", "\"\"", "-3", "false", "[]"] {
        let body = format!(r#"{{"sid":"SM1","error_code":{none}}}"#);
        assert_eq!(answer(201, &body), Ok(Accepted { reference: "SM1".into() }), "{none}");
    }
    for no_sid in ["null", "\"\"", "\" \"", "{}", "true"] {
        assert!(is_doubt(&answer(201, &format!(r#"{{"sid":{no_sid}}}"#))), "{no_sid}");
    }
}

#[test]
fn a_code_that_may_be_a_persons_number_is_not_kept() {
    let failure = refused(answer(400, r#"{"code":573001234567,"message":"no"}"#));
    assert_eq!((failure.class(), failure.code()), (FailureClass::Unknown, "400"));
}

#[test]
fn a_body_is_read_in_any_charset_and_of_any_depth() {
    let of = |status: u16, body: &[u8]| {
        let status = StatusCode::from_u16(status).expect("a status");
        read(&Answer { status, advice: RetryAdvice::Schedule, body: Ok(body) })
    };
    let accepted = Ok(Accepted { reference: "SM1".into() });
    assert_eq!(of(201, b"{\"sid\":\"SM1\",\"body\":\"se\xf1al\"}"), accepted);
    assert_eq!(of(201, b"\xef\xbb\xbf{\"sid\":\"SM1\"}"), accepted);
    assert_eq!(of(201, b"{\"sid\":\"SM0\",\"sid\":\"SM1\"}"), accepted);
    let deep = format!("{{\"sid\":\"SM1\",\"more\":{}", "[".repeat(60_000));
    assert!(is_doubt(&of(201, deep.as_bytes())));
    assert_eq!(refused(of(429, deep.as_bytes())).class(), FailureClass::Throttled);
}

#[test]
fn a_body_that_broke_off_leaves_only_the_status() {
    let body = Err(Observation::AnswerCut);
    let of = |status| read(&Answer { status, advice: RetryAdvice::Schedule, body });
    assert!(is_doubt(&of(StatusCode::CREATED)) && is_doubt(&of(StatusCode::BAD_GATEWAY)));
    assert_eq!(refused(of(StatusCode::TOO_MANY_REQUESTS)).class(), FailureClass::Throttled);
    assert_eq!(refused(of(StatusCode::UNAUTHORIZED)).class(), FailureClass::ConfigAuth);
}

#[test]
fn a_refusal_carries_retry_after() {
    let advice = RetryAdvice::After(Duration::from_secs(7));
    for body in [&br#"{"code":20429,"message":"slow"}"#[..], b"<html>", b""] {
        assert_eq!(
            refused(read(&Answer { status: StatusCode::TOO_MANY_REQUESTS, advice, body: Ok(body) })).advice,
            advice
        );
    }
}

#[test]
fn a_refusal_of_the_account_would_meet_every_message_and_no_other_would() {
    let scope = |status, body: &str| refused(answer(status, body)).scope;
    for code in ["20003", "20005", "30002"] {
        assert_eq!(scope(403, &format!(r#"{{"code":{code}}}"#)), Scope::EveryMessage, "{code}");
    }
    assert_eq!(scope(401, ""), Scope::EveryMessage);
    for code in ["21606", "21608", "21703", "30034"] {
        assert_eq!(scope(400, &format!(r#"{{"code":{code}}}"#)), Scope::OneMessage, "{code}");
    }
    assert_eq!((scope(402, ""), scope(404, "<html>")), (Scope::OneMessage, Scope::OneMessage));
}

#[test]
fn a_doubt_says_whether_the_answer_was_cut_or_unclear() {
    let seen = |body| match read(&Answer { status: StatusCode::CREATED, advice: RetryAdvice::Schedule, body })
    {
        Err(SendFailure::InDoubt(doubt)) => doubt.evidence.observed,
        other => panic!("not in doubt: {other:?}"),
    };
    assert_eq!(seen(Ok(b"{}")), Some(Observation::AnswerUnclear));
    assert_eq!(seen(Err(Observation::AnswerTooLong)), Some(Observation::AnswerTooLong));
}
