//! One worker: takes a job, sends it on its own connection, and says what came of it.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::deliveries::{Cause, Evidence, Failure, FailureClass, Observation, Outcome};
use domain::notification::Addressee;
use domain::rendering::{Fault, Rendered, Text, render};
use domain::value::sms::SmsCount;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::channel_route::ALARM_TRIES_EVERY;
use super::job::Job;
use super::outcomes::{ERASED, Outcomes, Sent};
use super::pace::Slot;
use crate::mail_returns::MailReturns;
use crate::provider::{self, Admission, MailReturn, Outgoing, Sender, StartRefused};
use crate::request::{Request, RequestError, Requests};
use crate::tasks::settle::{Marked, Spent};

/// How long a provider is kept waiting for a message that it is ready to take.
const START_MAX: Duration = Duration::from_secs(60);
/// How long a provider may take to say goodbye.
const GOODBYE: Duration = Duration::from_millis(200);

/// Sends for one provider, one job at a time.
pub(super) struct Worker {
    pub(super) outcomes: Outcomes,
    pub(super) requests: Requests,
    pub(super) returns: Arc<MailReturns>,
}

impl Worker {
    /// Sends until it is stopped; what it has begun it ends.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut sender = self.outcomes.slot().provider.sender();
        while let Some(Some(job)) = stop.run_until_cancelled(self.outcomes.slot().queue.take()).await {
            self.serve(&mut sender, job).await;
        }
        let _ = timeout(GOODBYE, sender.close()).await;
    }

    async fn serve(&self, sender: &mut Sender, job: Job) {
        if job.task.is_over() {
            return;
        }
        if job.task.is_given_back() {
            return self.outcomes.give_back(job).await;
        }
        let gate = self.outcomes.slot().provider.gate();
        let now = self.now();
        if gate.switch.is_paused() || self.outcomes.route.is_passed_over(self.outcomes.place, now) {
            return self.leave_to_another(job);
        }
        // An alarm may have been let through before the end of the rest; that is known below.
        if !job.is_alarm() && gate.breaker.rests_until().is_some_and(|until| now < until) {
            return self.leave_to_another(job);
        }
        if gate.switch.is_paused() || gate.breaker.admit(self.now()) != Admission::Open {
            return self.leave_to_another(job);
        }
        let asked = (job.task.task.id.notification, job.generation);
        match self.requests.get(asked).await {
            Ok(request) => {
                self.send(sender, job, &request).await;
            }
            Err(RequestError::Database(error)) => {
                tracing::warn!(%error, "a notification could not be read, trying again");
                self.outcomes.put_back_later(job);
            }
            Err(error) => {
                tracing::error!(%error, "a notification cannot be read");
                self.outcomes.settle_unsent(job, content_erased()).await;
            }
        }
    }

    async fn send(&self, sender: &mut Sender, mut job: Job, request: &Request) {
        let Some(person) = job.addressee() else {
            return self.outcomes.settle_unsent(job, ERASED).await;
        };
        let Some(text) = &request.text else {
            return self.outcomes.settle_unsent(job, content_erased()).await;
        };
        let takes_unicode = self.outcomes.slot().provider.takes_unicode();
        let outgoing = match text.as_ref().map_err(Fault::evidence) {
            Ok(text) => rendered(text, person, takes_unicode).map(|rendered| {
                let spent = self.spent(&job, person, text, &rendered);
                let outgoing = outgoing(&job, person, rendered, text.is_personal(), request.requested_at);
                (Outgoing { returns: self.returns(&outgoing, request), ..outgoing }, spent)
            }),
            Err(evidence) => Err(evidence),
        };
        let (outgoing, spent) = match outgoing {
            Ok(outgoing) => outgoing,
            Err(evidence) => return self.outcomes.settle_unsent(job, content_refused(evidence)).await,
        };
        let began_at = self.now();
        job.since.get_or_insert(began_at);
        job.spent = Some(spent);
        let (mut marked, mut marking, mut slot) = (None, Duration::ZERO, job.slot.take());
        let may_be_left = AtomicBool::new(true);
        let started = async || {
            may_be_left.store(false, Ordering::Relaxed);
            let asked = Instant::now();
            let mark = self.outcomes.recorder.mark(&job, &self.outcomes.slot().name).await;
            marked = Some((mark, Instant::now()));
            let has_slot = mark == Marked::Started && self.has_slot(&mut slot).await;
            marking = asked.elapsed();
            // The job may have waited long since its claim: for the mark, for its slot, for a database that was away. Then
            // the provider may have hung up, and a message that it is given would be in doubt for nothing.
            let is_in_time = job.is_in_time(self.now()) && asked.elapsed() < START_MAX;
            if has_slot && is_in_time { Ok(()) } else { Err(StartRefused) }
        };
        fail::fail_point!("send::before", |_| std::process::abort());
        let (underway, asked) = (self.outcomes.slot().provider.gate().meter.begin(), Instant::now());
        let result = tokio::select! {
            biased;
            result = sender.send(&outgoing, started) => result,
            () = self.is_left(&job, &may_be_left) => Err(no_answer().into()),
        };
        fail::fail_point!("send::done", |_| std::process::abort());
        let took = asked.elapsed().saturating_sub(marking);
        drop(underway);
        if let Some(slot) = slot {
            self.outcomes.slot().answered(slot);
        }
        let (provider, delivery) = (&self.outcomes.slot().name, outgoing.delivery_id);
        let trace_id = &request.trace_id;
        tracing::debug!(trace_id, %delivery, %provider, is_accepted = result.is_ok(), "a send ended");
        // Only of what went wrong more may be said than that. A span for every message costs a twentieth of the program's
        // time for it.
        let span = match &result {
            Ok(_) => Span::none(),
            Err(_) => tracing::info_span!("send", trace_id, %delivery),
        };
        self.outcomes.record(job, Sent { began_at, marked, took }, result).instrument(span).await;
    }

    fn returns(&self, outgoing: &Outgoing, request: &Request) -> MailReturn {
        self.returns.of(&self.outcomes.slot().provider, request.category, outgoing.sent())
    }

    /// Waits until the message may be given to the provider by its limits. False: it may not in time.
    async fn has_slot(&self, slot: &mut Option<Slot>) -> bool {
        timeout(START_MAX, self.outcomes.pace.wait(slot)).await.unwrap_or(false)
    }

    /// What the message takes of its company's purse.
    fn spent(&self, job: &Job, person: &Addressee, text: &Text, rendered: &Rendered) -> Spent {
        let is_foreign = job.task.is_foreign(job.member);
        Spent::of(text, rendered, is_foreign, self.outcomes.slot().provider.price_of(&person.address))
    }

    /// Waits until a job that the provider cannot have accepted is to go elsewhere, since nothing is heard from it. Before
    /// the start mark a send leaves nothing behind: its connection is dropped with it.
    async fn is_left(&self, job: &Job, may_be_left: &AtomicBool) {
        if self.outcomes.route.slots.len() > 1 {
            self.outcomes.passed_over(job.is_alarm()).await;
        }
        if self.outcomes.route.slots.len() == 1 || !may_be_left.load(Ordering::Relaxed) {
            pending::<()>().await;
        }
    }

    /// This provider rests, is paused or stalled: the job goes to one that does not, or waits for the first that may be tried again. An alarm
    /// waits no longer than until it may try by itself.
    fn leave_to_another(&self, job: Job) {
        let now = self.now();
        let able_at = self.outcomes.route.able_at(now);
        let not_before = if job.is_alarm() { able_at.min(now + ALARM_TRIES_EVERY) } else { able_at };
        self.outcomes.put_back(job, not_before);
    }

    fn now(&self) -> DateTime<Utc> {
        (self.outcomes.options.clock)()
    }
}

/// The text as this provider carries it to the person.
fn rendered(text: &Text, person: &Addressee, takes_unicode: bool) -> Result<Rendered, Evidence> {
    let rendered = render(text, person).map_err(|fault| fault.evidence())?;
    let rendered = if takes_unicode { rendered } else { rendered.without_unicode() };
    if has_too_many_segments(text, &rendered) {
        return Err(Evidence::observed(None, Observation::TooManySegments));
    }
    Ok(rendered)
}

fn has_too_many_segments(text: &Text, rendered: &Rendered) -> bool {
    let max = text.sms().and_then(|options| options.segments_max);
    max.is_some_and(|max| SmsCount::of(&rendered.body).segments > max as usize)
}

fn outgoing(
    job: &Job,
    person: &Addressee,
    rendered: Rendered,
    is_personal: bool,
    requested_at: DateTime<Utc>,
) -> Outgoing {
    let Rendered { subject, body, html } = rendered;
    Outgoing {
        delivery_id: job.task.delivery(job.member),
        generation: job.generation,
        attempt: job.attempt,
        to: person.address.clone(),
        to_name: Some(person.contact_name.clone()).filter(|name| !name.is_empty()),
        subject,
        body,
        html,
        is_personal,
        requested_at,
        returns: MailReturn::default(),
    }
}

/// The provider was waited for in vain.
fn no_answer() -> provider::Failure {
    provider::Failure::observed(FailureClass::Transient, None, Observation::NoAnswer)
}

fn content_erased() -> Outcome {
    content_refused(Evidence::observed(None, Observation::ContentErased))
}

/// Nothing that can be sent came of the content. No other provider would take it either.
const fn content_refused(evidence: Evidence) -> Outcome {
    let cause = Cause { class: FailureClass::PermanentContent, evidence };
    Outcome::Failed(Failure { provider: None, cause, detail: None })
}
