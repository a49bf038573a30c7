//! Those who send: an owner with its pumps, its desks, and a worker for every connection of every provider.

mod clerk;
mod desk;
mod group;
mod hands;
mod outcomes;
mod pump;
mod refused_rows;
mod send;
mod session;
mod verdict;

pub(crate) use self::session::{Office, open_for_ever};
