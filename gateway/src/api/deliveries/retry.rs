//! `POST /deliveries/{id}/retry`: send one failed delivery again.

use axum::extract::State;
use commands::dead_letters::{self, NewAddress, Retry};
use domain::value::{Channel, DeliveryId, Invalid};
use projections::queries::deliveries::search::addressed;
use utoipa::ToSchema;

use super::{Ordered, ordered};
use crate::api::Wrote;
use crate::api::canonical_address;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, PathId, Short};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Where to send it.
#[derive(ToSchema)]
pub(super) struct RetryDelivery {
    /// Another address: a number, in national or international form, or an e-mail address, by the channel.
    #[schema(value_type = Option<String>, max_length = 500)]
    to: Option<Short>,
    /// Whether the client's contact gets the address too.
    #[schema(default = false, required = false)]
    update_client: bool,
}

impl FromFields for RetryDelivery {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let to: Option<Short> = fields.optional("to");
        let update_client = fields.optional("update_client").unwrap_or_default();
        if update_client && to.is_none() {
            return fields.refuse("to", Invalid::Missing);
        }
        Some(Self { to, update_client })
    }
}

impl Body for RetryDelivery {}

/// Send one failed delivery again, as a new generation (its company's notifiers): to another address, if one is given. A delivery
/// that is already under way stays as it is. One that was sent, is in doubt, suppressed or cancelled, or whose person was
/// erased, is refused, as is an address to which another delivery of the notification goes. It takes of the company's limits.
#[utoipa::path(
    post, path = "/deliveries/{id}/retry", tag = "notifications", request_body = Option<RetryDelivery>,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn retry(
    State(state): State<AppState>,
    PathId(delivery): PathId<DeliveryId>,
    order: Order<RetryDelivery>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let Ordered { row, notification, company, ordinal, context } =
        ordered(&state, &caller, delivery, context).await?;
    let channel: Channel = row.channel.parse().map_err(|invalid: Invalid| Problem::internal(&invalid))?;
    let new_address = match &body.to {
        Some(to) => {
            let address = canonical_address(state.log(), company, channel, ("/to", to.as_str())).await?;
            if !channel.reaches(&address) {
                return Err(Problem::of_field("/to", crate::problem::Reason::NotMobile));
            }
            let addressed = addressed(state.log().reader(), notification, &address).await?;
            Some(NewAddress { address, updates_client: body.update_client, addressed })
        }
        None => None,
    };
    let order = Retry { notification, company, ordinals: vec![ordinal], reason: None, at: state.now() };
    let done = dead_letters::retry(state.log(), &order, new_address.as_ref(), &context).await?;
    Ok(state.changed(&caller, done))
}
