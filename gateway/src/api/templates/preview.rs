//! How a template is filled in, and what is told of one that cannot be.

use std::collections::BTreeSet;

use domain::company::CompanyProfile;
use domain::notification::{Content, SmsOptions};
use domain::rendering::{Company, Fault, FaultReason};
use domain::template::{Created, TemplateContent, VariableFault};
use domain::value::{Channel, CompanyId, EmailBody, Invalid, SmsBody, Subject};
use projections::Projection;
use projections::queries::clients;

use crate::access::Caller;
use crate::problem::{Answer, Problem, Reason, pointer_to};
use crate::state::AppState;

/// The company by the log, with its name and its logo.
pub(in crate::api) async fn company_of(state: &AppState, company: CompanyId) -> Answer<CompanyProfile> {
    let profile = commands::companies::profile(state.log(), company).await?;
    profile.ok_or_else(|| Problem::of_field("/company_id", Reason::UnknownId))
}

/// The company as its texts name it.
pub(in crate::api) fn named(profile: &CompanyProfile) -> Company<'_> {
    Company { name: &profile.name, logo: profile.logo_url.as_deref() }
}

/// The own columns that clients of a company have, or for a template of no company those of any company.
pub(in crate::api) async fn own_columns(
    state: &AppState,
    caller: &Caller,
    company: Option<CompanyId>,
) -> Answer<BTreeSet<String>> {
    state.freshness().wait(caller.id(), None, &[Projection::Clients]).await?;
    Ok(clients::own_columns(state.pool(), company).await?)
}

/// What stands for the text of a column where nobody in particular reads it: `«saldo»`.
pub(in crate::api) fn placeholder(column: &str) -> String {
    format!("«{column}»")
}

/// A variable that is unknown, or lacks its text.
pub(in crate::api) fn not_filled(fault: VariableFault) -> Problem {
    let of = |name: &str, reason| Problem::of_field(pointer_to("/variables", name), reason);
    match fault {
        VariableFault::Unknown { name } => of(&name, Reason::UnknownVariable { name: name.clone() }),
        VariableFault::Missing { name } => of(&name, Invalid::Missing.into()),
    }
}

/// A text that cannot be sent with what was filled in.
pub(in crate::api) fn not_rendered(fault: &Fault) -> Problem {
    let reason = Reason::from(fault);
    let field = match reason {
        Reason::Template(FaultReason::MissingColumn { .. }) => "/client_id",
        _ => "/variables",
    };
    Problem::of_field(field, reason)
}

/// A template's text as a notification keeps it.
pub(in crate::api) fn content_of(created: &Created, options: SmsOptions) -> Answer<Content> {
    let TemplateContent { subject, body, .. } = &created.latest.content;
    let content = match (created.channel, subject) {
        (Channel::Sms, _) => SmsBody::try_new(body.as_str()).map(|body| Content::Sms { body, options }),
        (Channel::Email, subject) => Subject::try_new(subject.as_deref().unwrap_or_default())
            .and_then(|subject| Ok(Content::Email { subject, body: EmailBody::try_new(body.as_str())? })),
    };
    content.map_err(|invalid| Problem::of_field("/template_id", invalid.into()))
}
