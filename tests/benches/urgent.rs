//! Operational SMS while a bulk campaign uses the same channel: from the 202 to the provider.

use std::time::{Duration, Instant};

use domain::value::Channel;
use tests::measurements::{Failed, Goal, Outcome, Row, percentile_ms};
use tokio::time::{sleep, timeout};

use crate::campaign::{self, Setup};
use crate::http::Connection;
use crate::people;
use crate::world::World;

/// The pause between two SMS: alarms, not a load.
const PAUSE: Duration = Duration::from_millis(50);
/// The timeout of an SMS.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(60);
/// The goal for the 99th percentile, in milliseconds.
const P99_MS_MAX: f64 = 200.0;
/// Fewer values give no percentile. Smaller loads only show that everything works.
const TOLD_MIN: usize = 3;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::prepare(world).await?;
    // A company of its own with one client, whose number is not in the bulk campaign.
    let urgent =
        Urgent { company: people::company_of_one(setup.program.address(), &setup.author).await?, setup };
    let alone = urgent.send(world.scale.urgent, None).await?;
    let mut connection = Connection::open(urgent.setup.program.address(), Some(&urgent.setup.author)).await?;
    let bulk =
        campaign::order(&mut connection, &campaign::request(Channel::Sms, &urgent.setup.company, "service"))
            .await?;
    let during = urgent.send(world.scale.urgent, Some(&bulk)).await?;
    campaign::end_of(&mut connection, &bulk).await?;
    urgent.setup.program.stop().await?;
    if during.len() < TOLD_MIN {
        return Err(Failed::because("the bulk campaign was over at once: give it more recipients"));
    }
    let row = |name: &str, part| {
        Row::new(format!("operational SMS in a bulk campaign, {name}"), "ms", percentile_ms(&during, part))
            .beside("without one", percentile_ms(&alone, part))
    };
    Ok(vec![row("p50", 0.50), row("p99", 0.99).goal(Goal::AtMost(P99_MS_MAX))])
}

struct Urgent {
    company: String,
    setup: Setup,
}

impl Urgent {
    /// Sends so many SMS one after the other, and none after the bulk campaign has ended. Returns the latencies,
    /// sorted.
    async fn send(&self, count: usize, bulk: Option<&str>) -> Outcome<Vec<Duration>> {
        let setup = &self.setup;
        let mut connection = Connection::open(setup.program.address(), Some(&setup.author)).await?;
        let request = campaign::request(Channel::Sms, &self.company, "operational");
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let arrival = setup.sink.next_to(people::LONE_PHONE);
            campaign::order(&mut connection, &request).await?;
            let accepted = Instant::now();
            let arrived = timeout(ARRIVAL_TIMEOUT, arrival).await?;
            if let Some(bulk) = bulk
                && campaign::is_over(&mut connection, bulk).await?
            {
                break;
            }
            all.push(arrived.saturating_duration_since(accepted));
            sleep(PAUSE).await;
        }
        all.sort_unstable();
        Ok(all)
    }
}
