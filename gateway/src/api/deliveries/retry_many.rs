//! `POST /deliveries/retry`: send failed deliveries again, by their ids or by a filter.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use commands::dead_letters::{self, Retry, RetryRefusal, Unretried};
use commands::{CommandContext, CommandError};
use domain::Position;
use domain::value::{CompanyId, DeliveryId, Invalid, NotificationId, Ordinal, Role, StatedReason};
use projections::Projection;
use projections::queries::PAGE_ROWS_MAX;
use projections::queries::PageRequest;
use projections::queries::deliveries::search::{self, InFlight, SearchFilter};
use projections::queries::deliveries::{self, Owner};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::filter::{Failed, FailedFields};
use crate::access::Caller;
use crate::api::Wrote;
use crate::extract::{Body, Fields, FromFields, Order, Short};
use crate::problem::{Answer, Problem, Reason, reason_of};
use crate::state::AppState;

/// How many ids one request may name.
const IDS_MAX: usize = 500;

/// Which deliveries, and why.
pub(super) struct RetryDeliveries {
    whose: Whose,
    reason: StatedReason,
}

enum Whose {
    Ids(Vec<DeliveryId>),
    Failed(SearchFilter, PageRequest),
}

/// Which deliveries, by their ids or by a filter, and why.
#[derive(ToSchema)]
#[schema(as = RetryDeliveries)]
#[expect(dead_code, reason = "describes what is read field by field")]
pub(super) struct RetryFields {
    /// At most 500.
    #[schema(max_items = 500)]
    ids: Option<Vec<Uuid>>,
    /// In place of ids: the first 200 that it takes, in the order of the list.
    filter: Option<FailedFields>,
    /// With a filter: the `next` of the answer before.
    after: Option<String>,
    /// The reason.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// What a retry of many came to.
#[derive(Serialize, ToSchema)]
pub(super) struct RetriedView {
    /// How many are sent again by this request.
    retried: usize,
    /// Those that are not, but for those that were already under way.
    refused: Vec<RefusedView>,
    /// With a filter: the `after` of the request for the others that it takes; none if there are none.
    next: Option<String>,
    /// The position of the log that includes it.
    position: Position,
}

/// A delivery that is not sent again.
#[derive(Serialize, ToSchema)]
pub(super) struct RefusedView {
    /// The delivery.
    id: Uuid,
    /// The reason, stable for programs.
    code: &'static str,
}

impl FromFields for RetryDeliveries {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (has_ids, has_filter) = (fields.has("ids"), fields.has("filter"));
        let ids: Option<Vec<DeliveryId>> = fields.optional("ids");
        let filter: Option<Failed> = fields.optional("filter");
        let after: Option<Short> = fields.optional("after");
        let reason = fields.required("reason");
        let page = PageRequest::parse(Some(PAGE_ROWS_MAX), after.as_ref().map(Short::as_str));
        let whose = match (ids, filter) {
            _ if has_ids && has_filter => return fields.refuse("filter", Reason::NotHere),
            (Some(_), _) if after.is_some() => return fields.refuse("after", Reason::NotHere),
            (Some(ids), _) if ids.len() > IDS_MAX => {
                return fields.refuse("ids", Reason::TooManyIds { max: IDS_MAX });
            }
            (Some(ids), _) => Whose::Ids(ids),
            (None, Some(Failed(filter))) => match page {
                Ok(page) => Whose::Failed(filter, page),
                Err(_) => return fields.refuse("after", Reason::Cursor),
            },
            (None, None) if has_ids || has_filter => return None,
            (None, None) => return fields.refuse("ids", Invalid::Missing),
        };
        Some(Self { whose, reason: reason? })
    }
}

impl Body for RetryDeliveries {
    fn permits(caller: &Caller) -> bool {
        caller.has(Role::Notifier)
    }
}

/// Deliveries of one notification.
#[derive(Default)]
struct Group {
    company: Option<CompanyId>,
    ordinals: Vec<Ordinal>,
}

type Groups = BTreeMap<NotificationId, Group>;

/// Send failed deliveries again, by their ids or by a filter, for a reason (notifiers). Each is decided alone. A filter takes at
/// most 200 of the list at once: the next request goes on after `next`, so that none is sent to twice. Asking twice sends once.
#[utoipa::path(
    post, path = "/deliveries/retry", tag = "notifications", request_body = RetryFields,
    responses((status = 202, body = RetriedView))
)]
pub(super) async fn retry_many(
    State(state): State<AppState>,
    order: Order<RetryDeliveries>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    let log = state.log();
    if let Some(done) = log.answered_before::<RetryRefusal>(&context).await? {
        return Ok(state.wrote(StatusCode::ACCEPTED, &caller, done, json!({})));
    }
    state.freshness().wait(caller.id(), None, &[Projection::Notifications, Projection::Clients]).await?;
    let (groups, next) = match body.whose {
        Whose::Ids(ids) => (of_ids(&state, &caller, &ids).await?, None),
        Whose::Failed(filter, page) => {
            check_company(&state, &caller, &filter).await?;
            of_filter(&state, &caller, &filter, &page).await?
        }
    };
    let (mut retried, mut refused) = (0, Vec::new());
    for (notification, group) in groups {
        let (people, not) = retry_group(&state, notification, group, &body.reason, &context).await?;
        retried += people;
        refused.extend(
            not.into_iter()
                .map(|one| RefusedView { id: one.delivery.uuid(), code: reason_of(&one.refusal).code() }),
        );
    }
    let answer = json!({ "retried": retried, "refused": refused, "next": next });
    let done = log.keep_answer(&context, &answer).await?;
    Ok(state.wrote(StatusCode::ACCEPTED, &caller, done, answer))
}

/// A notification whose rules refuse it refuses all of them. The caller's key belongs to the whole request: its answer is kept at
/// the end, and a repetition before that finds everything under way that was committed.
async fn retry_group(
    state: &AppState,
    notification: NotificationId,
    group: Group,
    reason: &StatedReason,
    context: &CommandContext,
) -> Answer<(usize, Vec<Unretried>)> {
    let Group { company: Some(company), ordinals } = group else { return Ok((0, Vec::new())) };
    let context = CommandContext { idempotency: None, ..context.clone() };
    let order = Retry { notification, company, ordinals, reason: Some(reason.clone()), at: state.now() };
    match dead_letters::retry_many(state.log(), &order, &context).await {
        Ok(retried) => Ok((retried.people, retried.refused)),
        Err(CommandError::Refused(refusal)) => {
            let unretried = |ordinal: &Ordinal| Unretried {
                delivery: DeliveryId::of(notification, *ordinal),
                refusal: refusal.clone(),
            };
            Ok((0, order.ordinals.iter().map(unretried).collect()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Ids that the caller may not know of are refused by their place.
async fn of_ids(state: &AppState, caller: &Caller, ids: &[DeliveryId]) -> Answer<Groups> {
    let owners = deliveries::owners(state.pool(), caller.scope(), ids).await?;
    let mut groups = Groups::new();
    for (place, (id, owner)) in ids.iter().zip(owners).enumerate() {
        let known = owner.zip(id.ordinal());
        let Some((Owner { notification, company }, ordinal)) = known else {
            return Err(Problem::of_field(format!("/ids/{place}"), Reason::UnknownId));
        };
        let group = groups.entry(notification).or_default();
        group.company = Some(company);
        if !group.ordinals.contains(&ordinal) {
            group.ordinals.push(ordinal);
        }
    }
    Ok(groups)
}

async fn check_company(state: &AppState, caller: &Caller, filter: &SearchFilter) -> Answer<()> {
    let Some(company) = filter.company else { return Ok(()) };
    if !caller.may_notify(company) || !state.directory().has_company(company).await? {
        return Err(Problem::of_field("/filter/company", Reason::UnknownId));
    }
    Ok(())
}

async fn of_filter(
    state: &AppState,
    caller: &Caller,
    filter: &SearchFilter,
    page: &PageRequest,
) -> Answer<(Groups, Option<String>)> {
    let log = state.log().reader();
    let page = search::search(log, caller.scope(), filter, &InFlight::default(), page).await?;
    let mut groups = Groups::new();
    for row in page.data {
        let group = groups.entry(row.delivery.notification_id.into()).or_default();
        group.company = Some(row.delivery.company_id.into());
        group.ordinals.extend(DeliveryId::from(row.delivery.id).ordinal());
    }
    Ok((groups, page.next))
}
