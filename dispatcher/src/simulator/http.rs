//! The simulated SMS API, in Twilio's dialect.

use std::{collections::HashMap, error, fmt, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use domain::value::Channel;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{ACCOUNT, Behaviour, Content, NewArrival, Outcome, Refusal, SECRET, World};

/// The largest form that is read, in bytes.
const MAX_FORM: usize = 64 * 1024;
/// How long a client may take over the head of a request, or say nothing between two.
const HEAD: Duration = Duration::from_secs(60);

/// The server ends the connection instead of answering.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut on purpose")
    }
}

impl error::Error for Cut {}

/// Serves one client until it leaves; a connection that breaks concerns nobody else.
pub(super) async fn session(stream: TcpStream, world: Arc<World>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&world)));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, world: Arc<World>) -> Result<Response<Full<Bytes>>, Cut> {
    let is_ours = request.uri().path() == format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json");
    if !is_ours || request.method() != Method::POST {
        return Ok(refused(Refusal::sms(404, 20404, "The requested resource was not found")));
    }
    if !is_authorized(&request) {
        return Ok(refused(Refusal::sms(401, 20003, "Authenticate")));
    }
    let Ok(form) = Limited::new(request.into_body(), MAX_FORM).collect().await else {
        return Ok(refused(Refusal::sms(413, 0, "The form is too large or broke off")));
    };
    match Sms::read(&form.to_bytes()) {
        Ok(sms) => deliver(sms, &world).await,
        Err(refusal) => Ok(refused(refusal)),
    }
}

async fn deliver(sms: Sms, world: &World) -> Result<Response<Full<Bytes>>, Cut> {
    match world.rules.decide(Channel::Sms, &sms.to) {
        Behaviour::Refuse(refusal) | Behaviour::RefuseBody(refusal) => {
            world.note(sms.arrival(world, refusal.outcome()));
            Ok(refused(refusal))
        }
        Behaviour::CutUnaccepted | Behaviour::CutEarly => {
            world.note(sms.arrival(world, Outcome::Lost));
            Err(Cut)
        }
        behaviour => accept(sms, behaviour, world).await,
    }
}

async fn accept(sms: Sms, behaviour: Behaviour, world: &World) -> Result<Response<Full<Bytes>>, Cut> {
    if let Behaviour::Slow(time) = behaviour {
        tokio::time::sleep(time).await;
    }
    let is_cut = behaviour == Behaviour::AcceptThenCut;
    let outcome = if is_cut { Outcome::AcceptedThenCut } else { Outcome::Accepted };
    // A ledger that cannot be written accepts nothing, and the client must not think otherwise.
    world.accept(sms.arrival(world, outcome)).await.map_err(|_| Cut)?;
    match behaviour {
        Behaviour::AcceptThenCut => Err(Cut),
        Behaviour::AcceptAsNumber => Ok(created(&sms, &format!("SM{}", sms.to.trim_start_matches('+')))),
        _ => Ok(created(&sms, &format!("SM{:032x}", world.next_serial()))),
    }
}

fn is_authorized(request: &Request<Incoming>) -> bool {
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{ACCOUNT}:{SECRET}")));
    request.headers().get(AUTHORIZATION).is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

struct Sms {
    to: String,
    from: String,
    body: String,
    delivery_id: String,
}

impl Sms {
    fn read(form: &[u8]) -> Result<Self, Refusal> {
        let mut fields: HashMap<String, String> = url::form_urlencoded::parse(form).into_owned().collect();
        let mut field = |name| fields.remove(name).filter(|value: &String| !value.is_empty());
        let sender = field("From").or_else(|| field("MessagingServiceSid"));
        let delivery_id = field("StatusCallback").and_then(|url| delivery_id(&url)).unwrap_or_default();
        Ok(Self {
            to: field("To").ok_or(Refusal::sms(400, 21604, "A 'To' phone number is required"))?,
            from: sender.ok_or(Refusal::sms(400, 21603, "A 'From' phone number is required"))?,
            body: field("Body").ok_or(Refusal::sms(400, 21602, "Message body is required"))?,
            delivery_id,
        })
    }

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

fn delivery_id(callback: &str) -> Option<String> {
    let url = url::Url::parse(callback).ok()?;
    let (_, id) = url.query_pairs().find(|(name, _)| name == "delivery")?;
    Some(id.into_owned())
}

fn created(sms: &Sms, sid: &str) -> Response<Full<Bytes>> {
    let body = json!({
        "sid": sid,
        "account_sid": ACCOUNT,
        "status": "queued",
        "to": sms.to,
        "from": sms.from,
        "body": sms.body,
        "error_code": null,
        "error_message": null,
    });
    response(StatusCode::CREATED, &body)
}

fn refused(refusal: Refusal) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = match refusal.code {
        // What stands before an API speaks no JSON.
        0 => Value::Null,
        code => json!({ "code": code, "message": refusal.text, "status": refusal.status }),
    };
    let mut response = response(status, &body);
    if let Some(wait) = refusal.retry_after.filter(|_| status == StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(RETRY_AFTER, wait.as_secs().into());
    }
    response
}

fn response(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}
