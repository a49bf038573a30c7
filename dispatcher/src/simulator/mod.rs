//! Simulated providers: a real SMTP server and a real SMS API on loopback, for `dev`, tests and the bench.

mod accepted;
pub mod arrivals;
mod generic;
mod http;
mod infobip;
pub mod ledger;
mod receipts;
pub mod rules;
mod smtp;
mod twilio;

use std::{
    fmt,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use domain::value::Channel;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::provider::{InfobipSettings, SmsApi, SmsSettings, SmtpSettings, TwilioSettings};

#[cfg(test)]
pub(crate) use generic::account as generic_account;

use accepted::AcceptedMessages;
use arrivals::{Arrivals, Content, NewArrival};
use ledger::{Ledger, LedgerEntry};
use receipts::Receipts;
use rules::Rules;

pub use arrivals::{Arrival, ArrivalPage, Counts, Outcome};
pub use rules::{Behaviour, RULES, Refusal};
pub use twilio::signature as twilio_signature;

/// The account of the simulated SMS API.
pub const ACCOUNT: &str = "AC00000000000000000000000000000000";
/// The password of the simulated SMS API; it protects nothing.
pub const SECRET: &str = "simulator";
/// The key that what people write to the simulated Infobip and the simulated aggregator has in its address.
pub const RECEIPT_KEY: &str = "simulator-receipts";
/// The most connections each of the two servers holds at once.
pub const MAX_CONNECTIONS: usize = 1_024;

/// The sender of simulated SMS.
const FROM: &str = "+15005550006";

/// How long a server waits after a connection that could not be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The clock that dates what arrives.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The options of the simulator.
#[derive(Clone)]
pub struct SimulatorOptions {
    /// The clock that dates what arrives.
    pub now: Clock,
    /// How many messages are kept for the page; 0 keeps counts only, for the bench.
    pub kept: usize,
    /// How often a busy address refuses before it accepts, message after message.
    pub busy_times: u32,
    /// How long a slow address takes to answer.
    pub slow: Duration,
    /// The `Retry-After` of a busy number.
    pub retry_after: Duration,
    /// The user and password that SMTP clients must give, if any.
    pub smtp_login: Option<(String, String)>,
    /// Whether the SMTP server offers PIPELINING.
    pub pipelining: bool,
    /// Where every accepted message is written, and synced, before the answer.
    pub ledger: Option<PathBuf>,
    /// How long after a message its receipt is sent.
    pub receipt_delay: Duration,
}

impl SimulatorOptions {
    /// What `dev` uses.
    pub fn new(now: Clock) -> Self {
        Self {
            now,
            kept: 2_000,
            busy_times: 1,
            slow: Duration::from_secs(2),
            retry_after: Duration::from_secs(5),
            smtp_login: None,
            pipelining: true,
            ledger: None,
            receipt_delay: Duration::from_secs(1),
        }
    }

    /// What the bench uses: nothing is kept but counts.
    pub fn sink(now: Clock) -> Self {
        Self { kept: 0, ..Self::new(now) }
    }
}

impl fmt::Debug for SimulatorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorOptions").field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// Both servers; they end when this is dropped.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    smtp: SocketAddr,
    sms: SocketAddr,
    _stop: DropGuard,
}

/// What both servers share.
struct World {
    options: SimulatorOptions,
    rules: Rules,
    arrivals: Arrivals,
    accepted: AcceptedMessages,
    ledger: Option<Ledger>,
    serial: AtomicU64,
    receipts: Arc<Receipts>,
    stop: CancellationToken,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Starts both servers on free ports of the loopback address.
    ///
    /// # Errors
    /// No port is free, or the ledger's file cannot be opened.
    pub async fn start(options: SimulatorOptions) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let world = Arc::new(World::try_new(options, stop.clone())?);
        let (smtp, sms) = (listen().await?, listen().await?);
        let (smtp_address, sms_address) = (smtp.local_addr()?, sms.local_addr()?);
        tokio::spawn(serve(smtp, Arc::clone(&world), stop.clone(), smtp::session));
        tokio::spawn(serve(sms, Arc::clone(&world), stop.clone(), http::session));
        Ok(Self { world, smtp: smtp_address, sms: sms_address, _stop: stop.drop_guard() })
    }

    /// Where mails go, `smtp://127.0.0.1:port`.
    pub fn smtp_url(&self) -> String {
        format!("smtp://{}", self.smtp)
    }

    /// Where the SMS API is, `http://127.0.0.1:port`.
    pub fn sms_base_url(&self) -> String {
        format!("http://{}", self.sms)
    }

    /// Settings of an e-mail provider that is this simulator.
    pub fn smtp_settings(&self, connections: u32) -> SmtpSettings {
        let from = "Avisos Mensajería <avisos@mensajeria.test>";
        let settings = SmtpSettings::new("simulador", self.smtp_url(), from);
        SmtpSettings { connections, return_path: Some("rebotes@mensajeria.test".to_owned()), ..settings }
    }

    /// Settings of an SMS provider of kind `twilio` that is this simulator.
    pub fn twilio_settings(&self, connections: u32) -> SmsSettings {
        self.sms_settings(connections, SmsApi::Twilio(self.twilio_account()))
    }

    /// Settings of an SMS provider of kind `infobip` that is this simulator.
    pub fn infobip_settings(&self, connections: u32) -> SmsSettings {
        let account = InfobipSettings {
            base_url: self.sms_base_url(),
            secret: SECRET.to_owned(),
            from: FROM.to_owned(),
            receipt_key: Some(RECEIPT_KEY.to_owned()),
        };
        self.sms_settings(connections, SmsApi::Infobip(account))
    }

    /// Settings of an SMS provider of kind `generic` that is this simulator.
    pub fn generic_settings(&self, connections: u32) -> SmsSettings {
        let account = generic::account(&format!("{}{}", self.sms_base_url(), generic::PATH));
        self.sms_settings(connections, SmsApi::Generic(Box::new(account)))
    }

    fn sms_settings(&self, connections: u32, api: SmsApi) -> SmsSettings {
        SmsSettings {
            name: "simulador".to_owned(),
            connections,
            rate_per_second: 0,
            status_callback: Some(format!("{}/api/v1/hooks/simulador", self.sms_base_url())),
            unicode: true,
            prices: Default::default(),
            api,
        }
    }

    /// The account of the simulated Twilio.
    pub fn twilio_account(&self) -> TwilioSettings {
        TwilioSettings {
            base_url: self.sms_base_url(),
            account: ACCOUNT.to_owned(),
            secret: SECRET.to_owned(),
            from: FROM.to_owned(),
        }
    }

    /// From now on receipts of SMS are sent, to the front door of the program at this URL.
    pub fn report_to(&self, door: impl Into<String>) {
        self.world.receipts.report_to(door.into());
    }

    /// What arrived, newest first, older than `before` (a page's `next`), at most `limit` and [`arrivals::MAX_PAGE`].
    pub fn arrivals(&self, channel: Option<Channel>, before: Option<u64>, limit: usize) -> ArrivalPage {
        self.world.arrivals.page(channel, before, limit)
    }

    /// How many messages of a channel met which end since the start.
    pub fn counts(&self, channel: Channel) -> Counts {
        self.world.arrivals.counts(channel)
    }

    /// From now on this address (or, for SMS, every number with this ending) behaves like this. It wins over the
    /// table; an empty ending is every number, an empty address every address.
    pub fn set_rule(&self, channel: Channel, address: &str, behaviour: Behaviour) {
        self.world.rules.set(channel, address, behaviour);
    }
}

impl World {
    fn try_new(options: SimulatorOptions, stop: CancellationToken) -> io::Result<Self> {
        let ledger = options.ledger.as_deref().map(Ledger::open).transpose()?;
        let arrivals = Arrivals::new(options.kept);
        let accepted = AcceptedMessages::default();
        let serial = AtomicU64::new(first_serial((options.now)()));
        let receipts = Arc::new(Receipts::new(options.receipt_delay));
        Ok(Self { rules: Rules::new(&options), options, arrivals, accepted, ledger, serial, receipts, stop })
    }

    /// A number for a queue id or a sid.
    fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    /// Writes down an accepted message, on disk if there is a ledger, before the client is told.
    async fn accept(&self, arrival: NewArrival) -> io::Result<()> {
        let received_at = (self.options.now)();
        if let Some(ledger) = &self.ledger {
            let entry = LedgerEntry {
                channel: arrival.channel,
                to: arrival.to.clone(),
                delivery_id: arrival.delivery_id.clone(),
                accepted_at: received_at,
            };
            ledger.append(entry).await?;
        }
        self.arrivals.record(arrival, received_at);
        Ok(())
    }

    /// Writes down, for the page, a message that was not accepted.
    fn note(&self, arrival: NewArrival) {
        self.arrivals.record(arrival, (self.options.now)());
    }
}

/// Serials go on growing from one start to the next, so that no sid is given twice.
fn first_serial(now: DateTime<Utc>) -> u64 {
    const PER_MILLISECOND: u32 = 20;
    now.timestamp_millis().cast_unsigned() << PER_MILLISECOND
}

async fn listen() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

async fn serve<F>(
    listener: TcpListener,
    world: Arc<World>,
    stop: CancellationToken,
    session: fn(TcpStream, Arc<World>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Some((stream, place)) = next(&listener, &places, &stop).await {
        let session = session(stream, Arc::clone(&world));
        tokio::spawn(until(stop.clone(), session, place));
    }
}

/// The next connection, when there is a place for it; until then clients wait in the listener's backlog.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accepting = async {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        Some((accept(listener).await, place))
    };
    tokio::select! {
        accepted = accepting => accepted,
        () = stop.cancelled() => None,
    }
}

/// A client that is gone already, or too many open files, must not end the server.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) if stream.set_nodelay(true).is_ok() => return stream,
            _ => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn until(stop: CancellationToken, session: impl Future<Output = ()>, _place: OwnedSemaphorePermit) {
    tokio::select! {
        () = session => {}
        () = stop.cancelled() => {}
    }
}

#[cfg(test)]
mod tests;
