//! `DELETE /clients/{id}`: erase a person.

use axum::extract::State;
use commands::log::metadata;
use domain::value::{ClientId, CompanyId};

use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Erase a client and its contacts for ever (notifiers of its company). Their data in the history becomes unreadable.
#[utoipa::path(
    delete, path = "/clients/{id}", tag = "clients",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn erase(
    State(state): State<AppState>,
    PathId(client): PathId<ClientId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    let company = company_of(&state, client).await?.ok_or_else(Problem::not_found)?;
    caller.needs_for(company, caller.may_notify(company))?;
    let done = commands::clients::erase(state.log(), company, client, &context).await?;
    Ok(state.changed(&caller, done))
}

/// The company of a client, also of an erased one, so that a repeated erasure is answered too: the state of an erased
/// client no longer names it.
async fn company_of(state: &AppState, client: ClientId) -> sqlx::Result<Option<CompanyId>> {
    let first =
        state.log().reader().read_stream("client", &client.to_string(), 0, 1).await?.into_iter().next();
    Ok(first.and_then(|event| event.metadata().get(metadata::COMPANY)?.parse().ok()))
}
