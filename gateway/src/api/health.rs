//! `/livez`, `/readyz`, `/metrics`: liveness, readiness and metrics.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use projections::queries::status;
use sqlx::PgPool;
use tokio::time::{Instant, timeout};

use crate::metrics_recorder::recorder;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The timeout of the database's answer.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// The maximum age of the database's answer for `/readyz`: anybody may call it, and each query takes a connection.
const READY_FOR: Duration = Duration::from_secs(1);
/// The `Retry-After` of a process that is not ready, in seconds.
const RETRY_AFTER_S: u32 = 1;
/// The text format of Prometheus.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn alive() -> Router<AppState> {
    Router::new().route("/livez", get(livez))
}

pub(super) fn figures() -> Router<AppState> {
    let readiness = Arc::new(Readiness::default());
    let ask = move |State(state): State<AppState>| readyz(state, readiness);
    Router::new().route("/readyz", get(ask)).route("/metrics", get(metrics))
}

async fn livez() -> &'static str {
    "ok"
}

/// Ready once the start is over and the projections can be read, and while the database answers. An unavailable broker
/// does not matter: its users wait for it.
async fn readyz(state: AppState, readiness: Arc<Readiness>) -> Answer<&'static str> {
    if state.is_ready() && readiness.recall_or(can_read(&state)).await {
        Ok("ok")
    } else {
        Err(Problem::unavailable(RETRY_AFTER_S))
    }
}

async fn can_read(state: &AppState) -> bool {
    answers(state.pool()).await && is_projected(state).await
}

async fn answers(pool: &PgPool) -> bool {
    let ping = sqlx::query_scalar::<_, i32>("select 1").fetch_one(pool);
    matches!(timeout(PING_TIMEOUT, ping).await, Ok(Ok(1)))
}

async fn is_projected(state: &AppState) -> bool {
    matches!(timeout(PING_TIMEOUT, state.is_projected()).await, Ok(Ok(true)))
}

/// The last check of the database and the projections, and its time.
#[derive(Default)]
struct Readiness(tokio::sync::Mutex<Option<(Instant, bool)>>);

impl Readiness {
    /// The cached check, or the result of `ask` once it is too old. One request asks; the others wait for its result.
    async fn recall_or(&self, ask: impl Future<Output = bool>) -> bool {
        let mut known = self.0.lock().await;
        if let Some((at, is_ready)) = *known
            && at.elapsed() < READY_FOR
        {
            return is_ready;
        }
        let is_ready = ask.await;
        // The age counts from the answer: after a query that timed out, the waiting requests must not each ask again.
        *known = Some((Instant::now(), is_ready));
        is_ready
    }
}

async fn metrics(State(state): State<AppState>) -> Response {
    let Some(recorder) = recorder() else { return StatusCode::NOT_FOUND.into_response() };
    if state.measured().is_due(Instant::now()) {
        // A failed measurement leaves its metrics unchanged. The other metrics are still useful.
        let _ = timeout(PING_TIMEOUT, measure(&state)).await;
    }
    ([(header::CONTENT_TYPE, METRICS_TYPE)], recorder.render()).into_response()
}

/// Measures the whole platform, the same in every process.
async fn measure(state: &AppState) -> sqlx::Result<()> {
    for projection in status::list(state.log().reader()).await? {
        metrics::gauge!("mensajeria_projection_lag_events", "projection" => projection.name)
            .set(projection.lag as f64);
        metrics::gauge!("mensajeria_projection_parked_events", "projection" => projection.name)
            .set(projection.parked as f64);
    }
    dispatcher::tasks::record_depth(state.pool(), state.now()).await
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::future::join_all;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn however_often_it_is_asked_the_database_is_asked_once_a_second_whether_it_is_ready() {
        let (readiness, asked) = (Readiness::default(), Mutex::new(0));
        let ask = async |is_ready: bool| {
            *asked.lock().unwrap() += 1;
            tokio::task::yield_now().await;
            is_ready
        };
        let answers = join_all((0..1_000).map(|_| readiness.recall_or(ask(true)))).await;
        assert!(answers.into_iter().all(|is_ready| is_ready));
        assert!(readiness.recall_or(ask(false)).await, "it is remembered");
        advance(READY_FOR).await;
        assert!(!readiness.recall_or(ask(false)).await, "a change is seen within a second");
        assert!(!readiness.recall_or(ask(true)).await, "what is not ready is remembered too");
        assert_eq!(*asked.lock().unwrap(), 2);
    }
}
