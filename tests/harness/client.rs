//! An API client of one user.

use commands::clock;
use domain::value::UserId;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::HANG;
use super::stream::EventStream;

/// An API client of one user.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    pass: Pass,
    /// The user.
    pub user: UserId,
}

/// The client's credential.
#[derive(Clone)]
enum Pass {
    Nothing,
    Token(String),
    Cookie(String),
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null without a body, a string if it is not JSON.
    pub body: Value,
}

impl Client {
    /// A client of the server at `base`, with a token or without a login.
    pub fn new(base: &str, token: Option<String>, user: UserId) -> Self {
        let http = reqwest::Client::builder().timeout(HANG).no_proxy().build().expect("an HTTP client");
        Self { http, base: base.to_owned(), pass: token.map_or(Pass::Nothing, Pass::Token), user }
    }

    /// A client of the same server without a login.
    pub fn anonymous(&self) -> Self {
        Self { pass: Pass::Nothing, ..self.clone() }
    }

    /// The same user at another process of the same system.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// The same user as a browser, with the session of a login.
    pub async fn log_in(&self, email: &str, password: &str) -> Self {
        let answer = self.anonymous().post("/session", &json!({"email": email, "password": password})).await;
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        answer.expect(201);
        Self { pass: Pass::Cookie(cookie), ..self.clone() }
    }

    /// The session cookie, if there is one.
    pub fn cookie(&self) -> Option<&str> {
        match &self.pass {
            Pass::Cookie(cookie) => Some(cookie),
            _ => None,
        }
    }

    /// The URL of the server.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request to a path under `/api/v1`, for cases that the shortcuts below do not cover.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        match &self.pass {
            Pass::Nothing => request,
            Pass::Token(token) => request.bearer_auth(token),
            Pass::Cookie(cookie) => request.header("Cookie", cookie).header("Sec-Fetch-Site", "same-origin"),
        }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// `POST` without an idempotency key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// `POST` with an idempotency key.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }

    /// `POST` with a new idempotency key.
    pub async fn post_new(&self, path: &str, body: &Value) -> Answer {
        self.post_once(path, &clock::new_id().to_string(), body).await
    }

    /// `PATCH`.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::PATCH, path).json(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    /// A live stream, from now on or from after an event.
    pub async fn stream(&self, path: &str, last_event_id: Option<i64>) -> EventStream {
        match last_event_id {
            Some(id) => self.stream_after(path, &id.to_string()).await,
            None => {
                EventStream::open(self.request(Method::GET, path).header("Accept", "text/event-stream")).await
            }
        }
    }

    /// A live stream with this `Last-Event-ID`.
    pub async fn stream_after(&self, path: &str, last_event_id: &str) -> EventStream {
        let request = self.request(Method::GET, path).header("Accept", "text/event-stream");
        EventStream::open(request.header("Last-Event-ID", last_event_id)).await
    }

    /// Every row of a list, over all pages.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut rows, mut after) = (Vec::new(), String::new());
        let sign = if path.contains('?') { '&' } else { '?' };
        loop {
            let mut page = self.get(&format!("{path}{sign}limit=200{after}")).await.expect(200);
            rows.append(page["data"].as_array_mut().expect("rows"));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return rows,
            }
        }
    }
}

impl Answer {
    /// Sends a request and reads its whole answer.
    pub async fn to(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer is text");
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        };
        Self { status, headers, body }
    }

    /// A header; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body. The status must be this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// The fields of a refusal with this status, as `(pointer, code)`, sorted by pointer.
    #[track_caller]
    pub fn refused(self, status: u16) -> Vec<(String, String)> {
        let kind = self.header("content-type").to_owned();
        let body = self.expect(status);
        assert!(kind.starts_with("application/problem+json"), "{kind}: {body}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let mut faults: Vec<_> =
            errors.iter().map(|fault| (text(&fault["pointer"]), text(&fault["code"]))).collect();
        faults.sort();
        faults
    }
}

/// The id in an answer.
#[track_caller]
pub fn id_of(body: &Value) -> String {
    body["id"].as_str().unwrap_or_else(|| panic!("an id in {body}")).to_owned()
}
