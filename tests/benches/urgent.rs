//! An operational SMS while a bulk campaign takes the same channel: from the 202 to the provider.

use std::time::{Duration, Instant};

use domain::value::Channel;
use tests::figures::{Failed, Goal, Outcome, Row, percentile_ms};
use tokio::time::{sleep, timeout};

use crate::campaign::{self, Scene};
use crate::http::Connection;
use crate::people;
use crate::world::World;

/// The pause between two of them: alarms, not a load.
const PAUSE: Duration = Duration::from_millis(50);
/// How long to wait for one that does not come.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(60);
/// The 99th percentile that is to be kept, in milliseconds.
const P99_MS_MAX: f64 = 200.0;
/// Fewer say nothing about a percentile; smaller loads only show that it works.
const TOLD_MIN: usize = 3;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let scene = Scene::prepare(world).await?;
    // A company of its own with one client, whose number nobody of the bulk campaign has.
    let urgent =
        Urgent { company: people::company_of_one(scene.program.address(), &scene.author).await?, scene };
    let alone = urgent.send(world.scale.urgent, None).await?;
    let mut door = Connection::open(urgent.scene.program.address(), Some(&urgent.scene.author)).await?;
    let bulk = campaign::order(&mut door, &campaign::request(Channel::Sms, &urgent.scene.company, "service"))
        .await?;
    let during = urgent.send(world.scale.urgent, Some(&bulk)).await?;
    campaign::end_of(&mut door, &bulk).await?;
    urgent.scene.program.stop().await?;
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
    scene: Scene,
}

impl Urgent {
    /// Sends so many, one after the other, and no more once the bulk campaign is over; gives what each took, sorted.
    async fn send(&self, count: usize, bulk: Option<&str>) -> Outcome<Vec<Duration>> {
        let scene = &self.scene;
        let mut door = Connection::open(scene.program.address(), Some(&scene.author)).await?;
        let request = campaign::request(Channel::Sms, &self.company, "operational");
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let arrival = scene.sink.next_to(people::LONE_PHONE);
            campaign::order(&mut door, &request).await?;
            let accepted = Instant::now();
            let arrived = timeout(ARRIVAL_TIMEOUT, arrival).await?;
            if let Some(bulk) = bulk
                && campaign::is_over(&mut door, bulk).await?
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
