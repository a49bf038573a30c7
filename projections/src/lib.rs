//! The read side: projectors with checkpoints, views, queries and rebuild.

mod page;
mod projection;
pub mod queries;
pub mod search;

pub use self::projection::{Projection, UnknownProjection};
