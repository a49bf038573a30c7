//! The dispatcher as one thing: started with its providers, stopped by its token.

use std::future::Future;
use std::sync::Arc;

use commands::broker::Broker;
use commands::log::EventLog;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Wakes;
use crate::audience::Resolver;
use crate::database::task_pool;
use crate::destination::Destinations;
use crate::doubts::Doubts;
use crate::housekeeper::Housekeeper;
use crate::intake::Intake;
use crate::mail_returns::MailReturns;
use crate::mail_tokens::MailTokens;
use crate::notices::Notices;
use crate::options::DispatcherOptions;
use crate::oversight::Oversight;
use crate::receipts::{Keeper, Recorder};
use crate::request::Requests;
use crate::route::Route;
use crate::tasks::settle::Settler;
use crate::worker::{Sending, send_for_ever};

/// A running dispatcher. It ends when its token is cancelled; dropped, it ends at once like a crash.
#[derive(Debug)]
pub struct Dispatcher {
    tasks: JoinSet<()>,
    cancel: CancellationToken,
}

impl Dispatcher {
    /// Starts to take in, resolve and send: for each company by its route.
    ///
    /// Without a broker it follows the log in PostgreSQL. Does not wait for the database: what it cannot do yet it tries
    /// again.
    pub fn start(
        log: EventLog,
        broker: Option<Broker>,
        routes: Vec<Route>,
        options: DispatcherOptions,
        cancel: CancellationToken,
    ) -> Self {
        for channel in routes.iter().flat_map(Route::idle_channels) {
            tracing::warn!(
                channel = channel.as_str(),
                "no provider carries a channel; its deliveries wait for one"
            );
        }
        let parts = Parts::new(log, options);
        let mut tasks = JoinSet::new();
        spawn(&mut tasks, parts.oversight(&routes).run(cancel.clone()));
        spawn(&mut tasks, parts.intake(broker).run(cancel.clone()));
        spawn(&mut tasks, parts.resolver().run(cancel.clone()));
        spawn(&mut tasks, parts.housekeeper().run(cancel.clone()));
        spawn(&mut tasks, parts.notices().run(cancel.clone()));
        spawn(&mut tasks, parts.receipts().run(cancel.clone()));
        spawn(&mut tasks, follow_suppressed(parts.settler.clone(), cancel.clone()));
        spawn(&mut tasks, parts.doubts(routes.clone()).run(cancel.clone()));
        spawn(&mut tasks, send(parts.sending(routes), cancel.clone()));
        Self { tasks, cancel }
    }

    /// Waits until everything has ended: about the grace of the options after the token was cancelled; or until
    /// something has before it, and then ends the rest.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() && self.cancel.is_cancelled() {}
    }
}

fn spawn(tasks: &mut JoinSet<()>, task: impl Future<Output = ()> + Send + 'static) {
    tasks.spawn(task);
}

/// Nothing is sent before it is known which providers are paused.
async fn send(sending: Sending, cancel: CancellationToken) {
    let known = Oversight::known(sending.pool.clone(), sending.routes.clone());
    if cancel.run_until_cancelled(known).await.is_some() {
        send_for_ever(sending, cancel).await;
    }
}

async fn follow_suppressed(settler: Settler, cancel: CancellationToken) {
    settler.suppressed().follow(&settler.pool, &cancel).await;
}

/// What the tasks share.
struct Parts {
    log: EventLog,
    pool: sqlx::PgPool,
    requests: Requests,
    settler: Settler,
    options: DispatcherOptions,
    wakes: Arc<Wakes>,
}

impl Parts {
    fn new(log: EventLog, options: DispatcherOptions) -> Self {
        let pool = task_pool(log.pool());
        let requests = Requests::new(log.reader().clone());
        let settler = Settler::new(log.clone(), pool.clone(), requests.clone(), Arc::clone(&options.clock));
        Self { log, pool, requests, settler, options, wakes: Arc::default() }
    }

    fn intake(&self, broker: Option<Broker>) -> Intake {
        Intake {
            log: self.log.reader().clone(),
            broker,
            pool: self.pool.clone(),
            wakes: Arc::clone(&self.wakes),
        }
    }

    fn resolver(&self) -> Resolver {
        Resolver {
            log: self.log.clone(),
            pool: self.pool.clone(),
            requests: self.requests.clone(),
            wakes: Arc::clone(&self.wakes),
            poll: self.options.poll,
            ahead: None,
            clock: Arc::clone(&self.options.clock),
            conflicts: 0,
            aside: Default::default(),
        }
    }

    fn housekeeper(&self) -> Housekeeper {
        Housekeeper {
            pool: self.pool.clone(),
            settler: self.settler.clone(),
            options: self.options.clone(),
            wakes: Arc::clone(&self.wakes),
        }
    }

    fn notices(&self) -> Notices {
        Notices {
            log: self.log.clone(),
            pool: self.pool.clone(),
            requests: self.requests.clone(),
            wakes: Arc::clone(&self.wakes),
            options: self.options.clone(),
            aside: Default::default(),
        }
    }

    fn oversight(&self, routes: &[Route]) -> Oversight {
        let clock = Arc::clone(&self.options.clock);
        Oversight::new(self.log.clone(), self.pool.clone(), clock, routes)
    }

    fn receipts(&self) -> Keeper {
        Keeper {
            log: self.log.clone(),
            pool: self.pool.clone(),
            recorder: Recorder::new(self.log.clone(), self.requests.clone()),
            options: self.options.clone(),
            settled: self.settler.settled(),
        }
    }

    fn doubts(&self, routes: Vec<Route>) -> Doubts {
        Doubts {
            log: self.log.clone(),
            pool: self.pool.clone(),
            requests: self.requests.clone(),
            settler: self.settler.clone(),
            recorder: Recorder::new(self.log.clone(), self.requests.clone()),
            routes,
            options: self.options.clone(),
        }
    }

    fn sending(&self, routes: Vec<Route>) -> Sending {
        Sending {
            log: self.log.clone(),
            pool: self.pool.clone(),
            settler: self.settler.clone(),
            requests: self.requests.clone(),
            returns: Arc::new(MailReturns {
                tokens: MailTokens::new(self.log.keys()),
                public_url: self.options.public_url.clone(),
            }),
            routes,
            destinations: Destinations::new(self.options.email_domains.clone(), self.options.dns_server),
            options: self.options.clone(),
            wakes: Arc::clone(&self.wakes),
        }
    }
}
