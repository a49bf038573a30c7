//! `POST /templates`: create a template.

use axum::extract::State;
use domain::template::{CreateTemplate, Draft};
use domain::value::{Category, CompanyId, Name, Role, TemplateId};
use serde_json::json;
use utoipa::ToSchema;

use super::fields::{DeclaredVariable, draft};
use super::{may_write, own_columns};
use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Made;
use crate::extract::{Body, Fields, FromFields, Order};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

/// A template in a request.
pub(super) struct NewTemplate {
    name: Name,
    category: Category,
    company: Option<CompanyId>,
    draft: Draft,
}

/// A template, as it is written.
#[derive(ToSchema)]
#[schema(as = NewTemplate)]
#[expect(
    dead_code,
    reason = "describes what is read field by field, since what a text may be depends on the channel"
)]
pub(super) struct TemplateFields {
    /// Its name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// `sms` or `email`; the same in all versions.
    channel: String,
    /// What kind of matter it is about: `operational`, `service`, `collection` or `commercial`.
    category: String,
    /// The company that may use it; none if all may.
    company_id: Option<uuid::Uuid>,
    /// The subject line of an e-mail; an SMS has none.
    #[schema(min_length = 1, max_length = 200)]
    subject: Option<String>,
    /// The text: at most 1,600 characters as SMS, 100,000 as e-mail. An e-mail with HTML may lack it: then it is made of the
    /// HTML. `{{ cliente.nombre }}`, `{{ contacto.nombre }}`, `{{ empresa.nombre }}`, `{{ empresa.logo }}`, `{{ fecha }}`, a
    /// client's own columns such as `{{ cliente.saldo }}` and declared variables are filled in for each recipient.
    #[schema(min_length = 1, max_length = 100_000)]
    body: Option<String>,
    /// The HTML or MJML of an e-mail: a document, or a fragment that goes into the base layout.
    #[schema(min_length = 1, max_length = 100_000)]
    html: Option<String>,
    /// The variables that a notification fills in, at most 50.
    #[schema(required = false)]
    variables: Vec<DeclaredVariable>,
}

impl FromFields for NewTemplate {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let channel = fields.required("channel");
        let category = fields.required("category");
        let company = fields.optional("company_id");
        let draft = draft(fields, channel);
        Some(Self { name: name?, category: category?, company, draft: draft? })
    }
}

impl Body for NewTemplate {
    fn permits(caller: &Caller) -> bool {
        caller.has(Role::Notifier)
    }
}

/// Create a template (notifiers of its company; administrators, if it is for every company).
#[utoipa::path(
    post, path = "/templates", tag = "templates", request_body = TemplateFields,
    responses((status = 201, body = Made))
)]
pub(super) async fn create(State(state): State<AppState>, order: Order<NewTemplate>) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    if let Some(company) = body.company
        && !(caller.may_notify(company) && state.directory().has_company(company).await?)
    {
        return Err(Problem::of_field("/company_id", Reason::UnknownId));
    }
    caller.needs(may_write(&caller, body.company))?;
    let NewTemplate { name, category, company, draft } = body;
    let draft = Draft { columns: own_columns(&state, &caller, company).await?, ..draft };
    let template = TemplateId::from(state.new_id());
    let create = CreateTemplate { name, category, company, draft, author: caller.id(), at: state.now() };
    let done = commands::templates::create(state.log(), template, create, &context).await?;
    Ok(state.created(&caller, done, json!({ "id": template })))
}
