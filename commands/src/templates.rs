//! The use cases of templates.

use domain::template::{AddVersion, CreateTemplate, Created, Template, TemplateCommand, TemplateError};
use domain::value::{CompanyId, TemplateId};
use serde_json::json;

use crate::context::CommandContext;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

type Outcome = Result<Done, CommandError<TemplateError>>;

/// Creates a template under a new id.
///
/// # Errors
/// A text that is not a template, see [`TemplateError`].
pub async fn create(
    log: &EventLog,
    template: TemplateId,
    create: CreateTemplate,
    context: &CommandContext,
) -> Outcome {
    let context = context.about_any(create.company);
    let command = TemplateCommand::Create(create);
    log.execute_new::<Template>(&template.to_string(), command, &context, &json!({ "id": template })).await
}

/// Adds a version to a template of this company. One that says the same as the last version is none.
///
/// # Errors
/// [`TemplateError::Unknown`] for a template that was never created, else as of [`create`].
pub async fn add_version(
    log: &EventLog,
    template: TemplateId,
    company: Option<CompanyId>,
    version: AddVersion,
    context: &CommandContext,
) -> Outcome {
    let context = context.about_any(company);
    let command = TemplateCommand::AddVersion(version);
    log.execute::<Template>(&template.to_string(), command, &context, &json!({ "id": template })).await
}

/// The template as of the log, with its last version; none if it was never created.
///
/// # Errors
/// When the log cannot be read.
pub async fn template(
    log: &EventLog,
    template: TemplateId,
) -> Result<Option<Created>, CommandError<TemplateError>> {
    Ok(log.reader().load::<Template>(&template.to_string()).await?.state.created().cloned())
}
