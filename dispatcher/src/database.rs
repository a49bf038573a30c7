//! The dispatcher's own connections to PostgreSQL: few, and planned for tasks.

use std::time::Duration;

use commands::pool_options;
use sqlx::PgPool;

/// How many connections a dispatcher uses: claims of two channels, a flusher of settlements and marks, loads of chunks, the
/// resolver and what it reads ahead, the intake, the housekeeper, the keeper of receipts, the beat and the reports. Claims of further routes
/// share them.
const CONNECTIONS_MAX: u32 = 10;
/// How long a statement waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// A pool on the same database. The tasks are few when they are planned and many an hour later: plans that read all of them
/// are forbidden, every statement goes by an index, and is planned once for all its arguments (to plan a claim costs three
/// times what it costs to run it).
pub(crate) fn task_pool(pool: &PgPool) -> PgPool {
    let planned = [
        ("enable_seqscan", "off"),
        ("enable_bitmapscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
        ("plan_cache_mode", "force_generic_plan"),
    ];
    let options = pool.connect_options().as_ref().clone().options(planned);
    pool_options()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options)
}
