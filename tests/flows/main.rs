//! What the system does for the people who use it: whole ways through the real front door, on real servers.

mod access;
mod approvals;
mod audience;
mod audit;
mod bad_input;
mod command_line;
mod connections;
mod deliveries;
mod dispatch;
mod doctor;
mod doubts;
mod doubts_asked;
mod erasure;
mod fairness;
mod feed;
mod front_door;
mod import;
mod isolation;
mod live;
mod messages;
mod notifications;
mod pages;
mod purse;
mod receipts;
mod relay;
mod replay;
mod same_key;
mod schedules;
mod sms;
mod starts;
mod store;
mod suppressions;
mod templates;

tests::entry_points!();
