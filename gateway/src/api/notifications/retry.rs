//! `POST /notifications/{id}/retry`: send again to the failed deliveries.

use axum::extract::State;
use commands::dead_letters::{RetryAll, retry_all};
use domain::value::{Members, NotificationId};
use projections::Projection;
use projections::queries::audience::failed_chunks;
use sqlx::PgPool;

use super::context_for;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Empty, Order, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// How many chunks are asked for at once.
const CHUNKS: usize = 256;

/// Send the failed deliveries again, as a new generation (its company's notifiers). A notification that was completed
/// without failures and doubts does not change. A delivery is not sent again while it is in doubt. It takes of the company's
/// limits as a request does. More people than `approval_above` are sent to again only if another person approved the notification.
#[utoipa::path(
    post, path = "/notifications/{id}/retry", tag = "notifications",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn retry(
    State(state): State<AppState>,
    PathId(notification): PathId<NotificationId>,
    order: Order<Empty>,
) -> Answer<Wrote> {
    let Order { caller, context, .. } = order;
    let context = context_for(&state, &caller, notification, context).await?;
    state.freshness().wait(caller.id(), None, &[Projection::Notifications]).await?;
    let failed = all_failed(state.pool(), notification).await?;
    let order = RetryAll { notification, failed, at: state.now() };
    Ok(state.changed(&caller, retry_all(state.log(), &order, &context).await?))
}

/// For whom it failed in any generation, by chunk.
async fn all_failed(pool: &PgPool, notification: NotificationId) -> sqlx::Result<Vec<(u32, Members)>> {
    let mut all: Vec<(u32, Members)> = Vec::new();
    loop {
        let after = all.last().map_or(0, |(chunk, _)| *chunk);
        let chunks = failed_chunks(pool, notification, u32::MAX, after, CHUNKS).await?;
        let is_last = chunks.len() < CHUNKS;
        all.extend(chunks.into_iter().map(|failed| (failed.chunk, failed.members)));
        if is_last {
            return Ok(all);
        }
    }
}
