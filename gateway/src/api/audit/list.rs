//! `GET /audit`: who did what, when, to whom, with which result.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::value::{CompanyId, DeliveryId, Role, UserId};
use projections::Projection;
use projections::queries::audit::{self, AuditEntry, AuditFilter};
use projections::queries::{Page, PageRequest};

use crate::extract::{FromQuery, Params, Read, Short};
use crate::problem::Answer;
use crate::state::AppState;

/// The kinds of entries that can be hidden.
const HIDDEN: &[&str] = &["receipts"];

/// The filters.
pub(super) struct ListAudit {
    filter: AuditFilter,
    /// Whether the subject is a delivery. Its events are found by the view of notifications.
    is_about_a_delivery: bool,
    page: PageRequest,
}

impl FromQuery for ListAudit {
    fn read(params: &mut Params) -> Option<Self> {
        let text = |text: Short| text.as_str().to_owned();
        let subject = params.optional::<Short>("subject");
        let is_about_a_delivery = subject.as_ref().is_some_and(|id| is_delivery(id.as_str()));
        let filter = AuditFilter {
            actor: params.optional::<UserId>("actor"),
            company: params.optional::<CompanyId>("company"),
            kind: params.optional("type").map(text),
            subject: subject.map(|id| id.as_str().into()),
            hide_receipts: params.word("hide", HIDDEN, &[true]).unwrap_or_default(),
            from: params.optional::<DateTime<Utc>>("from"),
            to: params.optional::<DateTime<Utc>>("to"),
            // Messages between workers and the workers themselves belong to no company. The auditors of a company read the
            // entries of its workers.
            without_company: true,
        };
        Some(Self { filter, is_about_a_delivery, page: params.page() })
    }
}

fn is_delivery(id: &str) -> bool {
    DeliveryId::try_from(id).is_ok_and(|id| id.ordinal().is_some())
}

/// The audit: events, newest first, without personal data. Auditors see those of their companies; of those without a company,
/// what workers of their companies did, what was done to these workers' accounts, and what concerns providers or templates
/// of all companies. A delivery's id as `subject` finds the events about many deliveries that include it. `hide=receipts`
/// leaves out receipts of messages, the people of an audience, and outcomes of deliveries.
#[utoipa::path(
    get, path = "/audit", tag = "audit",
    params(
        ("actor" = Option<uuid::Uuid>, Query), ("company" = Option<uuid::Uuid>, Query),
        ("type" = Option<String>, Query, max_length = 500), ("subject" = Option<String>, Query, max_length = 500),
        ("hide" = Option<String>, Query),
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
    let ListAudit { filter, is_about_a_delivery, page } = &read.query;
    let views: &[Projection] = match is_about_a_delivery {
        true => &[Projection::Audit, Projection::Users, Projection::Notifications],
        false => &[Projection::Audit, Projection::Users],
    };
    read.wait_for(&state, views).await?;
    let _slot = state.costly_reads().take(&read.caller, filter.company).await?;
    Ok(Json(audit::list(state.pool(), read.caller.scope(), filter, page).await?))
}
