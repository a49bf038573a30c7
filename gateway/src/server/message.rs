//! The checks of HTTP's rules that hyper leaves to the application.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Version, header};
use axum::response::{IntoResponse, Response};

use crate::problem::{Fault, Kind, Problem, Reason};

/// Refuses a request that breaks HTTP's rules, or whose body has an unsupported coding.
pub(super) async fn refuse_faulty<F: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let headers = request.headers();
    if !names_one_host(request.version(), headers) {
        return closing(of_header("Host", Kind::Malformed, Reason::Host));
    }
    if !is_chunked_only(headers) {
        return closing(of_header("Transfer-Encoding", Kind::NotImplemented, Reason::TransferCoding));
    }
    if !is_identity(headers) {
        let problem = of_header("Content-Encoding", Kind::UnsupportedMediaType, Reason::Encoded);
        // RFC 9110, 15.5.16 and 12.5.3: the answer names the supported coding.
        return ([(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))], problem).into_response();
    }
    answer(request).await
}

fn of_header(name: &str, kind: Kind, reason: Reason) -> Problem {
    Problem { faults: vec![Fault::in_header(name, reason.clone())], ..Problem::new(kind).because(reason) }
}

/// When two servers may disagree on the bounds of a request, the rest of the connection cannot be trusted.
fn closing(problem: Problem) -> Response {
    ([(header::CONNECTION, HeaderValue::from_static("close"))], problem).into_response()
}

/// RFC 9112, 3.2: exactly one valid `Host`; HTTP/1.0 may omit it.
fn names_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).into_iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => is_host(host.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}

/// RFC 9110, 7.2: `uri-host [ ":" port ]`, empty where the target has no authority.
fn is_host(value: &[u8]) -> bool {
    value.is_empty() || (!value.contains(&b'@') && Authority::try_from(value).is_ok())
}

/// RFC 9112, 6.1: `chunked` is the only supported transfer coding, and must be named once. With both `Content-Length`
/// and `Transfer-Encoding` hyper reads the body as chunked and closes the connection after the answer (RFC 9112, 6.3).
fn is_chunked_only(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).into_iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// RFC 9110, 8.4.1: `identity` means no coding.
fn is_identity(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING).into_iter();
    codings
        .map(HeaderValue::as_bytes)
        .all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;

    use super::*;

    async fn status(version: Version, headers: &[(&'static str, &'static str)]) -> u16 {
        let mut request = Request::post("/").version(version).body(Body::empty()).unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        refuse_faulty(request, async |_| StatusCode::OK.into_response()).await.status().as_u16()
    }

    #[tokio::test]
    async fn a_request_names_one_host() {
        for host in ["a", "a.example:8080", "127.0.0.1", "[::1]:80", ""] {
            assert_eq!(status(Version::HTTP_11, &[("host", host)]).await, 200, "{host}");
        }
        assert_eq!(status(Version::HTTP_10, &[]).await, 200);
        assert_eq!(status(Version::HTTP_11, &[]).await, 400);
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert_eq!(status(version, &[("host", "a"), ("host", "a")]).await, 400);
            for host in ["a b", "user@a", "a/b", "[::1"] {
                assert_eq!(status(version, &[("host", host)]).await, 400, "{host}");
            }
        }
    }

    #[tokio::test]
    async fn a_body_comes_as_it_is_or_in_chunks_and_in_no_other_coding() {
        let one = async |name, value| status(Version::HTTP_11, &[("host", "a"), (name, value)]).await;
        for (name, value, expected) in [
            ("transfer-encoding", "chunked", 200),
            ("transfer-encoding", "Chunked", 200),
            ("transfer-encoding", "gzip, chunked", 501),
            ("transfer-encoding", "chunked, chunked", 501),
            ("transfer-encoding", "identity", 501),
            ("content-encoding", "identity", 200),
            ("content-encoding", "", 200),
            ("content-encoding", "gzip", 415),
            ("content-encoding", "identity, br", 415),
        ] {
            assert_eq!(one(name, value).await, expected, "{name}: {value}");
        }
        let twice = [("host", "a"), ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")];
        assert_eq!(status(Version::HTTP_11, &twice).await, 501);
    }
}
