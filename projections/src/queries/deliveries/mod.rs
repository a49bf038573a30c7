//! Deliveries with the timeline of their attempts.

mod attempt_outcome;
mod content;
mod owners;
mod positions;
pub mod search;
mod sought;
mod state;
mod which;

use chrono::{DateTime, Utc};
use commands::begin;
use commands::log::{Reader, SealError, SealedPerson};
use domain::deliveries::{Observation, Phase};
use domain::notification::Addressee;
use domain::value::{DeliveryId, NotificationId, Ordinal};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

pub use self::attempt_outcome::AttemptOutcome;
pub use self::content::{ContentRow, content};
pub use self::owners::{Owner, owners};
pub(super) use self::positions::positions;
pub use self::state::ShownState;
use super::{Page, PageRequest, Person, Scope};
use crate::page::{Cursor, json_bytes_of, sized};

/// One notification to one recipient. Fields with data of an erased recipient are null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DeliveryRow {
    /// The delivery.
    pub id: Uuid,
    /// The notification.
    pub notification_id: Uuid,
    /// The company.
    pub company_id: Uuid,
    /// The client, with the name it had when the audience was frozen.
    pub client: Person,
    /// `holder`, `emergency_contact` or `authorized_user`.
    pub contact_kind: String,
    /// The contact's name when the audience was frozen.
    pub contact: Option<String>,
    /// `sms` or `email`.
    pub channel: String,
    /// The phone number or e-mail address.
    pub to: Option<String>,
    /// One of the names in the totals.
    #[schema(value_type = String)]
    pub state: ShownState,
    /// Whether it failed and a person has decided that it is not sent again.
    pub discarded: bool,
    /// 1 for the request, one more for each retry.
    pub generation: i32,
    /// The attempts, in order.
    pub attempts: Vec<AttemptRow>,
}

impl DeliveryRow {
    /// Whether a dispatcher may be sending it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ShownState::At(state) if state.is_open())
    }
}

/// The outcome of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttemptRow {
    /// When the outcome was recorded; for a later report of the provider, its time by the provider's clock.
    pub at: DateTime<Utc>,
    /// 1 for the request, one more for each retry.
    pub generation: i32,
    /// 1 for the first attempt of the generation. An outcome without an attempt has the number of the last attempt, or
    /// 0.
    pub number: i32,
    /// The provider, if one was used.
    pub provider: Option<String>,
    /// `accepted`, `delivered`, `deferred`, `failed`, `suppressed`, `in_doubt` or `cancelled`; or `passed_on`: the provider refused
    /// it, and another provider was asked in the same attempt.
    #[schema(value_type = String)]
    pub outcome: AttemptOutcome,
    /// The kind of failure, or the reason why nothing may be sent.
    pub class: Option<String>,
    /// The phase of the exchange with the provider.
    #[schema(value_type = Option<String>)]
    pub phase: Option<Phase>,
    /// The provider's own code.
    pub code: Option<String>,
    /// The observation of our side, if the provider said nothing.
    #[schema(value_type = Option<String>)]
    pub observed: Option<Observation>,
    /// The provider's text.
    pub detail: Option<String>,
    /// The provider's reference for the message.
    pub reference: Option<String>,
    /// When the next attempt is due.
    pub until: Option<DateTime<Utc>>,
}

/// Which deliveries of a notification are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryFilter<'a> {
    /// Only those in this state.
    pub state: Option<ShownState>,
    /// Those that a dispatcher is sending at this moment: shown as `sending` if they are open here. Required when filtering
    /// by `sending`, `pending` or `deferred`.
    pub sending: &'a [DeliveryId],
    /// Only those with exactly this cause.
    pub cause: Option<&'a CauseWords>,
    /// Only those to clients of whom each word of this is found today, as in the list of clients. Who was erased is not found.
    pub q: Option<&'a str>,
}

/// A cause as the causes of a notification name it: a word that it lacks is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CauseWords {
    /// The kind of failure, or the reason why nothing may be sent.
    pub class: String,
    /// The phase of the exchange with the provider.
    pub phase: String,
    /// The provider's code.
    pub code: String,
    /// The observation of our side.
    pub observed: String,
}

impl CauseWords {
    /// The words in the order of the columns.
    fn in_order(&self) -> [&str; 4] {
        [&self.class, &self.phase, &self.code, &self.observed]
    }
}

/// A [`DeliveryRow`] as the database gives it.
#[derive(FromRow, Serialize)]
struct Found {
    ordinal: i32,
    notification_id: Uuid,
    company_id: Uuid,
    client_id: Uuid,
    contact_kind: String,
    #[serde(skip)]
    sealed: Option<Vec<u8>>,
    /// Opened after the query.
    #[sqlx(skip)]
    addressee: Option<Addressee>,
    channel: String,
    #[sqlx(try_from = "String")]
    state: ShownState,
    discarded: bool,
    generation: i32,
    /// The address in the place of the one in the audience.
    edited_to: Option<String>,
    #[sqlx(json)]
    attempts: Vec<AttemptRow>,
}

/// The rows of the people at the places `$2` of the notifications `$1`, in this order; if it is one notification, with the places
/// that are being sent to as `$3`. The history of a delivery is its row in `outcomes` alone, unless it is listed.
const DELIVERY: &str = "select w.turn, r.ordinal, n.notification_id, n.company_id, r.client_id, r.contact_kind,
    r.addressee as sealed, n.channel, coalesce(o.generation, 1) as generation,
    coalesce(o.exception = 'discarded', false) as discarded, a.address as edited_to,
    case when coalesce(o.state, 'pending') in ('pending', 'deferred') and r.ordinal = any($3) then 'sending'
         else coalesce(o.state, 'pending') end as state,
    case
      when o.ordinal is null then '[]'::json
      when o.listed then
        (select coalesce(json_agg(json_build_object('at', a.at, 'generation', a.generation, 'number', a.attempt,
                  'provider', a.provider, 'outcome', a.outcome, 'class', a.class, 'phase', a.phase, 'code', a.code,
                  'observed', a.observed, 'detail', a.detail, 'reference', a.reference, 'until', a.until)
                  order by a.position, a.step), '[]')
         from notifications.attempts a
         where a.notification_id = n.notification_id and a.ordinal = r.ordinal and a.outcome <> 'pending')
      when o.state = 'pending' then '[]'::json
      else json_build_array(json_build_object('at', o.at, 'generation', o.generation, 'number', o.attempt,
             'provider', o.provider, 'outcome', o.state, 'class', o.class, 'phase', o.phase, 'code', o.code,
             'observed', o.observed, 'detail', null, 'reference', o.reference, 'until', o.until))
    end as attempts
  from unnest($1::uuid[], $2::integer[]) with ordinality as w (notification_id, ordinal, turn)
  join notifications.notifications n on n.notification_id = w.notification_id
  join notifications.recipients r on r.notification_id = w.notification_id and r.ordinal = w.ordinal
  left join notifications.outcomes o on o.notification_id = w.notification_id and o.ordinal = w.ordinal
  left join notifications.edited_addresses a on a.notification_id = w.notification_id and a.ordinal = w.ordinal
  where $4::uuid[] is null or n.company_id = any($4)
  order by w.turn";

/// The deliveries of a notification in scope, in the order of its audience. One snapshot gives the page and its rows.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    log: &Reader,
    scope: Scope<'_>,
    notification: NotificationId,
    filter: &DeliveryFilter<'_>,
    page: &PageRequest,
) -> Result<Page<DeliveryRow>, SealError> {
    let mut sending: Vec<i32> = filter.sending.iter().filter_map(|id| id.ordinal()).map(place).collect();
    sending.sort_unstable();
    let mut tx = begin(log.pool()).await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let ordinals = if filter.cause.is_some() || filter.q.is_some() {
        sought::ordinals(&mut tx, notification, filter, &sending, page).await?
    } else {
        which::ordinals(&mut tx, notification, filter.state, &sending, page).await?
    };
    let places: Vec<_> = ordinals.into_iter().map(|ordinal| (notification.uuid(), ordinal)).collect();
    let rows = found(&mut tx, scope, &places, &sending).await?;
    tx.commit().await?;
    let rows = opened(log, rows).await?;
    let Page { data, next } = page.page(rows, |row| Cursor::at(row.ordinal.into()));
    Ok(Page { data: data.into_iter().map(DeliveryRow::from).collect(), next })
}

/// One delivery, if its company is in scope.
///
/// # Errors
/// When the database does not answer.
pub async fn delivery(
    log: &Reader,
    scope: Scope<'_>,
    delivery: DeliveryId,
) -> Result<Option<DeliveryRow>, SealError> {
    let Some(ordinal) = delivery.ordinal() else { return Ok(None) };
    let (first, last) = delivery.notifications();
    let mut connection = log.pool().acquire().await?;
    let notification: Option<Uuid> = sqlx::query_scalar(
        "select notification_id from notifications.notifications where notification_id between $1 and $2",
    )
    .bind(first.uuid())
    .bind(last.uuid())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(notification) = notification else { return Ok(None) };
    let found = found(&mut connection, scope, &[(notification, place(ordinal))], &[]).await?;
    drop(connection);
    Ok(opened(log, found).await?.pop().map(DeliveryRow::from))
}

/// The rows at some places, in their order: notifications and ordinals. `sending` are ordinals of the only notification.
async fn found(
    connection: &mut PgConnection,
    scope: Scope<'_>,
    places: &[(Uuid, i32)],
    sending: &[i32],
) -> sqlx::Result<Vec<Found>> {
    sqlx::query_as(&sized(DELIVERY, &json_bytes_of("attempts"), "turn"))
        .bind(places.iter().map(|place| place.0).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.1).collect::<Vec<_>>())
        .bind(sending)
        .bind(scope.ids())
        .fetch_all(connection)
        .await
}

/// The rows with the people that are not erased.
async fn opened(log: &Reader, mut rows: Vec<Found>) -> Result<Vec<Found>, SealError> {
    let sealed = rows.iter_mut().filter_map(|row| {
        let (ordinal, sealed) = (row.ordinal()?, row.sealed.take()?);
        let person =
            SealedPerson { notification: row.notification_id.into(), ordinal, key: row.client_id, sealed };
        Some((&mut row.addressee, person))
    });
    let (places, people): (Vec<_>, Vec<_>) = sealed.unzip();
    for (place, person) in places.into_iter().zip(log.open_people(people).await?) {
        *place = person;
    }
    Ok(rows)
}

/// An ordinal as stored in tables.
pub(super) fn place(ordinal: Ordinal) -> i32 {
    i32::try_from(ordinal.number()).unwrap_or(i32::MAX)
}

impl Found {
    fn ordinal(&self) -> Option<Ordinal> {
        u32::try_from(self.ordinal).ok().and_then(Ordinal::try_new)
    }
}

impl From<Found> for DeliveryRow {
    fn from(row: Found) -> Self {
        let id = row.ordinal().map(|ordinal| DeliveryId::of(row.notification_id.into(), ordinal).uuid());
        let edited_to = row.edited_to;
        let (client_name, contact, to) = row.addressee.map_or_else(Default::default, |person| {
            (Some(person.client_name), Some(person.contact_name), Some(edited_to.unwrap_or(person.address)))
        });
        Self {
            id: id.unwrap_or_default(),
            notification_id: row.notification_id,
            company_id: row.company_id,
            client: Person { id: row.client_id, name: client_name },
            contact_kind: row.contact_kind,
            contact,
            channel: row.channel,
            to,
            state: row.state,
            discarded: row.discarded,
            generation: row.generation,
            attempts: row.attempts,
        }
    }
}
