//! `GET /notifications/{id}/history`: the events of a notification, and its audience in numbers.

use axum::Json;
use axum::extract::State;
use commands::log::Recorded;
use domain::value::NotificationId;
use projections::Projection;
use projections::queries::audit::{self, AuditEntry, AuditFilter, SubjectId};
use projections::queries::notifications::{self, NotificationRow, Stood, Until};
use projections::queries::{PAGE_ROWS_MAX, PageRequest};

use super::read::row_for;
use crate::access::Caller;
use crate::api::history::{AsOf, AskHistory, History, HistoryEvent, Sight, shown_events};
use crate::extract::{PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The type of a notification's stream.
const STREAM: &str = "notification";
/// The most events shown of a notification's own stream: the request, and a handful for each retry.
const EVENTS_MAX: i64 = 1_000;
/// The event with a chunk of the audience.
const CHUNK: &str = "AudienceChunkResolved";
/// How many pages of chunks are shown: a million people.
const CHUNK_PAGES_MAX: usize = 10;

/// The events of a notification, in order, and the resulting `state` and `totals` at `as_of` (notifiers and auditors of
/// its company). The audience is given as numbers; the outcome of each recipient is in the deliveries.
#[utoipa::path(
    get, path = "/notifications/{id}/history", tag = "notifications",
    params(
        ("id" = uuid::Uuid, Path),
        ("as_of" = Option<String>, Query, description = "A position or a time (RFC 3339): the last one to include.")
    ),
    responses((status = 200, body = History))
)]
pub(super) async fn history(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    read: Read<AskHistory>,
) -> Answer<Json<History>> {
    let row = row_for(&state, &read, notification).await?;
    read.wait_for(&state, &[Projection::Audit]).await?;
    let _slot = state.costly_reads().take(&read.caller, Some(row.company_id.into())).await?;
    let own = own_events(&state, notification, &read.query).await?;
    let chunks = chunks(&state, &read.caller, notification, &read.query).await?;
    let state_at = serde_json::to_value(state_at(&state, row, &own, read.query.as_of).await?);
    let mut events = shown_events(&state, &own, Sight::Clear).await?;
    events.extend(chunks);
    events.sort_by_key(|event| event.position);
    Ok(Json(History { events, state: state_at.map_err(|error| Problem::internal(&error))? }))
}

/// The current state and totals if no event followed `as_of`, otherwise those of that moment.
async fn state_at(
    state: &AppState,
    row: NotificationRow,
    own: &[Recorded],
    as_of: AsOf,
) -> Answer<Option<Stood>> {
    let until = match as_of {
        AsOf::Position(last) if last >= row.position => return Ok(Some(row.into())),
        AsOf::Position(position) => Until { position, at: None },
        AsOf::Time(at) => Until { position: row.position, at: Some(at) },
    };
    Ok(notifications::as_of(state.pool(), row.id.into(), own, until).await?)
}

async fn own_events(state: &AppState, id: NotificationId, asked: &AskHistory) -> Answer<Vec<Recorded>> {
    let stored = state.log().reader().read_stream(STREAM, &id.to_string(), 0, EVENTS_MAX).await?;
    let by_then =
        stored.into_iter().filter(|event| asked.as_of.covers(event.position, event.recorded_at)).collect();
    Ok(state.log().reader().open_events(by_then).await?)
}

/// The chunks of the audience, from the audit's numbers: each event itself has 500 sealed addresses.
async fn chunks(
    state: &AppState,
    caller: &Caller,
    id: NotificationId,
    asked: &AskHistory,
) -> Answer<Vec<HistoryEvent>> {
    let filter = AuditFilter {
        kind: Some(CHUNK.into()),
        subject: Some(SubjectId::Uuid(id.uuid())),
        ..AuditFilter::default()
    };
    let (mut chunks, mut next) = (Vec::new(), None);
    for _ in 0..CHUNK_PAGES_MAX {
        let page = PageRequest::parse(Some(PAGE_ROWS_MAX), next.as_deref()).unwrap_or_default();
        let page = audit::list(state.pool(), caller.scope(), &filter, &page).await?;
        chunks.extend(
            page.data.into_iter().filter(|entry| asked.as_of.covers(entry.position, entry.at)).map(chunk),
        );
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(chunks)
}

fn chunk(entry: AuditEntry) -> HistoryEvent {
    let AuditEntry { position, at, actor, kind, summary: data, .. } = entry;
    HistoryEvent { position, at, actor, kind, data }
}
