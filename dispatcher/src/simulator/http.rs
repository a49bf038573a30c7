//! The simulated SMS APIs: one HTTP server for all dialects, told apart by their paths.

use std::{error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::value::Channel;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, Response, StatusCode, body::Incoming, header::CONTENT_TYPE, header::HeaderValue,
    http::request::Parts, server::conn::http1, service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::TcpStream;
use url::Url;

use super::accepted::AcceptedMessages;
use super::receipts::Report;
use super::{
    Behaviour, Content, NewArrival, Outcome, Refusal, World, generic::Generic, infobip::Infobip,
    twilio::Twilio,
};

/// The largest request that is read, in bytes.
const MAX_REQUEST: usize = 64 * 1024;
/// How long a client may take over the head of a request, or say nothing between two.
const HEAD: Duration = Duration::from_secs(60);
/// Every dialect that is simulated; the first that knows a path answers, else the first of all says that it is unknown.
const DIALECTS: [&dyn Dialect; 3] = [&Twilio, &Infobip, &Generic];

/// An SMS API as its server speaks.
pub(super) trait Dialect: Sync {
    /// Whether the request is for this API.
    fn is_for(&self, head: &Parts) -> bool;
    /// Whether the request only asks who the account is.
    fn is_probe(&self, head: &Parts) -> bool;
    /// Whether the client knows the account's secret.
    fn is_authorized(&self, head: &Parts) -> bool;
    /// The message of a request, or why there is none.
    fn read(&self, body: &[u8]) -> Result<Sms, Refusal>;
    /// What is said of an accepted message under this number.
    fn accepted(&self, sms: &Sms, reference: Reference<'_>) -> Answer;
    /// What is said of a refusal, whose code is Twilio's.
    fn refused(&self, refusal: Refusal) -> Answer;
    /// The report on an accepted message: delivered, or not for this reason. None if it asks for none.
    fn report(&self, sms: &Sms, reference: Reference<'_>, undelivered: Option<u32>) -> Option<Report>;
    /// The answer to a question about accepted messages; none if the request asks none, or the API has none.
    fn found(&self, _head: &Parts, _accepted: &AcceptedMessages) -> Option<Answer> {
        None
    }
    /// The refusal of a path that is no API's.
    fn unknown(&self) -> Refusal;
    /// The refusal of a wrong secret.
    fn unauthorized(&self) -> Refusal;
}

pub(super) type Answer = Response<Full<Bytes>>;

/// How an accepted message is named.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reference<'a> {
    /// By a number that no other has.
    Serial(u64),
    /// By the recipient's number, as odd servers do.
    Recipient(&'a str),
}

impl Reference<'_> {
    /// The name with a prefix.
    pub(super) fn named(self, prefix: &str) -> String {
        match self {
            Self::Serial(serial) => format!("{prefix}{serial:032x}"),
            Self::Recipient(number) => format!("{prefix}{}", number.trim_start_matches('+')),
        }
    }
}

/// One SMS as it came.
pub(super) struct Sms {
    pub(super) to: String,
    pub(super) from: String,
    pub(super) body: String,
    /// Ours, as far as it was said.
    pub(super) delivery_id: String,
    /// The sender's own name for it, if the API takes one.
    pub(super) name: String,
    /// Where its report goes.
    pub(super) callback: Option<Url>,
}

/// The server ends the connection instead of answering.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut on purpose")
    }
}

impl error::Error for Cut {}

/// Serves one client until it leaves; a connection that breaks affects no other.
pub(super) async fn session(stream: TcpStream, world: Arc<World>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&world)));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, world: Arc<World>) -> Result<Answer, Cut> {
    let (head, body) = request.into_parts();
    if let Some(dialect) = DIALECTS.into_iter().find(|dialect| dialect.is_probe(&head)) {
        return Ok(probed(dialect, &head));
    }
    for dialect in DIALECTS {
        if let Some(found) = dialect.found(&head, &world.accepted) {
            let is_authorized = dialect.is_authorized(&head);
            return Ok(if is_authorized { found } else { dialect.refused(dialect.unauthorized()) });
        }
    }
    let Some(dialect) = DIALECTS.into_iter().find(|dialect| dialect.is_for(&head)) else {
        let [first, ..] = DIALECTS;
        return Ok(first.refused(first.unknown()));
    };
    if !dialect.is_authorized(&head) {
        return Ok(dialect.refused(dialect.unauthorized()));
    }
    let Ok(body) = Limited::new(body, MAX_REQUEST).collect().await else {
        return Ok(dialect.refused(Refusal::sms(413, 0, "The request is too large or broke off")));
    };
    match dialect.read(&body.to_bytes()) {
        Ok(sms) => deliver(dialect, sms, &world).await,
        Err(refusal) => Ok(dialect.refused(refusal)),
    }
}

/// The account, if the request has its secret.
fn probed(dialect: &dyn Dialect, head: &Parts) -> Answer {
    if dialect.is_authorized(head) {
        json(StatusCode::OK, &serde_json::json!({}))
    } else {
        dialect.refused(dialect.unauthorized())
    }
}

async fn deliver(dialect: &dyn Dialect, sms: Sms, world: &World) -> Result<Answer, Cut> {
    match world.rules.decide(Channel::Sms, &sms.to) {
        Behaviour::Refuse(refusal) | Behaviour::RefuseBody(refusal) => {
            world.note(sms.arrival(world, refusal.outcome()));
            Ok(dialect.refused(refusal))
        }
        Behaviour::RefuseThenReport { refusal, code, .. } => {
            world.note(sms.arrival(world, refusal.outcome()));
            report(dialect, &sms, Reference::Serial(world.next_serial()), Some(code), world);
            Ok(dialect.refused(refusal))
        }
        Behaviour::CutUnaccepted | Behaviour::CutEarly => {
            world.note(sms.arrival(world, Outcome::Lost));
            Err(Cut)
        }
        behaviour => accept(dialect, sms, behaviour, world).await,
    }
}

async fn accept(dialect: &dyn Dialect, sms: Sms, behaviour: Behaviour, world: &World) -> Result<Answer, Cut> {
    if let Behaviour::Slow(time) = behaviour {
        tokio::time::sleep(time).await;
    }
    let is_cut = behaviour == Behaviour::AcceptThenCut;
    let outcome = if is_cut { Outcome::AcceptedThenCut } else { Outcome::Accepted };
    // A ledger that cannot be written accepts nothing, and the client must not think otherwise.
    world.accept(sms.arrival(world, outcome)).await.map_err(|_| Cut)?;
    let reference = match behaviour {
        Behaviour::AcceptAsNumber => Reference::Recipient(&sms.to),
        _ => Reference::Serial(world.next_serial()),
    };
    keep(&sms, reference, behaviour, world);
    report(dialect, &sms, reference, undelivered(behaviour), world);
    if is_cut { Err(Cut) } else { Ok(dialect.accepted(&sms, reference)) }
}

/// A sink keeps nothing.
fn keep(sms: &Sms, reference: Reference<'_>, behaviour: Behaviour, world: &World) {
    if world.arrivals.keeps() {
        let at = (world.options.now)();
        world.accepted.keep(sms, reference.named(""), at, undelivered(behaviour));
    }
}

const fn undelivered(behaviour: Behaviour) -> Option<u32> {
    match behaviour {
        Behaviour::AcceptUndelivered(code) => Some(code),
        _ => None,
    }
}

fn report(
    dialect: &dyn Dialect,
    sms: &Sms,
    reference: Reference<'_>,
    undelivered: Option<u32>,
    world: &World,
) {
    if world.receipts.are_sent()
        && let Some(report) = dialect.report(sms, reference, undelivered)
    {
        world.receipts.send(report, &world.stop);
    }
}

impl Sms {
    fn arrival(&self, world: &World, outcome: Outcome) -> NewArrival {
        let keeps = world.arrivals.keeps();
        let content = if keeps { Content::Text(self.body.as_str().into()) } else { Content::Nothing };
        NewArrival {
            channel: Channel::Sms,
            delivery_id: self.delivery_id.clone(),
            to: self.to.clone(),
            from: self.from.clone(),
            content,
            outcome,
        }
    }
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &Value) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A text of a document that is not empty.
pub(super) fn text_at(document: &Value, pointer: &str) -> Option<String> {
    document.pointer(pointer)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The address at which a message asks to be reported.
pub(super) fn callback_at(document: &Value, pointer: &str) -> Option<Url> {
    Url::parse(&text_at(document, pointer)?).ok()
}

/// Our delivery id, which the callback's address carries.
pub(super) fn delivery_id(callback: &Url) -> Option<String> {
    let (_, id) = callback.query_pairs().find(|(name, _)| name == "delivery")?;
    Some(id.into_owned())
}
