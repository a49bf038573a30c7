//! `POST /templates/{id}/test`: send a template to oneself.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use domain::notification::{Addressee, AudienceFilter, FilledTemplate, RequestNotification, SmsOptions};
use domain::rendering::{Filling, Text, render};
use domain::template::Created;
use domain::value::{Category, Channel, CompanyId, Invalid, RecipientKind, Role, TemplateId, VariableText};
use serde_json::json;
use utoipa::ToSchema;

use super::preview::{company_of as profile_of, content_of, named, not_filled, not_rendered, placeholder};
use super::{other_company, template_for};
use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Made;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

/// With which texts, and for which company.
pub(super) struct TestTemplate {
    company: Option<CompanyId>,
    variables: BTreeMap<String, VariableText>,
}

/// With which texts, and for which company, as it is written.
#[derive(ToSchema)]
#[schema(as = TestTemplate)]
#[expect(dead_code, reason = "describes what is read field by field")]
pub(super) struct TestFields {
    /// The company whose providers send it; needed for a template of no company.
    company_id: Option<uuid::Uuid>,
    /// The texts of variables, by name; others have their defaults, or their samples.
    #[schema(required = false)]
    variables: BTreeMap<String, String>,
}

impl FromFields for TestTemplate {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let company = fields.optional("company_id");
        let variables = fields.optional("variables");
        Some(Self { company, variables: variables.unwrap_or_default() })
    }
}

impl Body for TestTemplate {}

/// Send a template to oneself (notifiers), at the address or the telephone of one's own account and nowhere else. It is a notification to one
/// person, whose id is the answer's.
#[utoipa::path(
    post, path = "/templates/{id}/test", tag = "templates", request_body = TestFields,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = Made))
)]
pub(super) async fn test(
    State(state): State<AppState>,
    PathId(template): PathId<TemplateId>,
    order: Order<TestTemplate>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let created = template_for(&state, &caller, template).await?;
    caller.needs(caller.has(Role::Notifier))?;
    let company = company_of(&state, &caller, &created, body.company).await?;
    let oneself = oneself(&caller, created.channel)?;
    let given = body.variables.iter().map(|(name, text)| (name.clone(), text.as_str().to_owned())).collect();
    let variables = created.latest.content.fill_sample(&given).map_err(not_filled)?;
    let profile = profile_of(&state, company).await?;
    let filling = Filling { variables: &variables, company: named(&profile), at: state.now() };
    let text = Text::of_template(created.source(), filling).map_err(|fault| not_rendered(&fault))?;
    // A worker has no clocks of their own.
    let oneself = Addressee { time_zone: profile.time_zone.parse().ok(), ..oneself };
    let oneself = text.completed(oneself, placeholder);
    render(&text, &oneself).map_err(|fault| not_rendered(&fault))?;
    let html = created.latest.content.html.as_ref().map(|html| html.compiled.clone());
    let request = RequestNotification {
        notification: state.new_id().into(),
        company,
        recipient_kind: RecipientKind::Holder,
        // Nobody waits for the hours in which clients may be contacted.
        category: Category::Operational,
        content: content_of(&created, SmsOptions::default())?,
        template: Some(Box::new(FilledTemplate {
            id: template,
            version: created.version,
            html,
            variables,
            company_name: profile.name,
            company_logo: profile.logo_url,
        })),
        only_to: Some(Box::new(oneself)),
        filter: AudienceFilter::default(),
        expires_at: None,
        schedule_at: None,
        hold_seconds: 0,
        people: 1,
        approval_above: None,
        excludes_foreign: false,
        asks: None,
        author: caller.id(),
        at: state.now(),
    };
    let answer = json!({ "id": request.notification });
    let done = commands::notifications::request(state.log(), request, &context, &answer).await?;
    Ok(state.wrote(StatusCode::ACCEPTED, &caller, done, answer))
}

/// The template's company, or for a template of no company the one that is asked for.
async fn company_of(
    state: &AppState,
    caller: &Caller,
    created: &Created,
    asked: Option<CompanyId>,
) -> Answer<CompanyId> {
    match (created.company, asked) {
        (Some(own), Some(asked)) if own != asked => Err(other_company(state, caller, Some(asked)).await?),
        (Some(own), _) => Ok(own),
        (None, Some(asked)) if caller.may_notify(asked) => Ok(asked),
        (None, Some(_)) => Err(Problem::of_field("/company_id", Reason::UnknownId)),
        (None, None) => Err(Problem::of_field("/company_id", Invalid::Missing.into())),
    }
}

/// The caller as a recipient.
fn oneself(caller: &Caller, channel: Channel) -> Answer<Addressee> {
    let member = caller.member();
    let address = match channel {
        Channel::Email => member.email.clone(),
        Channel::Sms => member.phone.clone(),
    };
    let address = address.ok_or_else(|| Problem::conflict(Reason::NoOwnAddress))?;
    let name = member.name.clone().unwrap_or_default();
    Ok(Addressee { client_name: name.clone(), contact_name: name, address, ..Addressee::nobody() })
}
