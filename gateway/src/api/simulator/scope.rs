//! The visibility of the simulator's messages. A message with a delivery id belongs to that delivery's company. A
//! message refused before it named one belongs to the companies with its address among their contacts, and is shown to
//! callers who may read all of them. A message of no company is shown to administrators only.

use std::collections::HashSet;

use dispatcher::simulator::arrivals::MAX_PAGE;
use dispatcher::simulator::{Arrival, ArrivalPage, Simulator};
use domain::value::Channel;
use projections::queries::arrivals::{addresses_in_scope, deliveries_in_scope};
use projections::queries::{PAGE_BYTES_MAX, Scope};

use crate::problem::Answer;
use crate::state::AppState;

/// How many pages of messages one request reads: messages out of scope are decoded too. `next` continues after the
/// last.
const SCANNED_PAGES_MAX: usize = 5;

/// The filters of a request.
pub(super) struct ArrivalFilter {
    pub(super) channel: Option<Channel>,
    pub(super) before: Option<u64>,
    pub(super) limit: usize,
}

/// The visible messages that match the filters. A page may hold fewer than its limit, or none, and still have a `next`.
pub(super) async fn in_scope(
    state: &AppState,
    scope: Scope<'_>,
    simulator: &Simulator,
    filter: &ArrivalFilter,
) -> Answer<ArrivalPage> {
    if scope == Scope::All {
        return Ok(simulator.arrivals(filter.channel, filter.before, filter.limit));
    }
    let (mut data, mut before) = (Vec::new(), filter.before);
    for _ in 0..SCANNED_PAGES_MAX {
        let page = simulator.arrivals(filter.channel, before, MAX_PAGE);
        data.extend(visible(state, scope, page.data).await?);
        before = page.next;
        if before.is_none() || is_full(&data, filter.limit) {
            break;
        }
    }
    if data.len() > filter.limit {
        data.truncate(filter.limit);
        before = data.last().map(|oldest| oldest.id);
    }
    Ok(ArrivalPage { data, next: before })
}

/// Whether a page is exceeded. One row beyond the limit means that there is a next page.
fn is_full(arrivals: &[Arrival], limit: usize) -> bool {
    arrivals.len() > limit || arrivals.iter().map(text_bytes).sum::<usize>() > PAGE_BYTES_MAX
}

/// The length of a message's texts; as JSON they take more.
fn text_bytes(Arrival { to, from, subject, body, html, .. }: &Arrival) -> usize {
    let optional = [subject, body, html].into_iter().flatten().map(String::len).sum::<usize>();
    to.len() + from.len() + optional
}

async fn visible(state: &AppState, scope: Scope<'_>, arrivals: Vec<Arrival>) -> Answer<Vec<Arrival>> {
    let (named, unnamed): (Vec<_>, Vec<_>) = arrivals.iter().partition(|arrival| arrival.delivery.is_some());
    let deliveries: Vec<_> = named.iter().filter_map(|arrival| arrival.delivery).collect();
    let deliveries = deliveries_in_scope(state.pool(), scope, &deliveries).await?;
    let addresses: Vec<_> = unnamed.iter().map(|arrival| (arrival.channel, arrival.to.as_str())).collect();
    let visible_indexes = addresses_in_scope(state.log().reader(), scope, &addresses).await?;
    let unnamed: HashSet<u64> = unnamed
        .iter()
        .enumerate()
        .filter(|(index, _)| visible_indexes.contains(index))
        .map(|(_, one)| one.id)
        .collect();
    let is_visible = |arrival: &Arrival| match arrival.delivery {
        Some(delivery) => deliveries.contains(&delivery),
        None => unnamed.contains(&arrival.id),
    };
    Ok(arrivals.into_iter().filter(is_visible).collect())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use dispatcher::simulator::Outcome;

    use super::*;

    fn mail(bytes: usize) -> Arrival {
        Arrival {
            id: 1,
            channel: Channel::Email,
            delivery: None,
            to: String::new(),
            from: String::new(),
            subject: None,
            body: Some("x".repeat(bytes)),
            html: None,
            unsubscribe: None,
            received_at: DateTime::default(),
            outcome: Outcome::Accepted,
        }
    }

    #[test]
    fn a_page_is_full_by_its_rows_or_by_its_bytes() {
        assert!(!is_full(&[mail(1), mail(1)], 2));
        assert!(is_full(&[mail(1), mail(1), mail(1)], 2));
        assert!(!is_full(&[mail(PAGE_BYTES_MAX)], 200));
        assert!(is_full(&[mail(PAGE_BYTES_MAX), mail(1)], 200));
    }
}
