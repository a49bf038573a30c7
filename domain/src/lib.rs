//! Aggregates, commands, events, value types and policies of Mensajería: pure, no clock, no ids made, no I/O.
