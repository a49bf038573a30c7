//! `/providers`: the state of the providers, and their pauses.

mod list;
mod pause;
mod resume;

use dispatcher::oversight::{ProviderStatus, statuses};
use domain::value::{Channel, Invalid};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::{Answer, Problem};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(pause::pause))
        .routes(routes!(resume::resume))
}

/// The providers that are configured here or that a process reports.
async fn all(state: &AppState) -> Answer<Vec<ProviderStatus>> {
    Ok(statuses(state.pool(), &state.settings().routes, state.now()).await?)
}

/// The provider with a name. The channel tells apart those of two channels that have one name.
async fn named(state: &AppState, name: &str, channel: Option<Channel>) -> Answer<ProviderStatus> {
    let mut found = all(state).await?;
    found.retain(|one| one.name == name && channel.is_none_or(|channel| one.channel == channel));
    if found.len() > 1 {
        return Err(Problem::of_field("/channel", Invalid::Missing.into()));
    }
    found.pop().ok_or_else(Problem::not_found)
}
