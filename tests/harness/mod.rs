//! What every test of the whole system starts from: real servers, a real front door, a fake outside world.

use std::time::Duration;

pub mod client;
pub mod client_file;
pub mod figures;
pub mod ledger;
pub mod notified;
pub mod orders;
pub mod outcomes;
pub mod program;
pub mod raw;
pub mod routes;
pub mod servers;
pub mod stream;
pub mod tap;
pub mod world;

pub use self::client::{Answer, Client, id_of};
pub use self::stream::{EventStream, StreamEvent};
pub use self::world::World;

/// After so long, what a test waits for has hung. It ends the test and says nothing about speed: a machine under any load is
/// sooner done.
pub const HANG: Duration = Duration::from_secs(600);
