//! A template: what notifications say, with variables, in versions that never change.

mod command;
mod content;
mod error;
mod event;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::command::{AddVersion, CreateTemplate, Draft, TemplateCommand, Texts, Variable};
pub use self::error::{TemplateError, VariableFault};
pub use self::event::{TemplateContent, TemplateEvent, TemplateHtml, TemplateVariable, TemplateVersion};
use crate::aggregate::aggregate;
use crate::value::{Channel, CompanyId};

/// The most variables of a template.
pub const VARIABLES_MAX: usize = 50;

/// The state of a template that the rules need: what is the same in all versions, and the last version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    created: Option<Created>,
}

/// A template that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The company that may use it; none if all may.
    pub company: Option<CompanyId>,
    /// How it is sent.
    pub channel: Channel,
    /// The number of the last version, from 1.
    pub version: u32,
    /// The last version.
    pub latest: TemplateVersion,
}

aggregate!(Template, "template", TemplateCommand, TemplateEvent, TemplateError);

impl Template {
    /// The template, once it is created.
    pub const fn created(&self) -> Option<&Created> {
        self.created.as_ref()
    }

    /// Decides a command: its events, or the reason of a refusal.
    pub fn decide(&self, command: TemplateCommand) -> Result<Vec<TemplateEvent>, TemplateError> {
        match (&self.created, command) {
            (None, TemplateCommand::Create(create)) => create.decide().map(|event| vec![event]),
            (Some(_), TemplateCommand::Create(_)) => Err(TemplateError::AlreadyCreated),
            (None, TemplateCommand::AddVersion(_)) => Err(TemplateError::Unknown),
            (Some(now), TemplateCommand::AddVersion(add)) => now.add(add),
        }
    }

    fn fold(&mut self, event: TemplateEvent) {
        match (event, &mut self.created) {
            (TemplateEvent::TemplateCreated { company, channel, first }, _) => {
                self.created = Some(Created { company, channel, version: 1, latest: first });
            }
            (TemplateEvent::TemplateVersionAdded { number, version }, Some(created)) => {
                (created.version, created.latest) = (number, version);
            }
            (TemplateEvent::TemplateVersionAdded { .. }, None) => {}
        }
    }
}

impl CreateTemplate {
    fn decide(self) -> Result<TemplateEvent, TemplateError> {
        let Self { name, category, company, draft, author, at } = self;
        let channel = draft.texts.channel();
        let content = TemplateContent::try_from(draft)?;
        let first = TemplateVersion { name: name.into_string(), category, content, author, at };
        Ok(TemplateEvent::TemplateCreated { company, channel, first })
    }
}

impl Created {
    /// A version that says the same as the last one is none.
    fn add(&self, add: AddVersion) -> Result<Vec<TemplateEvent>, TemplateError> {
        let AddVersion { name, category, draft, author, at } = add;
        if draft.texts.channel() != self.channel {
            return Err(TemplateError::OtherChannel);
        }
        let last = &self.latest;
        let name = name.map_or_else(|| last.name.clone(), |name| name.into_string());
        let category = category.unwrap_or(last.category);
        let content = TemplateContent::try_from(draft)?;
        if (&name, category, &content) == (&last.name, last.category, &last.content) {
            return Ok(vec![]);
        }
        let version = TemplateVersion { name, category, content, author, at };
        Ok(vec![TemplateEvent::TemplateVersionAdded { number: self.version + 1, version }])
    }
}
