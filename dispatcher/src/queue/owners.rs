//! Who has rows in hand: an owner beats, which is the lease of all its rows, and watches the beats of the others.

use std::collections::HashMap;

use sqlx::PgPool;
use uuid::Uuid;

use super::settle::{Decision, Settlement};
use super::{BATCH_ROWS_MAX, COLUMNS, QueueRow, RowState};
use domain::delivery::Outcome;

/// How many looks in a row must find an owner's beat where it was before it is condemned. Counted in looks that were
/// answered, not in seconds: a database that was away, a clock that jumped or a watcher that was frozen condemn nobody.
pub(crate) const STILL_LOOKS_MAX: u32 = 15;

/// Registers an owner; its claims are refused before.
pub(crate) async fn register(pool: &PgPool, owner: Uuid) -> sqlx::Result<()> {
    sqlx::query("insert into send_owners (owner) values ($1)").bind(owner).execute(pool).await?;
    Ok(())
}

/// Shows that the owner is alive and what it has in hand. `false`: it was condemned, and has nothing in hand any more.
pub(crate) async fn beat(pool: &PgPool, owner: Uuid, in_hand: &[(Uuid, i64)]) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update send_owners set beat = beat + 1, notifications = $2, sending = $3 where owner = $1 and not condemned",
    )
    .bind(owner)
    .bind(in_hand.iter().map(|(notification, _)| *notification).collect::<Vec<_>>())
    .bind(in_hand.iter().map(|(_, sending)| *sending).collect::<Vec<_>>())
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Leaves: the owner condemns itself, so that nobody has to wait until its beat is missed. It does so even if it knows of
/// nothing in hand: what an answer that was lost has left to it is found like everything else.
pub(crate) async fn leave(pool: &PgPool, owner: Uuid) -> sqlx::Result<()> {
    condemn_one(pool, owner, None).await.map(drop)
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
    sqlx::query_as("select owner, beat from send_owners where not condemned").fetch_all(pool).await
}

/// Condemns owners whose beat is still where it was seen.
pub(crate) async fn condemn(pool: &PgPool, owners: &[Uuid], beats: &[(Uuid, i64)]) -> sqlx::Result<()> {
    for owner in owners {
        let beat = beats.iter().find(|(other, _)| other == owner).map_or(0, |(_, beat)| *beat);
        if condemn_one(pool, *owner, Some(beat)).await? {
            tracing::error!(%owner, "a dispatcher stopped beating; what it had in hand is taken back");
        }
    }
    Ok(())
}

/// The lock waits for a claim that is under way, which shares a lock on its owner's row; from this commit on the owner
/// can claim nothing more, so that all it has can be found. `false`: it beats, or another has condemned it.
async fn condemn_one(pool: &PgPool, owner: Uuid, beat: Option<i64>) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "with locked as (
           select owner from send_owners
           where owner = $1 and beat = coalesce($2, beat) and not condemned for update)
         update send_owners o set condemned = true from locked where o.owner = locked.owner",
    )
    .bind(owner)
    .bind(beat)
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The owners whose rows are to be taken back.
pub(crate) async fn condemned(pool: &PgPool) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("select owner from send_owners where condemned").fetch_all(pool).await
}

/// A page of what has no living owner: it is condemned, or nobody knows it. Reads the whole queue, for no index names the
/// owner; it happens once a start and once an end of a dispatcher.
pub(crate) async fn orphans(pool: &PgPool) -> sqlx::Result<Vec<QueueRow>> {
    sqlx::query_as(&format!(
        "select {COLUMNS} from send_queue q
         where q.owner is not null
           and not exists (select from send_owners o where o.owner = q.owner and not o.condemned)
         limit $1"
    ))
    .bind(BATCH_ROWS_MAX as i64)
    .fetch_all(pool)
    .await
}

/// Forgets condemned owners that have no row left.
pub(crate) async fn bury(pool: &PgPool, owners: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query("delete from send_owners where owner = any($1) and condemned")
        .bind(owners)
        .execute(pool)
        .await?;
    Ok(())
}

/// What becomes of a row whose owner is gone: not started is provably unsent; of a started one nobody knows.
pub(crate) fn taken_back(row: QueueRow) -> Settlement {
    if row.state == RowState::Started {
        let provider = row.provider.clone().unwrap_or_default();
        let detail = "the dispatcher stopped before the provider's answer".to_owned();
        let decision = Decision::Outcome(Outcome::InDoubt { provider, detail });
        return Settlement { row, state: Some(RowState::Started), decision };
    }
    let decision = Decision::Release { due_at: row.due_at };
    Settlement { row, state: Some(RowState::Claimed), decision }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::row;

    fn owner(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn looks(watch: &mut Watch, beat: i64, times: u32) -> Vec<Uuid> {
        (0..times).fold(Vec::new(), |_, _| watch.look(&[(owner(1), beat)]))
    }

    #[test]
    fn an_owner_whose_beat_stands_still_for_too_many_looks_is_condemned() {
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
    fn a_database_that_was_away_condemns_nobody() {
        let mut watch = Watch::default();
        looks(&mut watch, 7, STILL_LOOKS_MAX);
        watch.forget();
        assert!(looks(&mut watch, 7, STILL_LOOKS_MAX).is_empty());
    }

    #[test]
    fn a_claimed_row_of_a_dead_owner_waits_again_and_a_started_one_is_in_doubt() {
        let claimed = taken_back(row(1));
        assert_eq!(claimed.decision, Decision::Release { due_at: row(1).due_at });
        assert_eq!(claimed.state, Some(RowState::Claimed));
        let started =
            taken_back(QueueRow { state: RowState::Started, provider: Some("uno".into()), ..row(1) });
        assert!(
            matches!(started.decision, Decision::Outcome(Outcome::InDoubt { ref provider, .. }) if provider == "uno")
        );
        assert_eq!(started.state, Some(RowState::Started));
    }
}
