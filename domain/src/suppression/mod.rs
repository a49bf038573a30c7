//! A suppression: nothing is sent to an address for a company on a channel, until it is lifted.
//!
//! Its stream is found by company, channel and address, so that an address is suppressed once, by its strongest cause.

mod command;
mod error;
mod event;
mod policy;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::command::{AddSuppression, SuppressionCommand};
pub use self::error::SuppressionError;
pub use self::event::{SuppressionCause, SuppressionEvent};
pub use self::policy::{asks_to_opt_out, suppressed_by};
use crate::aggregate::aggregate;
use crate::value::{CompanyId, SuppressionId};

/// The aggregate type of the streams of suppressions.
pub const SUPPRESSION: &str = "suppression";

/// The state of a suppression that the rules need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    company: Option<CompanyId>,
    /// While it is in force.
    cause: Option<SuppressionCause>,
}

aggregate!(Suppression, SUPPRESSION, SuppressionCommand, SuppressionEvent, SuppressionError);

impl Suppression {
    /// The company, once something was suppressed.
    pub const fn company(&self) -> Option<CompanyId> {
        self.company
    }

    /// Whether nothing may be sent.
    pub const fn is_in_force(&self) -> bool {
        self.cause.is_some()
    }

    /// Decides a command: its events, or the reason of a refusal. A stronger cause replaces a weaker one: who lifts what a
    /// bounce has suppressed must not lift the person's own wish with it. Asking twice changes nothing.
    pub fn decide(&self, command: SuppressionCommand) -> Result<Vec<SuppressionEvent>, SuppressionError> {
        match command {
            SuppressionCommand::Add(add)
                if self.cause.is_some_and(|cause| cause.holds_against(add.cause)) =>
            {
                Ok(vec![])
            }
            SuppressionCommand::Add(add) => Ok(vec![add.into()]),
            SuppressionCommand::Remove { .. } if self.company.is_none() => Err(SuppressionError::Unknown),
            SuppressionCommand::Remove { .. } if !self.is_in_force() => Ok(vec![]),
            SuppressionCommand::Remove { suppression, reason } => {
                Ok(vec![removed(suppression, reason.into_string())])
            }
        }
    }

    fn fold(&mut self, event: SuppressionEvent) {
        match event {
            SuppressionEvent::SuppressionAdded { company, cause, .. } => {
                *self = Self { company: Some(company), cause: Some(cause) };
            }
            SuppressionEvent::SuppressionRemoved { .. } => self.cause = None,
        }
    }
}

fn removed(suppression: SuppressionId, reason: String) -> SuppressionEvent {
    SuppressionEvent::SuppressionRemoved { reason: crate::Personal::new(suppression.into(), reason) }
}
