//! `GET /simulator/messages`: the SMS and e-mails that reached the simulator.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use dispatcher::simulator::{Arrival, Outcome};
use domain::value::Role;
use projections::queries::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX, Page, fitting};
use serde::Serialize;
use utoipa::ToSchema;

use super::scope::{ArrivalFilter, in_scope};
use crate::extract::{FromQuery, Params, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

impl FromQuery for ArrivalFilter {
    fn read(params: &mut Params) -> Option<Self> {
        let limit = params.integer("limit", 1, PAGE_ROWS_MAX).unwrap_or(PAGE_ROWS_DEFAULT);
        Some(Self {
            channel: params.optional("channel"),
            before: params.integer("after", 0, i64::MAX).map(i64::unsigned_abs),
            limit: usize::try_from(limit).unwrap_or_default(),
        })
    }
}

/// A message that the simulator received.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ArrivalView {
    /// A number that grows with every arrival.
    id: String,
    /// `sms` or `email`.
    channel: &'static str,
    /// The recipient.
    to: String,
    /// The sender.
    from: String,
    /// A mail's subject.
    subject: Option<String>,
    /// The text; none if the message was refused before its text came.
    body: Option<String>,
    /// A mail's HTML, if it has one.
    html: Option<String>,
    /// The link by which a mail's reader unsubscribes, if it has one.
    unsubscribe: Option<String>,
    /// When it arrived.
    received_at: DateTime<Utc>,
    /// `accepted`, `accepted_then_cut`, `refused` or `lost`.
    outcome: &'static str,
    /// The code of the refusal.
    code: Option<String>,
}

/// The messages that the simulator received, newest first (operators and notifiers: those of their companies;
/// administrators: all).
#[utoipa::path(
    get, path = "/simulator/messages", tag = "simulator",
    params(
        ("channel" = Option<String>, Query),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<ArrivalView>))
)]
pub(super) async fn messages(
    State(state): State<AppState>,
    read: Read<ArrivalFilter>,
) -> Answer<Json<Page<ArrivalView>>> {
    let simulator = state.settings().simulator.as_deref().ok_or_else(Problem::not_found)?;
    read.caller.needs([Role::Operator, Role::Notifier].iter().any(|role| read.caller.has(*role)))?;
    read.wait_if_asked(&state).await?;
    let page = in_scope(&state, read.caller.scope(), simulator, &read.query).await?;
    let (data, cut) = fitting(page.data.into_iter().map(ArrivalView::from).collect(), read.query.limit);
    let last_shown = data.last().filter(|_| cut).map(|last: &ArrivalView| last.id.clone());
    let next = last_shown.or_else(|| page.next.map(|id| id.to_string()));
    Ok(Json(Page { data, next }))
}

impl From<Arrival> for ArrivalView {
    fn from(arrival: Arrival) -> Self {
        let (outcome, code) = match arrival.outcome {
            Outcome::Accepted => ("accepted", None),
            Outcome::AcceptedThenCut => ("accepted_then_cut", None),
            Outcome::Refused { code } => ("refused", Some(code)),
            Outcome::Lost => ("lost", None),
        };
        Self {
            id: arrival.id.to_string(),
            channel: arrival.channel.as_str(),
            to: arrival.to,
            from: arrival.from,
            subject: arrival.subject,
            body: arrival.body,
            html: arrival.html,
            unsubscribe: arrival.unsubscribe,
            received_at: arrival.received_at,
            outcome,
            code,
        }
    }
}
