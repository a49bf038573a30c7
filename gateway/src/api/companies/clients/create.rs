//! `POST /companies/{id}/clients`: create a client.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::client::{ClientDetails, ClientProfile, RegisterClient};
use domain::company::CompanyProfile;
use domain::value::{ClientId, ColumnName, ColumnText, CompanyId, ExternalId, Locale, Name, TimeZone};
use serde_json::json;
use utoipa::ToSchema;

use super::profile;
use crate::api::Wrote;
use crate::api::clients::contact::{ContactFields, contacts};
use crate::api::clients::own_columns::stored_columns;
use crate::api::schema::Made;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// A client to register.
#[derive(ToSchema)]
pub(in crate::api) struct CreateClient {
    /// The person's or business's name.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    name: Name,
    /// The company's own code for the client, unique within the company.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    external_id: Option<ExternalId>,
    /// The contacts, at most 100.
    #[schema(value_type = Option<Vec<ContactFields>>)]
    contacts: Vec<ContactFields>,
    /// What it has in the company's own columns, by name, at most 20: templates name them `cliente.<column>`.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    columns: BTreeMap<ColumnName, ColumnText>,
    /// The language of messages to the client.
    #[schema(value_type = Option<String>, default = "es")]
    locale: Locale,
    /// The client's time zone, as an IANA name. By default the company's.
    #[schema(value_type = Option<String>)]
    time_zone: Option<TimeZone>,
}

impl FromFields for CreateClient {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let external_id = fields.optional("external_id");
        let contacts = fields.optional("contacts").unwrap_or_default();
        let columns = fields.optional("columns").unwrap_or_default();
        let locale = fields.optional("locale").unwrap_or_default();
        let time_zone = fields.optional("time_zone");
        Some(Self { name: name?, external_id, contacts, columns, locale, time_zone })
    }
}

impl Body for CreateClient {}

/// Register a client (notifiers of the company). National phone numbers are read as those of the company's country.
#[utoipa::path(
    post, path = "/companies/{id}/clients", tag = "clients", request_body = CreateClient,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 201, body = Made))
)]
pub(in crate::api) async fn create(
    State(state): State<AppState>,
    PathId(company): PathId<CompanyId>,
    order: Order<CreateClient>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    caller.needs_for(company, caller.may_notify(company))?;
    let details = body.details(&profile(&state, company).await?)?;
    let client = ClientId::from(state.new_id());
    let answer = json!({ "id": client });
    let register = RegisterClient { client, company, details };
    let done = commands::clients::register(state.log(), register, &context, &answer).await?;
    Ok(state.created(&caller, done, answer))
}

impl CreateClient {
    fn details(self, company: &CompanyProfile) -> Answer<ClientDetails> {
        let stored = |invalid| Problem::internal(&invalid);
        let country = company.country.parse().map_err(stored)?;
        let contacts = contacts(self.contacts, &self.name, country)?;
        Ok(ClientDetails {
            profile: ClientProfile {
                external_id: self.external_id.map(ExternalId::into_string),
                name: self.name.into_string(),
                contacts,
                columns: stored_columns(self.columns),
            },
            locale: self.locale,
            time_zone: self.time_zone.map_or_else(|| company.time_zone.parse(), Ok).map_err(stored)?,
        })
    }
}
