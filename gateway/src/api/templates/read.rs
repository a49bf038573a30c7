//! `GET /templates/{id}`: one template.

use axum::Json;
use axum::extract::State;
use domain::value::TemplateId;
use projections::Projection;
use projections::queries::templates::{self, TemplateRow};

use crate::api::notifications::needs_to_read;
use crate::extract::{FromQuery, Params, PathId, Read};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Which version.
pub(super) struct ReadTemplate(Option<i32>);

impl FromQuery for ReadTemplate {
    fn read(params: &mut Params) -> Option<Self> {
        let version = params.integer("version", 1, i32::MAX.into());
        Some(Self(version.and_then(|version| i32::try_from(version).ok())))
    }
}

/// One template in its last version, or in the version that is asked for (notifiers and auditors).
#[utoipa::path(
    get, path = "/templates/{id}", tag = "templates",
    params(("id" = uuid::Uuid, Path), ("version" = Option<i32>, Query, minimum = 1)),
    responses((status = 200, body = TemplateRow))
)]
pub(super) async fn read(
    State(state): State<AppState>,
    PathId(template): PathId<TemplateId>,
    read: Read<ReadTemplate>,
) -> Answer<Json<TemplateRow>> {
    read.wait_for(&state, &[Projection::Templates, Projection::Users]).await?;
    let ReadTemplate(version) = read.query;
    let found = templates::template(state.pool(), read.caller.scope(), template, version).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    needs_to_read(&read.caller)?;
    Ok(Json(found))
}
