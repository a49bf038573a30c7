//! `GET /templates`: the templates that the caller may see.

use axum::Json;
use axum::extract::State;
use projections::Projection;
use projections::queries::templates::{self, TemplateFilter, TemplateRow};
use projections::queries::{Page, PageRequest};
use utoipa::IntoParams;

use crate::api::notifications::needs_to_read;
use crate::api::schema::PageParams;
use crate::extract::{FromQuery, Params, Read};
use crate::problem::Answer;
use crate::state::AppState;

/// Which templates are asked for.
pub(super) struct ListTemplates {
    filter: TemplateFilter,
    page: PageRequest,
}

/// The filters, as they are written.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters")]
pub(super) struct TemplateParams {
    /// Only those that this company may use.
    company: Option<uuid::Uuid>,
    /// Only those of this channel.
    channel: Option<String>,
}

impl FromQuery for ListTemplates {
    fn read(params: &mut Params) -> Option<Self> {
        let (company, channel) = (params.optional("company"), params.optional("channel"));
        Some(Self { filter: TemplateFilter { company, channel }, page: params.page() })
    }
}

/// Templates in their last versions, newest template first (notifiers and auditors): those of the caller's companies, and
/// those for every company.
#[utoipa::path(
    get, path = "/templates", tag = "templates", params(TemplateParams, PageParams),
    responses((status = 200, body = Page<TemplateRow>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<ListTemplates>,
) -> Answer<Json<Page<TemplateRow>>> {
    needs_to_read(&read.caller)?;
    read.wait_for(&state, &[Projection::Templates, Projection::Users]).await?;
    let ListTemplates { filter, page } = &read.query;
    Ok(Json(templates::list(state.pool(), read.caller.scope(), *filter, page).await?))
}
