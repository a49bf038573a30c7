//! `/deliveries`: the recipients of notifications, one by one and over all of them.

mod count;
mod discard;
mod filter;
mod list;
mod read;
mod resolve;
mod retry;
mod retry_many;

use commands::CommandContext;
use domain::value::{CompanyId, DeliveryId, NotificationId, Ordinal};
use projections::Projection;
use projections::queries::deliveries::{self, DeliveryRow};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(count::count))
        .routes(routes!(retry_many::retry_many))
        .routes(routes!(read::read))
        .routes(routes!(retry::retry))
        .routes(routes!(discard::discard))
        .routes(routes!(resolve::resolve))
}

/// A delivery that a command is about.
struct Ordered {
    row: DeliveryRow,
    notification: NotificationId,
    company: CompanyId,
    ordinal: Ordinal,
    context: CommandContext,
}

/// A delivery for its company's notifiers: 404 for callers who may not learn that it exists, 403 for those who may only read it.
async fn ordered(
    state: &AppState,
    caller: &Caller,
    delivery: DeliveryId,
    context: CommandContext,
) -> Answer<Ordered> {
    state.freshness().wait(caller.id(), None, &[Projection::Notifications]).await?;
    let row = deliveries::delivery(state.log().reader(), caller.scope(), delivery).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let (notification, company) = (row.notification_id.into(), CompanyId::from(row.company_id));
    let ordinal = delivery.ordinal().ok_or_else(Problem::not_found)?;
    caller.needs(caller.may_notify(company))?;
    Ok(Ordered { row, notification, company, ordinal, context: context.about(company) })
}
