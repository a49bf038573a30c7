//! `GET /notifications/{id}/deliveries`: the deliveries with their attempts.

use axum::Json;
use axum::extract::State;
use domain::value::{DeliveryId, NotificationId, Ordinal};
use projections::Projection;
use projections::queries::deliveries::{self, CauseWords, DeliveryFilter, DeliveryRow, ShownState};
use projections::queries::{Page, PageRequest};

use super::mark_sending;
use super::read::row_for;
use crate::extract::{FromQuery, Params, PathId, Read, Search, Short};
use crate::problem::Answer;
use crate::state::AppState;

/// How many in-flight deliveries are distinguished from pending ones: more than the dispatchers send at once.
const SENDING_MAX: usize = 10_000;

/// The filters.
pub(super) struct ListDeliveries {
    state: Option<ShownState>,
    cause: Option<CauseWords>,
    q: Option<Search>,
    page: PageRequest,
}

impl ListDeliveries {
    /// Whether the page depends on the in-flight deliveries. Without a filter by state they only change a word in the
    /// rows.
    const fn depends_on_sending(&self) -> bool {
        match self.state {
            None => false,
            Some(ShownState::Sending) => true,
            Some(ShownState::At(state)) => state.is_open(),
        }
    }
}

impl FromQuery for ListDeliveries {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self {
            state: params.optional("state"),
            cause: cause_of(params),
            q: params.optional("q"),
            page: params.page(),
        })
    }
}

/// The cause that any of its words names; none if all are absent.
fn cause_of(params: &mut Params) -> Option<CauseWords> {
    let mut word =
        |name| params.optional::<Short>(name).map_or_else(String::new, |word| word.as_str().to_owned());
    let words = CauseWords {
        class: word("class"),
        phase: word("phase"),
        code: word("code"),
        observed: word("observed"),
    };
    (words != CauseWords::default()).then_some(words)
}

/// The deliveries of a notification with their attempts, in the order of its audience, not newest first (notifiers and auditors of its
/// company). `class`, `phase`, `code` and `observed` name one of its causes: words that are absent are those that it lacks. `q` finds
/// clients as their list does.
#[utoipa::path(
    get, path = "/notifications/{id}/deliveries", tag = "notifications",
    params(
        ("id" = uuid::Uuid, Path), ("state" = Option<String>, Query),
        ("class" = Option<String>, Query, max_length = 500), ("phase" = Option<String>, Query, max_length = 500),
        ("code" = Option<String>, Query, max_length = 500), ("observed" = Option<String>, Query, max_length = 500),
        ("q" = Option<String>, Query, max_length = 200),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<DeliveryRow>))
)]
pub(super) async fn deliveries(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    read: Read<ListDeliveries>,
) -> Answer<Json<Page<DeliveryRow>>> {
    row_for(&state, &read, notification).await?;
    if read.query.q.is_some() {
        read.wait_for(&state, &[Projection::Clients]).await?;
    }
    let sending = match read.query.depends_on_sending() {
        true => being_sent(&state, notification).await?,
        false => Vec::new(),
    };
    let filter = DeliveryFilter {
        state: read.query.state,
        sending: &sending,
        cause: read.query.cause.as_ref(),
        q: read.query.q.as_ref().map(Search::as_str),
    };
    let page = &read.query.page;
    let (log, scope) = (state.log().reader(), read.caller.scope());
    let mut page = deliveries::list(log, scope, notification, &filter, page).await?;
    if read.query.state.is_none() {
        mark_sending(&state, notification, &mut page.data).await?;
    }
    Ok(Json(page))
}

async fn being_sent(state: &AppState, notification: NotificationId) -> Answer<Vec<DeliveryId>> {
    let ordinals = dispatcher::tasks::sending(state.pool(), notification, 0, SENDING_MAX).await?;
    let ordinals = ordinals.into_iter().filter_map(Ordinal::try_new);
    Ok(ordinals.map(|ordinal| DeliveryId::of(notification, ordinal)).collect())
}
