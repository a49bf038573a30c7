//! The header `Idempotency-Key`, and the fingerprint of a request.

use axum::http::{HeaderMap, Method, Uri};
use commands::log::Keys;
use commands::{Idempotency, clock};
use domain::value::UserId;

use crate::problem::{Answer, Fault, Kind, Problem, Reason};

/// The header's name.
const HEADER: &str = "Idempotency-Key";
/// The longest key, in characters.
const KEY_MAX: usize = 255;

/// Whether an endpoint takes an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// 400 without a key.
    Required,
    /// The key is optional.
    Accepted,
    /// The header is ignored.
    Ignored,
}

/// The key of a request, if it has one.
///
/// # Errors
/// 400 when the key is not 1 to 255 visible ASCII characters, is repeated, or is missing where it is required.
pub fn read_key(headers: &HeaderMap, policy: Key) -> Answer<Option<&str>> {
    if policy == Key::Ignored {
        return Ok(None);
    }
    let mut values = headers.get_all(HEADER).into_iter();
    match (values.next(), values.next()) {
        (None, _) if policy == Key::Required => Err(refused(Reason::KeyMissing)),
        (None, _) => Ok(None),
        (Some(value), None) => visible(value.as_bytes()).map(Some).ok_or_else(|| refused(Reason::KeyInvalid)),
        (Some(_), Some(_)) => Err(refused(Reason::KeyInvalid)),
    }
}

fn visible(value: &[u8]) -> Option<&str> {
    let fits = (1..=KEY_MAX).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
    fits.then(|| std::str::from_utf8(value).ok()).flatten()
}

fn refused(reason: Reason) -> Problem {
    Problem {
        faults: vec![Fault::in_header(HEADER, reason.clone())],
        ..Problem::new(Kind::Malformed).because(reason)
    }
}

/// The fingerprint that a repeated request must match to get the first answer. A request without a key is stored under
/// a fresh id: its row tells every process the position of the caller's last write.
pub fn fingerprint_of(
    keys: &Keys,
    caller: UserId,
    key: Option<&str>,
    (method, uri): (&Method, &Uri),
    body: &[u8],
) -> Idempotency {
    let query = uri.query().unwrap_or_default();
    let asked: [&[u8]; 4] = [method.as_str().as_bytes(), uri.path().as_bytes(), query.as_bytes(), body];
    let same = Idempotency::new(keys, caller, key.unwrap_or_default(), &asked);
    match key {
        Some(_) => same,
        None => Idempotency { command_id: clock::new_id(), ..same },
    }
}

#[cfg(test)]
mod tests {
    use commands::log::MasterKey;
    use sqlx::PgPool;
    use uuid::Uuid;

    use super::*;

    fn read(values: &[&[u8]], policy: Key) -> Answer<Option<String>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, axum::http::HeaderValue::from_bytes(value).unwrap());
        }
        read_key(&headers, policy).map(|key| key.map(str::to_owned))
    }

    #[test]
    fn a_key_is_1_to_255_visible_ascii_characters() {
        let long = "x".repeat(255);
        for good in ["k", "!~", long.as_str()] {
            assert_eq!(read(&[good.as_bytes()], Key::Accepted).unwrap().as_deref(), Some(good));
        }
        let too_long = "x".repeat(256);
        for bad in [b"".as_slice(), b"a b", "ñ".as_bytes(), b"a\tb", too_long.as_bytes()] {
            let problem = read(&[bad], Key::Accepted).unwrap_err();
            assert_eq!(
                (problem.kind, problem.faults[0].reason.clone()),
                (Kind::Malformed, Reason::KeyInvalid)
            );
        }
        assert!(read(&[b"a", b"b"], Key::Accepted).is_err());
    }

    #[test]
    fn a_key_may_be_missing_unless_it_is_required() {
        assert_eq!(read(&[], Key::Accepted), Ok(None));
        assert_eq!(read(&[], Key::Required).unwrap_err().status().as_u16(), 400);
        assert_eq!(read(&["ñ".as_bytes()], Key::Ignored), Ok(None));
    }

    /// The keys of a log that is never read.
    fn keys(master: u8) -> Keys {
        let pool = PgPool::connect_lazy("postgres://127.0.0.1:1/nothing").unwrap();
        Keys::new(pool, &MasterKey::new([master; 32]))
    }

    #[tokio::test]
    async fn requests_are_the_same_when_caller_method_path_and_body_are() {
        let (keys, caller) = (keys(1), UserId::from(Uuid::from_u128(1)));
        let asked = |key, path: &'static str, body: &[u8]| {
            fingerprint_of(&keys, caller, key, (&Method::POST, &Uri::from_static(path)), body)
        };
        assert_eq!(asked(Some("k"), "/a", b"{}"), asked(Some("k"), "/a", b"{}"));
        assert_ne!(asked(Some("k"), "/a", b"{}").fingerprint, asked(Some("k"), "/b", b"{}").fingerprint);
        assert_ne!(asked(Some("k"), "/a", b"{}").fingerprint, asked(Some("k"), "/a", b"[]").fingerprint);
        assert_ne!(asked(None, "/a", b"{}").command_id, asked(None, "/a", b"{}").command_id);
    }

    #[tokio::test]
    async fn a_fingerprint_cannot_be_guessed_without_the_master_key() {
        let caller = UserId::from(Uuid::from_u128(1));
        let kept = |master| {
            let asked = (&Method::POST, &Uri::from_static("/users"));
            fingerprint_of(&keys(master), caller, None, asked, br#"{"password":"secreto"}"#).fingerprint
        };
        assert_ne!(kept(1), kept(2));
    }
}
