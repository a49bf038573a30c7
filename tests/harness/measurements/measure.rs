//! Rates, percentiles and medians, and alternating turns of the program and its peer.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Outcome;

/// The result of one turn of callers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sample {
    /// The successful calls per second.
    pub per_second: f64,
    /// The median latency, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile of the latency, in milliseconds.
    pub p99_ms: f64,
}

impl Sample {
    /// The sample of these latencies, over the duration `together`.
    pub fn of(mut calls: Vec<Duration>, together: Duration) -> Self {
        calls.sort_unstable();
        Self {
            per_second: calls.len() as f64 / together.as_secs_f64(),
            p50_ms: percentile_ms(&calls, 0.50),
            p99_ms: percentile_ms(&calls, 0.99),
        }
    }

    /// The median of each figure over several turns.
    pub fn median(turns: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(turns.iter().map(figure).collect());
        Self {
            per_second: of(|sample| sample.per_second),
            p50_ms: of(|sample| sample.p50_ms),
            p99_ms: of(|sample| sample.p99_ms),
        }
    }
}

/// The percentile of sorted times, in milliseconds.
pub fn percentile_ms(sorted: &[Duration], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = (last as f64 * part).round() as usize;
    sorted.get(index).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
}

/// The median; of an even number of values the mean of the middle two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let (half, is_odd) = (values.len() / 2, values.len() % 2 == 1);
    match (values.get(half), half.checked_sub(1).and_then(|below| values.get(below))) {
        (Some(middle), _) if is_odd => *middle,
        (Some(above), Some(below)) => (above + below) / 2.0,
        _ => f64::NAN,
    }
}

/// The rate of `count` things over a duration.
pub fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Runs the program's and the peer's turns alternately, so that a disturbance of the machine affects both.
pub async fn in_turns<O, P>(
    turns: usize,
    mut ours: impl AsyncFnMut() -> Outcome<O>,
    mut peer: impl AsyncFnMut() -> Outcome<P>,
) -> Outcome<(Vec<O>, Vec<P>)> {
    let (mut all_ours, mut all_peers) = (Vec::with_capacity(turns), Vec::with_capacity(turns));
    for turn in 1..=turns {
        eprintln!("  turn {turn} of {turns}: ours");
        all_ours.push(ours().await?);
        eprintln!("  turn {turn} of {turns}: the peer");
        all_peers.push(peer().await?);
    }
    Ok((all_ours, all_peers))
}

/// A caller that repeats the same request.
pub trait Caller: Send + 'static {
    /// Makes one request, and waits for the answer.
    fn call(&mut self) -> impl Future<Output = Outcome<()>> + Send;
}

/// Runs all callers at once, each in a loop, until the time is over.
pub async fn call_for<C: Caller>(time: Duration, callers: Vec<C>) -> Outcome<Sample> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for caller in callers {
        tasks.spawn(call_until(begun + time, caller));
    }
    let mut calls = Vec::new();
    while let Some(done) = tasks.join_next().await {
        calls.extend(done??);
    }
    Ok(Sample::of(calls, begun.elapsed()))
}

async fn call_until(end: Instant, mut caller: impl Caller) -> Outcome<Vec<Duration>> {
    let mut calls = Vec::new();
    while Instant::now() < end {
        let begun = Instant::now();
        caller.call().await?;
        calls.push(begun.elapsed());
    }
    Ok(calls)
}

/// Runs all `jobs`, so many at a time.
pub async fn at_once<J, F>(
    width: usize,
    jobs: impl IntoIterator<Item = J>,
    job: impl Fn(J) -> F,
) -> Outcome<()>
where
    F: Future<Output = Outcome<()>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for item in jobs {
        if running.len() >= width {
            finish_one(&mut running).await?;
        }
        running.spawn(job(item));
    }
    while !running.is_empty() {
        finish_one(&mut running).await?;
    }
    Ok(())
}

async fn finish_one(running: &mut JoinSet<Outcome<()>>) -> Outcome<()> {
    match running.join_next().await {
        Some(done) => done?,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Failed;
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(vec![]).is_nan());
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let times: Vec<_> = (1..=101).map(Duration::from_millis).collect();
        assert_eq!(percentile_ms(&times, 0.5), 51.0);
        assert_eq!(percentile_ms(&times, 0.99), 100.0);
        assert!(percentile_ms(&[], 0.5).is_nan());
    }

    #[tokio::test]
    async fn turns_alternate() {
        let order = std::cell::RefCell::new(Vec::new());
        let turn = |whose: char| {
            order.borrow_mut().push(whose);
            Ok(whose)
        };
        let (ours, peers) = in_turns(2, async || turn('o'), async || turn('p')).await.unwrap();
        assert_eq!((ours, peers), (vec!['o'; 2], vec!['p'; 2]));
        assert_eq!(order.into_inner(), ['o', 'p', 'o', 'p']);
    }

    struct Failing;

    impl Caller for Failing {
        async fn call(&mut self) -> Outcome<()> {
            Err(Failed::because("no"))
        }
    }

    #[tokio::test]
    async fn a_call_that_fails_fails_the_measurement() {
        assert!(call_for(Duration::from_secs(60), vec![Failing]).await.is_err());
    }
}
