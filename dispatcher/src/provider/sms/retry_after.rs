//! When an HTTP server wants to be asked again (RFC 9110 10.2.3), and what its clock says.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, Months, NaiveDateTime, Utc};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use crate::provider::schedule::RetryAdvice;

/// `Retry-After`: seconds, or a date that is measured by the server's own clock if it tells it, else by ours. Anything
/// else is ignored. `near` is a time within days of the answer; dates with two-digit years need one.
pub(super) fn advice(headers: &HeaderMap, near: DateTime<Utc>) -> RetryAdvice {
    let Some(value) = text(headers, RETRY_AFTER) else { return RetryAdvice::Schedule };
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return RetryAdvice::After(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let Some(at) = http_date(value, near) else { return RetryAdvice::Schedule };
    match date(headers, near) {
        Some(now) => (at - now).to_std().map_or(RetryAdvice::Schedule, RetryAdvice::After),
        None => RetryAdvice::At(at),
    }
}

/// The server's clock, if it tells it.
pub(super) fn date(headers: &HeaderMap, near: DateTime<Utc>) -> Option<DateTime<Utc>> {
    http_date(text(headers, DATE)?, near)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
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
    fn a_text_in_none_of_the_three_forms_is_no_date() {
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
}
