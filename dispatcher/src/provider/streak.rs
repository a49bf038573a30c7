//! Recognizes refusals that are about us and not about their recipients: consecutive ones to different people in the
//! same words.

use std::collections::{BTreeSet, HashMap, HashSet};

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
/// How many codes are followed at once. One more replaces the oldest one without a held refusal.
const CODES_MAX: usize = 8;
/// How many refusals of one code are held at once, as when one person is sent many messages.
const HELD_REFUSALS_MAX: usize = 32;
/// How many refusals of one code are remembered. More than are held: the oldest one that is not held is forgotten.
const REFUSALS_MAX: usize = 2 * HELD_REFUSALS_MAX;

/// A refusal's code and words, without what is known to differ between people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    code: String,
    /// In order, each once.
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
        let common: BTreeSet<String> = common.collect();
        Self { code: failure.code().to_owned(), words: common.into_iter().collect() }
    }
}

/// Whether two refusals of one code say the same: more than half of their words.
fn say_the_same(one: &[&str], other: &[&str]) -> bool {
    let shared = one.iter().filter(|word| other.contains(word)).count();
    one == other || 2 * shared > one.len().max(other.len())
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

/// The refusals of one provider since its last acceptance, by code. `T` is a held refusal.
#[derive(Debug)]
pub struct Streaks<T>(Vec<Streak<T>>);

#[derive(Debug)]
struct Streak<T> {
    code: String,
    class: FailureClass,
    /// The last ones, in their order.
    refusals: Vec<Remembered<T>>,
    last_at: DateTime<Utc>,
    /// Since when the provider is at fault.
    at_fault_since: Option<DateTime<Utc>>,
}

#[derive(Debug)]
struct Remembered<T> {
    /// None for one that came before the last acceptance: it is no longer counted.
    recipient: Option<String>,
    words: Vec<String>,
    held: Option<(T, DateTime<Utc>)>,
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
        let Refusal { wording, class, recipient } = refusal;
        let Some(streak) = self.of(wording.code, class, now) else {
            return Ruling::Recipient(held);
        };
        streak.count(recipient, wording.words, now);
        streak.rule(class, held, now)
    }

    /// A send that began at that time was accepted. Counting starts anew, and the refusals before it were about their
    /// recipients: returns those that were held. It is no proof for a refusal that came while the accepted send was in
    /// flight.
    pub fn accepted(&mut self, began_at: DateTime<Utc>) -> Vec<T> {
        let mut cleared = Vec::new();
        for streak in &mut self.0 {
            cleared.extend(streak.take_held(|at| at < began_at));
            streak.refusals.retain(|refusal| refusal.held.is_some());
            streak.refusals.iter_mut().for_each(|refusal| refusal.recipient = None);
            streak.at_fault_since = None;
        }
        self.0.retain(|streak| !streak.refusals.is_empty());
        cleared
    }

    /// Returns the refusals that were held long enough. Nothing contradicted them, so they are about their recipients.
    pub fn overdue(&mut self, now: DateTime<Utc>) -> Vec<T> {
        let mut overdue = Vec::new();
        for streak in &mut self.0 {
            let is_over = now - streak.last_at >= HELD_FOR;
            overdue.extend(streak.take_held(|at| is_over || now - at >= HELD_MAX));
        }
        overdue
    }

    /// Returns all held refusals, undecided.
    pub fn clear(&mut self) -> Vec<T> {
        std::mem::take(&mut self.0).iter_mut().flat_map(|streak| streak.take_held(|_| true)).collect()
    }

    /// The streak of a code, new if there is none. `None` if every other streak holds refusals, so that none can be
    /// replaced.
    fn of(&mut self, code: String, class: FailureClass, now: DateTime<Utc>) -> Option<&mut Streak<T>> {
        let known = self.0.iter().position(|streak| streak.code == code);
        if let Some(place) = known {
            return self.0.get_mut(place);
        }
        if self.0.len() >= CODES_MAX {
            let oldest = self.oldest_without_held()?;
            self.0.remove(oldest);
        }
        self.0.push(Streak { code, class, refusals: Vec::new(), last_at: now, at_fault_since: None });
        self.0.last_mut()
    }

    fn oldest_without_held(&self) -> Option<usize> {
        let streaks = self.0.iter().enumerate().filter(|(_, streak)| streak.held() == 0);
        streaks.min_by_key(|(_, streak)| streak.last_at).map(|(place, _)| place)
    }
}

impl<T> Streak<T> {
    /// Whether the next refusal does not belong to the streak of those before it.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.class == FailureClass::PermanentAddress
            && self.held() == 0
            && now - self.last_at > STREAK_GAP_MAX
    }

    fn held(&self) -> usize {
        self.refusals.iter().filter(|refusal| refusal.held.is_some()).count()
    }

    fn take_held(&mut self, is_due: impl Fn(DateTime<Utc>) -> bool) -> Vec<T> {
        let due = |held: &mut (T, DateTime<Utc>)| is_due(held.1);
        let all = self.refusals.iter_mut();
        all.filter_map(|refusal| refusal.held.take_if(due)).map(|(held, _)| held).collect()
    }

    fn count(&mut self, recipient: String, words: Vec<String>, now: DateTime<Utc>) {
        self.last_at = now;
        if self.refusals.len() >= REFUSALS_MAX
            && let Some(oldest) = self.refusals.iter().position(|refusal| refusal.held.is_none())
        {
            self.refusals.remove(oldest);
        }
        self.refusals.push(Remembered { recipient: Some(recipient), words, held: None });
    }

    /// Rules on the last refusal.
    fn rule(&mut self, class: FailureClass, held: Option<T>, now: DateTime<Utc>) -> Ruling<T> {
        let alike = self.alike();
        let people: HashSet<&String> =
            alike.iter().filter_map(|place| self.refusals[*place].recipient.as_ref()).collect();
        if people.len() < STREAK {
            return self.hold(held, now);
        }
        let since = *self.at_fault_since.get_or_insert(now);
        if class == FailureClass::PermanentAddress && now - since >= ADDRESSES_DOUBTED_FOR {
            return Ruling::Recipient(held);
        }
        let before = alike.into_iter().filter_map(|place| self.refusals[place].held.take());
        Ruling::Us(before.map(|(held, _)| held).chain(held).collect())
    }

    /// The places of the refusals that say the same as the last one. Only words that two of them have are compared: an id may
    /// consist of letters alone and look like a word, and be all that is said.
    fn alike(&self) -> Vec<usize> {
        let mut uses = HashMap::<&str, usize>::new();
        for word in self.refusals.iter().flat_map(|refusal| &refusal.words) {
            *uses.entry(word).or_default() += 1;
        }
        let all = self.refusals.iter().map(|refusal| refusal.words.iter().map(String::as_str));
        let shared: Vec<Vec<&str>> = all.map(|words| words.filter(|word| uses[word] > 1).collect()).collect();
        let is_alike = |place: &usize| shared.last().is_some_and(|last| say_the_same(&shared[*place], last));
        (0..shared.len()).filter(is_alike).collect()
    }

    fn hold(&mut self, held: Option<T>, now: DateTime<Utc>) -> Ruling<T> {
        if self.held() >= HELD_REFUSALS_MAX {
            return Ruling::Recipient(held);
        }
        if let Some(last) = self.refusals.last_mut() {
            last.held = held.map(|held| (held, now));
        }
        Ruling::Open
    }
}

#[cfg(test)]
#[path = "streak_tests.rs"]
mod tests;
