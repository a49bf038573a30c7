//! Whose an arrival is. One that names its delivery is of that delivery's company. One that was refused before it could is of
//! the companies that have its address among their contacts, and shown to who may see all of them. What is of no company is
//! shown to administrators only.

use std::collections::HashSet;

use dispatcher::simulator::arrivals::MAX_PAGE;
use dispatcher::simulator::{Arrival, ArrivalPage, Simulator};
use projections::queries::Scope;
use projections::queries::arrivals::{addresses_in_scope, deliveries_in_scope};

use super::messages::ListArrivals;
use crate::problem::Answer;
use crate::state::AppState;

/// The arrivals in scope that are asked for.
pub(super) async fn in_scope(
    state: &AppState,
    scope: Scope<'_>,
    simulator: &Simulator,
    asked: &ListArrivals,
) -> Answer<ArrivalPage> {
    if scope == Scope::All {
        return Ok(simulator.arrivals(asked.channel, asked.before, asked.limit));
    }
    let (mut data, mut before) = (Vec::new(), asked.before);
    // One more than asked for tells that there is a next page.
    while data.len() <= asked.limit {
        let page = simulator.arrivals(asked.channel, before, MAX_PAGE);
        data.extend(seen(state, scope, page.data).await?);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let more = data.len() > asked.limit;
    data.truncate(asked.limit);
    let next = data.last().filter(|_| more).map(|oldest| oldest.id);
    Ok(ArrivalPage { data, next })
}

async fn seen(state: &AppState, scope: Scope<'_>, arrivals: Vec<Arrival>) -> Answer<Vec<Arrival>> {
    let (named, unnamed): (Vec<_>, Vec<_>) = arrivals.iter().partition(|arrival| arrival.delivery.is_some());
    let deliveries: Vec<_> = named.iter().filter_map(|arrival| arrival.delivery).collect();
    let deliveries = deliveries_in_scope(state.pool(), scope, &deliveries).await?;
    let addresses: Vec<_> = unnamed.iter().map(|arrival| (arrival.channel, arrival.to.as_str())).collect();
    let places = addresses_in_scope(state.log(), scope, &addresses).await?;
    let unnamed: HashSet<u64> = unnamed
        .iter()
        .enumerate()
        .filter(|(place, _)| places.contains(place))
        .map(|(_, one)| one.id)
        .collect();
    let is_seen = |arrival: &Arrival| match arrival.delivery {
        Some(delivery) => deliveries.contains(&delivery),
        None => unnamed.contains(&arrival.id),
    };
    Ok(arrivals.into_iter().filter(is_seen).collect())
}
