//! The shapes shared by several endpoints, named as in the OpenAPI document.

use domain::Position;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which page of a list.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// How many rows.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<i64>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// Something was made.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Made {
    /// What was made.
    pub id: Uuid,
    /// Where the log stands with it: any read with this `min_position` shows it.
    pub position: Position,
}

/// Something was changed, or was so already.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Changed {
    /// Where the log stands with it.
    pub position: Position,
}

/// A problem (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Names the sort of problem: `urn:mensajeria:problem:…`.
    pub r#type: String,
    /// The sort of problem in words, in the reader's language.
    pub title: String,
    /// The status.
    pub status: u16,
    /// What is wrong, in the reader's language.
    pub detail: String,
    /// A nearer reason, stable for programs.
    pub code: Option<String>,
    /// The fields at fault.
    pub errors: Vec<ProblemError>,
    /// What to quote when asking for help.
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
