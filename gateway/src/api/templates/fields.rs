//! What a version of a template says, as it is written.

use std::collections::BTreeSet;

use domain::template::{Draft, Texts, Variable};
use domain::value::{Channel, EmailBody, HtmlBody, SmsBody, Subject, VariableName, VariableText};
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields};
use crate::problem::Reason;

/// A variable that a template declares.
#[derive(ToSchema)]
pub(super) struct DeclaredVariable {
    /// Its name: letters without accents, digits and underscores.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    name: VariableName,
    /// What it is where a notification does not say; without it, notifications must.
    #[schema(value_type = Option<String>, max_length = 10_000)]
    default: Option<VariableText>,
    /// What it is in a preview.
    #[schema(value_type = Option<String>, max_length = 10_000)]
    sample: Option<VariableText>,
}

impl FromFields for DeclaredVariable {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let default = fields.optional("default");
        let sample = fields.optional("sample");
        Some(Self { name: name?, default, sample })
    }
}

impl From<DeclaredVariable> for Variable {
    fn from(DeclaredVariable { name, default, sample }: DeclaredVariable) -> Self {
        Self { name, default, sample }
    }
}

/// Reads texts and variables: an e-mail has a subject, and a text or HTML; an SMS has a text alone. Its company's columns
/// are not in the body.
pub(super) fn draft(fields: &mut Fields<'_>, channel: Option<Channel>) -> Option<Draft> {
    let texts = texts(fields, channel);
    let variables: Option<Vec<DeclaredVariable>> = fields.optional("variables");
    let variables = variables.unwrap_or_default().into_iter().map(Variable::from).collect();
    Some(Draft { texts: texts?, variables, columns: BTreeSet::new() })
}

fn texts(fields: &mut Fields<'_>, channel: Option<Channel>) -> Option<Texts> {
    let is_sms = channel == Some(Channel::Sms);
    for name in ["subject", "html"] {
        if is_sms && fields.has(name) {
            fields.refuse::<()>(name, Reason::NotHere);
        }
    }
    if is_sms {
        fields.optional::<Subject>("subject");
        fields.optional::<HtmlBody>("html");
        return Some(Texts::Sms { body: fields.required::<SmsBody>("body")? });
    }
    let html = fields.optional::<HtmlBody>("html");
    let body: Option<EmailBody> =
        if html.is_some() { fields.optional("body") } else { fields.required("body") };
    let subject =
        if channel.is_some() { fields.required("subject") } else { fields.optional::<Subject>("subject") };
    channel?;
    Some(Texts::Email { subject: subject?, body, html })
}
