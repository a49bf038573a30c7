//! What the system must survive: kills at every step, wiped and absent servers, poison, frozen owners.

mod kills;
mod scene;

tests::entry_points!();
