//! The part that differs between projections: the tables, and how a batch of events changes them.

use async_trait::async_trait;
use commands::log::Recorded;
use sqlx::PgConnection;

use crate::projection::Projection;

/// Which tables a batch is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tables {
    /// The live ones. Set back to an earlier position, they hold rows of events that are still to come.
    Live,
    /// Those of a rebuild or a comparison: they were empty at the start of the log, so that the first event of an aggregate
    /// finds no row of it.
    Beside,
}

/// Folds events into the tables of one projection. It is given a transaction and nothing else: a replay cannot send.
#[async_trait]
pub(crate) trait Projector: Send + Sync + 'static {
    /// Which projection it fills.
    fn projection(&self) -> Projection;

    /// The tables, without schema names; after the line [`AFTER_THE_FILL`] the indexes that a rebuild creates after the
    /// fill.
    fn ddl(&self) -> &'static str;

    /// The aggregate types whose events matter here; none if all do.
    fn types(&self) -> Option<&'static [&'static str]>;

    /// Whether events of this aggregate type matter here.
    fn takes(&self, aggregate_type: &str) -> bool {
        self.types().is_none_or(|types| types.contains(&aggregate_type))
    }

    /// Whether the projection takes unreadable events too; otherwise such an event parks its aggregate.
    fn takes_unreadable(&self) -> bool {
        false
    }

    /// Applies `events`, in order, to the tables of the search path. An error rolls the whole batch back.
    ///
    /// # Errors
    /// The errors of the database.
    async fn apply(&self, tx: &mut PgConnection, events: &[&Recorded], tables: Tables) -> sqlx::Result<()>;

    /// Logs events that need a person's attention, after they are in the live tables. A rebuild does not log them
    /// again.
    fn alarm(&self, _events: &[&Recorded]) {}
}

/// The line in a projection's SQL after which come the indexes that filling does not need: statements that each end a line,
/// so that they can be told apart without a parser.
pub(crate) const AFTER_THE_FILL: &str = "-- After the fill:\n";

/// How many of the events, in order, are folded in memory together: at least one, since an event is never split.
pub(crate) fn portion(events: &[&Recorded], weight_max: usize) -> usize {
    let mut weight = 0;
    let fits = |event: &&&Recorded| {
        weight += event.weight();
        weight <= weight_max
    };
    events.iter().take_while(fits).count().max(1)
}
