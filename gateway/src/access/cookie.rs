//! The cookies (RFC 6265bis): the session cookie and the known-browser cookie.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use super::token::Token;

/// How long a session lasts: the longest shift and its handover.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(16 * 60 * 60);
/// How long a browser stays known after a login: the longest lifetime that browsers accept (RFC 6265bis, 5.5).
pub(super) const BROWSER_LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The session cookie.
const SESSION: Name = Name { secure: "__Host-mensajeria", plain: "mensajeria" };
/// The known-browser cookie.
pub(super) const BROWSER: Name = Name { secure: "__Host-mensajeria-browser", plain: "mensajeria-browser" };

/// The two names of a cookie.
pub(super) struct Name {
    /// The name over https. Browsers bind a `__Host-` cookie to this host and path.
    secure: &'static str,
    /// The name in `dev` on plain http beyond this machine, where browsers silently drop `Secure` cookies.
    plain: &'static str,
}

/// The `Set-Cookie` header that sets the session.
pub(crate) fn session_cookie(token: &Token, secure: bool) -> HeaderValue {
    SESSION.header(token.as_str(), SESSION_LIFETIME, secure)
}

/// The `Set-Cookie` header that deletes the session.
pub(crate) fn cleared_cookie(secure: bool) -> HeaderValue {
    SESSION.header("", Duration::ZERO, secure)
}

/// The session token among a request's cookies.
pub(super) fn token_in(headers: &HeaderMap, secure: bool) -> Option<&str> {
    SESSION.value_in(headers, secure)
}

impl Name {
    /// The `Set-Cookie` header for a value. The value must consist of characters that are valid in a header.
    pub(super) fn header(&self, value: &str, lifetime: Duration, secure: bool) -> HeaderValue {
        let (name, max_age_s) = (self.of(secure), lifetime.as_secs());
        let attribute = if secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{attribute}");
        HeaderValue::try_from(text).expect("values are base64url and dots, which any header may carry")
    }

    /// The value among a request's cookies.
    pub(super) fn value_in<'a>(&self, headers: &'a HeaderMap, secure: bool) -> Option<&'a str> {
        let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(name, value)| (name == self.of(secure)).then_some(value))
    }

    const fn of(&self, secure: bool) -> &'static str {
        if secure { self.secure } else { self.plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_held_by_a_cookie_that_no_script_and_no_other_host_can_read() {
        let token = Token::generate().unwrap();
        let secure = session_cookie(&token, true);
        let expected = format!(
            "__Host-mensajeria={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=57600; Secure",
            token.as_str()
        );
        assert_eq!(secure.to_str().unwrap(), expected);
        assert!(!session_cookie(&token, false).to_str().unwrap().contains("Secure"));
        assert!(cleared_cookie(true).to_str().unwrap().contains("Max-Age=0"));
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        let cookies = "a=1; mensajeria=plain; __Host-mensajeria-browser=b; __Host-mensajeria=abc";
        headers.insert(header::COOKIE, cookies.parse().unwrap());
        assert_eq!(token_in(&headers, true), Some("abc"));
        assert_eq!(token_in(&headers, false), Some("plain"));
        assert_eq!(BROWSER.value_in(&headers, true), Some("b"));
        assert_eq!(token_in(&HeaderMap::new(), true), None);
    }
}
