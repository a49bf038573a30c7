//! One worker: takes a row, sends it on its own connection, and says what came of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::deliveries::Observation;
use domain::delivery::{Failure, FailureClass, Outcome};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::clerk::{Marked, Receipt};
use super::outcomes::{Outcomes, Sent};
use super::pump::{Counter, due_after_rest};
use crate::provider::{Admission, Outgoing, Sender, StartRefused};
use crate::queue::QueueRow;
use crate::queue::settle::Decision;
use crate::request::{Request, RequestError, Requests};

/// How long a provider is kept waiting for a message that it is ready to take.
const START_MAX: Duration = Duration::from_secs(60);
/// How long a provider may take to say goodbye.
const GOODBYE: Duration = Duration::from_millis(200);

/// Sends for one provider, one row at a time.
pub(super) struct Worker {
    pub(super) outcomes: Outcomes,
    pub(super) requests: Requests,
}

impl Worker {
    /// Sends until it is stopped; what it has begun it ends.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut sender = self.counter().provider.sender();
        let mut last = None;
        while let Some(Some(row)) = stop.run_until_cancelled(self.counter().desk.take()).await {
            last = self.serve(&mut sender, row, last.take(), &stop).await;
        }
        settled(last).await;
        let _ = timeout(GOODBYE, sender.close()).await;
    }

    /// `last` is the row before: a crash leaves no more in doubt than there are connections, because a row is marked
    /// started only when the one before it is settled. Everything up to there happens meanwhile.
    async fn serve(
        &self,
        sender: &mut Sender,
        row: QueueRow,
        last: Option<Receipt>,
        stop: &CancellationToken,
    ) -> Option<Receipt> {
        let gate = self.counter().provider.gate();
        let now = self.now();
        if gate.breaker.rests_until().is_some_and(|until| now < until) {
            return Some(self.leave_to_another(row).await);
        }
        if stop.run_until_cancelled(gate.limit.turn()).await.is_none() {
            let due_at = row.due_at;
            return Some(self.settle(row, Decision::Release { due_at }).await);
        }
        // After its turn, which may have been long in coming: what others have learned of the provider meanwhile counts.
        if let Admission::RestsUntil(_) = gate.breaker.admit(self.now()) {
            return Some(self.leave_to_another(row).await);
        }
        match self.requests.get(row.asked()).await {
            Ok(request) => self.send(sender, row, &request, last).await,
            Err(RequestError::Database(error)) => {
                tracing::warn!(%error, "a notification could not be read, trying again");
                Some(self.outcomes.release(row).await)
            }
            Err(error) => {
                tracing::error!(%error, "a notification cannot be read");
                Some(self.settle(row, unreadable()).await)
            }
        }
    }

    async fn send(
        &self,
        sender: &mut Sender,
        mut row: QueueRow,
        request: &Request,
        last: Option<Receipt>,
    ) -> Option<Receipt> {
        let Some(outgoing) = outgoing(&row, request) else {
            return Some(self.settle(row, unreadable()).await);
        };
        let began_at = self.now();
        row.first_attempt_at.get_or_insert(began_at);
        let mut marked = None;
        let started = async || {
            let asked = Instant::now();
            settled(last).await;
            let mark = self.outcomes.clerk.mark(&row, &self.counter().provider.gate().name).await;
            marked = Some((mark, Instant::now()));
            // The row may have waited long since its claim: for its turn, for the mark, for a database that was away. Then
            // the provider may have hung up, and a message that it is given would be in doubt for nothing.
            let is_in_time = row.is_in_time(self.now()) && asked.elapsed() < START_MAX;
            if mark == Marked::Started && is_in_time { Ok(()) } else { Err(StartRefused) }
        };
        fail::fail_point!("send::before", |_| std::process::abort());
        let result = sender.send(&outgoing, started).await;
        fail::fail_point!("send::done", |_| std::process::abort());
        self.outcomes.record(row, Sent { began_at, marked }, result).await
    }

    /// This provider rests: the row goes to one that does not, or waits for the first that may be tried again.
    async fn leave_to_another(&self, row: QueueRow) -> Receipt {
        let due_at = due_after_rest(&self.outcomes.counters, self.now());
        self.settle(row, Decision::Release { due_at }).await
    }

    async fn settle(&self, row: QueueRow, decision: Decision) -> Receipt {
        self.outcomes.clerk.settle(row, decision, None).await
    }

    fn counter(&self) -> &Counter {
        self.outcomes.counter()
    }

    fn now(&self) -> DateTime<Utc> {
        (self.outcomes.options.clock)()
    }
}

/// Waits until a row is settled. One whose owner is gone never is, and the worker ends with its owner.
async fn settled(last: Option<Receipt>) {
    if let Some(receipt) = last {
        let _ = receipt.await;
    }
}

/// None when the body is gone: its key was destroyed.
fn outgoing(row: &QueueRow, request: &Request) -> Option<Outgoing> {
    Some(Outgoing {
        delivery_id: row.delivery_id.into(),
        to: row.address.clone(),
        to_name: Some(row.name.clone()).filter(|name| !name.is_empty()),
        subject: request.subject.clone(),
        body: request.body.clone()?,
        requested_at: request.requested_at,
    })
}

fn unreadable() -> Decision {
    Decision::Outcome(Outcome::Failed(Failure {
        provider: None,
        class: FailureClass::PermanentContent,
        code: Observation::ContentErased.as_str().to_owned(),
        text: String::new(),
    }))
}
