//! The content of a version: checked when it is saved, filled in when it is used.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::command::{Draft, Texts, Variable};
use super::error::{TemplateError, VariableFault};
use super::event::{TemplateContent, TemplateHtml, TemplateVariable};
use super::{Created, VARIABLES_MAX};
use crate::notification::Addressee;
use crate::rendering::{
    Company, Fault, FaultReason, Filling, Part, Source, Text, compiled, plain_text, render,
};
use crate::value::{Channel, EmailBody, HtmlBody, Invalid, Locale, TimeZone, VariableName, VariableText};

/// How many bytes text and HTML may have together, compiled: a notification keeps them in its first event, sealed.
const CONTENT_BYTES_MAX: usize = 400_000;
/// What a variable without a sample is when a version is checked.
const SAMPLE: &str = "1";

impl TryFrom<Draft> for TemplateContent {
    type Error = TemplateError;

    /// Compiles the texts and renders them for somebody who does not exist.
    fn try_from(draft: Draft) -> Result<Self, TemplateError> {
        let Draft { texts, variables, columns } = draft;
        needs_names(&variables)?;
        let channel = texts.channel();
        let (subject, body, html) = match texts {
            Texts::Sms { body } => (None, Some(body.into_string()), None),
            Texts::Email { subject, body, html } => {
                let html = html.map(html_of).transpose()?;
                (Some(subject.into_string()), body.map(|body| body.into_string()), html)
            }
        };
        let body_is_derived = body.is_none();
        let derived = || {
            let text = plain_text(&html.as_ref()?.source);
            EmailBody::try_new(text).ok().map(EmailBody::into_string)
        };
        let body = body.or_else(derived).ok_or(TemplateError::NoBody)?;
        let variables = variables.into_iter().map(TemplateVariable::from).collect();
        let content = Self { subject, body, body_is_derived, html, variables };
        content.check(channel, &columns)?;
        Ok(content)
    }
}

fn needs_names(variables: &[Variable]) -> Result<(), TemplateError> {
    if variables.len() > VARIABLES_MAX {
        return Err(TemplateError::TooManyVariables);
    }
    let mut names: BTreeSet<&VariableName> = BTreeSet::new();
    match variables.iter().position(|variable| !names.insert(&variable.name)) {
        Some(index) => Err(TemplateError::DeclaredTwice { index }),
        None => Ok(()),
    }
}

fn html_of(source: HtmlBody) -> Result<TemplateHtml, Fault> {
    let source = source.into_string();
    let compiled = compiled(&source).map_err(|reason| Fault { part: Part::Html, reason })?;
    Ok(TemplateHtml { source, compiled })
}

impl From<Variable> for TemplateVariable {
    fn from(Variable { name, default, sample }: Variable) -> Self {
        let text = |text: Option<VariableText>| text.map(VariableText::into_string);
        Self { name: name.into_string(), default: text(default), sample: text(sample) }
    }
}

impl TemplateContent {
    fn check(&self, channel: Channel, columns: &BTreeSet<String>) -> Result<(), Fault> {
        let html = self.html.as_ref().map_or(0, |html| html.compiled.len());
        if self.body.len() + html > CONTENT_BYTES_MAX {
            let part = if html > 0 { Part::Html } else { Part::Body };
            return Err(Fault { part, reason: FaultReason::TooCostly });
        }
        let variables = self.variables.iter().map(|variable| {
            let text = variable.sample.as_ref().or(variable.default.as_ref());
            (variable.name.clone(), text.map_or(SAMPLE, String::as_str).to_owned())
        });
        let variables: BTreeMap<String, String> = variables.collect();
        let company = Company { name: SAMPLE, logo: None };
        let filling = Filling { variables: &variables, company, at: DateTime::UNIX_EPOCH };
        let text = Text::of_template(self.source(channel), filling)?;
        text.needs_columns(columns)?;
        match render(&text, &text.completed(somebody(), |_| SAMPLE.to_owned())) {
            // Where something is filled in, another value may say something.
            Err(Fault { reason: FaultReason::Result(Invalid::Missing), .. })
                if text.is_personal() || !variables.is_empty() =>
            {
                Ok(())
            }
            rendered => rendered.map(drop),
        }
    }

    /// What is rendered.
    pub fn source(&self, channel: Channel) -> Source<'_> {
        Source {
            channel,
            sms: None,
            subject: self.subject.as_deref(),
            body: &self.body,
            html: self.html.as_ref().map(|html| html.compiled.as_str()),
        }
    }

    /// The texts of all variables: those that are given, else their defaults.
    ///
    /// # Errors
    /// When one is given that the template does not declare, or one has no text.
    pub fn fill(&self, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, VariableFault> {
        self.filled(given, |variable| variable.default.clone())
    }

    /// The same for a preview: a variable without a default has its sample.
    ///
    /// # Errors
    /// As of [`Self::fill`].
    pub fn fill_sample(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, VariableFault> {
        self.filled(given, |variable| variable.default.clone().or_else(|| variable.sample.clone()))
    }

    fn filled(
        &self,
        given: &BTreeMap<String, String>,
        otherwise: impl Fn(&TemplateVariable) -> Option<String>,
    ) -> Result<BTreeMap<String, String>, VariableFault> {
        let is_declared = |name: &&String| self.variables.iter().any(|variable| variable.name == **name);
        if let Some(name) = given.keys().find(|name| !is_declared(name)) {
            return Err(VariableFault::Unknown { name: name.clone() });
        }
        let text = |variable: &TemplateVariable| {
            let name = variable.name.clone();
            match given.get(&name).cloned().or_else(|| otherwise(variable)) {
                Some(text) => Ok((name, text)),
                None => Err(VariableFault::Missing { name }),
            }
        };
        self.variables.iter().map(text).collect()
    }
}

impl Created {
    /// What the last version renders.
    pub fn source(&self) -> Source<'_> {
        self.latest.content.source(self.channel)
    }
}

/// A person for the check.
fn somebody() -> Addressee {
    Addressee {
        client_name: SAMPLE.to_owned(),
        contact_name: SAMPLE.to_owned(),
        address: String::new(),
        locale: Some(Locale::SPANISH),
        time_zone: Some(TimeZone::UTC),
        ..Addressee::nobody()
    }
}
