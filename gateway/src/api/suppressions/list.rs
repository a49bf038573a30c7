//! `GET /suppressions`: the suppressed addresses of the caller's companies.

use axum::Json;
use axum::extract::State;
use domain::suppression::SuppressionCause;
use domain::value::{Channel, CompanyId};
use projections::Projection;
use projections::queries::suppressions::{self, SuppressionFilter, SuppressionRow};
use projections::queries::{Page, PageRequest};

use crate::api::notifications::needs_to_read;
use crate::extract::{FromQuery, Params, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// The filters.
pub(super) struct ListSuppressions {
    filter: SuppressionFilter,
    page: PageRequest,
}

impl FromQuery for ListSuppressions {
    fn read(params: &mut Params) -> Option<Self> {
        let filter = SuppressionFilter {
            company: params.optional::<CompanyId>("company"),
            channel: params.optional::<Channel>("channel"),
            cause: params.optional::<SuppressionCause>("reason"),
        };
        Some(Self { filter, page: params.page() })
    }
}

/// The addresses to which nothing is sent, newest first (notifiers and auditors). The address and the note of a person who was
/// erased are null.
#[utoipa::path(
    get, path = "/suppressions", tag = "suppressions",
    params(
        ("company" = Option<uuid::Uuid>, Query), ("channel" = Option<String>, Query),
        ("reason" = Option<String>, Query),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<SuppressionRow>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<ListSuppressions>,
) -> Answer<Json<Page<SuppressionRow>>> {
    needs_to_read(&read.caller)?;
    read.wait_for(&state, &[Projection::Clients, Projection::Users]).await?;
    let ListSuppressions { filter, page } = &read.query;
    Ok(Json(suppressions::list(state.log().reader(), read.caller.scope(), filter, page).await?))
}
