//! `GET /notifications`: the notifications of the caller's companies.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::notification::NotificationState;
use domain::value::CompanyId;
use projections::Projection;
use projections::queries::notifications::{self, NotificationFilter, NotificationRow};
use projections::queries::{Page, PageRequest};

use super::needs_to_read;
use super::sending::with_sending;
use crate::extract::{FromQuery, Params, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// The filters.
pub(super) struct ListNotifications {
    filter: NotificationFilter,
    page: PageRequest,
}

impl FromQuery for ListNotifications {
    fn read(params: &mut Params) -> Option<Self> {
        let filter = NotificationFilter {
            company: params.optional::<CompanyId>("company"),
            state: params.optional::<NotificationState>("state"),
            from: params.optional::<DateTime<Utc>>("from"),
            to: params.optional::<DateTime<Utc>>("to"),
        };
        Some(Self { filter, page: params.page() })
    }
}

/// The notifications of the caller's companies, newest first (notifiers and auditors).
#[utoipa::path(
    get, path = "/notifications", tag = "notifications",
    params(
        ("company" = Option<uuid::Uuid>, Query), ("state" = Option<String>, Query),
        ("from" = Option<DateTime<Utc>>, Query), ("to" = Option<DateTime<Utc>>, Query),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<NotificationRow>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<ListNotifications>,
) -> Answer<Json<Page<NotificationRow>>> {
    needs_to_read(&read.caller)?;
    read.wait_for(&state, &[Projection::Notifications, Projection::Users]).await?;
    let ListNotifications { filter, page } = &read.query;
    let Page { data, next } = notifications::list(state.pool(), read.caller.scope(), filter, page).await?;
    Ok(Json(Page { data: with_sending(&state, data).await?, next }))
}
