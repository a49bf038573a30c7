//! `POST /notifications`: send a notification to a company's clients.

use axum::extract::State;
use axum::http::StatusCode;
use commands::{CommandContext, Done};
use domain::notification::RequestNotification;
use projections::Projection;
use projections::queries::audience;
use serde_json::{Value, json};

use super::confirmation::Confirmation;
use super::order::{AskedNotification, NewNotification, NotificationFields};
use super::preview::audience_of;
use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Made;
use crate::extract::{Body, Key, Order};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

impl Body for AskedNotification {
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
pub(super) async fn send(State(state): State<AppState>, order: Order<AskedNotification>) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let outcome = sent(&state, &caller, body, &context).await;
    state.answered(StatusCode::ACCEPTED, &caller, &context, outcome).await
}

async fn sent(
    state: &AppState,
    caller: &Caller,
    asked: AskedNotification,
    context: &CommandContext,
) -> Answer<(Done, Value)> {
    let new = asked.found(state, caller).await?;
    needs_audience(state, caller, &new).await?;
    let request = RequestNotification {
        notification: state.new_id().into(),
        company: new.company,
        recipient_kind: new.recipient_kind,
        category: new.category,
        content: new.content,
        template: new.template.map(Box::new),
        only_to: None,
        expires_at: new.expires_at,
        author: caller.id(),
        at: state.now(),
    };
    let answer = json!({ "id": request.notification });
    let done = commands::notifications::request(state.log(), request, context, &answer).await?;
    Ok((done, answer))
}

/// The audience must not be empty, and must have the confirmed size if there is one. Only a confirmed size is counted
/// again: an alarm to one person waits for no slot.
async fn needs_audience(state: &AppState, caller: &Caller, new: &NewNotification) -> Answer<()> {
    state.freshness().wait(caller.id(), None, &[Projection::Clients]).await?;
    let (company, channel) = (new.company, new.content.channel());
    if !audience::reaches_somebody(state.pool(), company, channel, new.recipient_kind).await? {
        return Err(Problem::of_field("/recipient_kind", Reason::NobodyToTell));
    }
    let Some(token) = &new.confirm_token else { return Ok(()) };
    let reachable = audience_of(state, state.confirmations(), caller, new).await?.reachable;
    Confirmation { asked: new, by: caller.id(), reachable }.check(token.as_str(), state.log().keys())
}
