//! A campaign while another session holds a snapshot, as every backup does: dead rows stay until the snapshot goes.

use sqlx::{Connection, Executor, PgConnection};
use tests::figures::{Goal, Outcome, Row, count, median};

use crate::campaign::{EMAIL, Scene};
use crate::world::World;

/// How many campaigns run one after the other without a snapshot, and then under one: it hurts more with each.
const CAMPAIGNS: usize = 2;
/// What of the rate without it is to be left.
const RATE_LEFT: f64 = 0.9;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let scene = Scene::prepare(world).await?;
    let without = campaigns(&scene).await?;
    let mut session = PgConnection::connect(&scene.database_url).await?;
    session.execute("begin isolation level repeatable read, read only").await?;
    // The first statement takes the snapshot, which the transaction then keeps.
    session.execute("select count(*) from pg_class").await?;
    let with = campaigns(&scene).await?;
    session.execute("rollback").await?;
    session.close().await?;
    let recipients = scene.recipients;
    scene.program.stop().await?;
    let name = |which: &str| format!("e-mail campaign, {} recipients, {which}", count(recipients));
    Ok(vec![
        Row::new(name("last under a held snapshot"), "sends/s", with[CAMPAIGNS - 1])
            .beside("without one", median(without.to_vec()))
            .goal(Goal::TimesAtLeast(RATE_LEFT)),
    ])
}

async fn campaigns(scene: &Scene) -> Outcome<[f64; CAMPAIGNS]> {
    let mut rates = [0.0; CAMPAIGNS];
    for rate in &mut rates {
        *rate = scene.campaign(EMAIL).await?.per_second;
    }
    Ok(rates)
}
