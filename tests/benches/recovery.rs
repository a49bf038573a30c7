//! The rate of e-mail campaigns half a minute after PostgreSQL was away, beside the rate before.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tests::measurements::{Goal, Outcome, Row, count, median};
use tokio::time::{Instant, sleep, sleep_until};

use crate::campaign::{EMAIL, Setup};
use crate::world::World;

/// How long after the disturbance the rate is measured.
const AFTER: Duration = Duration::from_secs(30);
/// How many campaigns give a rate.
const CAMPAIGNS: usize = 3;
/// How far a campaign has come when it is disturbed.
const INTO_THE_CAMPAIGN: Duration = Duration::from_secs(1);
/// How often sessions are ended, and the pause between two times.
const TERMINATIONS: usize = 20;
const TERMINATION_PAUSE: Duration = Duration::from_millis(100);
/// How long nobody else gets a connection.
const EXHAUSTED_FOR: Duration = Duration::from_secs(5);
/// The goal, as a part of the rate before.
const RATE_LEFT: f64 = 0.95;

/// What happens to PostgreSQL in the middle of a campaign.
#[derive(Clone, Copy)]
enum Disturbance {
    /// It is stopped and started again.
    Restart,
    /// All sessions are ended, again and again.
    Terminations,
    /// All sessions are ended, and strangers take all connections for a while.
    NoConnections,
}

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::prepare(world).await?;
    setup.campaign(EMAIL).await?;
    let mut rows = Vec::new();
    for (disturbance, name) in [
        (Disturbance::Restart, "a restart of PostgreSQL"),
        (Disturbance::Terminations, "a storm of pg_terminate_backend"),
        (Disturbance::NoConnections, "exhausted connections"),
    ] {
        eprintln!("  {name}");
        let before = rate(&setup).await?;
        let disturbed = async {
            sleep(INTO_THE_CAMPAIGN).await;
            disturbance.cause(world, &setup.database_url).await
        };
        // A campaign fails unless everybody was sent to once.
        let (campaign, disturbed) = tokio::join!(setup.campaign(EMAIL), disturbed);
        let measured_at = Instant::now() + AFTER;
        disturbed?;
        campaign?;
        sleep_until(measured_at).await;
        let after = rate(&setup).await?;
        let name = format!("e-mail campaign, {} recipients, 30 s after {name}", count(setup.recipients));
        rows.push(
            Row::new(name, "sends/s", after).beside("before", before).goal(Goal::TimesAtLeast(RATE_LEFT)),
        );
    }
    setup.program.stop().await?;
    Ok(rows)
}

async fn rate(setup: &Setup) -> Outcome<f64> {
    let mut rates = Vec::with_capacity(CAMPAIGNS);
    for _ in 0..CAMPAIGNS {
        rates.push(setup.campaign(EMAIL).await?.per_second);
    }
    Ok(median(rates))
}

impl Disturbance {
    async fn cause(self, world: &World, database_url: &str) -> Outcome<()> {
        match self {
            Self::Restart => world.restart_postgres().await,
            Self::Terminations => {
                let mut session = PgConnection::connect(database_url).await?;
                for _ in 0..TERMINATIONS {
                    terminate_others(&mut session).await?;
                    sleep(TERMINATION_PAUSE).await;
                }
                Ok(session.close().await?)
            }
            Self::NoConnections => {
                let mut session = PgConnection::connect(database_url).await?;
                let mut taken = Vec::new();
                let until = Instant::now() + EXHAUSTED_FOR;
                while Instant::now() < until {
                    terminate_others_but(&mut session, STRANGER).await?;
                    while let Ok(stranger) = PgConnection::connect(&stranger(database_url)).await {
                        taken.push(stranger);
                    }
                }
                drop(taken);
                Ok(session.close().await?)
            }
        }
    }
}

/// The name of the sessions that take all connections.
const STRANGER: &str = "stranger";

fn stranger(database_url: &str) -> String {
    format!("{database_url}&application_name={STRANGER}")
}

async fn terminate_others(session: &mut PgConnection) -> Outcome<()> {
    terminate_others_but(session, "").await
}

async fn terminate_others_but(session: &mut PgConnection, name: &str) -> Outcome<()> {
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where pid <> pg_backend_pid() and datname = current_database() and application_name <> $1",
    )
    .bind(name)
    .execute(session)
    .await?;
    Ok(())
}
