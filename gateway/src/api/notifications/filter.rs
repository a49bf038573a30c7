//! The filter of a request: which clients of the company, as callers name them.

use commands::clients;
use domain::notification::{AudienceFilter, ClientList};
use domain::value::{CompanyId, ExternalId, Locale, TimeZone};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields};
use crate::problem::{Answer, Reason};
use crate::state::AppState;

/// A filter in a request.
#[derive(Default, Serialize)]
pub(super) struct AskedFilter {
    pub(super) locale: Option<Locale>,
    pub(super) time_zone: Option<TimeZone>,
    pub(super) external_ids: Option<Vec<ExternalId>>,
}

/// Which clients of the company: those to whom every given field applies.
#[derive(ToSchema)]
#[schema(as = NotificationFilter)]
#[expect(dead_code, reason = "describes what is read field by field")]
pub(super) struct FilterFields {
    /// Those who are written to in this language: `es` in any region or none, `es-CO` in that one alone.
    locale: Option<String>,
    /// Those in this time zone, such as `America/Bogota`.
    time_zone: Option<String>,
    /// Those with these external ids.
    #[schema(max_items = 10_000)]
    external_ids: Option<Vec<String>>,
}

/// A filter by the clients' own ids.
pub(super) struct ResolvedFilter {
    pub(super) filter: AudienceFilter,
    /// The external ids that no client has, in the order of the request.
    pub(super) unknown: Vec<ExternalId>,
}

impl FromFields for AskedFilter {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let locale = fields.optional("locale");
        let time_zone = fields.optional("time_zone");
        let external_ids: Option<Vec<ExternalId>> = fields.optional("external_ids");
        let max = ClientList::EXTERNAL_IDS_MAX;
        if external_ids.as_ref().is_some_and(|ids| ids.len() > max) {
            return fields.refuse("external_ids", Reason::TooManyExternalIds { max });
        }
        Some(Self { locale, time_zone, external_ids })
    }
}

impl AskedFilter {
    /// Whether the request names the clients or a property of theirs.
    pub(super) const fn is_given(&self) -> bool {
        self.locale.is_some() || self.time_zone.is_some() || self.external_ids.is_some()
    }

    /// The filter with the clients who have the external ids now.
    pub(super) async fn resolved(&self, state: &AppState, company: CompanyId) -> Answer<ResolvedFilter> {
        let Self { locale, time_zone, external_ids } = self;
        let (mut clients, mut unknown) = (None, Vec::new());
        if let Some(external_ids) = external_ids {
            let found = clients::with_external_ids(state.log(), company, external_ids).await?;
            let ids = found.iter().flatten().copied().collect();
            let missing = external_ids.iter().zip(&found).filter(|(_, client)| client.is_none());
            unknown = missing.map(|(external_id, _)| external_id.clone()).collect();
            clients = Some(ClientList { ids, unknown: u32::try_from(unknown.len()).unwrap_or(u32::MAX) });
        }
        let filter = AudienceFilter { locale: *locale, time_zone: *time_zone, clients };
        Ok(ResolvedFilter { filter, unknown })
    }
}
