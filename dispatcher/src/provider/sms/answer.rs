//! What an HTTP answer in Twilio's dialect means for the delivery.

use std::time::Duration;

use chrono::DateTime;
use domain::delivery::FailureClass;
use reqwest::{
    Response, StatusCode,
    header::{DATE, HeaderMap, HeaderName, RETRY_AFTER},
};
use serde::Deserialize;

use super::codes::{OPTED_OUT, class_of};
use crate::provider::{
    failure::{Accepted, Doubt, Failure, SendFailure},
    schedule::{RetryAdvice, is_retried},
};

/// Everything of an answer but its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
}

impl Facts {
    pub(super) fn of(response: &Response) -> Self {
        Self { status: response.status(), retry_after: retry_after(response.headers()) }
    }
}

/// Both of Twilio's answers: the message's resource, and the error document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    sid: Option<String>,
    error_code: Option<u64>,
    error_message: Option<String>,
    code: Option<u64>,
    message: Option<String>,
}

impl Body {
    /// Whether it is one of the two. Anything else may be the word of something in between, such as a proxy.
    const fn is_the_providers(&self) -> bool {
        self.sid.is_some() || self.error_code.is_some() || self.code.is_some() || self.message.is_some()
    }
}

/// `body` is `None` if it broke off. A sid means that there is a message, whatever else is said: accepted, or failed for
/// good by an error of its own. A 2xx or 5xx without one is in doubt, and so is any other status that neither the
/// provider's body nor our settings explain; everything else is a refusal, which proves that nothing was sent.
pub(super) fn read(facts: Facts, body: Option<&[u8]>) -> Result<Accepted, SendFailure> {
    let parsed: Option<Body> = body.and_then(|bytes| serde_json::from_slice(bytes).ok());
    let body = parsed.unwrap_or_default();
    let status = facts.status;
    let proves_nothing = is_doubtful(status) || !(body.is_the_providers() || is_ours_to_mend(status));
    if let Some(refused) = body.error_code.or(body.code).filter(|_| !proves_nothing || body.sid.is_some()) {
        if refused == OPTED_OUT {
            return Err(SendFailure::OptedOut);
        }
        let text = body.error_message.or(body.message).unwrap_or_default();
        let refusal = refusal(facts, Some(refused), &text);
        return Err(if body.sid.is_some() { final_failure(refusal) } else { refusal }.into());
    }
    match body.sid {
        Some(sid) if !status.is_client_error() => Ok(Accepted { reference: bounded(&sid) }),
        _ if proves_nothing => Err(doubt(status).into()),
        _ => Err(refusal(facts, None, body.message.as_deref().unwrap_or_default()).into()),
    }
}

/// The statuses that may come from something in between after the provider took the message.
fn is_doubtful(status: StatusCode) -> bool {
    status.is_success() || status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT
}

/// The statuses that come before any message is looked at, whoever says them: wrong credentials, or a wrong `base_url`,
/// which a redirect or an unknown path means.
fn is_ours_to_mend(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
        || status.is_redirection()
        || status.is_informational()
}

fn doubt(status: StatusCode) -> Doubt {
    let text = "an answer that says neither that there is a message nor that it was refused".to_owned();
    Doubt { code: format!("http {}", status.as_u16()), text }
}

fn refusal(facts: Facts, twilio: Option<u64>, text: &str) -> Failure {
    let class = twilio.and_then(class_of).unwrap_or_else(|| by_status(facts.status));
    let code = twilio.map_or_else(|| format!("http {}", facts.status.as_u16()), |code| code.to_string());
    let advice = facts.retry_after.map_or(RetryAdvice::Schedule, RetryAdvice::After);
    Failure::new(class, code, text).with_advice(advice)
}

/// A message that the provider has, and gave up: trying again would make another.
fn final_failure(failure: Failure) -> Failure {
    let class = if is_retried(failure.class) { FailureClass::Unknown } else { failure.class };
    Failure { class, ..failure }
}

fn by_status(status: StatusCode) -> FailureClass {
    match status {
        StatusCode::TOO_MANY_REQUESTS => FailureClass::Throttled,
        _ if is_ours_to_mend(status) => FailureClass::ConfigAuth,
        _ => FailureClass::Unknown,
    }
}

fn bounded(sid: &str) -> String {
    const MAX_REFERENCE: usize = 200;
    sid.chars().filter(|c| !c.is_control()).take(MAX_REFERENCE).collect()
}

/// Seconds, or a date that is measured by the server's own clock (RFC 9110 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(RETRY_AFTER)?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = |text| DateTime::parse_from_rfc2822(text).ok();
    (time(value)? - time(text(DATE)?)?).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Accepted, SendFailure> {
        let status = StatusCode::from_u16(status).expect("a status");
        read(Facts { status, retry_after: None }, Some(body.as_bytes()))
    }

    fn refused(answer: Result<Accepted, SendFailure>) -> Failure {
        match answer {
            Err(SendFailure::Unsent(failure)) => failure,
            other => panic!("no refusal: {other:?}"),
        }
    }

    fn class(status: u16, body: &str) -> FailureClass {
        refused(answer(status, body)).class
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
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::PolicyReputation, "30007"));
    }

    #[test]
    fn a_message_that_has_a_sid_is_never_tried_again() {
        for code in [30001, 30003, 20429, 99999] {
            for status in [201, 400, 500] {
                let body = format!(r#"{{"sid":"SM1","status":"failed","error_code":{code}}}"#);
                let failure = refused(answer(status, &body));
                assert!(!is_retried(failure.class), "{status} {code}");
                assert_eq!(failure.code, code.to_string());
            }
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
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::PermanentAddress, "21211"));
        assert_eq!(failure.text, "The 'To' number … is not valid");
    }

    #[test]
    fn who_opted_out_is_no_failure_whether_there_is_a_message_or_not() {
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
    fn a_client_error_that_the_provider_does_not_explain_is_in_doubt() {
        for status in [400, 405, 409, 413, 422, 429, 451] {
            for body in ["", "slow down", "<html>", "{}", "[]", r#"{"error":"too many"}"#] {
                assert!(is_doubt(&answer(status, body)), "{status} {body}");
            }
        }
    }

    #[test]
    fn a_body_that_broke_off_leaves_only_the_status() {
        let of = |status| read(Facts { status, retry_after: None }, None);
        assert!(is_doubt(&of(StatusCode::CREATED)) && is_doubt(&of(StatusCode::TOO_MANY_REQUESTS)));
        assert_eq!(refused(of(StatusCode::UNAUTHORIZED)).class, FailureClass::ConfigAuth);
    }

    fn wait_of(headers: &[(HeaderName, &str)]) -> Option<u64> {
        let pairs = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header")));
        retry_after(&pairs.collect()).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date_by_the_servers_clock() {
        let date = (DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(wait_of(&[(RETRY_AFTER, " 120 ")]), Some(120));
        assert_eq!(wait_of(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT"), date.clone()]), Some(60));
        assert_eq!(wait_of(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:40:37 GMT"), date]), None);
        assert_eq!(wait_of(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT")]), None);
        assert_eq!(wait_of(&[(RETRY_AFTER, "soon")]), None);
        assert_eq!(wait_of(&[]), None);
    }

    #[test]
    fn a_refusal_carries_retry_after() {
        let facts =
            Facts { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(Duration::from_secs(7)) };
        let failure = refused(read(facts, Some(br#"{"code":20429,"message":"slow"}"#)));
        assert_eq!(failure.advice, RetryAdvice::After(Duration::from_secs(7)));
    }
}
