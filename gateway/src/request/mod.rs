//! What the server reads of a request before any extractor runs: the caller's address, the trace, the accepted codings.

mod client_ip;
mod coding;
mod trace;

pub(crate) use self::client_ip::{ClientIp, network_of};
pub(crate) use self::coding::accepts;
pub(crate) use self::trace::Trace;
