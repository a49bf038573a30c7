//! The compression of the API's answers. Files of the web app are compressed when it is built, and streams never.

use std::io::{self, Write};

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::request::accepts;

/// A smaller answer fits into one packet anyway.
const BYTES_MIN: u64 = 1_024;
/// The level that costs the least time: lists of messages get to a fifth of their size with it.
const LEVEL: Compression = Compression::fast();

/// Compresses a JSON answer to a reading request that accepts gzip. Decision 0053 says why only to those, and not from other
/// sites: the length of a compressed answer tells of its content (BREACH).
pub(super) async fn compress<F: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let may_compress = request.method() == Method::GET
        && accepts(request.headers(), "gzip")
        && !is_from_another_site(request.headers());
    let response = answer(request).await;
    if may_compress && is_compressible(&response) { compressed(response).await } else { response }
}

fn is_from_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin")
}

/// A body of known length is in memory already; a stream has none.
fn is_compressible(response: &Response) -> bool {
    let headers = response.headers();
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let is_plain =
        [header::CONTENT_ENCODING, header::SET_COOKIE].iter().all(|name| !headers.contains_key(name));
    let length = response.body().size_hint().exact();
    is_json && is_plain && length.is_some_and(|length| length >= BYTES_MIN)
}

async fn compressed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // A body in memory cannot fail to be read.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Response::from_parts(parts, Body::empty());
    };
    parts.headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let Ok(small) = gzip(&bytes) else { return Response::from_parts(parts, Body::from(bytes)) };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(parts, Body::from(small))
}

fn gzip(bytes: &Bytes) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), LEVEL);
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    const GZIP: (&str, &str) = ("accept-encoding", "gzip, deflate, br");

    fn json() -> Response {
        let body = format!("[{}]", vec!["\"the same words\""; 200].join(","));
        let mut response = Response::new(Body::from(body));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    async fn answered(method: Method, headers: &[(&str, &str)], response: Response) -> Response {
        let request = headers
            .iter()
            .fold(Request::builder().method(method), |request, (name, value)| request.header(*name, *value));
        compress(request.body(Body::empty()).unwrap(), async |_| response).await
    }

    fn is_gzip(response: &Response) -> bool {
        response.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "gzip")
    }

    #[tokio::test]
    async fn a_read_that_accepts_gzip_gets_the_same_bytes_smaller() {
        let plain = to_bytes(json().into_body(), usize::MAX).await.unwrap();
        let response = answered(Method::GET, &[GZIP], json()).await;
        assert!(is_gzip(&response));
        assert_eq!(response.headers()[header::VARY], "Accept-Encoding");
        let small = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(small.len() * 5 < plain.len());
        let mut read = Vec::new();
        GzDecoder::new(&small[..]).read_to_end(&mut read).unwrap();
        assert_eq!(read, plain);
    }

    #[tokio::test]
    async fn an_answer_is_not_compressed_for_a_caller_that_does_not_accept_gzip() {
        for coding in ["br", "identity", "gzip;q=0", "gzip; q=0.0"] {
            assert!(
                !is_gzip(&answered(Method::GET, &[("accept-encoding", coding)], json()).await),
                "{coding}"
            );
        }
        assert!(!is_gzip(&answered(Method::GET, &[], json()).await));
    }

    #[tokio::test]
    async fn an_answer_to_a_write_or_to_another_site_is_not_compressed() {
        assert!(!is_gzip(&answered(Method::POST, &[GZIP], json()).await));
        for (site, is_small) in
            [("same-origin", true), ("cross-site", false), ("same-site", false), ("none", false)]
        {
            let response = answered(Method::GET, &[GZIP, ("sec-fetch-site", site)], json()).await;
            assert_eq!(is_gzip(&response), is_small, "{site}");
        }
    }

    #[tokio::test]
    async fn a_stream_a_short_answer_and_one_with_a_cookie_are_not_compressed() {
        let chunks = futures::stream::iter([Ok::<_, io::Error>(Bytes::from(vec![b' '; 2_048]))]);
        let stream = json().map(|_| Body::from_stream(chunks));
        assert!(!is_gzip(&answered(Method::GET, &[GZIP], stream).await));
        let short = json().map(|_| Body::from("[]"));
        assert!(!is_gzip(&answered(Method::GET, &[GZIP], short).await));
        let mut events = json();
        events.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        assert!(!is_gzip(&answered(Method::GET, &[GZIP], events).await));
        let mut cookie = json();
        cookie.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_static("session=x"));
        assert!(!is_gzip(&answered(Method::GET, &[GZIP], cookie).await));
    }
}
