//! `GET /openapi.json`: the API, described from its own code.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;

use crate::state::AppState;

pub(super) fn router(document: OpenApi) -> Router<AppState> {
    let document = self::document(document);
    Router::new().route("/openapi.json", get(async move || answer(&document)))
}

fn answer(document: &OpenApi) -> Response {
    Json(document).into_response()
}

pub(super) fn document(document: OpenApi) -> OpenApi {
    document
}
