//! Limits of messages a second: whose they are, and how much they let through.

use std::num::NonZeroU32;
use std::sync::Arc;

use domain::value::{Channel, CompanyId};

use crate::tasks::company_limits::CompanyLimits;

/// How many jobs of this process wait for slots of a limit at once, at least and at most: those of the next second.
const PLACES_MIN: usize = 2;
const PLACES_MAX: usize = 2_000;

/// A limit of messages a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::worker) struct Limit {
    /// Its calendar's name, the same in all processes.
    pub(in crate::worker) name: Arc<str>,
    rate: Rate,
}

/// The limits that a message is under.
pub(in crate::worker) type Limits = Vec<Limit>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rate {
    Provider(NonZeroU32),
    Domain(NonZeroU32),
    /// As its company says at each moment.
    Company(CompanyId, Channel),
}

impl Limit {
    /// The limit of a provider.
    pub(in crate::worker) fn of_provider(channel: Channel, provider: &str, per_second: NonZeroU32) -> Self {
        let name = format!("provider:{}:{provider}", channel.as_str());
        Self { name: name.into(), rate: Rate::Provider(per_second) }
    }

    /// The limit of a company on a channel.
    pub(in crate::worker) fn of_company(company: CompanyId, channel: Channel) -> Self {
        let name = format!("company:{}:{}", channel.as_str(), company.uuid());
        Self { name: name.into(), rate: Rate::Company(company, channel) }
    }

    /// The limit of a domain that e-mails go to, and of those with the same servers.
    pub(in crate::worker) fn of_domain(name: &str, per_second: NonZeroU32) -> Self {
        Self { name: format!("domain:{name}").into(), rate: Rate::Domain(per_second) }
    }

    /// Its messages a second now; none if it was taken away.
    pub(super) fn per_second(&self, companies: &CompanyLimits) -> Option<NonZeroU32> {
        match self.rate {
            Rate::Provider(per_second) | Rate::Domain(per_second) => Some(per_second),
            Rate::Company(company, channel) => companies.of(company).per_second(channel),
        }
    }

    pub(super) const fn is_of_provider(&self) -> bool {
        matches!(self.rate, Rate::Provider(_))
    }

    /// Its messages a second, if it is of a domain.
    pub(in crate::worker) const fn of_a_domain(&self) -> Option<NonZeroU32> {
        match self.rate {
            Rate::Domain(per_second) => Some(per_second),
            _ => None,
        }
    }

    /// Whether it is of a company.
    pub(in crate::worker) const fn is_of_company(&self) -> bool {
        matches!(self.rate, Rate::Company(..))
    }
}

/// How many jobs may wait for the slots of a limit at once.
pub(in crate::worker) fn places(per_second: NonZeroU32) -> usize {
    (per_second.get() as usize).clamp(PLACES_MIN, PLACES_MAX)
}
