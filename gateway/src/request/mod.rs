//! What the server records of a request before any extractor runs: the caller's address and the trace.

mod client_ip;
mod trace;

pub(crate) use self::client_ip::{ClientIp, network_of};
pub(crate) use self::trace::Trace;
