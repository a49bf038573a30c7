//! Why an order to a receipt is refused.

/// A refusal by the rules of receipts. There is none today: every action is open to a recipient, and asking twice is
/// not an error; whether somebody is a recipient is the message's to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {}
