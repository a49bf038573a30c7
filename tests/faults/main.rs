//! The faults that the system must survive: kills at every step, wiped and absent servers, unreadable events, frozen
//! owners.

mod broker;
mod campaign;
mod chance;
mod company_fixture;
mod configuration;
mod dead_letters;
mod doubts;
mod frozen;
mod gate;
mod kills;
mod late_answers;
mod leaders;
mod load;
mod logs;
mod notices;
mod orphaned_tasks;
mod outages;
mod pace;
mod pairs;
mod pauses;
mod poison;
mod providers;
mod random;
mod receipts;
mod reconciliation;
mod refusals;
mod reopened;
#[path = "../model/rules.rs"]
mod rules;
mod schedules;
mod sealer;
mod sessions;
mod shuffled;
mod shuffler;
mod stalled;
mod stops;
mod templates;
mod testbed;
#[path = "../model/trace/mod.rs"]
mod trace;
mod traces;
mod traffic;
mod withdrawn;

tests::entry_points!();
