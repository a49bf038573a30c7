//! `POST /notifications`: send a notification to a company's clients.

use axum::extract::State;
use axum::http::StatusCode;
use commands::{CommandContext, Done};
use domain::notification::{AudienceFilter, RequestNotification};
use domain::value::CompanyId;
use projections::Projection;
use projections::queries::audience;
use serde_json::{Value, json};

use super::confirmation::Confirmation;
use super::counted::counted;
use super::filter::ResolvedFilter;
use super::order::{AskedNotification, NewNotification, NotificationFields};
use super::preview::{audience_of, text_of};
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

/// Send a notification to a company's clients (its notifiers). The audience is resolved and frozen after the answer.
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
    let ResolvedFilter { filter, .. } = new.filter.resolved(state, new.company).await?;
    let approval_above = approval_above(state, new.company).await?;
    let people = needs_audience(state, caller, &new, &filter, approval_above.is_some()).await?;
    let request = RequestNotification {
        notification: state.new_id().into(),
        company: new.company,
        recipient_kind: new.recipient_kind,
        category: new.category,
        content: new.content,
        template: new.template.map(Box::new),
        only_to: None,
        filter,
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

/// The audience must not be empty, and must be the confirmed one if there is one; no SMS may take more parts than the
/// request allows. It is counted only for these two and for the company's limit: an alarm to one person waits for no slot.
async fn needs_audience(
    state: &AppState,
    caller: &Caller,
    new: &NewNotification,
    filter: &AudienceFilter,
    has_limit: bool,
) -> Answer<u64> {
    state.freshness().wait(caller.id(), None, &[Projection::Clients]).await?;
    let selection = new.selection(filter);
    if !audience::reaches_somebody(state.pool(), &selection).await? {
        let field = if new.filter.is_given() { "/filter" } else { "/recipient_kind" };
        return Err(Problem::of_field(field, Reason::NobodyToTell));
    }
    if new.confirm_token.is_none() && new.segments_max().is_none() && !has_limit {
        return Ok(0);
    }
    let audience = audience_of(state, state.confirmations(), caller, &selection).await?;
    if let Some(max) = new.segments_max() {
        let text = text_of(state, new)?;
        let counted = counted(state, state.confirmations(), caller, &selection, &text, &audience).await?;
        let segments = counted.segments.map_or(0, |segments| segments.max);
        if segments > max.into() {
            return Err(Problem::of_field("/segments_max", Reason::TooManySegments { segments, max }));
        }
    }
    if let Some(token) = &new.confirm_token {
        let confirmation = Confirmation { asked: new, by: caller.id(), audience: &audience.fingerprint };
        confirmation.check(token.as_str(), state.log().keys(), state.now())?;
    }
    Ok(audience.reachable)
}
