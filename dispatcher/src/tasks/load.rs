//! A task with everything that sending needs: who is in the chunk, and what has become of them.

use commands::log::Reader;
use domain::Event;
use domain::deliveries::{Deliveries, deliveries_stream};
use domain::notification::{AUDIENCE, AudienceEvent, Recipient};

use super::{ChunkId, Task, TaskError};

/// A task as it is worked on.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) task: Task,
    /// Everybody in the chunk, in order: the first is member 1.
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) deliveries: Deliveries,
    /// The last sequence of the stream of deliveries; 0 if it has not begun.
    pub(crate) sequence: i64,
}

/// Reads the chunk, and what has become of it unless the task is fresh.
pub(crate) async fn load(log: &Reader, task: Task) -> Result<Loaded, TaskError> {
    let recipients = recipients(log, task.id).await?;
    let (deliveries, sequence) = match task.is_fresh() {
        true => (Deliveries::default(), 0),
        false => deliveries(log, task.id).await?,
    };
    Ok(Loaded { task, recipients, deliveries, sequence })
}

/// What has become of a chunk, and the last sequence of its stream.
pub(crate) async fn deliveries(log: &Reader, id: ChunkId) -> Result<(Deliveries, i64), TaskError> {
    let stream = deliveries_stream(id.notification, id.chunk);
    let loaded = log.load::<Deliveries>(&stream).await.map_err(|error| TaskError::of(id, error))?;
    Ok((loaded.state, loaded.sequence))
}

/// Everybody in a chunk, in order.
pub(super) async fn recipients(log: &Reader, id: ChunkId) -> Result<Vec<Recipient>, TaskError> {
    let unreadable = |cause: String| TaskError::Unreadable { task: id, cause };
    let stream = id.notification.to_string();
    let stored = log.read_stream(AUDIENCE, &stream, i64::from(id.chunk) - 1, 1).await?;
    let mut events = log.open_events(stored).await.map_err(|error| TaskError::of(id, error.into()))?;
    let recorded = events.pop().filter(|recorded| recorded.sequence == i64::from(id.chunk));
    let recorded = recorded.ok_or_else(|| unreadable("the chunk is missing".to_owned()))?;
    match recorded.event.map_err(|error| unreadable(error.to_string()))? {
        Event::Audience(AudienceEvent::AudienceChunkResolved { recipients, .. }) => Ok(recipients),
        _ => Err(unreadable("the event is not a chunk".to_owned())),
    }
}
