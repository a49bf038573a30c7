//! `POST /deliveries/{id}/resolve`: end the doubt about a delivery.

use axum::extract::State;
use commands::doubts::{self, ResolveDoubts};
use domain::deliveries::{Resolution, ResolvedBy};
use domain::value::{DeliveryId, StatedReason};
use utoipa::ToSchema;

use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The decision about a doubt.
#[derive(ToSchema)]
pub(super) struct ResolveDelivery {
    /// `accepted`: the provider has it. `delivered`: the recipient has it. `resend`: it was not sent, and is sent again.
    /// `discard`: it stays unknown and is never sent again.
    #[schema(value_type = String)]
    outcome: Resolution,
    /// How that was found out, or why it is given up.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: StatedReason,
}

impl FromFields for ResolveDelivery {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (outcome, reason) = (fields.required("outcome"), fields.required("reason"));
        Some(Self { outcome: outcome?, reason: reason? })
    }
}

impl Body for ResolveDelivery {}

/// End the doubt about a delivery by a decision, for a reason (its company's notifiers). With `resend` it is open again, in
/// a new generation, when this answers, and it is sent once however often this is asked. The same decision again changes
/// nothing. A delivery that is not in doubt any more is refused: 409.
#[utoipa::path(
    post, path = "/deliveries/{id}/resolve", tag = "notifications", request_body = ResolveDelivery,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn resolve(
    State(state): State<AppState>,
    PathId(delivery): PathId<DeliveryId>,
    order: Order<ResolveDelivery>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let place = doubts::place(state.log(), delivery).await?;
    let place = place.filter(|place| caller.knows(place.company)).ok_or_else(Problem::not_found)?;
    caller.needs(caller.may_notify(place.company))?;
    let order = ResolveDoubts {
        notification: place.notification,
        company: place.company,
        chunk: place.ordinal.chunk(),
        members: place.ordinal.member().into(),
        resolution: body.outcome,
        by: ResolvedBy::Person,
        reason: Some(body.reason),
        at: state.now(),
    };
    let done = doubts::resolve(state.log(), &order, &context).await?;
    Ok(state.changed(&caller, done))
}
