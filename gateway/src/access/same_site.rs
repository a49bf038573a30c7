//! Protection against cross-site requests: browsers attach the cookie to other sites' requests too.

use axum::http::{HeaderMap, Method, header};

use crate::problem::{Answer, Kind, Problem};
use crate::settings::Settings;

/// Refuses an unsafe method from another site. A request without an origin comes from no browser: current browsers send
/// `Origin` with every unsafe method (Fetch, 3.2.4), and the cookie is `SameSite`.
pub(crate) fn refuse_other_sites(method: &Method, headers: &HeaderMap, settings: &Settings) -> Answer<()> {
    if method.is_safe() {
        return Ok(());
    }
    let own = match (text(headers, "sec-fetch-site"), text(headers, "origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => is_own(origin, headers, settings),
        (None, None) => true,
    };
    if own { Ok(()) } else { Err(Problem::new(Kind::CrossSite)) }
}

/// Whether the origin is that of the public URL, or of the request's own host.
fn is_own(origin: &str, headers: &HeaderMap, settings: &Settings) -> bool {
    let public = settings.public_url.as_ref().map(|url| url.origin().ascii_serialization());
    let host = text(headers, header::HOST.as_str());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    public.as_deref() == Some(origin) || (host.is_some() && authority == host)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(method: Method, headers: &[(&'static str, &str)]) -> bool {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let settings = Settings {
            public_url: Some("https://avisos.example/app".parse().unwrap()),
            ..Settings::default()
        };
        refuse_other_sites(&method, &headers, &settings).is_ok()
    }

    #[test]
    fn a_write_by_cookie_must_come_from_our_own_pages() {
        let write = |headers: &[(&'static str, &str)]| allowed(Method::POST, headers);
        assert!(write(&[("sec-fetch-site", "same-origin")]));
        assert!(write(&[("sec-fetch-site", "none")]));
        assert!(write(&[("origin", "https://avisos.example"), ("host", "internal:8080")]));
        assert!(write(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(!write(&[("sec-fetch-site", "same-site")]));
        assert!(!write(&[("sec-fetch-site", "cross-site"), ("origin", "https://avisos.example")]));
        assert!(!write(&[("origin", "https://evil.example"), ("host", "127.0.0.1:8080")]));
        assert!(!write(&[("origin", "null"), ("host", "127.0.0.1:8080")]));
        assert!(!write(&[("origin", "https://evil.example")]));
    }

    #[test]
    fn a_read_may_come_from_anywhere() {
        assert!(allowed(Method::GET, &[("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn a_program_need_not_say_where_it_is_from() {
        assert!(allowed(Method::POST, &[]));
        assert!(!allowed(Method::POST, &[("origin", "https://evil.example")]));
    }
}
