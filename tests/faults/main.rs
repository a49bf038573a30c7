//! What the system must survive: kills at every step, wiped and absent servers, poison, frozen owners.

tests::entry_points!();
