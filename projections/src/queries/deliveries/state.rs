//! The shown state of a delivery: its state by its events, or that it is in flight.

use std::fmt;
use std::str::FromStr;

use domain::deliveries::DeliveryState;
use domain::value::Invalid;
use serde::{Serialize, Serializer};

/// The state of deliveries in flight, which no event has.
const SENDING: &str = "sending";
/// Every word, in the order of the totals.
const WORDS: &[&str] = &[
    "pending",
    SENDING,
    "accepted",
    "delivered",
    "deferred",
    "failed",
    "suppressed",
    "in_doubt",
    "cancelled",
];

/// The state of a delivery as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownState {
    /// A dispatcher is sending it at this moment.
    Sending,
    /// Where it stands by its events.
    At(DeliveryState),
}

impl ShownState {
    /// Every word, in the order of the totals.
    pub const WORDS: &'static [&'static str] = WORDS;

    /// The word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sending => SENDING,
            Self::At(state) => state.as_str(),
        }
    }
}

impl TryFrom<&str> for ShownState {
    type Error = Invalid;

    fn try_from(word: &str) -> Result<Self, Self::Error> {
        match word {
            "" => Err(Invalid::Missing),
            SENDING => Ok(Self::Sending),
            _ => DeliveryState::try_from(word)
                .map(Self::At)
                .map_err(|_| Invalid::NotAllowed { allowed: WORDS }),
        }
    }
}

impl TryFrom<String> for ShownState {
    type Error = Invalid;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        Self::try_from(word.as_str())
    }
}

impl FromStr for ShownState {
    type Err = Invalid;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::try_from(word)
    }
}

impl fmt::Display for ShownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ShownState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_shown_by_a_word_of_its_own() {
        assert_eq!(ShownState::WORDS.len(), DeliveryState::ALL.len() + 1);
        for word in ShownState::WORDS {
            assert_eq!(word.parse::<ShownState>().expect("a state").as_str(), *word);
        }
        assert_eq!("sent".parse::<ShownState>(), Err(Invalid::NotAllowed { allowed: WORDS }));
    }
}
