//! Whose deliveries go by which providers.

use std::sync::Arc;

use domain::value::CompanyId;
use uuid::Uuid;

use crate::provider::Provider;

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
