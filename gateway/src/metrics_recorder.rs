//! The metrics of this process, with one global recorder, since the `metrics` crate allows only one.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::{Instant, interval};

/// The interval of upkeep, which moves samples into their buckets. Until then every sample takes memory.
const FOLD_INTERVAL: Duration = Duration::from_secs(5);
/// The maximum age of metrics of the whole platform: anybody may ask for them, and counting a long queue takes a
/// second.
const MEASURED_FOR: Duration = Duration::from_secs(5);
/// The buckets of histograms of seconds, from a cached read to an import.
const SECONDS_BUCKETS: [f64; 12] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 60.0];
/// The buckets of histograms whose names end in `_rows`.
const ROWS_BUCKETS: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 250.0, 512.0];

/// The recorder; none if the process installed another one.
pub(crate) fn recorder() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(|| builder().install_recorder().ok()).as_ref()
}

/// Runs upkeep until cancelled.
pub(crate) async fn fold_samples() {
    let mut ticks = interval(FOLD_INTERVAL);
    while let Some(recorder) = recorder() {
        ticks.tick().await;
        recorder.run_upkeep();
    }
}

/// When the platform's metrics were last measured.
#[derive(Default)]
pub struct Measured(Mutex<Option<Instant>>);

impl Measured {
    /// Whether a measurement is due. The caller that gets `true` must measure; others get `false`.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.duration_since(last) >= MEASURED_FOR);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

fn builder() -> PrometheusBuilder {
    let with_seconds = PrometheusBuilder::new().set_buckets(&SECONDS_BUCKETS).expect("there are buckets");
    let rows = Matcher::Suffix("_rows".to_owned());
    with_seconds.set_buckets_for_metric(rows, &ROWS_BUCKETS).expect("there are buckets")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_often_it_is_asked_the_platform_is_measured_every_few_seconds() {
        let (measured, start) = (Measured::default(), Instant::now());
        let due = [0, 0, 4, 5, 6, 10].map(|second| measured.is_due(start + Duration::from_secs(second)));
        assert_eq!(due, [true, false, false, true, false, true]);
    }
}
