//! `POST /providers/{name}/pause`: give a provider no messages until it is resumed.

use axum::extract::State;
use domain::value::{Channel, StatedReason};
use utoipa::ToSchema;

use super::named;
use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathWord};
use crate::problem::Answer;
use crate::state::AppState;

/// Why a provider gets no messages.
#[derive(ToSchema)]
pub(super) struct PauseProvider {
    /// The reason.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: StatedReason,
    /// `sms` or `email`. Required only if providers of both channels have the name.
    #[schema(value_type = Option<String>)]
    channel: Option<Channel>,
}

impl FromFields for PauseProvider {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let reason = fields.required("reason");
        let channel = fields.optional("channel");
        Some(Self { reason: reason?, channel })
    }
}

impl Body for PauseProvider {
    fn permits(caller: &Caller) -> bool {
        caller.is_admin()
    }
}

/// Give a provider no messages until it is resumed, for a reason (administrators). Every process obeys within seconds, and a
/// restart keeps the pause. What is being sent ends; what waits goes to the next provider of the channel, or waits if all of
/// them are paused.
#[utoipa::path(
    post, path = "/providers/{name}/pause", tag = "providers", request_body = PauseProvider,
    params(("name" = String, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn pause(
    State(state): State<AppState>,
    PathWord(name): PathWord,
    order: Order<PauseProvider>,
) -> Answer<Wrote> {
    let Order { caller, body: PauseProvider { reason, channel }, context } = order;
    let provider = named(&state, &name, channel).await?;
    let of = (provider.channel, provider.name.as_str());
    let done = commands::providers::pause(state.log(), of, reason, &context).await?;
    Ok(state.changed(&caller, done))
}
