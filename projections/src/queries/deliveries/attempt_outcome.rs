//! How one attempt ended: in a state of the delivery, or at another provider.

use domain::deliveries::DeliveryState;
use serde::{Deserialize, Serialize, Serializer};

/// The word for a refusal after which another provider was asked.
const PASSED_ON: &str = "passed_on";

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum AttemptOutcome {
    /// The provider refused it, and another was asked in the same attempt.
    PassedOn,
    /// It gave the delivery this state.
    At(DeliveryState),
}

impl AttemptOutcome {
    /// The word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PassedOn => PASSED_ON,
            Self::At(state) => state.as_str(),
        }
    }
}

impl TryFrom<String> for AttemptOutcome {
    type Error = <DeliveryState as TryFrom<String>>::Error;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        if word == PASSED_ON { Ok(Self::PassedOn) } else { DeliveryState::try_from(word).map(Self::At) }
    }
}

impl Serialize for AttemptOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
