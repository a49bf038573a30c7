//! The commands of a suppression.

use super::event::{SuppressionCause, SuppressionEvent};
use crate::personal::Personal;
use crate::value::{Channel, CompanyId, StatedReason, SuppressionId};

/// A command of one suppression.
#[derive(Debug, Clone, PartialEq)]
pub enum SuppressionCommand {
    /// Send nothing to the address any more.
    Add(AddSuppression),
    /// Lift it.
    Remove {
        /// The suppression, which is the key of the reason.
        suppression: SuppressionId,
        /// Why.
        reason: StatedReason,
    },
}

/// The fields of a new suppression.
#[derive(Debug, Clone, PartialEq)]
pub struct AddSuppression {
    /// The suppression; also the key of its address.
    pub suppression: SuppressionId,
    /// For which company.
    pub company: CompanyId,
    /// On which channel.
    pub channel: Channel,
    /// Which address, in its canonical form.
    pub address: String,
    /// What has led to it.
    pub cause: SuppressionCause,
    /// A person's remark.
    pub note: Option<StatedReason>,
}

impl From<AddSuppression> for SuppressionEvent {
    fn from(add: AddSuppression) -> Self {
        let key = add.suppression.into();
        Self::SuppressionAdded {
            company: add.company,
            channel: add.channel,
            address: Personal::new(key, add.address),
            cause: add.cause,
            note: add.note.map(|note| Personal::new(key, note.into_string())),
        }
    }
}
