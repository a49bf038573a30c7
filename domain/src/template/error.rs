//! The refusals of a template.

use crate::rendering::Fault;

/// A refusal by the rules of templates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A template is created once.
    #[error("the template was created already")]
    AlreadyCreated,
    /// There is no such template.
    #[error("there is no such template")]
    Unknown,
    /// A template keeps its channel.
    #[error("the version is for another channel than the template")]
    OtherChannel,
    /// An e-mail says something, in words: HTML of images alone needs a text beside it.
    #[error("the template has neither text nor HTML")]
    NoBody,
    /// More than [`VARIABLES_MAX`](super::VARIABLES_MAX).
    #[error("the template has too many variables")]
    TooManyVariables,
    /// Two variables have one name.
    #[error("a variable is declared twice")]
    DeclaredTwice {
        /// The second one's place, from 0.
        index: usize,
    },
    /// It cannot be rendered.
    #[error(transparent)]
    Text(#[from] Fault),
}

/// Why a template's variables cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableFault {
    /// The template declares no such variable.
    #[error("the template has no such variable")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A variable without a default needs a text.
    #[error("a variable has no text")]
    Missing {
        /// Its name.
        name: String,
    },
}
