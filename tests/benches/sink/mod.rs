//! The sink: an SMTP server and a server of the SMS API that accept everything and only count.

mod sms;
mod smtp;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::value::Channel;
use tests::measurements::Outcome;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The most connections of each server.
const CONNECTIONS_MAX: usize = 256;
/// How often the counts are polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(1);

/// Both servers, stopped on drop.
pub(crate) struct Sink {
    pub(crate) smtp: SocketAddr,
    pub(crate) sms: SocketAddr,
    arrivals: Arc<Arrivals>,
    _stop: DropGuard,
}

/// The counts of accepted messages.
#[derive(Default)]
struct Arrivals {
    emails: AtomicU64,
    sms: AtomicU64,
    /// The time of the last message to each watched number.
    watched: Mutex<HashMap<String, Option<Instant>>>,
    /// The tasks that report SMS as delivered, which take turns; none reports if empty.
    reporters: Mutex<Vec<mpsc::UnboundedSender<Taken>>>,
}

/// An SMS that was accepted, and where its receipts are asked for.
pub(crate) struct Taken {
    pub(crate) sid: String,
    pub(crate) callback: String,
    pub(crate) at: Instant,
}

impl Sink {
    pub(crate) async fn start() -> Outcome<Self> {
        let (arrivals, stop) = (Arc::new(Arrivals::default()), CancellationToken::new());
        let (smtp, sms) = (listen().await?, listen().await?);
        let (smtp_address, sms_address) = (smtp.local_addr()?, sms.local_addr()?);
        tokio::spawn(serve(smtp, Arc::clone(&arrivals), stop.clone(), smtp::session));
        tokio::spawn(serve(sms, Arc::clone(&arrivals), stop.clone(), sms::session));
        Ok(Self { smtp: smtp_address, sms: sms_address, arrivals, _stop: stop.drop_guard() })
    }

    /// How many messages were accepted.
    pub(crate) fn accepted(&self, channel: Channel) -> u64 {
        match channel {
            Channel::Email => self.arrivals.emails.load(Ordering::Acquire),
            Channel::Sms => self.arrivals.sms.load(Ordering::Acquire),
        }
    }

    /// Hands each accepted SMS to one of these tasks from now on, instead of the former ones, whose channels close.
    pub(crate) fn report_to(&self, reporters: Vec<mpsc::UnboundedSender<Taken>>) {
        *self.arrivals.reporters() = reporters;
    }

    /// Waits for the next SMS to a number, from now on.
    pub(crate) fn next_to(&self, number: &str) -> impl Future<Output = Instant> + use<> {
        let (arrivals, number) = (Arc::clone(&self.arrivals), number.to_owned());
        arrivals.watched().insert(number.clone(), None);
        async move {
            loop {
                if let Some(at) = arrivals.watched().get(&number).copied().flatten() {
                    return at;
                }
                sleep(LOOK_INTERVAL).await;
            }
        }
    }
}

impl Arrivals {
    /// How many were accepted before this one.
    fn email(&self) -> u64 {
        self.emails.fetch_add(1, Ordering::AcqRel)
    }

    /// The same of SMS.
    fn sms(&self, number: &str) -> u64 {
        if let Some(at) = self.watched().get_mut(number) {
            *at = Some(Instant::now());
        }
        self.sms.fetch_add(1, Ordering::AcqRel)
    }

    /// Whether anybody reports SMS.
    fn has_reporters(&self) -> bool {
        !self.reporters().is_empty()
    }

    /// Hands the SMS of this number to its reporter.
    fn hand_over(&self, number: u64, taken: Taken) {
        let reporters = self.reporters();
        if let Some(reporter) = reporters.get(number as usize % reporters.len().max(1)) {
            let _ = reporter.send(taken);
        }
    }

    fn reporters(&self) -> MutexGuard<'_, Vec<mpsc::UnboundedSender<Taken>>> {
        self.reporters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<String, Option<Instant>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

async fn serve<F>(
    listener: TcpListener,
    arrivals: Arc<Arrivals>,
    stop: CancellationToken,
    session: impl Fn(TcpStream, Arc<Arrivals>) -> F,
) where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let accepting = async {
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let running = session(stream, Arc::clone(&arrivals));
            tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
                // A connection broken by the client loses its messages, and the counts show it.
                let _ = running.await;
                drop(place);
            }));
        }
    };
    stop.run_until_cancelled(accepting).await;
}
