//! `GET /providers`: the state of the providers over all processes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use dispatcher::oversight::ProviderStatus;
use domain::Event;
use domain::provider::{AnswerTimes, PROVIDER, ProviderEvent};
use domain::value::Role;
use projections::Projection;
use projections::queries::{Page, Person};
use serde::Serialize;
use utoipa::ToSchema;

use super::all;
use crate::api::history::{HistoryEvent, Sight, shown_events};
use crate::extract::{NoQuery, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// How many of the last pauses, resumptions and moves of traffic of a provider are shown.
const CHANGES_MAX: i64 = 20;

/// A provider over all processes that send by it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProviderView {
    /// Its name in the configuration.
    name: String,
    /// The channel that it carries.
    channel: String,
    /// `ready` if it works in one of the processes at least; else `probing` if one of them finds out by a message whether it works
    /// again; else `resting`. A pause is told apart: see `paused`.
    state: String,
    /// Until when it rests at the earliest.
    rests_until: Option<DateTime<Utc>>,
    /// Why it rests or is probed, in one of the processes at least: `config`, `outage`, `doubt`, `refusals`, `stalled`, or
    /// `no_process` if none sends by it.
    cause: Option<String>,
    /// The pause that an administrator has ordered; none if messages go to it.
    paused: Option<PauseView>,
    /// The part of its turns that it gets, in percent. The next provider of the channel gets the rest.
    share: u8,
    /// How many processes send by it.
    processes: i64,
    /// How many sends are under way.
    in_flight: i64,
    /// The configured limit, in sends a second; 0: none.
    rate_per_second: i64,
    /// How many sends end in a second at present.
    sends_per_second: f64,
    /// How its sends of the last hour ended: `accepted`, `deferred`, `failed`, `suppressed`, `in_doubt`, and `passed_on` to
    /// another provider.
    last_hour: BTreeMap<&'static str, i64>,
    /// How long its acceptances of the last hour took; none if there were none.
    answer_ms: Option<AnswerView>,
    /// The last pauses, resumptions and moves of traffic, newest first.
    changes: Vec<HistoryEvent>,
}

/// A pause.
#[derive(Debug, Serialize, ToSchema)]
struct PauseView {
    /// Since when.
    since: DateTime<Utc>,
    /// The administrator who ordered it.
    by: Option<Person>,
    /// Why.
    reason: Option<String>,
}

/// How long acceptances took, in milliseconds.
#[derive(Debug, Serialize, ToSchema)]
struct AnswerView {
    /// Half of them came within this.
    p50: u32,
    /// 99 in 100 came within this.
    p99: u32,
}

/// The state of the providers over all processes, at most some seconds old (notifiers and administrators).
#[utoipa::path(get, path = "/providers", tag = "providers", responses((status = 200, body = Page<ProviderView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<NoQuery>,
) -> Answer<Json<Page<ProviderView>>> {
    read.caller.needs(read.caller.has(Role::Notifier))?;
    read.wait_for(&state, &[Projection::Users]).await?;
    let mut data = Vec::new();
    for status in all(&state).await? {
        data.push(view(&state, status).await?);
    }
    Ok(Json(Page { data, next: None }))
}

async fn view(state: &AppState, status: ProviderStatus) -> Answer<ProviderView> {
    let reader = state.log().reader();
    let stored = reader.read_stream_back(PROVIDER, &status.id.to_string(), i64::MAX, CHANGES_MAX).await?;
    let recorded = reader.open_events(stored).await?;
    let changes = shown_events(state, &recorded, Sight::Clear).await?;
    // Nothing is moved while it is paused: its pause is the last change.
    let last = recorded.first().and_then(|last| last.event.as_ref().ok()).zip(changes.first());
    let paused = last.filter(|_| status.is_paused).map(|(event, change)| pause(event, change));
    Ok(ProviderView {
        name: status.name,
        channel: status.channel.to_string(),
        state: status.state.to_owned(),
        rests_until: status.rests_until,
        cause: status.cause,
        paused,
        share: status.share,
        processes: status.processes,
        in_flight: status.in_flight,
        rate_per_second: status.rate_per_second,
        sends_per_second: status.sends_per_second,
        last_hour: status.last_hour,
        answer_ms: answers(&status.answers),
        changes,
    })
}

fn pause(event: &Event, change: &HistoryEvent) -> PauseView {
    let reason = match event {
        Event::Provider(ProviderEvent::ProviderPaused { reason, .. }) => reason.get().cloned(),
        _ => None,
    };
    PauseView { since: change.at, by: change.actor.clone(), reason }
}

fn answers(times: &AnswerTimes) -> Option<AnswerView> {
    Some(AnswerView { p50: times.quantile(0.5)?, p99: times.quantile(0.99)? })
}
