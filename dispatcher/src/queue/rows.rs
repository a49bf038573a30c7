//! How settled rows travel to the database: as arrays, one entry a row.

use chrono::{DateTime, Utc};
use commands::log::Call;

use super::RowState;
use super::settle::Step;

/// The first nine arguments are bound by [`bind`], the others are those of `append_stamped`.
pub(super) const SETTLE: &str = "
    select first, last, stamp
    from settle_stamped($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                        $22, $23, $24, $25)
    where last is not null";

/// What changes when a row waits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Requeue {
    pub(super) due_at: DateTime<Utc>,
    pub(super) attempt: i32,
    pub(super) sequence: i64,
}

/// Binds the rows, their fences, and what becomes of them.
pub(super) fn bind<'q>(call: Call<'q>, steps: &[Step<'_>]) -> Call<'q> {
    let rows = || steps.iter().map(|step| &step.settlement.row);
    let requeues = || steps.iter().map(|step| step.requeue);
    call.bind(rows().map(|row| row.delivery_id).collect::<Vec<_>>())
        .bind(rows().map(|row| row.generation).collect::<Vec<_>>())
        .bind(rows().map(|row| row.epoch).collect::<Vec<_>>())
        .bind(steps.iter().map(|step| step.settlement.state.map(RowState::as_str)).collect::<Vec<_>>())
        .bind(requeues().map(|requeue| requeue.map(|requeue| requeue.due_at)).collect::<Vec<_>>())
        .bind(requeues().map(|requeue| requeue.map(|requeue| requeue.attempt)).collect::<Vec<_>>())
        .bind(requeues().map(|requeue| requeue.map(|requeue| requeue.sequence)).collect::<Vec<_>>())
        .bind(rows().map(|row| row.first_attempt_at).collect::<Vec<_>>())
        .bind(steps.iter().map(|step| step.draft.is_some()).collect::<Vec<_>>())
}
