//! The use cases of companies.

use domain::company::{Company, CompanyChange, CompanyCommand, CompanyDetails, CompanyError, CompanyProfile};
use domain::value::CompanyId;
use serde_json::json;

use crate::context::CommandContext;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

/// Registers a company.
///
/// # Errors
/// When the log is not available.
pub async fn register(
    log: &EventLog,
    company: CompanyId,
    details: CompanyDetails,
    context: &CommandContext,
) -> Result<Done, CommandError<CompanyError>> {
    execute(log, company, CompanyCommand::Register(details), context).await
}

/// Changes the given fields of a company; absent ones stay.
///
/// # Errors
/// [`CompanyError::Unknown`] for a company that was never registered.
pub async fn change(
    log: &EventLog,
    company: CompanyId,
    change: CompanyChange,
    context: &CommandContext,
) -> Result<Done, CommandError<CompanyError>> {
    execute(log, company, CompanyCommand::Change(change), context).await
}

/// The company as of the log; none if it was never registered.
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
