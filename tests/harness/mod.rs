//! The fixtures of system tests: real servers, the real gateway, a simulated provider.

use std::time::Duration;

pub mod client;
pub mod client_file;
pub mod dns;
pub mod ledger;
pub mod measurements;
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

/// The timeout of every wait in a test: after it the test hangs, and fails. It is no measure of speed: even a busy
/// machine is much faster.
pub const HANG: Duration = Duration::from_secs(600);
