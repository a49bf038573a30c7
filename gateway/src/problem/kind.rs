//! The kinds of problem that callers can distinguish, each with its status and its name in `type`.

use axum::http::StatusCode;

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be parsed, or a query parameter or header is invalid.
    Malformed,
    /// No session and no token, or invalid ones.
    Unauthenticated,
    /// Wrong address or password.
    WrongCredentials,
    /// The caller may not do this.
    Forbidden,
    /// The request came from another site, by the caller's cookie.
    CrossSite,
    /// The resource does not exist, or the caller may not learn that it does.
    NotFound,
    /// The resource exists but does not have this method.
    MethodNotAllowed,
    /// The request took too long to arrive.
    TimedOut,
    /// The current state forbids the request.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// The body has an unsupported type.
    UnsupportedMediaType,
    /// The body can be parsed, but fields are invalid.
    Invalid,
    /// The idempotency key belongs to another request.
    KeyReused,
    /// Too many attempts.
    TooManyRequests,
    /// A feature that the server does not have.
    NotImplemented,
    /// An internal error.
    Internal,
    /// A dependency is unavailable for the moment.
    Unavailable,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::WrongCredentials,
        Self::Forbidden,
        Self::CrossSite,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TimedOut,
        Self::Conflict,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::KeyReused,
        Self::TooManyRequests,
        Self::NotImplemented,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The last part of `type`: stable for ever.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::WrongCredentials => "wrong-credentials",
            Self::Forbidden => "forbidden",
            Self::CrossSite => "cross-site",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::TimedOut => "timed-out",
            Self::Conflict => "conflict",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::Invalid => "invalid",
            Self::KeyReused => "idempotency-key-reused",
            Self::TooManyRequests => "too-many-requests",
            Self::NotImplemented => "not-implemented",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// The nearest kind to the status of a response that a lower layer made.
    pub fn of_status(status: StatusCode) -> Self {
        let same = |kind: &Self| kind.status() == status;
        let other = if status.is_client_error() { Self::Malformed } else { Self::Internal };
        Self::ALL.into_iter().find(same).unwrap_or(other)
    }
}
