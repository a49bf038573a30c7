//! The middleware that writes problems, so that every refusal has the same form.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::value::Language;
use futures::FutureExt;
use serde_json::{Value, json};

use super::language::{accepted, explanation, tag, text, title};
use super::{Fault, Kind, Problem};
use crate::request::Trace;

/// The prefix of a problem's `type`. It is a name and not an address (RFC 9457, 3.1.1).
const TYPE_PREFIX: &str = "urn:mensajeria:problem:";

/// Writes the problem of an inner handler or layer in the caller's language.
pub(crate) async fn render<F: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let language = accepted(request.headers());
    let trace = request.extensions().get::<Trace>().cloned().unwrap_or_default();
    let mut response = answer(request).await;
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => written(&problem, language, &trace, &response),
        None if is_bare_refusal(&response) => {
            written(&Problem::new(Kind::of_status(response.status())), language, &trace, &response)
        }
        None => response,
    }
}

/// The fallback of every router: 404.
pub(crate) async fn no_such_route() -> Problem {
    Problem::not_found()
}

/// The fallback of every route: 405. axum adds `Allow`.
pub(crate) async fn no_such_method() -> Problem {
    Problem::new(Kind::MethodNotAllowed)
}

/// Slots a panic of the handler into a problem.
pub(crate) async fn catch<F: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    AssertUnwindSafe(answer(request)).catch_unwind().await.unwrap_or_else(panicked)
}

/// The answer after a panic.
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("without a text"), "a handler panicked");
    Problem::new(Kind::Internal).into_response()
}

/// Whether a response is a refusal of a lower layer without a problem document: plain text or empty.
fn is_bare_refusal(response: &Response) -> bool {
    let refused = response.status().is_client_error() || response.status().is_server_error();
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    refused && content_type.is_none_or(|value| value.starts_with("text/plain"))
}

fn written(problem: &Problem, language: Language, trace: &Trace, bare: &Response) -> Response {
    let body = body(problem, language, trace);
    let mut response = (problem.status(), body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(tag(language)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(retry_after_s) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, retry_after_s.into());
    }
    if problem.status() == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    for name in [header::ACCEPT_ENCODING, header::ALLOW, header::CONNECTION, header::SET_COOKIE] {
        copy(bare, headers, name);
    }
    response
}

fn copy(from: &Response, to: &mut axum::http::HeaderMap, name: HeaderName) {
    if let Some(value) = from.headers().get(&name) {
        to.insert(name, value.clone());
    }
}

fn body(problem: &Problem, language: Language, trace: &Trace) -> Value {
    let errors: Vec<_> = problem.faults.iter().map(|fault| error(fault, language)).collect();
    let explanation = || explanation(problem.kind, language).to_owned();
    let detail = problem.reason.as_ref().map_or_else(explanation, |reason| text(reason, language));
    let mut body = json!({
        "type": format!("{TYPE_PREFIX}{}", problem.kind.slug()),
        "title": title(problem.kind, language),
        "status": problem.status().as_u16(),
        "detail": detail,
        "errors": errors,
        "trace_id": trace.id(),
    });
    if let Some(reason) = &problem.reason {
        body["code"] = reason.code().into();
    }
    body
}

fn error(fault: &Fault, language: Language) -> Value {
    json!({
        "in": fault.place.as_str(),
        "pointer": fault.pointer,
        "code": fault.reason.code(),
        "detail": text(&fault.reason, language),
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use domain::value::Invalid;
    use tower::ServiceExt;

    use super::*;
    use crate::problem::Reason;

    #[test]
    fn a_problem_names_its_fields_in_the_readers_language() {
        let problem = Problem::of_field("/recipients/0", Reason::Value(Invalid::Id));
        let es = body(&problem, Language::Es, &Trace::default());
        assert_eq!(es["type"], "urn:mensajeria:problem:invalid");
        assert_eq!(es["status"], 422);
        assert_eq!(es["errors"][0]["pointer"], "/recipients/0");
        assert_eq!(es["errors"][0]["code"], "invalid_id");
        assert_eq!(es["errors"][0]["detail"], "No es un identificador válido.");
        let en = body(&problem, Language::En, &Trace::default());
        assert_eq!(en["errors"][0]["detail"], "It is not a valid identifier.");
        assert_eq!(en["title"], "Some fields need correcting");
    }

    async fn answered(router: axum::Router) -> (u16, Value) {
        let request = Request::get("/").body(axum::body::Body::empty()).unwrap();
        let served = async |request| router.oneshot(request).await.unwrap();
        let response = render(request, |request| catch(request, served)).await;
        let status = response.status().as_u16();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_panic_gives_a_problem_with_nothing_but_the_trace() {
        let (status, body) =
            answered(axum::Router::new().route("/", get(async || -> () { panic!("secret") }))).await;
        assert_eq!((status, &body["type"]), (500, &json!("urn:mensajeria:problem:internal")));
        assert!(!body.to_string().contains("secret"));
        assert_eq!(body["trace_id"].as_str().unwrap().len(), 32);
    }

    #[tokio::test]
    async fn a_bare_refusal_of_a_lower_layer_becomes_a_problem() {
        let router =
            axum::Router::new().route("/", get(async || (StatusCode::BAD_REQUEST, "Failed to deserialize")));
        let (status, body) = answered(router).await;
        assert_eq!((status, &body["title"]), (400, &json!("La solicitud no se entiende")));
        assert_eq!(answered(axum::Router::new()).await.0, 404);
    }

    #[test]
    fn a_status_from_below_finds_its_kind() {
        assert_eq!(Kind::of_status(StatusCode::METHOD_NOT_ALLOWED), Kind::MethodNotAllowed);
        assert_eq!(Kind::of_status(StatusCode::IM_A_TEAPOT), Kind::Malformed);
        assert_eq!(Kind::of_status(StatusCode::BAD_GATEWAY), Kind::Internal);
    }
}
