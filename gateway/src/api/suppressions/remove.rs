//! `DELETE /suppressions/{id}`: send to an address again.

use axum::extract::State;
use domain::value::{StatedReason, SuppressionId};
use utoipa::ToSchema;

use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Why the address may be sent to again.
#[derive(ToSchema)]
pub(super) struct RemoveSuppression {
    /// The reason.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: StatedReason,
}

impl FromFields for RemoveSuppression {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { reason: fields.required("reason")? })
    }
}

impl Body for RemoveSuppression {}

/// Lift a suppression, for a reason (its company's notifiers).
#[utoipa::path(
    delete, path = "/suppressions/{id}", tag = "suppressions", request_body = RemoveSuppression,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn remove(
    State(state): State<AppState>,
    PathId(suppression): PathId<SuppressionId>,
    order: Order<RemoveSuppression>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let company = commands::suppressions::company(state.log(), suppression).await?;
    let company = company.filter(|company| caller.knows(*company)).ok_or_else(Problem::not_found)?;
    caller.needs(caller.may_notify(company))?;
    let log = state.log();
    let done = commands::suppressions::remove(log, company, suppression, body.reason, &context).await?;
    Ok(state.changed(&caller, done))
}
