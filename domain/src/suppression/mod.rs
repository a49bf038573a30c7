//! A suppression: nothing is sent to an address for a company on a channel, until it is lifted.
//!
//! Its stream is found by company, channel and address, so that an address is suppressed once.

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
    in_force: bool,
}

aggregate!(Suppression, SUPPRESSION, SuppressionCommand, SuppressionEvent, SuppressionError);

impl Suppression {
    /// The company, once something was suppressed.
    pub const fn company(&self) -> Option<CompanyId> {
        self.company
    }

    /// Whether nothing may be sent.
    pub const fn is_in_force(&self) -> bool {
        self.in_force
    }

    /// Decides a command: its events, or the reason of a refusal. The first cause counts while it is in force: asking twice
    /// changes nothing.
    pub fn decide(&self, command: SuppressionCommand) -> Result<Vec<SuppressionEvent>, SuppressionError> {
        match command {
            SuppressionCommand::Add(_) if self.in_force => Ok(vec![]),
            SuppressionCommand::Add(add) => Ok(vec![add.into()]),
            SuppressionCommand::Remove { .. } if self.company.is_none() => Err(SuppressionError::Unknown),
            SuppressionCommand::Remove { .. } if !self.in_force => Ok(vec![]),
            SuppressionCommand::Remove { suppression, reason } => {
                Ok(vec![removed(suppression, reason.into_string())])
            }
        }
    }

    fn fold(&mut self, event: SuppressionEvent) {
        match event {
            SuppressionEvent::SuppressionAdded { company, .. } => {
                *self = Self { company: Some(company), in_force: true };
            }
            SuppressionEvent::SuppressionRemoved { .. } => self.in_force = false,
        }
    }
}

fn removed(suppression: SuppressionId, reason: String) -> SuppressionEvent {
    SuppressionEvent::SuppressionRemoved { reason: crate::Personal::new(suppression.into(), reason) }
}
