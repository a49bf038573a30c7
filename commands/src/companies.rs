//! What can be asked of companies.

use domain::company::{Company, CompanyChange, CompanyCommand, CompanyDetails, CompanyError, CompanyProfile};
use domain::value::CompanyId;
use serde_json::json;

use crate::context::CommandContext;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

/// Takes a company on.
///
/// # Errors
/// When the log is away.
pub async fn register(
    log: &EventLog,
    company: CompanyId,
    details: CompanyDetails,
    context: &CommandContext,
) -> Result<Done, CommandError<CompanyError>> {
    execute(log, company, CompanyCommand::Register(details), context).await
}

/// Changes some of what is known of a company; absent parts stay.
///
/// # Errors
/// [`CompanyError::Unknown`] for one that was never taken on.
pub async fn change(
    log: &EventLog,
    company: CompanyId,
    change: CompanyChange,
    context: &CommandContext,
) -> Result<Done, CommandError<CompanyError>> {
    execute(log, company, CompanyCommand::Change(change), context).await
}

/// What is known of a company, straight from the log; none if it was never taken on.
///
/// # Errors
/// When the log cannot be read.
pub async fn profile(
    log: &EventLog,
    company: CompanyId,
) -> Result<Option<CompanyProfile>, CommandError<CompanyError>> {
    Ok(log.reader().load::<Company>(&company.to_string()).await?.state.profile().cloned())
}

async fn execute(
    log: &EventLog,
    company: CompanyId,
    command: CompanyCommand,
    context: &CommandContext,
) -> Result<Done, CommandError<CompanyError>> {
    let context = context.clone().about(company);
    log.execute::<Company>(&company.to_string(), command, &context, &json!({ "id": company })).await
}
