//! `POST /providers/{name}/resume`: give a provider messages again.

use axum::extract::State;
use domain::value::Channel;
use utoipa::ToSchema;

use super::named;
use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathWord};
use crate::problem::Answer;
use crate::state::AppState;

/// Which provider gets messages again.
#[derive(ToSchema)]
pub(super) struct ResumeProvider {
    /// `sms` or `email`. Required only if providers of both channels have the name.
    #[schema(value_type = Option<String>)]
    channel: Option<Channel>,
}

impl FromFields for ResumeProvider {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { channel: fields.optional("channel") })
    }
}

impl Body for ResumeProvider {
    fn permits(caller: &Caller) -> bool {
        caller.is_admin()
    }
}

/// Give a provider messages again (administrators). What waited is sent within seconds.
#[utoipa::path(
    post, path = "/providers/{name}/resume", tag = "providers", request_body = ResumeProvider,
    params(("name" = String, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn resume(
    State(state): State<AppState>,
    PathWord(name): PathWord,
    order: Order<ResumeProvider>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let provider = named(&state, &name, body.channel).await?;
    let of = (provider.channel, provider.name.as_str());
    let done = commands::providers::resume(state.log(), of, &context).await?;
    Ok(state.changed(&caller, done))
}
