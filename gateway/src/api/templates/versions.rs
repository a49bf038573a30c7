//! `POST /templates/{id}/versions`: add a version.

use axum::extract::State;
use domain::template::{AddVersion, Draft};
use domain::value::{Category, Channel, CompanyId, Name, TemplateId};
use serde_json::json;
use utoipa::ToSchema;

use super::fields::{DeclaredVariable, draft};
use super::{may_write, other_company, own_columns, template_for};
use crate::api::Wrote;
use crate::api::schema::Made;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// A version in a request.
pub(super) struct NewVersion {
    name: Option<Name>,
    category: Option<Category>,
    company: Option<Option<CompanyId>>,
    draft: Draft,
}

/// A version of a template, as it is written. It may have every field of a new template.
#[derive(ToSchema)]
#[schema(as = NewVersion)]
#[expect(
    dead_code,
    reason = "describes what is read field by field, since what a text may be depends on the channel"
)]
pub(super) struct VersionFields {
    /// A new name; without it the last one stays.
    #[schema(required = false, min_length = 1, max_length = 200)]
    name: String,
    /// The template's channel. Without it a version with a subject or HTML is an e-mail, and any other an SMS.
    #[schema(required = false)]
    channel: String,
    /// A new category; without it the last one stays.
    #[schema(required = false)]
    category: String,
    /// The template's company.
    company_id: Option<uuid::Uuid>,
    /// The subject line of an e-mail; an SMS has none.
    #[schema(min_length = 1, max_length = 200)]
    subject: Option<String>,
    /// The text. An e-mail with HTML may lack it: then it is made of the HTML.
    #[schema(min_length = 1, max_length = 100_000)]
    body: Option<String>,
    /// The HTML or MJML of an e-mail: a document, or a fragment that goes into the base layout.
    #[schema(min_length = 1, max_length = 100_000)]
    html: Option<String>,
    /// The variables that a notification fills in, at most 50. Those of the last version do not stay.
    #[schema(required = false)]
    variables: Vec<DeclaredVariable>,
}

impl FromFields for NewVersion {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.changed("name");
        let category = fields.changed("category");
        let company = fields.nullable("company_id");
        let channel = match fields.changed("channel") {
            Some(channel) => channel,
            None if fields.has("subject") || fields.has("html") => Channel::Email,
            None => Channel::Sms,
        };
        let draft = draft(fields, Some(channel));
        Some(Self { name, category, company, draft: draft? })
    }
}

impl Body for NewVersion {}

/// Add a version to a template (who may create it). Notifications use it from now on; those requested before keep theirs.
#[utoipa::path(
    post, path = "/templates/{id}/versions", tag = "templates", request_body = VersionFields,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 201, body = Made))
)]
pub(super) async fn add(
    State(state): State<AppState>,
    PathId(template): PathId<TemplateId>,
    order: Order<NewVersion>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let company = template_for(&state, &caller, template).await?.company;
    caller.needs(may_write(&caller, company))?;
    let NewVersion { name, category, company: asked, draft } = body;
    if let Some(asked) = asked
        && asked != company
    {
        return Err(other_company(&state, &caller, asked).await?);
    }
    let draft = Draft { columns: own_columns(&state, &caller, company).await?, ..draft };
    let version = AddVersion { name, category, draft, author: caller.id(), at: state.now() };
    let done = commands::templates::add_version(state.log(), template, company, version, &context).await?;
    Ok(state.created(&caller, done, json!({ "id": template })))
}
