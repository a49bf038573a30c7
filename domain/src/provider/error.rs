//! The refusals of a provider.

/// A refusal by the rules of providers. There is none today: a pause and its end may be asked for twice, and the system moves
/// traffic only from the share that it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {}
