//! The read side: projectors with checkpoints, views, queries and rebuild.

mod address;
mod audit;
mod clients;
mod copy;
mod engine;
mod inbox;
mod notifications;
mod page;
mod positions;
mod projection;
mod projector;
pub mod proof;
pub mod queries;
pub mod rebuild;
mod running;
#[cfg(test)]
mod samples;
pub mod search;
mod templates;
mod users;

use std::sync::Arc;

use commands::log::Reader;

use self::address::AddressIndex;
pub use self::positions::{Behind, Positions, wait_for};
pub use self::projection::{Projection, UnknownProjection};
use self::projector::Projector;
pub use self::running::{Projections, is_ready};

/// The projector of a projection. It is given the log's blind indexes and nothing else.
fn projector_of(log: &Reader, projection: Projection) -> Arc<dyn Projector> {
    let index = || AddressIndex::new(log.keys().clone());
    match projection {
        Projection::Users => Arc::new(users::Users),
        Projection::Clients => Arc::new(clients::Clients { index: index() }),
        Projection::Templates => Arc::new(templates::Templates),
        Projection::Inbox => Arc::new(inbox::Inbox),
        Projection::Notifications => Arc::new(notifications::Notifications),
        Projection::Audit => Arc::new(audit::Audit),
    }
}
