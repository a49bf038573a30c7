//! How doubts end without a person: when a provider is asked about them, which answer counts, and which are sent again.

use chrono::{DateTime, TimeDelta, Utc};

use crate::value::Category;

/// The wait after the first question about a doubt; each further one doubles it.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);
/// The longest wait between two questions.
const AGAIN_AFTER_MAX: TimeDelta = TimeDelta::hours(1);
/// How far a provider's clock may be from ours.
pub const CLOCK_DIFFERENCE_MAX: TimeDelta = TimeDelta::seconds(30);
/// A provider is asked about a doubt for so long. Infobip keeps its logs for two days.
pub const ASKED_FOR: TimeDelta = TimeDelta::days(2);

/// How long to wait after a question about a doubt, by how often it was asked.
pub fn ask_again_after(times: u32) -> TimeDelta {
    let doubled = 1_i32.checked_shl(times.saturating_sub(1)).filter(|factor| *factor > 0);
    doubled.map_or(AGAIN_AFTER_MAX, |factor| (AGAIN_AFTER * factor).min(AGAIN_AFTER_MAX))
}

/// When the message of a doubt was sent, as far as we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendWindow {
    /// The last thing that was recorded before it.
    pub after: DateTime<Utc>,
    /// When it was recorded as in doubt.
    pub before: DateTime<Utc>,
}

impl SendWindow {
    /// Whether a message with this time of a provider's clock may be the one.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.after - CLOCK_DIFFERENCE_MAX <= at && at <= self.before + CLOCK_DIFFERENCE_MAX
    }
}

/// What an answer about a doubt means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding<T> {
    /// This is its message.
    Found(T),
    /// The provider has none. It is no proof: a list may lag behind.
    Absent,
    /// The message could be that of another delivery.
    Ambiguous,
}

/// Picks the message of a doubt among those that fit it: the only one that no other delivery has. `has_rivals` says that another
/// delivery in doubt may have sent the same; then no message is anybody's.
pub fn pick<T>(fitting: Vec<T>, is_of_another: impl Fn(&T) -> bool, has_rivals: bool) -> Finding<T> {
    let mut free = fitting.into_iter().filter(|message| !is_of_another(message));
    match (free.next(), free.next()) {
        (None, _) => Finding::Absent,
        (Some(message), None) if !has_rivals => Finding::Found(message),
        (Some(_), _) => Finding::Ambiguous,
    }
}

/// Whether the policy of its category has a delivery in doubt sent again. An alarm that arrives twice is better than one that
/// does not arrive. Only operational ones, after the time that the configuration states, and once: a doubt about a later
/// generation is for a person.
pub fn is_sent_again_by_policy(
    category: Category,
    generation: u32,
    age: TimeDelta,
    after: Option<TimeDelta>,
) -> bool {
    category == Category::Operational && generation == 1 && after.is_some_and(|after| after <= age)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time within range")
    }

    #[test]
    fn a_provider_is_asked_more_and_more_seldom() {
        let minutes = |times| ask_again_after(times).num_minutes();
        assert_eq!([1, 2, 3, 6, 7, 40, u32::MAX].map(minutes), [1, 2, 4, 32, 60, 60, 60]);
    }

    #[test]
    fn a_message_fits_only_within_the_time_of_its_send() {
        let window = SendWindow { after: at(1_000), before: at(1_060) };
        assert!([970, 1_000, 1_090].map(at).into_iter().all(|time| window.contains(time)));
        assert!(![969, 1_091].map(at).into_iter().any(|time| window.contains(time)));
    }

    #[test]
    fn only_the_only_message_of_nobody_else_is_the_one() {
        let of_another = |message: &&str| message.starts_with("other");
        assert_eq!(pick(vec!["a"], of_another, false), Finding::Found("a"));
        assert_eq!(pick(vec!["other", "a"], of_another, false), Finding::Found("a"));
        assert_eq!(pick(vec!["other"], of_another, false), Finding::Absent);
        assert_eq!(pick(vec![], of_another, true), Finding::Absent);
        assert_eq!(pick(vec!["a", "b"], of_another, false), Finding::Ambiguous);
        assert_eq!(pick(vec!["a"], of_another, true), Finding::Ambiguous);
    }

    #[test]
    fn only_an_operational_doubt_is_sent_again_by_policy_and_only_once() {
        let minute = TimeDelta::minutes(1);
        let is_sent =
            |category, generation, age| is_sent_again_by_policy(category, generation, age, Some(minute));
        assert!(is_sent(Category::Operational, 1, minute));
        assert!(!is_sent(Category::Operational, 1, minute - TimeDelta::seconds(1)));
        assert!(!is_sent(Category::Operational, 2, minute));
        for other in [Category::Service, Category::Collection, Category::Commercial] {
            assert!(!is_sent(other, 1, TimeDelta::days(1)));
        }
        assert!(!is_sent_again_by_policy(Category::Operational, 1, TimeDelta::days(1), None));
    }
}
