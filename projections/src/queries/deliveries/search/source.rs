//! Where the candidates of a filter are found.

use commands::log::Reader;
use domain::deliveries::DeliveryState;
use sqlx::PgConnection;
use uuid::Uuid;

use super::audiences::Audiences;
use super::candidate::{Place, Window};
use super::exceptions::Exceptions;
use super::filter::{InFlight, SearchFilter};
use super::people::{self, Named, People};
use super::period;
use crate::queries::Scope;
use crate::queries::deliveries::{ShownState, place};

/// The cheapest source that has every delivery that the filter takes.
pub(super) struct Source {
    kind: Kind,
    /// The first place of the period that is asked for.
    before: Option<Place>,
    /// Nothing is taken from here on.
    end: Option<Place>,
}

enum Kind {
    People(People),
    Named(Named),
    Exceptions(Exceptions),
    Audiences(Audiences),
}

impl Source {
    pub(super) async fn of(
        connection: &mut PgConnection,
        log: &Reader,
        scope: Scope<'_>,
        filter: &SearchFilter,
        in_flight: &InFlight,
    ) -> sqlx::Result<Self> {
        let companies = companies(scope, filter);
        let clients = people::clients(connection, log.keys(), filter, companies.as_deref()).await?;
        let kind = match (clients, filter.exceptions(), filter.state) {
            (Some(clients), ..) => Kind::People(People { clients, companies }),
            (None, Some(lists), _) => Kind::Exceptions(Exceptions { lists, companies }),
            (None, None, Some(ShownState::Sending)) => {
                Kind::Named(Named { places: places(in_flight), companies })
            }
            (None, None, state) => {
                let is_pending = state == Some(ShownState::At(DeliveryState::Pending));
                let open = is_pending.then(|| in_flight.open.iter().map(|id| id.uuid()).collect());
                Kind::Audiences(Audiences { companies, open, channel: filter.channel, state })
            }
        };
        let (before, end) = period::bounds(connection, filter).await?;
        Ok(Self { kind, before, end })
    }

    /// The candidates before a place, about so many.
    pub(super) async fn window(
        &self,
        connection: &mut PgConnection,
        from: Place,
        limit: i64,
    ) -> sqlx::Result<Window> {
        let from = self.before.map_or(from, |before| from.min(before));
        let window = match &self.kind {
            Kind::People(people) => people.window(connection, from, limit).await?,
            Kind::Named(named) => named.window(connection, from, limit).await?,
            Kind::Exceptions(exceptions) => exceptions.window(connection, from, limit).await?,
            Kind::Audiences(audiences) => audiences.window(connection, from, limit).await?,
        };
        let next = window.next.filter(|next| self.end.is_none_or(|end| *next > end));
        Ok(Window { next, ..window })
    }
}

/// The companies whose deliveries may be shown; none: every company's.
fn companies(scope: Scope<'_>, filter: &SearchFilter) -> Option<Vec<Uuid>> {
    let asked = filter.company.map(Uuid::from);
    match (scope.ids(), asked) {
        (None, None) => None,
        (None, Some(asked)) => Some(vec![asked]),
        (Some(own), None) => Some(own),
        (Some(own), Some(asked)) => Some(own.into_iter().filter(|id| *id == asked).collect()),
    }
}

/// A delivery's id has all of its notification's id but the last bits, which are told apart in the database.
fn places(in_flight: &InFlight) -> Vec<(Uuid, Uuid, i32)> {
    let of = |id: &domain::value::DeliveryId| {
        let (first, last) = id.notifications();
        Some((first.uuid(), last.uuid(), place(id.ordinal()?)))
    };
    in_flight.sending.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use domain::value::CompanyId;

    use super::*;

    #[test]
    fn a_company_out_of_scope_has_nothing() {
        let [own, other] = [1, 2].map(|id| CompanyId::from(Uuid::from_u128(id)));
        let asking = |company| SearchFilter { company: Some(company), ..SearchFilter::default() };
        let scope = Scope::Companies(&[own]);
        assert_eq!(companies(scope, &asking(other)), Some(vec![]));
        assert_eq!(companies(scope, &asking(own)), Some(vec![own.uuid()]));
        assert_eq!(companies(Scope::All, &asking(other)), Some(vec![other.uuid()]));
        assert_eq!(companies(Scope::All, &SearchFilter::default()), None);
    }
}
