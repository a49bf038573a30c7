//! A company: whose clients are monitored; the boundary of client data.

mod command;
mod error;
mod event;
mod limits;
mod purse;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::command::{CompanyChange, CompanyCommand, CompanyDetails};
pub use self::error::CompanyError;
pub use self::event::{CompanyEvent, CompanyProfile};
pub use self::limits::{CompanyLimits, FOREIGN_PER_DAY, Limit, LimitsChange};
pub use self::purse::{ALERTS, Amount, Measure, OverLimit, Period, Purse, Taken, Unit, alert_at};
use crate::aggregate::aggregate;
use crate::value::Name;

/// The state of a company that the rules need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    profile: Option<CompanyProfile>,
}

aggregate!(Company, "company", CompanyCommand, CompanyEvent, CompanyError);

impl Company {
    /// The profile, once it is registered.
    pub const fn profile(&self) -> Option<&CompanyProfile> {
        self.profile.as_ref()
    }

    /// Decides a command: its events, or the reason of a refusal.
    pub fn decide(&self, command: CompanyCommand) -> Result<Vec<CompanyEvent>, CompanyError> {
        match (&self.profile, command) {
            (None, CompanyCommand::Register(details)) => {
                Ok(vec![CompanyEvent::CompanyRegistered(details.into())])
            }
            (Some(_), CompanyCommand::Register(_)) => Err(CompanyError::AlreadyRegistered),
            (None, CompanyCommand::Change(_)) => Err(CompanyError::Unknown),
            (Some(now), CompanyCommand::Change(change)) => {
                let profile = now.clone().with(change);
                Ok(if *now == profile { vec![] } else { vec![CompanyEvent::CompanyChanged(profile)] })
            }
        }
    }

    fn fold(&mut self, event: CompanyEvent) {
        let (CompanyEvent::CompanyRegistered(profile) | CompanyEvent::CompanyChanged(profile)) = event;
        self.profile = Some(profile);
    }
}

impl CompanyProfile {
    fn with(self, change: CompanyChange) -> Self {
        Self {
            name: change.name.map_or(self.name, Name::into_string),
            country: change.country.map_or(self.country, |country| country.to_string()),
            time_zone: change.time_zone.map_or(self.time_zone, |time_zone| time_zone.to_string()),
            limits: self.limits.with(change.limits),
        }
    }
}

impl From<CompanyDetails> for CompanyProfile {
    fn from(details: CompanyDetails) -> Self {
        Self {
            name: details.name.into_string(),
            country: details.country.to_string(),
            time_zone: details.time_zone.to_string(),
            limits: CompanyLimits::default(),
        }
    }
}
