//! The parts at work in this process: each runs until it is told to stop, and one that ends before is noticed.

use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// The parts at work. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct AtWork {
    pub(super) cancel: CancellationToken,
    tasks: TaskTracker,
    failed: CancellationToken,
}

impl AtWork {
    /// Sets a part to work. Nobody could bring back one that panicked, with whatever it held: the process is to end.
    pub(super) fn start(&self, part: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let (cancel, failed) = (self.cancel.clone(), self.failed.clone());
        let work = AbortOnDropHandle::new(tokio::spawn(work));
        self.tasks.spawn(async move {
            // A panic has told of itself.
            let _ = work.await;
            if !cancel.is_cancelled() {
                tracing::error!(part, "a part of the program ended before it was told to");
                failed.cancel();
            }
        });
    }

    /// Waits until a part has ended too early.
    pub(super) async fn failed(&self) {
        self.failed.cancelled().await;
    }

    /// Tells all to stop, and waits until they have.
    pub(super) async fn stop(&self) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_part_that_ends_before_it_is_told_to_is_noticed() {
        let (panics, returns) = (AtWork::default(), AtWork::default());
        panics.start("panics", async { panic!("on purpose") });
        returns.start("returns", async {});
        tokio::join!(panics.failed(), returns.failed());
    }

    #[tokio::test]
    async fn a_part_that_ends_when_it_is_told_to_has_not_failed() {
        let parts = AtWork::default();
        parts.start("obeys", parts.cancel.clone().cancelled_owned());
        parts.stop().await;
        assert_eq!(parts.failed().now_or_never(), None);
    }
}
