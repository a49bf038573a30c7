//! Admission control: the limits on connections and on requests, in all and for each owner.

mod owner;
mod request;
mod table;

pub(crate) use self::owner::{Owner, Permits};
pub(crate) use self::request::{RequestPermit, RequestPermits};
pub(crate) use self::table::{Admitted, Connection, ConnectionTable};
