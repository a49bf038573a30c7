//! The HTTP API: one endpoint a file, at the path of its URL.
//!
//! # To add an endpoint
//!
//! A file at its path holds request, answer and handler, and its folder's `router()` names the handler in `routes!`.
//!
//! - A **write** takes `order: Order<CreateThing>`: caller (401), body, and the `CommandContext` with the caller's key,
//!   trace and ip. `CreateThing` implements [`FromFields`](crate::extract::FromFields) (read every field into a
//!   variable, then unwrap with `?`) and [`Body`](crate::extract::Body) (`KEY`, and `permits` for a 403 that needs no
//!   body). `Order<Empty>` takes no body or `{}`. It answers `Answer<Wrote>` by `state.created`, `changed` or
//!   `wrote`, given the same JSON that the command was told to keep as its first answer.
//! - A **read** takes `read: Read<ListThings>` where `ListThings` implements [`FromQuery`](crate::extract::FromQuery),
//!   or `Read<NoQuery>`, and calls `read.wait_for(&state, &[Projection::…]).await?` before it queries.
//! - An id in the path is `PathId(id): PathId<ThingId>` (404 for what is no id); a word is `PathWord`.
//! - Errors go by `?`: `CommandError` of any aggregate, `sqlx::Error`, or a [`Problem`](crate::problem::Problem) such as
//!   `Problem::not_found()`, `Problem::of_field("/recipients/0", Reason::UnknownId)`. A new reason is a variant of
//!   [`Reason`](crate::problem::Reason) with a text in each catalogue; a new refusal implements `Refusal`.
//! - Rights: `caller.has(Role)`, `may_write_messages`, `may_notify(company)`, `may_audit(company)`, `scope()` for
//!   queries; `caller.needs(allowed)?` is 403, `caller.needs_for(company, allowed)?` 404 before 403.
//! - Who is who without the database: `state.directory().snapshot()`; before saying that an id is unknown,
//!   `state.directory().fresh()`.
//! - A read that may cost the database much takes a slot first, after the last wait: `state.costly_reads().take(&caller,
//!   company).await?`, and keeps it until the rows are there.
//! - In `utoipa::path`, lists name `params(PageParams)`; `min_position`, `Idempotency-Key`, the problem answer and the
//!   refusal of unknown fields are added to every endpoint by `openapi`.
//! - A stream ends on `state.shutdown()`. Time is `state.now()`, a new id `state.new_id()`.

mod address;
mod answered;
mod audit;
mod clients;
mod companies;
mod deliveries;
mod enumerations;
mod health;
mod history;
mod hooks;
mod inbox;
mod me;
mod messages;
mod notifications;
mod openapi;
mod projections;
mod providers;
pub mod schema;
mod session;
mod simulator;
mod suppressions;
mod templates;
mod users;
mod wrote;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::address::{canonical_address, sought_in};
pub use self::companies::import_file;
pub(crate) use self::wrote::POSITION;
pub use self::wrote::Wrote;
use crate::state::AppState;

/// The root of the API.
pub const ROOT: &str = "/api/v1";

/// Every endpoint of the API, relative to [`ROOT`].
pub(crate) fn router() -> Router<AppState> {
    let (router, document) = described().split_for_parts();
    router.merge(openapi::router(document))
}

/// The liveness check, outside of the API and on every listener.
pub(crate) fn alive() -> Router<AppState> {
    health::alive()
}

/// The readiness check and the metrics, outside of the API and on one listener.
pub(crate) fn figures() -> Router<AppState> {
    health::figures()
}

/// The API as OpenAPI 3.1.
pub fn openapi() -> OpenApi {
    openapi::document(described().into_openapi())
}

fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(session::router())
        .merge(me::router())
        .merge(users::router())
        .merge(companies::router())
        .merge(clients::router())
        .merge(messages::router())
        .merge(inbox::router())
        .merge(notifications::router())
        .merge(templates::router())
        .merge(deliveries::router())
        .merge(audit::router())
        .merge(projections::router())
        .merge(providers::router())
        .merge(suppressions::router())
        .merge(hooks::router())
        .merge(simulator::router())
}
