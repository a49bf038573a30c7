//! Renders a notification's text for one person. Preview, confirmation, sending and the record of what was sent share this
//! pure function, so that they cannot differ.

mod date;
mod engine;
mod fault;
mod html;
mod language;
mod layout;
mod names;
mod plain_text;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use self::engine::Engine;
pub use self::fault::{Fault, FaultReason, Part};
pub(crate) use self::html::compiled;
pub use self::names::OWN_NAMES;
use self::names::{Names, column_of, is_own};
pub(crate) use self::plain_text::plain_text;
use crate::notification::{Addressee, NotificationEvent, SmsOptions};
use crate::value::sms::{gsm_only, takes_unicode, transliterate};
use crate::value::text::{Lines, TextRule};
use crate::value::{Channel, EmailBody, Invalid, SmsBody, Subject};

/// How long the rendered HTML of an e-mail may be, in characters. MJML becomes several times as long as it was written.
const HTML_CHARS_MAX: usize = 400_000;

/// A notification's text. Where it has no data of a person it is rendered already.
pub struct Text {
    kind: Kind,
    /// How an SMS is sent; none for an e-mail.
    sms: Option<SmsOptions>,
}

enum Kind {
    Same(Result<Rendered, Fault>),
    Personal(Box<PersonalText>),
}

/// A text with data of each person in it.
struct PersonalText {
    channel: Channel,
    engine: Engine,
    names: Names,
}

/// The rendered text for one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// The HTML of an e-mail.
    pub html: Option<String>,
}

/// The source of a text with variables: what is rendered when it is filled in.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// How it is sent.
    pub channel: Channel,
    /// How an SMS is sent; none for an e-mail.
    pub sms: Option<SmsOptions>,
    /// The subject of an e-mail.
    pub subject: Option<&'a str>,
    /// The text.
    pub body: &'a str,
    /// The HTML of an e-mail, compiled.
    pub html: Option<&'a str>,
}

/// What fills the variables that are the same for everybody.
#[derive(Clone, Copy)]
pub struct Filling<'a> {
    /// The declared variables.
    pub variables: &'a BTreeMap<String, String>,
    /// `empresa`.
    pub company: Company<'a>,
    /// The moment whose day `fecha` names, by each client's clock.
    pub at: DateTime<Utc>,
}

/// The company in whose name a text is sent.
#[derive(Clone, Copy)]
pub struct Company<'a> {
    /// `empresa.nombre`.
    pub name: &'a str,
    /// `empresa.logo`: where the logo is; an empty text if there is none.
    pub logo: Option<&'a str>,
}

/// Renders the text for one person. An SMS is in the form that the network of the person's number carries.
///
/// # Errors
/// What the template or its result has that cannot be sent to this person. Nothing is cut.
pub fn render(text: &Text, person: &Addressee) -> Result<Rendered, Fault> {
    let rendered = match &text.kind {
        Kind::Same(rendered) => rendered.clone(),
        Kind::Personal(text) => text.render(person),
    };
    match text.sms {
        None => rendered,
        Some(options) => rendered?.into_sms(options, &person.address),
    }
}

impl Rendered {
    /// The SMS in the form that a provider without Unicode carries.
    #[must_use]
    pub fn without_unicode(self) -> Self {
        Self { body: gsm_only(&self.body), ..self }
    }

    fn into_sms(self, options: SmsOptions, number: &str) -> Result<Self, Fault> {
        let sms = if !takes_unicode(number) {
            self.without_unicode()
        } else if options.transliterate {
            Self { body: transliterate(&self.body), ..self }
        } else {
            self
        };
        // A character may take several without Unicode: an ellipsis three dots.
        match sms.body.chars().nth(SmsBody::MAX_CHARS) {
            None => Ok(sms),
            Some(_) => {
                let reason = FaultReason::Result(Invalid::TooLong { max: SmsBody::MAX_CHARS });
                Err(Fault { part: Part::Body, reason })
            }
        }
    }
}

impl Text {
    /// A text without variables, verbatim.
    pub const fn plain(subject: Option<String>, body: String, sms: Option<SmsOptions>) -> Self {
        Self { kind: Kind::Same(Ok(Rendered { subject, body, html: None })), sms }
    }

    /// A text with variables, compiled.
    ///
    /// # Errors
    /// A template that is not one, or that names what nobody fills in.
    pub fn of_template(source: Source<'_>, filling: Filling<'_>) -> Result<Self, Fault> {
        let engine = Engine::compile(source)?;
        engine.needs_known(|name| is_own(name) || filling.variables.contains_key(name))?;
        let names = Names::new(filling, engine.names());
        let text = PersonalText { channel: source.channel, engine, names };
        let kind = match text.names.are_personal() {
            true => Kind::Personal(Box::new(text)),
            false => Kind::Same(text.render(&Addressee::nobody())),
        };
        Ok(Self { kind, sms: source.sms })
    }

    /// The text of a notification that began at this time, by its request; none if its key is destroyed, or for another
    /// event. The day that the text names is that of the beginning: one for all, however long sending takes.
    ///
    /// # Errors
    /// A frozen template that this version of the program cannot compile.
    pub fn of_request(event: &NotificationEvent, begun_at: DateTime<Utc>) -> Result<Option<Self>, Fault> {
        let NotificationEvent::NotificationRequested { channel, subject, body, sms, template, .. } = event
        else {
            return Ok(None);
        };
        let Some(body) = body.get() else { return Ok(None) };
        let subject = subject.as_ref().and_then(|subject| subject.get());
        let Some(template) = template else {
            return Ok(Some(Self::plain(subject.cloned(), body.clone(), *sms)));
        };
        let Some(variables) = template.variables.get() else { return Ok(None) };
        let html = template.html.as_ref().and_then(|html| html.get());
        let source = Source {
            channel: *channel,
            sms: *sms,
            subject: subject.map(String::as_str),
            body,
            html: html.map(String::as_str),
        };
        let company = Company { name: &template.company_name, logo: template.company_logo.as_deref() };
        let filling = Filling { variables, company, at: begun_at };
        Self::of_template(source, filling).map(Some)
    }

    /// How an SMS is sent; none for an e-mail.
    pub const fn sms(&self) -> Option<SmsOptions> {
        self.sms
    }

    /// Whether it may differ from person to person, apart from what a network does to an SMS.
    pub const fn is_personal(&self) -> bool {
        matches!(self.kind, Kind::Personal(_))
    }

    /// Whether it names a date, which depends on the person's language and time zone.
    pub fn has_date(&self) -> bool {
        match &self.kind {
            Kind::Same(_) => false,
            Kind::Personal(text) => text.names.has_date(),
        }
    }

    /// The clients' own columns that it names.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let columns = match &self.kind {
            Kind::Same(_) => None,
            Kind::Personal(text) => Some(text.names.columns()),
        };
        columns.into_iter().flatten().map(String::as_str)
    }

    /// Refuses a column that no client has.
    ///
    /// # Errors
    /// The first such column, as an unknown variable.
    pub fn needs_columns(&self, known: &BTreeSet<String>) -> Result<(), Fault> {
        match &self.kind {
            Kind::Same(_) => Ok(()),
            Kind::Personal(text) => {
                text.engine.needs_known(|name| column_of(name).is_none_or(|column| known.contains(column)))
            }
        }
    }

    /// The person with a text in each column that the text names and the person lacks.
    #[must_use]
    pub fn completed(&self, mut person: Addressee, column: impl Fn(&str) -> String) -> Addressee {
        for name in self.columns() {
            person.columns.entry(name.to_owned()).or_insert_with(|| column(name));
        }
        person
    }

    /// What it takes in memory, in bytes, as far as it grows with the text.
    pub fn bytes(&self) -> usize {
        match &self.kind {
            Kind::Same(Ok(Rendered { subject, body, html })) => {
                body.len() + [subject, html].into_iter().flatten().map(String::len).sum::<usize>()
            }
            Kind::Same(Err(_)) => 0,
            Kind::Personal(text) => text.engine.bytes(),
        }
    }
}

impl PersonalText {
    fn render(&self, person: &Addressee) -> Result<Rendered, Fault> {
        let names = self.names.of(person);
        let part = |part: Part| match self.engine.render(part, &names) {
            Some(rendered) => {
                let rendered = rendered.map_err(|fault| self.without_column(fault, person))?;
                self.checked(part, rendered).map(Some)
            }
            None => Ok(None),
        };
        let (subject, body, html) = (part(Part::Subject)?, part(Part::Body)?, part(Part::Html)?);
        Ok(Rendered { subject, body: body.unwrap_or_default(), html })
    }

    /// Why a text fails that was checked when it was saved: the client lacks a column, if there is one that it lacks.
    fn without_column(&self, fault: Fault, person: &Addressee) -> Fault {
        let lacks = |name: &&String| !person.columns.contains_key(*name);
        match (fault.reason, self.names.columns().iter().find(lacks)) {
            (FaultReason::Fails { .. }, Some(name)) => {
                Fault { part: fault.part, reason: FaultReason::MissingColumn { name: name.clone() } }
            }
            (reason, _) => Fault { part: fault.part, reason },
        }
    }

    /// A result that can be sent: no longer than what is written without a template, without control characters.
    fn checked(&self, part: Part, text: String) -> Result<String, Fault> {
        let (max_chars, lines) = match (part, self.channel) {
            (Part::Subject, _) => (Subject::MAX_CHARS, Lines::One),
            (Part::Body, Channel::Sms) => (SmsBody::MAX_CHARS, Lines::Many),
            (Part::Body, Channel::Email) => (EmailBody::MAX_CHARS, Lines::Many),
            (Part::Html, _) => (HTML_CHARS_MAX, Lines::Many),
        };
        match (TextRule { max_chars, lines }).check(&text) {
            Ok(()) => Ok(text),
            Err(invalid) => Err(Fault { part, reason: FaultReason::Result(invalid) }),
        }
    }
}

crate::personal::hide_in_debug!(Text, Rendered);
