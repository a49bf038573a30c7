//! The commands of a template.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::value::{
    Category, Channel, CompanyId, EmailBody, HtmlBody, Name, SmsBody, Subject, UserId, VariableName,
    VariableText,
};

/// A command of one template.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplateCommand {
    /// Create it, with its first version.
    Create(CreateTemplate),
    /// Add a version; the ones before stay.
    AddVersion(AddVersion),
}

/// The fields of a new template.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTemplate {
    /// Its name.
    pub name: Name,
    /// What kind of matter it is about.
    pub category: Category,
    /// The company that may use it; none if all may.
    pub company: Option<CompanyId>,
    /// What it says.
    pub draft: Draft,
    /// The user who creates it.
    pub author: UserId,
    /// When.
    pub at: DateTime<Utc>,
}

/// The fields of a new version; absent ones stay.
#[derive(Debug, Clone, PartialEq)]
pub struct AddVersion {
    /// A new name.
    pub name: Option<Name>,
    /// A new category.
    pub category: Option<Category>,
    /// What it says now.
    pub draft: Draft,
    /// The user who adds it.
    pub author: UserId,
    /// When.
    pub at: DateTime<Utc>,
}

/// The content of a version, as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its texts.
    pub texts: Texts,
    /// The variables that a notification fills in.
    pub variables: Vec<Variable>,
    /// The own columns that clients of its company have, which it may name as well.
    pub columns: BTreeSet<String>,
}

/// The texts of a version, by channel.
#[derive(Debug, Clone, PartialEq)]
pub enum Texts {
    /// Of a text message.
    Sms {
        /// The text.
        body: SmsBody,
    },
    /// Of an e-mail: a text, HTML, or both.
    Email {
        /// The subject line.
        subject: Subject,
        /// The text; made of the HTML where it is absent.
        body: Option<EmailBody>,
        /// HTML or MJML.
        html: Option<HtmlBody>,
    },
}

impl Texts {
    /// The channel that carries them.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Sms { .. } => Channel::Sms,
            Self::Email { .. } => Channel::Email,
        }
    }
}

/// A variable that a template declares.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: VariableName,
    /// What it is where a notification does not say.
    pub default: Option<VariableText>,
    /// What it is in a preview.
    pub sample: Option<VariableText>,
}
