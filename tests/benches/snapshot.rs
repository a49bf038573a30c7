//! Campaigns while another session holds a snapshot, as every backup does: dead rows stay until the snapshot ends.

use sqlx::{Connection, Executor, PgConnection};
use tests::measurements::{Goal, Outcome, Row, count, median};

use crate::campaign::{EMAIL, Setup};
use crate::world::World;

/// How many campaigns run one after the other without a snapshot, and then with one: each makes its effect worse.
const CAMPAIGNS: usize = 2;
/// The goal, as a part of the rate without a snapshot.
const RATE_LEFT: f64 = 0.9;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::prepare(world).await?;
    let without = campaigns(&setup).await?;
    let mut session = PgConnection::connect(&setup.database_url).await?;
    session.execute("begin isolation level repeatable read, read only").await?;
    // The first statement takes the snapshot, which the transaction keeps.
    session.execute("select count(*) from pg_class").await?;
    let with = campaigns(&setup).await?;
    session.execute("rollback").await?;
    session.close().await?;
    let recipients = setup.recipients;
    setup.program.stop().await?;
    let name = |which: &str| format!("e-mail campaign, {} recipients, {which}", count(recipients));
    Ok(vec![
        Row::new(name("last under a held snapshot"), "sends/s", with[CAMPAIGNS - 1])
            .beside("without one", median(without.to_vec()))
            .goal(Goal::TimesAtLeast(RATE_LEFT)),
    ])
}

async fn campaigns(setup: &Setup) -> Outcome<[f64; CAMPAIGNS]> {
    let mut rates = [0.0; CAMPAIGNS];
    for rate in &mut rates {
        *rate = setup.campaign(EMAIL).await?.per_second;
    }
    Ok(rates)
}
