//! The body of a send and of its preview.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::company::CompanyProfile;
use domain::notification::{
    Addressee, AudienceFilter, Content, FilledTemplate, HOLD_SECONDS_MAX, SmsOptions,
};
use domain::rendering::{Company, Fault, Filling, Source, Text, render};
use domain::template::Created;
use domain::value::{
    Category, Channel, CompanyId, EmailBody, Invalid, RecipientKind, Role, SmsBody, Subject, TemplateId,
    VariableText,
};
use utoipa::ToSchema;

use super::filter::{AskedFilter, FilterFields};
use super::purse::Going;
use crate::access::Caller;
use crate::api::templates::{company_of, content_of, not_filled, not_rendered, own_columns};
use crate::extract::{Fields, FromFields, Short};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

/// A notification in a request.
pub(super) struct AskedNotification {
    company: CompanyId,
    recipient_kind: RecipientKind,
    /// None with a template: the template's.
    category: Option<Category>,
    said: Said,
    filter: AskedFilter,
    expires_at: Option<DateTime<Utc>>,
    schedule_at: Option<DateTime<Utc>>,
    hold_seconds: u32,
    confirm_token: Option<Short>,
}

/// What it says.
enum Said {
    /// A text, verbatim.
    Text(Content),
    /// A template.
    Template(AskedTemplate),
}

/// A template in a request.
struct AskedTemplate {
    id: TemplateId,
    channel: Option<Channel>,
    variables: BTreeMap<String, VariableText>,
    options: SmsOptions,
    /// The field of an SMS that is given, which an e-mail does not have.
    sms_field: Option<&'static str>,
}

/// A notification whose company and template were found.
pub(super) struct NewNotification {
    pub(super) company: CompanyId,
    pub(super) recipient_kind: RecipientKind,
    pub(super) category: Category,
    pub(super) content: Content,
    /// The template that the content is from.
    pub(super) template: Option<FilledTemplate>,
    pub(super) filter: AskedFilter,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) schedule_at: Option<DateTime<Utc>>,
    pub(super) hold_seconds: u32,
    pub(super) confirm_token: Option<Short>,
}

/// A new notification to the clients of a company.
#[derive(ToSchema)]
#[schema(as = NewNotification)]
#[expect(
    dead_code,
    reason = "describes what is read field by field, since what a body may be depends on the channel"
)]
pub(super) struct NotificationFields {
    /// The company whose clients it goes to.
    company_id: uuid::Uuid,
    /// `sms` or `email`. With a template it may be left out.
    #[schema(required = false)]
    channel: String,
    /// Which contacts of a client it goes to: `holder`, `emergency_contact`, `authorized_user` or `everyone`.
    recipient_kind: String,
    /// The category: `operational`, `service`, `collection` or `commercial`. Without it the template's.
    #[schema(required = false)]
    category: String,
    /// The subject line of an e-mail; an SMS has none.
    #[schema(min_length = 1, max_length = 200)]
    subject: Option<String>,
    /// The text, verbatim: at most 1,600 characters for an SMS, 100,000 for an e-mail. Required without a template.
    #[schema(min_length = 1, max_length = 100_000)]
    body: Option<String>,
    /// The template that it is made of, in its last version, in place of subject and text.
    template_id: Option<uuid::Uuid>,
    /// The texts of the template's variables, by name; those that are left out have their defaults.
    #[schema(required = false)]
    variables: BTreeMap<String, String>,
    /// Of an SMS: whether characters that the alphabet of GSM lacks are replaced where they have a cheaper form, `á` by `a`.
    transliterate: Option<bool>,
    /// Of an SMS: the most parts it may take. The send is refused if somebody's takes more.
    #[schema(minimum = 1, maximum = 255)]
    segments_max: Option<i64>,
    /// Which clients of the company; all of them if it is absent.
    filter: Option<FilterFields>,
    /// Nothing is sent after this.
    expires_at: Option<DateTime<Utc>>,
    /// Nothing is sent before this: after now and within 366 days. The audience is that of this moment; a `confirm_token`
    /// is compared with the audience of the request.
    schedule_at: Option<DateTime<Utc>>,
    /// For how many seconds nothing leaves, so that a cancellation undoes everything. It begins at the later of this and
    /// `schedule_at`.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 600, default = 0)]
    hold_seconds: Option<u32>,
    /// The token of the preview. The send is refused if the request or the audience differs from the preview's.
    #[schema(max_length = 500)]
    confirm_token: Option<String>,
}

impl FromFields for AskedNotification {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let company = fields.required("company_id");
        let recipient_kind = fields.required("recipient_kind");
        let filter = fields.optional("filter").unwrap_or_default();
        let expires_at = fields.optional("expires_at");
        let schedule_at = fields.optional("schedule_at");
        let hold_seconds = hold_seconds(fields);
        let confirm_token = fields.optional("confirm_token");
        let (said, category) = if fields.has("template_id") {
            (template(fields), Some(fields.optional("category")))
        } else {
            let channel = fields.required("channel");
            let category = fields.required("category").map(Some);
            (content(fields, channel).map(Said::Text), category)
        };
        Some(Self {
            company: company?,
            recipient_kind: recipient_kind?,
            category: category?,
            said: said?,
            filter,
            expires_at,
            schedule_at,
            hold_seconds: hold_seconds?,
            confirm_token,
        })
    }
}

/// Absent is none.
fn hold_seconds(fields: &mut Fields<'_>) -> Option<u32> {
    let asked = fields.optional::<i64>("hold_seconds").unwrap_or(0);
    match u32::try_from(asked) {
        Ok(seconds) if seconds <= HOLD_SECONDS_MAX => Some(seconds),
        _ => fields.refuse("hold_seconds", Reason::OutOfRange { min: 0, max: HOLD_SECONDS_MAX.into() }),
    }
}

/// Reads a template and its variables, beside which there is no other text.
fn template(fields: &mut Fields<'_>) -> Option<Said> {
    for name in ["subject", "body"] {
        if fields.has(name) {
            fields.refuse::<()>(name, Reason::NotHere);
        }
        fields.optional::<EmailBody>(name);
    }
    let id = fields.required("template_id");
    let channel = fields.optional("channel");
    let variables = fields.optional("variables").unwrap_or_default();
    let sms_field = SMS_FIELDS.into_iter().find(|field| fields.has(field));
    let options = sms_options(fields);
    Some(Said::Template(AskedTemplate { id: id?, channel, variables, options, sms_field }))
}

/// Reads subject and body: an e-mail has a subject and a long text, an SMS neither. For an unknown channel only faults
/// of both channels are reported.
fn content(fields: &mut Fields<'_>, channel: Option<Channel>) -> Option<Content> {
    match channel {
        Some(Channel::Sms) => {
            let has_subject = fields.has("subject");
            fields.optional::<Subject>("subject");
            if has_subject {
                fields.refuse::<()>("subject", Reason::NotHere);
            }
            let options = sms_options(fields);
            Some(Content::Sms { body: fields.required::<SmsBody>("body")?, options })
        }
        Some(Channel::Email) => {
            refuse_sms_options(fields);
            let (subject, body) = (fields.required("subject"), fields.required("body"));
            Some(Content::Email { subject: subject?, body: body? })
        }
        None => {
            fields.optional::<Subject>("subject");
            fields.required::<EmailBody>("body");
            sms_options(fields);
            None
        }
    }
}

/// The fields that only an SMS has.
const SMS_FIELDS: [&str; 2] = ["transliterate", "segments_max"];
/// The most parts that phones can join (3GPP TS 23.040, 9.2.3.24.1).
const SEGMENTS_MAX: i64 = 255;

/// Whatever their values.
fn refuse_sms_options(fields: &mut Fields<'_>) {
    let given = SMS_FIELDS.map(|field| fields.has(field));
    sms_options(fields);
    for (field, _) in SMS_FIELDS.into_iter().zip(given).filter(|(_, is_given)| *is_given) {
        fields.refuse::<()>(field, Reason::NotHere);
    }
}

fn sms_options(fields: &mut Fields<'_>) -> SmsOptions {
    let transliterate = fields.optional("transliterate").unwrap_or_default();
    let segments_max = fields.optional("segments_max").and_then(|max: i64| match u32::try_from(max) {
        Ok(number @ 1..) if max <= SEGMENTS_MAX => Some(number),
        _ => fields.refuse("segments_max", Reason::OutOfRange { min: 1, max: SEGMENTS_MAX }),
    });
    SmsOptions { transliterate, segments_max }
}

impl AskedNotification {
    /// Whether the caller may notify clients of any company.
    pub(super) fn is_for(caller: &Caller) -> bool {
        caller.has(Role::Notifier)
    }

    /// Finds the company and the template, and fills the template in. Refuses those that do not exist, or that the caller
    /// may not learn of, and a text that nobody could be sent.
    pub(super) async fn found(self, state: &AppState, caller: &Caller) -> Answer<NewNotification> {
        let Self {
            company,
            recipient_kind,
            category,
            said,
            filter,
            expires_at,
            schedule_at,
            hold_seconds,
            confirm_token,
        } = self;
        if !(caller.may_notify(company) && state.directory().has_company(company).await?) {
            return Err(Problem::of_field("/company_id", Reason::UnknownId));
        }
        let (content, template, own_category) = match said {
            Said::Text(content) => (content, None, None),
            Said::Template(asked) => {
                let created = template_of(state, company, &asked).await?;
                let filled = filled(state, company, asked.id, &created, &asked.variables).await?;
                (content_of(&created, asked.options)?, Some(filled), Some(created.latest.category))
            }
        };
        let category = category.or(own_category);
        let category = category.ok_or_else(|| Problem::of_field("/category", Invalid::Missing.into()))?;
        let new = NewNotification {
            company,
            recipient_kind,
            category,
            content,
            template,
            filter,
            expires_at,
            schedule_at,
            hold_seconds,
            confirm_token,
        };
        // What nobody could be sent is refused here: a line break in a subject, for one.
        if new.template.is_some() {
            let text = new.text(state.now()).map_err(|fault| not_rendered(&fault))?;
            let somebody = text.completed(somebody(), |_| "1".to_owned());
            render(&text, &somebody).map_err(|fault| not_rendered(&fault))?;
            if text.columns().next().is_some() {
                let known = own_columns(state, caller, Some(company)).await?;
                text.needs_columns(&known).map_err(|fault| unknown_column(&fault))?;
            }
        }
        Ok(new)
    }
}

/// The refusal of a template for every company that names a column which no client of this one has.
fn unknown_column(fault: &Fault) -> Problem {
    Problem::of_field("/template_id", Reason::Template(fault.reason.clone()))
}

/// A template that the company may use, of the channel that is asked for.
async fn template_of(state: &AppState, company: CompanyId, asked: &AskedTemplate) -> Answer<Created> {
    let found = commands::templates::template(state.log(), asked.id).await?;
    let may_use = |created: &Created| created.company.is_none_or(|own| own == company);
    let created = found.filter(may_use);
    let created = created.ok_or_else(|| Problem::of_field("/template_id", Reason::UnknownId))?;
    if asked.channel.is_some_and(|channel| channel != created.channel) {
        return Err(Problem::of_field("/channel", Reason::NotTheTemplates));
    }
    match (created.channel, asked.sms_field) {
        (Channel::Email, Some(field)) => Err(Problem::of_field(format!("/{field}"), Reason::NotHere)),
        (Channel::Email | Channel::Sms, _) => Ok(created),
    }
}

async fn filled(
    state: &AppState,
    company: CompanyId,
    id: TemplateId,
    created: &Created,
    given: &BTreeMap<String, VariableText>,
) -> Answer<FilledTemplate> {
    let given = given.iter().map(|(name, text)| (name.clone(), text.as_str().to_owned())).collect();
    let variables = created.latest.content.fill(&given).map_err(not_filled)?;
    let html = created.latest.content.html.as_ref().map(|html| html.compiled.clone());
    let CompanyProfile { name: company_name, logo_url: company_logo, .. } =
        company_of(state, company).await?;
    Ok(FilledTemplate { id, version: created.version, html, variables, company_name, company_logo })
}

/// A person whose names are one letter: what fails for this person fails for everybody.
pub(super) fn somebody() -> Addressee {
    Addressee { client_name: "A".into(), contact_name: "A".into(), ..Addressee::nobody() }
}

impl NewNotification {
    /// What every recipient's text is rendered from, if it is requested now: it names the day on which it begins.
    pub(super) fn text(&self, now: DateTime<Utc>) -> Result<Text, Fault> {
        let at = self.schedule_at.unwrap_or(now).max(now) + TimeDelta::seconds(self.hold_seconds.into());
        let sms = self.sms_options();
        let Some(template) = &self.template else {
            return Ok(Text::plain(self.subject().map(str::to_owned), self.body().to_owned(), sms));
        };
        let source = Source {
            channel: self.content.channel(),
            sms,
            subject: self.subject(),
            body: self.body(),
            html: template.html.as_deref(),
        };
        let company = Company { name: &template.company_name, logo: template.company_logo.as_deref() };
        let filling = Filling { variables: &template.variables, company, at };
        Text::of_template(source, filling)
    }

    /// Whom it goes to and when, if it is asked for now.
    pub(super) fn going<'a>(&self, filter: &'a AudienceFilter, now: DateTime<Utc>) -> Going<'a> {
        let held_until = now + TimeDelta::seconds(self.hold_seconds.into());
        Going {
            channel: self.content.channel(),
            kind: self.recipient_kind,
            filter,
            begins_at: self.schedule_at.map_or(held_until, |schedule_at| schedule_at.max(held_until)),
            requested: None,
        }
    }

    /// How an SMS is sent; none for an e-mail.
    pub(super) const fn sms_options(&self) -> Option<SmsOptions> {
        match &self.content {
            Content::Sms { options, .. } => Some(*options),
            Content::Email { .. } => None,
        }
    }

    /// The most parts of an SMS, if there is a maximum.
    pub(super) fn segments_max(&self) -> Option<u32> {
        self.sms_options()?.segments_max
    }

    /// The subject of an e-mail.
    pub(super) fn subject(&self) -> Option<&str> {
        match &self.content {
            Content::Sms { .. } => None,
            Content::Email { subject, .. } => Some(subject.as_str()),
        }
    }

    /// The text.
    pub(super) fn body(&self) -> &str {
        match &self.content {
            Content::Sms { body, .. } => body.as_str(),
            Content::Email { body, .. } => body.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name` must have the longest length that any channel allows.
    fn is_longest(name: &str, lengths: impl Iterator<Item = usize>) -> bool {
        let document = serde_json::to_value(crate::api::openapi()).unwrap();
        let described =
            &document["components"]["schemas"]["NewNotification"]["properties"][name]["maxLength"];
        described.as_u64().map(|length| length as usize) == lengths.max()
    }

    #[test]
    fn the_description_has_the_limits_of_the_channels() {
        let limits = || Channel::ALL.iter().map(|channel| channel.rules().text);
        assert!(is_longest("subject", limits().filter_map(|limits| limits.subject)));
        assert!(is_longest("body", limits().map(|limits| limits.body)));
    }
}
