//! `POST /suppressions`: send nothing to an address any more.

use axum::extract::State;
use commands::suppressions::{self, SuppressedAddress};
use domain::suppression::SuppressionCause;
use domain::value::{Channel, CompanyId, Invalid, Role, StatedReason};
use serde_json::json;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::api::Wrote;
use crate::api::canonical_address;
use crate::api::schema::Made;
use crate::extract::{Body, Fields, FromFields, Order, Short};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

/// An address to suppress.
#[derive(ToSchema)]
pub(super) struct AddSuppression {
    /// The company that sends nothing to it any more. A caller who has one company only may leave it out.
    #[schema(value_type = Option<uuid::Uuid>)]
    company_id: Option<CompanyId>,
    /// `sms` or `email`.
    #[schema(value_type = String)]
    channel: Channel,
    /// The phone number, in national or international form, or the e-mail address.
    #[schema(value_type = String, max_length = 500)]
    address: Short,
    /// `opt_out`, `bounce`, `complaint` or `manual`.
    #[schema(value_type = String)]
    reason: SuppressionCause,
    /// A remark.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    note: Option<StatedReason>,
}

impl FromFields for AddSuppression {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let company_id = fields.optional("company_id");
        let channel = fields.required("channel");
        let address = fields.required("address");
        let reason = fields.required("reason");
        let note = fields.optional("note");
        Some(Self { company_id, channel: channel?, address: address?, reason: reason?, note })
    }
}

impl Body for AddSuppression {
    fn permits(caller: &Caller) -> bool {
        caller.has(Role::Notifier)
    }
}

/// Send nothing to an address any more, for a company on a channel (its notifiers): audiences leave it out, and what waits is
/// not sent to it. An address that is suppressed already stays as it is.
#[utoipa::path(
    post, path = "/suppressions", tag = "suppressions", request_body = AddSuppression,
    responses((status = 201, body = Made))
)]
pub(super) async fn add(State(state): State<AppState>, order: Order<AddSuppression>) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let AddSuppression { company_id, channel, address, reason, note } = body;
    let company = match company_id {
        Some(company) => company,
        None => {
            let only = state.directory().only_company_of(&caller).await?;
            only.ok_or_else(|| Problem::of_field("/company_id", Invalid::Missing.into()))?
        }
    };
    if !caller.may_notify(company) || !state.directory().has_company(company).await? {
        return Err(Problem::of_field("/company_id", Reason::UnknownId));
    }
    let address = canonical_address(state.log(), company, channel, ("/address", address.as_str())).await?;
    let suppressed = SuppressedAddress { company, channel, address };
    let answer = json!({ "id": suppressed.id(state.log()) });
    let done = suppressions::add(state.log(), &suppressed, reason, note, &context, &answer).await?;
    dispatcher::tasks::stop_suppressed(state.log().pool()).await?;
    Ok(state.created(&caller, done, answer))
}
