//! Whose deliveries go by which providers.

use std::sync::Arc;

use domain::value::{Channel, CompanyId};
use uuid::Uuid;

use crate::provider::{Prices, Provider, SmsProvider};

/// The companies of a route. No company may be in two routes of a process.
#[derive(Debug, Clone)]
pub enum Companies {
    /// Everybody's.
    All,
    /// These only.
    Only(Arc<[CompanyId]>),
    /// All but these.
    Except(Arc<[CompanyId]>),
}

/// Providers, in order of preference, and the companies whose deliveries they carry. Within a channel a later one is used
/// while those before it rest; a channel without providers keeps its rows waiting.
#[derive(Debug, Clone)]
pub struct Route {
    /// Whose deliveries.
    pub companies: Companies,
    /// Who carries them.
    pub providers: Vec<Provider>,
}

impl Route {
    /// The channels that nobody carries: their deliveries wait until somebody does.
    pub(crate) fn idle_channels(&self) -> impl Iterator<Item = Channel> {
        let carries = |channel| self.providers.iter().any(|provider| provider.channel() == channel);
        Channel::ALL.iter().copied().filter(move |channel| !carries(*channel))
    }
}

/// Whether the SMS of a company are carried in Unicode: by the provider that is preferred for them. Another one, used while
/// that rests, may differ. True if there is none.
pub fn sms_takes_unicode(routes: &[Route], company: CompanyId) -> bool {
    preferred_for_sms(routes, company).is_none_or(SmsProvider::takes_unicode)
}

/// The prices of the provider that is preferred for the SMS of a company, if there is one.
pub fn sms_prices(routes: &[Route], company: CompanyId) -> Option<&Prices> {
    preferred_for_sms(routes, company).map(SmsProvider::prices)
}

fn preferred_for_sms(routes: &[Route], company: CompanyId) -> Option<&SmsProvider> {
    let route = routes.iter().find(|route| route.companies.include(company.uuid()))?;
    route.providers.iter().find_map(|provider| match provider {
        Provider::Sms(provider) => Some(provider),
        Provider::Email(_) => None,
    })
}

impl Companies {
    /// Whether a company's deliveries go this way.
    pub(crate) fn include(&self, company: Uuid) -> bool {
        let is_among = |companies: &[CompanyId]| companies.iter().any(|one| Uuid::from(*one) == company);
        match self {
            Self::All => true,
            Self::Only(companies) => is_among(companies),
            Self::Except(companies) => !is_among(companies),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{EmailProvider, SmtpSettings};

    #[test]
    fn a_channel_without_a_provider_is_idle() {
        let settings = SmtpSettings::new("uno", "smtp://127.0.0.1:1", "avisos@example.com");
        let email = Provider::Email(EmailProvider::try_new(&settings).expect("good settings"));
        let route = Route { companies: Companies::All, providers: vec![email] };
        assert!(route.idle_channels().eq([Channel::Sms]));
    }

    #[test]
    fn a_company_goes_by_one_of_two_complementary_routes() {
        let demo: Arc<[CompanyId]> = [CompanyId::from(Uuid::from_u128(1))].into();
        for (company, is_demo) in [(1, true), (2, false)] {
            assert_eq!(Companies::Only(Arc::clone(&demo)).include(Uuid::from_u128(company)), is_demo);
            assert_eq!(Companies::Except(Arc::clone(&demo)).include(Uuid::from_u128(company)), !is_demo);
            assert!(Companies::All.include(Uuid::from_u128(company)));
        }
    }
}
