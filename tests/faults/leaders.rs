//! Leaders: each part of the system has one, however many programs run.

use std::collections::BTreeMap;

use crate::testbed::{Testbed, eventually};

/// The relay, the intake, the sealer, and five projections; others may come and go.
const PARTS: usize = 8;

/// Waits until every part has one leader among so many programs.
pub(crate) async fn led_among(testbed: &Testbed, programs: i64) {
    eventually("every part is led", async || {
        let leaders = leaders(testbed).await;
        (leaders.len() >= PARTS && leaders.values().all(|part| *part == (programs, 1))).then_some(())
    })
    .await;
}

/// For each part with a leader: the number of candidates, and how many of them lead.
async fn leaders(testbed: &Testbed) -> BTreeMap<String, (i64, i64)> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select a.application_name, count(distinct a.pid), count(l.pid)
         from pg_stat_activity a
         left join pg_locks l on l.pid = a.pid and l.locktype = 'advisory' and l.granted
         where a.datname = current_database() and a.application_name like 'mensajeria leader %'
         group by a.application_name",
    )
    .fetch_all(testbed.log.pool())
    .await
    .expect("the activity");
    rows.into_iter().map(|(name, present, leading)| (name, (present, leading))).collect()
}
