//! `POST /notifications`: send a notification to a company's clients.

use axum::extract::State;
use axum::http::StatusCode;
use commands::notifications::Demand;
use commands::{CommandContext, Done};
use domain::company::Amount;
use domain::notification::{AudienceFilter, RequestNotification};
use domain::value::Channel;
use projections::Projection;
use projections::queries::audience::{self, Audience};
use serde_json::{Value, json};

use super::confirmation::Confirmation;
use super::counted::counted;
use super::filter::ResolvedFilter;
use super::order::{AskedNotification, NewNotification, NotificationFields};
use super::preview::text_of;
use super::purse::{Measured, Terms};
use super::segments::AudienceSegments;
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
    let terms = Terms::of(state, new.company).await?;
    let needed = needs_audience(state, caller, &new, &filter, &terms).await?;
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
        people: needed.people,
        approval_above: terms.approval_above(),
        excludes_foreign: needed.excludes_foreign,
        asks: None,
        author: caller.id(),
        at: state.now(),
    };
    let answer = json!({ "id": request.notification });
    let done = match needed.demand {
        Some(demand) => {
            commands::notifications::request_within(state.log(), request, &demand, context, &answer).await?
        }
        None => commands::notifications::request(state.log(), request, context, &answer).await?,
    };
    Ok((done, answer))
}

/// An audience as far as it had to be counted.
#[derive(Default)]
struct Needed {
    people: u64,
    excludes_foreign: bool,
    /// What is to be promised to the notification.
    demand: Option<Demand>,
}

/// The audience must not be empty, and must be the confirmed one if there is one; no SMS may take more parts than the
/// request allows. It is counted only for these two and for the company's limits: an alarm to one person waits for no slot.
async fn needs_audience(
    state: &AppState,
    caller: &Caller,
    new: &NewNotification,
    filter: &AudienceFilter,
    terms: &Terms,
) -> Answer<Needed> {
    // A confirmed audience is compared with the present one, which also others change.
    match new.confirm_token {
        Some(_) => state.freshness().wait_for_all(&[Projection::Clients]).await?,
        None => state.freshness().wait(caller.id(), None, &[Projection::Clients]).await?,
    }
    let going = new.going(filter, state.now());
    let (channel, everybody) = (new.content.channel(), terms.selection(going, false));
    let field = if new.filter.is_given() { "/filter" } else { "/recipient_kind" };
    if !audience::reaches_somebody(state.pool(), &everybody).await? {
        return Err(Problem::of_field(field, Reason::NobodyToTell));
    }
    let is_limited = terms.approval_above().is_some()
        || terms.counts(channel)
        || terms.counts_foreign(channel) && audience::reaches_abroad(state.pool(), &everybody).await?;
    if new.confirm_token.is_none() && new.segments_max().is_none() && !is_limited {
        return Ok(Needed::default());
    }
    let measured = terms.measured(state, state.confirmations(), caller, going).await?;
    let excludes_foreign = measured.excludes_foreign();
    let Measured { audience, foreign_limit } = measured;
    if audience.reachable == 0 {
        let only_foreign = |over| Problem::of_field("/company_id", Reason::OverLimit(over));
        let nobody = || Problem::of_field(field, Reason::NobodyToTell);
        return Err(foreign_limit.map_or_else(nobody, only_foreign));
    }
    let selection = terms.selection(going, excludes_foreign);
    let segments = match channel {
        Channel::Sms => {
            let text = text_of(state, new)?;
            counted(state, state.confirmations(), caller, &selection, &text, &audience).await?.segments
        }
        Channel::Email => None,
    };
    if let (Some(max), Some(AudienceSegments { max: segments, .. })) = (new.segments_max(), &segments)
        && *segments > u64::from(max)
    {
        return Err(Problem::of_field("/segments_max", Reason::TooManySegments { segments: *segments, max }));
    }
    if let Some(token) = &new.confirm_token {
        let confirmation = Confirmation { asked: new, by: caller.id(), audience: &audience.fingerprint };
        confirmation.check(token.as_str(), state.log().keys(), state.now())?;
    }
    let demand = terms.demand(channel, amount(&audience, segments.as_ref()));
    Ok(Needed { people: audience.reachable, excludes_foreign, demand })
}

/// What an audience takes of a purse.
pub(super) fn amount(audience: &Audience, segments: Option<&AudienceSegments>) -> Amount {
    Amount {
        messages: audience.reachable,
        segments: segments.map_or(0, |segments| segments.total),
        foreign: audience.foreign,
    }
}
