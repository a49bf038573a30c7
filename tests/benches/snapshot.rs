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
    let without = campaigns(world, &setup).await?;
    let mut session = PgConnection::connect(&setup.database_url).await?;
    session.execute("begin isolation level repeatable read, read only").await?;
    // The first statement takes the snapshot, which the transaction keeps.
    session.execute("select count(*) from pg_class").await?;
    let with = campaigns(world, &setup).await?;
    session.execute("rollback").await?;
    session.close().await?;
    let recipients = setup.recipients;
    setup.program.stop().await?;
    let name = |which: &str| format!("e-mail campaign, {} recipients, {which}", count(recipients));
    let under = "last under a held snapshot";
    let rates = |both: [Campaign; CAMPAIGNS]| median(both.map(|campaign| campaign.per_second).to_vec());
    let cpus = |both: [Campaign; CAMPAIGNS]| median(both.map(|campaign| campaign.postgres_ms).to_vec());
    let last = with[CAMPAIGNS - 1];
    Ok(vec![
        Row::new(name(under), "sends/s", last.per_second)
            .beside("without one", rates(without))
            .goal(Goal::TimesAtLeast(RATE_LEFT)),
        Row::new(name(&format!("{under}, CPU of PostgreSQL, an e-mail")), "ms", last.postgres_ms)
            .beside("without one", cpus(without)),
    ])
}

/// What one campaign came to. What disturbs the machine changes the rate far more than the CPU time.
#[derive(Clone, Copy, Default)]
struct Campaign {
    per_second: f64,
    /// PostgreSQL's CPU time an e-mail.
    postgres_ms: f64,
}

async fn campaigns(world: &World, setup: &Setup) -> Outcome<[Campaign; CAMPAIGNS]> {
    let mut campaigns = [Campaign::default(); CAMPAIGNS];
    for campaign in &mut campaigns {
        let before = world.postgres_cpu().await?;
        campaign.per_second = setup.campaign(EMAIL).await?.per_second;
        let took = world.postgres_cpu().await?.saturating_sub(before);
        campaign.postgres_ms = took.as_secs_f64() * 1e3 / setup.recipients as f64;
    }
    Ok(campaigns)
}
