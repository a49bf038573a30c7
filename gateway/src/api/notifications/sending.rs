//! The in-flight deliveries, as `sending` in totals and in deliveries.

use domain::value::{DeliveryId, NotificationId};
use projections::queries::deliveries::{DeliveryRow, ShownState};
use projections::queries::notifications::NotificationRow;

use crate::problem::Answer;
use crate::state::AppState;

/// Adds the number of in-flight deliveries to the rows.
pub(super) async fn with_sending(
    state: &AppState,
    mut rows: Vec<NotificationRow>,
) -> Answer<Vec<NotificationRow>> {
    let ids: Vec<NotificationId> = rows.iter().map(|row| row.id.into()).collect();
    let sending = dispatcher::tasks::sending_counts(state.pool(), &ids).await?;
    for (row, id) in rows.iter_mut().zip(ids) {
        row.totals = row.totals.with_sending(sending.get(&id).copied().unwrap_or(0));
    }
    Ok(rows)
}

/// Sets the state `sending` in the rows of in-flight deliveries.
pub(in crate::api) async fn mark_sending<'a>(
    state: &AppState,
    notification: NotificationId,
    rows: impl IntoIterator<Item = &'a mut DeliveryRow>,
) -> Answer<()> {
    let open = rows.into_iter().filter(|row| row.is_open());
    let mut open: Vec<_> = open.filter_map(|row| Some((ordinal(row)?, row))).collect();
    let ordinals: Vec<u32> = open.iter().map(|(ordinal, _)| *ordinal).collect();
    if ordinals.is_empty() {
        return Ok(());
    }
    let sending = dispatcher::tasks::sending_among(state.pool(), notification, &ordinals).await?;
    for (_, row) in open.iter_mut().filter(|(ordinal, _)| sending.contains(ordinal)) {
        row.state = ShownState::Sending;
    }
    Ok(())
}

fn ordinal(row: &DeliveryRow) -> Option<u32> {
    DeliveryId::from(row.id).ordinal().map(|ordinal| ordinal.number())
}

#[cfg(test)]
mod tests {
    use projections::queries::notifications::Totals;

    fn sum(totals: &Totals) -> i64 {
        let Totals { pending, sending, accepted, delivered, deferred, .. } = *totals;
        let Totals { failed, suppressed, in_doubt, cancelled, .. } = *totals;
        pending + sending + accepted + delivered + deferred + failed + suppressed + in_doubt + cancelled
    }

    #[test]
    fn the_total_is_the_sum_of_the_others_whatever_is_being_sent() {
        let totals = Totals {
            total: 36,
            pending: 1,
            sending: 0,
            accepted: 2,
            delivered: 3,
            deferred: 4,
            failed: 5,
            suppressed: 6,
            in_doubt: 7,
            cancelled: 8,
        };
        for sending in [-1, 0, 1, 3, 5, 6, 100] {
            let totals_in_flight = totals.with_sending(sending);
            assert_eq!((sum(&totals_in_flight), totals_in_flight.total), (36, 36), "{sending}");
        }
    }
}
