//! The supervised tasks of a process: each runs until it is cancelled, and an earlier end is noticed.

use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// The supervised tasks. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Supervisor {
    pub(super) cancel: CancellationToken,
    tasks: TaskTracker,
    failed: CancellationToken,
}

impl Supervisor {
    /// Starts a task. A task that panicked cannot be restarted with its state, so the process must end.
    pub(super) fn start(&self, task: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let (cancel, failed) = (self.cancel.clone(), self.failed.clone());
        let work = AbortOnDropHandle::new(tokio::spawn(work));
        self.tasks.spawn(async move {
            // A panic has logged itself.
            let _ = work.await;
            if !cancel.is_cancelled() {
                tracing::error!(task, "a task ended before it was cancelled");
                failed.cancel();
            }
        });
    }

    /// Waits until a task has ended unexpectedly.
    pub(super) async fn failed(&self) {
        self.failed.cancelled().await;
    }

    /// Cancels all tasks and waits for their end.
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
    async fn a_task_that_ends_before_it_is_cancelled_is_noticed() {
        let (panics, returns) = (Supervisor::default(), Supervisor::default());
        panics.start("panics", async { panic!("on purpose") });
        returns.start("returns", async {});
        tokio::join!(panics.failed(), returns.failed());
    }

    #[tokio::test]
    async fn a_task_that_ends_after_its_cancellation_has_not_failed() {
        let parts = Supervisor::default();
        parts.start("obeys", parts.cancel.clone().cancelled_owned());
        parts.stop().await;
        assert_eq!(parts.failed().now_or_never(), None);
    }
}
