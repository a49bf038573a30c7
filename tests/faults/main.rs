//! What the system must survive: kills at every step, wiped and absent servers, poison, frozen owners.

mod books;
mod broker;
mod kills;
mod load;
mod scene;

tests::entry_points!();
