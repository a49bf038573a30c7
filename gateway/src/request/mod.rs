//! What is known of a request before anybody reads it: where it came from, and the trace it belongs to.

mod client_ip;
mod trace;

pub(crate) use self::client_ip::{ClientIp, network_of};
pub(crate) use self::trace::Trace;
