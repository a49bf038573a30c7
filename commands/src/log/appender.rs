//! The group-commit appender: all waiting requests become one call, one commit and one fsync; then every caller is
//! answered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::Position;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::timeout;

use super::append::{AppendError, Appended, Lane};
use super::keys::Keys;
use super::lanes::{FLUSH_ROWS_MAX, Lanes, Request, Waiting};
use super::recent::Recent;
use super::{StoredEvent, insert, publish_head};

/// How many requests may wait.
const WAITING_MAX: usize = 20_000;
/// How many flushes run at once: while one waits for the disk, the next one is sent.
const FLUSHERS: usize = 2;
/// After this the outcome of a flush is unknown.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);
/// How many connections an append is tried on, one after the other, when each of them is lost.
const CONNECTIONS_TRIED_MAX: usize = 4;
/// How long an idle flusher keeps its connection: a firewall between us and the server may drop an unused one silently.
const CONNECTION_KEPT_FOR: Duration = Duration::from_secs(1);

struct Shared {
    pool: PgPool,
    lanes: Mutex<Lanes>,
    arrived: Notify,
    head: watch::Sender<Position>,
    recent: Arc<Recent>,
    keys: Keys,
}

/// Hands requests to the flushers, which end when it is dropped.
pub(super) struct Appender {
    shared: Arc<Shared>,
    flushers: Vec<tokio::task::JoinHandle<()>>,
}

impl Appender {
    /// Starts the flushers. Every commit is published to `head`, after its events and keys are in `recent` and `keys`.
    pub(super) fn start(
        pool: PgPool,
        head: watch::Sender<Position>,
        recent: Arc<Recent>,
        keys: Keys,
    ) -> Self {
        let (lanes, arrived) = (Mutex::default(), Notify::new());
        let shared = Arc::new(Shared { pool, lanes, arrived, head, recent, keys });
        let flusher = |shared| Flusher { shared, connection: None, is_unsure: false };
        let flushers = (0..FLUSHERS).map(|_| tokio::spawn(flusher(Arc::clone(&shared)).run())).collect();
        Self { shared, flushers }
    }

    /// Appends one request and waits for its commit.
    pub(super) async fn append(&self, request: Request, lane: Lane) -> Result<Appended, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.shared.enqueue(Waiting { request, reply }, lane)?;
        answer.await.unwrap_or(Err(AppendError::Unknown))
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        for flusher in &self.flushers {
            flusher.abort();
        }
    }
}

impl Shared {
    fn enqueue(&self, waiting: Waiting, lane: Lane) -> Result<(), AppendError> {
        let mut lanes = self.lanes();
        if lanes.len() >= WAITING_MAX {
            return Err(AppendError::Overloaded);
        }
        match lane {
            Lane::Interactive => lanes.interactive.push_back(waiting),
            Lane::Bulk => lanes.bulk.push_back(waiting),
        }
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes the waiting requests; waits only if there are none.
    async fn take(&self) -> Vec<Waiting> {
        loop {
            self.gather_waiting().await;
            let batch = self.lanes().take();
            if !batch.is_empty() {
                return batch;
            }
            self.arrived.notified().await;
        }
    }

    /// Yields to the runtime as long as that brings more requests. After a flush many callers are about to send their
    /// next request, and the first of them would otherwise get a flush of its own.
    async fn gather_waiting(&self) {
        let (mut before, mut waiting) = (0, self.lanes().len());
        while before < waiting && waiting < FLUSH_ROWS_MAX {
            tokio::task::yield_now().await;
            (before, waiting) = (waiting, self.lanes().len());
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events are in memory before their position is published.
    fn committed(&self, events: impl IntoIterator<Item = StoredEvent>, last: Position) {
        self.recent.keep(events);
        publish_head(&self.head, last);
    }
}

/// A task that appends waiting requests.
struct Flusher {
    shared: Arc<Shared>,
    /// Kept between flushes; none before the first one and after a pause.
    connection: Option<PoolConnection<Postgres>>,
    /// Whether a connection was lost with an append of this flush on it, which may have been committed.
    is_unsure: bool,
}

impl Flusher {
    async fn run(mut self) {
        loop {
            let batch = self.next().await;
            self.flush(batch).await;
        }
    }

    /// The next batch. After a pause the connection goes back to the pool, which tests it before it is used again.
    async fn next(&mut self) -> Vec<Waiting> {
        let shared = Arc::clone(&self.shared);
        if let Ok(batch) = timeout(CONNECTION_KEPT_FOR, shared.take()).await {
            return batch;
        }
        self.connection = None;
        shared.take().await
    }

    async fn flush(&mut self, batch: Vec<Waiting>) {
        let started = Instant::now();
        metrics::histogram!("mensajeria_append_flush_rows")
            .record(batch.iter().map(|w| w.request.rows.len() as f64).sum::<f64>());
        self.is_unsure = false;
        let requests: Vec<&Request> = batch.iter().map(|waiting| &waiting.request).collect();
        let outcome = self.append(&requests).await;
        metrics::histogram!("mensajeria_append_flush_seconds").record(started.elapsed().as_secs_f64());
        match outcome {
            Ok(appended) => answer_all(&self.shared, batch, appended),
            Err(error) if batch.len() > 1 && error.is_of_one() => self.flush_one_by_one(batch).await,
            Err(error) => refuse_all(batch, error),
        }
    }

    /// Appends each request alone, so that one that is refused never hurts the others of its flush.
    async fn flush_one_by_one(&mut self, batch: Vec<Waiting>) {
        for waiting in batch {
            match self.append(&[&waiting.request]).await {
                Ok(appended) => answer_all(&self.shared, vec![waiting], appended),
                Err(error) => refuse_all(vec![waiting], error),
            }
        }
    }

    /// Appends, and tries again on another connection when one is lost. The first append may have been committed: then
    /// its events keep the second ones out, and [`insert::committed_before`] finds them.
    async fn append(&mut self, requests: &[&Request]) -> Result<Appended, AppendError> {
        for _ in 1..CONNECTIONS_TRIED_MAX {
            match self.attempt(requests).await {
                Err(error) if error.is_of_the_connection() => self.is_unsure = true,
                outcome => return outcome,
            }
        }
        self.attempt(requests).await
    }

    /// A connection that failed in any way is not used again: it may still be in the middle of a statement.
    async fn attempt(&mut self, requests: &[&Request]) -> Result<Appended, AppendError> {
        let mut own = match self.connection.take() {
            Some(own) => own,
            None => self.shared.pool.acquire().await?,
        };
        let outcome = timeout(FLUSH_TIMEOUT, self.append_on(&mut own, requests)).await;
        let outcome = outcome.unwrap_or(Err(AppendError::Unknown));
        match &outcome {
            Err(error) if !error.is_of_one() => {
                own.close_on_drop();
                self.shared.recent.forget();
            }
            _ => self.connection = Some(own),
        }
        fail::fail_point!("append::committed", outcome.is_ok(), |_| std::process::abort());
        outcome
    }

    async fn append_on(
        &self,
        connection: &mut PgConnection,
        requests: &[&Request],
    ) -> Result<Appended, AppendError> {
        let outcome = insert::append(connection, requests).await;
        fail::fail_point!("append::answer_lost", outcome.is_ok(), |_| {
            Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into())
        });
        match (outcome, requests) {
            (Err(refused), [request]) if self.is_unsure && refused.is_of_one() => {
                insert::committed_before(connection, request).await?.ok_or(refused)
            }
            (outcome, _) => outcome,
        }
    }
}

fn answer_all(shared: &Shared, batch: Vec<Waiting>, all: Appended) {
    let (mut first, mut rows, mut answers) = (all.first, Vec::new(), Vec::with_capacity(batch.len()));
    for Waiting { request, reply } in batch {
        let appended = Appended { first, last: first + request.rows.len() as Position - 1, ..all };
        first = appended.last + 1;
        shared.keys.committed(&request.keys);
        rows.extend(request.rows);
        answers.push((reply, appended));
    }
    shared.committed(insert::events(rows, all), all.last);
    for (reply, appended) in answers {
        // A caller that has gone away drops its receiver; its events are committed all the same.
        let _ = reply.send(Ok(appended));
    }
}

fn refuse_all(batch: Vec<Waiting>, error: AppendError) {
    let mut error = Some(error);
    for waiting in batch {
        let _ = waiting.reply.send(Err(error.take().unwrap_or(AppendError::Unknown)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::MasterKey;

    fn shared() -> Shared {
        let pool = PgPool::connect_lazy("postgres://127.0.0.1/nobody_connects").expect("a URL");
        let keys = Keys::new(pool.clone(), &MasterKey::new([7; 32]));
        let (head, _) = watch::channel(0);
        let (lanes, arrived) = (Mutex::default(), Notify::new());
        Shared { pool, lanes, arrived, head, recent: Arc::default(), keys }
    }

    fn enqueue_one(shared: &Shared) {
        let waiting = Waiting { request: Request::default(), reply: oneshot::channel().0 };
        shared.enqueue(waiting, Lane::Interactive).expect("there is room");
    }

    #[tokio::test]
    async fn callers_about_to_append_share_the_flush_of_the_first() {
        let shared = Arc::new(shared());
        enqueue_one(&shared);
        for _ in 0..9 {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { enqueue_one(&shared) });
        }
        assert_eq!(shared.take().await.len(), 10);
    }
}
