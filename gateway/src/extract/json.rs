//! JSON bodies as typed values, with every fault reported.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::body::BodyBounds;
use super::fields::{Fields, FromFields, Spot};
use super::strict;
use crate::admission::RequestPermit;
use crate::problem::{Answer, Fault, Faults, Kind, Problem, Reason};

/// The body of an endpoint open to callers that are not logged in, so its limit is small. An empty body counts as `{}`.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

impl<T: FromFields, S: Send + Sync> FromRequest<S> for ValidJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Answer<Self> {
        let (parts, body) = request.into_parts();
        let bytes = BodyBounds::STRANGER.read(&parts.headers, body).await?;
        RequestPermit::of(&parts.extensions).enter_as_stranger()?;
        read_json(&parts.headers, &bytes).map(|(value, _)| Self(value))
    }
}

/// Reads a body. Returns the value and its canonical JSON, which is the same for equal bodies.
///
/// # Errors
/// 400, 413 or 415 when the body is not JSON, 422 with its invalid fields.
pub fn read_json<T: FromFields>(headers: &HeaderMap, bytes: &[u8]) -> Answer<(T, String)> {
    let mut faults = Faults::default();
    let json = parse(headers, bytes, &mut faults)?;
    let canonical = serde_json::to_string(&json).expect("what was read as JSON can be written as JSON");
    match Fields::read(json, Spot::root(&mut faults)) {
        Some(value) if faults.is_empty() => Ok((value, canonical)),
        _ => Err(Problem::of_faults(Kind::Invalid, faults.into_vec())),
    }
}

fn parse(headers: &HeaderMap, bytes: &[u8], faults: &mut Faults) -> Answer<Value> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    refuse_other_types(headers)?;
    strict::parse(bytes, faults).map_err(|reason| {
        let kind = match reason {
            Reason::TooManyValues { .. } => Kind::TooLarge,
            _ => Kind::Malformed,
        };
        Problem { faults: vec![Fault::in_body("", reason.clone())], ..Problem::new(kind).because(reason) }
    })
}

/// A body without a content type counts as JSON. A form from another site always has a content type of its own.
fn refuse_other_types(headers: &HeaderMap) -> Answer<()> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(Kind::UnsupportedMediaType).because(Reason::NotJsonType))
}

#[cfg(test)]
mod tests {
    use domain::value::Name;

    use super::*;

    #[derive(Debug)]
    struct Named(Name);

    impl FromFields for Named {
        fn read(fields: &mut Fields<'_>) -> Option<Self> {
            Some(Self(fields.required("name")?))
        }
    }

    fn read(content_type: &str, body: &[u8]) -> Answer<(Named, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        read_json(&headers, body)
    }

    #[test]
    fn equal_bodies_have_one_form_whatever_their_order_and_spaces() {
        let (value, one) = read("application/json; charset=utf-8", br#"{"name": "Ana"}"#).unwrap();
        assert_eq!(value.0.as_str(), "Ana");
        assert_eq!(one, r#"{"name":"Ana"}"#);
        let canonical =
            |text: &[u8]| parse(&HeaderMap::new(), text, &mut Faults::default()).unwrap().to_string();
        assert_eq!(canonical(br#"{"b":1, "a":2}"#), canonical(br#"{"a":2,"b":1}"#));
    }

    #[test]
    fn an_empty_body_lacks_its_fields() {
        let problem = read("application/json", b" \n").unwrap_err();
        assert_eq!((problem.status().as_u16(), problem.faults[0].pointer.as_str()), (422, "/name"));
    }

    #[test]
    fn another_type_than_json_is_refused() {
        assert_eq!(read("text/plain", b"{}").unwrap_err().kind, Kind::UnsupportedMediaType);
    }

    #[test]
    fn a_body_that_is_not_json_is_malformed_not_invalid() {
        assert_eq!(read("application/json", b"{\"name\": \"\xff\"}").unwrap_err().kind, Kind::Malformed);
        assert_eq!(read("application/json", b"{").unwrap_err().kind, Kind::Malformed);
    }
}
