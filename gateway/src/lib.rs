//! The front door and the one executable of Mensajería.

pub mod stack;
