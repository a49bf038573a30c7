//! The session cookie (RFC 6265bis).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use super::token::Token;

/// How long a session lasts: the longest shift and its handover.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(16 * 60 * 60);

/// The cookie where it can be `Secure`: the prefix makes browsers hold it to this host and path.
const SECURE_NAME: &str = "__Host-mensajeria";
/// The cookie of `dev` on plain http beyond this machine, where browsers drop `Secure` ones without a word.
const PLAIN_NAME: &str = "mensajeria";

/// The header that gives a browser its session.
pub(crate) fn session_cookie(token: &Token, secure: bool) -> HeaderValue {
    cookie(token.as_str(), SESSION_LIFETIME.as_secs(), secure)
}

/// The header that takes it away.
pub(crate) fn cleared_cookie(secure: bool) -> HeaderValue {
    cookie("", 0, secure)
}

/// The session token among a request's cookies.
pub(super) fn token_in(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == name_of(secure)).then_some(value))
}

fn cookie(value: &str, max_age_s: u64, secure: bool) -> HeaderValue {
    let attribute = if secure { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{attribute}",
        name_of(secure)
    );
    HeaderValue::try_from(text).expect("a token is base64url, which any header may carry")
}

const fn name_of(secure: bool) -> &'static str {
    if secure { SECURE_NAME } else { PLAIN_NAME }
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
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=1; mensajeria=plain; __Host-mensajeria=abc".parse().unwrap());
        assert_eq!(token_in(&headers, true), Some("abc"));
        assert_eq!(token_in(&headers, false), Some("plain"));
        assert_eq!(token_in(&HeaderMap::new(), true), None);
    }
}
