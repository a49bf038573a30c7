//! `PATCH /clients/{id}`: change what is known of a client.

use axum::extract::State;
use domain::client::{ClientDetails, ClientProfile, Contact, Served};
use domain::value::{ClientId, ExternalId, Locale, Name, TimeZone};
use utoipa::ToSchema;

use super::contact::{ContactFields, contacts};
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// What is to change; absent parts stay.
#[derive(ToSchema)]
pub(super) struct ChangeClient {
    /// A new name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    name: Option<Name>,
    /// A new name of the company's own; null takes it away.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    external_id: Option<Option<ExternalId>>,
    /// All the contacts there are to be.
    #[schema(value_type = Option<Vec<ContactFields>>)]
    contacts: Option<Vec<ContactFields>>,
    /// A new language.
    #[schema(value_type = Option<String>)]
    locale: Option<Locale>,
    /// A new time zone, as an IANA name.
    #[schema(value_type = Option<String>)]
    time_zone: Option<TimeZone>,
}

impl FromFields for ChangeClient {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.changed("name"),
            external_id: fields.nullable("external_id"),
            contacts: fields.changed("contacts"),
            locale: fields.changed("locale"),
            time_zone: fields.changed("time_zone"),
        })
    }
}

impl Body for ChangeClient {}

/// Change a client (notifiers of its company).
#[utoipa::path(
    patch, path = "/clients/{id}", tag = "clients", request_body = ChangeClient,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    PathId(client): PathId<ClientId>,
    order: Order<ChangeClient>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let served = commands::clients::served(state.log(), client).await?.ok_or_else(Problem::not_found)?;
    let company = served.company;
    caller.needs_for(company, caller.may_notify(company))?;
    let details = body.over(served, &state).await?;
    let done = commands::clients::change(state.log(), company, client, details, &context).await?;
    Ok(state.changed(&caller, done))
}

impl ChangeClient {
    async fn over(self, served: Served, state: &AppState) -> Answer<ClientDetails> {
        let stored = |invalid| Problem::internal(&invalid);
        let now = served.profile.into_clear().ok_or_else(Problem::not_found)?;
        let name = self.name.map_or_else(|| Name::try_from(now.name), Ok).map_err(stored)?;
        let contacts = match self.contacts {
            Some(fields) => new_contacts(fields, &name, served.company, state).await?,
            None => now.contacts,
        };
        let external_id = match self.external_id {
            Some(changed) => changed.map(ExternalId::into_string),
            None => now.external_id,
        };
        Ok(ClientDetails {
            profile: ClientProfile { external_id, name: name.into_string(), contacts },
            locale: self.locale.map_or_else(|| served.locale.parse(), Ok).map_err(stored)?,
            time_zone: self.time_zone.map_or_else(|| served.time_zone.parse(), Ok).map_err(stored)?,
        })
    }
}

async fn new_contacts(
    fields: Vec<ContactFields>,
    client: &Name,
    company: domain::value::CompanyId,
    state: &AppState,
) -> Answer<Vec<Contact>> {
    let company = commands::companies::profile(state.log(), company).await?.ok_or_else(Problem::not_found)?;
    let country =
        company.country.parse().map_err(|invalid: domain::value::Invalid| Problem::internal(&invalid))?;
    contacts(fields, client, country)
}
