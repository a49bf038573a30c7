//! The shapes shared by several endpoints, named as in the OpenAPI document.

use domain::Position;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which page of a list.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// The number of rows.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<i64>,
    /// The `next` of the previous page.
    pub after: Option<String>,
}

/// The result of a creation.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Made {
    /// The id of the new object.
    pub id: Uuid,
    /// The position of the log that includes it: a read with this `min_position` shows it.
    pub position: Position,
}

/// The result of a change. An object that already was so is no error.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Changed {
    /// The position of the log that includes it.
    pub position: Position,
}

/// A problem (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    /// The kind of problem: `urn:mensajeria:problem:…`.
    pub r#type: String,
    /// The kind of problem, in the reader's language.
    pub title: String,
    /// The status.
    pub status: u16,
    /// A description of the problem, in the reader's language.
    pub detail: String,
    /// A more specific reason, stable for programs.
    pub code: Option<String>,
    /// The fields at fault.
    pub errors: Vec<ProblemError>,
    /// The id to quote when asking for help.
    pub trace_id: String,
}

/// One field at fault.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemError {
    /// `body`, `query` or `header`.
    pub r#in: String,
    /// JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// The reason, stable for programs.
    pub code: String,
    /// The reason in the reader's language.
    pub detail: String,
}
