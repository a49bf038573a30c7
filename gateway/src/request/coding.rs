//! The codings that a caller accepts, by `Accept-Encoding` (RFC 9110, 12.5.3).

use axum::http::{HeaderMap, header};

/// Whether the caller names this coding, and not with the weight 0.
pub(crate) fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|accepted| {
        let mut parts = accepted.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        is_named && !parts.any(is_zero)
    })
}

fn is_zero(weight: &str) -> bool {
    weight.strip_prefix("q=").is_some_and(|q| q.parse::<f32>() == Ok(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_accepted_if_it_is_named_with_a_weight() {
        let accepts = |value: &str, coding| {
            let headers = [(header::ACCEPT_ENCODING, value.parse().unwrap())].into_iter().collect();
            accepts(&headers, coding)
        };
        for accepted in ["br", "gzip, deflate, br", "GZIP;q=0.1,BR", "br;q=1.0"] {
            assert!(accepts(accepted, "br"), "{accepted}");
        }
        for other in ["", "gzip", "br;q=0", "br; q=0.0", "brotli", "*"] {
            assert!(!accepts(other, "br"), "{other}");
        }
        assert!(!super::accepts(&HeaderMap::new(), "br"));
    }
}
