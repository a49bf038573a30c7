//! `POST /templates/{id}/render`: a template as a client would get it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::company::CompanyProfile;
use domain::notification::Addressee;
use domain::rendering::{Filling, Rendered, Text, render as render_text};
use domain::template::Created;
use domain::value::sms::SmsCount;
use domain::value::{Channel, ClientId, TemplateId, VariableText};
use projections::Projection;
use projections::queries::clients::{self, ClientRow, ContactRow};
use serde::Serialize;
use utoipa::ToSchema;

use super::preview::{company_of, named, not_filled, not_rendered, placeholder};
use super::template_for;
use crate::access::Caller;
use crate::api::notifications::needs_to_read;
use crate::extract::{Body, Fields, FromFields, Key, Order, PathId};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

/// For whom, and with which texts.
pub(super) struct RenderTemplate {
    client: Option<ClientId>,
    variables: BTreeMap<String, VariableText>,
}

/// For whom, and with which texts, as it is written.
#[derive(ToSchema)]
#[schema(as = RenderTemplate)]
#[expect(dead_code, reason = "describes what is read field by field")]
pub(super) struct RenderFields {
    /// The client; without one, somebody who does not exist.
    client_id: Option<uuid::Uuid>,
    /// The texts of variables, by name; others have their defaults, or their samples.
    #[schema(required = false)]
    variables: BTreeMap<String, String>,
}

impl FromFields for RenderTemplate {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let client = fields.optional("client_id");
        let variables = fields.optional("variables");
        Some(Self { client, variables: variables.unwrap_or_default() })
    }
}

impl Body for RenderTemplate {
    const KEY: Key = Key::Ignored;
}

/// A text as one would get it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RenderedView {
    /// Where it would go; none without an address of the channel.
    to: Option<String>,
    subject: Option<String>,
    body: String,
    html: Option<String>,
    /// The parts of an SMS; none for an e-mail.
    segments: Option<usize>,
}

/// A template as a client would get it (notifiers and auditors). Sends nothing.
#[utoipa::path(
    post, path = "/templates/{id}/render", tag = "templates", request_body = RenderFields,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = RenderedView))
)]
pub(super) async fn render(
    State(state): State<AppState>,
    PathId(template): PathId<TemplateId>,
    order: Order<RenderTemplate>,
) -> Answer<Json<RenderedView>> {
    let Order { caller, body, .. } = order;
    let created = template_for(&state, &caller, template).await?;
    needs_to_read(&caller)?;
    let client = match body.client {
        Some(client) => Some(client_for(&state, &caller, &created, client).await?),
        None => None,
    };
    let company = client.as_ref().map(|client| client.company_id.into()).or(created.company);
    let company = match company {
        Some(company) => company_of(&state, company).await?,
        None => sample_company(&state, &caller).await?,
    };
    let person = client.map(|client| addressee(created.channel, client));
    let (rendered, to) = rendered(&created, &body.variables, &company, state.now(), person)?;
    Ok(Json(RenderedView::of(created.channel, rendered, to)))
}

/// A client that the caller may read and that may get the template.
async fn client_for(
    state: &AppState,
    caller: &Caller,
    created: &Created,
    client: ClientId,
) -> Answer<ClientRow> {
    state.freshness().wait(caller.id(), None, &[Projection::Clients]).await?;
    let found = clients::client(state.pool(), caller.scope(), client).await?;
    let is_served = |row: &ClientRow| {
        let company = row.company_id.into();
        caller.may_read_clients(company) && created.company.is_none_or(|own| own == company)
    };
    found.filter(is_served).ok_or_else(|| Problem::of_field("/client_id", Reason::UnknownId))
}

/// The text, and where it would go.
fn rendered(
    created: &Created,
    given: &BTreeMap<String, VariableText>,
    company: &CompanyProfile,
    at: chrono::DateTime<chrono::Utc>,
    person: Option<Addressee>,
) -> Answer<(Rendered, String)> {
    let given = given.iter().map(|(name, text)| (name.clone(), text.as_str().to_owned())).collect();
    let variables = created.latest.content.fill_sample(&given).map_err(not_filled)?;
    let filling = Filling { variables: &variables, company: named(company), at };
    let refused = |fault| not_rendered(&fault);
    let text = Text::of_template(created.source(), filling).map_err(refused)?;
    // A real client is not helped out: it would not be when the text is sent.
    let person = person.unwrap_or_else(|| text.completed(somebody(company), placeholder));
    Ok((render_text(&text, &person).map_err(refused)?, person.address))
}

/// The first contact that the channel reaches, else the first one.
fn addressee(channel: Channel, client: ClientRow) -> Addressee {
    let ClientRow { name, contacts, columns, locale, time_zone, .. } = client;
    let address = |contact: &ContactRow| match channel {
        Channel::Sms => contact.phone.clone(),
        Channel::Email => contact.email.clone(),
    };
    let contact = contacts.iter().find(|contact| address(contact).is_some()).or(contacts.first());
    Addressee {
        contact_name: contact.map_or_else(|| name.clone(), |contact| contact.name.clone()),
        address: contact.and_then(address).unwrap_or_default(),
        client_name: name,
        locale: locale.parse().ok(),
        time_zone: time_zone.parse().ok(),
        columns,
    }
}

const SAMPLE_COMPANY: &str = "Empresa de ejemplo";

/// A company that does not exist, by the clocks of the caller's first one.
async fn sample_company(state: &AppState, caller: &Caller) -> Answer<CompanyProfile> {
    let own = match caller.member().companies.first() {
        Some(own) => company_of(state, *own).await?,
        None => CompanyProfile::default(),
    };
    Ok(CompanyProfile {
        name: SAMPLE_COMPANY.to_owned(),
        time_zone: own.time_zone,
        ..CompanyProfile::default()
    })
}

/// A client of the company who does not exist, by the company's clocks.
fn somebody(company: &CompanyProfile) -> Addressee {
    Addressee {
        client_name: "María Gómez".into(),
        contact_name: "Juan Gómez".into(),
        time_zone: company.time_zone.parse().ok(),
        ..Addressee::nobody()
    }
}

impl RenderedView {
    fn of(channel: Channel, Rendered { subject, body, html }: Rendered, address: String) -> Self {
        let segments = (channel == Channel::Sms).then(|| SmsCount::of(&body).segments);
        let to = Some(address).filter(|address| !address.is_empty());
        Self { to, subject, body, html, segments }
    }
}
