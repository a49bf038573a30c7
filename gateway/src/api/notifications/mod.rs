//! `/notifications`: the notifications to a company's clients.

mod approve;
mod cancel;
mod confirmation;
mod counted;
mod deliveries;
mod failures;
mod filter;
mod history;
mod list;
mod order;
mod pause;
mod preview;
mod purse;
mod read;
mod reject;
mod reschedule;
mod resume;
mod retry;
mod segments;
mod send;
mod sending;
mod stream;

pub(in crate::api) use self::read::cost_of;
pub(in crate::api) use self::sending::mark_sending;

use commands::{CommandContext, Done};
use domain::value::{CompanyId, NotificationId, Role};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Wrote;
use crate::access::Caller;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(preview::preview))
        .routes(routes!(preview::excluded::excluded))
        .routes(routes!(preview::waiting::waiting))
        .routes(routes!(list::list, send::send))
        .routes(routes!(read::read))
        .routes(routes!(deliveries::deliveries))
        .routes(routes!(failures::failures))
        .routes(routes!(cancel::cancel))
        .routes(routes!(retry::retry))
        .routes(routes!(pause::pause))
        .routes(routes!(resume::resume))
        .routes(routes!(reschedule::reschedule))
        .routes(routes!(approve::approve))
        .routes(routes!(reject::reject))
        .routes(routes!(stream::stream))
        .routes(routes!(history::history))
}

/// 403 for callers who may read no company's notifications. The queries' scope restricts the companies.
pub(in crate::api) fn needs_to_read(caller: &Caller) -> Answer<()> {
    caller.needs(caller.has(Role::Notifier) || caller.has(Role::Auditor))
}

/// The company of a notification, read from the log; 404 for callers who may not learn that it exists.
async fn company_for(state: &AppState, caller: &Caller, notification: NotificationId) -> Answer<CompanyId> {
    let company = commands::notifications::company(state.log(), notification).await?;
    company.filter(|company| caller.knows(*company)).ok_or_else(Problem::not_found)
}

/// The context of a command to a notification, for its company's notifiers: 404 for callers who may not learn that it exists,
/// 403 for those who may only read it.
async fn context_for(
    state: &AppState,
    caller: &Caller,
    notification: NotificationId,
    context: CommandContext,
) -> Answer<CommandContext> {
    let company = company_for(state, caller, notification).await?;
    caller.needs(caller.may_notify(company))?;
    Ok(context.about(company))
}

/// The answer to a command that the tasks of a notification must follow before the caller is told.
async fn followed(
    state: &AppState,
    caller: &Caller,
    notification: NotificationId,
    done: Done,
) -> Answer<Wrote> {
    dispatcher::tasks::follow_notification(state.log().pool(), notification).await?;
    Ok(state.changed(caller, done))
}
