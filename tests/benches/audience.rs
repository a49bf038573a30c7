//! Resolving the audience of a huge notification: from the request to its last chunk, while nothing is sent.

use std::time::{Duration, Instant};

use commands::clock;
use domain::value::Channel;
use serde_json::{Value, json};
use tests::measurements::{Failed, Goal, Outcome, Row, count, median, megabytes};
use tokio::time::{sleep, timeout};

use crate::campaign::{self, Setup};
use crate::http::Connection;
use crate::memory::peak;
use crate::world::World;

/// The goal in seconds.
const SECONDS_MAX: f64 = 10.0;
/// The goal for the peak of memory in MB: that of a campaign.
const MEMORY_MAX_MB: f64 = 120.0;
/// The timeout of one audience.
const TIMEOUT: Duration = Duration::from_secs(600);
/// How often the page is polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::of(world, world.scale.audience).await?;
    let mut connection = Connection::open(setup.program.address(), Some(&setup.author)).await?;
    let pause = json!({ "reason": "Only the audience is measured" });
    act(&mut connection, "/api/v1/providers/sink/pause", &pause).await?;
    let process = setup.program.process()?;
    let (mut seconds, mut peaks) = (Vec::new(), Vec::new());
    for turn in 1..=world.scale.turns {
        eprintln!("  turn {turn} of {}", world.scale.turns);
        let (peak, took) = peak(process, resolved(&setup, &mut connection)).await?;
        seconds.push(took.as_secs_f64());
        peaks.push(megabytes(peak));
    }
    setup.program.stop().await?;
    let name = format!("audience of {}, nothing is sent", count(setup.recipients));
    Ok(vec![
        Row::new(format!("{name}, request to last chunk"), "s", median(seconds))
            .goal(Goal::AtMost(SECONDS_MAX)),
        Row::new(format!("{name}, peak of memory"), "MB", median(peaks)).goal(Goal::AtMost(MEMORY_MAX_MB)),
    ])
}

/// Requests a notification, waits until its audience is closed, and cancels it. Returns how long the waiting took.
async fn resolved(setup: &Setup, connection: &mut Connection) -> Outcome<Duration> {
    let begun = Instant::now();
    let id = campaign::order(connection, &setup.request(Channel::Sms)).await?;
    all(connection, &id, "total", setup.recipients).await?;
    let took = begun.elapsed();
    act(connection, &format!("/api/v1/notifications/{id}/cancel"), &json!({})).await?;
    all(connection, &id, "cancelled", setup.recipients).await?;
    Ok(took)
}

/// Waits until this total has all people.
async fn all(connection: &mut Connection, id: &str, total: &str, people: usize) -> Outcome<()> {
    let reached = async {
        while campaign::totals_of(connection, id).await?[total].as_u64() != Some(people as u64) {
            sleep(LOOK_INTERVAL).await;
        }
        Outcome::Ok(())
    };
    let late = || Failed::because(format!("the page does not show {people} of {total}"));
    timeout(TIMEOUT, reached).await.map_err(|_| late())?
}

async fn act(connection: &mut Connection, path: &str, body: &Value) -> Outcome<()> {
    let answer = connection.post(path, &clock::new_id().to_string(), &body.to_string()).await?;
    if answer.status < 300 { Ok(()) } else { answer.expect(200).map(drop) }
}
