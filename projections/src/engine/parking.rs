//! Parked aggregates: one of their events cannot be projected, so that this and all later events of the aggregate are
//! set aside.

use std::collections::HashSet;

use commands::log::Recorded;
use domain::client::ClientEvent;
use domain::{DecodeError, Event, Position};
use sqlx::PgConnection;

use crate::projector::Projector;

/// How many aggregates may be parked before the projection stops: with more, the events are hardly the cause.
pub(crate) const PARKED_AGGREGATES_MAX: usize = 1_000;
const LATER_EVENT: &str = "an earlier event of its aggregate is parked";

/// The aggregates that are parked.
#[derive(Debug, Default, Clone)]
pub(crate) struct Parking(HashSet<(String, String)>);

/// An event that is to be parked, and why.
#[derive(Debug)]
pub(crate) struct Parked<'a> {
    pub(crate) event: &'a Recorded,
    pub(crate) reason: String,
}

/// A batch, split into the events for the projector and the parked ones. Both are in order.
#[derive(Debug, Default)]
pub(crate) struct Sorted<'a> {
    pub(crate) flowing: Vec<&'a Recorded>,
    pub(crate) parked: Vec<Parked<'a>>,
    /// How many aggregates are parked for the first time.
    pub(crate) fresh: usize,
}

impl Parking {
    /// The aggregates that are parked in the schema of the search path.
    pub(crate) async fn load(tx: &mut PgConnection) -> sqlx::Result<Self> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("select distinct aggregate_type, aggregate_id from parked").fetch_all(tx).await?;
        Ok(Self(rows.into_iter().collect()))
    }

    /// How many aggregates are parked.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Splits a batch. `culprit` is an event that the database refused, with the reason.
    pub(crate) fn sort<'a>(
        &self,
        projector: &dyn Projector,
        events: impl IntoIterator<Item = &'a Recorded>,
        culprit: Option<(Position, &str)>,
    ) -> Sorted<'a> {
        let mut sorted = Sorted::default();
        let mut fresh = HashSet::new();
        for event in events.into_iter().filter(|event| projector.takes(&event.aggregate_type)) {
            match self.reason(projector, event, culprit, &fresh) {
                None => sorted.flowing.push(event),
                Some(reason) => {
                    if !self.has(event) {
                        fresh.insert((event.aggregate_type.as_str(), event.aggregate_id.as_str()));
                    }
                    sorted.parked.push(Parked { event, reason });
                }
            }
        }
        sorted.fresh = fresh.len();
        sorted
    }

    fn reason(
        &self,
        projector: &dyn Projector,
        event: &Recorded,
        culprit: Option<(Position, &str)>,
        fresh: &HashSet<(&str, &str)>,
    ) -> Option<String> {
        if let Some((position, reason)) = culprit
            && position == event.position
        {
            return Some(reason.to_owned());
        }
        if erases(event) {
            return None;
        }
        if self.has(event) || fresh.contains(&(event.aggregate_type.as_str(), event.aggregate_id.as_str())) {
            return Some(LATER_EVENT.to_owned());
        }
        match &event.event {
            Err(error) if !projector.takes_unreadable() => Some(unreadable(error).to_owned()),
            _ => None,
        }
    }

    fn has(&self, event: &Recorded) -> bool {
        !self.0.is_empty() && self.0.contains(&aggregate(event))
    }

    /// Inserts the parked events. One that is parked already stays so: the view must not stand still for it.
    pub(crate) async fn write(tx: &mut PgConnection, parked: &[Parked<'_>]) -> sqlx::Result<()> {
        if parked.is_empty() {
            return Ok(());
        }
        let text = |of: fn(&Recorded) -> &String| {
            parked.iter().map(|parked| of(parked.event).clone()).collect::<Vec<_>>()
        };
        sqlx::query(
            "insert into parked (position, aggregate_type, aggregate_id, event_type, reason)
             select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
             on conflict on constraint event_is_parked_once do nothing",
        )
        .bind(parked.iter().map(|parked| parked.event.position).collect::<Vec<_>>())
        .bind(text(|event| &event.aggregate_type))
        .bind(text(|event| &event.aggregate_id))
        .bind(text(|event| &event.event_type))
        .bind(parked.iter().map(|parked| parked.reason.clone()).collect::<Vec<_>>())
        .execute(tx)
        .await?;
        Ok(())
    }

    /// Remembers parked events after the commit, and logs each aggregate once.
    pub(crate) fn remember(&mut self, projector: &dyn Projector, parked: &[Parked<'_>]) {
        let projection = projector.projection().name();
        for Parked { event, reason } in parked {
            if self.0.insert(aggregate(event)) {
                tracing::error!(
                    projection,
                    position = event.position,
                    event_id = %event.event_id,
                    aggregate_type = event.aggregate_type,
                    aggregate_id = event.aggregate_id,
                    event_type = event.event_type,
                    reason,
                    "an event cannot be projected: its aggregate is parked, the rest goes on"
                );
            }
            metrics::counter!("mensajeria_projection_parked_events_total", "projection" => projection)
                .increment(1);
        }
        metrics::gauge!("mensajeria_projection_parked_aggregates", "projection" => projection)
            .set(self.len() as f64);
    }
}

/// An erasure is applied even if its aggregate is parked: the rows of an erased person must go, and no earlier event is
/// needed for that.
const fn erases(event: &Recorded) -> bool {
    matches!(event.event, Ok(Event::Client(ClientEvent::ClientErased { .. })))
}

fn aggregate(event: &Recorded) -> (String, String) {
    (event.aggregate_type.clone(), event.aggregate_id.clone())
}

/// Without the values that the error quotes, which may be personal.
const fn unreadable(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::UnknownAggregate(_) => "unknown aggregate type",
        DecodeError::UnknownVersion(_) => "of a later version of the program",
        DecodeError::Sealed => "its personal data does not open",
        DecodeError::Payload(_) => "not an event of its aggregate",
    }
}
