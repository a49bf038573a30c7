//! The rate limit of a provider over all of its connections in this process.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A token bucket. A full one holds the sends of a tenth of a second, so that no burst follows a pause.
#[derive(Debug)]
pub struct RateLimit {
    bucket: Option<Mutex<Bucket>>,
}

impl RateLimit {
    /// `rate_per_second` 0 means no limit.
    pub fn new(rate_per_second: u32) -> Self {
        let bucket = (rate_per_second > 0).then(|| Mutex::new(Bucket::new(rate_per_second)));
        Self { bucket }
    }

    /// Waits for this send's turn. The wait is at most (senders waiting) / (rate per second).
    pub async fn turn(&self) {
        let wait = self.reserve(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    fn reserve(&self, now: Instant) -> Duration {
        match &self.bucket {
            None => Duration::ZERO,
            Some(bucket) => bucket.lock().unwrap_or_else(PoisonError::into_inner).reserve(now),
        }
    }
}

/// The generic cell rate algorithm: one time stands for the whole bucket.
#[derive(Debug)]
struct Bucket {
    interval: Duration,
    burst: Duration,
    full_at: Option<Instant>,
}

impl Bucket {
    fn new(rate_per_second: u32) -> Self {
        let interval = Duration::from_secs(1) / rate_per_second;
        Self { interval, burst: interval * (rate_per_second / 10).saturating_sub(1), full_at: None }
    }

    fn reserve(&mut self, now: Instant) -> Duration {
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        self.full_at = Some(full_at + self.interval);
        (full_at - now).saturating_sub(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sends_within(rate: u32, seconds: u64) -> usize {
        let (limit, now) = (RateLimit::new(rate), Instant::now());
        (0..100_000).take_while(|_| limit.reserve(now) < Duration::from_secs(seconds)).count()
    }

    #[test]
    fn a_limited_provider_gets_its_rate_and_a_tenth_of_a_second_at_once() {
        assert_eq!(sends_within(1, 3), 3);
        assert_eq!(sends_within(100, 2), 209);
    }

    #[test]
    fn a_limit_of_zero_never_waits() {
        assert_eq!(sends_within(0, 1), 100_000);
    }

    #[test]
    fn a_pause_is_not_saved_up() {
        let (limit, start) = (RateLimit::new(10), Instant::now());
        limit.reserve(start);
        let later = start + Duration::from_secs(60);
        let waits: Vec<_> = (0..3).map(|_| limit.reserve(later).as_millis()).collect();
        assert_eq!(waits, [0, 100, 200]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_comes_when_it_was_promised() {
        let (limit, start) = (RateLimit::new(2), Instant::now());
        for _ in 0..3 {
            limit.turn().await;
        }
        assert_eq!(start.elapsed().as_secs(), 1);
    }
}
