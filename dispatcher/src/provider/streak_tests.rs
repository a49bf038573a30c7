//! When refusals are about us, when about the people refused, and how long that may take.

use super::*;
use domain::deliveries::Phase;

fn at(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_800_000_000_000 + milliseconds).expect("a valid time")
}

fn failure(class: FailureClass, code: &str, text: &str) -> Failure {
    let phase = if code.len() == 5 { Phase::Http } else { Phase::Rcpt };
    Failure::answered(class, phase, code, text)
}

fn refusal(n: usize, text: &str) -> Refusal {
    let failure = failure(FailureClass::Unknown, "550", text);
    Refusal { wording: Wording::of(&failure, ["", ""]), class: failure.class(), recipient: n.to_string() }
}

fn address(n: usize) -> Refusal {
    let failure = failure(FailureClass::PermanentAddress, "550 5.1.1", "no such user");
    Refusal { wording: Wording::of(&failure, ["", ""]), class: failure.class(), recipient: n.to_string() }
}

/// The refusal of a person, held by the person's number.
fn refuse(streaks: &mut Streaks<usize>, n: usize, now: DateTime<Utc>) -> Ruling<usize> {
    streaks.refused(refusal(n, "blacklisted"), Some(n), now)
}

#[test]
fn the_fifth_person_refused_in_the_same_words_clears_all_five() {
    let mut streaks = Streaks::default();
    for n in 1..STREAK {
        assert_eq!(refuse(&mut streaks, n, at(0)), Ruling::Open);
    }
    assert_eq!(refuse(&mut streaks, 5, at(0)), Ruling::Us(vec![1, 2, 3, 4, 5]));
    assert_eq!(refuse(&mut streaks, 6, at(0)), Ruling::Us(vec![6]), "and everybody after them");
}

#[test]
fn an_id_of_letters_alone_does_not_hide_a_streak() {
    let ids = ["duzmitae", "qkwzjfmb", "BHPSDDVV", "zJxXhGpw", "mdzruwem"];
    let texts: [fn(&str) -> String; 5] = [
        |id| format!("blocked (ref {id})"),
        |id| format!("Rejected {id}"),
        |id| format!("Refused {}-{}", &id[..3], &id[3..]),
        |id| format!("Message refused {} {}", &id[..4], &id[4..]),
        str::to_owned,
    ];
    for text in texts {
        let mut streaks = Streaks::default();
        let refuse = |(n, id)| streaks.refused(refusal(n, &text(id)), Some(n), at(0));
        let rulings: Vec<_> = ids.into_iter().enumerate().map(refuse).collect();
        assert_eq!(rulings.last(), Some(&Ruling::Us(vec![0, 1, 2, 3, 4])), "{}", text("id"));
    }
}

#[test]
fn refusals_that_share_half_of_their_words_are_not_the_same() {
    let mut streaks = Streaks::default();
    for n in 0..2 * STREAK - 2 {
        let text = if n % 2 == 0 { "user unknown" } else { "user disabled" };
        assert_eq!(streaks.refused(refusal(n, text), Some(n), at(0)), Ruling::Open);
    }
}

#[test]
fn one_person_refused_again_and_again_says_nothing_of_the_provider() {
    let mut streaks = Streaks::default();
    for _ in 0..HELD_REFUSALS_MAX {
        assert_eq!(refuse(&mut streaks, 1, at(0)), Ruling::Open);
    }
    assert_eq!(refuse(&mut streaks, 1, at(0)), Ruling::Recipient(Some(1)), "and not all are held");
}

#[test]
fn an_acceptance_between_shows_that_the_refusals_were_about_their_recipients() {
    let mut streaks = Streaks::default();
    for round in 0..10 {
        for n in 1..STREAK {
            assert_eq!(refuse(&mut streaks, 10 * round + n, at(10 * round as i64)), Ruling::Open);
        }
        assert_eq!(streaks.accepted(at(10 * round as i64 + 5)).len(), STREAK - 1);
    }
}

#[test]
fn a_send_that_was_under_way_when_the_refusal_came_proves_nothing() {
    let mut streaks = Streaks::default();
    for n in 1..STREAK {
        refuse(&mut streaks, n, at(10 + n as i64));
    }
    assert_eq!(streaks.accepted(at(13)), [1, 2]);
    for n in 5..9 {
        assert_eq!(refuse(&mut streaks, n, at(20)), Ruling::Open, "people are counted anew");
    }
    assert_eq!(refuse(&mut streaks, 9, at(20)), Ruling::Us(vec![3, 4, 5, 6, 7, 8, 9]));
}

#[test]
fn a_refusal_that_came_after_the_accepted_send_began_is_still_held() {
    let mut streaks = Streaks::default();
    refuse(&mut streaks, 1, at(0));
    refuse(&mut streaks, 1, at(10));
    assert_eq!(streaks.accepted(at(5)).len(), 1);
    assert_eq!(streaks.overdue(at(5_000)).len(), 1);
}

#[test]
fn a_refusal_that_nothing_follows_is_taken_at_its_word_after_two_seconds() {
    let mut streaks = Streaks::default();
    refuse(&mut streaks, 1, at(0));
    assert!(streaks.overdue(at(1_999)).is_empty());
    assert_eq!(streaks.overdue(at(2_000)), [1]);
    assert!(streaks.overdue(at(9_000)).is_empty(), "once");
}

#[test]
fn a_slow_provider_has_more_time_but_not_for_ever() {
    let mut streaks = Streaks::default();
    for (n, second) in [(1, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (2, 7), (2, 8)] {
        refuse(&mut streaks, n, at(1_000 * second));
        assert!(streaks.overdue(at(1_000 * second + 999)).is_empty());
    }
    refuse(&mut streaks, 2, at(9_500));
    assert_eq!(streaks.overdue(at(10_000)), [1], "the first was held for ten");
}

#[test]
fn people_count_after_their_refusals_are_settled() {
    let mut streaks = Streaks::default();
    for n in 1..STREAK {
        refuse(&mut streaks, n, at(5_000 * n as i64));
        assert_eq!(streaks.overdue(at(5_000 * n as i64 + 2_000)), [n]);
    }
    assert_eq!(refuse(&mut streaks, 5, at(25_000)), Ruling::Us(vec![5]));
}

#[test]
fn refusals_of_addresses_hours_apart_are_no_streak() {
    let mut streaks = Streaks::default();
    for n in 0..3 * STREAK {
        assert_eq!(streaks.refused(address(n), Some(n), at(3_600_000 * n as i64)), Ruling::Open);
        assert_eq!(streaks.overdue(at(3_600_000 * n as i64 + 2_000)), [n]);
    }
}

#[test]
fn refusals_that_may_be_about_us_are_a_streak_however_far_apart_until_an_acceptance() {
    let mut streaks = Streaks::<usize>::default();
    let count = |streaks: &mut Streaks<usize>, n: usize| {
        streaks.refused(refusal(n, "blacklisted"), None, at(3_600_000 * n as i64))
    };
    for n in 1..STREAK {
        assert_eq!(count(&mut streaks, n), Ruling::Open);
    }
    assert_eq!(count(&mut streaks, 5), Ruling::Us(vec![]));
    assert!(streaks.accepted(at(3_600_000 * 6)).is_empty());
    assert_eq!(count(&mut streaks, 7), Ruling::Open);
}

#[test]
fn other_words_between_do_not_hide_a_streak() {
    let mut streaks = Streaks::default();
    let of = |streaks: &mut Streaks<usize>, n, text| streaks.refused(refusal(n, text), Some(n), at(0));
    for n in 0..4 {
        assert_eq!(of(&mut streaks, n, "blacklisted"), Ruling::Open);
        assert_eq!(of(&mut streaks, 10 + n, "not permitted"), Ruling::Open);
    }
    assert_eq!(of(&mut streaks, 4, "blacklisted"), Ruling::Us(vec![0, 1, 2, 3, 4]));
    assert_eq!(streaks.clear(), [10, 11, 12, 13]);
}

#[test]
fn a_refusal_that_only_counts_is_not_held() {
    let mut streaks = Streaks::<usize>::default();
    for n in 1..STREAK {
        assert_eq!(streaks.refused(refusal(n, "x"), None, at(0)), Ruling::Open);
    }
    assert_eq!(streaks.refused(refusal(5, "x"), None, at(0)), Ruling::Us(vec![]));
    assert!(streaks.overdue(at(60_000)).is_empty());
}

#[test]
fn a_list_of_dead_addresses_comes_to_an_end() {
    let mut streaks = Streaks::default();
    for n in 1..STREAK {
        streaks.refused(address(n), Some(n), at(0));
    }
    assert!(matches!(streaks.refused(address(5), Some(5), at(0)), Ruling::Us(_)));
    assert_eq!(streaks.refused(address(6), Some(6), at(299_000)), Ruling::Us(vec![6]));
    assert_eq!(streaks.refused(address(7), Some(7), at(300_000)), Ruling::Recipient(Some(7)));
    assert!(streaks.accepted(at(300_001)).is_empty());
    assert_eq!(streaks.refused(address(8), Some(8), at(300_002)), Ruling::Open, "an acceptance ends it");
}

#[test]
fn a_refusal_of_the_sender_never_comes_to_be_the_recipients_fault() {
    let mut streaks = Streaks::default();
    for n in 0..100 {
        let ruling = refuse(&mut streaks, n, at(60_000 * n as i64));
        assert_eq!(matches!(ruling, Ruling::Us(_)), n + 1 >= STREAK, "{n}");
    }
}

#[test]
fn one_more_code_than_are_followed_replaces_the_oldest_of_which_nothing_is_held() {
    let mut streaks = Streaks::default();
    let of = |streaks: &mut Streaks<usize>, n: usize, code: usize, now| {
        let failure = failure(FailureClass::Unknown, &code.to_string(), "no");
        let wording = Wording::of(&failure, ["", ""]);
        let refusal = Refusal { wording, class: failure.class(), recipient: n.to_string() };
        streaks.refused(refusal, Some(n), at(now))
    };
    for n in 0..CODES_MAX {
        assert_eq!(of(&mut streaks, n, 550 + n, n as i64), Ruling::Open);
    }
    assert_eq!(of(&mut streaks, 99, 599, 10), Ruling::Recipient(Some(99)), "refusals of all are held");
    assert_eq!(streaks.overdue(at(3_000)).len(), CODES_MAX);
    for n in 100..103 {
        assert_eq!(of(&mut streaks, n, 551, 3_000), Ruling::Open);
    }
    assert_eq!(of(&mut streaks, 99, 599, 3_000), Ruling::Open, "in place of the first");
    assert_eq!(
        of(&mut streaks, 103, 551, 3_000),
        Ruling::Us(vec![100, 101, 102, 103]),
        "the others are kept"
    );
}

#[test]
fn the_oldest_refusals_are_forgotten_and_the_streak_goes_on() {
    let mut streaks = Streaks::default();
    for n in 0..3 * REFUSALS_MAX {
        let ruling = refuse(&mut streaks, n, at(0));
        assert_eq!(matches!(ruling, Ruling::Us(_)), n + 1 >= STREAK, "{n}");
    }
}

#[test]
fn a_wording_has_nothing_that_differs_from_person_to_person() {
    let of = |text: &str, own| Wording::of(&failure(FailureClass::Unknown, "550", text), own);
    let same = [
        (
            "550 5.1.1 <ana@example.com>: Recipient rejected (id 4F2A-9), mx1.relay.test 12:30",
            ["ana@example.com", "Ana Ruiz"],
        ),
        (
            "550 5.1.1 <luz.paz@otra.test>: Recipient rejected (id 77B-1), mx2.relay.test 12:31",
            ["luz.paz@otra.test", "Luz Paz"],
        ),
    ];
    let [first, second] = same.map(|(text, own)| of(text, own));
    assert_eq!(first, second);
    let own_name = |name: &'static str| of(&format!("no user {name} here"), [name, name]);
    assert_eq!(own_name("ana"), own_name("luz"));
    assert_ne!(of("blacklisted", ["", ""]), of("not permitted", ["", ""]));
    let coded = |code| Wording::of(&failure(FailureClass::Unknown, code, "no"), ["", ""]);
    assert_ne!(coded("550"), coded("554"));
}

#[test]
fn a_refusal_that_asks_for_another_attempt_or_is_about_the_content_is_not_counted() {
    use FailureClass::*;
    let counted = [
        (Throttled, "550 5.4.5"),
        (Throttled, "21611"),
        (ConfigAuth, "504 5.5.2"),
        (PermanentAddress, "550 5.1.1"),
        (PolicyReputation, "554 5.7.1"),
        (Unknown, "550"),
    ];
    for (class, code) in counted {
        assert!(is_counted(&failure(class, code, "")), "{code}");
        let when = RetryAdvice::After(std::time::Duration::from_secs(5));
        assert!(!is_counted(&failure(class, code, "").with_advice(when)), "{code}");
    }
    assert!(is_counted(&Failure::answered(Throttled, Phase::Http, "429", "")), "no SMTP reply");
    for (class, code) in [
        (Throttled, "450 4.7.0"),
        (Throttled, "454"),
        (Transient, "451 4.7.1"),
        (Transient, "452 4.2.2"),
        (PermanentContent, "552 5.3.4"),
    ] {
        assert!(!is_counted(&failure(class, code, "")), "{code}");
    }
}

#[test]
fn the_sender_is_refused_in_whatever_words() {
    for class in [FailureClass::ConfigAuth, FailureClass::PolicyReputation, FailureClass::Throttled] {
        let of = |code, text| Wording::of(&failure(class, code, text), ["", ""]);
        assert_eq!(of("554 5.7.1", "poor reputation"), of("550 5.7.26", "unauthenticated"));
    }
}
