//! The refusals of a receipt.

/// A refusal by the rules of receipts. There is none today: a recipient may do every action, and repeating one is not
/// an error. The message decides who is a recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {}
