//! The events of a template. They hold no personal data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::events;
use crate::value::{Category, Channel, CompanyId, UserId};

/// An event of one template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemplateEvent {
    /// It was created.
    TemplateCreated {
        /// The company that may use it; none if all may.
        company: Option<CompanyId>,
        /// How it is sent; the same in all versions.
        channel: Channel,
        /// Version 1.
        first: TemplateVersion,
    },
    /// A version was added, and is used from now on.
    TemplateVersionAdded {
        /// Its number, from 2.
        number: u32,
        /// The version.
        version: TemplateVersion,
    },
}

events!(TemplateEvent { TemplateCreated => "1", TemplateVersionAdded => "1" });

/// A version, which never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateVersion {
    /// The template's name.
    pub name: String,
    /// What kind of matter it is about.
    pub category: Category,
    /// What it says.
    pub content: TemplateContent,
    /// Who made it.
    pub author: UserId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a version says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateContent {
    /// An e-mail's subject line.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// Whether the text was made of the HTML.
    pub body_is_derived: bool,
    /// An e-mail's HTML.
    pub html: Option<TemplateHtml>,
    /// The variables that a notification fills in.
    pub variables: Vec<TemplateVariable>,
}

/// HTML as it was written and as it is mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateHtml {
    /// As it was written: HTML or MJML, a document or a fragment.
    pub source: String,
    /// A whole document in HTML, with variables.
    pub compiled: String,
}

/// A declared variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateVariable {
    /// Its name.
    pub name: String,
    /// What it is where a notification does not say.
    pub default: Option<String>,
    /// What it is in a preview.
    pub sample: Option<String>,
}
