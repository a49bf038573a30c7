//! Recognizes refusals that are about us and not about their recipients: consecutive ones to different people in the
//! same words.

use chrono::{DateTime, TimeDelta, Utc};
use domain::deliveries::FailureClass;

use super::failure::Failure;
use super::schedule::RetryAdvice;

/// How many different people must be refused in the same words, without an acceptance between, before the provider is
/// at fault.
pub const STREAK: usize = 5;
/// How long a refusal is held, because others may follow it.
pub const HELD_FOR: TimeDelta = TimeDelta::seconds(2);
/// How long it is held at most, while others follow.
pub const HELD_MAX: TimeDelta = TimeDelta::seconds(10);
/// Refusals of addresses further apart than this do not belong to one streak. Longer than a provider rests. Other
/// refusals may be about us however far apart they are, as with one alarm an hour: only an acceptance ends their
/// streak.
pub const STREAK_GAP_MAX: TimeDelta = TimeDelta::minutes(5);
/// How long a provider counts as at fault for refusals of addresses. Later refusals without an acceptance come from a
/// list of dead addresses, which must come to an end.
pub const ADDRESSES_DOUBTED_FOR: TimeDelta = TimeDelta::minutes(5);
/// How many wordings are followed at once. One more replaces the oldest one without a held refusal.
const WORDINGS_MAX: usize = 8;
/// How many refusals of one wording are held at once, as when one person is sent many messages.
const HELD_REFUSALS_MAX: usize = 32;

/// A refusal's words, without everything that differs between people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    code: String,
    words: Vec<String>,
}

impl Wording {
    /// Codes and common words stay. Ids, hosts, times and the words of `own`, the recipient's address and name, are
    /// removed.
    ///
    /// A refusal of the sender, the account or the speed is one wording, whatever its words.
    pub fn of(failure: &Failure, own: [&str; 2]) -> Self {
        use FailureClass::{ConfigAuth, PolicyReputation, Throttled};
        if matches!(failure.class(), ConfigAuth | PolicyReputation | Throttled) {
            return Self { code: failure.class().as_str().to_owned(), words: Vec::new() };
        }
        let own: Vec<String> = own.iter().flat_map(|text| words(text)).collect();
        let common = words(&failure.text).filter(|word| !own.contains(word) && is_common(word));
        Self { code: failure.code().to_owned(), words: common.collect() }
    }

    /// Whether both say the same: the code and more than half of the words. An id may consist of letters alone and look like
    /// a word.
    fn says_the_same_as(&self, other: &Self) -> bool {
        let shared = self.words.iter().filter(|word| other.words.contains(word)).count();
        self.code == other.code
            && (self.words == other.words || 2 * shared > self.words.len().max(other.words.len()))
    }
}

/// Lower-case words without the signs around them; an address is cut at its `@` and its dots stay.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '@' | '=' | '/' | ':' | ';' | ',' | '<' | '>'))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
}

/// Whether a word is neither an id, an address, a time nor a host.
fn is_common(word: &str) -> bool {
    word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\''))
}

/// Whether a refusal counts towards a streak: it is about us, or may be although its code blames the address.
///
/// A refusal of the content does not count: a notification has one text, so that the same refusal of all its recipients
/// says nothing about us. A refusal that asks for another attempt does not count either: greylisting asks every
/// recipient once, and a provider that rested for it would never get the second attempts.
pub fn is_counted(failure: &Failure) -> bool {
    use FailureClass::{ConfigAuth, PermanentAddress, PolicyReputation, Throttled, Unknown};
    let is_final =
        !matches!(failure.advice, RetryAdvice::After(_) | RetryAdvice::At(_)) && !failure.asks_again();
    is_final
        && matches!(failure.class(), ConfigAuth | PermanentAddress | PolicyReputation | Throttled | Unknown)
}

/// One refusal of a streak.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Its words.
    pub wording: Wording,
    /// Its class.
    pub class: FailureClass,
    /// The address or number refused.
    pub recipient: String,
}

/// The meaning of a refusal, with the held refusals that are settled by it, the new one included.
#[derive(Debug, PartialEq, Eq)]
pub enum Ruling<T> {
    /// Undecided: the refusal is held, unless it was only counted.
    Open,
    /// The refusals mean what they say.
    Recipient(Option<T>),
    /// They are about us: the provider rests, and all of them may be sent again.
    Us(Vec<T>),
}

/// The refusals of one provider since its last acceptance. `T` is a held refusal.
#[derive(Debug)]
pub struct Streaks<T>(Vec<Streak<T>>);

#[derive(Debug)]
struct Streak<T> {
    wording: Wording,
    class: FailureClass,
    /// At most [`STREAK`] different recipients.
    people: Vec<String>,
    held: Vec<(T, DateTime<Utc>)>,
    last_at: DateTime<Utc>,
    /// Since when the provider is at fault.
    at_fault_since: Option<DateTime<Utc>>,
}

impl<T> Default for Streaks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Streaks<T> {
    /// Counts a refusal. `held` is kept until the meaning is decided. Without it the refusal only counts, because its
    /// delivery goes on another way.
    pub fn refused(&mut self, refusal: Refusal, held: Option<T>, now: DateTime<Utc>) -> Ruling<T> {
        self.0.retain(|streak| !streak.is_over(now));
        let Some(streak) = self.of(refusal.wording, refusal.class, now) else {
            return Ruling::Recipient(held);
        };
        streak.count(refusal.recipient, now);
        streak.rule(refusal.class, held, now)
    }

    /// A send that began at that time was accepted. Counting starts anew, and the refusals before it were about their
    /// recipients: returns those that were held. It is no proof for a refusal that came while the accepted send was in
    /// flight.
    pub fn accepted(&mut self, began_at: DateTime<Utc>) -> Vec<T> {
        let mut cleared = Vec::new();
        for streak in &mut self.0 {
            streak.people.clear();
            cleared.extend(streak.held.extract_if(.., |(_, at)| *at < began_at).map(|(held, _)| held));
        }
        self.0.retain(|streak| !streak.held.is_empty());
        cleared
    }

    /// Returns the refusals that were held long enough. Nothing contradicted them, so they are about their recipients.
    pub fn overdue(&mut self, now: DateTime<Utc>) -> Vec<T> {
        let mut overdue = Vec::new();
        for streak in &mut self.0 {
            let is_over = now - streak.last_at >= HELD_FOR;
            let past = streak.held.extract_if(.., |(_, at)| is_over || now - *at >= HELD_MAX);
            overdue.extend(past.map(|(held, _)| held));
        }
        overdue
    }

    /// Returns all held refusals, undecided.
    pub fn clear(&mut self) -> Vec<T> {
        std::mem::take(&mut self.0).into_iter().flat_map(|streak| streak.held).map(|(held, _)| held).collect()
    }

    /// The streak of a wording, new if there is none. `None` if every other streak holds refusals, so that none can be
    /// replaced.
    fn of(&mut self, wording: Wording, class: FailureClass, now: DateTime<Utc>) -> Option<&mut Streak<T>> {
        let known = self.0.iter().position(|streak| streak.wording.says_the_same_as(&wording));
        if let Some(place) = known {
            return self.0.get_mut(place);
        }
        if self.0.len() >= WORDINGS_MAX {
            let oldest = self.oldest_without_held()?;
            self.0.remove(oldest);
        }
        self.0.push(Streak::new(wording, class, now));
        self.0.last_mut()
    }

    fn oldest_without_held(&self) -> Option<usize> {
        let streaks = self.0.iter().enumerate().filter(|(_, streak)| streak.held.is_empty());
        streaks.min_by_key(|(_, streak)| streak.last_at).map(|(place, _)| place)
    }
}

impl<T> Streak<T> {
    const fn new(wording: Wording, class: FailureClass, now: DateTime<Utc>) -> Self {
        Self { wording, class, people: Vec::new(), held: Vec::new(), last_at: now, at_fault_since: None }
    }

    /// Whether the next refusal does not belong to the streak of those before it.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.class == FailureClass::PermanentAddress
            && self.held.is_empty()
            && now - self.last_at > STREAK_GAP_MAX
    }

    fn count(&mut self, recipient: String, now: DateTime<Utc>) {
        self.last_at = now;
        if self.people.len() < STREAK && !self.people.contains(&recipient) {
            self.people.push(recipient);
        }
    }

    fn rule(&mut self, class: FailureClass, held: Option<T>, now: DateTime<Utc>) -> Ruling<T> {
        if self.people.len() < STREAK {
            return self.hold(held, now);
        }
        let since = *self.at_fault_since.get_or_insert(now);
        if class == FailureClass::PermanentAddress && now - since >= ADDRESSES_DOUBTED_FOR {
            return Ruling::Recipient(held);
        }
        Ruling::Us(self.held.drain(..).map(|(held, _)| held).chain(held).collect())
    }

    fn hold(&mut self, held: Option<T>, now: DateTime<Utc>) -> Ruling<T> {
        self.at_fault_since = None;
        if self.held.len() >= HELD_REFUSALS_MAX {
            return Ruling::Recipient(held);
        }
        self.held.extend(held.map(|held| (held, now)));
        Ruling::Open
    }
}

#[cfg(test)]
#[path = "streak_tests.rs"]
mod tests;
