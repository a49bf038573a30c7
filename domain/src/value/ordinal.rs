//! Ordinals of people in the audience of a notification, and their chunks.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::members::{Member, Members};

/// How many people a chunk of an audience holds at most: 500 sealed recipients are about 200 kB, well under the broker's
/// limit. Chunk `n`, from 1, holds the ordinals `500 (n − 1) + 1` to `500 n`; one whose recipients have very long names
/// leaves the last of them unused.
pub const CHUNK_MEMBERS: u32 = 500;

/// The number of one person in the audience of a notification, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(u32);

impl Ordinal {
    /// How many bits an ordinal has: 268,435,455 people are the most that one notification may have.
    pub const BITS: u32 = 28;
    /// The largest.
    pub const MAX: Self = Self((1 << Self::BITS) - 1);

    /// The ordinal of this number, if it is one.
    pub const fn try_new(number: u32) -> Option<Self> {
        if number >= 1 && number <= Self::MAX.0 { Some(Self(number)) } else { None }
    }

    /// The ordinal of a member of a chunk; none beyond the largest.
    pub fn of(chunk: u32, member: Member) -> Option<Self> {
        let before = chunk.checked_sub(1)?.checked_mul(CHUNK_MEMBERS)?;
        Self::try_new(before.checked_add(u32::from(member.number()))?)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The chunk that the person is in, from 1.
    pub const fn chunk(self) -> u32 {
        (self.0 - 1) / CHUNK_MEMBERS + 1
    }

    /// The person's number in the chunk.
    pub fn member(self) -> Member {
        let place = (self.0 - 1) % CHUNK_MEMBERS + 1;
        Member::try_new(place as u16).expect("a place within a chunk")
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Ordinal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ordinal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        Self::try_new(number).ok_or_else(|| serde::de::Error::custom("not an ordinal"))
    }
}

/// All members of a chunk that holds so many people.
pub fn first_members(people: usize) -> Members {
    (1..=people as u16).filter_map(Member::try_new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordinal(number: u32) -> Ordinal {
        Ordinal::try_new(number).expect("an ordinal")
    }

    #[test]
    fn an_ordinal_and_its_place_in_its_chunk_are_the_same_person() {
        for (number, chunk, member) in [(1, 1, 1), (500, 1, 500), (501, 2, 1), (1_000_000, 2_000, 500)] {
            let place = (ordinal(number).chunk(), ordinal(number).member().number());
            assert_eq!(place, (chunk, member), "{number}");
            assert_eq!(Ordinal::of(chunk, ordinal(number).member()), Some(ordinal(number)));
        }
    }

    #[test]
    fn there_is_no_ordinal_outside_the_bits() {
        assert_eq!(Ordinal::try_new(0), None);
        assert_eq!(Ordinal::try_new(Ordinal::MAX.number() + 1), None);
        assert_eq!(Ordinal::of(0, ordinal(1).member()), None);
        assert_eq!(Ordinal::of(u32::MAX, ordinal(1).member()), None);
    }
}
