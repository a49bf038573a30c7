//! The filter of a list of deliveries, as a query or in a body.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use domain::deliveries::{DeliveryState, FailureClass, SuppressionReason};
use domain::value::{Channel, ClientId, CompanyId, Invalid};
use projections::queries::deliveries::ShownState;
use projections::queries::deliveries::search::{InFlight, SearchFilter};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::api::address::SoughtAddress;
use crate::extract::{Fields, FromFields, FromJson, FromText, Params, Short, Spot};
use crate::problem::{Answer, JsonType, Reason};
use crate::state::AppState;

/// How many deliveries in flight, and notifications that are not over, a list by these states looks through.
const IN_FLIGHT_MAX: usize = 10_000;

/// The words of a class: kinds of failure, and reasons why nothing may be sent.
static CLASSES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| [FailureClass::WORDS, SuppressionReason::WORDS].concat());

/// The class of the last attempt.
struct Class(&'static str);

impl FromText for Class {
    fn from_text(text: &str) -> Result<Self, Reason> {
        let classes: &'static [&'static str] = CLASSES.as_slice();
        let word = classes.iter().find(|word| **word == text);
        word.map(|word| Self(word)).ok_or(Reason::Value(Invalid::NotAllowed { allowed: classes }))
    }
}

impl FromJson for Class {
    fn from_json(value: Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Value::String(text) = value else { return spot.refuse(Reason::WrongType(JsonType::Text)) };
        Self::from_text(&text).map_or_else(|reason| spot.refuse(reason), Some)
    }
}

/// The filters of a list over all notifications.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read parameter by parameter")]
pub(super) struct FilterParams {
    /// Only of this company.
    company: Option<uuid::Uuid>,
    /// Only to this client.
    client: Option<uuid::Uuid>,
    /// Only to this address: an e-mail address, or a number with its country's code.
    to: Option<String>,
    /// Only in this state. Failed ones that were discarded are left out.
    state: Option<String>,
    /// `true`: only failed ones that a person has discarded.
    discarded: Option<bool>,
    /// Only with this kind of failure, or this reason why nothing may be sent, at the last attempt.
    class: Option<String>,
    /// Only those whose last attempt was by this provider.
    provider: Option<String>,
    /// Only on this channel.
    channel: Option<String>,
    /// Only of notifications that were requested at or after this.
    from: Option<DateTime<Utc>>,
    /// Only of notifications that were requested before this.
    to_time: Option<DateTime<Utc>>,
}

/// Reads the filters of a query.
pub(super) fn of_query(params: &mut Params) -> SearchFilter {
    SearchFilter {
        company: params.optional::<CompanyId>("company"),
        client: params.optional::<ClientId>("client"),
        to: params.optional::<SoughtAddress>("to").map(|sought| sought.0),
        state: params.optional::<ShownState>("state"),
        discarded: params.word("discarded", &["true", "false"], &[true, false]).unwrap_or_default(),
        class: params.optional::<Class>("class").map(|class| class.0.to_owned()),
        provider: params.optional::<Short>("provider").map(|name| name.as_str().to_owned()),
        channel: params.optional::<Channel>("channel"),
        from: params.optional::<DateTime<Utc>>("from"),
        to_time: params.optional::<DateTime<Utc>>("to_time"),
    }
}

/// Which failed deliveries: those to which every given field applies. The fields are the filters of the list.
#[derive(ToSchema)]
#[schema(as = FailedDeliveries)]
#[expect(dead_code, reason = "describes what is read field by field")]
pub(super) struct FailedFields {
    /// Only of this company.
    company: Option<uuid::Uuid>,
    /// Only to this client.
    client: Option<uuid::Uuid>,
    /// Only to this address: an e-mail address, or a number with its country's code.
    to: Option<String>,
    /// `failed`, which is meant anyway.
    state: Option<String>,
    /// Only with this kind of failure at the last attempt.
    class: Option<String>,
    /// Only those whose last attempt was by this provider.
    provider: Option<String>,
    /// Only on this channel.
    channel: Option<String>,
    /// Only of notifications that were requested at or after this.
    from: Option<DateTime<Utc>>,
    /// Only of notifications that were requested before this.
    to_time: Option<DateTime<Utc>>,
}

/// A filter of failed deliveries in a body.
pub(super) struct Failed(pub(super) SearchFilter);

impl FromFields for Failed {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let state: Option<Short> = fields.optional("state");
        if state.is_some_and(|state| state.as_str() != DeliveryState::Failed.as_str()) {
            return fields.refuse("state", Invalid::NotAllowed { allowed: &["failed"] });
        }
        Some(Self(SearchFilter {
            company: fields.optional("company"),
            client: fields.optional("client"),
            to: fields.optional("to").map(|sought: SoughtAddress| sought.0),
            state: Some(ShownState::At(DeliveryState::Failed)),
            discarded: false,
            class: fields.optional("class").map(|class: Class| class.0.to_owned()),
            provider: fields.optional("provider").map(|name: Short| name.as_str().to_owned()),
            channel: fields.optional("channel"),
            from: fields.optional("from"),
            to_time: fields.optional("to_time"),
        }))
    }
}

/// What the dispatchers say, for a filter by the states that no event has.
pub(super) async fn in_flight(state: &AppState, filter: &SearchFilter) -> Answer<InFlight> {
    Ok(match filter.state {
        Some(ShownState::Sending) => InFlight {
            sending: dispatcher::tasks::all_sending(state.pool(), IN_FLIGHT_MAX).await?,
            open: Vec::new(),
        },
        Some(ShownState::At(DeliveryState::Pending)) => InFlight {
            sending: Vec::new(),
            open: dispatcher::tasks::open_notifications(state.pool(), IN_FLIGHT_MAX).await?,
        },
        _ => InFlight::default(),
    })
}
