//! `GET /openapi.json`: the description of the API, generated from its code.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, Content, Header, HeaderBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi,
    Ref, RefOr, Required, ResponseBuilder, Server, Type,
};
use utoipa::{PartialSchema, ToSchema};

use super::schema::{ProblemBody, ProblemError};
use super::{ROOT, enumerations};
use crate::extract::{STRANGER_BODY_BYTES_MAX, VALUES_MAX};
use crate::state::AppState;

/// The prefix of references to schemas.
const SCHEMAS: &str = "#/components/schemas/";
/// This path reads no view, so it has no `min_position`.
const SESSION: &str = "/session";
/// The paths of providers, which know no more than their own API.
const HOOKS: &str = "/hooks/";
/// POST endpoints that write nothing permanent: they ignore the idempotency key.
const WITHOUT_KEY: [&str; 2] = [SESSION, "/notifications/preview"];
/// This path answers without a position.
const WITHOUT_POSITION: &str = "/notifications/preview";

pub(super) fn router(document: OpenApi) -> Router<AppState> {
    let text: Arc<str> = self::document(document).to_json().unwrap_or_default().into();
    Router::new().route("/openapi.json", get(async move || answer(&text)))
}

fn answer(text: &str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Bytes::copy_from_slice(text.as_bytes())).into_response()
}

/// The document with the parts that all endpoints share.
pub(super) fn document(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Mensajería")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description()))
        .license(Some(LicenseBuilder::new().name("MIT").build()))
        .build();
    document.servers = Some(vec![Server::new(ROOT)]);
    let logged_in = |name: &str| SecurityRequirement::new(name, [] as [&str; 0]);
    document.security = Some(vec![logged_in("session"), logged_in("token")]);
    add_components(&mut document);
    for (path, item) in &mut document.paths.paths {
        complete_item(path, item);
    }
    close_requests(&mut document);
    enumerations::list(&mut document);
    document
}

fn description() -> String {
    format!(
        "Messages between workers, notifications to clients, and the proof of both. A request's body has at most 1 MiB \
         ({} KiB before a log-in, 1 GiB for an import) and {VALUES_MAX} JSON values, without a content coding. Limits of \
         texts are in characters and hold for bodies in plain UTF-8: `\\uXXXX` takes six bytes for one.\n\n\
         A parameter of a query without a value (`?state=`) counts as absent; only `dry_run` must say `true` or `false`.",
        STRANGER_BODY_BYTES_MAX / 1024
    )
}

fn add_components(document: &mut OpenApi) {
    let known = document.components.take().unwrap_or_default();
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("__Host-mensajeria")));
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let mut components = ComponentsBuilder::from(known)
        .security_scheme("session", cookie)
        .security_scheme("token", bearer)
        .schema(ProblemError::name(), ProblemError::schema())
        .schema(ProblemBody::name(), ProblemBody::schema())
        .build();
    let problem = ResponseBuilder::new()
        .description("The refusal or failure, in the reader's language (RFC 9457).")
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name(ProblemBody::name()))))
        .build();
    components.responses.insert("Problem".to_owned(), RefOr::T(problem));
    document.components = Some(components);
}

fn complete_item(path: &str, item: &mut PathItem) {
    let is_hook = path.starts_with(HOOKS);
    let operations = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    for (method, operation) in operations {
        if let Some(operation) = operation {
            operation.operation_id = Some(operation_id(method, path));
            if path != SESSION && !is_hook {
                add_parameter(operation, min_position());
            }
            if method != "get" && !WITHOUT_KEY.contains(&path) && !is_hook {
                add_parameter(operation, idempotency_key());
            }
            complete_responses(operation, if method == "get" { "The requested data." } else { "Done." });
            if method != "get" && path != WITHOUT_POSITION {
                add_position(operation);
            }
        }
    }
}

/// `post /companies/{id}/clients` gives `post_companies_id_clients`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn complete_responses(operation: &mut Operation, description: &str) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            response.description = description.to_owned();
        }
    }
    let problem = RefOr::Ref(Ref::from_response_name("Problem"));
    operation.responses.responses.entry("default".to_owned()).or_insert(problem);
}

/// Adds the position header to a write's answer.
fn add_position(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        if !response.content.is_empty() {
            response.headers.insert("Mensajeria-Position".to_owned(), RefOr::T(position()));
        }
    }
}

fn position() -> Header {
    let integer = ObjectBuilder::new().schema_type(Type::Integer).build();
    HeaderBuilder::new()
        .schema(Some(integer))
        .description(Some("The position of the log that includes it."))
        .build()
}

/// Adds a parameter, unless the endpoint describes it itself.
fn add_parameter(operation: &mut Operation, parameter: Parameter) {
    let parameters = operation.parameters.get_or_insert_default();
    if !parameters.iter().any(|known| matches!(known, RefOr::T(known) if known.name == parameter.name)) {
        parameters.push(RefOr::T(parameter));
    }
}

fn min_position() -> Parameter {
    ParameterBuilder::new()
        .name("min_position")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("Waits until this position of the log can be read, at most 2 s."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0))))
        .build()
}

fn idempotency_key() -> Parameter {
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("A repeated request with the same key within 7 days gets the first answer."))
        .schema(Some(key.pattern(Some("^[!-~]+$"))))
        .build()
}

/// Closes the schemas of requests: unknown fields are refused.
fn close_requests(document: &mut OpenApi) {
    let operations =
        document.paths.paths.values().flat_map(|item| [&item.post, &item.patch, &item.delete]).flatten();
    let mut names: Vec<String> = operations.filter_map(body_schema).collect();
    let Some(components) = &mut document.components else { return };
    while let Some(name) = names.pop() {
        let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&name) else { continue };
        if object.additional_properties.is_some() {
            continue;
        }
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        names.extend(referred(&json!(object.properties)));
    }
}

fn body_schema(operation: &Operation) -> Option<String> {
    let RefOr::T(body) = operation.request_body.as_ref()? else { return None };
    let RefOr::T(content) = body.content.get("application/json")? else { return None };
    match content.schema.as_ref()? {
        RefOr::Ref(reference) => reference.ref_location.strip_prefix(SCHEMAS).map(str::to_owned),
        RefOr::T(_) => None,
    }
}

/// The names of the schemas referenced by a schema.
fn referred(schema: &serde_json::Value) -> Vec<String> {
    match schema {
        serde_json::Value::Object(members) => {
            let own = members.get("$ref").and_then(|target| target.as_str()?.strip_prefix(SCHEMAS));
            own.map(str::to_owned).into_iter().chain(members.values().flat_map(referred)).collect()
        }
        serde_json::Value::Array(elements) => elements.iter().flat_map(referred).collect(),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    fn document() -> Value {
        serde_json::to_value(crate::api::openapi()).unwrap()
    }

    #[test]
    fn the_document_is_openapi_3_1_and_every_reference_leads_somewhere() {
        let document = document();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        for name in super::referred(&document) {
            assert!(document["components"]["schemas"].get(&name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_endpoint_says_how_it_refuses() {
        for (path, item) in document()["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["responses"].get("default").is_some(), "{method} {path}");
            }
        }
    }

    #[test]
    fn only_writes_take_a_key_and_return_their_position() {
        let document = document();
        let says = |path: &str, method: &str, pointer: &str| {
            let operation = &document["paths"][path][method];
            let parameters = operation["parameters"].as_array();
            let status = if path == "/session" { "201" } else { "200" };
            parameters.is_some_and(|all| all.iter().any(|one| one["name"] == pointer))
                || operation["responses"][status]["headers"].get(pointer).is_some()
        };
        let expected = [
            ("/session", "post", [false, false, true]),
            ("/notifications/preview", "post", [true, false, false]),
            ("/users", "get", [true, false, false]),
            ("/users/{id}", "patch", [true, true, true]),
            ("/clients/{id}", "delete", [true, true, true]),
            ("/inbox/read-all", "post", [true, true, true]),
        ];
        for (path, method, expected) in expected {
            let said = ["min_position", "Idempotency-Key", "Mensajeria-Position"]
                .map(|name| says(path, method, name));
            assert_eq!(said, expected, "{method} {path}");
        }
    }

    #[test]
    fn no_two_endpoints_have_one_name() {
        let document = document();
        let items = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|item| item.as_object().unwrap().values());
        let mut ids: Vec<_> = items.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        ids.sort_unstable();
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        assert!(ids.contains(&"post_companies_id_clients"));
    }

    #[test]
    fn a_request_takes_no_unknown_field_at_any_depth() {
        let document = document();
        for name in ["CreateClient", "ContactFields", "CreateUser"] {
            assert_eq!(document["components"]["schemas"][name]["additionalProperties"], false, "{name}");
        }
    }
}
