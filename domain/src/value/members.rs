//! Sets of people within a chunk: small, ordered, and written as ranges.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ordinal::CHUNK_MEMBERS;

const WORDS: usize = 8;
const WORD_BITS: usize = 64;

/// The place of one person in a chunk, from 1 to [`CHUNK_MEMBERS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member(u16);

impl Member {
    /// The member of this number, if there can be one.
    pub const fn try_new(number: u16) -> Option<Self> {
        if number >= 1 && number as u32 <= CHUNK_MEMBERS { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The place in a list of the chunk's people, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize - 1
    }

    const fn bit(self) -> (usize, u64) {
        (self.index() / WORD_BITS, 1 << (self.index() % WORD_BITS))
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u16::deserialize(deserializer)?;
        Self::try_new(number).ok_or_else(|| serde::de::Error::custom("not a member of a chunk"))
    }
}

/// Some members of one chunk, in order. In text and JSON: `1-64,66,70-500`, and the empty text for nobody.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Members([u64; WORDS]);

impl Members {
    /// Nobody.
    pub const NONE: Self = Self([0; WORDS]);

    /// Adds a member; false if it was there already.
    pub const fn insert(&mut self, member: Member) -> bool {
        let (word, bit) = member.bit();
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    /// Takes a member out; false if it was not there.
    pub const fn remove(&mut self, member: Member) -> bool {
        let (word, bit) = member.bit();
        let was_there = self.0[word] & bit != 0;
        self.0[word] &= !bit;
        was_there
    }

    /// Whether a member is there.
    pub const fn contains(&self, member: Member) -> bool {
        let (word, bit) = member.bit();
        self.0[word] & bit != 0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// Those who are here or there.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        self.with(other, |one, two| one | two)
    }

    /// Those who are here but not there.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        self.with(other, |one, two| one & !two)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Member> + '_ {
        let words = self.0.iter().zip((1..).step_by(WORD_BITS));
        words.flat_map(|(word, first)| bits(*word).map(move |bit| Member(first + bit)))
    }

    fn with(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        let mut joined = self;
        for (word, other) in joined.0.iter_mut().zip(other.0) {
            *word = join(*word, other);
        }
        joined
    }

    /// The first and the last of each run.
    fn ranges(&self) -> Vec<(u16, u16)> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for Member(number) in self.iter() {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == number => *last = number,
                _ => ranges.push((number, number)),
            }
        }
        ranges
    }
}

/// The bits that are set, from the lowest.
fn bits(word: u64) -> impl Iterator<Item = u16> {
    let rest = std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)));
    rest.take_while(|rest| *rest != 0).map(|rest| rest.trailing_zeros() as u16)
}

impl FromIterator<Member> for Members {
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Self {
        let mut all = Self::NONE;
        for member in members {
            all.insert(member);
        }
        all
    }
}

impl From<Member> for Members {
    fn from(member: Member) -> Self {
        [member].into_iter().collect()
    }
}

impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (first, last)) in self.ranges().into_iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}-{last}")? }
        }
        Ok(())
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Members({self})")
    }
}

/// The text names no members of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not members of a chunk")]
pub struct NotMembers;

impl FromStr for Members {
    type Err = NotMembers;

    fn from_str(text: &str) -> Result<Self, NotMembers> {
        let mut members = Self::NONE;
        for range in text.split(',').filter(|_| !text.is_empty()) {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let number = |text: &str| text.parse().ok().and_then(Member::try_new).ok_or(NotMembers);
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return Err(NotMembers);
            }
            (first.0..=last.0).for_each(|number| _ = members.insert(Member(number)));
        }
        Ok(members)
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Members {
        text.parse().expect("members")
    }

    #[test]
    fn members_are_written_as_ranges_and_read_back() {
        for text in ["", "1", "1-64,66,70-500", "2,4,6", "63-66"] {
            assert_eq!(members(text).to_string(), text);
            let json = serde_json::to_string(&members(text)).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Members>(&json).unwrap(), members(text));
        }
        assert_eq!(members("1-3").len(), 3);
    }

    #[test]
    fn text_that_names_nobody_of_a_chunk_is_refused() {
        for text in ["0", "501", "1-", "-1", "3-2", "1,,2", "x", "1-501", " 1"] {
            assert_eq!(text.parse::<Members>(), Err(NotMembers), "{text}");
        }
    }

    #[test]
    fn sets_are_joined_and_parted() {
        assert_eq!(members("1-3").union(members("3-5")), members("1-5"));
        assert_eq!(members("1-5").without(members("2-3,9")), members("1,4-5"));
        assert!(members("7").without(members("7")).is_empty());
    }

    #[test]
    fn a_member_is_put_in_and_taken_out_once() {
        let (mut some, member) = (Members::NONE, Member::try_new(500).expect("a member"));
        assert!(some.insert(member) && !some.insert(member) && some.contains(member));
        assert!(some.remove(member) && !some.remove(member) && !some.contains(member));
    }
}
