//! JetStream: whether it answers, and whether it is in step with the log.

use commands::broker::Broker;
use commands::log::Reader;
use commands::relay::{self, Mirror};
use dispatcher::probe::Finding;

/// How far a stream may be behind while a relay publishes.
const BEHIND: i64 = 1_000;

/// Compares the stream with the log.
pub(crate) async fn mirror(log: &Reader, broker: &Broker) -> Finding {
    const CHECK: &str = "jetstream.step";
    match relay::look(log, broker).await {
        Ok(Mirror::Absent) => Finding::warning(
            CHECK,
            "there is no stream yet",
            "start a process with the role relay: it makes the stream",
        ),
        Ok(Mirror::Follows { last, head }) if head - last <= BEHIND => {
            Finding::ok(CHECK, format!("the stream is at {last} of {head} events"))
        }
        Ok(Mirror::Follows { last, head }) => Finding::warning(
            CHECK,
            format!("the stream is at {last} of {head} events"),
            "start a process with the role relay if none runs; views and sending go on meanwhile",
        ),
        Ok(Mirror::Disagrees(halt)) => {
            Finding::fault(CHECK, halt.to_string(), "run `mensajeria relay recreate`; nothing is lost by it")
        }
        Err(error) => Finding::fault(
            CHECK,
            format!("cannot be compared: {error}"),
            "start nats-server with -js, which enables JetStream",
        ),
    }
}
