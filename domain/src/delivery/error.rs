//! Why an order to a delivery is refused.

/// A refusal by the rules of deliveries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The generation has its one final outcome.
    #[error("generation {generation} of the delivery is settled already")]
    AlreadySettled {
        /// The generation.
        generation: u32,
    },
    /// A later generation has begun.
    #[error("generation {generation} of the delivery is over")]
    Superseded {
        /// The generation.
        generation: u32,
    },
}
