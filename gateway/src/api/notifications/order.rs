//! The body of a send and of its preview.

use chrono::{DateTime, Utc};
use domain::notification::{AudienceFilter, Content, HOLD_SECONDS_MAX, SmsOptions};
use domain::rendering::Text;
use domain::value::{Category, Channel, CompanyId, EmailBody, RecipientKind, Role, SmsBody, Subject};
use projections::queries::audience::Selection;
use utoipa::ToSchema;

use super::filter::{AskedFilter, FilterFields};
use crate::access::Caller;
use crate::extract::{Fields, FromFields, Short};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

/// A notification in a request.
pub(super) struct NewNotification {
    pub(super) company: CompanyId,
    pub(super) recipient_kind: RecipientKind,
    pub(super) category: Category,
    pub(super) content: Content,
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
    /// `sms` or `email`.
    channel: String,
    /// Which contacts of a client it goes to: `holder`, `emergency_contact`, `authorized_user` or `everyone`.
    recipient_kind: String,
    /// The category: `operational`, `service`, `collection` or `commercial`.
    category: String,
    /// The subject line of an e-mail; an SMS has none.
    #[schema(min_length = 1, max_length = 200)]
    subject: Option<String>,
    /// The text, verbatim: at most 1,600 characters for an SMS, 100,000 for an e-mail.
    #[schema(min_length = 1, max_length = 100_000)]
    body: String,
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

impl FromFields for NewNotification {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let company = fields.required("company_id");
        let channel = fields.required("channel");
        let recipient_kind = fields.required("recipient_kind");
        let category = fields.required("category");
        let content = content(fields, channel);
        let filter = fields.optional("filter").unwrap_or_default();
        let expires_at = fields.optional("expires_at");
        let schedule_at = fields.optional("schedule_at");
        let hold_seconds = hold_seconds(fields);
        let confirm_token = fields.optional("confirm_token");
        Some(Self {
            company: company?,
            recipient_kind: recipient_kind?,
            category: category?,
            content: content?,
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

impl NewNotification {
    /// Whether the caller may notify clients of any company.
    pub(super) fn is_for(caller: &Caller) -> bool {
        caller.has(Role::Notifier)
    }

    /// Refuses a company that does not exist, or that the caller may not learn of.
    pub(super) async fn needs_company(&self, state: &AppState, caller: &Caller) -> Answer<()> {
        if caller.may_notify(self.company) && state.directory().has_company(self.company).await? {
            return Ok(());
        }
        Err(Problem::of_field("/company_id", Reason::UnknownId))
    }

    /// The template of every recipient's text.
    pub(super) fn text(&self) -> Text {
        let sms = self.sms_options();
        Text { subject: self.subject().map(str::to_owned), body: self.body().to_owned(), sms }
    }

    /// The contacts that its audience is chosen from, by its filter once that is resolved.
    pub(super) const fn selection<'a>(&self, filter: &'a AudienceFilter) -> Selection<'a> {
        let (company, channel) = (self.company, self.content.channel());
        Selection { company, channel, kind: self.recipient_kind, filter }
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
