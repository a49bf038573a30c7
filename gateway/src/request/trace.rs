//! The trace of a request (W3C Trace Context).

use axum::http::HeaderMap;
use uuid::Uuid;

/// The trace of one request: the caller's trace, or a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trace {
    id: Uuid,
    traceparent: Option<String>,
}

impl Trace {
    /// The trace in the headers, or a new one under `fresh`.
    pub(crate) fn of(headers: &HeaderMap, fresh: Uuid) -> Self {
        let value = headers.get("traceparent").and_then(|value| value.to_str().ok());
        match value.and_then(|value| Some((trace_id(value)?, value))) {
            Some((id, value)) => Self { id, traceparent: Some(value.to_owned()) },
            None => Self { id: fresh, traceparent: None },
        }
    }

    /// The trace id: 32 hexadecimal digits.
    pub(crate) fn id(&self) -> String {
        self.id.simple().to_string()
    }

    /// The trace id as a UUID: the correlation id of everything that the request causes.
    pub(crate) const fn correlation(&self) -> Uuid {
        self.id
    }

    /// The caller's trace context, if there was one.
    pub(crate) fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }
}

/// The trace id of `00-<32 hex>-<16 hex>-<2 hex>`, neither id all zeros.
fn trace_id(value: &str) -> Option<Uuid> {
    let lower_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&str> = value.splitn(5, '-').collect();
    let [version, trace, span, flags] = parts[..] else { return None };
    let sized = (version, trace.len(), span.len(), flags.len()) == ("00", 32, 16, 2);
    if !sized || ![trace, span, flags].into_iter().all(lower_hex) || span.bytes().all(|byte| byte == b'0') {
        return None;
    }
    Uuid::try_parse(trace).ok().filter(|id| !id.is_nil())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Uuid = Uuid::from_u128(7);

    fn trace(value: &str) -> Trace {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", value.parse().unwrap());
        Trace::of(&headers, FRESH)
    }

    #[test]
    fn a_callers_trace_goes_on() {
        let value = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(trace(value).id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace(value).traceparent(), Some(value));
    }

    #[test]
    fn anything_else_begins_a_new_one() {
        for value in [
            "",
            "00-0-0-0",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert_eq!(trace(value), Trace { id: FRESH, traceparent: None }, "{value}");
        }
    }
}
