//! `/hooks`: what providers report, and mails that come back. Each is believed by a signature.

mod mail;
mod provider;

use axum::http::StatusCode;
use dispatcher::receipts::{ProviderReport, Recorded};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The `Retry-After` of a report that could not be recorded, in seconds.
const RETRY_AFTER_S: u32 = 5;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(provider::report)).routes(routes!(mail::report))
}

/// Records a report. The answer comes after the commit.
async fn record(state: &AppState, report: ProviderReport) -> Answer<StatusCode> {
    let recorded = state.receipts().record(report).await;
    let recorded = recorded.map_err(|_| Problem::unavailable(RETRY_AFTER_S))?;
    if recorded == Recorded::Unknown {
        tracing::debug!("a receipt is about a message that was not sent");
    }
    Ok(counted(recorded.as_str()))
}

fn counted(outcome: &'static str) -> StatusCode {
    metrics::counter!("mensajeria_receipts_total", "outcome" => outcome).increment(1);
    StatusCode::OK
}
