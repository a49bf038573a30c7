//! `POST /notifications`: send a notification to a company's clients.

use axum::extract::State;
use axum::http::StatusCode;
use commands::{CommandContext, Done};
use domain::notification::RequestNotification;
use domain::value::CompanyId;
use projections::Projection;
use projections::queries::audience;
use serde_json::{Value, json};

use super::confirmation::Confirmation;
use super::order::{NewNotification, NotificationFields};
use super::preview::audience_of;
use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Made;
use crate::extract::{Body, Key, Order};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

impl Body for NewNotification {
    const KEY: Key = Key::Required;

    fn permits(caller: &Caller) -> bool {
        Self::is_for(caller)
    }
}

/// Tell something to a company's clients (its notifiers). The audience is resolved and frozen behind the answer.
#[utoipa::path(
    post, path = "/notifications", tag = "notifications", request_body = NotificationFields,
    params(("Idempotency-Key" = String, Header, min_length = 1, max_length = 255)),
    responses((status = 202, body = Made))
)]
pub(super) async fn send(State(state): State<AppState>, order: Order<NewNotification>) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let outcome = sent(&state, &caller, body, &context).await;
    state.answered(StatusCode::ACCEPTED, &caller, &context, outcome).await
}

async fn sent(
    state: &AppState,
    caller: &Caller,
    new: NewNotification,
    context: &CommandContext,
) -> Answer<(Done, Value)> {
    new.needs_company(state, caller).await?;
    let approval_above = approval_above(state, new.company).await?;
    let people = needs_audience(state, caller, &new, approval_above.is_some()).await?;
    let request = RequestNotification {
        notification: state.new_id().into(),
        company: new.company,
        recipient_kind: new.recipient_kind,
        category: new.category,
        content: new.content,
        expires_at: new.expires_at,
        schedule_at: new.schedule_at,
        hold_seconds: new.hold_seconds,
        people,
        approval_above,
        author: caller.id(),
        at: state.now(),
    };
    let answer = json!({ "id": request.notification });
    let done = commands::notifications::request(state.log(), request, context, &answer).await?;
    Ok((done, answer))
}

/// Above how many people the company wants an approval, by the log.
pub(super) async fn approval_above(state: &AppState, company: CompanyId) -> Answer<Option<u64>> {
    let profile = commands::companies::profile(state.log(), company).await?;
    Ok(profile.and_then(|profile| profile.limits.approval_above))
}

/// The audience must not be empty, and must have the confirmed size if there is one. It is counted for that and for the limit
/// of the company: else an alarm to one person waits for no slot.
async fn needs_audience(
    state: &AppState,
    caller: &Caller,
    new: &NewNotification,
    has_limit: bool,
) -> Answer<u64> {
    state.freshness().wait(caller.id(), None, &[Projection::Clients]).await?;
    let (company, channel) = (new.company, new.content.channel());
    if !audience::reaches_somebody(state.pool(), company, channel, new.recipient_kind).await? {
        return Err(Problem::of_field("/recipient_kind", Reason::NobodyToTell));
    }
    if new.confirm_token.is_none() && !has_limit {
        return Ok(0);
    }
    let reachable = audience_of(state, state.confirmations(), caller, new).await?.reachable;
    if let Some(token) = &new.confirm_token {
        Confirmation { asked: new, by: caller.id(), reachable }.check(token.as_str(), state.log().keys())?;
    }
    Ok(reachable)
}
