//! What the system must survive: kills at every step, wiped and absent servers, poison, frozen owners.

mod books;
mod broker;
mod configuration;
mod frozen;
mod gate;
mod kills;
mod leaders;
mod load;
mod logs;
mod orphaned_tasks;
mod outages;
mod pairs;
mod poison;
mod providers;
mod random;
mod refusals;
mod scene;
mod sessions;
mod stops;

tests::entry_points!();
