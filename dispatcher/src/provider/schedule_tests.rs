//! The retry schedules, rule by rule.

use super::*;

const SMS_WINDOW: TimeDelta = Channel::Sms.rules().retries.window;

const MIDDLE: f64 = 0.5;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time")
}

fn made(channel: Channel, made: u32) -> Attempts {
    Attempts { channel, made, first_at: start(), expires_at: None, asked_max: RETRY_AFTER_MAX }
}

fn seconds(attempts: &Attempts, class: FailureClass, advice: RetryAdvice, jitter: f64) -> Option<i64> {
    next_attempt(attempts, class, advice, start(), jitter).map(|due| (due - start()).num_seconds())
}

fn scheduled_seconds(channel: Channel, attempt: u32) -> Option<i64> {
    seconds(&made(channel, attempt), FailureClass::Transient, RetryAdvice::Schedule, MIDDLE)
}

#[test]
fn an_email_waits_longer_after_every_attempt_up_to_four_hours() {
    let waits: Vec<_> = (1..=9).map(|attempt| scheduled_seconds(Channel::Email, attempt)).collect();
    let expected = [60, 300, 900, 1_800, 3_600, 7_200, 14_400, 14_400, 14_400];
    assert_eq!(waits, expected.map(Some));
}

#[test]
fn an_sms_has_four_retries_and_then_has_failed() {
    let waits: Vec<_> = (1..=6).map(|attempt| scheduled_seconds(Channel::Sms, attempt)).collect();
    assert_eq!(waits, [Some(30), Some(120), Some(600), Some(1_800), None, None]);
}

#[test]
fn a_throttled_or_misconfigured_sms_keeps_waiting_when_its_schedule_is_over() {
    for class in [FailureClass::Throttled, FailureClass::ConfigAuth] {
        assert_eq!(seconds(&made(Channel::Sms, 9), class, RetryAdvice::Schedule, MIDDLE), Some(1_800));
    }
}

#[test]
fn jitter_moves_a_wait_by_a_fifth_either_way_and_never_more() {
    let of =
        |jitter| seconds(&made(Channel::Email, 2), FailureClass::Transient, RetryAdvice::Schedule, jitter);
    assert_eq!((of(0.0), of(1.0)), (Some(240), Some(360)));
    assert_eq!((of(-7.0), of(7.0)), (Some(240), Some(360)));
}

#[test]
fn a_greylisted_mail_waits_five_minutes_even_at_its_first_retry_and_with_any_jitter() {
    let floor = RetryAdvice::NotBefore(Duration::from_secs(300));
    for jitter in [0.0, 0.3, 1.0] {
        let wait = seconds(&made(Channel::Email, 1), FailureClass::Transient, floor, jitter);
        assert!(wait >= Some(300), "{wait:?}");
    }
    assert_eq!(seconds(&made(Channel::Email, 3), FailureClass::Transient, floor, MIDDLE), Some(900));
}

#[test]
fn retry_after_wins_over_the_schedule_in_both_directions_and_is_never_shortened() {
    let of = |asked, jitter| {
        let advice = RetryAdvice::After(Duration::from_secs(asked));
        seconds(&made(Channel::Sms, 1), FailureClass::Throttled, advice, jitter)
    };
    assert_eq!((of(2, 0.0), of(700, 0.0), of(700, 1.0)), (Some(2), Some(700), Some(840)));
}

#[test]
fn an_absurd_retry_after_is_bounded() {
    let of = |asked| {
        let advice = RetryAdvice::After(Duration::from_secs(asked));
        seconds(&made(Channel::Email, 1), FailureClass::Throttled, advice, 0.0)
    };
    assert_eq!((of(0), of(86_400), of(u64::MAX)), (Some(1), Some(86_400), Some(69_120)));
}

#[test]
fn an_alarm_waits_a_quarter_of_an_hour_at_most_whatever_a_provider_asks_for() {
    const YEAR_S: u64 = 31_536_000;
    let alarm = Attempts { asked_max: ALARM_RETRY_AFTER_MAX, ..made(Channel::Sms, 1) };
    let after = |asked, jitter| {
        let advice = RetryAdvice::After(Duration::from_secs(asked));
        seconds(&alarm, FailureClass::Throttled, advice, jitter)
    };
    assert_eq!((after(YEAR_S, 0.0), after(YEAR_S, 1.0)), (Some(720), Some(900)));
    assert_eq!((after(900, 0.0), after(900, 1.0), after(60, 0.0)), (Some(900), Some(900), Some(60)));
    let at = RetryAdvice::At(start() + TimeDelta::days(365));
    assert_eq!(seconds(&alarm, FailureClass::Throttled, at, 1.0), Some(900));
}

#[test]
fn a_retry_after_beyond_the_last_moment_for_an_attempt_is_shortened_to_it_and_then_it_has_failed() {
    for advice in [
        RetryAdvice::After(Duration::from_secs(365 * 24 * 3_600)),
        RetryAdvice::At(start() + TimeDelta::days(365)),
    ] {
        let due = |first_at| {
            let attempts = Attempts { first_at, ..made(Channel::Sms, 1) };
            next_attempt(&attempts, FailureClass::Throttled, advice, start(), 1.0)
        };
        assert_eq!(due(start()), Some(start() + SMS_WINDOW), "{advice:?}");
        let an_hour_ago = start() - TimeDelta::hours(1);
        assert_eq!(due(an_hour_ago), Some(an_hour_ago + SMS_WINDOW), "{advice:?}");
        assert_eq!(due(start() - SMS_WINDOW), None, "{advice:?}");
    }
}

fn throttled_seconds(expires_after_s: i64, asked_s: u64, jitter: f64) -> Option<i64> {
    let expires_at = Some(start() + TimeDelta::seconds(expires_after_s));
    let attempts = Attempts { expires_at, ..made(Channel::Sms, 1) };
    let advice = RetryAdvice::After(Duration::from_secs(asked_s));
    seconds(&attempts, FailureClass::Throttled, advice, jitter)
}

#[test]
fn a_retry_after_beyond_the_expiry_is_shortened_to_the_time_before_it() {
    const YEAR_S: u64 = 31_536_000;
    let due = |jitter| throttled_seconds(3 * 3_600, YEAR_S, jitter);
    assert_eq!((due(0.0), due(1.0)), (Some(8_592), Some(10_740)));
}

#[test]
fn a_retry_after_that_ends_before_the_expiry_is_honoured_with_any_jitter() {
    for jitter in [0.0, MIDDLE, 1.0] {
        assert_eq!(throttled_seconds(3_600, 3_590, jitter), Some(3_590), "{jitter}");
    }
}

#[test]
fn where_no_part_of_a_retry_after_fits_the_schedule_decides() {
    let due = |expires_after_s| throttled_seconds(expires_after_s, 3_600, MIDDLE);
    assert_eq!((due(45), due(31), due(30), due(0), due(-5)), (Some(30), Some(30), None, None, None));
}

#[test]
fn a_retry_after_by_our_clock_is_waited_for_and_one_that_is_over_asks_for_nothing() {
    let of = |offset| {
        let advice = RetryAdvice::At(start() + TimeDelta::seconds(offset));
        seconds(&made(Channel::Sms, 1), FailureClass::Throttled, advice, MIDDLE)
    };
    assert_eq!((of(100), of(0), of(-5)), (Some(110), Some(1), Some(30)));
}

#[test]
fn a_message_that_the_provider_gave_up_is_never_tried_again() {
    let due = seconds(&made(Channel::Sms, 1), FailureClass::Throttled, RetryAdvice::Never, MIDDLE);
    assert_eq!(due, None);
}

#[test]
fn nothing_is_due_at_or_after_its_expiry() {
    let expiring = |after_s| Attempts {
        expires_at: Some(start() + TimeDelta::seconds(after_s)),
        ..made(Channel::Sms, 1)
    };
    let due = |after_s| seconds(&expiring(after_s), FailureClass::Transient, RetryAdvice::Schedule, MIDDLE);
    assert_eq!((due(29), due(30), due(31)), (None, None, Some(30)));
}

#[test]
fn an_email_is_given_up_two_days_after_its_first_attempt() {
    let due = |hours_ago| {
        let attempts =
            Attempts { first_at: start() - TimeDelta::hours(hours_ago), ..made(Channel::Email, 9) };
        seconds(&attempts, FailureClass::Transient, RetryAdvice::Schedule, MIDDLE)
    };
    assert_eq!((due(44), due(45)), (Some(14_400), None));
}

#[test]
fn only_what_waiting_can_help_is_tried_again() {
    use FailureClass::*;
    for class in [PermanentAddress, PermanentContent, PolicyReputation, Expired, Unknown] {
        assert_eq!(seconds(&made(Channel::Email, 1), class, RetryAdvice::Schedule, MIDDLE), None);
    }
}

#[test]
fn attempts_are_bounded_whatever_a_provider_asks_for() {
    let soon = RetryAdvice::After(Duration::from_secs(1));
    let of = |count| seconds(&made(Channel::Sms, count), FailureClass::Throttled, soon, 0.0);
    assert_eq!((of(MAX_ATTEMPTS - 1), of(MAX_ATTEMPTS)), (Some(1), None));
}
