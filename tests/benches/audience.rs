//! Resolving the audience of a huge notification: from the request to its last chunk, while nothing is sent.

use std::time::{Duration, Instant};

use commands::clock;
use domain::value::Channel;
use tests::measurements::{Goal, Outcome, Row, count, median, megabytes};

use crate::campaign::{self, Setup};
use crate::http::Connection;
use crate::memory::peak;
use crate::world::World;

/// The goal in seconds.
const SECONDS_MAX: f64 = 10.0;
/// The goal for the peak of memory in MB: that of a campaign.
const MEMORY_MAX_MB: f64 = 120.0;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::of(world, world.scale.audience).await?;
    let mut connection = Connection::open(setup.program.address(), Some(&setup.author)).await?;
    campaign::switch(&mut connection, "pause").await?;
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
    campaign::reached(connection, &id, "total", setup.recipients).await?;
    let took = begun.elapsed();
    let cancel = format!("/api/v1/notifications/{id}/cancel");
    connection.post(&cancel, &clock::new_id().to_string(), "{}").await?.expect(202)?;
    campaign::reached(connection, &id, "cancelled", setup.recipients).await?;
    Ok(took)
}
