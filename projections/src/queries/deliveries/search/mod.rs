//! Deliveries over all notifications, the newest notification first, in each of them the last of its audience first.
//!
//! A page is found in windows of candidates from the cheapest source that holds all that the filter takes: the people of
//! clients, the lists of exceptions, or the audiences themselves. What no index answers is compared row by row, so many rows a
//! page at most: such a page may be short, or empty, and still name the next one.

mod addressed;
mod audiences;
mod candidate;
mod exceptions;
mod filter;
mod head;
mod people;
mod period;
mod source;

use commands::begin;
use commands::log::{Reader, SealError};
use domain::value::AddressKind;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::addressed::addressed;
use self::candidate::Candidate;
pub use self::candidate::Place;
pub use self::filter::{InFlight, SearchFilter};
pub use self::head::NotificationHead;
use self::source::Source;
use super::{DeliveryRow, Found, found, opened};
use crate::page::{Cursor, Page, PageRequest, fitting};
use crate::queries::Scope;

/// How many candidates the first window of a page has at most, about. Mostly the page and a quarter of it are enough.
const FIRST_WINDOW_MAX: usize = 250;
/// How many candidates each window after it has, about: some 5 ms.
const WINDOW: i64 = 1_000;
/// How many candidates are compared for one page, about.
const EXAMINED_MAX: usize = 5_000;
/// How many windows are looked through for one page: some have few candidates.
const WINDOWS_MAX: usize = 20;
/// The most that a count says.
pub const COUNTED_MAX: usize = 10_000;

/// A delivery with its notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ListedDelivery {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryRow,
    /// Its notification.
    pub notification: NotificationHead,
}

/// How many deliveries a filter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counted {
    /// The number.
    pub count: usize,
    /// Whether that is all. If not, there are at least so many.
    pub complete: bool,
}

/// The deliveries that a filter takes, of the companies in scope.
///
/// # Errors
/// When the database does not answer.
pub async fn search(
    log: &Reader,
    scope: Scope<'_>,
    filter: &SearchFilter,
    in_flight: &InFlight,
    page: &PageRequest,
) -> Result<Page<ListedDelivery>, SealError> {
    let mut tx = begin(log.pool()).await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let source = Source::of(&mut tx, log, scope, filter, in_flight).await?;
    let walk = walk(&mut tx, &source, filter, Place::after(page), page.limit(), EXAMINED_MAX).await?;
    let places: Vec<(Uuid, i32)> = walk.taken.iter().map(Candidate::delivery).collect();
    let rows = found(&mut tx, scope, &places, &[]).await?;
    let heads = head::heads(&mut tx, &places).await?;
    tx.commit().await?;
    let is_cut = rows.len() < places.len();
    let rows = opened(log, rows).await?;
    let (rows, is_long) = fitting(rows, page.limit());
    let last = rows.last().and_then(|row| walk.place_of(row.notification_id, row.ordinal));
    let next = if is_cut || is_long { last } else { walk.next };
    let data = rows.into_iter().filter(|row| filter.takes_address(row)).filter_map(|row| {
        let notification = heads.get(&row.notification_id)?.clone();
        Some(ListedDelivery { delivery: row.into(), notification })
    });
    Ok(Page { data: data.collect(), next: next.map(|place| Cursor::from(place).to_string()) })
}

/// How many deliveries a filter takes, up to [`COUNTED_MAX`]. The address is not compared: people with several addresses count
/// with each.
///
/// # Errors
/// When the database does not answer.
pub async fn count(
    log: &Reader,
    scope: Scope<'_>,
    filter: &SearchFilter,
    in_flight: &InFlight,
) -> Result<Counted, SealError> {
    let mut tx = begin(log.pool()).await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let source = Source::of(&mut tx, log, scope, filter, in_flight).await?;
    let walk = walk(&mut tx, &source, filter, Place::FIRST, COUNTED_MAX, COUNTED_MAX).await?;
    tx.commit().await?;
    Ok(Counted { count: walk.taken.len(), complete: walk.next.is_none() })
}

/// Candidates that the filter takes, and where the walk goes on.
struct Walk {
    taken: Vec<Candidate>,
    next: Option<Place>,
}

impl Walk {
    fn place_of(&self, notification: Uuid, ordinal: i32) -> Option<Place> {
        self.taken.iter().find(|one| one.delivery() == (notification, ordinal)).map(Candidate::place)
    }
}

/// At most `limit` candidates before a place; the walk ends earlier once it has compared `examined_max`.
async fn walk(
    connection: &mut PgConnection,
    source: &Source,
    filter: &SearchFilter,
    from: Place,
    limit: usize,
    examined_max: usize,
) -> sqlx::Result<Walk> {
    let (mut taken, mut place, mut examined) = (Vec::new(), Some(from), 0);
    let first = (limit + limit / 4 + 1).min(FIRST_WINDOW_MAX) as i64;
    for turn in 0..WINDOWS_MAX {
        let Some(from) = place else { break };
        let size = if turn == 0 { first } else { WINDOW };
        let window = source.window(connection, from, size).await?;
        examined += window.candidates.len();
        place = window.next;
        taken.extend(window.candidates.into_iter().filter(|candidate| filter.takes(candidate)));
        if taken.len() > limit {
            taken.truncate(limit);
            place = taken.last().map(Candidate::place);
            break;
        }
        if examined >= examined_max {
            break;
        }
    }
    Ok(Walk { taken, next: place })
}

impl SearchFilter {
    /// The clients of an address had others too: only the address itself counts.
    fn takes_address(&self, row: &Found) -> bool {
        let Some(to) = &self.to else { return true };
        let kind = AddressKind::of(to);
        let own = row.edited_to.as_deref().or(row.addressee.as_ref().map(|person| person.address.as_str()));
        own.is_some_and(|own| kind.comparable(own) == kind.comparable(to))
    }
}
