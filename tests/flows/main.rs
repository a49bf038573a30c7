//! What the system does for the people who use it: whole ways through the real front door, on real servers.

mod access;
mod feed;
mod relay;
mod store;

tests::entry_points!();
