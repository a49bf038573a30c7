//! `GET /audit`: who did what, when, to whom, with which result.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::value::{CompanyId, Role, UserId};
use projections::Projection;
use projections::queries::audit::{self, AuditEntry, AuditFilter};
use projections::queries::{Page, PageRequest};

use crate::extract::{FromQuery, Params, Read, Short};
use crate::problem::Answer;
use crate::state::AppState;

/// Which entries.
pub(super) struct ListAudit {
    filter: AuditFilter,
    page: PageRequest,
}

impl FromQuery for ListAudit {
    fn read(params: &mut Params) -> Option<Self> {
        let text = |text: Short| text.as_str().to_owned();
        let filter = AuditFilter {
            actor: params.optional::<UserId>("actor"),
            company: params.optional::<CompanyId>("company"),
            kind: params.optional("type").map(text),
            subject: params.optional("subject").map(|id: Short| id.as_str().into()),
            from: params.optional::<DateTime<Utc>>("from"),
            to: params.optional::<DateTime<Utc>>("to"),
            // Messages between workers and the workers themselves belong to no company: auditors see them.
            without_company: true,
        };
        Some(Self { filter, page: params.page() })
    }
}

/// Who did what, newest first, without personal data (auditors: of their companies, and what concerns no company).
#[utoipa::path(
    get, path = "/audit", tag = "audit",
    params(
        ("actor" = Option<uuid::Uuid>, Query), ("company" = Option<uuid::Uuid>, Query),
        ("type" = Option<String>, Query, max_length = 500), ("subject" = Option<String>, Query, max_length = 500),
        ("from" = Option<DateTime<Utc>>, Query), ("to" = Option<DateTime<Utc>>, Query),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<AuditEntry>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<ListAudit>,
) -> Answer<Json<Page<AuditEntry>>> {
    read.caller.needs(read.caller.has(Role::Auditor))?;
    read.wait_for(&state, &[Projection::Audit, Projection::Users]).await?;
    let ListAudit { filter, page } = &read.query;
    let _turn = state.costly_reads().take(&read.caller, filter.company).await?;
    Ok(Json(audit::list(state.pool(), read.caller.scope(), filter, page).await?))
}
