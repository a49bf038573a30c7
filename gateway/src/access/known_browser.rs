//! Known browsers: a cookie proves that a browser has logged in to an account before (OWASP, «Device cookies»). The
//! cookie grants no access. It only gives the browser a failure count of its own, which strangers cannot use up.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use commands::log::Keys;

use super::cookie;

/// How many accounts a browser is known for; the least recent login is dropped. Workers share computers.
const ACCOUNTS_MAX: usize = 8;
/// The length of a browser's id, in bytes.
const ID_BYTES: usize = 16;
/// The length of the proof of a login, in bytes: a truncated HMAC-SHA-256.
const PROOF_BYTES: usize = 16;
/// Separates these proofs from every other use of the same key.
const PURPOSE: &[u8] = b"known browser";

/// The random id of a browser, meaningless elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BrowserId([u8; ID_BYTES]);

/// A browser with a proof for each account that has logged in with it, the latest first.
///
/// The cookie is `id.proof.proof…` in base64url. A proof is an HMAC over the id and one account, so it can neither be
/// forged nor be moved to another browser or account. The server stores nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBrowser {
    id: BrowserId,
    proofs: Vec<[u8; PROOF_BYTES]>,
}

impl KnownBrowser {
    /// A browser without any login yet.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        let mut id = [0; ID_BYTES];
        rand::fill(&mut id)?;
        Ok(Self { id: BrowserId(id), proofs: Vec::new() })
    }

    /// The browser named by a request's cookie. A malformed cookie is ignored.
    pub(crate) fn presented(headers: &HeaderMap, secure: bool) -> Option<Self> {
        let mut parts = cookie::BROWSER.value_in(headers, secure)?.split('.');
        let id = BrowserId(decoded(parts.next()?)?);
        let proofs = parts.take(ACCOUNTS_MAX).map(decoded).collect::<Option<_>>()?;
        Some(Self { id, proofs })
    }

    /// The browser's id, if the browser has logged in to the account before.
    pub(crate) fn known_to(&self, keys: &Keys, account: &[u8]) -> Option<BrowserId> {
        let expected = self.proof(keys, account);
        let is_it = |proof: &[u8; PROOF_BYTES]| verify_slices_are_equal(proof, &expected).is_ok();
        self.proofs.iter().any(is_it).then_some(self.id)
    }

    /// The same browser after a login to the account.
    pub(crate) fn after_login(mut self, keys: &Keys, account: &[u8]) -> Self {
        let proof = self.proof(keys, account);
        self.proofs.retain(|known| *known != proof);
        self.proofs.insert(0, proof);
        self.proofs.truncate(ACCOUNTS_MAX);
        self
    }

    /// The `Set-Cookie` header of the browser.
    pub(crate) fn cookie(&self, secure: bool) -> HeaderValue {
        let parts = std::iter::once(&self.id.0).chain(&self.proofs);
        let text: Vec<String> = parts.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).collect();
        cookie::BROWSER.header(&text.join("."), cookie::BROWSER_LIFETIME, secure)
    }

    fn proof(&self, keys: &Keys, account: &[u8]) -> [u8; PROOF_BYTES] {
        let whole = keys.fingerprint(&[PURPOSE, &self.id.0, account]);
        *whole.first_chunk().expect("HMAC-SHA-256 is longer than a proof")
    }
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
impl BrowserId {
    pub(super) const fn of(byte: u8) -> Self {
        Self([byte; ID_BYTES])
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use commands::log::MasterKey;
    use sqlx::PgPool;

    use super::*;

    fn keys(key: u8) -> Keys {
        let nowhere = PgPool::connect_lazy("postgres://localhost/none").unwrap();
        Keys::new(nowhere, &MasterKey::new([key; 32]))
    }

    fn sent_back(browser: &KnownBrowser) -> Option<KnownBrowser> {
        let set = browser.cookie(true);
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        let headers = HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())]);
        KnownBrowser::presented(&headers, true)
    }

    #[tokio::test]
    async fn a_browser_is_known_to_the_accounts_that_logged_in_with_it_and_to_no_other() {
        let keys = keys(1);
        let browser = KnownBrowser::generate().unwrap().after_login(&keys, b"ana");
        let back = sent_back(&browser.after_login(&keys, b"luis")).unwrap();
        assert_eq!(back.known_to(&keys, b"ana"), Some(back.id));
        assert_eq!(back.known_to(&keys, b"luis"), Some(back.id));
        assert_eq!(back.known_to(&keys, b"eva"), None);
    }

    #[tokio::test]
    async fn a_proof_is_worth_nothing_in_another_browser_or_under_another_key() {
        let ours = keys(1);
        let browser = KnownBrowser::generate().unwrap().after_login(&ours, b"ana");
        let moved = KnownBrowser { proofs: browser.proofs.clone(), ..KnownBrowser::generate().unwrap() };
        assert_eq!(moved.known_to(&ours, b"ana"), None);
        assert_eq!(browser.known_to(&keys(2), b"ana"), None);
    }

    #[tokio::test]
    async fn the_account_that_logged_in_longest_ago_is_dropped_first() {
        let keys = keys(1);
        let mut browser = KnownBrowser::generate().unwrap();
        for account in [0, 1, 2, 3, 0, 4, 5, 6, 7, 8] {
            browser = browser.after_login(&keys, &[account]);
        }
        assert_eq!(browser.known_to(&keys, &[1]), None);
        assert!((2..9).chain([0]).all(|account| browser.known_to(&keys, &[account]).is_some()));
        assert_eq!(sent_back(&browser), Some(browser));
    }

    #[test]
    fn a_cookie_of_another_shape_is_ignored() {
        for value in ["", "x", "....", "AAAAAAAAAAAAAAAAAAAAAA.x", "AAAAAAAAAAAAAAAAAAAAAA.", "ñ"] {
            let cookie = format!("__Host-mensajeria-browser={value}");
            let headers =
                HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap())]);
            assert_eq!(KnownBrowser::presented(&headers, true), None, "{value}");
        }
    }
}
