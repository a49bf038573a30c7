//! What an HTTP answer in Twilio's dialect means for the delivery.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, Months, NaiveDateTime, Utc};
use domain::deliveries::{Evidence, FailureClass, Observation, Phase};
use reqwest::{
    Response, StatusCode,
    header::{DATE, HeaderMap, HeaderName, RETRY_AFTER},
};
use serde_json::{Map, Value};

use super::codes::{OPTED_OUT, class_of};
use crate::provider::{
    failure::{Accepted, Doubt, Failure, SendFailure},
    schedule::RetryAdvice,
};

/// The longest reference that is kept, in characters; Twilio's sids have 34.
const REFERENCE_MAX: usize = 200;
/// The largest code that is one: Twilio's have five digits. A longer number may be a person's.
const CODE_MAX: u64 = 999_999;

/// Everything of an answer but its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) status: StatusCode,
    pub(super) advice: RetryAdvice,
}

impl Facts {
    /// `near` is a time within days of the answer; dates with two-digit years need one.
    pub(super) fn of(response: &Response, near: DateTime<Utc>) -> Self {
        Self { status: response.status(), advice: advice(response.headers(), near) }
    }
}

/// Both of Twilio's answers, the message's resource and the error document, as far as they can be read: a number may be
/// a string and a string a number, and a field that is neither is absent.
#[derive(Debug, Default)]
struct Body {
    sid: Option<String>,
    has_failed: bool,
    code: Option<u64>,
    message: Option<String>,
}

impl Body {
    /// What is no JSON object says nothing. Other charsets than UTF-8 are read as far as they are ASCII, which keys, codes
    /// and sids are.
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let fields: Map<String, Value> =
            serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
        let of = |name: &str| fields.get(name).and_then(word);
        let code_of = |name: &str| of(name).and_then(|word| code(&word));
        Self {
            sid: of("sid"),
            // A message that will not be sent any more (twilio.com/docs/messaging/api/message-resource#message-status-values).
            has_failed: of("status")
                .is_some_and(|status| matches!(status.as_str(), "failed" | "undelivered" | "canceled")),
            code: code_of("error_code").or_else(|| code_of("code")),
            message: of("error_message").or_else(|| of("message")),
        }
    }
}

/// A string or a number, without the spaces around it.
fn word(value: &Value) -> Option<String> {
    let word = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!word.is_empty()).then_some(word)
}

fn code(word: &str) -> Option<u64> {
    let digits = word.strip_suffix(".0").unwrap_or(word);
    digits.parse().ok().filter(|code| (1..=CODE_MAX).contains(code))
}

/// `body` is `None` if it broke off. A sid means that there is a message, whatever else is said: accepted, or failed for
/// good by an error of its own. Without one the status decides: a refusal proves that nothing was sent.
pub(super) fn read(facts: Facts, body: Option<&[u8]>) -> Result<Accepted, SendFailure> {
    let body = body.map(Body::read).unwrap_or_default();
    match &body.sid {
        Some(_) if body.code.is_some() || body.has_failed || facts.status.is_client_error() => {
            Err(refused(facts.given_up(), &body))
        }
        Some(sid) => Ok(Accepted { reference: bounded(sid) }),
        None if is_refusal(facts.status, &body) => Err(refused(facts, &body)),
        None => Err(doubt(facts.status).into()),
    }
}

/// Whether nothing was processed (RFC 9110 15).
///
/// A 5xx, a 408, a 409 and a 499 may be said after the message was taken, the latter by a proxy that timed out,
/// and so may a 406, which is about the answer; a 2xx without a sid says nothing. All other client errors that have a
/// meaning say that the request was not fulfilled, from the provider or a proxy, in any words. 303 answers a request
/// that was processed (15.4.4); other redirects are not followed, and mean that `base_url` is wrong.
fn is_refusal(status: StatusCode, body: &Body) -> bool {
    match status.as_u16() {
        100..=199 | 301 | 302 | 307 | 308 => true,
        400..=405 | 407 | 410 | 411 | 413..=415 | 417 | 421 | 422 | 425 | 426 | 428 | 429 | 431 | 451 => true,
        // The provider's own code explains these; a message alone may be a proxy's. A timed out request is never explained.
        400..=499 if status != StatusCode::REQUEST_TIMEOUT => body.code.is_some(),
        _ => false,
    }
}

fn doubt(status: StatusCode) -> Doubt {
    let (code, observed) = (Some(status.as_str().to_owned()), Some(Observation::AnswerUnclear));
    Doubt { evidence: Evidence { phase: Some(Phase::Http), code, observed }, text: String::new() }
}

fn refused(facts: Facts, body: &Body) -> SendFailure {
    if body.code == Some(OPTED_OUT) {
        return SendFailure::OptedOut;
    }
    let class = body.code.and_then(class_of).unwrap_or_else(|| by_status(facts.status));
    let code = body.code.map_or_else(|| facts.status.as_str().to_owned(), |code| code.to_string());
    let text = body.message.as_deref().unwrap_or_default();
    Failure::answered(class, Phase::Http, code, text).with_advice(facts.advice).into()
}

impl Facts {
    /// The provider has the message and gave it up: trying again would make another.
    const fn given_up(self) -> Self {
        Self { advice: RetryAdvice::Never, ..self }
    }
}

/// What a status says of whose fault it is, when no code does (RFC 9110 15.5, RFC 6585, RFC 8470).
fn by_status(status: StatusCode) -> FailureClass {
    match status.as_u16() {
        // Credentials, an account that owes money, a `base_url` where there is no such API.
        100..=199 | 300..=399 | 401..=405 | 407 | 410 | 411 | 415 | 421 | 426 => FailureClass::ConfigAuth,
        429 => FailureClass::Throttled,
        425 => FailureClass::Transient,
        451 => FailureClass::PolicyReputation,
        _ => FailureClass::Unknown,
    }
}

fn bounded(sid: &str) -> String {
    sid.chars().filter(|c| !c.is_control()).take(REFERENCE_MAX).collect()
}

/// `Retry-After`: seconds, or a date that is measured by the server's own clock if it tells it, else by ours (RFC 9110
/// 10.2.3). What is neither is ignored.
fn advice(headers: &HeaderMap, near: DateTime<Utc>) -> RetryAdvice {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let Some(value) = text(RETRY_AFTER) else { return RetryAdvice::Schedule };
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return RetryAdvice::After(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let Some(at) = http_date(value, near) else { return RetryAdvice::Schedule };
    match text(DATE).and_then(|date| http_date(date, near)) {
        Some(now) => (at - now).to_std().map_or(RetryAdvice::Schedule, RetryAdvice::After),
        None => RetryAdvice::At(at),
    }
}

/// Any of the three forms of a date in HTTP (RFC 9110 5.6.7). The day of the week is ignored.
fn http_date(text: &str, near: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let date = text.split_once(',').map_or(text, |(_, date)| date).trim();
    imf_fixdate(date).or_else(|| rfc850_date(date, near)).or_else(|| asctime_date(text))
}

/// `06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(date: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(date).ok().map(|time| time.to_utc())
}

/// `06-Nov-94 08:49:37 GMT`: of the years that end so, the last one that is at most 50 years ahead.
fn rfc850_date(date: &str, near: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let read = NaiveDateTime::parse_from_str(date, "%d-%b-%y %H:%M:%S GMT").ok()?;
    let latest = near.checked_add_months(Months::new(50 * 12))?.naive_utc();
    let century = near.year() - near.year().rem_euclid(100);
    let two_digits = read.year().rem_euclid(100);
    let mut candidates =
        [100, 0, -100].into_iter().filter_map(|ahead| read.with_year(century + ahead + two_digits));
    candidates.find(|time| *time <= latest).map(|time| time.and_utc())
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime_date(text: &str) -> Option<DateTime<Utc>> {
    let (_day, date) = text.split_once(' ')?;
    NaiveDateTime::parse_from_str(date, "%b %e %H:%M:%S %Y").ok().map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Accepted, SendFailure> {
        let status = StatusCode::from_u16(status).expect("a status");
        read(Facts { status, advice: RetryAdvice::Schedule }, Some(body.as_bytes()))
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
    fn a_client_error_proves_that_nothing_was_sent_whatever_is_in_its_body() {
        use FailureClass::*;
        let table: [(&[u16], FailureClass); 5] = [
            (&[429], Throttled),
            (&[301, 302, 307, 308, 401, 402, 403, 404, 405, 407, 410, 411, 415, 421, 426], ConfigAuth),
            (&[425], Transient),
            (&[451], PolicyReputation),
            (&[400, 413, 414, 417, 422, 428, 431], Unknown),
        ];
        let bodies =
            ["", "slow down", "<html>", "{}", "[]", "null", r#"{"error":"too many"}"#, r#"{"code":{}}"#];
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
        for body in [
            r#"{"code":"21211"}"#,
            r#"{"code":" 21211 "}"#,
            r#"{"code":21211.0}"#,
            r#"{"error_code":"21211"}"#,
        ] {
            let failure = refused(answer(400, body));
            assert_eq!(
                (failure.class(), failure.code()),
                (FailureClass::PermanentAddress, "21211"),
                "{body}"
            );
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
            read(Facts { status, advice: RetryAdvice::Schedule }, Some(body))
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
        let of = |status| read(Facts { status, advice: RetryAdvice::Schedule }, None);
        assert!(is_doubt(&of(StatusCode::CREATED)) && is_doubt(&of(StatusCode::BAD_GATEWAY)));
        assert_eq!(refused(of(StatusCode::TOO_MANY_REQUESTS)).class(), FailureClass::Throttled);
        assert_eq!(refused(of(StatusCode::UNAUTHORIZED)).class(), FailureClass::ConfigAuth);
    }

    fn advice_of(headers: &[(HeaderName, &str)]) -> RetryAdvice {
        let pairs = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header")));
        advice(&pairs.collect(), near())
    }

    /// The 15th of January 2027.
    fn near() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time")
    }

    fn read_date(text: &str) -> Option<String> {
        http_date(text, near()).map(|time| time.to_rfc3339())
    }

    #[test]
    fn a_date_is_read_in_each_of_its_three_forms() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun Nov 06 08:49:37 1994",
        ] {
            assert_eq!(read_date(text).as_deref(), Some("1994-11-06T08:49:37+00:00"), "{text}");
            let expected = RetryAdvice::After(Duration::from_secs(60));
            let date = (DATE, "Sun, 06 Nov 1994 08:48:37 GMT");
            assert_eq!(advice_of(&[(RETRY_AFTER, text), date]), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_day_of_the_week_changes_nothing() {
        for text in
            ["Mon, 06 Nov 1994 08:49:37 GMT", "Friday, 06-Nov-94 08:49:37 GMT", "Tue Nov  6 08:49:37 1994"]
        {
            assert_eq!(read_date(text).as_deref(), Some("1994-11-06T08:49:37+00:00"), "{text}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_at_most_fifty_years_ahead() {
        let year = |two_digits: &str| {
            let text = format!("Friday, 15-Jan-{two_digits} 00:00:00 GMT");
            http_date(&text, near()).map(|time| time.year())
        };
        assert_eq!(
            ["00", "27", "28", "77", "78", "99"].map(year),
            [2000, 2027, 2028, 2077, 1978, 1999].map(Some)
        );
        let leap_day = http_date("Tuesday, 29-Feb-00 00:00:00 GMT", near()).map(|time| time.year());
        assert_eq!(leap_day, Some(2000));
    }

    #[test]
    fn what_has_none_of_the_three_forms_is_no_date() {
        for text in [
            "",
            "today",
            "Sunday, 31-Feb-94 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37",
            "Sun Nov 31 08:49:37 1994",
            "Nov  6 08:49:37 1994",
            "Sun Nov  6 1994",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date_by_the_servers_clock() {
        let date = (DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        let seconds = |seconds| RetryAdvice::After(Duration::from_secs(seconds));
        assert_eq!(advice_of(&[(RETRY_AFTER, " 120 ")]), seconds(120));
        assert_eq!(advice_of(&[(RETRY_AFTER, "99999999999999999999999")]), seconds(u64::MAX));
        assert_eq!(advice_of(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT"), date.clone()]), seconds(60));
        let past = advice_of(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:40:37 GMT"), date]);
        assert_eq!(past, RetryAdvice::Schedule);
    }

    #[test]
    fn retry_after_as_a_date_is_measured_by_our_clock_when_the_server_tells_none() {
        let at = http_date("Sun, 06 Nov 1994 08:50:37 GMT", near()).expect("a date");
        assert_eq!(advice_of(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT")]), RetryAdvice::At(at));
        let mute = [(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT"), (DATE, "today")];
        assert_eq!(advice_of(&mute), RetryAdvice::At(at));
    }

    #[test]
    fn a_retry_after_that_is_neither_is_ignored() {
        for value in ["soon", "", "-5", "+5", "1.5", "1e3", "0x10", "Sun, 99 Nov 1994 08:50:37 GMT"] {
            assert_eq!(advice_of(&[(RETRY_AFTER, value)]), RetryAdvice::Schedule, "{value}");
        }
        assert_eq!(advice_of(&[]), RetryAdvice::Schedule);
    }

    #[test]
    fn a_refusal_carries_retry_after() {
        let advice = RetryAdvice::After(Duration::from_secs(7));
        let facts = Facts { status: StatusCode::TOO_MANY_REQUESTS, advice };
        for body in [&br#"{"code":20429,"message":"slow"}"#[..], b"<html>", b""] {
            assert_eq!(refused(read(facts, Some(body))).advice, advice);
        }
    }
}
