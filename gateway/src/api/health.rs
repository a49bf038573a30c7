//! `/livez`, `/readyz`, `/metrics`: is it alive, is it ready, how does it fare.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use projections::queries::status;
use sqlx::PgPool;
use tokio::time::timeout;

use crate::problem::{Answer, Problem};
use crate::server::recorder;
use crate::state::AppState;

/// How long the database may take to say that it is there.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// When something that is not ready may be asked again, in seconds.
const RETRY_AFTER_S: u32 = 1;
/// The text format of Prometheus.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).route("/metrics", get(metrics))
}

async fn livez() -> &'static str {
    "ok"
}

/// Ready once the start is over and the projections can be read, and while the database answers. The broker may be away:
/// everything waits for it.
async fn readyz(State(state): State<AppState>) -> Answer<&'static str> {
    if state.is_ready() && answers(state.pool()).await && is_projected(&state).await {
        Ok("ok")
    } else {
        Err(Problem::unavailable(RETRY_AFTER_S))
    }
}

async fn answers(pool: &PgPool) -> bool {
    let ping = sqlx::query_scalar::<_, i32>("select 1").fetch_one(pool);
    matches!(timeout(PING_TIMEOUT, ping).await, Ok(Ok(1)))
}

async fn is_projected(state: &AppState) -> bool {
    matches!(timeout(PING_TIMEOUT, state.is_projected()).await, Ok(Ok(true)))
}

async fn metrics(State(state): State<AppState>) -> Response {
    let Some(recorder) = recorder() else { return StatusCode::NOT_FOUND.into_response() };
    // What cannot be measured now is left as it was: the rest is worth having.
    let _ = timeout(PING_TIMEOUT, measure(state.pool())).await;
    ([(header::CONTENT_TYPE, METRICS_TYPE)], recorder.render()).into_response()
}

/// What is true of the whole platform, whoever is asked.
async fn measure(pool: &PgPool) -> sqlx::Result<()> {
    for projection in status::list(pool).await? {
        metrics::gauge!("mensajeria_projection_lag_events", "projection" => projection.name)
            .set(projection.lag as f64);
        metrics::gauge!("mensajeria_projection_parked_events", "projection" => projection.name)
            .set(projection.parked as f64);
    }
    let queue: Vec<(String, String, i64, f64)> = sqlx::query_as(
        "select channel, state, count(*),
           coalesce(extract(epoch from clock_timestamp() - min(due_at)), 0)::double precision
         from send_queue
         group by channel, state",
    )
    .fetch_all(pool)
    .await?;
    for (channel, state, length, age_seconds) in queue {
        let labels = [("channel", channel), ("state", state)];
        metrics::gauge!("mensajeria_send_queue_length", &labels).set(length as f64);
        metrics::gauge!("mensajeria_send_queue_age_seconds", &labels).set(age_seconds.max(0.0));
    }
    Ok(())
}
