//! `GET /suppressions`: the suppressed addresses of the caller's companies.

use axum::Json;
use axum::extract::State;
use domain::suppression::SuppressionCause;
use domain::value::{Channel, CompanyId};
use projections::Projection;
use projections::queries::suppressions::{self, SuppressionFilter, SuppressionRow};
use projections::queries::{Page, PageRequest, companies};

use crate::api::notifications::needs_to_read;
use crate::api::sought_in;
use crate::extract::{FromQuery, Params, Read, Short};
use crate::problem::{Answer, Fault, Kind, Problem};
use crate::state::AppState;

/// The filters.
pub(super) struct ListSuppressions {
    filter: SuppressionFilter,
    address: Option<Short>,
    page: PageRequest,
}

impl FromQuery for ListSuppressions {
    fn read(params: &mut Params) -> Option<Self> {
        let filter = SuppressionFilter {
            company: params.optional::<CompanyId>("company"),
            channel: params.optional::<Channel>("channel"),
            cause: params.optional::<SuppressionCause>("reason"),
            addresses: None,
        };
        Some(Self { filter, address: params.optional("address"), page: params.page() })
    }
}

/// The addresses to which nothing is sent, newest first (notifiers and auditors). The address and the note of a person who was
/// erased are null.
#[utoipa::path(
    get, path = "/suppressions", tag = "suppressions",
    params(
        ("company" = Option<uuid::Uuid>, Query), ("channel" = Option<String>, Query),
        ("reason" = Option<String>, Query),
        ("address" = Option<String>, Query,
         description = "Only this one: an e-mail address, or a number, in national or international form"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200), ("after" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<SuppressionRow>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    read: Read<ListSuppressions>,
) -> Answer<Json<Page<SuppressionRow>>> {
    needs_to_read(&read.caller)?;
    read.wait_for(&state, &[Projection::Clients, Projection::Users]).await?;
    let (scope, ListSuppressions { filter, address, page }) = (read.caller.scope(), read.query);
    let addresses = match address {
        Some(address) => {
            let countries = companies::countries(state.pool(), scope, filter.company).await?;
            let fault =
                |reason| Problem::of_faults(Kind::Malformed, vec![Fault::in_query("address", reason)]);
            Some(sought_in(address.as_str(), &countries).map_err(fault)?)
        }
        None => None,
    };
    let filter = SuppressionFilter { addresses, ..filter };
    Ok(Json(suppressions::list(state.log().reader(), scope, &filter, &page).await?))
}
