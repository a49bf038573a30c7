//! What the system must survive: kills at every step, wiped and absent servers, poison, frozen owners.

mod books;
mod broker;
mod campaign;
mod configuration;
mod frozen;
mod gate;
mod kills;
mod late_answers;
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
mod reopened;
mod room;
#[path = "../model/rules.rs"]
mod rules;
mod scene;
mod sessions;
mod stops;
mod templates;
#[path = "../model/trace/mod.rs"]
mod trace;
mod traces;
mod withdrawn;

tests::entry_points!();
