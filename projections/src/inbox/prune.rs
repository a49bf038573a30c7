//! Deletes old updates of live streams, once no stream can resume from them.

use chrono::{Days, NaiveDate};
use sqlx::PgConnection;

/// How long authors can resume the stream of their receipts, in days of the log's own time.
const RECEIPTS_KEPT_DAYS: Days = Days::new(7);

/// Once a day of the log's own time, deletes old updates for authors and recipients. A rebuild deletes the same.
pub(super) async fn prune(tx: &mut PgConnection, today: NaiveDate) -> sqlx::Result<()> {
    let begins = sqlx::query("update receipt_horizon set pruned_on = $1 where pruned_on < $1")
        .bind(today)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    let Some(kept_from) = today.checked_sub_days(RECEIPTS_KEPT_DAYS).filter(|_| begins == 1) else {
        return Ok(());
    };
    sqlx::query(
        "with pruned as (
           delete from receipt_log where at < $1::date::timestamp at time zone 'UTC' returning position
         ), moved as (
           update receipt_horizon set position = greatest(position, (select max(position) from pruned))
           where exists (select from pruned)
           returning position
         )
         delete from withdrawals w using moved where w.position <= moved.position",
    )
    .bind(kept_from)
    .execute(tx)
    .await?;
    Ok(())
}
