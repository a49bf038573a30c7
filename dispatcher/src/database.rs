//! The dispatcher's own connections to PostgreSQL: few, and planned for a queue.

use std::time::Duration;

use commands::pool_options;
use sqlx::PgPool;

/// How many connections a dispatcher uses: claims of two channels, a flusher of marks and one of settlements, the resolver and
/// what it reads ahead, the intake, the housekeeper, the beat, and one in reserve. Claims of further routes share them.
const CONNECTIONS_MAX: u32 = 10;
/// How long a statement waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// A pool on the same database. A queue is empty when it is planned and huge an hour later: plans that read all of it
/// are forbidden, every statement goes by an index.
pub(crate) fn queue_pool(pool: &PgPool) -> PgPool {
    let planned = [
        ("enable_seqscan", "off"),
        ("enable_bitmapscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
    ];
    let options = pool.connect_options().as_ref().clone().options(planned);
    pool_options()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options)
}
