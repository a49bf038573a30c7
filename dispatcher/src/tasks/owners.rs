//! Who has tasks: an owner beats, which is the lease of all its tasks, and watches the beats of the others.

use std::collections::HashMap;

use domain::value::NotificationId;
use sqlx::PgPool;
use uuid::Uuid;

/// How many looks in a row must find an owner's beat where it was before it is fenced. Counted in looks that were
/// answered, not in seconds: a database that was away, a clock that jumped or a watcher that was frozen fence nobody.
pub(crate) const STILL_LOOKS_MAX: u32 = 15;

/// Registers an owner; its claims are refused before.
pub(crate) async fn register(pool: &PgPool, owner: Uuid) -> sqlx::Result<()> {
    sqlx::query("insert into send_owners (owner) values ($1)").bind(owner).execute(pool).await?;
    Ok(())
}

/// Shows that the owner is alive, and how many deliveries of each notification it is sending. `false`: it was fenced, and has
/// no task any more.
pub(crate) async fn beat(
    pool: &PgPool,
    owner: Uuid,
    sending: &[(NotificationId, i64)],
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update send_owners set beat = beat + 1, notifications = $2, sending = $3 where owner = $1 and not is_fenced",
    )
    .bind(owner)
    .bind(sending.iter().map(|(notification, _)| notification.uuid()).collect::<Vec<_>>())
    .bind(sending.iter().map(|(_, sending)| *sending).collect::<Vec<_>>())
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Leaves: the owner fences itself, so that nobody has to wait until its beat is missed. It does so even if it knows of
/// no task: what an answer that was lost has left to it is found like everything else.
pub(crate) async fn leave(pool: &PgPool, owner: Uuid) -> sqlx::Result<()> {
    fence_one(pool, owner, None).await.map(drop)
}

/// The beats that one watcher has seen.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seen: HashMap<Uuid, (i64, u32)>,
}

impl Watch {
    /// Looks at all owners; returns those whose beat has stood still for too long.
    pub(crate) fn look(&mut self, beats: &[(Uuid, i64)]) -> Vec<Uuid> {
        self.seen.retain(|owner, _| beats.iter().any(|(other, _)| other == owner));
        beats
            .iter()
            .filter(|(owner, beat)| self.stands_still(*owner, *beat))
            .map(|(owner, _)| *owner)
            .collect()
    }

    /// A look that was not answered says nothing of anybody: counting begins again.
    pub(crate) fn forget(&mut self) {
        self.seen.clear();
    }

    fn stands_still(&mut self, owner: Uuid, beat: i64) -> bool {
        let (last, still) = self.seen.entry(owner).or_insert((beat, 0));
        *still = if *last == beat { *still + 1 } else { 1 };
        *last = beat;
        *still > STILL_LOOKS_MAX
    }
}

/// The owners that still beat, or should, and their beats.
pub(crate) async fn beats(pool: &PgPool) -> sqlx::Result<Vec<(Uuid, i64)>> {
    sqlx::query_as("select owner, beat from send_owners where not is_fenced").fetch_all(pool).await
}

/// Fences owners whose beat is still where it was seen.
pub(crate) async fn fence(pool: &PgPool, owners: &[Uuid], beats: &[(Uuid, i64)]) -> sqlx::Result<()> {
    for owner in owners {
        let beat = beats.iter().find(|(other, _)| other == owner).map_or(0, |(_, beat)| *beat);
        if fence_one(pool, *owner, Some(beat)).await? {
            tracing::warn!(%owner, "a dispatcher stopped beating; its tasks are taken back");
        }
    }
    Ok(())
}

/// The lock waits for a claim that is under way, which shares a lock on its owner's row; from this commit on the owner
/// can claim nothing more, so that all it has can be found. `false`: it beats, or another has fenced it.
async fn fence_one(pool: &PgPool, owner: Uuid, beat: Option<i64>) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "with locked as (
           select owner from send_owners
           where owner = $1 and beat = coalesce($2, beat) and not is_fenced for update)
         update send_owners o set is_fenced = true from locked where o.owner = locked.owner",
    )
    .bind(owner)
    .bind(beat)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The owners whose tasks are to be taken back.
pub(crate) async fn fenced(pool: &PgPool) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("select owner from send_owners where is_fenced").fetch_all(pool).await
}

/// Forgets fenced owners that have no task left.
pub(crate) async fn forget(pool: &PgPool, owners: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query("delete from send_owners where owner = any($1) and is_fenced")
        .bind(owners)
        .execute(pool)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn looks(watch: &mut Watch, beat: i64, times: u32) -> Vec<Uuid> {
        (0..times).fold(Vec::new(), |_, _| watch.look(&[(owner(1), beat)]))
    }

    #[test]
    fn an_owner_whose_beat_stands_still_for_too_many_looks_is_fenced() {
        let mut watch = Watch::default();
        assert!(looks(&mut watch, 7, STILL_LOOKS_MAX).is_empty());
        assert_eq!(looks(&mut watch, 7, 1), [owner(1)]);
    }

    #[test]
    fn a_beat_saves_the_owner() {
        let mut watch = Watch::default();
        looks(&mut watch, 7, STILL_LOOKS_MAX);
        assert!(looks(&mut watch, 8, STILL_LOOKS_MAX).is_empty());
    }

    #[test]
    fn a_database_that_was_away_fences_nobody() {
        let mut watch = Watch::default();
        looks(&mut watch, 7, STILL_LOOKS_MAX);
        watch.forget();
        assert!(looks(&mut watch, 7, STILL_LOOKS_MAX).is_empty());
    }
}
