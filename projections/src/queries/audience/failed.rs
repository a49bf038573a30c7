//! The people a retry sends to: those it failed for, chunk by chunk.

use domain::value::{CHUNK_MEMBERS, Member, Members, NotificationId, Ordinal};
use sqlx::PgPool;

/// The people of a chunk for whom it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedChunk {
    /// The chunk, from 1.
    pub chunk: u32,
    /// Those who may be sent to again; never nobody.
    pub members: Members,
}

/// At most `limit` chunks after `after_chunk`, in order, with the people for whom a generation before `generation` failed.
/// Fewer: there are no more. People who were erased since are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn failed_chunks(
    pool: &PgPool,
    notification: NotificationId,
    generation: u32,
    after_chunk: u32,
    limit: usize,
) -> sqlx::Result<Vec<FailedChunk>> {
    // So many rows hold the chunks that are asked for: if they end within one, it is one more.
    let rows = limit.saturating_mul(CHUNK_MEMBERS as usize);
    let ordinals: Vec<i32> = sqlx::query_scalar(
        "select o.ordinal
         from notifications.outcomes o
         join notifications.recipients r using (notification_id, ordinal)
         where o.notification_id = $1 and o.state = 'failed' and o.ordinal > $2 and o.generation < $3
           and r.addressee is not null
         order by o.ordinal
         limit $4",
    )
    .bind(notification.uuid())
    .bind(i32::try_from(u64::from(after_chunk) * u64::from(CHUNK_MEMBERS)).unwrap_or(i32::MAX))
    .bind(i32::try_from(generation).unwrap_or(i32::MAX))
    .bind(i64::try_from(rows).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await?;
    let mut chunks = by_chunk(ordinals.into_iter().filter_map(ordinal));
    chunks.truncate(limit);
    Ok(chunks)
}

fn ordinal(number: i32) -> Option<Ordinal> {
    u32::try_from(number).ok().and_then(Ordinal::try_new)
}

/// `ordinals` come in order.
fn by_chunk(ordinals: impl Iterator<Item = Ordinal>) -> Vec<FailedChunk> {
    let mut chunks: Vec<FailedChunk> = Vec::new();
    for ordinal in ordinals {
        let (chunk, member): (u32, Member) = (ordinal.chunk(), ordinal.member());
        match chunks.last_mut() {
            Some(last) if last.chunk == chunk => _ = last.members.insert(member),
            _ => chunks.push(FailedChunk { chunk, members: member.into() }),
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_gathered_by_their_chunk() {
        let numbers = [1, 500, 501, 1_501].map(|number| Ordinal::try_new(number).expect("an ordinal"));
        let chunks: Vec<_> = by_chunk(numbers.into_iter())
            .iter()
            .map(|chunk| (chunk.chunk, chunk.members.to_string()))
            .collect();
        assert_eq!(chunks, [(1, "1,500".to_owned()), (2, "1".to_owned()), (4, "1".to_owned())]);
    }
}
