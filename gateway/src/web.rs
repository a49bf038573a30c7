//! The web app, embedded in the executable: its files by path, and one page for every path of the app.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use include_dir::{Dir, File, include_dir};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use crate::problem::Problem;
use crate::request::accepts;

/// Vite's output, from `build.rs`.
static APP: Dir<'_> = include_dir!("$MENSAJERIA_UI_DIST_DIR");

/// The app's page; its scripts choose the screen by the path.
const PAGE: &str = "index.html";
/// Vite's folder of files with a content hash in their names: they never change.
const HASHED: &str = "assets/";
/// The prefixes of paths for programs, in any version of the API, and of links to unsubscribe: unknown ones get 404 instead
/// of the page.
const PROGRAMS: [&str; 5] = ["api", "livez", "readyz", "metrics", "u"];
/// The codings of the compressed forms that the build has written beside the files, smallest first, with the endings of
/// their names.
const CODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];
/// The allowed methods of a file.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// Serves every path outside of the API.
pub(crate) async fn serve(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if is_for_programs(path) {
        return Problem::not_found().into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, METHODS)]).into_response();
    }
    match APP.get_file(path).filter(|file| !is_coded(file)) {
        Some(file) => answer(file, &request),
        // A missing file is 404; a path of the app is the page.
        None if path.starts_with(HASHED) => StatusCode::NOT_FOUND.into_response(),
        None => APP
            .get_file(PAGE)
            .map_or_else(|| StatusCode::NOT_FOUND.into_response(), |page| answer(page, &request)),
    }
}

/// In any spelling: in capitals, escaped, with empty segments before it.
fn is_for_programs(path: &str) -> bool {
    let path = percent_decode_str(path).decode_utf8_lossy();
    let first = path.split(['/', '\\']).find(|segment| !matches!(*segment, "" | "." | ".."));
    first.is_some_and(|first| PROGRAMS.iter().any(|name| first.eq_ignore_ascii_case(name)))
}

/// A file as it was built, or the smallest of its compressed forms that the browser accepts.
fn answer(file: &'static File<'_>, request: &Request) -> Response {
    let coded = CODINGS.into_iter().find_map(|(coding, ending)| {
        let small = APP.get_file(format!("{}.{ending}", file.path().display()))?;
        accepts(request.headers(), coding).then_some((coding, small))
    });
    let content = coded.map_or(file, |(_, small)| small).contents();
    let tag = tag(content);
    let cache = if file.path().starts_with(HASHED) { FOR_EVER } else { ASK_EACH_TIME };
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind(file)));
    headers.insert(CACHE_CONTROL, cache);
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some((coding, _)) = coded {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    if request.headers().get(IF_NONE_MATCH) == Some(&tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
    response.headers_mut().insert(ETAG, tag);
    response
}

/// Whether this is the compressed form of another file.
fn is_coded(file: &File<'_>) -> bool {
    let ending = file.path().extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| CODINGS.iter().any(|(_, coded)| *coded == ending))
}

fn tag(content: &[u8]) -> HeaderValue {
    let hash = hex::encode(&Sha256::digest(content)[..16]);
    HeaderValue::try_from(format!("\"{hash}\"")).expect("hexadecimal digits are valid in a header")
}

fn kind(file: &File<'_>) -> &'static str {
    match file.path().extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT_ENCODING;

    use super::*;

    async fn get(path: &str) -> Response {
        serve(Request::get(path).body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn every_path_of_the_app_is_the_page() {
        for path in ["/", "/mensajes", "/notificaciones/0192"] {
            let response = get(path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8", "{path}");
        }
    }

    #[tokio::test]
    async fn paths_that_look_like_the_api_never_get_the_page() {
        for path in [
            "/api",
            "/api/",
            "/api/v2/users",
            "/api/x",
            "/API/V1/me",
            "/Api",
            "//api/v1/me",
            "/./api/v1",
            "/api%2Fv1/me",
            "/%61pi/v1",
            "/api%5Cv1",
            "/api/v1//me",
            "/livez/",
            "/Readyz",
            "/metrics/x",
        ] {
            let response = get(path).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            assert!(response.extensions().get::<Problem>().is_some(), "{path}");
        }
        for path in ["/apis", "/mensajes/api", "/%ff"] {
            assert_eq!(get(path).await.status(), StatusCode::OK, "{path}");
        }
    }

    #[tokio::test]
    async fn a_write_to_a_page_is_405_with_the_allowed_methods() {
        let response = serve(Request::post("/mensajes").body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "GET, HEAD");
    }

    #[tokio::test]
    async fn a_missing_asset_is_missing() {
        assert_eq!(get("/assets/none.js").await.status(), StatusCode::NOT_FOUND);
    }

    async fn get_as(path: &str, codings: &str) -> Response {
        serve(Request::get(path).header(ACCEPT_ENCODING, codings).body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn the_page_is_sent_in_the_smallest_form_that_the_browser_accepts() {
        let mut lengths = Vec::new();
        for (codings, coding) in
            [("gzip, deflate, br", Some("br")), ("gzip", Some("gzip")), ("identity", None)]
        {
            let response = get_as("/", codings).await;
            assert_eq!(
                response.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes),
                coding.map(str::as_bytes)
            );
            assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(response.headers()[VARY], "Accept-Encoding");
            lengths.push(axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().len());
        }
        assert!(lengths.is_sorted_by(|a, b| a < b), "{lengths:?}");
    }

    #[tokio::test]
    async fn a_compressed_form_has_no_path_of_its_own() {
        assert_eq!(get("/index.html.br").await.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    }

    #[tokio::test]
    async fn an_unchanged_file_is_not_sent_again() {
        let tag = get("/").await.headers()[ETAG].clone();
        let again = Request::get("/").header(IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
        assert_eq!(serve(again).await.status(), StatusCode::NOT_MODIFIED);
    }
}
