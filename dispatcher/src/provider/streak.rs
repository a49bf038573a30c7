//! Refusals that are about us and not about their recipients: several in a row, of different people, in the same words.

use chrono::{DateTime, TimeDelta, Utc};
use domain::deliveries::FailureClass;

use super::failure::Failure;
use super::schedule::RetryAdvice;

/// How many different people are refused in the same words, without an acceptance between, before the provider is at fault.
pub const STREAK: usize = 5;
/// How long a refusal is held, since others may follow it.
pub const HELD_FOR: TimeDelta = TimeDelta::seconds(2);
/// How long it is held at most, while others follow.
pub const HELD_MAX: TimeDelta = TimeDelta::seconds(10);
/// Refusals of addresses further apart have nothing to do with each other. Longer than a provider rests. All others may be
/// about us however seldom a message is sent, as one alarm an hour: only an acceptance ends their streak.
pub const STREAK_GAP_MAX: TimeDelta = TimeDelta::minutes(5);
/// How long a provider is held at fault for refusals of addresses. What it refuses after that, without an acceptance, is a
/// list of dead addresses: it must come to an end.
pub const ADDRESSES_DOUBTED_FOR: TimeDelta = TimeDelta::minutes(5);
/// How many wordings are followed at once. One more replaces the oldest of which no refusal is held.
const WORDINGS_MAX: usize = 8;
/// How many refusals of one wording are held at once, as when one person is sent many messages.
const HELD_REFUSALS_MAX: usize = 32;

/// What a refusal says, freed of everything that differs from one person to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording(String);

impl Wording {
    /// Codes and common words stay. Ids, hosts, times and what is the recipient's own go: `own` are the address and the name.
    ///
    /// A refusal of the sender, the account or the speed says the same in whatever words.
    pub fn of(failure: &Failure, own: [&str; 2]) -> Self {
        use FailureClass::{ConfigAuth, PolicyReputation, Throttled};
        if matches!(failure.class(), ConfigAuth | PolicyReputation | Throttled) {
            return Self(failure.class().as_str().to_owned());
        }
        let own: Vec<String> = own.iter().flat_map(|text| words(text)).collect();
        let common = words(&failure.text).filter(|word| !own.contains(word) && is_common(word));
        Self(std::iter::once(failure.code().to_owned()).chain(common).collect::<Vec<_>>().join(" "))
    }
}

/// Lower-case words without the signs around them; an address is cut at its `@` and its dots stay.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '@' | '=' | '/' | ':' | ';' | ',' | '<' | '>'))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
}

/// Neither an id, an address, a time nor a host.
fn is_common(word: &str) -> bool {
    word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\''))
}

/// Whether a refusal counts towards a streak: it is about us, or may be although its code blames the address.
///
/// A refusal of the content does not count: a notification has one text, so that the same refusal of all its recipients
/// says nothing about us. A refusal that asks for another attempt does not count either: every recipient may be asked so
/// once, as by greylisting, and a provider that rested for it would never hear the second attempts.
pub fn is_counted(failure: &Failure) -> bool {
    use FailureClass::{ConfigAuth, PermanentAddress, PolicyReputation, Throttled, Unknown};
    let is_final =
        !matches!(failure.advice, RetryAdvice::After(_) | RetryAdvice::At(_)) && !failure.asks_again();
    is_final
        && matches!(failure.class(), ConfigAuth | PermanentAddress | PolicyReputation | Throttled | Unknown)
}

/// One refusal, as a streak is counted.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What it says.
    pub wording: Wording,
    /// Its class.
    pub class: FailureClass,
    /// The address or number refused.
    pub recipient: String,
}

/// What a refusal means; the refusals given back are to be settled so, the new one among them.
#[derive(Debug, PartialEq, Eq)]
pub enum Ruling<T> {
    /// Nothing yet: it is held, unless it was only to be counted.
    Open,
    /// It is taken at its word.
    Recipient(Option<T>),
    /// It is about us: the provider is to rest, and all that were refused so may be sent again.
    Us(Vec<T>),
}

/// The refusals of one provider since its last acceptance. `T` is what is held of a refusal.
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
    /// Counts a refusal. `held` is what is kept of it until its meaning is decided; without it the refusal only
    /// counts, since its row has a way to go on.
    pub fn refused(&mut self, refusal: Refusal, held: Option<T>, now: DateTime<Utc>) -> Ruling<T> {
        self.0.retain(|streak| !streak.is_over(now));
        let Some(streak) = self.of(refusal.wording, refusal.class, now) else {
            return Ruling::Recipient(held);
        };
        streak.count(refusal.recipient, now);
        streak.rule(refusal.class, held, now)
    }

    /// A send that began then was accepted: people are counted anew, and refusals before it were about their
    /// recipients. Gives back what was held of these. For a refusal that came while the send was under way it is no proof.
    pub fn accepted(&mut self, began_at: DateTime<Utc>) -> Vec<T> {
        let mut cleared = Vec::new();
        for streak in &mut self.0 {
            streak.people.clear();
            cleared.extend(streak.held.extract_if(.., |(_, at)| *at < began_at).map(|(held, _)| held));
        }
        self.0.retain(|streak| !streak.held.is_empty());
        cleared
    }

    /// Gives back what was held long enough: nothing else was learned, so that it is about its recipient.
    pub fn overdue(&mut self, now: DateTime<Utc>) -> Vec<T> {
        let mut overdue = Vec::new();
        for streak in &mut self.0 {
            let is_over = now - streak.last_at >= HELD_FOR;
            let past = streak.held.extract_if(.., |(_, at)| is_over || now - *at >= HELD_MAX);
            overdue.extend(past.map(|(held, _)| held));
        }
        overdue
    }

    /// Gives back everything that is held, undecided.
    pub fn clear(&mut self) -> Vec<T> {
        std::mem::take(&mut self.0).into_iter().flat_map(|streak| streak.held).map(|(held, _)| held).collect()
    }

    /// The streak of a wording, a new one if need be. None: refusals of all the others are held.
    fn of(&mut self, wording: Wording, class: FailureClass, now: DateTime<Utc>) -> Option<&mut Streak<T>> {
        let known = self.0.iter().position(|streak| streak.wording == wording);
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

    /// Whether the next refusal has nothing to do with those before it.
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
