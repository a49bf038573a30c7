//! The proof of the log: what sealing costs the appender and how far it lags, how fast a log is audited, and how long a
//! proof takes.

use std::time::{Duration, Instant};

use commands::log::EventLog;
use projections::proof::{KnownKeys, Sealer, Signer, SigningKey, audit, inclusion, newest_size};
use tests::measurements::{Goal, Outcome, Row, Sample, count, in_turns, median, per_second};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::appender;
use crate::long_log::fill;
use crate::world::World;

/// The callers at once.
const CALLERS: usize = 64;
/// The part of the rate that is left to the appender.
const RATE_LEFT: f64 = 0.95;
/// How long events may wait for their checkpoint, in milliseconds.
const LAG_MAX_MS: f64 = 1_000.0;
/// How many events a second an audit checks at least.
const AUDITED_PER_SECOND: f64 = 300_000.0;
/// How long a proof takes at most, in milliseconds.
const PROOF_MAX_MS: f64 = 10.0;
/// How many proofs are taken out of the long log.
const PROOFS: u64 = 200;
/// How often the newest checkpoint is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let mut rows = append(world).await?;
    let log = appender::empty_log(world).await?;
    fill(log.pool(), world.scale.logged).await?;
    let sealed = Sealed::start(&log);
    sealed.wait(&log).await?;
    rows.extend([audited(&log, &sealed.known).await?, proven(&log).await?]);
    Ok(rows)
}

/// A log that is sealed as long as this lives.
struct Sealed {
    known: KnownKeys,
    _sealer: AbortOnDropHandle<()>,
}

impl Sealed {
    fn start(log: &EventLog) -> Self {
        let origin = "example.com/log".parse().expect("a name");
        let signer = Signer::new(origin, &SigningKey::new([9; 32]));
        let known = KnownKeys::new([signer.key().clone()]);
        let sealer = Sealer::new(log.reader().clone(), signer, &KnownKeys::default());
        let sealer = tokio::spawn(sealer.run(CancellationToken::new()));
        Self { known, _sealer: AbortOnDropHandle::new(sealer) }
    }

    /// Waits until all events of now are sealed; returns how long that took.
    async fn wait(&self, log: &EventLog) -> Outcome<Duration> {
        let (head, began) = (log.reader().head().await?.unsigned_abs(), Instant::now());
        while newest_size(log.pool()).await? < Some(head) {
            sleep(LOOK_INTERVAL).await;
        }
        Ok(began.elapsed())
    }
}

async fn append(world: &World) -> Outcome<Vec<Row>> {
    let (log, bare) = (appender::empty_log(world).await?, appender::empty_log(world).await?);
    let sealed = Sealed::start(&log);
    let turn = async || {
        let sample = appender::turn(world, &log, CALLERS).await?;
        Ok((sample, sealed.wait(&log).await?))
    };
    let (of_sealed, of_bare) =
        in_turns(world.scale.turns, turn, async || appender::turn(world, &bare, CALLERS).await).await?;
    let (samples, lags): (Vec<_>, Vec<_>) = of_sealed.into_iter().unzip();
    let (ours, peer) = (Sample::median(&samples).per_second, Sample::median(&of_bare).per_second);
    let lag = lags.into_iter().max().unwrap_or_default();
    Ok(vec![
        Row::new(format!("append, {CALLERS} callers, sealed"), "events/s", ours)
            .beside("without the sealer", peer)
            .goal(Goal::TimesAtLeast(RATE_LEFT)),
        Row::new("sealing, last event of a turn to its checkpoint", "ms", lag.as_secs_f64() * 1_000.0)
            .goal(Goal::AtMost(LAG_MAX_MS)),
    ])
}

async fn audited(log: &EventLog, known: &KnownKeys) -> Outcome<Row> {
    let began = Instant::now();
    let audited = audit(log.pool(), known, &[], |_| {}).await?;
    let events = audited.sealed as usize;
    let name = format!("audit verify, {} events", count(events));
    let rate = per_second(events, began.elapsed());
    Ok(Row::new(name, "events/s", rate).goal(Goal::AtLeast(AUDITED_PER_SECOND)))
}

async fn proven(log: &EventLog) -> Outcome<Row> {
    let size = newest_size(log.pool()).await?.unwrap_or_default();
    let mut took = Vec::new();
    for number in 0..PROOFS {
        let began = Instant::now();
        inclusion(log.pool(), 1 + number * 7_919 % size, size).await?;
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    let name = format!("proof of an event among {}, p50", count(size as usize));
    Ok(Row::new(name, "ms", median(took)).goal(Goal::AtMost(PROOF_MAX_MS)))
}
