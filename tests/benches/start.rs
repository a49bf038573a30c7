//! The start of `mensajeria dev`: from an empty data folder to the page, and once more on the same folder.

use std::path::Path;
use std::time::Duration;

use tests::measurements::{Goal, Outcome, Row, median};

use crate::dev::{Dev, Start};
use crate::world::World;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for turn in 0..world.scale.turns {
        let data = world.folder().join(format!("start-{turn}"));
        firsts.push(start(world, &data).await?);
        seconds.push(start(world, &data).await?);
    }
    let median_of = |starts: &[Start], part: fn(&Start) -> Duration| {
        median(starts.iter().map(|s| part(s).as_secs_f64()).collect())
    };
    Ok(vec![
        Row::new("empty folder to the page", "s", median_of(&firsts, |start| start.page))
            .goal(Goal::AtMost(3.0)),
        Row::new("empty folder to ready with demo data", "s", median_of(&firsts, |start| start.ready)),
        Row::new("second start to the page", "s", median_of(&seconds, |start| start.page)),
        Row::new("second start to ready", "s", median_of(&seconds, |start| start.ready)),
    ])
}

async fn start(world: &World, data: &Path) -> Outcome<Start> {
    let dev = Dev::start(world, data).await?;
    let start = dev.start;
    dev.stop().await?;
    Ok(start)
}
