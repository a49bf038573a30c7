//! `PATCH /clients/{id}`: change a client.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::client::{ClientChange, Contact, Served};
use domain::value::{ClientId, ColumnName, ColumnText, ExternalId, Invalid, Locale, Name, TimeZone};
use utoipa::ToSchema;

use super::contact::{ContactFields, contacts};
use super::own_columns::stored_columns;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The fields to change. Absent fields stay as they are.
#[derive(ToSchema)]
pub(super) struct ChangeClient {
    /// A new name.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    name: Option<Name>,
    /// The company's new code for the client; null removes it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    external_id: Option<Option<ExternalId>>,
    /// All contacts of the client, in place of those it has.
    #[schema(value_type = Vec<ContactFields>, required = false)]
    contacts: Option<Vec<ContactFields>>,
    /// All own columns of the client, by name, in place of those it has; at most 20.
    #[schema(value_type = BTreeMap<String, String>, required = false)]
    columns: Option<BTreeMap<ColumnName, ColumnText>>,
    /// A new language.
    #[schema(value_type = String, required = false)]
    locale: Option<Locale>,
    /// A new time zone, as an IANA name.
    #[schema(value_type = String, required = false)]
    time_zone: Option<TimeZone>,
}

impl FromFields for ChangeClient {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.changed("name"),
            external_id: fields.nullable("external_id"),
            contacts: fields.changed("contacts"),
            columns: fields.changed("columns"),
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
    let change = body.of(served, &state).await?;
    let done = commands::clients::change(state.log(), company, client, change, &context).await?;
    Ok(state.changed(&caller, done))
}

impl ChangeClient {
    /// Changes only the given fields: another user may change the others at this moment.
    async fn of(self, served: Served, state: &AppState) -> Answer<ClientChange> {
        let contacts = match self.contacts {
            Some(fields) => Some(new_contacts(fields, self.name.as_ref(), served, state).await?),
            None => None,
        };
        Ok(ClientChange {
            name: self.name.map(Name::into_string),
            external_id: self.external_id.map(|changed| changed.map(ExternalId::into_string)),
            contacts,
            columns: self.columns.map(stored_columns),
            locale: self.locale,
            time_zone: self.time_zone,
        })
    }
}

/// A holder without a name takes the client's name: the new one, if it is given.
async fn new_contacts(
    fields: Vec<ContactFields>,
    new_name: Option<&Name>,
    served: Served,
    state: &AppState,
) -> Answer<Vec<Contact>> {
    let stored = |invalid: Invalid| Problem::internal(&invalid);
    let now = served.profile.into_clear().ok_or_else(Problem::not_found)?;
    let name = new_name.cloned().map_or_else(|| Name::try_from(now.name), Ok).map_err(stored)?;
    let company = commands::companies::profile(state.log(), served.company).await?;
    let country = company.ok_or_else(Problem::not_found)?.country.parse().map_err(stored)?;
    contacts(fields, &name, country)
}
